"""The figures of public systems for gift cards that points buy, and vouchers that an order earns."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec
import pytest

from perennial.core.document.document import program_of
from perennial.core.document.program import Program
from perennial.core.orders.order import Line, Order, OrderStatus
from perennial.core.pricing.redeemables import Status
from perennial.core.rehearsal.cards import move_card_money
from perennial.core.rehearsal.checkout import CartAsked, CheckoutRehearsal
from perennial.core.validation.validation import validate
from perennial.units import parse_instant
from tests.cases.promotion_words import benefits_of, condition_of
from tests.cases.worked_examples import Plain, UnknownWord, known

CASES: list[Plain] = json.loads(
    (Path(__file__).parent / "data" / "reward-examples.json").read_text(encoding="utf-8")
)
AT = parse_instant("2026-06-01T12:00:00Z")
PRICE = 1


class Example:
    """One example, played; it translates and calculates nothing, and a word that is not known raises.

    * A new card with something ``extra`` is one reward that gives money on a card twice.
    * A top-up bought with points is a gift card bought with them, whose money moves to the card at once.
    * A voucher for the next order comes of a rule that gives a reward; the reward takes ten percent off,
      where the example does not say what it gives.
    """

    def __init__(self, case: Plain) -> None:
        self.steps: list[Plain] = case["when"]
        given = case["given"]
        known(given, "gift_cards", "rewards", "promotions")
        self.rewards: dict[str, Plain] = {one["id"]: one for one in given.get("rewards", ())}
        self.cards: list[Plain] = given.get("gift_cards", [])
        promotions = given.get("promotions", [])
        rewards = [self._card(each["id"], each["balance"], {"codes": {}}) for each in self.cards]
        for one in self.rewards.values():
            rewards += self._rewards(one)
        document = {
            "program": "shop",
            "name": "Shop",
            "wallets": [{"id": "points", "name": "Points"}],
            "earning_rules": [self._rule(each) for each in promotions],
            "rewards": [*rewards, *(self._voucher(each) for each in promotions)],
        }
        program = program_of(document)
        assert isinstance(program, Program), program
        assert validate(program) == []
        self.play = CheckoutRehearsal(program)
        self.play.join("member", AT)
        self.play.adjust("member", AT, "points", 1_000)
        for each in self.cards:
            self.play.hand_out(None, AT, _id(each["id"]), each["id"])
        self.orders: dict[str, str] = {}

    def _rewards(self, given: Plain) -> list[Plain]:
        known(given, "id", "type", "initial", "extra", "amount")
        name = given["id"]
        match given["type"]:
            case "new_gift_card":
                card = self._card(name, given["initial"], {"price": PRICE})
                if given.get("extra"):
                    card["gives"].append({"type": "gift_card", "value": given["extra"]})
                return [card]
            case "gift_card_topup":
                return [self._card(name, given["amount"], {"price": PRICE})]
        raise UnknownWord(given["type"])

    def _card(self, name: str, value: int, come_by: Plain) -> Plain:
        return {"id": _id(name), "name": name, "gives": [{"type": "gift_card", "value": value}]} | come_by

    def _rule(self, given: Plain) -> Plain:
        known(given, "id", "conditions", "effect")
        known(given["effect"], "type", "for", "uses", "effect")
        if (given["effect"]["type"], given["effect"].get("for")) != ("issue_voucher", "next_order"):
            raise UnknownWord(str(given["effect"]))
        rule: Plain = {"id": _id(given["id"]), "type": "gives_reward", "reward": _id(given["id"])}
        conditions = [condition_of(each) for each in given.get("conditions", ())]
        return rule | ({"when": {"all": conditions}} if conditions else {})

    def _voucher(self, given: Plain) -> Plain:
        inner = given["effect"].get("effect")
        gives = benefits_of(inner) if inner else [{"type": "percent_off", "percent": "10"}]
        codes = {"codes": {"uses": given["effect"]["uses"]}} if "uses" in given["effect"] else {}
        return {"id": _id(given["id"]), "name": given["id"], "gives": gives} | codes

    def run(self) -> list[Plain]:
        """Return what each step shows."""
        return [getattr(self, f"do_{step['op']}")(step) for step in self.steps]

    def do_redeem_reward(self, step: Plain) -> Plain:
        """Points for a reward: a new card, or money for one that is there."""
        known(step, "op", "reward", "new_card", "gift_card")
        reward = self.rewards[step["reward"]]
        name = step.get("new_card", f"for-{step.get('gift_card')}")
        self.play.claim("member", AT, _id(reward["id"]), name)
        if "gift_card" in step:
            move_card_money(self.play, name, step["gift_card"], None, AT)
        return self.balances()

    def balances(self) -> Plain:
        """What every card holds."""
        return {"gift_card_balance": {name: self.play.card_balance(name) for name in self.play.vouchers}}

    def do_price(self, step: Plain) -> Plain:
        """A cart is priced, and tells what it would give; nothing of this can be used yet."""
        known(step, "op", "order", "codes")
        cart = CartAsked(order=_order(step["order"]), codes=tuple(step.get("codes", ())))
        done = self.play.quote("member", AT, cart)
        gives = [reward for rewards in done.quote.gives.values() for reward in rewards]
        return {
            "issued": len(gives),
            "usable": self.usable(cart.order),
            "discount_total": done.quote.discount_total,
            "order_total": done.quote.total,
        }

    def do_place(self, step: Plain) -> Plain:
        """An order is paid: what it gives can be used from now on."""
        known(step, "op", "order", "ref")
        name = step["ref"]
        paid = Order(status=OrderStatus.PAID, lines=_order(step["order"]).lines)
        decisions = self.play.pay("member", name, AT, paid)
        self.play.name_voucher("member", AT, f"voucher of {name}", decisions)
        given = [decision for decision in decisions if decision.given is not None]
        return {"issued": len(given), "usable": self.usable(paid)}

    def usable(self, order: Order) -> int:
        """How many of the vouchers take something off another cart like this one."""
        cart = msgspec.structs.replace(order, status=OrderStatus.CREATED)
        done = self.play.quote("member", AT, CartAsked(order=cart, codes=tuple(self.play.vouchers)))
        return sum(one.standing.status is Status.APPLICABLE for one in done.quote.redeemables)


def _id(name: str) -> str:
    return name.lower().replace("_", "-")


def _order(given: Plain) -> Order:
    known(given, "lines")
    return Order(
        status=OrderStatus.CREATED,
        lines=tuple(
            Line(
                id=line["id"], sku=line["sku"], amount=line["unit_price"] * line["qty"], quantity=line["qty"]
            )
            for line in given["lines"]
        ),
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_worked_example(case: dict[str, Any]) -> None:
    """What a public system documents or asserts is what we get."""
    shown = Example(case).run()
    for expected in case["then"]:
        for name, value in expected.items():
            found = shown[expected["after"] - 1].get(name)
            if isinstance(value, dict) and isinstance(found, dict):
                found = {key: found.get(key) for key in value}
            assert name == "after" or found == value, (case["id"], expected)


def test_every_worked_example_has_an_adapter() -> None:
    """All 51 are in one file each, and a module plays every file."""
    folder = Path(__file__).parent / "data"
    files = [file for file in folder.glob("*-examples.json") if not file.name.startswith("our-")]
    ids = [case["id"] for file in files for case in json.loads(file.read_text(encoding="utf-8"))]
    assert (len(ids), len(set(ids))) == (51, 51)
    modules = [
        import_module(f"tests.cases.{file.stem}") for file in Path(__file__).parent.glob("test_*_examples.py")
    ]
    played = [case["id"] for module in modules for case in getattr(module, "CASES", ())]
    assert sorted(played) == sorted(ids)
