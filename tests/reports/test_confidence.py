"""How often intervals call a difference that is not there, with a look every day; and one that is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy

from perennial.reports.confidence import ALPHA, START, Difference, Sums, difference, sums, times_needed, width
from perennial.reports.split import evidence, evidence_of_each, is_uneven

TESTS = 2_000

Judge = Callable[[list[Sums]], Any]
"""Says for each of many tests whether a difference is called."""


def by_interval(sides: list[Sums]) -> Any:
    found = difference(sides[0], sides[1])
    return (found.low > 0) | (found.high < 0)


def by_naive_test(sides: list[Sums]) -> Any:
    """The t-test of a single look, with the same least number of customers."""
    means = [side.y / np.maximum(side.customers, 1) for side in sides]
    parts = [
        (side.yy / np.maximum(side.customers, 1) - mean**2) / np.maximum(side.customers - 1, 1)
        for side, mean in zip(sides, means, strict=True)
    ]
    z = np.abs(means[1] - means[0]) / np.sqrt(np.maximum(parts[0] + parts[1], 1e-12))
    enough = np.minimum(*(np.minimum(side.customers, side.orders) for side in sides)) >= START
    return enough & (2 * scipy.stats.norm.sf(z) < ALPHA)


def called(
    tests: int, customers: int, days: int, lift: float, seed: int, judge: Judge, *, arrive: bool, alike: bool
) -> float:
    """The share of simulated experiments in which some day calls a difference.

    Buyers differ a lot unless they are ``alike``; the amounts of orders are skewed. With ``arrive`` they are
    exposed over time, else all on the first day. ``lift`` makes those of the second variant buy more.
    """
    rng = np.random.default_rng(seed)
    shape = (2, tests, customers)
    heavy = np.full(shape, 1.0) if alike else rng.gamma(0.7, 1 / 0.7, shape)
    before = rng.poisson(heavy * 3) * 20.0
    start = rng.integers(0, days, shape) if arrive else np.zeros(shape, int)
    after, orders = np.zeros(shape), np.zeros(shape)
    found = np.zeros(tests, bool)
    rate = heavy * 0.2 * np.array([1.0, 1.0 + lift])[:, None, None]
    for day in range(days):
        live = start <= day
        bought = rng.poisson(rate) * live
        orders += bought
        buyers = np.nonzero(bought)
        after[buyers] += bought[buyers] * rng.lognormal(3, 0.7, buyers[0].size)
        sides = []
        for side in (0, 1):
            y, x = after[side] * live[side], before[side] * live[side]
            parts = (y.sum(1), (y * y).sum(1), x.sum(1), (x * x).sum(1), (x * y).sum(1))
            sides.append(sums(live[side].sum(1), orders[side].sum(1), *parts))
        found |= judge(sides)
    return float(found.mean())


@pytest.mark.parametrize("arrive", [True, False])
@pytest.mark.parametrize("alike", [True, False])
def test_at_most_five_percent_of_equal_variants_are_called(arrive: bool, alike: bool) -> None:
    """2,000 A/A tests of 28 days, looked at every day: members come over time or at once, alike or not."""
    rate = called(TESTS, 300, 28, 0.0, 7, by_interval, arrive=arrive, alike=alike)
    print(f"A/A, arriving {arrive}, alike {alike}: {rate:.2%} called")
    assert rate <= ALPHA


def test_a_naive_test_that_is_looked_at_every_day_calls_far_more() -> None:
    """The control: the t-test on the very same members calls several times as many as it promises."""
    rate = called(TESTS, 300, 28, 0.0, 7, by_naive_test, arrive=True, alike=True)
    print(f"A/A, naive: {rate:.2%} called")
    assert rate > 3 * ALPHA


def test_a_real_effect_is_found() -> None:
    """Members who buy a tenth more are told from others in most experiments of 4,000 members each."""
    rate = called(100, 4_000, 28, 0.1, 8, by_interval, arrive=False, alike=False)
    print(f"10 percent more: {rate:.2%} found")
    assert rate > 0.8


def test_the_interval_is_as_narrow_as_it_may_be() -> None:
    """Ten thousand times the start, looked at all the time: nearly all of the five percent is used.

    An independent path to the formula: random walks alone, no means and no variances.
    """
    rng = np.random.default_rng(3)
    walks, left = 10_000, 0
    position = rng.normal(0, np.sqrt(START), walks)
    time = float(START)
    alive = np.abs(position) < np.sqrt(time) * float(width(time))
    left += int((~alive).sum())
    position = position[alive]
    while time < START * 10_000:
        step = time * 0.002
        time += step
        position = position + rng.normal(0, np.sqrt(step), position.size)
        alive = np.abs(position) < np.sqrt(time) * float(width(time))
        left += int((~alive).sum())
        position = position[alive]
    print(f"random walks that leave the interval: {left / walks:.2%}")
    assert 0.038 < left / walks < 0.052


def test_the_effect_is_what_two_lists_say() -> None:
    """Means, error and interval equal those computed from the members one by one."""
    rng = np.random.default_rng(4)
    before = [rng.gamma(1, 10, 400), rng.gamma(1, 10, 500)]
    after = [before[0] * 2 + rng.normal(0, 5, 400), before[1] * 2 + 1 + rng.normal(0, 5, 500)]
    found = difference(of_lists(before[0], after[0]), of_lists(before[1], after[1]))
    centered = [each - each.mean() for each in before]
    slope = sum(float(x @ (y - y.mean())) / (x.size - 1) for x, y in zip(centered, after, strict=True)) / sum(
        float(x @ x) / (x.size - 1) for x in centered
    )
    left = [y - slope * x for x, y in zip(before, after, strict=True)]
    plain = scipy.stats.ttest_ind(left[1], left[0], equal_var=False)
    assert float(found.effect / found.error) == pytest.approx(float(plain.statistic))
    assert float(found.effect) == pytest.approx(float(left[1].mean() - left[0].mean()))
    assert 0.8 < float(found.reduced) < 1
    assert float(found.low) < 1 < float(found.high)


def of_lists(x: Any, y: Any) -> Sums:
    return sums(x.size, x.size, y.sum(), y @ y, x.sum(), x @ x, x @ y)


def test_nothing_is_called_of_too_few() -> None:
    """With 99 orders of a variant its interval has no ends."""
    one = sums(500, 99, 1000.0, 9000.0, 0, 0, 0)
    other = sums(500, 500, 9000.0, 190000.0, 0, 0, 0)
    found = difference(one, other)
    assert (float(found.low), float(found.high)) == (-np.inf, np.inf)


def test_how_many_more_are_needed() -> None:
    """So many times the members with the same figures are just enough."""
    control, variant = sums(200, 300, 1000.0, 9000.0, 0, 0, 0), sums(200, 300, 1080.0, 9900.0, 0, 0, 0)
    assert not by_interval([control, variant])
    times = times_needed(difference(control, variant), 300)
    assert times is not None
    assert by_interval([Sums(*(each * times for each in side)) for side in (control, variant)])
    assert not by_interval([Sums(*(each * times / 1.06 for each in side)) for side in (control, variant)])


def test_a_fair_split_is_seldom_called_uneven_and_a_skewed_one_is() -> None:
    """2,000 fair splits are looked at after each 100 members; one of 48 to 52 is found by 20,000 members."""
    rng = np.random.default_rng(5)
    seen = rng.multinomial(100, [0.05, 0.45, 0.5], (TESTS, 100)).cumsum(axis=1)
    strongest = evidence_of_each(seen, (50, 450, 500)).max(axis=1)
    uneven = sum(is_uneven(float(look)) for look in strongest)
    assert uneven <= 0.002 * TESTS
    assert is_uneven(evidence([((9_600, 10_400), (500, 500))]))
    assert is_uneven(evidence([((5, 0), (0, 1000))]))


def test_every_set_of_weights_is_judged_by_itself() -> None:
    """A change from 50:50 to 10:90 is no fault."""
    assert not is_uneven(evidence([((500, 500), (500, 500)), ((1_000, 9_000), (100, 900))]))
    assert is_uneven(evidence([((1_500, 9_500), (500, 500))]))


def test_difference_is_a_plain_record() -> None:
    """Many experiments at once give arrays of their length."""
    many = Sums(*(np.full(3, each, dtype=float) for each in (200, 300, 1000, 9000, 0, 0, 0)))
    found: Difference = difference(many, many)
    assert found.effect.tolist() == [0, 0, 0]
