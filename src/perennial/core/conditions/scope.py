"""What a condition is judged against: the scope of the tree walk, and the local time of an event."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache
from zoneinfo import ZoneInfo

import msgspec

from perennial.core.dates.periods import WEEKDAYS, local_day, offset_at
from perennial.core.events import (
    ChallengeCompleted,
    ChallengeMissed,
    CustomEvent,
    Event,
    MemberJoined,
    TierEntered,
)
from perennial.core.facts import FactTable
from perennial.core.orders.order import Line, Order, Scalar
from perennial.core.snapshot import WalletFigures
from perennial.core.terms.conditions import History
from perennial.core.terms.figures import Figure
from perennial.units import DAY, MINUTE, SECOND, Instant, Minor, parse_instant

_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}(:?[0-9]{2})?)"
).fullmatch


class Now(msgspec.Struct, frozen=True):
    """The local wall time of an event: the facts ``now.*``, and what the calendar is looked up by.

    ``ordinal`` is that of the date; the minutes of a week are counted from Monday's first, which is 0.
    """

    ordinal: int
    date: str
    time: str
    weekday: str
    day: int
    month: int
    year: int
    hour: int
    minute_of_week: int


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the tree walk reads (the compiled form reads the same from its locals).

    ``at`` is the event's own instant. ``order`` is the order that is judged, with its amounts in the
    program's currency, and ``nets`` its :func:`~perennial.core.orders.order.net_amounts`; without an order
    every fact about it is missing. ``event_name`` is the trigger's name and ``event`` the event's
    attributes (:func:`attributes_of`). ``member`` holds the member's attributes, ``joined_at`` is
    ``None`` for someone who is not a member, ``wallets`` are the figures by the wallet's id,
    ``challenges`` those of challenges by theirs: how often completed, and how far.
    ``variants`` the member's variants by the experiment's id (of those that the member takes part in).
    ``history`` gives the figure for a history comparison or a computed fact, ``location`` holds the
    attributes of the order's location, ``lots`` what facts about lots come to. ``line`` and ``net`` are set
    while one line is looked at.
    """

    facts: FactTable
    zone: ZoneInfo
    at: Instant
    order: Order | None = None
    nets: list[Minor] = []
    event_name: str | None = None
    event: Mapping[str, Scalar] = {}
    member: Mapping[str, Scalar] = {}
    joined_at: Instant | None = None
    tier: str | None = None
    segments: tuple[str, ...] = ()
    wallets: Mapping[str, WalletFigures] = {}
    challenges: Mapping[str, tuple[int, int]] = {}
    variants: Mapping[str, str] = {}
    history: Callable[[History | Figure], int] | None = None
    referral_count: int = 0
    location: Mapping[str, Scalar] = {}
    lots: Mapping[str, int] = {}
    line: Line | None = None
    net: Minor = 0


def attributes_of(event: Event) -> Mapping[str, Scalar]:
    """Return the attributes that an event offers to conditions as ``event.<attribute>``."""
    match event:
        case CustomEvent():
            return event.attributes
        case MemberJoined():
            return {"source": event.source}
        case TierEntered():
            return {"tier": event.after, "before": event.before}
        case ChallengeCompleted() | ChallengeMissed():
            return {"challenge": event.challenge}
        case _:
            return {}


def now_at(instant: Instant, zone: ZoneInfo) -> Now:
    """Return the local wall time of ``instant``."""
    return _now((instant + offset_at(instant, zone)) // MINUTE)


@lru_cache(16384)
def _now(minutes: int) -> Now:
    """Return the wall time that is ``minutes`` after 1970-01-01 00:00."""
    days, minute = divmod(minutes, DAY // MINUTE)
    on = date(1970, 1, 1).toordinal() + days
    day = date.fromordinal(on)
    return Now(
        ordinal=on,
        date=day.isoformat(),
        time=f"{minute // 60:02}:{minute % 60:02}",
        weekday=WEEKDAYS[day.weekday()],
        day=day.day,
        month=day.month,
        year=day.year,
        hour=minute // 60,
        minute_of_week=day.weekday() * (DAY // MINUTE) + minute,
    )


@lru_cache(16384)
def date_or_none(text: Scalar) -> date | None:
    """Read a date (``YYYY-MM-DD``); anything else is None."""
    if type(text) is not str or len(text) != 10 or text[4] + text[7] != "--":
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def date_text_or_none(text: Scalar) -> str | None:
    """Return a date (``YYYY-MM-DD``) as it is; anything else is None."""
    return text if isinstance(text, str) and date_or_none(text) is not None else None


def fresh_or_none(value: Scalar, stale_from: Scalar, at: Instant) -> Scalar:
    """Return a value from outside as long as it is not stale at ``at``; else None."""
    return value if type(stale_from) is int and at < stale_from * SECOND else None


@lru_cache(16384)
def instant_or_none(text: Scalar) -> Instant | None:
    """Read an RFC 3339 instant with an offset (seconds may be left out); anything else is None."""
    if type(text) is not str or not _INSTANT(text):
        return None
    try:
        return parse_instant(text)
    except ValueError:
        return None


def joining_date(joined_at: Instant | None, zone: ZoneInfo) -> date | None:
    """Return the local date of joining."""
    return None if joined_at is None else date.fromordinal(local_day(joined_at, zone))
