"""What a condition asks for, as lists of plain comparisons: one list for each way in which it can hold.

A condition becomes a disjunction of conjunctions. What is asked about lines stands apart from the rest:
lines are others for every quantifier. From a way follow the values with which it holds, or a fact about
which it says two things that exclude each other.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from perennial.core.orders.order import Scalar
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

MAX_WAYS = 16
_OPPOSITE = {
    Operator.IS: Operator.IS_NOT,
    Operator.IS_NOT: Operator.IS,
    Operator.MORE_THAN: Operator.AT_MOST,
    Operator.AT_LEAST: Operator.LESS_THAN,
    Operator.LESS_THAN: Operator.AT_LEAST,
    Operator.AT_MOST: Operator.MORE_THAN,
    Operator.IN: Operator.NOT_IN,
    Operator.NOT_IN: Operator.IN,
}
_RISING = (Operator.MORE_THAN, Operator.AT_LEAST, Operator.IS, Operator.BETWEEN)


class Asked(msgspec.Struct, frozen=True):
    """One comparison that must hold; with ``surely`` false it must not hold (where nothing is its opposite).

    A value that is missing makes a comparison and its opposite both false: an opposite is one way of not
    holding, which is enough to find values, and not enough to exclude them.
    """

    fact: str
    operator: Operator
    operand: Operand
    surely: bool = True


class Way(msgspec.Struct, frozen=True):
    """One way in which a condition holds: ``asked`` of everything but lines, and of each line some.

    ``lines`` is one tuple for every line that must be there, ``every`` is asked of all of them. ``count``
    is how many units they must have together.
    """

    asked: tuple[Asked, ...] = ()
    lines: tuple[tuple[Asked, ...], ...] = ()
    every: tuple[Asked, ...] = ()
    count: int = 1

    def joined(self, other: Way) -> Way:
        """Return the way in which both hold."""
        return Way(
            self.asked + other.asked,
            self.lines + other.lines,
            self.every + other.every,
            max(self.count, other.count),
        )

    def of_one_line(self) -> Way:
        """Return the way in which one line is all the lines that must be there."""
        return Way(self.asked, (tuple(one for line in self.lines for one in line),), self.every, self.count)


class Ways(msgspec.Struct, frozen=True):
    """The ways in which a condition can hold; ``complete`` says that there is no other."""

    of: tuple[Way, ...]
    complete: bool = True


def ways_of(condition: Condition | None, *, of_line: bool = False) -> Ways:
    """Return the ways in which ``condition`` can hold, at most :data:`MAX_WAYS` of them."""
    if condition is None:
        return Ways((Way(),))
    found = _ways(condition, True)
    if of_line:
        return Ways(tuple(Way(lines=(way.asked,)) for way in found.of), found.complete)
    return found


def both(left: Ways, right: Ways) -> Ways:
    """Return the ways in which both hold."""
    joined = [one.joined(other) for one in left.of for other in right.of]
    complete = left.complete and right.complete and len(joined) <= MAX_WAYS
    return Ways(tuple(joined[:MAX_WAYS]), complete)


def _ways(condition: Condition, holds: bool) -> Ways:
    match condition:
        case Not(of):
            return _ways(of, not holds)
        case All(of) | AnyOf(of):
            parts = [_ways(part, holds) for part in of]
            if isinstance(condition, All) is holds:
                return _all(parts)
            return _any(parts)
        case Compare(fact, operator, operand):
            return Ways((Way((_asked(fact, operator, operand, holds),)),), complete=holds)
        case LinesMatch(quantifier, where):
            return _ways_of_lines(quantifier, where, holds)
        case LinesTotal(measure, where, operator, operand):
            return _ways_of_total(measure, where, operator, operand, holds)
        case History():
            return Ways((Way(),), complete=False)


def _all(parts: Iterable[Ways]) -> Ways:
    found = Ways((Way(),))
    for part in parts:
        found = both(found, part)
    return found


def _any(parts: list[Ways]) -> Ways:
    ways = tuple(way for part in parts for way in part.of)
    return Ways(ways[:MAX_WAYS], all(part.complete for part in parts) and len(ways) <= MAX_WAYS)


def _asked(fact: str, operator: Operator, operand: Operand, holds: bool) -> Asked:
    if holds:
        return Asked(fact, operator, operand)
    if operator in _OPPOSITE:
        return Asked(fact, _OPPOSITE[operator], operand)
    return Asked(fact, operator, operand, surely=False)


def _ways_of_lines(quantifier: Quantifier, where: Condition, holds: bool) -> Ways:
    wanted = (quantifier is not Quantifier.NONE) is holds
    inner = _ways(where, wanted)
    some = quantifier in (Quantifier.ANY, Quantifier.NONE) and (quantifier is Quantifier.ANY) is holds
    if some:
        return Ways(tuple(Way(lines=(way.asked,)) for way in inner.of), inner.complete)
    return Ways(tuple(Way(every=way.asked) for way in inner.of), complete=False)


def _ways_of_total(
    measure: LineMeasure, where: Condition | None, operator: Operator, operand: Operand, holds: bool
) -> Ways:
    inner = _ways(where, True) if where is not None else Ways((Way(),))
    fact = "order.total" if measure is LineMeasure.SUM else "order.quantity"
    asked = _asked(fact, operator, operand, holds)
    least = least_of((asked,), fact) or 1
    count = least if measure is not LineMeasure.SUM else 1
    total = (asked,) if measure is LineMeasure.SUM else ()
    return Ways(tuple(Way(total, (way.asked,), (), count) for way in inner.of), complete=False)


def least_of(asked: Iterable[Asked], fact: str) -> int | None:
    """Return the least whole number that the comparisons leave for ``fact``; None: any."""
    return _interval(asked, fact)[0]


def most_of(asked: Iterable[Asked], fact: str) -> int | None:
    """Return the greatest whole number that the comparisons leave for ``fact``; None: any."""
    return _interval(asked, fact)[1]


def _interval(asked: Iterable[Asked], fact: str) -> tuple[int | None, int | None]:
    low: int | None = None
    high: int | None = None
    for one in asked:
        if one.fact != fact or not one.surely:
            continue
        first, last = _bounds(one)
        low = first if low is None or (first is not None and first > low) else low
        high = last if high is None or (last is not None and last < high) else high
    return low, high


def _bounds(one: Asked) -> tuple[int | None, int | None]:
    operand = one.operand
    if isinstance(operand, tuple):
        numbers = [each for each in operand if isinstance(each, int)]
        if one.operator in (Operator.BETWEEN, Operator.IN) and numbers and len(numbers) == len(operand):
            return min(numbers), max(numbers)
        return None, None
    if not isinstance(operand, int) or isinstance(operand, bool):
        return None, None
    match one.operator:
        case Operator.IS:
            return operand, operand
        case Operator.AT_LEAST:
            return operand, None
        case Operator.MORE_THAN:
            return operand + 1, None
        case Operator.AT_MOST:
            return None, operand
        case Operator.LESS_THAN:
            return None, operand - 1
    return None, None


def value_of(asked: Iterable[Asked], fact: str, known: Iterable[Scalar] = ()) -> Scalar:
    """Return a value of ``fact`` that meets what is asked of it; None: nothing is asked."""
    mine = [one for one in asked if one.fact == fact and one.surely]
    forbidden = {each for one in mine for each in _texts(one, Operator.IS_NOT, Operator.NOT_IN)}
    for one in mine:
        for value in _texts(one, Operator.IS, Operator.IN, Operator.CONTAINS, Operator.STARTS_WITH):
            if value not in forbidden:
                return value
    low, high = _interval(mine, fact)
    if low is not None or high is not None:
        return low if low is not None else high
    if any(one.operator is Operator.EXISTS and one.operand is True for one in mine) or forbidden:
        return next((value for value in known if value not in forbidden), None)
    return None


def _texts(one: Asked, *operators: Operator) -> tuple[Scalar, ...]:
    if one.operator not in operators:
        return ()
    return one.operand if isinstance(one.operand, tuple) else (one.operand,)


def contradiction(asked: tuple[Asked, ...], facts_of_one_value: frozenset[str]) -> tuple[Asked, Asked] | None:
    """Return two comparisons of one fact that exclude each other, or None if none is sure to.

    Only facts that have a single value are looked at: a line has many categories.
    """
    for index, one in enumerate(asked):
        for other in asked[:index]:
            if one.fact == other.fact and one.fact in facts_of_one_value and _exclude(other, one):
                return other, one
    return None


def _exclude(one: Asked, other: Asked) -> bool:
    if not (one.surely and other.surely):
        return False
    low, high = _interval((one, other), one.fact)
    if low is not None and high is not None and low > high:
        return True
    for left, right in ((one, other), (other, one)):
        allowed = set(_texts(left, Operator.IS, Operator.IN))
        if not allowed:
            continue
        if right.operator in (Operator.IS, Operator.IN) and not allowed & set(_texts(right, right.operator)):
            return True
        if right.operator in (Operator.IS_NOT, Operator.NOT_IN) and allowed <= set(
            _texts(right, right.operator)
        ):
            return True
    return False
