"""The condition language: one tree for earning, tiers, campaigns, rewards and, later, segments.

As JSON or YAML::

    all: [...]                      every one holds (an empty list holds)
    any: [...]                      at least one holds (an empty list does not)
    not: {...}

    fact: order.total               a comparison; exactly one operator of :class:`Operator`
    at_least: 5000

    lines: any                      any, every, none, cheapest, most_expensive of the order's lines
    where: {fact: line.categories, contains: coffee}

    lines: count                    count, quantity or sum (of net amounts) of the matching lines
    where: {...}
    at_least: 2

    history: orders.net             a sum or count over the member's past, see :class:`Measure`
    where: {...}                    only what matches (facts of the order, the line or the event)
    window: {calendar: year}        ever | since_joining | {calendar: unit, offset: -1} | {last: span}
    more_than: 100000

This file holds the types; ``core/terms/condition_document.py`` reads and writes them (and has ``DEC_HOOK``,
``ENC_HOOK`` and ``SCHEMA_HOOK``, with which msgspec handles a document that holds conditions),
``facts.py`` says what may be asked, ``core/conditions/check.py`` finds problems, ``core/conditions/walk.py``
evaluates slowly and explains, ``core/conditions/words.py`` says it in English, ``core/conditions/source.py``
compiles.

``Condition`` is the closed union of the node types. At run time it is their common base class
instead, because msgspec hands a field of a plain class to its hooks: that is how ``when: Condition
| None`` in a document is read in the form above. Match on it exhaustively, as on any union.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar, TypeAlias, dataclass_transform

import msgspec

from perennial.core.dates.periods import Period
from perennial.core.dates.schedule import Span
from perennial.core.orders.order import Scalar


class Operator(StrEnum):
    """How a value is compared.

    A comparison with a missing value never holds, ``is_not`` and ``not_in`` included; only
    ``exists`` may (``exists: false``). Texts compare by code point, dates and times as ISO text.
    ``between`` includes both ends. ``contains`` asks a list for a member and a text for a part;
    ``matches`` finds an RE2 expression anywhere in a text (anchor it with ``^`` and ``$``). ``within``
    takes a place and meters: ``["52.520008,13.404954", 5000]``; where the place is missing, it does not
    hold, and below a ``not`` neither does what asks whether something lies outside.
    """

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
    WITHIN = "within"


class Quantifier(StrEnum):
    """Which of the order's lines must match. Ties of price go to the first line.

    ``cheapest`` and ``most_expensive`` choose by net price per unit, exactly, among the lines with
    a quantity; an order without lines has neither, and neither holds.
    """

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


@dataclass_transform(frozen_default=True)
class _Node:
    """A frozen value with the fields that its class annotates; equal and hashed by them."""

    _fields: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        cls._fields = tuple(cls.__annotations__)
        # An assignment would confuse mypy, which derives this name itself.
        setattr(cls, "__match_args__", cls._fields)  # noqa: B010

    def __init__(self, *values: object, **named: object) -> None:
        fields = self._fields
        given = dict(zip(fields, values, strict=False)) | named
        if len(values) + len(named) != len(fields) or given.keys() != set(fields):
            raise TypeError(f"{type(self).__name__} takes the fields {', '.join(fields)}")
        for name in fields:
            self.__dict__[name] = given[name]

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a condition is immutable: {name}")

    def __eq__(self, other: object) -> bool:
        # 1 == True in Python, but not in a condition: the types of operands count as well.
        return type(self) is type(other) and repr(self) == repr(other)

    def __hash__(self) -> int:
        return hash(repr(self))

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={value!r}" for name, value in self.__dict__.items())
        return f"{type(self).__name__}({fields})"


class All(_Node):
    """Every one of ``of`` holds."""

    of: tuple[Condition, ...]


class AnyOf(_Node):
    """At least one of ``of`` holds."""

    of: tuple[Condition, ...]


class Not(_Node):
    """``of`` does not hold."""

    of: Condition


class Compare(_Node):
    """A fact compared with an operand: a scalar, or a tuple for ``in``, ``not_in`` and ``between``."""

    fact: str
    operator: Operator
    operand: Operand


class LinesMatch(_Node):
    """Whether the chosen lines of the order match."""

    quantifier: Quantifier
    where: Condition


class LinesTotal(_Node):
    """A figure over the matching lines of the order (all of them without ``where``), compared."""

    measure: LineMeasure
    where: Condition | None
    operator: Operator
    operand: Operand


class History(_Node):
    """A figure of the member's past, compared.

    ``event`` names the event that is counted, ``attribute`` what of it is summed, ``wallet`` whose
    points are counted (``None``: the program's first wallet).
    """

    measure: Measure
    where: Condition | None
    event: str | None
    attribute: str | None
    wallet: str | None
    window: HistoryWindow
    operator: Operator
    operand: Operand


if TYPE_CHECKING:
    Condition: TypeAlias = All | AnyOf | Not | Compare | LinesMatch | LinesTotal | History
else:
    Condition = _Node
