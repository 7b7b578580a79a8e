"""Conditions on members as SQL: tests of all customers of a bucket. ``conditions/walk.py`` is the oracle.

:func:`compile_sql` turns conditions into tests over a few relations, which ``store/matching.py`` joins to
the customers. What is written here are tests only; they speak of

=============  ===================================================================================
``c``          the customer: ``attributes`` is ``jsonb``
``m``          the membership in the program, if the customer is a member at the instant
``w0``, ...    the wallets of the customer, or of the household that pools them
``h``          figures of the past: ``h0_sum``, ``h0_visits``, ``h0_first``, ``h0_last``, ...
``l0``, ...    lots of a wallet: ``expiring`` is how many points expire soon
``g0``, ...    challenges: ``completed`` is how often one was completed
``r``          referrals: ``converted`` is how many friends have converted
``s``          ``segments``: the numbers of the segments that the customer is in, of those asked about
=============  ===================================================================================

Every constant, a text above all, is a parameter; the tests hold nothing but names from this file and
numbered places. A comparison with something missing is false, never null. Texts compare by code point.
Local days are worked out with offsets that come as parameters, never with the server's own zones, and
what the calendar says of now is decided before the server is asked.

What cannot be answered exactly is refused by a problem that names where: expressions to match, orders,
lines, locations and events, experiments, and figures that nobody counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import msgspec

from perennial.core.conditions.check import Place, check, member_place, segment_place
from perennial.core.conditions.scope import now_at
from perennial.core.conditions.sql_values import (
    ATTRIBUTE_OF,
    COLUMNS_OF,
    Bind,
    birthday_value,
    comparison,
    figure_value,
    joined_value,
    local_date_of,
)
from perennial.core.conditions.walk import compare
from perennial.core.customers.consents import CONSENTS_KEPT
from perennial.core.dates.periods import Period, first_day, local_midnight
from perennial.core.dates.zone_offsets import offsets_of
from perennial.core.facts import BIRTHDAY, REFERRAL_COUNT, SEGMENTS, STALE_FROM, Fact, FactSource, FactTable
from perennial.core.facts import FactType as Kind
from perennial.core.problems import Problem, join_path
from perennial.core.terms.conditions import (
    All,
    AnyOf,
    Compare,
    Condition,
    History,
    HistoryWindow,
    LinesMatch,
    LinesTotal,
    Measure,
    Not,
    Operator,
)
from perennial.core.terms.figures import UNKNOWN, Computed, Take
from perennial.core.today import WHOLE_PAST, granularity, range_of, today_of
from perennial.core.version import Metric, Version
from perennial.units import SECOND, Instant

FIRST_PARAMETER = 4
"""The number of the first parameter of the tests: those before are of whoever runs the statement."""


_PLACE = Place(member_place().sources | segment_place().sources)


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What the database keeps of the members of one program at one instant: see :func:`kept_by`.

    ``units`` gives the unit of each wallet, ``challenges`` the number of each challenge, ``referrals`` the
    number and the period of the limit that counts converted friends, ``metrics`` everything that is
    counted, ``segments`` the number of each segment (``None``: nothing is known of segments).
    """

    facts: FactTable
    zone: ZoneInfo
    at: Instant
    week_starts: str
    program_id: int
    units: Mapping[str, int]
    metrics: tuple[Metric, ...]
    challenges: Mapping[str, int] = {}
    referrals: tuple[int, int] | None = None
    segments: Mapping[str, int] | None = None


class SqlFigure(msgspec.Struct, frozen=True):
    """What is added up of one metric for the columns ``<name>_sum`` and so on: see ``COLUMNS_OF``.

    ``metric``, ``first`` and ``last`` (its periods) are expressions; ``since_joining`` says that ``first``
    speaks of the membership ``j``.
    """

    name: str
    metric: str
    first: str
    last: str
    since_joining: bool
    columns: frozenset[str] = frozenset()


class SqlConditions(msgspec.Struct, frozen=True):
    """Tests, one for each condition, with the relations that they read and their parameters.

    ``membership`` and ``counting_membership`` test whether a row ``m`` (``j``) of ``memberships`` counts
    (``None``: none is read), ``wallets`` maps ``w0`` and so on to a unit, ``challenges`` maps ``g0`` and so
    on to a challenge, ``referrals`` is a limit and a period, ``segments`` the numbers of the segments that
    are asked about.
    """

    tests: tuple[str, ...]
    parameters: tuple[object, ...]
    membership: str | None
    counting_membership: str | None
    wallets: dict[str, str]
    lots: dict[str, tuple[str, str, str]]
    figures: tuple[SqlFigure, ...]
    challenges: dict[str, str]
    referrals: tuple[str, str] | None
    segments: str | None


def kept_by(version: Version, at: Instant, segments: Mapping[str, int] | None = None) -> Kept:
    """Return what is kept under ``version`` for conditions on members at ``at``."""
    place = version.referral_limit
    referrals = None
    if place is not None:
        referrals = version.limits[place].number, today_of(version, at).limits[place]
    return Kept(
        facts=version.facts,
        zone=version.zone,
        at=at,
        week_starts=version.program.week_starts,
        program_id=version.program_id,
        units={wallet.spec.id: wallet.unit for wallet in version.wallets},
        metrics=version.metrics,
        challenges={compiled.challenge.id: compiled.number for compiled in version.challenges},
        referrals=referrals,
        segments=segments,
    )


def compile_sql(conditions: Iterable[Condition], kept: Kept) -> SqlConditions | list[Problem]:
    """Return the tests of ``conditions`` on members, or why some cannot be answered for all at once.

    The paths of problems lead from the root of each condition.
    """
    writer = _Writer(kept)
    tests = []
    for condition in conditions:
        writer.problems += check(condition, kept.facts, _PLACE)
        if not writer.problems:
            tests.append(writer.node(condition, ""))
    return writer.problems or writer.written(tuple(tests))


class _Writer:
    """Writes tests; collects what they read, their parameters, and what cannot be answered."""

    def __init__(self, kept: Kept) -> None:
        self.problems: list[Problem] = []
        self._kept = kept
        self._now = now_at(kept.at, kept.zone)
        self._bind = Bind(FIRST_PARAMETER)
        self._wallets: dict[str, str] = {}
        self._lots: dict[tuple[str, int], str] = {}
        self._challenges: dict[str, str] = {}
        self._figures: dict[tuple[int, HistoryWindow], SqlFigure] = {}
        self._segments: set[int] = set()
        self._asks_membership = False
        self._asks_referrals = False

    def written(self, tests: tuple[str, ...]) -> SqlConditions:
        """Return everything that was written."""
        bind, kept = self._bind, self._kept
        referrals = None
        if self._asks_referrals and kept.referrals is not None:
            limit, period = kept.referrals
            referrals = bind(limit, "bigint"), bind(period, "int")
        since_joining = any(figure.since_joining for figure in self._figures.values())
        return SqlConditions(
            tests=tests,
            membership=self._membership("m") if self._asks_membership else None,
            counting_membership=self._membership("j") if since_joining else None,
            wallets={alias: bind(kept.units[wallet], "int") for wallet, alias in self._wallets.items()},
            lots={
                alias: (
                    bind(kept.units[wallet], "int"),
                    bind(kept.at, "timestamptz"),
                    bind(self._end_of(days), "timestamptz"),
                )
                for (wallet, days), alias in self._lots.items()
            },
            figures=tuple(self._figures.values()),
            challenges={
                alias: bind(kept.challenges[challenge], "bigint")
                for challenge, alias in self._challenges.items()
            },
            referrals=referrals,
            segments=bind(sorted(self._segments), "int[]") if self._segments else None,
            parameters=tuple(bind.values),
        )

    def _end_of(self, days: int) -> Instant:
        """Return the end of the local day so many days from now."""
        return local_midnight(date.fromordinal(self._now.ordinal + days + 1), self._kept.zone)

    def _membership(self, row: str) -> str:
        program, at = self._bind(self._kept.program_id, "int"), self._bind(self._kept.at, "timestamptz")
        return f"{row}.program_id = {program} and ({row}.left_at is null or {row}.left_at > {at})"

    def node(self, node: Condition, path: str) -> str:
        """Return a test that is true exactly when ``node`` holds, and false otherwise."""
        match node:
            case All(of):
                tests = [self.node(part, join_path(path, f"all[{i}]")) for i, part in enumerate(of)]
                return f"({' and '.join(tests)})" if tests else "true"
            case AnyOf(of):
                tests = [self.node(part, join_path(path, f"any[{i}]")) for i, part in enumerate(of)]
                return f"({' or '.join(tests)})" if tests else "false"
            case Not(of):
                return f"(not {self.node(of, join_path(path, 'not'))})"
            case LinesMatch() | LinesTotal():
                return self._refuse(
                    join_path(path, "lines"), "the lines of an order are judged with the order"
                )
            case History():
                value = self._history(node, join_path(path, "history"))
                return comparison(value, Kind.INTEGER, node.operator, node.operand, self._bind)
            case Compare():
                return self._compare(node, path)

    def _refuse(self, path: str, words: str, code: str = "not_for_all_members") -> str:
        self.problems.append(Problem(path, code, words))
        return "false"

    def _compare(self, node: Compare, path: str) -> str:
        fact = self._kept.facts.find(node.fact)
        assert fact is not None, "the condition was checked"
        if fact.source is FactSource.NOW:
            value = getattr(self._now, fact.name.removeprefix("now."))
            return str(compare(value, node.operator, node.operand)).lower()
        at = join_path(path, node.operator.value)
        if node.operator is Operator.MATCHES:
            return self._refuse(at, "a regular expression cannot be asked of all members at once")
        if node.operator is Operator.WITHIN:
            return self._refuse(at, "a radius cannot be asked of all members at once")
        operands = node.operand if isinstance(node.operand, tuple) else (node.operand,)
        if any(isinstance(one, str) and not _can_be_stored(one) for one in operands):
            return self._refuse(at, "no stored text has such characters")
        if fact.name == SEGMENTS:
            return self._of_segments(node, at)
        if fact.attribute == CONSENTS_KEPT:
            return self._of_consents(node)
        value = self._value(fact, join_path(path, "fact"))
        return comparison(value, fact.type, node.operator, node.operand, self._bind)

    def _value(self, fact: Fact, path: str) -> str:
        """Return an expression for the value of a fact, null where it is missing."""
        match fact.source:
            case FactSource.MEMBER:
                return self._of_member(fact, path)
            case FactSource.WALLET:
                return self._of_wallet(fact)
            case FactSource.LOTS:
                key = fact.wallet or "", fact.days
                return f"coalesce({self._lots.setdefault(key, f'l{len(self._lots)}')}.expiring, 0)"
            case FactSource.CHALLENGE if fact.name.endswith(".completed_count"):
                name = self._challenges.setdefault(fact.challenge or "", f"g{len(self._challenges)}")
                return f"coalesce({name}.completed, 0)"
            case FactSource.CHALLENGE:
                return self._refuse(path, "how far a challenge is cannot be asked of all members at once")
            case FactSource.EXPERIMENT:
                return self._refuse(
                    path, "the variant of an experiment cannot be asked of all members at once"
                )
            case _:
                return self._refuse(path, f"{fact.name} cannot be asked of all members at once")

    def _of_member(self, fact: Fact, path: str) -> str:
        kept, bind = self._kept, self._bind
        if fact.computed is not None:
            return self._computed(fact.computed, path)
        name = fact.name.removeprefix("member.")
        if fact.attribute is not None:
            derived = fact.attribute == BIRTHDAY and name != BIRTHDAY
            kind = Kind.DATE if derived else fact.type
            value = ATTRIBUTE_OF[kind](f"(c.attributes -> {bind(fact.attribute, 'text')})")
            if fact.outside:
                stale = ATTRIBUTE_OF[Kind.INTEGER](
                    f"(c.attributes -> {bind(fact.attribute + STALE_FROM, 'text')})"
                )
                fresh = f"{stale} * {SECOND} > {bind(kept.at, 'bigint')}"
                value = f"(case when {fresh} then {value} end)"
            return birthday_value(name, value, self._now, bind) if derived else value
        if fact.name == REFERRAL_COUNT:
            self._asks_referrals = True
            return "coalesce(r.converted, 0)"
        self._asks_membership = True
        match name:
            case "joined":
                return "(m.customer_id is not null)"
            case "tier":
                return "m.tier"
            case "tier_level":
                return f"coalesce(array_position({bind(list(kept.facts.tiers), 'text[]')}, m.tier), 0)"
            case _:
                return joined_value(name, self._joined_on("m"), self._now, bind)

    def _joined_on(self, relation: str) -> str:
        instants, offsets = offsets_of(self._kept.zone)
        return local_date_of(
            f"{relation}.joined_at",
            self._bind(list(instants), "timestamptz[]"),
            self._bind([timedelta(microseconds=offset) for offset in offsets], "interval[]"),
        )

    def _of_wallet(self, fact: Fact) -> str:
        alias = self._wallets.setdefault(fact.wallet or "", f"w{len(self._wallets)}")
        column = fact.name.rpartition(".")[2]
        parts = {"balance": ("balance", "debt"), "available": ("balance", "pending", "debt")}
        figures = [f"coalesce({alias}.{part}, 0)" for part in parts.get(column, (column,))]
        return f"({' - '.join(figures)})"

    def _of_segments(self, node: Compare, path: str) -> str:
        known = self._kept.segments
        if known is None:
            return self._refuse(path, "segments cannot be asked about here")
        codes = node.operand if isinstance(node.operand, tuple) else (node.operand,)
        numbers = []
        for code in codes:
            if code not in known:
                self._refuse(path, f"there is no segment {code!r}", "segment_unknown")
                continue
            numbers.append(known[str(code)])
        self._segments.update(numbers)
        inside = f"coalesce(s.segments && {self._bind(sorted(numbers), 'int[]')}, false)"
        return f"(not {inside})" if node.operator is Operator.NOT_IN else inside

    def _of_consents(self, node: Compare) -> str:
        kept = ATTRIBUTE_OF[Kind.TEXT](f"(c.attributes -> {self._bind(CONSENTS_KEPT, 'text')})")
        given = f"coalesce(string_to_array({kept}, ','), '{{}}')"
        if node.operator is Operator.EXISTS:
            return f"({given} {'<>' if node.operand else '='} '{{}}')"
        asked = node.operand if isinstance(node.operand, tuple) else (node.operand,)
        some = f"{given} && {self._bind([str(each) for each in asked], 'text[]')}"
        return f"(not {some})" if node.operator is Operator.NOT_IN else f"({some})"

    # Figures of the past

    def _history(self, node: History, path: str) -> str:
        unit = None
        if node.measure is Measure.POINTS_EARNED:
            unit = self._kept.units[node.wallet or next(iter(self._kept.units))]
        counted = node.measure, node.where, node.event, node.attribute, unit
        figure = self._figure(counted, node.window, Take.SUM, path)
        return f"coalesce(h.{figure.name}_sum, 0)" if figure else "0"

    def _computed(self, computed: Computed, path: str) -> str:
        figures = []
        for one in computed.figures:
            figure = self._figure((one.measure, None, None, None, None), one.window, one.take, path)
            if figure is None:
                return "null"
            figures.append(figure_value(one, f"h.{figure.name}", self._now, self._bind))
        return _READERS[computed.reader](*figures, *map(str, computed.bounds))

    def _figure(
        self, counted: tuple[object, ...], window: HistoryWindow, take: Take, path: str
    ) -> SqlFigure | None:
        """Return what is added up for a figure within a window, or None if nobody counts it."""
        metric = self._metric(counted, granularity(window))
        if metric is None:
            words = "this is not counted yet: it can be asked of all members once a published program asks it"
            self._refuse(path, words, "not_counted")
            return None
        known = self._figures.get((metric.number, window))
        if known is None:
            first, last = self._range(window, metric.period)
            number = self._bind(metric.number, "bigint")
            known = SqlFigure(f"h{len(self._figures)}", number, first, last, window.since_joining)
        known = msgspec.structs.replace(known, columns=known.columns | set(COLUMNS_OF[take]))
        self._figures[metric.number, window] = known
        return known

    def _metric(self, counted: tuple[object, ...], period: Period) -> Metric | None:
        """Return what counts this by ``period``, or finer."""
        fitting = {
            metric.period: metric
            for metric in self._kept.metrics
            if (metric.measure, metric.where, metric.event, metric.attribute, metric.unit) == counted
        }
        usable = {
            Period.EVER: (Period.EVER, Period.MONTH, Period.DAY),
            Period.MONTH: (Period.MONTH, Period.DAY),
        }.get(period, (Period.DAY,))
        return next((fitting[each] for each in usable if each in fitting), None)

    def _range(self, window: HistoryWindow, period: Period) -> tuple[str, str]:
        """Return the first and the last period of ``window``, of a metric kept by ``period``."""
        bind, today = self._bind, self._now.ordinal
        if window.since_joining:
            return f"({self._joined_on('j')} - date '0001-01-01' + 1)", bind(today, "int")
        first, last = range_of(window, today, self._kept.week_starts)
        exact = granularity(window)
        if exact is not period and exact is Period.EVER:
            first, last = WHOLE_PAST
        elif exact is not period:
            first, last = first_day(first, exact).toordinal(), first_day(last + 1, exact).toordinal() - 1
        return bind(first, "int"), bind(last, "int")


def _can_be_stored(text: str) -> bool:
    return "\x00" not in text and not any("\ud800" <= one <= "\udfff" for one in text)


_READERS: dict[str | None, Callable[..., str]] = {
    None: lambda value: value,
    "known": lambda value: f"nullif({value}, {UNKNOWN})",
    "day": lambda value: f"(date '0001-01-01' - 1 + nullif({value}, {UNKNOWN}))",
    "flag": lambda value: f"(nullif({value}, {UNKNOWN}) > 0)",
    "stage": lambda value: value,
    "recency": lambda days, *bounds: (
        f"({1 + len(bounds)}{_passed('-', f'nullif({days}, {UNKNOWN})', bounds)})"
    ),
    "score": lambda value, *bounds: f"(1{_passed('+', value, bounds)})",
    "average": lambda total, count: f"(case when {count} > 0 then {_floor_of(total, count)} end)",
}
"""How the numbers of a computed fact become its value, as ``READERS`` of ``terms/figures.py`` does it."""


def _passed(sign: str, value: str, bounds: Iterable[str]) -> str:
    """Return terms that add or take one for each bound that a value passes."""
    return "".join(f" {sign} ({value} > {bound})::int" for bound in bounds)


def _floor_of(total: str, count: str) -> str:
    """Return a division that rounds down; the server's own rounds toward zero."""
    return f"(({total} - (({total} % {count}) + {count}) % {count}) / {count})"
