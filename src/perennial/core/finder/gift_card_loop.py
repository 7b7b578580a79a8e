"""Gift cards that earn points when they are bought, and again when they are used."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from perennial.core.currency import format_money
from perennial.core.document.reward import Reward
from perennial.core.flaws.flaw import Flaw, FlawKind
from perennial.core.flaws.play import awards_of
from perennial.core.flaws.search import Search, Shape
from perennial.units import HOUR, Minor, Points

_MOST_CARDS = 20


class GiftCardLoop(FlawKind):
    """Somebody buys a gift card and earns, then pays with it and earns once more for the same money.

    Only programs that hand gift cards out by codes are looked at. A card is bought as a line of the category
    that the assumptions name, or of whatever category, product or brand with "gift" in it the program names.
    """

    name: ClassVar[str] = "gift_card_loop"
    title: ClassVar[str] = "Gift cards earn when they are bought and when they are used"
    example: ClassVar[str] = """\
earning_rules:
  - {id: base, type: per_amount, points: 1, per: 100}
rewards:
  - id: card
    name: A gift card of 50.00
    gives: [{type: gift_card, value: 5000}]
    codes: {}
"""

    def find(self, search: Search) -> Flaw | None:
        """Buy cards of every reward that hands them out, and pay with them."""
        for index, reward in enumerate(search.program.rewards):
            value = sum(benefit.card_value() for benefit in reward.gives)
            if value <= 0 or reward.codes is None or reward.codes.shared is not None:
                continue
            for shape in search.shapes:
                for cards in self._numbers_of_cards(search, shape, value):
                    found = self._played(search, shape, reward, value, cards, f"rewards[{index}]")
                    if found is not None:
                        return found
        return None

    def _numbers_of_cards(self, search: Search, shape: Shape, value: Minor) -> Iterator[int]:
        tried = set()
        for amount in [value, shape.least or value, *search.amounts]:
            cards = -(-amount // value)
            if cards <= _MOST_CARDS and cards not in tried:
                tried.add(cards)
                yield cards
            if len(tried) >= 4:
                return

    def _played(
        self, search: Search, shape: Shape, reward: Reward, value: Minor, cards: int, path: str
    ) -> Flaw | None:
        at = search.moment(shape)
        if at is None:
            return None
        play = search.play()
        search.join(play, "anna", at, shape)
        line = {"id": "1", **_card_line(search), "amount": value * cards, "quantity": cards}
        bought = play.order(at, "anna", {**shape.order, "lines": [line]})
        first = play.earned("anna", bought)
        if bought.refusal is not None or not any(first.values()):
            return None
        play.expect(awards=awards_of(bought))
        codes = [f"card-{number}" for number in range(1, cards + 1)]
        for code in codes:
            play.do(at, "anna", voucher={"reward": reward.id, "as": code})
        later = search.moment(shape, at + HOUR)
        if later is None:
            return None
        cart = shape.priced(value * cards)
        paid = play.do(later, "anna", redeem={"id": "paid", **cart, "codes": codes})
        if paid.checkout is None or paid.checkout.to_pay:
            return None
        play.expect(to_pay=0)
        used = play.order(later, "anna", {"redemption": "paid"})
        second = play.earned("anna", used)
        if not any(second.values()):
            return None
        wallet, other = _first_of(first), _first_of(second)
        play.expect(awards=awards_of(used))
        money = format_money(value * cards, search.program.currency)
        words = (
            f"Gift cards for {money} earn {first[wallet]} {wallet} when they are bought "
            f"and {second[other]} {other} when they pay: the same money earns twice"
        )
        return search.flaw(self.name, path, words, play)


def _first_of(earned: dict[str, Points]) -> str:
    """Return the first wallet that got something."""
    return next(wallet for wallet, points in earned.items() if points > 0)


def _card_line(search: Search) -> dict[str, Any]:
    """Return the line with which the shop sells a gift card: as every condition that names one calls it."""
    categories = {search.assumptions.gift_card_category}
    line: dict[str, Any] = {"sku": "gift-card"}
    for fact, value in _named(search.document):
        if fact == "line.categories":
            categories.add(value)
        elif fact == "line.sku":
            line["sku"] = value
        elif fact == "line.brand":
            line["brand"] = value
    return line | {"categories": sorted(categories)}


def _named(part: object) -> Iterator[tuple[str, str]]:
    """Yield the facts and texts of all comparisons that have to do with gifts."""
    if isinstance(part, dict):
        fact = part.get("fact")
        if isinstance(fact, str):
            for operand in part.values():
                for text in operand if isinstance(operand, list) else [operand]:
                    if isinstance(text, str) and "gift" in text.lower() and text != fact:
                        yield fact, text
        for value in part.values():
            yield from _named(value)
    elif isinstance(part, list):
        for value in part:
            yield from _named(value)
