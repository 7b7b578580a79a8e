"""Conditions by walking the tree: slow, plain, and the oracle of the compiled form; and what a walk saw.

``holds`` says whether a condition holds, ``trace`` also which part said no with the value it saw.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import msgspec

from perennial.core.conditions.scope import (
    Scope,
    date_or_none,
    fresh_or_none,
    instant_or_none,
    joining_date,
    now_at,
)
from perennial.core.conditions.words import describe
from perennial.core.customers.consents import CONSENTS_KEPT, consents_in
from perennial.core.dates.periods import falls_on, years_since
from perennial.core.facts import BIRTHDAY, STALE_FROM, Fact, FactSource, FactType
from perennial.core.language import Language
from perennial.core.languages import ENGLISH
from perennial.core.orders.geography import lies_within, point_or_none
from perennial.core.orders.order import Line, Order, Redeemer, Scalar
from perennial.core.problems import join_path
from perennial.core.terms.conditions import (
    All,
    AnyOf,
    Compare,
    Condition,
    History,
    LineMeasure,
    LinesMatch,
    LinesTotal,
    Not,
    Operand,
    Operator,
    Quantifier,
)
from perennial.core.terms.figures import READERS, Computed
from perennial.core.terms.text_pattern import compile_pattern
from perennial.units import SECOND, Instant, Minor, format_instant

Value = Scalar | tuple[str, ...]


class Seen(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the walk saw at one comparison or quantifier.

    ``path`` leads from the condition's root to the part, ``words`` says the part, ``value`` is the
    value found (``None``: missing; for lines: how many matched), ``held`` whether it held. A value from
    outside that is missing because it is stale has been so ``stale_since``.
    """

    path: str
    words: str
    value: Value
    held: bool
    stale_since: str | None = None


def holds(condition: Condition, scope: Scope, *, nowhere: bool = False) -> bool:
    """Return whether ``condition`` holds in ``scope``.

    ``nowhere`` is what ``within`` comes to where a place is missing: false, and below a ``not`` true, so that
    neither inside nor outside of a circle holds of what lies nobody knows where.
    """
    match condition:
        case All(of):
            return all(holds(part, scope, nowhere=nowhere) for part in of)
        case AnyOf(of):
            return any(holds(part, scope, nowhere=nowhere) for part in of)
        case Not(of):
            return not holds(of, scope, nowhere=not nowhere)
        case LinesMatch():
            return scope.order is not None and _lines_match(condition, scope, nowhere)
        case Compare(_, Operator.WITHIN, operand):
            value = value_of(condition, scope)
            return nowhere if value is None else compare(value, Operator.WITHIN, operand)
        case Compare() | LinesTotal() | History():
            value, operand = value_of(condition, scope), condition.operand
            if condition.operator is not Operator.EXISTS and _is_instant(condition, scope):
                value, operand = _in_time(value), _in_time(operand)
            return compare(value, condition.operator, operand)


def trace(condition: Condition, scope: Scope, path: str = "", language: Language = ENGLISH) -> list[Seen]:
    """Return every comparison and quantifier of ``condition`` with the value it saw, in its order."""
    match condition:
        case All(()) | AnyOf(()):
            value: Value = None
        case All(of) | AnyOf(of):
            name = "all" if isinstance(condition, All) else "any"
            parts = enumerate(of)
            return [
                seen
                for i, part in parts
                for seen in trace(part, scope, join_path(path, f"{name}[{i}]"), language)
            ]
        case Not(of):
            return trace(of, scope, join_path(path, "not"), language)
        case LinesMatch(_, where):
            value = None if scope.order is None else len(matching_lines(where, scope))
        case Compare() | LinesTotal() | History():
            value = value_of(condition, scope)
    held = holds(condition, scope)
    return [
        Seen(
            path,
            describe(condition, scope.facts, scope.event_name, language),
            value,
            held,
            _stale_since(condition, value, scope),
        )
    ]


def _stale_since(condition: Condition, value: Value, scope: Scope) -> str | None:
    """Return when the fact that a comparison looks at became stale, if that is why it is missing."""
    if not isinstance(condition, Compare) or value is not None:
        return None
    fact = scope.facts.find(condition.fact, scope.event_name)
    if fact is None or not fact.outside or fact.attribute is None:
        return None
    kept = scope.location if fact.source is FactSource.LOCATION else scope.member
    stale_from = kept.get(fact.attribute + STALE_FROM)
    if typed(fact.type, kept.get(fact.attribute)) is None or not isinstance(stale_from, int):
        return None
    return format_instant(stale_from * SECOND)


def refusing(condition: Condition, scope: Scope, language: Language = ENGLISH) -> list[Seen]:
    """Return the parts because of which ``condition`` does not hold, in ``language``; nothing if it holds.

    Of ``any`` these are all parts; a part below a ``not`` is named when it does hold.
    """
    return [] if holds(condition, scope) else _deciding(condition, scope, "", False, language)


def _deciding(condition: Condition, scope: Scope, path: str, held: bool, language: Language) -> list[Seen]:
    """Return the comparisons that made ``condition`` come out as ``held``."""
    match condition:
        case All((_, *_) as of) | AnyOf((_, *_) as of):
            name = "all" if isinstance(condition, All) else "any"
            return [
                seen
                for i, part in enumerate(of)
                if holds(part, scope, nowhere=held) is held
                for seen in _deciding(part, scope, join_path(path, f"{name}[{i}]"), held, language)
            ]
        case Not(of):
            return _deciding(of, scope, join_path(path, "not"), not held, language)
        case _:
            return trace(condition, scope, path, language)


def compare(value: Value, operator: Operator, operand: Operand) -> bool:
    """Compare a value with an operand of the same type; a missing value (None) only ``exists: false``."""
    if operator is Operator.EXISTS:
        return (value is not None and value != ()) is operand
    if value is None:
        return False
    match operator:
        case Operator.IS:
            return value == operand
        case Operator.IS_NOT:
            return value != operand
        case Operator.IN | Operator.NOT_IN:
            members = value if isinstance(value, tuple) else (value,)
            found = isinstance(operand, tuple) and any(member in operand for member in members)
            return found is (operator is Operator.IN)
        case Operator.CONTAINS:
            return isinstance(value, str | tuple) and isinstance(operand, str) and operand in value
        case Operator.STARTS_WITH:
            return isinstance(value, str) and isinstance(operand, str) and value.startswith(operand)
        case Operator.WITHIN:
            center, meters = operand if isinstance(operand, tuple) else (None, 0)
            return lies_within(value if isinstance(value, str) else None, center, int(meters or 0))
        case Operator.MATCHES:
            return isinstance(value, str) and compile_pattern(str(operand))(value)
        case _:
            return _in_order(value, operator, operand)


def _in_order(value: Value, operator: Operator, operand: Operand) -> bool:
    """Compare two numbers, or two texts by code point."""
    if isinstance(operand, tuple):
        low, high = operand
        return _in_order(value, Operator.AT_LEAST, low) and _in_order(value, Operator.AT_MOST, high)
    sign = _sign(value, operand)
    if sign is None:
        return False
    match operator:
        case Operator.MORE_THAN:
            return sign > 0
        case Operator.AT_LEAST:
            return sign >= 0
        case Operator.LESS_THAN:
            return sign < 0
        case Operator.AT_MOST:
            return sign <= 0
        case _:
            raise ValueError(f"{operator} does not order")


def _sign(value: Value, operand: Scalar) -> int | None:
    """Return -1, 0 or 1 as ``value`` is less, equal or more; None if the two do not compare."""
    if isinstance(value, str) and isinstance(operand, str):
        return (value > operand) - (value < operand)
    if isinstance(value, int) and isinstance(operand, int):
        return (value > operand) - (value < operand)
    return None


# Values


def value_of(node: Compare | LinesTotal | History, scope: Scope) -> Value:
    """Return what the comparison looks at, or None if it is missing."""
    match node:
        case Compare(name):
            fact = scope.facts.find(name, scope.event_name)
            return None if fact is None else fact_value(fact, scope)
        case LinesTotal(measure, where):
            return None if scope.order is None else _total(measure, where, scope)
        case History():
            return None if scope.history is None else scope.history(node)


def _is_instant(node: Compare | LinesTotal | History, scope: Scope) -> bool:
    fact = scope.facts.find(node.fact, scope.event_name) if isinstance(node, Compare) else None
    return fact is not None and fact.type is FactType.INSTANT


def _in_time(texts: Value | Operand) -> Any:
    """Return instants as numbers: as texts they do not compare."""
    if isinstance(texts, tuple):
        return tuple(instant_or_none(text) for text in texts)
    return instant_or_none(texts)


def fact_value(fact: Fact, scope: Scope) -> Value:
    """Return the value of a fact, or None if it is missing or of another type than declared."""
    match fact.source:
        case FactSource.ORDER:
            return None if scope.order is None else _order_value(fact, scope.order, scope)
        case FactSource.LINE:
            return None if scope.line is None else _line_value(fact, scope.line, scope.net)
        case FactSource.MEMBER:
            return _member_value(fact, scope)
        case FactSource.LOCATION:
            return None if scope.order is None else _kept_value(fact, scope.location, scope.at)
        case FactSource.EVENT:
            return typed(fact.type, scope.event.get(fact.attribute or ""))
        case FactSource.WALLET:
            return _wallet_value(fact, scope)
        case FactSource.LOTS:
            return scope.lots.get(fact.name, 0)
        case FactSource.CHALLENGE:
            completed, progress = scope.challenges.get(fact.challenge or "", (0, 0))
            return completed if fact.name.endswith(".completed_count") else progress
        case FactSource.EXPERIMENT:
            return scope.variants.get(fact.attribute or "")
        case FactSource.NOW:
            now = now_at(scope.at, scope.zone)
            value: Value = getattr(now, fact.name.removeprefix("now."))
            return value


def typed(kind: FactType, value: Scalar) -> Scalar:
    """Return ``value`` if it is of the declared type ``kind``, else None."""
    match kind:
        case FactType.TEXT:
            fits = isinstance(value, str)
        case FactType.INTEGER:
            fits = isinstance(value, int) and not isinstance(value, bool)
        case FactType.BOOLEAN:
            fits = isinstance(value, bool)
        case FactType.DATE:
            fits = date_or_none(value) is not None
        case FactType.INSTANT:
            fits = instant_or_none(value) is not None
        case FactType.PLACE:
            fits = point_or_none(value) is not None
        case _:
            fits = False
    return value if fits else None


def _order_value(fact: Fact, order: Order, scope: Scope) -> Value:
    if fact.attribute is not None:
        return typed(fact.type, order.attributes.get(fact.attribute))
    match fact.name:
        case "order.total":
            return sum(scope.nets)
        case "order.gross":
            return sum(line.amount for line in order.lines)
        case "order.discount":
            return sum(line.amount for line in order.lines) - sum(scope.nets)
        case "order.currency":
            return order.currency or scope.facts.currency
        case "order.line_count":
            return len(order.lines)
        case "order.quantity":
            return sum(line.quantity for line in order.lines)
        case name if name.startswith("redeemer."):
            return _redeemer_value(order.redeemer, name.removeprefix("redeemer."))
        case name:
            value: Value = getattr(order, name.removeprefix("order."))
            return value


def _redeemer_value(redeemer: Redeemer | None, name: str) -> Value:
    value: Value = getattr(redeemer, name, None)
    return value


def _line_value(fact: Fact, line: Line, net: Minor) -> Value:
    if fact.attribute is not None:
        return typed(fact.type, line.attributes.get(fact.attribute))
    match fact.name:
        case "line.net":
            return net
        case "line.discount":
            return line.amount - net
        case "line.unit_price":
            return net // line.quantity if line.quantity else None
        case name:
            value: Value = getattr(line, name.removeprefix("line."))
            return value


def _member_value(fact: Fact, scope: Scope) -> Value:
    name = fact.name.removeprefix("member.")
    if fact.attribute == BIRTHDAY and name != BIRTHDAY:
        return _birthday_value(name, date_or_none(scope.member.get(BIRTHDAY)), scope)
    if fact.attribute == CONSENTS_KEPT:
        return consents_in(scope.member.get(CONSENTS_KEPT))
    if fact.attribute is not None:
        return _kept_value(fact, scope.member, scope.at)
    if fact.computed is not None:
        return _computed_value(fact.computed, scope)
    match name:
        case "joined":
            return scope.joined_at is not None
        case "tier":
            return scope.tier
        case "referral_count":
            return scope.referral_count
        case "segments":
            return scope.segments
        case "tier_level":
            return 1 + scope.facts.tiers.index(scope.tier) if scope.tier in scope.facts.tiers else 0
    joined = joining_date(scope.joined_at, scope.zone)
    if joined is None:
        return None
    today = now_at(scope.at, scope.zone).ordinal
    match name:
        case "joined_on":
            return joined.isoformat()
        case "joined_days":
            return today - joined.toordinal()
        case "joined_years":
            return years_since(joined, today)
        case "is_anniversary":
            return falls_on(joined, today)
    raise ValueError(f"{fact.name} is not a fact")


def _kept_value(fact: Fact, kept: Mapping[str, Scalar], at: Instant) -> Scalar:
    """Return a declared attribute of a member or a location; one from outside while it is not stale."""
    name = fact.attribute or ""
    value = kept.get(name)
    return typed(fact.type, fresh_or_none(value, kept.get(name + STALE_FROM), at) if fact.outside else value)


def _computed_value(computed: Computed, scope: Scope) -> Value:
    if scope.history is None:
        return None
    figures = [scope.history(figure) for figure in computed.figures]
    return figures[0] if computed.reader is None else READERS[computed.reader](*figures, *computed.bounds)


def _birthday_value(name: str, born: date | None, scope: Scope) -> Value:
    if born is None:
        return None
    today = now_at(scope.at, scope.zone).ordinal
    match name:
        case "birthday_month":
            return born.month
        case "birthday_day":
            return born.day
        case "is_birthday":
            return falls_on(born, today)
        case "age":
            return years_since(born, today)
    raise ValueError(f"member.{name} is not a fact")


def _wallet_value(fact: Fact, scope: Scope) -> Value:
    figures = scope.wallets.get(fact.wallet or "")
    if figures is None:
        return None
    match fact.name.rpartition(".")[2]:
        case "balance":
            return figures.balance - figures.debt
        case "available":
            return figures.balance - figures.pending - figures.debt
        case name:
            value: int = getattr(figures, name)
            return value


# Lines


def matching_lines(where: Condition | None, scope: Scope, *, nowhere: bool = False) -> list[int]:
    """Return the positions of the order's lines that match ``where`` (all without it); see :func:`holds`."""
    count = len(scope.order.lines) if scope.order else 0
    if where is None:
        return list(range(count))
    return [i for i in range(count) if holds(where, _at_line(i, scope), nowhere=nowhere)]


def _at_line(position: int, scope: Scope) -> Scope:
    lines = scope.order.lines if scope.order else ()
    return msgspec.structs.replace(scope, line=lines[position], net=scope.nets[position])


def _total(measure: LineMeasure, where: Condition | None, scope: Scope) -> int:
    positions = matching_lines(where, scope)
    lines = scope.order.lines if scope.order else ()
    match measure:
        case LineMeasure.COUNT:
            return len(positions)
        case LineMeasure.QUANTITY:
            return sum(lines[i].quantity for i in positions)
        case LineMeasure.SUM:
            return sum(scope.nets[i] for i in positions)


def _lines_match(node: LinesMatch, scope: Scope, nowhere: bool) -> bool:
    lines = scope.order.lines if scope.order else ()
    nowhere = nowhere is not (node.quantifier is Quantifier.NONE)
    matching = matching_lines(node.where, scope, nowhere=nowhere)
    match node.quantifier:
        case Quantifier.ANY:
            return bool(matching)
        case Quantifier.EVERY:
            return len(matching) == len(lines)
        case Quantifier.NONE:
            return not matching
        case Quantifier.CHEAPEST:
            sign = 1
        case Quantifier.MOST_EXPENSIVE:
            sign = -1
    best = None
    for i, line in enumerate(lines):
        # a/b < c/d for positive b and d, without fractions: a*d < c*b
        if line.quantity and (
            best is None
            or sign * (scope.nets[i] * lines[best].quantity - scope.nets[best] * line.quantity) < 0
        ):
            best = i
    return best in matching
