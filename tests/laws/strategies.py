"""The shared vocabulary of the laws: generated instants, orders, members and conditions.

One file for all laws; extend it, and do not start another. Everything here is drawn in the world of
``PROGRAM``, which declares one attribute of each type everywhere.

A strategy is made once: Hypothesis looks through a new one, and its parts, for as long as a draw takes.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from hypothesis import strategies as st

from perennial.core.conditions.scope import Scope
from perennial.core.dates.periods import Period, Span
from perennial.core.document.program import (
    AttributeSpec,
    AttributeType,
    Declarations,
    EventSpec,
    Program,
    Tier,
    TierMetric,
    TierSystem,
    WalletSpec,
)
from perennial.core.facts import CONSENTS, SEGMENTS, STALE_FROM, Fact, FactSource, FactType, fact_table
from perennial.core.orders.order import Line, Order, OrderStatus, Redeemer, Scalar, net_amounts
from perennial.core.snapshot import Snapshot, WalletFigures
from perennial.core.terms.conditions import (
    All,
    AnyOf,
    Compare,
    Condition,
    History,
    HistoryWindow,
    LineMeasure,
    LinesMatch,
    LinesTotal,
    Measure,
    Not,
    Operand,
    Operator,
    Quantifier,
)
from perennial.core.terms.figures import UNKNOWN, Figure, Take
from perennial.core.terms.rfm import RfmScale
from perennial.units import Instant, datetime_of, format_instant, parse_instant
from tests.laws.kept import CONSENTS_KEPT, consents_asked, consents_given, stale_from

ATTRIBUTES = {kind.value: AttributeSpec(type=kind) for kind in AttributeType}
OUTSIDE = AttributeSpec(type=AttributeType.TEXT, outside=True)
PROGRAM = Program(
    program="laws",
    name="Laws",
    currency="EUR",
    time_zone="Europe/Berlin",
    rfm=RfmScale(recency=(1, 7, 40, 300), frequency=(0, 1, 2, 5), monetary=(0, 500, 2_000, 9_000)),
    wallets=(WalletSpec(id="points", name="Points"), WalletSpec(id="stamps", name="Stamps")),
    declarations=Declarations(
        member={**ATTRIBUTES, "birthday": AttributeSpec(type=AttributeType.DATE), "weather": OUTSIDE},
        order=ATTRIBUTES,
        line=ATTRIBUTES,
        events={"review.posted": EventSpec(attributes=ATTRIBUTES)},
        location={**ATTRIBUTES, "place": AttributeSpec(type=AttributeType.PLACE), "weather": OUTSIDE},
    ),
    tiers=TierSystem(
        metrics=(TierMetric(measure=Measure.ORDERS_NET),),
        levels=(
            Tier(id="silver", name="Silver", reach={"metric": 100}),
            Tier(id="gold", name="Gold", reach={"metric": 200}),
        ),
    ),
)
FACTS = fact_table(PROGRAM)
WALLETS = tuple(wallet.id for wallet in PROGRAM.wallets)
MEMBER_ATTRIBUTES = (*PROGRAM.declarations.member, f"weather{STALE_FROM}", CONSENTS_KEPT)
LOCATION_ATTRIBUTES = (*PROGRAM.declarations.location, f"weather{STALE_FROM}")
TRIGGERS = ("order.paid", "review.posted", "tier.entered", "member.joined")

FIRST_INSTANT = parse_instant("2023-06-01T00:00:00Z")
LAST_INSTANT = parse_instant("2028-06-01T00:00:00Z")

# Time

zones = st.sampled_from(
    [
        ZoneInfo(name)
        for name in (
            "UTC",
            "Europe/Berlin",
            "America/New_York",
            "Africa/Cairo",
            "America/Havana",
            "America/Santiago",
            "Asia/Beirut",
            "Atlantic/Azores",
            "Australia/Lord_Howe",
            "Pacific/Apia",
            "Asia/Kathmandu",
        )
    ]
)
"""Zones with every difficulty: none, whole and half hours, daylight saving at midnight."""


@cache
def instants(first: Instant = FIRST_INSTANT, last: Instant = LAST_INSTANT) -> st.SearchStrategy[Instant]:
    """Instants, every second one on a whole UTC hour, where clocks change."""
    hour = 3_600_000_000
    return st.one_of(
        st.integers(first, last),
        st.integers(first // hour, last // hour).map(lambda hours: hours * hour),
    )


_dates = st.one_of(
    st.dates(date(1950, 1, 1), date(2028, 12, 31)),
    st.dates(date(2024, 2, 27), date(2024, 3, 1)),
    st.just(date(2000, 2, 29)),
).map(date.isoformat)
_offsets = st.sampled_from([ZoneInfo("UTC"), ZoneInfo("Asia/Kathmandu"), ZoneInfo("America/New_York")])
_instant_texts = st.builds(
    lambda at, zone: datetime_of(at).astimezone(zone).isoformat(), instants(), _offsets
) | st.just(format_instant(FIRST_INSTANT))
spans = st.builds(
    Span,
    years=st.integers(0, 2),
    months=st.integers(0, 14),
    weeks=st.integers(0, 5),
    days=st.integers(0, 40),
    hours=st.integers(0, 50),
    minutes=st.integers(0, 200),
)

# Values: few and close to each other, so that comparisons come out both ways

texts = st.sampled_from(["", "a", "b", "ab", "b a", "coffee", "tea", "Tea", "\u00e4", "\U0001f600"])
integers = st.integers(-3, 12) | st.sampled_from([-(10**15), 99, 100, 101, 1_000, 10**15])
radii = st.sampled_from([1, 1_000, 2_000, 5_000_000, 10_007_557, 20_000_000])
amounts = st.integers(-500, 3_000) | st.sampled_from([0, 100, 10**12])
scalars: st.SearchStrategy[Scalar] = st.none() | st.booleans() | integers | texts | _dates | _instant_texts

places = st.sampled_from(
    ["0,0", "0.000001,0", "0,180", "-0.5,-179.999999", "90,0", "-90,12", "52.520008,13.404954", "52.53,13.4"]
)
_OF_TYPE: dict[FactType, st.SearchStrategy[Any]] = {
    FactType.TEXT: texts,
    FactType.INTEGER: integers | amounts,
    FactType.BOOLEAN: st.booleans(),
    FactType.DATE: _dates,
    FactType.TIME: st.builds("{:02}:{:02}".format, st.integers(0, 23), st.sampled_from([0, 1, 30, 59])),
    FactType.INSTANT: _instant_texts,
    FactType.TEXTS: texts,
    FactType.PLACE: places,
}


def _attributes(specs: dict[str, AttributeSpec]) -> st.SearchStrategy[dict[str, Scalar]]:
    """Attributes as declared; some are missing, some of another type, as after a changed declaration."""
    values = {name: _OF_TYPE[FactType(spec.type.value)] | scalars for name, spec in specs.items()}
    return st.fixed_dictionaries({}, optional=values)


_own_attributes = _attributes(ATTRIBUTES)
_member_attributes = _attributes(PROGRAM.declarations.member)
_location_attributes = _attributes(PROGRAM.declarations.location)
_event_attributes = {name: _attributes(spec.attributes) for name, spec in PROGRAM.declarations.events.items()}

# Orders

lines = st.builds(
    Line,
    sku=st.sampled_from(["s1", "s2", "s3"]),
    amount=amounts,
    quantity=st.integers(0, 4),
    discount=st.integers(0, 300),
    categories=st.lists(st.sampled_from(["coffee", "tea", "a", "ab"]), max_size=3).map(tuple),
    brand=st.none() | st.sampled_from(["a", "ab", "b"]),
    cost=st.none() | st.integers(0, 2_000),
    attributes=_own_attributes,
)
orders = st.builds(
    Order,
    status=st.just(OrderStatus.PAID),
    lines=st.lists(lines, max_size=5).map(tuple),
    currency=st.sampled_from([None, "EUR"]),
    discount=st.sampled_from([0, 0, 1, 250, 10**6]),
    shipping=st.integers(0, 500),
    tax=st.integers(0, 500),
    location=st.none() | texts.filter(bool),
    channel=st.none() | texts.filter(bool),
    codes=st.lists(texts.filter(bool), max_size=2).map(tuple),
    attributes=_own_attributes,
    redeemer=st.none()
    | st.builds(Redeemer, key=st.none() | texts.filter(bool), device=st.sampled_from([None, "a"])),
)

# Conditions


def operators(kind: FactType) -> list[Operator]:
    """Return every operator that fits facts of this type."""
    every = [Operator.IS, Operator.IS_NOT, Operator.IN, Operator.NOT_IN, Operator.EXISTS]
    ordered = [*every, Operator.MORE_THAN, Operator.AT_LEAST, Operator.LESS_THAN, Operator.AT_MOST]
    match kind:
        case FactType.TEXT:
            return [*ordered, Operator.BETWEEN, Operator.CONTAINS, Operator.STARTS_WITH, Operator.MATCHES]
        case FactType.TEXTS:
            return [Operator.CONTAINS, Operator.IN, Operator.NOT_IN, Operator.EXISTS]
        case FactType.PLACE:
            return [Operator.WITHIN, Operator.EXISTS]
        case FactType.BOOLEAN:
            return [Operator.IS, Operator.IS_NOT, Operator.EXISTS]
        case _:
            return [*ordered, Operator.BETWEEN]


_patterns = st.sampled_from(["a", "^a", "b$", "^[ct].*e", ".", "a|tea", "^$", "(?i)tea"])


@cache
def _operators(kind: FactType) -> st.SearchStrategy[Operator]:
    return st.sampled_from(operators(kind))


@cache
def _known(kind: FactType, values: tuple[str, ...]) -> st.SearchStrategy[Any]:
    return st.sampled_from(values) if values else _OF_TYPE[kind]


@cache
def _some_known(kind: FactType, values: tuple[str, ...]) -> st.SearchStrategy[list[Any]]:
    return st.lists(_known(kind, values), min_size=1, max_size=3)


@cache
@st.composite
def _comparisons(draw: st.DrawFn, kind: FactType, values: tuple[str, ...] = ()) -> tuple[Operator, Operand]:
    """An operator that fits the type, and its operand."""
    operator = draw(_operators(kind))
    known = _known(kind, values)
    match operator:
        case Operator.EXISTS:
            return operator, draw(st.booleans())
        case Operator.IN | Operator.NOT_IN:
            return operator, tuple(draw(_some_known(kind, values)))
        case Operator.WITHIN:
            return operator, (draw(places), draw(radii))
        case Operator.BETWEEN:
            ends = [draw(_OF_TYPE[kind]), draw(_OF_TYPE[kind])]
            order: Callable[[Any], Any] | None = parse_instant if kind is FactType.INSTANT else None
            return operator, tuple(sorted(ends, key=order))
        case Operator.MATCHES:
            return operator, draw(_patterns)
        case Operator.IS | Operator.IS_NOT:
            return operator, draw(known)
        case _:
            return operator, draw(_OF_TYPE[kind])


@cache
def _with_operand(
    kind: FactType, values: tuple[str, ...] = ()
) -> st.SearchStrategy[tuple[Operator, Operand]]:
    return _comparisons(kind, values).filter(lambda pair: pair[0] is not Operator.EXISTS)


@st.composite
def _compare(draw: st.DrawFn, *sources: FactSource, event: str | None = None) -> Condition:
    fact = draw(_fact(sources, event))
    compared = _with_operand if fact.name == SEGMENTS else _comparisons
    operator, operand = draw(consents_asked if fact.name == CONSENTS else compared(fact.type, fact.values))
    return Compare(fact.name, operator, operand)


def _tree(leaves: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    return leaves | st.recursive(leaves, _combined, max_leaves=5)


def _combined(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    parts = st.lists(inner, max_size=3).map(tuple)
    return st.builds(All, parts) | st.builds(AnyOf, parts) | st.builds(Not, inner)


@cache
def _facts(sources: tuple[FactSource, ...], event: str | None = None) -> list[Fact]:
    found = (FACTS.find(name, event) for name in FACTS.names(event))
    return [fact for fact in found if fact is not None and fact.source in sources]


@cache
def _fact(sources: tuple[FactSource, ...], event: str | None = None) -> st.SearchStrategy[Fact]:
    return st.sampled_from(_facts(sources, event))


_PERSON = (FactSource.MEMBER, FactSource.WALLET, FactSource.NOW)
windows = st.one_of(
    st.just(HistoryWindow(ever=True)),
    st.just(HistoryWindow(since_joining=True)),
    st.builds(
        HistoryWindow,
        calendar=st.sampled_from([Period.DAY, Period.WEEK, Period.MONTH, Period.QUARTER, Period.YEAR]),
        offset=st.integers(-3, 0),
    ),
    st.builds(HistoryWindow, last=st.builds(Span, days=st.integers(1, 400))),
)
_measures = st.sampled_from(list(Measure))
_wallets = st.sampled_from(WALLETS)
_figures_compared = _with_operand(FactType.INTEGER)
_of_orders = st.none() | _compare(FactSource.ORDER)
_of_events = st.none() | _compare(FactSource.EVENT, event="review.posted")


@st.composite
def _histories(draw: st.DrawFn) -> Condition:
    measure = draw(_measures)
    where, event, attribute, wallet = None, None, None, None
    match measure:
        case Measure.ORDERS_COUNT | Measure.ORDERS_NET:
            where = draw(_of_orders)
        case Measure.LINES_NET | Measure.LINES_QUANTITY:
            where = draw(_of_lines)
        case Measure.POINTS_EARNED:
            wallet = draw(_wallets)
        case Measure.EVENTS_COUNT | Measure.EVENTS_SUM:
            event = "review.posted"
            attribute = "integer" if measure is Measure.EVENTS_SUM else None
            where = draw(_of_events)
    operator, operand = draw(_figures_compared)
    return History(measure, where, event, attribute, wallet, draw(windows), operator, operand)


@st.composite
def line_conditions(draw: st.DrawFn, *sources: FactSource) -> Condition:
    """Draw a condition on one line of an order that asks facts of these sources (None: of all)."""
    return draw(_line_tree(sources or (FactSource.LINE, FactSource.ORDER, FactSource.LOCATION, *_PERSON)))


@cache
def _line_tree(sources: tuple[FactSource, ...]) -> st.SearchStrategy[Condition]:
    return _tree(_compare(FactSource.LINE) | _compare(*sources))


_any_line = line_conditions()
_of_lines = st.none() | line_conditions(FactSource.ORDER, FactSource.LINE)
_lines_match = st.builds(LinesMatch, st.sampled_from(list(Quantifier)), _any_line)
_lines_total = st.builds(
    lambda measure, where, compared: LinesTotal(measure, where, *compared),
    st.sampled_from(list(LineMeasure)),
    st.none() | _any_line,
    _figures_compared,
)


@st.composite
def conditions(draw: st.DrawFn, trigger: str) -> Condition:
    """Draw a condition without problems for a rule with this trigger."""
    return draw(_trigger_tree(trigger))


@cache
def segment_conditions() -> st.SearchStrategy[Condition]:
    """Draw a condition on a customer alone, as segments have them; some have problems there."""
    computed = st.sampled_from([fact.name for fact in FACTS.facts.values() if fact.computed is not None])
    compared = st.builds(Compare, computed, st.just(Operator.EXISTS), st.just(True))
    return _tree(_compare(*_PERSON, FactSource.LOTS) | compared | _compare(FactSource.LOTS) | _histories())


@st.composite
def segment_attributes(draw: st.DrawFn, at: Instant) -> dict[str, Scalar]:
    """Draw a member's attributes, some of them from outside and stale about ``at``."""
    return _dated(draw, _member_attributes, at)


@cache
def member_conditions() -> st.SearchStrategy[Condition]:
    """Conditions on a member that can be asked of all members at once."""
    compared = _compare(*_PERSON).filter(
        lambda node: not isinstance(node, Compare) or node.operator not in (Operator.MATCHES, Operator.WITHIN)
    )
    return _tree(compared | compared | _histories())


@cache
def _trigger_tree(trigger: str) -> st.SearchStrategy[Condition]:
    leaves = [_compare(*_PERSON), _histories()]
    if trigger == "order.paid":
        leaves += [_compare(FactSource.ORDER, FactSource.LOCATION), _lines_match, _lines_total]
    elif _facts((FactSource.EVENT,), trigger):
        leaves.append(_compare(FactSource.EVENT, event=trigger))
    return _tree(st.one_of(leaves))


# Members, and everything that a condition is judged against


class World(msgspec.Struct, frozen=True):
    """One event of one member: ``snapshot`` is what compiled conditions read, ``scope`` what a walk reads."""

    trigger: str
    snapshot: Snapshot
    scope: Scope

    @staticmethod
    def need_index(node: History | Figure) -> int:
        """Return the place of a figure: one of 3 counts, of 4 sums, which may be negative, or of 3 others."""
        if isinstance(node, Figure) and node.take is not Take.SUM:
            return 7 + len(node.take) % 3
        if node.measure in (Measure.ORDERS_COUNT, Measure.EVENTS_COUNT):
            return len(repr(node)) % 3
        return 3 + len(repr(node)) % 4


_few = st.integers(0, 5)
_figures = st.builds(WalletFigures, balance=integers, pending=_few, debt=_few, earned=integers)


_tiers = st.sampled_from([None, "silver", "gold"])
_counts = st.lists(integers.filter(lambda count: count >= 0), min_size=3, max_size=3)
_sums = st.lists(integers, min_size=4, max_size=4)
_others = st.lists(st.sampled_from([UNKNOWN, 2, 3, 4]), min_size=3, max_size=3)


_stale = stale_from | texts


def _dated(draw: st.DrawFn, known: st.SearchStrategy[dict[str, Scalar]], at: Instant) -> dict[str, Scalar]:
    """Say of what comes from outside when it becomes stale: before, at or after this instant, or not."""
    drawn, stale = draw(known), draw(_stale)
    stale = at // 10**6 + stale if isinstance(stale, int) else stale
    return {**drawn, f"weather{STALE_FROM}": stale, CONSENTS_KEPT: draw(consents_given)}


@st.composite
def worlds(draw: st.DrawFn, trigger: str) -> World:
    """Draw an event of ``trigger`` with everything that conditions may ask about it."""
    zone, at = draw(zones), draw(instants())
    order = draw(orders) if trigger == "order.paid" else None
    member = _dated(draw, _member_attributes, at)
    location = _dated(draw, _location_attributes, at)
    joined_at = draw(st.none() | st.integers(FIRST_INSTANT - 10**15, at))
    tier = draw(_tiers)
    history = (*draw(_counts), *draw(_sums), *draw(_others))
    wallets = tuple(draw(_figures) for _ in WALLETS)
    event: dict[str, Scalar] = {}
    if trigger in _event_attributes:
        event = draw(_event_attributes[trigger])
    elif trigger == "tier.entered":
        event = {"tier": tier, "before": draw(st.sampled_from([None, "silver"]))}
    elif trigger == "member.joined":
        event = {"source": draw(texts)}
    snapshot = Snapshot(
        joined_at=joined_at,
        tier=tier,
        tier_since=None,
        tier_until=None,
        tier_floor=None,
        attributes=tuple(member.get(name) for name in MEMBER_ATTRIBUTES),
        history=history,
        used=(),
        spent=(),
        wallets=wallets,
        location=tuple(location.get(name) for name in LOCATION_ATTRIBUTES),
    )
    scope = Scope(
        facts=FACTS,
        zone=zone,
        at=at,
        order=order,
        nets=net_amounts(order) if order else [],
        event_name=trigger,
        event=event,
        member=member,
        joined_at=joined_at,
        tier=tier,
        wallets=dict(zip(WALLETS, wallets, strict=True)),
        history=lambda node: history[World.need_index(node)],
        location=location,
    )
    return World(trigger, snapshot, scope)


def facts_asked(world: World) -> list[Fact]:
    """Return every fact that a rule with the world's trigger may ask about (lines: of an order).

    Of the computed ones there is one of each kind: a law draws several times for each fact.
    """
    sources = [FactSource.EVENT, *_PERSON]
    if world.scope.order is not None:
        sources += [FactSource.ORDER, FactSource.LOCATION, FactSource.LINE]
    asked = _facts(tuple(sources), world.trigger)
    readers = {fact.computed.reader: fact for fact in asked if fact.computed is not None}
    return [fact for fact in asked if fact.computed is None or readers[fact.computed.reader] is fact]
