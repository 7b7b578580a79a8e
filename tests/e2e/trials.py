"""A program that is tried in two ways on real customers, one of which brings more, for a real browser."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tests.e2e.shop import Shop

PROGRAM = "double"
TRIAL = "bonus"
REGULAR = "guest-0"
"""One of them, with a challenge under way."""
_CUSTOMERS = 340
_DOCUMENT = """
program: double
name: Double or not
currency: USD
time_zone: America/New_York
wallets:
  - {id: stars, name: Stars, pays: {amount: 1}}
earning_rules:
  - {id: base, name: A star for every dollar, type: per_amount, points: 1, per: 100}
  # What is tried:
  - {id: twice, name: Two stars for every dollar, type: per_amount, points: 2, per: 100}
experiments:
  - id: bonus
    name: Two stars
    outcome: orders
    salt: s1
    variants:
      - {id: control, name: One star, weight: 400}
      - {id: doubled, name: Two stars, weight: 400, replace: {rules: {base: twice}}}
challenges:
  - id: regular
    name: Three orders
    goals: [{id: orders, measure: orders.count, target: 3}]
    gives: [{type: badge, name: regular}]
holdouts:
  - {id: never, name: Without stars, share: 100}
"""


def tried(shop: Shop) -> None:
    """Publish the program, and let those who get two stars order twice as often as the others."""
    shop.call("PUT", f"programs/{PROGRAM}/draft", yaml=_DOCUMENT)
    shop.call("POST", f"programs/{PROGRAM}/publish", {"note": "tried on some"})
    first = _ordered(shop, "first", range(_CUSTOMERS))
    doubled = {number for number, answer in first.items() if _stars(answer) == 20}
    assert 100 < len(doubled) < 200
    _ordered(shop, "second", [number for number in first if number in doubled or number % 3 == 0])


def _ordered(shop: Shop, name: str, numbers: Iterable[int]) -> dict[int, Any]:
    lines = [{"id": "1", "sku": "tea", "amount": 1_000}]
    orders = {
        number: {
            "op": "order",
            "id": f"{name}-{number}",
            "customer": f"guest-{number}",
            "status": "paid",
            "currency": "USD",
            "lines": lines,
        }
        for number in numbers
    }
    return dict(zip(orders, shop.batch(list(orders.values())), strict=True))


def _stars(answer: Any) -> int:
    programs = {each["program"]: each for each in answer["answer"]["programs"]}
    found: int = programs[PROGRAM].get("points", {}).get("stars", 0)
    return found
