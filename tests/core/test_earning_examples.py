"""Worked examples from public systems for earning and multipliers, to the point."""

from __future__ import annotations

from typing import Any

import pytest

from tests.core.earning_stage import Shopper, line, paid, version_of

BASKET = (
    line("123", 1200, categories=("red",)),
    line("000", 10000, categories=("blue",)),
    line("0001", 4000, categories=("delivery",)),
)


def per_amount(name: str, points: int, per: int, **more: Any) -> dict[str, Any]:
    """Return a rule that gives points per amount."""
    return {"id": name, "type": "per_amount", "points": points, "per": per, **more}


@pytest.mark.parametrize(
    ("rules", "amount", "points"),
    [
        ([per_amount("one", 1, 100)], 1999, 19),
        ([per_amount("one", 1, 100), per_amount("two", 1, 200)], 1999, 28),
        ([per_amount("three", 3, 100)], 4000, 120),
    ],
)
def test_eps_01_whole_points_per_rule(rules: list[dict[str, Any]], amount: int, points: int) -> None:
    """EPS-01: 1 per 1.00 on 19.99 is 19; a second rule of 1 per 2.00 adds its own 9."""
    assert Shopper(version_of(rules)).earns(paid(amount)) == points


@pytest.mark.parametrize(("minimum", "points"), [(10000, 608), (30000, 0)])
def test_eps_06_minimum_order_value(minimum: int, points: int) -> None:
    """EPS-06: an order of 152.00 reaches a minimum of 100.00 and not one of 300.00."""
    rule = per_amount("min", 4, 100, when={"fact": "order.total", "at_least": minimum})
    assert Shopper(version_of([rule])).earns(paid(*BASKET)) == points


def if_bought(name: str, sku: str, points: int) -> dict[str, Any]:
    """Return a rule that gives points once if a product was bought."""
    lines = {"fact": "line.sku", "is": sku}
    return {"id": name, "type": "per_item", "points": points, "once": True, "lines": lines}


@pytest.mark.parametrize(
    ("rules", "points"),
    [
        ([if_bought("p", "000", 200)], 200),
        ([per_amount("base", 4, 100), if_bought("bonus", "123", 100)], 708),
        ([per_amount("base", 4, 100), per_amount("more", 10, 100)], 2128),
    ],
)
def test_epi_02_product_bonus(rules: list[dict[str, Any]], points: int) -> None:
    """EPI-02: a product bonus alone, and on top of points per spend."""
    assert Shopper(version_of(rules)).earns(paid(*BASKET)) == points


def test_eev_03_rule_with_a_code() -> None:
    """EEV-03: nothing without the code, 10 points with it."""
    rule = {
        "id": "code",
        "type": "fixed",
        "points": 10,
        "when": {"fact": "order.codes", "contains": "PROMO10"},
    }
    shopper = Shopper(version_of([rule]))
    assert shopper.earns(paid(10000)) == 0
    assert shopper.earns(paid(10000, codes=("PROMO10",), number=2)) == 10
    assert shopper.member.wallets[1].balance == 10


@pytest.mark.parametrize(
    ("by", "rounding", "points"),
    [("2", "down", 38), ("1.5", "down", 28), ("1.5", "half_up", 29), ("1.5", "up", 29)],
)
def test_tm_01_multiplier_on_whole_base_points(by: str, rounding: str, points: int) -> None:
    """TM-01: x2 and x1.5 on 19 base points, rounded by the wallet."""
    version = version_of(
        [per_amount("base", 1, 100)],
        wallets=[{"id": "points", "name": "Points", "rounding": rounding}],
        campaigns=[{"id": "boost", "multiplier": {"by": by}}],
    )
    assert Shopper(version).earns(paid(1999)) == points
