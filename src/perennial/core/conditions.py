"""The condition language: one tree for earning, tiers, campaigns, rewards and, later, segments.

As JSON or YAML::

    all: [...]                      every one holds (an empty list holds)
    any: [...]                      at least one holds (an empty list does not)
    not: {...}

    fact: order.total               a comparison; exactly one operator of :class:`Operator`
    at_least: 5000

    lines: any                      any, every, none, cheapest, most_expensive of the order's lines
    where: {fact: line.category, contains: coffee}

    lines: count                    count, quantity or sum (of net amounts) of the matching lines
    where: {...}
    at_least: 2

    history: orders.net             a sum or count over the member's past, see :class:`Measure`
    where: {...}                    only what matches (facts of the order, the line or the event)
    window: {calendar: year}        ever | since_joining | {calendar: unit, offset: -1} | {last: span}
    more_than: 100000

This file holds the types and their reading and writing; ``facts.py`` says what may be asked,
``condition_check.py`` finds problems, ``condition_walk.py`` evaluates slowly and explains,
``condition_source.py`` compiles.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TypeAlias

import msgspec

from perennial.core.order import Scalar
from perennial.core.periods import Period
from perennial.core.schedule import Span


class Operator(StrEnum):
    """How a value is compared. A comparison with a missing value never holds, except ``exists``."""

    IS = "is"
    IS_NOT = "is_not"
    MORE_THAN = "more_than"
    AT_LEAST = "at_least"
    LESS_THAN = "less_than"
    AT_MOST = "at_most"
    BETWEEN = "between"
    IN = "in"
    NOT_IN = "not_in"
    CONTAINS = "contains"
    STARTS_WITH = "starts_with"
    MATCHES = "matches"
    EXISTS = "exists"


class Quantifier(StrEnum):
    """Which of the order's lines must match. Ties of price go to the first line."""

    ANY = "any"
    EVERY = "every"
    NONE = "none"
    CHEAPEST = "cheapest"
    MOST_EXPENSIVE = "most_expensive"


class LineMeasure(StrEnum):
    """What is counted over the matching lines."""

    COUNT = "count"
    QUANTITY = "quantity"
    SUM = "sum"


class Measure(StrEnum):
    """What is counted over a member's past (net of returns and cancellations)."""

    ORDERS_COUNT = "orders.count"
    ORDERS_NET = "orders.net"
    LINES_NET = "lines.net"
    LINES_QUANTITY = "lines.quantity"
    POINTS_EARNED = "points.earned"
    EVENTS_COUNT = "events.count"
    EVENTS_SUM = "events.sum"


Operand: TypeAlias = Scalar | tuple[Scalar, ...]


class All(msgspec.Struct, frozen=True):
    of: tuple[Condition, ...]


class AnyOf(msgspec.Struct, frozen=True):
    of: tuple[Condition, ...]


class Not(msgspec.Struct, frozen=True):
    of: Condition


class Compare(msgspec.Struct, frozen=True):
    fact: str
    operator: Operator
    operand: Operand


class LinesMatch(msgspec.Struct, frozen=True):
    quantifier: Quantifier
    where: Condition


class LinesTotal(msgspec.Struct, frozen=True):
    measure: LineMeasure
    where: Condition | None
    operator: Operator
    operand: Operand


class HistoryWindow(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which part of the past counts; exactly one of the fields is set.

    ``calendar`` with ``offset`` 0 is the current calendar period up to now, -1 the one before;
    ``last`` ends at the event's own local day and includes it.
    """

    ever: bool = False
    since_joining: bool = False
    calendar: Period | None = None
    offset: int = 0
    last: Span | None = None


class History(msgspec.Struct, frozen=True):
    measure: Measure
    where: Condition | None
    event: str | None
    attribute: str | None
    wallet: str | None
    window: HistoryWindow
    operator: Operator
    operand: Operand


Condition: TypeAlias = All | AnyOf | Not | Compare | LinesMatch | LinesTotal | History
