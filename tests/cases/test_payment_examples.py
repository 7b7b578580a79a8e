"""The figures of public systems for what pays for an order: points within limits, and gift cards."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from perennial.core.document.document import program_of
from perennial.core.document.program import Program
from perennial.core.orders.order import Line, Order, OrderStatus
from perennial.core.rehearsal.checkout import CartAsked, CheckoutRehearsal
from perennial.units import parse_instant
from tests.cases.worked_examples import UnknownWord, known

CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "data" / "payment-examples.json").read_text(encoding="utf-8")
)
AT = parse_instant("2026-06-01T12:00:00Z")


class Example:
    """One example, played; an operation that is not known raises."""

    def __init__(self, case: dict[str, Any]) -> None:
        self.given = case["given"]
        known(self.given, "promotions", "gift_cards", "redemption")
        self.steps = case["when"]

    def run(self) -> list[dict[str, Any]]:
        """Return what each step shows."""
        deeds = {"price": self.do_price, "redeem_quote": self.do_redeem_quote}
        unknown = {step["op"] for step in self.steps} - set(deeds)
        if unknown:
            raise UnknownWord(f"{sorted(unknown)}")
        return [deeds[step["op"]](step) for step in self.steps]

    def do_price(self, step: dict[str, Any]) -> dict[str, Any]:
        """Price a cart with codes and gift cards, the cards entered first."""
        known(step, "op", "order", "codes", "gift_cards")
        known(step["order"], "lines")
        for one in self.given["promotions"]:
            known(one, "id", "trigger", "code", "effect")
            known(one["effect"], "type", "target", "percent")
        promotions = [
            {
                "id": one["id"].lower(),
                "name": one["id"],
                "codes": {"shared": one["code"]},
                "gives": [{"type": one["effect"]["type"], "percent": str(one["effect"]["percent"])}],
            }
            for one in self.given["promotions"]
        ]
        cards = [
            {
                "id": card["id"].lower(),
                "name": card["id"],
                "codes": {},
                "gives": [{"type": "gift_card", "value": card["balance"]}],
            }
            for card in self.given["gift_cards"]
        ]
        play = CheckoutRehearsal(program({"rewards": [*promotions, *cards]}))
        for card in self.given["gift_cards"]:
            play.hand_out(None, AT, card["id"].lower(), card["id"])
        lines = tuple(
            Line(
                id=line["id"], sku=line["sku"], amount=line["unit_price"] * line["qty"], quantity=line["qty"]
            )
            for line in step["order"]["lines"]
        )
        order = Order(status=OrderStatus.CREATED, lines=lines)
        codes = (*step["gift_cards"], *step.get("codes", ()))
        done = play.quote(None, AT, CartAsked(order=order, codes=codes))
        names = {play.vouchers[name].voucher_id: name for name in step["gift_cards"]}
        return {
            "discount_total": done.quote.discount_total,
            "order_total": done.quote.total,
            "gift_card_used": {names[card.card_id]: card.amount for card in done.cards},
            "to_pay": done.to_pay,
        }

    def do_redeem_quote(self, step: dict[str, Any]) -> dict[str, Any]:
        """Let a member with a balance pay an order with the points that were asked for."""
        known(step, "op", "rule", "requested", "balance", "order")
        rule = self.given["redemption"][step["rule"]]
        known(rule, "points", "minor", "min", "max_percent")
        pays = {
            "points": rule["points"],
            "amount": rule["minor"],
            "least": rule["min"],
            "most": str(rule["max_percent"]),
        }
        play = CheckoutRehearsal(program({"wallets": [{"id": "points", "name": "Points", "pays": pays}]}))
        play.join("anna", AT)
        play.adjust("anna", AT, "points", step["balance"])
        order = Order(status=OrderStatus.CREATED, lines=(Line(sku="all", amount=step["order"]),))
        done = play.quote("anna", AT, CartAsked(order=order, points={"points": step["requested"]}))
        [paid] = done.points.values()
        return {"points": paid.points, "amount": paid.amount}


def program(parts: dict[str, Any]) -> Program:
    """Return a program with these parts."""
    document = {"program": "shop", "name": "Shop", "wallets": [{"id": "points", "name": "Points"}]}
    found = program_of({**document, **parts})
    assert isinstance(found, Program), found
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_worked_example(case: dict[str, Any]) -> None:
    """What a public system asserts is what we get."""
    shown = Example(case).run()
    for expected in case["then"]:
        for name, value in expected.items():
            assert name == "after" or shown[expected["after"] - 1][name] == value, (case["id"], expected)


@pytest.mark.parametrize(
    "more", [{"op": "teleport"}, {"discount_shipping": True}, {"order": {"lines": [], "tip": 5}}]
)
def test_an_unknown_word_is_no_pass(more: dict[str, Any]) -> None:
    """The adapter refuses what it cannot translate instead of passing over it."""
    case = CASES[0] | {"when": [CASES[0]["when"][0] | more]}
    with pytest.raises(UnknownWord):
        Example(case).run()


def test_no_example_was_left_out() -> None:
    """Both are there."""
    assert [case["id"] for case in CASES] == ["GC-01", "RDP-01"]
