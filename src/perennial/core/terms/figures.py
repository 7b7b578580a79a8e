"""Computed facts of a customer: what is worked out of the days on which they ordered.

A figure takes something from the counters of one metric within a window: their sum, or what the days with
an order say. It is worked out when the snapshot is taken, from counters that are kept anyway once a
version asks for them, so that a decision stores one number and nobody else pays. Windows in days cost a
row per day with an order; what counts the whole past looks back 20 years.

The stages of a customer's life, by whole local days since the last order:

=========  =====================================================
new        the first order is at most 30 days ago
active     the last order is at most 60 days ago
at_risk    61 to 90 days
dormant    91 to 365 days
lost       more than 365 days
=========  =====================================================

Whoever never ordered has none. The usual gap is the time from the first order to the last, over the
number of visits but one; somebody has lapsed when twice that gap has passed without an order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from enum import StrEnum

import msgspec

from perennial.core.dates.periods import Period
from perennial.core.dates.schedule import Span
from perennial.core.terms.conditions import HistoryWindow, Measure

UNKNOWN = -1
"""What a figure is that cannot be told; only a sum may be negative, and a sum is always known."""

STAGES = ("new", "active", "at_risk", "dormant", "lost")
"""The stages of a customer's life, in their order."""

NEW_DAYS = 30
"""So many days after the first order somebody is still new."""

STAGE_DAYS = (("active", 60), ("at_risk", 90), ("dormant", 365))
"""The other stages but the last, each with the most days since the last order."""


_NEW, _LOST = STAGES.index("new"), STAGES.index("lost")
_STAGE_DAYS = tuple((STAGES.index(stage), days) for stage, days in STAGE_DAYS)


class Take(StrEnum):
    """What is taken from the counters of a metric; all but the sum need them by day."""

    SUM = "sum"
    VISITS = "visits"
    FIRST_DAY = "first_day"
    LAST_DAY = "last_day"
    DAYS_SINCE = "days_since"
    GAP = "gap"
    LAPSED = "lapsed"
    STAGE = "stage"


class Figure(msgspec.Struct, frozen=True):
    """One number: what is taken from a measure of all orders within a window."""

    take: Take
    measure: Measure
    window: HistoryWindow


def taken(take: Take, days: Mapping[int, int], today: int) -> int:
    """Return what a figure is on the day ``today``, or ``UNKNOWN``.

    ``days`` maps the ordinals of days within the window to what was counted on each.
    """
    if take is _SUM:
        return sum(days.values())
    return told(take, sorted([day for day, value in days.items() if value > 0]), today)


# Python 3.11 looks a member of an enumeration up slowly, and this is asked for every order.
_SUM, _VISITS, _DAYS_SINCE = Take.SUM, Take.VISITS, Take.DAYS_SINCE
_FIRST_DAY, _LAST_DAY, _GAP = Take.FIRST_DAY, Take.LAST_DAY, Take.GAP
_LAPSED, _STAGE_OF_LIFE = Take.LAPSED, Take.STAGE


def told(take: Take, present: Sequence[int], today: int) -> int:
    """Return what the days with an order tell on the day ``today``, or ``UNKNOWN``.

    ``present`` are their ordinals, in order.
    """
    if take is _VISITS:
        return len(present)
    if not present:
        return UNKNOWN
    last = present[-1]
    since = today - last
    if take is _DAYS_SINCE:
        return since
    first, visits = present[0], len(present)
    if take is _STAGE_OF_LIFE:
        return _stage(today - first, since)
    if take is _LAPSED:
        # since > 2 * (last - first) / (visits - 1), without a fraction
        return int(since * (visits - 1) > 2 * (last - first)) if visits > 1 else UNKNOWN
    if take is _GAP:
        return (last - first) // (visits - 1) if visits > 1 else UNKNOWN
    if take is _FIRST_DAY:
        return first
    if take is _LAST_DAY:
        return last
    raise ValueError(f"days with an order do not tell {take}")


def _stage(since_first: int, since_last: int) -> int:
    if since_first <= NEW_DAYS:
        return _NEW
    for stage, days in _STAGE_DAYS:
        if since_last <= days:
            return stage
    return _LOST


def _known(value: int) -> int | None:
    return None if value < 0 else value


def _day(value: int) -> str | None:
    return None if value < 0 else date.fromordinal(value).isoformat()


def _flag(value: int) -> bool | None:
    return None if value < 0 else bool(value)


def _stage_name(value: int) -> str | None:
    return None if value < 0 else STAGES[value]


def _recency(days: int, *bounds: int) -> int | None:
    return None if days < 0 else 1 + len(bounds) - sum(days > bound for bound in bounds)


def _score(value: int, *bounds: int) -> int:
    return 1 + sum(value > bound for bound in bounds)


def _average(total: int, count: int) -> int | None:
    return total // count if count > 0 else None


READERS: dict[str, Callable[..., int | str | bool | None]] = {
    "known": _known,
    "day": _day,
    "flag": _flag,
    "stage": _stage_name,
    "average": _average,
    "recency": _recency,
    "score": _score,
}
"""How the numbers of a computed fact become its value; those without a reader are the number itself."""


class Computed(msgspec.Struct, frozen=True):
    """A computed fact: the figures it is made of, and the reader that makes them its value.

    A score is told by the ``bounds`` that a figure passes.
    """

    figures: tuple[Figure, ...]
    reader: str | None = None
    bounds: tuple[int, ...] = ()


EVER = HistoryWindow(ever=True)
ALL_DAYS = HistoryWindow(last=Span(years=20))
_WINDOWS = {
    "": (EVER, "in all"),
    "_30_days": (HistoryWindow(last=Span(days=30)), "in the last 30 days"),
    "_90_days": (HistoryWindow(last=Span(days=90)), "in the last 90 days"),
    "_365_days": (HistoryWindow(last=Span(days=365)), "in the last 365 days"),
    "_this_year": (HistoryWindow(calendar=Period.YEAR), "this year"),
    "_last_year": (HistoryWindow(calendar=Period.YEAR, offset=-1), "last year"),
}


def _of_days(take: Take, reader: str | None) -> Computed:
    return Computed((Figure(take, Measure.ORDERS_COUNT, ALL_DAYS),), reader)


def _computed() -> dict[str, tuple[str, str, Computed]]:
    facts: dict[str, tuple[str, str, Computed]] = {}
    for suffix, (window, words) in _WINDOWS.items():
        orders = Figure(Take.SUM, Measure.ORDERS_COUNT, window)
        spent = Figure(Take.SUM, Measure.ORDERS_NET, window)
        average = Computed((spent, orders), "average")
        facts[f"orders{suffix}"] = "integer", f"the number of orders {words}", Computed((orders,))
        facts[f"spent{suffix}"] = "integer", f"the amount spent {words}", Computed((spent,))
        facts[f"average_order{suffix}"] = "integer", f"the amount of an average order {words}", average
    for name, kind, label, computed in (
        ("visits", "integer", "the number of days with an order", _of_days(Take.VISITS, None)),
        ("first_order_on", "date", "the day of the first order", _of_days(Take.FIRST_DAY, "day")),
        ("last_order_on", "date", "the day of the last order", _of_days(Take.LAST_DAY, "day")),
        (
            "days_since_last_order",
            "integer",
            "the number of days since the last order",
            _of_days(Take.DAYS_SINCE, "known"),
        ),
        ("order_gap_days", "integer", "the usual number of days between orders", _of_days(Take.GAP, "known")),
        (
            "is_lapsed",
            "boolean",
            "whether twice the usual gap has passed without an order",
            _of_days(Take.LAPSED, "flag"),
        ),
        ("lifecycle", "text", "the stage of the customer's life", _of_days(Take.STAGE, "stage")),
    ):
        facts[name] = kind, label, computed
    return facts


COMPUTED = _computed()
"""Every computed fact by its name below ``member``: its type, its label, and what it is made of."""
