"""Who is in which segment: judging a customer, and when time alone may change the answer.

Membership depends on the customer's own data and on the local day. :func:`judge_member` judges every live
segment; :func:`next_segment_change` returns the first local midnight at which some answer may differ if
nothing else happens. It may come early, never late: whoever waits for it judges again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

import msgspec

from perennial.core.compile_segments import SegmentSet, Step
from perennial.core.condition_scope import Scope, date_or_none, joining_date
from perennial.core.condition_walk import compare, holds
from perennial.core.conditions import All, AnyOf, Compare, Condition, History, Not
from perennial.core.facts import BIRTHDAY, SEGMENTS, Fact, FactSource
from perennial.core.member import Member
from perennial.core.needs import ranges_of, segments_of, snapshot_of
from perennial.core.periods import (
    Period,
    Span,
    first_day,
    first_day_of_last,
    in_year,
    local_midnight,
    period_of_day,
)
from perennial.core.snapshot import Snapshot
from perennial.core.today import today_of
from perennial.core.version import Need, Version
from perennial.core.version_scope import scope_of
from perennial.units import Instant

_STILL = frozenset(
    f"member.{name}" for name in ("joined", "joined_on", "tier", "tier_level", "segments", "birthday")
) | {"member.birthday_month", "member.birthday_day"}
_OF_JOINING = frozenset({"member.joined_days", "member.joined_years", "member.is_anniversary"})
_OF_BIRTHDAY = frozenset({"member.is_birthday", "member.age"})
_LAST = date(2200, 12, 31).toordinal()

Look = tuple[bool, int | None]
"""Whether a condition holds, and the first day (an ordinal) on which that may differ."""


class Move(msgspec.Struct, frozen=True):
    """A customer enters or leaves a segment at ``at``."""

    code: str
    at: Instant
    entered: bool


def judge_member(segments: SegmentSet, member: Member, at: Instant) -> list[Move]:
    """Judge every live segment at ``at`` and take the result over into ``member``.

    The counters that ``segments.versions`` look back at have to be loaded.
    """
    moves: list[Move] = []
    for step, snapshot in _snapshots(segments, member, at):
        for code, inside in zip(step.codes, step.judge(at, snapshot), strict=True):
            if inside is (code in member.segments):
                continue
            moves.append(Move(code, at, inside))
            if inside:
                member.segments[code] = at
            else:
                del member.segments[code]
    return moves


def next_segment_change(segments: SegmentSet, member: Member, at: Instant) -> Instant | None:
    """Return the first instant after ``at`` at which time alone may change a membership (None: never).

    To be asked after :func:`judge_member`. A segment that asks about others follows when they change.
    """
    dues: list[Instant] = []
    for step, snapshot in _snapshots(segments, member, at):
        times = _Times(step.version, member, snapshot, at)
        for code in step.codes:
            when = segments.kept[code].segment.when
            day = None if when is None else times.look(when)[1]
            if day is not None and day <= _LAST:
                dues.append(local_midnight(date.fromordinal(day), step.version.zone))
    # Where clocks were set back over midnight, the new day begins a second time.
    return min((due for due in dues if due > at), default=None)


def _snapshots(segments: SegmentSet, member: Member, at: Instant) -> Iterator[tuple[Step, Snapshot]]:
    """Yield every step with what it reads; of a program's steps, one snapshot as far as possible."""
    taken: dict[int, Snapshot] = {}
    for step in segments.steps:
        version = step.version
        snapshot = taken.get(version.program_id)
        if snapshot is None:
            snapshot = taken[version.program_id] = snapshot_of(at, version, member)
        elif step.asks:
            snapshot = msgspec.structs.replace(snapshot, segments=segments_of(version, member))
        yield step, snapshot


class _Times:
    """When the conditions of one version may change for one member, day by day."""

    def __init__(self, version: Version, member: Member, snapshot: Snapshot, at: Instant) -> None:
        self._version = version
        self._member = member
        self._snapshot = snapshot
        self._at = at
        self._today = today_of(version, at).day
        self._scope: Scope | None = None
        self._known: dict[Condition, Look] = {}

    def look(self, node: Condition) -> Look:
        """Return whether ``node`` holds, and when that may differ: before that day it cannot."""
        match node:
            case All(of):
                return self._together([self.look(part) for part in of], every=True)
            case AnyOf(of):
                return self._together([self.look(part) for part in of], every=False)
            case Not(of):
                held, day = self.look(of)
                return not held, day
            case History():
                return self._history(node)
            case Compare():
                return self._compare(node)
        raise ValueError("a segment asks about its customer alone")

    def _together(self, looks: list[Look], *, every: bool) -> Look:
        """Combine the parts: of ``every`` one, or of at least one.

        What holds because every part does ends with the first that ends. What fails because some parts
        fail can only come to hold once the last of these may have changed.
        """
        against = [day for held, day in looks if held is not every]
        if not against:
            return every, min((day for _, day in looks if day is not None), default=None)
        days = [day for day in against if day is not None]
        return not every, max(days) if len(days) == len(against) else None

    # Figures of the past

    def _history(self, node: History) -> Look:
        place = self._version.histories[node]
        need, value = self._version.needs[place], self._snapshot.history[place]
        held = compare(value, node.operator, node.operand)
        for day, later in self._later_values(need, place, value):
            if compare(later, node.operator, node.operand) is not held:
                return held, day
        return held, None

    def _later_values(self, need: Need, place: int, value: int) -> Iterator[tuple[int, int]]:
        """Yield the days on which the figure changes by time alone, and what it is from then on."""
        periods = self._member.counters.get(need.metric.number)
        window = need.window
        if not periods or window.ever or window.calendar is Period.EVER:
            return
        first, _ = ranges_of(self._version, self._at, self._snapshot.joined_at)[place]
        if window.since_joining or window.last is not None:
            changes = {period: amount for period, amount in periods.items() if period > self._today}
            if window.last is not None:
                for period, amount in periods.items():
                    if period >= first:
                        gone = _day_out(period, window.last)
                        changes[gone] = changes.get(gone, 0) - amount
            for day in sorted(day for day in changes if day > self._today):
                value += changes[day]
                yield day, value
            return
        yield from self._calendar_values(need, periods)

    def _calendar_values(self, need: Need, periods: dict[int, int]) -> Iterator[tuple[int, int]]:
        """Yield what a window over calendar periods comes to as these go by."""
        window, starts = need.window, self._version.program.week_starts
        place = self._version.needs.index(need)
        kind = window.calendar or Period.DAY
        day = self._today
        for _ in range(2 - window.offset):
            day = _next_start(day, kind, starts)
            if day > _LAST:
                return
            at = local_midnight(date.fromordinal(day), self._version.zone)
            low, high = ranges_of(self._version, at, None)[place]
            yield day, sum(amount for period, amount in periods.items() if low <= period <= high)

    # Facts

    def _compare(self, node: Compare) -> Look:
        known = self._known.get(node)
        if known is None:
            scope = self._scope_today()
            held = holds(node, scope)
            fact = self._version.facts.find(node.fact)
            day = None if fact is None else self._first_change(node, fact, held)
            known = self._known[node] = held, day
        return known

    def _first_change(self, node: Compare, fact: Fact, held: bool) -> int | None:
        for day in sorted({day for day in self._days(node, fact) if day > self._today}):
            if day > _LAST:
                break
            at = local_midnight(date.fromordinal(day), self._version.zone)
            later = msgspec.structs.replace(self._scope_today(), at=at)
            if holds(node, later) is not held:
                return day
        return None

    def _days(self, node: Compare, fact: Fact) -> Iterable[int]:
        """Return the days on which the comparison may come out differently."""
        name, today = fact.name, self._today
        if fact.source is FactSource.WALLET or name in _STILL or name == SEGMENTS:
            return ()
        if fact.source is FactSource.NOW:
            return _days_of_now(name, node, today)
        if name in _OF_JOINING:
            joined = joining_date(self._snapshot.joined_at, self._version.zone)
            return () if joined is None else _days_since(name, node, joined, today)
        if name in _OF_BIRTHDAY:
            born = date_or_none(self._scope_today().member.get(BIRTHDAY))
            return () if born is None else _days_since(name, node, born, today)
        if fact.attribute is not None:
            return ()
        return (today + 1,)

    def _scope_today(self) -> Scope:
        if self._scope is None:
            self._scope = scope_of(self._version, self._snapshot, self._at)
        return self._scope


def _day_out(period: int, span: Span) -> int:
    """Return the first day on which ``period`` (a day) no longer lies in the window ``last: span``."""
    if not span.years and not span.months:
        return period + span.weeks * 7 + span.days
    low, high = period, period + 1
    while low < _LAST and first_day_of_last(min(high, _LAST), span) <= period:
        low, high = high, high + (high - period)
        if high > _LAST:
            return _LAST + 1
    while high - low > 1:
        middle = (low + high) // 2
        if first_day_of_last(middle, span) <= period:
            low = middle
        else:
            high = middle
    return high


def _next_start(day: int, kind: Period, week_starts: str) -> int:
    """Return the first day of the calendar period that follows the one in which ``day`` lies."""
    if kind in (Period.DAY, Period.HOUR):
        return day + 1
    return first_day(period_of_day(day, kind, week_starts) + 1, kind, week_starts).toordinal()


def _numbers(node: Compare) -> list[int]:
    operands = node.operand if isinstance(node.operand, tuple) else (node.operand,)
    return [operand for operand in operands if isinstance(operand, int)]


def _days_of_now(name: str, node: Compare, today: int) -> Iterable[int]:
    """Return the days on which a comparison with the date, or a part of it, may change."""
    match name:
        case "now.date":
            operands = node.operand if isinstance(node.operand, tuple) else (node.operand,)
            dates = [found for operand in operands if (found := date_or_none(operand)) is not None]
            return [day for on in dates for day in (on.toordinal(), on.toordinal() + 1)]
        case "now.weekday":
            return range(today + 1, today + 8)
        case "now.month":
            return _starts(today, Period.MONTH, 13)
        case "now.year":
            last = max(_numbers(node), default=0) + 1
            return _starts(today, Period.YEAR, max(1, last - date.fromordinal(today).year + 1))
        case _:
            return range(today + 1, today + 63)


def _starts(today: int, kind: Period, count: int) -> list[int]:
    days, day = [], today
    for _ in range(min(count, 300)):
        day = _next_start(day, kind, "mon")
        days.append(day)
    return days


def _days_since(name: str, node: Compare, start: date, today: int) -> Iterable[int]:
    """Return the days on which a comparison of the time since ``start`` may change."""
    if name == "member.joined_days":
        return [start.toordinal() + number for each in _numbers(node) for number in (each, each + 1)]
    if name in ("member.joined_years", "member.age"):
        years = {start.year + number for each in _numbers(node) for number in (each, each + 1)}
        return [in_year(start, year).toordinal() for year in years if start.year <= year <= 2200]
    year = date.fromordinal(today).year
    returns = [in_year(start, near).toordinal() for near in (year, year + 1) if near > start.year]
    return [day for on in returns for day in (on, on + 1)]
