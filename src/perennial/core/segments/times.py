"""When time alone may change who is in a segment.

Each part of a condition says whether it holds, and before which instant that cannot differ if nothing else
happens. What is said may come early, never late: whoever waits for it judges again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from functools import lru_cache
from typing import TypeAlias

from perennial.core.conditions.scope import Scope, date_or_none, joining_date
from perennial.core.conditions.walk import compare, holds
from perennial.core.dates.periods import (
    Period,
    Span,
    first_day,
    first_day_of_last,
    in_year,
    local_day,
    local_midnight,
    period_of_day,
)
from perennial.core.facts import BIRTHDAY, SEGMENTS, STALE_FROM, TELLS_TIME, Fact, FactSource
from perennial.core.segments.sight import Sight, lots_of
from perennial.core.terms.conditions import (
    All,
    AnyOf,
    Compare,
    Condition,
    History,
    HistoryWindow,
    Not,
    Operand,
    Operator,
)
from perennial.core.terms.figures import READERS, Computed, Take
from perennial.core.version import Version
from perennial.units import SECOND, Instant

_GROWING = frozenset({Operator.AT_LEAST, Operator.MORE_THAN})
_STAGE_DAYS = (31, 61, 91, 366)
_LAST = date(2200, 12, 31).toordinal()

Look: TypeAlias = tuple[bool, Instant | None]
"""Whether a condition holds, and the first instant at which that may differ."""

Looker: TypeAlias = "Callable[[Times], Look]"
"""Looks at one condition of a version."""


class Times:
    """When the conditions of one version may change for one member."""

    def __init__(self, sight: Sight) -> None:
        self._sight = sight
        self._zone = sight.version.zone
        self._now: Scope | None = None
        self._falling: dict[int, bool] = {}

    # Figures of the past

    def sum(self, place: int, window: HistoryWindow, operator: Operator, operand: Operand) -> Look:
        """Look at a sum within a window."""
        sight = self._sight
        value = sight.figure(place)
        held = compare(value, operator, operand)
        number = sight.version.needs[place].metric.number
        periods = sight.member.counters.get(number)
        if not periods or window.ever or window.calendar is Period.EVER:
            return held, None
        if window.calendar is None:
            if not held and operator in _GROWING and self._only_falls(number, periods):
                return held, None
            changes = self._sums(place, value, periods, window)
        else:
            changes = self._calendar_sums(place, periods, window)
        for day, later in changes:
            if day > _LAST:
                break
            if compare(later, operator, operand) is not held:
                return held, self._midnight(day)
        return held, None

    def _only_falls(self, number: int, periods: dict[int, int]) -> bool:
        """Whether sums of the last days can only fall by time: nothing lies ahead, nothing is negative."""
        known = self._falling.get(number)
        if known is None:
            today = self._sight.day
            known = all(amount >= 0 and period <= today for period, amount in periods.items())
            self._falling[number] = known
        return known

    def _sums(
        self, place: int, value: int, periods: dict[int, int], window: HistoryWindow
    ) -> Iterator[tuple[int, int]]:
        """Yield the days on which the sum of the last days changes, and what it is from then on."""
        first, today = self._sight.ranges[place][0], self._sight.day
        changes = {period: amount for period, amount in periods.items() if period > today}
        if window.last is not None:
            for period, amount in periods.items():
                if period >= first:
                    gone = _day_out(period, window.last)
                    changes[gone] = changes.get(gone, 0) - amount
        for day in sorted(changes):
            if day > today:
                value += changes[day]
                yield day, value

    def _calendar_sums(
        self, place: int, periods: Iterable[int], window: HistoryWindow
    ) -> Iterator[tuple[int, int]]:
        """Yield what a window over calendar periods comes to as these go by."""
        for day in self._days_of_calendar(periods, window):
            yield day, self._sight.figure_on(place, day)

    def _days_of_calendar(self, periods: Iterable[int], window: HistoryWindow) -> list[int]:
        """Return the days on which a window over calendar periods moves, until all that is in it has left.

        And those that lie ahead already: a clock that was a few minutes ahead may have said tomorrow.
        """
        day = self._sight.day
        days = {period for period in periods if day < period <= _LAST}
        for _ in range(2 - window.offset):
            day = _next_start(day, window.calendar or Period.DAY, self._sight.version.program.week_starts)
            if day > _LAST:
                break
            days.add(day)
        return sorted(days)

    # Facts

    def computed(self, node: Compare, computed: Computed, places: tuple[int, ...]) -> Look:
        """Look at a computed fact, whose figures are at these places."""
        sight = self._sight
        held = _value_holds(computed, [sight.figure(place) for place in places], node)
        days = {day for day in self._days_of_figures(computed, node) if sight.day < day <= _LAST}
        for day in sorted(days):
            values = [sight.figure_on(place, day) for place in places]
            if _value_holds(computed, values, node) is not held:
                return held, self._midnight(day)
        return held, None

    def compared(self, node: Compare, fact: Fact) -> Look:
        """Look at any other fact."""
        if self._now is None:
            self._now = self._sight.scope(self._sight.at)
        held = holds(node, self._now)
        return held, self._first_change(node, fact, held)

    def _first_change(self, node: Compare, fact: Fact, held: bool) -> Instant | None:
        at = self._sight.at
        if fact.outside:
            return self._staleness(fact, held, node)
        for day in sorted({day for day in self._days(node, fact) if day > self._sight.day}):
            if day > _LAST:
                break
            later = self._midnight(day)
            # Where clocks were set back over midnight, the new day begins a second time.
            if later > at and holds(node, self._sight.scope(later)) is not held:
                return later
        return None

    def _staleness(self, fact: Fact, held: bool, node: Compare) -> Instant | None:
        known = self._sight.member.attributes.get(f"{fact.attribute}{STALE_FROM}")
        if type(known) is not int or known * SECOND <= self._sight.at:
            return None
        stale_from = known * SECOND
        return stale_from if holds(node, self._sight.scope(stale_from)) is not held else None

    def _days(self, node: Compare, fact: Fact) -> Iterable[int]:
        """Return the days on which the comparison may come out differently."""
        name, today = fact.name, self._sight.day
        if fact.source is FactSource.LOTS:
            return self._days_of_lots(fact)
        if fact.source is FactSource.NOW:
            return _days_of_now(name, node, today)
        if fact.source is FactSource.WALLET or name == SEGMENTS:
            return ()
        if name.removeprefix("member.") not in TELLS_TIME:
            return ()
        if fact.attribute == BIRTHDAY:
            start = date_or_none(self._sight.member.attributes.get(BIRTHDAY))
        else:
            start = joining_date(self._sight.joined_at, self._zone)
        return () if start is None else _days_since(name, node, start, today)

    def _days_of_figures(self, computed: Computed, node: Compare) -> Iterator[int]:
        sight = self._sight
        for figure in computed.figures:
            place = sight.version.histories[figure]
            need, (first, _) = sight.version.needs[place], sight.ranges[place]
            periods = sight.member.counters.get(need.metric.number)
            if not periods or need.window.ever:
                continue
            if need.window.calendar is not None:
                yield from self._days_of_calendar(periods, need.window)
                continue
            # Only a sum takes in what is below zero; all else is told by the days with orders.
            every = need.take is Take.SUM
            present = sorted(
                day for day, value in periods.items() if (value if every else value > 0) and day >= first
            )
            yield from (day for day in present if day > sight.day)
            if need.window.last is not None:
                yield from (_day_out(day, need.window.last) for day in (present if every else present[:1]))
            if not every:
                yield from self._days_after(need.take, present, computed, node)

    def _days_after(self, take: Take, present: list[int], computed: Computed, node: Compare) -> Iterator[int]:
        """Yield when days with orders tell something else as time goes by, of which some may lie ahead."""
        known = sum(day <= self._sight.day for day in present)
        for count in range(max(known, 1), len(present) + 1):
            days = present[:count]
            yield from _days_after_orders(take, days, node)
            yield from (days[-1] + bound + 1 for bound in computed.bounds)

    def _days_of_lots(self, fact: Fact) -> Iterator[int]:
        for lot in lots_of(self._sight.version, self._sight.member, fact.wallet or ""):
            if lot.key.expires_at is not None and lot.remaining:
                day = local_day(lot.key.expires_at, self._zone)
                yield from (day - fact.days - 1, day - fact.days)

    def _midnight(self, day: int) -> Instant:
        return local_midnight(date.fromordinal(day), self._zone)


def looker(node: Condition, version: Version) -> Looker:
    """Return the function that looks at a condition of a version, with what it reads looked up once.

    It says whether the condition holds, and when that may differ: before that instant it cannot.
    """
    match node:
        case All(of) | AnyOf(of):
            parts, every = [looker(part, version) for part in of], isinstance(node, All)
            return lambda times: _together([part(times) for part in parts], every=every)
        case Not(of):
            return _negated(looker(of, version))
        case History(window=window, operator=operator, operand=operand):
            place = version.histories[node]
            return lambda times: times.sum(place, window, operator, operand)
        case Compare():
            return _comparing(node, version)
    raise ValueError("a segment asks about its customer alone")


def _negated(inner: Looker) -> Looker:
    def look(times: Times) -> Look:
        held, due = inner(times)
        return not held, due

    return look


def _comparing(node: Compare, version: Version) -> Looker:
    fact, operator, operand = version.facts.facts[node.fact], node.operator, node.operand
    computed = fact.computed
    if computed is None:
        return lambda times: times.compared(node, fact)
    places = tuple(version.histories[figure] for figure in computed.figures)
    first = computed.figures[0]
    if computed.reader is None and first.take is Take.SUM and operator is not Operator.EXISTS:
        return lambda times: times.sum(places[0], first.window, operator, operand)
    return lambda times: times.computed(node, computed, places)


def _value_holds(computed: Computed, figures: list[int], node: Compare) -> bool:
    value = figures[0] if computed.reader is None else READERS[computed.reader](*figures, *computed.bounds)
    if node.operator is Operator.EXISTS:
        return (value is not None) is node.operand
    return value is not None and compare(value, node.operator, node.operand)


def _together(looks: list[Look], *, every: bool) -> Look:
    """Combine the parts: of ``every`` one, or of at least one.

    What holds because every part does ends with the first that ends. What fails because some parts
    fail can only come to hold once the last of these may have changed.
    """
    against = [due for held, due in looks if held is not every]
    if not against:
        return every, min((due for _, due in looks if due is not None), default=None)
    dues = [due for due in against if due is not None]
    return not every, max(dues) if len(dues) == len(against) else None


@lru_cache(8192)
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


def _days_after_orders(take: Take, days: list[int], node: Compare) -> list[int]:
    """Return the days on which what is told by the days with orders may change as time goes by."""
    first, last = days[0], days[-1]
    match take:
        case Take.DAYS_SINCE:
            return [last + number for each in _numbers(node) for number in (each, each + 1)]
        case Take.LAPSED if len(days) > 1:
            return [last + 2 * (last - first) // (len(days) - 1) + 1]
        case Take.STAGE:
            return [first + _STAGE_DAYS[0], *(last + number for number in _STAGE_DAYS[1:])]
        case _:
            return []
