"""When something applies: spans of time, start and end, weekly windows, recurrences, holidays."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

_Count = Annotated[int, Meta(ge=0, le=10_000)]


class Span(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """A length of time in calendar units; days and larger follow the program's local calendar."""

    years: _Count = 0
    months: _Count = 0
    weeks: _Count = 0
    days: _Count = 0
    hours: _Count = 0
    minutes: _Count = 0


class Window(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """A weekly window: on ``days`` (mon..sun; empty: every day), from ``start`` up to ``end`` (HH:MM).

    ``end`` is not included; an end at or before the start runs past midnight; 24:00 is the end.
    """

    days: tuple[str, ...] = ()
    start: str = "00:00"
    end: str = "24:00"


class Schedule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """When a rule, a campaign or a reward applies, in the program's zone, at the event's own time.

    ``starts`` and ``ends`` are a local date, a local date and time, or an RFC 3339 instant; an end
    that is a date includes that whole day. ``windows`` are weekly; ``rrule`` is an RFC 5545 rule
    whose occurrences each last ``duration``; ``holidays`` is a country code whose public holidays
    count; ``birthday`` and ``anniversary`` are days before and after the member's own day.
    Everything given must hold.
    """

    starts: str | None = None
    ends: str | None = None
    windows: tuple[Window, ...] = ()
    rrule: str | None = None
    rrule_start: str | None = None
    duration: Span | None = None
    holidays: str | None = None
    birthday: tuple[int, int] | None = None
    anniversary: tuple[int, int] | None = None
