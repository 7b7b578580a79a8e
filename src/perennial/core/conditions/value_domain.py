"""Which values a fact may still have, once some comparisons are known to hold or not to hold.

A domain never leaves out a value that is possible, but may keep one that is not: what is empty is
certainly impossible.
"""

from __future__ import annotations

import msgspec

from perennial.core.conditions.scope import instant_or_none
from perennial.core.conditions.walk import compare
from perennial.core.facts import FactType
from perennial.core.terms.conditions import Operand, Operator

Known = str | int | bool

_MOST_LISTED = 400


class Domain(msgspec.Struct, frozen=True):
    """What is possible: being ``missing``, or a value.

    ``values`` lists every possible value if these are few (else ``None``); ``low`` and ``high`` bound them,
    both included; ``tests`` are comparisons with whether they must hold.
    """

    missing: bool = True
    values: frozenset[Known] | None = None
    low: int | str | None = None
    high: int | str | None = None
    tests: frozenset[tuple[Operator, Operand, bool]] = frozenset()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is possible."""
        return not self.missing and self.is_absent

    @property
    def is_absent(self) -> bool:
        """Whether no value is possible."""
        if self.values is not None:
            return not self.values
        return _exceeds(self.low, self.high)

    def allows(self, value: Known) -> bool:
        """Return whether the fact may have this value."""
        if self.values is not None and value not in self.values:
            return False
        if self.low is not None and _exceeds(self.low, value):
            return False
        if self.high is not None and _exceeds(value, self.high):
            return False
        return all(compare(value, operator, operand) is wanted for operator, operand, wanted in self.tests)


def both(first: Domain, second: Domain) -> Domain:
    """Return what both domains allow."""
    values = first.values
    if values is None:
        values = second.values
    elif second.values is not None:
        values &= second.values
    low = _extreme(first.low, second.low, greater=True)
    high = _extreme(first.high, second.high, greater=False)
    return _listed(Domain(first.missing and second.missing, values, low, high, first.tests | second.tests))


def either(first: Domain, second: Domain) -> Domain:
    """Return what at least one of two domains allows, and perhaps more."""
    if first.is_absent or second.is_absent:
        kept = second if first.is_absent else first
        return msgspec.structs.replace(kept, missing=first.missing or second.missing)
    missing, tests = first.missing or second.missing, first.tests & second.tests
    if first.values is not None and second.values is not None:
        return Domain(missing, first.values | second.values, None, None, tests)
    if first.values is not None or second.values is not None:
        return Domain(missing, None, None, None, tests)
    low = None if None in (first.low, second.low) else _extreme(first.low, second.low, greater=False)
    high = None if None in (first.high, second.high) else _extreme(first.high, second.high, greater=True)
    return Domain(missing, None, low, high, tests)


def compared(kind: FactType, operator: Operator, operand: Operand, *, holds: bool) -> Domain:
    """Return what is possible once a comparison holds, or does not hold."""
    if operator is Operator.EXISTS:
        there = operand is holds
        return Domain(missing=False) if there else Domain(values=frozenset())
    if kind is FactType.INSTANT:
        operand = tuple(map(_in_time, operand)) if isinstance(operand, tuple) else _in_time(operand)
    missing = not holds
    test = frozenset({(operator, operand, holds)})
    given = operand if isinstance(operand, tuple) else (operand,)
    known = frozenset(one for one in given if one is not None)
    if operator in (Operator.IS, Operator.IN) and holds:
        return Domain(missing, known)
    if operator in (Operator.IS_NOT, Operator.NOT_IN) and not holds:
        return Domain(missing, known)
    low, high = _bounds(operator, given, holds)
    return Domain(missing, None, low, high, test)


def _bounds(
    operator: Operator, given: tuple[object, ...], holds: bool
) -> tuple[int | str | None, int | str | None]:
    """Return the bounds that a comparison in order sets; those of texts may be a little wide."""
    first = given[0]
    if isinstance(first, bool) or not isinstance(first, int | str):
        return None, None
    step = 1 if isinstance(first, int) else 0
    match operator, holds:
        case (Operator.MORE_THAN, True) | (Operator.AT_MOST, False):
            return _moved(first, step), None
        case (Operator.AT_LEAST, True) | (Operator.LESS_THAN, False):
            return first, None
        case (Operator.LESS_THAN, True) | (Operator.AT_LEAST, False):
            return None, _moved(first, -step)
        case (Operator.AT_MOST, True) | (Operator.MORE_THAN, False):
            return None, first
        case (Operator.BETWEEN, True):
            last = given[1]
            return first, last if isinstance(last, int | str) else None
        case _:
            return None, None


def _moved(value: int | str, step: int) -> int | str:
    return value + step if isinstance(value, int) else value


def _listed(domain: Domain) -> Domain:
    """List the values where they are few, so that what excludes single ones counts."""
    low, high = domain.low, domain.high
    if domain.values is None and isinstance(low, int) and isinstance(high, int):
        if not 0 <= high - low <= _MOST_LISTED:
            return domain
        domain = msgspec.structs.replace(domain, values=frozenset(range(low, high + 1)))
    elif domain.values is None and low is not None and low == high:
        domain = msgspec.structs.replace(domain, values=frozenset({low}))
    if domain.values is None:
        return domain
    kept = frozenset(value for value in domain.values if domain.allows(value))
    return msgspec.structs.replace(domain, values=kept)


def _extreme(first: int | str | None, second: int | str | None, *, greater: bool) -> int | str | None:
    if first is None or second is None:
        return second if first is None else first
    return first if _exceeds(first, second) is greater else second


def _exceeds(first: object, second: object) -> bool:
    """Return whether a value is greater than another one of its type."""
    if isinstance(first, int) and isinstance(second, int):
        return first > second
    return isinstance(first, str) and isinstance(second, str) and first > second


def _in_time(text: object) -> int | None:
    return instant_or_none(text) if isinstance(text, str) else None
