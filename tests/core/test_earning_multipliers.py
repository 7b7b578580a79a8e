"""Multipliers: one exact factor on the sum of whole base points, and the difference shared."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perennial.core.document.multipliers import combine, format_factor, multiply
from perennial.core.document.program import Combine
from perennial.core.kinds.rule import ten_thousandths
from perennial.units import Rounding
from tests.core.earning_stage import Shopper, by_rule, paid, version_of

TIERS: dict[str, Any] = {
    "metrics": [{"measure": "orders.net"}],
    "levels": [{"id": "gold", "name": "Gold", "reach": {"metric": 10_000_000}, "multiplier": {"by": "1.5"}}],
}


def rule(name: str, per: int, **more: Any) -> dict[str, Any]:
    """Return a rule that gives a point per amount."""
    return {"id": name, "type": "per_amount", "points": 1, "per": per, **more}


@pytest.mark.parametrize(
    ("how", "factor"), [(Combine.BEST, (2, 1)), (Combine.SUM, (12, 5)), (Combine.PRODUCT, (27, 10))]
)
def test_combinations(how: Combine, factor: tuple[int, int]) -> None:
    """1.5, 2 and 0.9 are 2 (best), 2.4 (sum of gains) and 2.7 (product), exactly."""
    assert combine([ten_thousandths(text) for text in ("1.5", "2", "0.9")], how) == factor


def test_no_factor_changes_nothing() -> None:
    """No factors leave the points as they are; a single one is itself under every combination."""
    for how in Combine:
        assert combine([], how) == (1, 1)
        assert combine([ten_thousandths("0.25")], how) == (1, 4)


@pytest.mark.parametrize(("how", "points"), [("best", 40), ("sum", 50), ("product", 60)])
def test_tier_and_campaign_together(how: str, points: int) -> None:
    """20 points of a gold member (x1.5) in a double campaign."""
    version = version_of(
        [rule("base", 100)],
        tiers=TIERS,
        campaigns=[{"id": "double", "multiplier": {"by": "2"}}],
        combine=how,
    )
    assert Shopper(version, tier="gold").earns(paid(2000)) == points


def test_factor_meets_the_sum_and_the_difference_is_shared() -> None:
    """19 and 9 points times 1.5 are 42, not 28 + 13: of the 14 more, 9.5 and 4.5 become 10 and 4."""
    version = version_of([rule("a", 100), rule("b", 200)], tiers=TIERS)
    assert by_rule(Shopper(version, tier="gold").does(paid(1999))) == {"a": 29, "b": 13}


def test_only_the_named_rules_and_multiplied_ones() -> None:
    """A multiplier for one rule leaves the others; a rule that is not multiplied stays as it is."""
    named = {"id": "double", "multiplier": {"by": "2", "rules": ["a"]}}
    everything = {"id": "triple", "multiplier": {"by": "3"}}
    rules = [rule("a", 100), rule("b", 100), rule("c", 100, multiplied=False)]
    only_a = version_of(rules, campaigns=[named])
    assert by_rule(Shopper(only_a).does(paid(1000))) == {"a": 20, "b": 10, "c": 10}
    both = version_of(rules, campaigns=[named, everything], combine="product")
    assert by_rule(Shopper(both).does(paid(1000))) == {"a": 60, "b": 30, "c": 10}


def test_only_the_named_wallet() -> None:
    """A multiplier for one wallet leaves what goes to another."""
    version = version_of(
        [rule("a", 100, wallet="points"), rule("b", 100, wallet="stamps")],
        wallets=[{"id": "points", "name": "Points"}, {"id": "stamps", "name": "Stamps"}],
        campaigns=[{"id": "double", "multiplier": {"by": "2", "wallet": "stamps"}}],
    )
    decision = Shopper(version).does(paid(1000))
    assert [(award.rule, award.unit, award.points) for award in decision.awards] == [
        ("a", 1, 10),
        ("b", 2, 20),
    ]


def test_factor_below_one() -> None:
    """Half of 19 and 1 is 10: of the 10 less, 9.5 and 0.5 become 10 and 0."""
    version = version_of(
        [rule("a", 100), rule("b", 1000)], campaigns=[{"id": "half", "multiplier": {"by": "0.5"}}]
    )
    assert by_rule(Shopper(version).does(paid(1999))) == {"a": 9, "b": 1}


@given(
    bases=st.lists(st.integers(1, 10**9), min_size=1, max_size=6),
    factor=st.tuples(st.integers(0, 10**6), st.integers(1, 10**4)),
    rounding=st.sampled_from(Rounding),
)
def test_parts_sum_to_the_rounded_product(
    bases: list[int], factor: tuple[int, int], rounding: Rounding
) -> None:
    """Whatever the factor, the parts sum to the one rounded product and none is negative."""
    parts = multiply(bases, factor, rounding)
    exact, rest = divmod(sum(bases) * factor[0], factor[1])
    up = {
        Rounding.DOWN: 0,
        Rounding.HALF_UP: int(2 * rest >= factor[1]),
        Rounding.UP: int(rest > 0),
    }[rounding]
    assert sum(parts) == exact + up
    assert min(parts) >= 0


def test_factors_are_written_exactly() -> None:
    """A factor is shown as a decimal; what does not end within four places says so."""
    assert [format_factor(factor) for factor in ((3, 2), (1, 1), (27, 10), (3375, 1000), (1, 3))] == [
        "1.5",
        "1",
        "2.7",
        "3.375",
        "0.3333…",
    ]
