"""The past: what events count, what windows see, and what returns take away again."""

from __future__ import annotations

from typing import Any

import pytest

from perennial.core.counts import counts_of
from perennial.core.effects import Count
from perennial.core.events import OrderPaid, OrderReturned
from perennial.core.needs import history_after, lookback, snapshot_of
from perennial.core.today import today_of
from perennial.core.version import Version
from perennial.units import Instant
from tests.core.earning_stage import NOON, Shopper, happened, line, local, paid, version_of


def needing(*figures: dict[str, Any], **parts: Any) -> Version:
    """Compile a program whose only rule asks for these figures of the past."""
    asked = [{"at_least": 1, **figure} for figure in figures]
    rule = {"id": "rule", "type": "fixed", "points": 1, "when": {"all": asked}}
    return version_of([rule], **parts)


def figure(measure: str, window: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """Return a figure of the past."""
    return {"history": measure, "window": window or {"ever": True}, **more}


def seen(shopper: Shopper, at: Instant) -> tuple[int, ...]:
    """Return the figures that a decision at ``at`` would read."""
    return snapshot_of(at, shopper.version, shopper.member).history


@pytest.mark.parametrize(
    ("window", "inside", "outside"),
    [
        ({"calendar": "year"}, "2026-01-01 00:00:00", "2025-12-31 23:59:59"),
        ({"calendar": "quarter"}, "2026-10-01 12:00:00", "2026-09-30 12:00:00"),
        ({"calendar": "month"}, "2026-11-01 00:00:00", "2026-10-31 23:59:59"),
        ({"calendar": "week"}, "2026-11-23 00:00:00", "2026-11-22 23:59:59"),
        ({"calendar": "day"}, "2026-11-24 00:00:00", "2026-11-23 23:59:59"),
        ({"calendar": "month", "offset": -1}, "2026-10-31 23:59:59", "2026-11-01 00:00:00"),
        ({"calendar": "year", "offset": -1}, "2025-01-01 00:00:00", "2024-12-31 23:59:59"),
        ({"last": {"days": 30}}, "2026-10-26 00:00:00", "2026-10-25 23:59:59"),
        ({"last": {"months": 1}}, "2026-10-25 12:00:00", "2026-10-24 12:00:00"),
        ({"since_joining": True}, "2026-11-10 09:00:00", "2026-11-09 09:00:00"),
        ({"ever": True}, "1999-01-01 00:00:00", None),
    ],
)
def test_windows(window: dict[str, Any], inside: str, outside: str | None) -> None:
    """On Tuesday 24 November 2026 every window sees what lies in it, to the local day."""
    version = needing(figure("orders.net", window))
    for at, expected in ((inside, 700), (outside, 0)):
        if at is not None:
            shopper = Shopper(version, joined_at=local("2026-11-10 12:00:00"))
            shopper.does(paid(500, 200, at=local(at)))
            assert seen(shopper, NOON) == (expected,)


def test_window_of_a_late_event_ends_with_its_own_day() -> None:
    """An order of October, judged late, does not see what November brought."""
    shopper = Shopper(needing(figure("orders.net", {"calendar": "year"})), joined_at=0)
    shopper.does(paid(500, at=local("2026-11-24 12:00:00")))
    assert seen(shopper, local("2026-10-31 12:00:00")) == (0,)
    assert seen(shopper, local("2026-11-01 12:00:00")) == (500,)


def test_measures() -> None:
    """Orders, amounts, lines and units that match, events and their sums, points by wallet."""
    coffee = {"fact": "line.categories", "contains": "coffee"}
    version = version_of(
        [
            {"id": "base", "type": "per_amount", "points": 1, "per": 100},
            {
                "id": "asks",
                "type": "fixed",
                "points": 1,
                "when": {
                    "any": [
                        figure("orders.count", at_least=10**9),
                        figure("orders.net", at_least=10**9),
                        figure(
                            "orders.count", where={"fact": "order.total", "at_least": 1000}, at_least=10**9
                        ),
                        figure("lines.net", where=coffee, at_least=10**9),
                        figure("lines.quantity", where=coffee, at_least=10**9),
                        figure("events.count", event="walk", at_least=10**9),
                        figure("events.sum", event="walk", attribute="km", at_least=10**9),
                        figure(
                            "events.count",
                            event="walk",
                            where={"fact": "event.km", "at_least": 5},
                            at_least=10**9,
                        ),
                        figure("points.earned", at_least=10**9),
                    ]
                },
            },
        ],
        declarations={"events": {"walk": {"attributes": {"km": {"type": "integer"}}}}},
    )
    shopper = Shopper(version)
    shopper.does(paid(line("a", 900, quantity=3, categories=("coffee",)), line("b", 250), discount=150))
    shopper.does(paid(line("a", 300, categories=("coffee", "tea")), number=2))
    shopper.does(happened("walk", km=7))
    shopper.does(happened("walk", km=2, number=2))
    nets = 900 - 117 + 300  # the discount of 1.50 falls on 9.00 and 2.50 as 1.17 and 0.33
    assert seen(shopper, NOON) == (2, 1300, 1, nets, 4, 2, 9, 1, 10 + 3)


def test_customers_count_before_they_join() -> None:
    """Who is no member earns nothing, but the order counts."""
    shopper = Shopper(needing(figure("orders.count")), joined_at=None)
    decision = shopper.does(paid(2000))
    assert decision.awards == ()
    assert [type(effect) for effect in decision.effects] == [Count]
    assert seen(shopper, NOON) == (1,)


def test_nth_order_does_not_count_itself() -> None:
    """A rule on three earlier orders fires with the fourth."""
    rule = {"id": "fourth", "type": "fixed", "points": 5, "when": figure("orders.count") | {"is": 3}}
    shopper = Shopper(version_of([rule]))
    assert [shopper.earns(paid(100, number=number)) for number in range(5)] == [0, 0, 0, 5, 0]


def returned(
    event: OrderPaid, before: tuple[int, ...], after: tuple[int, ...], *, canceled: bool = False
) -> OrderReturned:
    """Return the return of units of an order, a month later."""
    return OrderReturned(
        id=event.id,
        at=event.at + 30 * 86_400_000_000,
        order=event.order,
        paid_at=event.at,
        awards=(),
        before=before,
        after=after,
        canceled=canceled,
    )


def test_partial_returns_equal_one() -> None:
    """10.00 for 3 units comes back as 3.33, 3.33 and 3.34, in the month of the order."""
    version = needing(figure("orders.net", {"calendar": "month"}), figure("lines.quantity"))
    event = paid(line("a", 1000, quantity=3), line("b", 500))
    parts = [counts_of(version, returned(event, (k, 0), (k + 1, 0))) for k in range(3)]
    assert [[count.amount for count in counts] for counts in parts] == [[-333, -1], [-333, -1], [-334, -1]]
    month = 2026 * 12 + 10
    assert {count.period for counts in parts for count in counts} == {month, 0}
    together = counts_of(version, returned(event, (0, 0), (3, 0)))
    assert [count.amount for count in together] == [-1000, -3]


def test_an_order_stops_counting_when_it_is_canceled() -> None:
    """Returning everything leaves an order of nothing; cancelling takes the order away."""
    version = needing(figure("orders.count"), figure("orders.net"))
    event = paid(line("a", 1000, quantity=2))
    assert [count.amount for count in counts_of(version, returned(event, (0,), (2,)))] == [-1000]
    canceled = counts_of(version, returned(event, (0,), (2,), canceled=True))
    assert [count.amount for count in canceled] == [-1, -1000]


def test_counts_then_cancellation_leave_nothing() -> None:
    """An order and its cancellation sum to zero in every counter."""
    coffee = {"fact": "line.categories", "contains": "coffee"}
    version = needing(
        figure("orders.count"),
        figure("orders.net", {"last": {"days": 7}}),
        figure("lines.net", {"calendar": "year"}, where=coffee),
    )
    event = paid(line("a", 1000, quantity=0, categories=("coffee",)), line("b", 700, quantity=2, discount=50))
    sums: dict[tuple[int, int], int] = {}
    for happening in (event, returned(event, (0, 0), (0, 2), canceled=True)):
        for count in counts_of(version, happening):
            key = count.metric, count.period
            sums[key] = sums.get(key, 0) + count.amount
    assert len(sums) == 3
    assert set(sums.values()) == {0}


def test_history_after_equals_the_next_snapshot() -> None:
    """Adding an event's counts to the figures gives what the next decision reads."""
    version = needing(
        figure("orders.net", {"calendar": "year"}),
        figure("orders.net", {"last": {"days": 3}}),
        figure("orders.count", {"since_joining": True}),
        figure("orders.count", {"calendar": "year", "offset": -1}),
    )
    shopper = Shopper(version)
    shopper.does(paid(900))
    event = paid(500, number=2)
    snapshot = snapshot_of(event.at, version, shopper.member)
    after = history_after(version, snapshot, today_of(version, event.at), counts_of(version, event))
    shopper.does(event)
    assert seen(shopper, event.at) == after == (1400, 1400, 2, 0)


def test_lookback_asks_for_no_more_than_the_windows() -> None:
    """Each metric is loaded from the earliest period that some window sees."""
    version = needing(
        figure("orders.net", {"calendar": "month"}),
        figure("orders.net", {"calendar": "year"}),
        figure("orders.net", {"last": {"days": 10}}),
        figure("orders.count", {"since_joining": True}),
        figure("orders.count"),
    )
    by_measure = {
        (need.metric.measure.value, need.metric.period.value): need.metric.number for need in version.needs
    }
    day = local("2026-11-24 00:00:00") // 86_400_000_000 + 1 + 719_163
    assert lookback(version, NOON) == {
        by_measure["orders.net", "month"]: 2026 * 12,
        by_measure["orders.net", "day"]: day - 9,
        by_measure["orders.count", "day"]: 0,
        by_measure["orders.count", "ever"]: 0,
    }


def test_equal_figures_share_a_counter() -> None:
    """The same figure in two programs and versions is one counter; another wallet or filter is not."""
    year = figure("orders.net", {"calendar": "year"})
    one, two = needing(year), needing(figure("orders.net", {"calendar": "month"}), name="Other")
    other = needing(figure("orders.net", {"calendar": "year"}, where={"fact": "order.total", "at_least": 5}))
    assert one.metrics[0].number == two.metrics[0].number
    assert other.metrics[0].number != one.metrics[0].number
