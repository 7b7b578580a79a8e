"""Conditions that compare a fact with its own value, or with one next to it: where mistakes show."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from random import Random
from typing import Any

import msgspec

from perennial.core.conditions.walk import Value, fact_value
from perennial.core.facts import Fact, FactSource, FactType
from perennial.core.orders.order import Scalar
from perennial.core.terms.conditions import (
    Compare,
    Condition,
    LineMeasure,
    LinesMatch,
    LinesTotal,
    Operand,
    Operator,
    Quantifier,
)
from perennial.units import format_instant, parse_instant
from tests.laws.strategies import FIRST_INSTANT, World, operators


def near(world: World, fact: Fact, chance: Random) -> Condition:
    """Return a comparison of ``fact`` with its own value or one next to it, by any operator.

    A fact of lines is asked by some quantifier, and compared with the value of one of the lines.
    """
    scope = world.scope
    if fact.source is FactSource.LINE and scope.order is not None and scope.order.lines:
        position = chance.randrange(len(scope.order.lines))
        scope = msgspec.structs.replace(scope, line=scope.order.lines[position], net=scope.nets[position])
    operator = chance.choice(operators(fact.type))
    compared = Compare(fact.name, operator, _near_operand(operator, fact_value(fact, scope), fact, chance))
    if fact.source is not FactSource.LINE:
        return compared
    if chance.random() < 0.2:
        return LinesTotal(chance.choice(list(LineMeasure)), compared, Operator.AT_LEAST, chance.randint(0, 3))
    return LinesMatch(chance.choice(list(Quantifier)), compared)


def _near_operand(operator: Operator, value: Value, fact: Fact, chance: Random) -> Operand:
    own = chance.choice(value or ("a",)) if isinstance(value, tuple) else value
    match operator:
        case Operator.EXISTS:
            return chance.random() < 0.5
        case Operator.MATCHES:
            return chance.choice(["a", "^a$", "e", "[a-z]+"])
        case Operator.IN | Operator.NOT_IN:
            return tuple(_neighbor(own, fact.type, chance) for _ in range(2))
        case Operator.WITHIN:
            return own if isinstance(own, str) else "0,0", chance.choice([1, 2_000, 10_007_557])
        case Operator.BETWEEN:
            order: Callable[[Any], Any] | None = parse_instant if fact.type is FactType.INSTANT else None
            ends: list[Any] = [_neighbor(own, fact.type, chance) for _ in range(2)]
            return tuple(sorted(ends, key=order))
        case _:
            return _neighbor(own, fact.type, chance)


def _neighbor(value: Scalar, kind: FactType, chance: Random) -> Scalar:
    """Return the value (three times of five) or one next to it, or any where there is none."""
    step = chance.choice([0, 0, 0, -1, 1])
    match kind:
        case FactType.INTEGER:
            return step + (value if isinstance(value, int) else 3)
        case FactType.BOOLEAN:
            return value is not (step == 1)
        case FactType.DATE:
            day = date.fromisoformat(value) if isinstance(value, str) else date(2024, 2, 29)
            return date.fromordinal(day.toordinal() + step).isoformat()
        case FactType.INSTANT:
            at = parse_instant(value) if isinstance(value, str) else FIRST_INSTANT
            return format_instant(at + step)
        case FactType.TIME:
            return value if step == 0 else chance.choice(["00:00", "23:59"])
        case _:
            text = value if isinstance(value, str) else "a"
            return text[:-1] if step < 0 else text + "a" * step
