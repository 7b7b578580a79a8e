"""Problems of a condition that its shape does not show: what is unknown, or does not fit."""

from __future__ import annotations

import re
from difflib import get_close_matches
from functools import partial

import msgspec

from perennial.core.conditions.scope import date_or_none, instant_or_none
from perennial.core.customers.consents import CONSENTS_KEPT, ConsentChannel, can_be_given
from perennial.core.dates.periods import Period
from perennial.core.facts import SEGMENTS, Fact, FactSource, FactTable, FactType
from perennial.core.orders.geography import MAX_RADIUS, point_or_none
from perennial.core.orders.order import Scalar
from perennial.core.problems import Problem, join_path
from perennial.core.terms.condition_document import MAX_DEPTH, MAX_NODES
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
    Operand,
    Operator,
)
from perennial.core.terms.text_pattern import PatternError, compile_pattern

_EQUAL = {Operator.IS, Operator.IS_NOT, Operator.IN, Operator.NOT_IN, Operator.EXISTS}
_ORDERED = {
    Operator.MORE_THAN,
    Operator.AT_LEAST,
    Operator.LESS_THAN,
    Operator.AT_MOST,
    Operator.BETWEEN,
}
_TEXTUAL = {Operator.CONTAINS, Operator.STARTS_WITH, Operator.MATCHES}
_OPERATORS: dict[FactType, set[Operator]] = {
    FactType.TEXT: _EQUAL | _ORDERED | _TEXTUAL,
    FactType.INTEGER: _EQUAL | _ORDERED,
    FactType.BOOLEAN: {Operator.IS, Operator.IS_NOT, Operator.EXISTS},
    FactType.DATE: _EQUAL | _ORDERED,
    FactType.TIME: _EQUAL | _ORDERED,
    FactType.INSTANT: _EQUAL | _ORDERED,
    FactType.TEXTS: {Operator.CONTAINS, Operator.IN, Operator.NOT_IN, Operator.EXISTS},
    FactType.PLACE: {Operator.WITHIN, Operator.EXISTS},
}
_FIGURE = _OPERATORS[FactType.INTEGER] - {Operator.EXISTS}
_VALUES = {
    FactType.TEXT: "a text",
    FactType.INTEGER: "a whole number",
    FactType.BOOLEAN: "true or false",
    FactType.DATE: "a date, such as 2026-12-31",
    FactType.TIME: "a time, such as 17:00",
    FactType.INSTANT: "an instant with an offset, such as 2026-12-31T17:00:00Z",
    FactType.TEXTS: "a text",
    FactType.PLACE: "a place, such as 52.520008,13.404954",
}
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_COUNTED = {
    Measure.ORDERS_COUNT: frozenset({FactSource.ORDER}),
    Measure.ORDERS_NET: frozenset({FactSource.ORDER}),
    Measure.LINES_NET: frozenset({FactSource.ORDER, FactSource.LINE}),
    Measure.LINES_QUANTITY: frozenset({FactSource.ORDER, FactSource.LINE}),
    Measure.POINTS_EARNED: frozenset[FactSource](),
    Measure.EVENTS_COUNT: frozenset({FactSource.EVENT}),
    Measure.EVENTS_SUM: frozenset({FactSource.EVENT}),
}
# Triggers that are no events of their own in the books: orders have measures, the others come once.
_NOT_COUNTED = frozenset(
    {
        "order.paid",
        "member.joined",
        "tier.entered",
        "challenge.completed",
        "challenge.missed",
        "segment.entered",
        "segment.left",
    }
)


class Place(msgspec.Struct, frozen=True):
    """Where a condition stands, which decides what it may ask.

    ``sources`` are the sources of the facts it may ask, ``event`` the trigger whose attributes are
    known, ``lines`` whether it may look at the lines of an order, ``history`` whether at the past.
    """

    sources: frozenset[FactSource]
    event: str | None = None
    lines: bool = False
    history: bool = True


_ALONE = frozenset({FactSource.MEMBER, FactSource.WALLET, FactSource.NOW, FactSource.CHALLENGE})
_PERSON = _ALONE | {FactSource.EXPERIMENT}
_ORDER = frozenset({FactSource.ORDER, FactSource.LOCATION})


def rule_place(trigger: str) -> Place:
    """Return the place of ``when`` of an earning rule with this trigger."""
    if trigger == "order.paid":
        return Place(_PERSON | _ORDER, trigger, lines=True)
    return Place(_PERSON | {FactSource.EVENT}, trigger)


def line_place(trigger: str = "order.paid") -> Place:
    """Return the place of a filter of lines: ``lines`` of an earning rule."""
    return Place(_PERSON | _ORDER | {FactSource.LINE}, trigger)


def campaign_place() -> Place:
    """Return the place of ``when`` of a campaign: every trigger asks it, with or without an order."""
    return Place(_PERSON | _ORDER, None, lines=True)


def member_place() -> Place:
    """Return the place of a condition on the member alone: ``when`` of a reward."""
    return Place(_PERSON)


def segment_place() -> Place:
    """Return the place of ``when`` of a segment: what is known of a customer without any event."""
    return Place(frozenset({FactSource.MEMBER, FactSource.WALLET, FactSource.NOW, FactSource.LOTS}))


def audience_place() -> Place:
    """Return the place of the audience of an experiment, which cannot depend on experiments."""
    return Place(_ALONE)


def order_place() -> Place:
    """Return the place of a condition on an order and who places it: ``usable_when`` of a reward."""
    return Place(_PERSON | _ORDER, "order.paid", lines=True)


def benefit_place() -> Place:
    """Return the place of a filter of lines that knows no person: ``lines`` of a benefit."""
    return Place(frozenset({FactSource.ORDER, FactSource.LINE, FactSource.NOW}), "order.paid", history=False)


def figure_place(measure: Measure, event: str | None) -> Place:
    """Return the place of ``where`` of a figure of the past."""
    sources = _COUNTED[measure]
    orders = measure in (Measure.ORDERS_COUNT, Measure.ORDERS_NET)
    return Place(sources, event if FactSource.EVENT in sources else None, lines=orders, history=False)


def operators_of(fact: Fact) -> list[Operator]:
    """Return the operators that fit a fact, in their order."""
    fitting = _OPERATORS[fact.type] - ({Operator.EXISTS} if fact.name == SEGMENTS else set())
    return [operator for operator in Operator if operator in fitting]


def check(condition: Condition, facts: FactTable, place: Place, path: str = "") -> list[Problem]:
    """Return every problem of ``condition`` where it stands; ``path`` leads to it."""
    nodes, depth = size_of(condition)
    if nodes > MAX_NODES:
        return [
            Problem(path, "too_large", f"a condition has at most {MAX_NODES} parts; this one has {nodes}")
        ]
    if depth > MAX_DEPTH:
        return [Problem(path, "too_deep", f"a condition nests at most {MAX_DEPTH} levels; this one {depth}")]
    return _Check(facts).node(condition, place, path)


def check_figure(
    measure: Measure,
    where: Condition | None,
    event: str | None,
    attribute: str | None,
    wallet: str | None,
    window: HistoryWindow,
    facts: FactTable,
    path: str = "",
) -> list[Problem]:
    """Return every problem of a figure of the past, such as a tier's metric."""
    node = History(measure, where, event, attribute, wallet, window, Operator.AT_LEAST, 0)
    return check_history(node, facts, path)


def check_history(node: History, facts: FactTable, path: str = "") -> list[Problem]:
    """Return every problem of the figure that a history comparison looks at."""
    measure, where, wallet = node.measure, node.where, node.wallet
    problems = _check_event(node, facts, path)
    found = partial(Problem, join_path(path, "wallet"))
    if wallet is not None:
        if measure is not Measure.POINTS_EARNED:
            problems.append(found("not_used", f"{measure} looks at no wallet"))
        elif (known := _wallets(facts)) and wallet not in known:
            problems.append(found("unknown_wallet", f"there is no wallet {wallet}{_nearest(wallet, known)}"))
    problems += _check_window(node.window, join_path(path, "window"))
    if where is not None:
        if measure is Measure.POINTS_EARNED:
            problems.append(Problem(join_path(path, "where"), "not_used", f"{measure} takes no where"))
        else:
            problems += check(where, facts, figure_place(measure, node.event), join_path(path, "where"))
    return problems


def _check_event(node: History, facts: FactTable, path: str) -> list[Problem]:
    measure, event, attribute = node.measure, node.event, node.attribute
    counted = FactSource.EVENT in _COUNTED[measure]
    at_event, at_attribute = join_path(path, "event"), join_path(path, "attribute")
    problems = []
    if event is not None and not counted:
        problems.append(Problem(at_event, "not_used", f"{measure} looks at no event"))
    if attribute is not None and measure is not Measure.EVENTS_SUM:
        problems.append(Problem(at_attribute, "not_used", f"{measure} looks at no attribute"))
    if not counted:
        return problems
    if event is None:
        return [*problems, Problem(at_event, "required", f"{measure} needs the name of an event")]
    counted_events = [name for name in facts.events if name not in _NOT_COUNTED]
    if event not in counted_events:
        words = f"there is no event {event} to count{_nearest(event, counted_events)}"
        return [*problems, Problem(at_event, "unknown_event", words)]
    if measure is Measure.EVENTS_SUM:
        fact = facts.find(f"event.{attribute}", event)
        if fact is None or fact.type is not FactType.INTEGER:
            words = f"{measure} needs an attribute of {event} that is a whole number"
            problems.append(Problem(at_attribute, "unknown_attribute", words))
    return problems


def _check_window(window: HistoryWindow, path: str) -> list[Problem]:
    problems = []
    if window.calendar in (Period.EVER, Period.HOUR):
        words = "a window is a calendar day, week, month, quarter or year"
        problems.append(Problem(join_path(path, "calendar"), "bad_window", words))
    if not -100 <= window.offset <= 0 or (window.offset and window.calendar is None):
        words = "offset counts calendar periods back: 0 is the present one, -1 the one before"
        problems.append(Problem(join_path(path, "offset"), "bad_window", words))
    span = window.last
    if span is not None:
        if span.hours or span.minutes:
            words = "a window counts whole days: it has no hours and minutes"
            problems.append(Problem(join_path(path, "last"), "bad_window", words))
        days = span.years * 366 + span.months * 31 + span.weeks * 7 + span.days
        if not 0 < days <= 366 * 20:
            words = "a window is at least a day and at most 20 years long"
            problems.append(Problem(join_path(path, "last"), "bad_window", words))
    return problems


class _Check:
    """Walks one condition and gathers its problems."""

    def __init__(self, facts: FactTable) -> None:
        self.facts = facts

    def node(self, node: Condition, place: Place, path: str) -> list[Problem]:
        match node:
            case All(of) | AnyOf(of):
                name = "all" if isinstance(node, All) else "any"
                paths = [join_path(path, f"{name}[{i}]") for i in range(len(of))]
                return [
                    problem
                    for part, at in zip(of, paths, strict=True)
                    for problem in self.node(part, place, at)
                ]
            case Not(of):
                return self.node(of, place, join_path(path, "not"))
            case Compare():
                return self._compare(node, place, path)
            case LinesMatch(_, where):
                return self._lines(where, place, path)
            case LinesTotal(_, where, operator, operand):
                problems = self._lines(where, place, path)
                return problems + _check_operand(operator, operand, FactType.INTEGER, _FIGURE, path)
            case History():
                return self._history(node, place, path)

    def _compare(self, node: Compare, place: Place, path: str) -> list[Problem]:
        fact = self.facts.find(node.fact, place.event)
        at = join_path(path, "fact")
        if fact is None:
            names = [name for name in self.facts.names(place.event) if self._may_ask(name, place)]
            return [Problem(at, "unknown_fact", f"{node.fact} is not known{_nearest(node.fact, names)}")]
        if fact.source not in place.sources:
            return [Problem(at, "fact_not_here", _why_not_here(fact))]
        problems = _check_operand(node.operator, node.operand, fact.type, set(operators_of(fact)), path)
        return problems or _check_values(fact, node, path)

    def _may_ask(self, name: str, place: Place) -> bool:
        fact = self.facts.find(name, place.event)
        return fact is not None and fact.source in place.sources

    def _lines(self, where: Condition | None, place: Place, path: str) -> list[Problem]:
        if not place.lines:
            words = "the lines of an order cannot be asked about here"
            return [Problem(join_path(path, "lines"), "lines_not_here", words)]
        inside = Place(place.sources | {FactSource.LINE}, place.event, lines=False, history=place.history)
        return [] if where is None else self.node(where, inside, join_path(path, "where"))

    def _history(self, node: History, place: Place, path: str) -> list[Problem]:
        if not place.history:
            words = "the past cannot be asked about inside another figure of the past"
            return [Problem(join_path(path, "history"), "history_not_here", words)]
        problems = check_history(node, self.facts, path)
        return problems + _check_operand(node.operator, node.operand, FactType.INTEGER, _FIGURE, path)


def _why_not_here(fact: Fact) -> str:
    if fact.source is FactSource.LINE:
        return f"{fact.name} is a fact of one line: ask it in the where of lines: any, every, count and so on"
    return f"{fact.name} cannot be asked about here"


def _check_operand(
    operator: Operator, operand: Operand, kind: FactType, allowed: set[Operator], path: str
) -> list[Problem]:
    at = join_path(path, operator.value)
    if operator not in allowed:
        known = ", ".join(one.value for one in Operator if one in allowed)
        return [Problem(at, "operator_does_not_fit", f"{operator} does not fit here; use one of {known}")]
    if operator is Operator.EXISTS:
        return []
    if operator is Operator.MATCHES and isinstance(operand, str):
        try:
            compile_pattern(operand)
        except PatternError as error:
            return [Problem(at, "bad_pattern", f"the expression is not valid: {error}")]
        return []
    if operator is Operator.WITHIN and isinstance(operand, tuple):
        return _check_circle(operand, at)
    values = operand if isinstance(operand, tuple) else (operand,)
    paths = [f"{at}[{i}]" if isinstance(operand, tuple) else at for i in range(len(values))]
    problems = [
        Problem(where, "wrong_type", f"{_VALUES[kind]} is expected here")
        for value, where in zip(values, paths, strict=True)
        if not _fits(kind, value)
    ]
    if not problems and operator is Operator.BETWEEN and _is_empty(kind, values):
        problems.append(
            Problem(at, "between", "nothing lies between these two: the first is the greater one")
        )
    return problems


def _check_circle(circle: tuple[Scalar, ...], path: str) -> list[Problem]:
    (center, meters), problems = circle, []
    if point_or_none(center) is None:
        problems.append(Problem(f"{path}[0]", "wrong_type", f"{_VALUES[FactType.PLACE]} is expected here"))
    if not isinstance(meters, int) or isinstance(meters, bool) or not 0 < meters <= MAX_RADIUS:
        words = f"a radius is 1 to {MAX_RADIUS:,} meters"
        problems.append(Problem(f"{path}[1]", "out_of_range", words))
    return problems


def _is_empty(kind: FactType, values: tuple[Scalar, ...]) -> bool:
    if kind is FactType.INSTANT:
        values = tuple(instant_or_none(value) for value in values)
    low, high = values
    if isinstance(low, str) and isinstance(high, str):
        return low > high
    return isinstance(low, int) and isinstance(high, int) and low > high


def _fits(kind: FactType, value: Scalar) -> bool:
    match kind:
        case FactType.TEXT | FactType.TEXTS:
            return isinstance(value, str)
        case FactType.INTEGER:
            return isinstance(value, int) and not isinstance(value, bool)
        case FactType.BOOLEAN:
            return isinstance(value, bool)
        case FactType.DATE:
            return date_or_none(value) is not None
        case FactType.TIME:
            return isinstance(value, str) and _TIME.fullmatch(value) is not None
        case FactType.INSTANT:
            return instant_or_none(value) is not None
        case FactType.PLACE:
            return point_or_none(value) is not None


def _check_values(fact: Fact, node: Compare, path: str) -> list[Problem]:
    """Name values that the fact can never have."""
    if fact.attribute == CONSENTS_KEPT and node.operator is not Operator.EXISTS:
        return _check_consents(fact, node, path)
    if not fact.values or node.operator not in (_EQUAL - {Operator.EXISTS}):
        return []
    at = join_path(path, node.operator.value)
    many = isinstance(node.operand, tuple)
    given = node.operand if isinstance(node.operand, tuple) else (node.operand,)
    return [
        Problem(
            f"{at}[{i}]" if many else at,
            "unknown_value",
            f"{fact.name} is never {value}{_nearest(str(value), list(fact.values))}",
        )
        for i, value in enumerate(given)
        if value not in fact.values
    ]


def _check_consents(fact: Fact, node: Compare, path: str) -> list[Problem]:
    """Name what nobody can consent to: a consent has a channel of those that there are, and a purpose."""
    at = join_path(path, node.operator.value)
    many = isinstance(node.operand, tuple)
    given = node.operand if isinstance(node.operand, tuple) else (node.operand,)
    problems = []
    for i, value in enumerate(given):
        if can_be_given(str(value)):
            continue
        purpose = str(value).partition(".")[2] or "marketing"
        known = [name for each in ConsentChannel if can_be_given(name := f"{each}.{purpose}")]
        known = known or [f"{each}.marketing" for each in ConsentChannel]
        words = f"{fact.name} is never {value}{_nearest(str(value), known)}"
        problems.append(Problem(f"{at}[{i}]" if many else at, "unknown_value", words))
    return problems


def _wallets(facts: FactTable) -> list[str]:
    return sorted({fact.wallet for fact in facts.facts.values() if fact.wallet is not None})


def _nearest(name: str, choices: list[str]) -> str:
    close = get_close_matches(name, choices, 1)
    if close:
        return f"; did you mean {close[0]}?"
    return f"; it is one of {', '.join(choices)}" if 0 < len(choices) <= 12 else ""


def size_of(condition: Condition) -> tuple[int, int]:
    """Return how many nodes a condition has and how deep they nest."""
    nodes, deepest = 0, 0
    rest: list[tuple[Condition, int]] = [(condition, 1)]
    while rest:
        node, depth = rest.pop()
        nodes, deepest = nodes + 1, max(deepest, depth)
        match node:
            case All(of) | AnyOf(of):
                rest += [(part, depth + 1) for part in of]
            case Not(part):
                rest.append((part, depth + 1))
            case LinesMatch() | LinesTotal() | History():
                if node.where is not None:
                    rest.append((node.where, depth + 1))
    return nodes, deepest
