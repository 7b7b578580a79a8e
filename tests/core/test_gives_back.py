"""What points give back of what is spent: exact at the bounds of what is advised."""

from __future__ import annotations

from typing import Any

import pytest

from perennial.core.document.document import program_of
from perennial.core.document.program import Program
from perennial.core.rehearsal.gives_back import Advice, gives_back
from perennial.units import parse_instant

AT = parse_instant("2026-12-01T12:00:00Z")
BASE = {"id": "base", "type": "per_amount", "points": 5, "per": 100}
OFF = {"id": "off", "name": "1.00 off", "price": 100, "gives": [{"type": "amount_off", "value": 100}]}


def _program(*rules: dict[str, Any], **changes: Any) -> Program:
    document = {
        "program": "shop",
        "name": "Shop",
        "wallets": [{"id": "points", "name": "Points"}],
        "earning_rules": list(rules or (BASE,)),
        "rewards": [OFF],
    } | changes
    program = program_of(document)
    assert isinstance(program, Program), program
    return program


@pytest.mark.parametrize(
    ("points", "per", "percent", "advice"),
    [
        (2, 100, "2", Advice.LITTLE),
        (3, 100, "3", Advice.FINE),
        (5, 100, "5", Advice.FINE),
        (10, 100, "10", Advice.FINE),
        (12, 100, "12", Advice.MUCH),
        (29_999, 1_000_000, "2.99", Advice.LITTLE),
        (100_001, 1_000_000, "10.01", Advice.MUCH),
        (1, 30, "3.33", Advice.FINE),
    ],
)
def test_the_bounds(points: int, per: int, percent: str, advice: Advice) -> None:
    """3 and 10 percent are fine, whatever is beyond them is not, and is never written as if it were."""
    [found] = gives_back(_program(BASE | {"points": points, "per": per}), AT, 25_000)
    assert (found.percent, found.advice, found.rules) == (percent, advice, ("base",))


def test_what_counts() -> None:
    """All rules that a plain order meets count; what is for a while, for some goods or per order is not."""
    more = BASE | {"id": "more", "points": 1}
    monday = BASE | {"id": "monday", "schedule": {"windows": [{"days": ["tue"]}]}}
    coffee = BASE | {"id": "coffee", "lines": {"fact": "line.categories", "contains": "coffee"}}
    visit = {"id": "visit", "type": "fixed", "points": 100}
    large = BASE | {"id": "large", "when": {"fact": "order.total", "at_least": 30_000}}
    [found] = gives_back(_program(BASE, more, monday, coffee, visit, large), AT, 25_000)
    assert (found.percent, found.rules) == ("6", ("base", "more"))


def test_the_best_that_a_point_buys_is_what_it_is_worth() -> None:
    """Points that pay, or the dearest reward for its price: whatever gives most."""
    better = OFF | {"id": "better", "gives": [{"type": "amount_off", "value": 150}]}
    [found] = gives_back(_program(BASE, rewards=[OFF, better]), AT, 25_000)
    assert (found.percent, found.value.by) == ("7.5", "better")
    wallet = {"id": "points", "name": "Points", "pays": {"points": 50, "amount": 100}}
    [found] = gives_back(_program(BASE, wallets=[wallet], rewards=[OFF]), AT, 25_000)
    assert (found.percent, found.value.by) == ("10", None)


def test_nothing_is_said_where_nothing_can_be_said() -> None:
    """Points that buy nothing of a sure worth, or that are not earned by money, give no percentage."""
    assert gives_back(_program(BASE, rewards=[]), AT, 25_000) == ()
    visit = {"id": "visit", "type": "fixed", "points": 100}
    assert gives_back(_program(visit), AT, 25_000) == ()


def test_cashback_is_its_percentage() -> None:
    """A wallet in money gives back what it says."""
    back = {"id": "back", "type": "percent_back", "percent": "2.5"}
    [found] = gives_back(_program(back), AT, 25_000)
    assert (found.percent, found.advice) == ("2.5", Advice.LITTLE)
