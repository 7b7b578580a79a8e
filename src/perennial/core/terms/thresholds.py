"""What a condition asks of an order's amounts: from which total on, and how it fares when they fall.

While a cart is priced, what its lines cost only ever falls, and nothing else about it changes.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

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
    Operator,
    Quantifier,
)
from perennial.units import Minor

_TOTAL, _QUANTITY = "order.total", "order.quantity"
_FALLING = frozenset((_TOTAL, "line.net", "line.unit_price"))
_RISING = frozenset(("order.discount", "line.discount"))
_AT_LEAST = frozenset((Operator.AT_LEAST, Operator.MORE_THAN))
_AT_MOST = frozenset((Operator.AT_MOST, Operator.LESS_THAN))


class Asked(msgspec.Struct, frozen=True):
    """The total and the quantity that an order needs at least, and everything else that must hold."""

    total: Minor | None = None
    quantity: int | None = None
    thresholds: tuple[Condition, ...] = ()
    besides: tuple[Condition, ...] = ()


class Course(msgspec.Struct, frozen=True):
    """What may happen to a condition while amounts fall: it may come to hold, and cease to hold."""

    begins: bool = False
    ceases: bool = False


_STAYS = Course()
_ANYTHING = Course(begins=True, ceases=True)


def asked_of(condition: Condition | None) -> Asked:
    """Return what ``condition`` asks of an order at least."""
    least: dict[str, int] = {}
    thresholds, besides = [], []
    for part in conjuncts(condition):
        needed = _needed(part)
        if needed is None:
            besides.append(part)
        else:
            fact, amount = needed
            least[fact] = max(amount, least.get(fact, amount))
            thresholds.append(part)
    return Asked(least.get(_TOTAL), least.get(_QUANTITY), tuple(thresholds), tuple(besides))


def conjuncts(condition: Condition | None) -> list[Condition]:
    """Return the conditions that must all hold."""
    match condition:
        case None:
            return []
        case All(of):
            return [part for one in of for part in conjuncts(one)]
        case _:
            return [condition]


def _needed(condition: Condition) -> tuple[str, int] | None:
    """Return the fact of which the condition needs an amount at least, and the amount."""
    match condition:
        case Compare(("order.total" | "order.quantity") as fact, operator, int() as operand):
            if operator is Operator.AT_LEAST:
                return fact, operand
            return (fact, operand + 1) if operator is Operator.MORE_THAN else None
        case _:
            return None


def course_of(condition: Condition) -> Course:
    """Return what may happen to ``condition`` while what the lines of an order cost falls."""
    match condition:
        case All(of) | AnyOf(of):
            return _together([course_of(part) for part in of])
        case Not(of):
            return _turned(course_of(of))
        case Compare(fact, operator, _):
            if fact in _FALLING:
                return _of_falling(operator)
            return _turned(_of_falling(operator)) if fact in _RISING else _STAYS
        case LinesMatch(quantifier, where):
            return _of_lines(quantifier, course_of(where))
        case LinesTotal(measure, where, operator, _):
            lines = _STAYS if where is None else course_of(where)
            if measure is LineMeasure.SUM:
                return _of_falling(operator) if lines == _STAYS else _ANYTHING
            return _STAYS if lines == _STAYS else _ANYTHING
        case History():
            return _STAYS


def looks_at_lines(condition: Condition) -> bool:
    """Whether the condition depends on what single lines cost, and not only on their total."""
    match condition:
        case All(of) | AnyOf(of):
            return any(looks_at_lines(part) for part in of)
        case Not(of):
            return looks_at_lines(of)
        case LinesMatch():
            return course_of(condition) != _STAYS
        case LinesTotal(_, where, _, _):
            return where is not None and course_of(condition) != _STAYS
        case Compare() | History():
            return False


def _of_falling(operator: Operator) -> Course:
    """Return what happens to the comparison of an amount that falls."""
    if operator in _AT_LEAST:
        return Course(ceases=True)
    if operator in _AT_MOST:
        return Course(begins=True)
    return _STAYS if operator is Operator.EXISTS else _ANYTHING


def _of_lines(quantifier: Quantifier, where: Course) -> Course:
    match quantifier:
        case Quantifier.ANY | Quantifier.EVERY:
            return where
        case Quantifier.NONE:
            return _turned(where)
        case Quantifier.CHEAPEST | Quantifier.MOST_EXPENSIVE:
            return _ANYTHING  # another line may become the cheapest


def _together(parts: Sequence[Course]) -> Course:
    return Course(any(part.begins for part in parts), any(part.ceases for part in parts))


def _turned(course: Course) -> Course:
    return Course(begins=course.ceases, ceases=course.begins)
