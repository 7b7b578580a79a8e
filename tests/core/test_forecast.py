"""When a budget runs out, to the day."""

from __future__ import annotations

import pytest

from perennial.core.budgets.forecast import Forecast, forecast

TODAY = 1_000


@pytest.mark.parametrize(
    ("left", "days", "expected"),
    [
        # 10 a day on three days: 50 last five days, today being the first.
        (50, {997: 10, 998: 10, 999: 10}, Forecast(10, 1_004)),
        # A rest that is smaller than a day's use lasts a day.
        (51, {999: 10}, Forecast(10, 1_005)),
        (1, {999: 10}, Forecast(10, 1_000)),
        # Of today 4 are used already: 46 are what was left of 50 this morning.
        (46, {999: 10, 1_000: 4}, Forecast(10, 1_004)),
        # Nothing but today: it counts.
        (6, {1_000: 4}, Forecast(4, 1_002)),
        # Days without use are left out, and so are those before the last seven with use.
        (30, {900: 500, **{910 + 10 * day: 5 for day in range(7)}}, Forecast(5, 1_005)),
        # More is used today than ever: the rest still lasts for today.
        (1, {999: 1, 1_000: 900}, Forecast(1, 1_900)),
        # An average is rounded for the eye, and exact in the sum: 2 days of 3 in all, 9 left.
        (9, {998: 1, 999: 2}, Forecast(2, 1_005)),
    ],
)
def test_what_is_left_lasts_for_so_many_days(left: int, days: dict[int, int], expected: Forecast) -> None:
    """The formula of the docstring, in whole days."""
    assert forecast(left, days, TODAY) == expected


@pytest.mark.parametrize(
    ("left", "days"), [(50, {}), (0, {999: 10}), (-5, {999: 10}), (50, {999: 0, 998: -3}), (50, {1_001: 9})]
)
def test_where_nothing_can_be_said_nothing_is(left: int, days: dict[int, int]) -> None:
    """Unused, used up, given back only: no forecast."""
    assert forecast(left, days, TODAY) is None
