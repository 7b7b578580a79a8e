"""What an event adds to the member's counters, and what a return takes away again.

A return is counted in the period of the order that it returns, in whole figures that depend only on
how many units came back by now, so that several partial returns equal one. An order stops counting as
an order when it is canceled, not when everything of it was returned.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import msgspec

from perennial.core.currency import in_program_currency
from perennial.core.effects import Count
from perennial.core.events import CustomEvent, Event, OrderPaid, OrderReturned
from perennial.core.orders.order import Order, net_amounts
from perennial.core.terms.conditions import Measure
from perennial.core.today import Today, today_of
from perennial.core.version import Metric, Version
from perennial.units import Instant, Minor, Points

Choice: TypeAlias = Callable[..., Any] | None
"""The function that chooses what counts for a metric; see ``core/compiling/triggers.py``."""


# Python 3.11 looks a member of an enumeration up slowly, and this is asked for every order.
_ORDERS_NET, _ORDERS_COUNT, _LINES_NET, _LINES_QUANTITY, _POINTS_EARNED, _EVENTS_COUNT, _EVENTS_SUM = (
    Measure.ORDERS_NET,
    Measure.ORDERS_COUNT,
    Measure.LINES_NET,
    Measure.LINES_QUANTITY,
    Measure.POINTS_EARNED,
    Measure.EVENTS_COUNT,
    Measure.EVENTS_SUM,
)


class _Part(msgspec.Struct, gc=False):
    """What counts of an order: it as a whole, or what came back of it.

    The choice of what counts is made on the ``order`` as it was paid and its ``nets``; ``amounts`` and
    ``units`` are what is counted of each line, ``orders`` whether the order itself counts.
    """

    order: Order
    nets: Sequence[Minor]
    amounts: Sequence[Minor]
    units: Sequence[int]
    orders: int


def counts_of(
    version: Version, event: Event, points: Mapping[int, Points] | None = None
) -> tuple[Count, ...]:
    """Return what ``event`` adds to each of the version's metrics.

    ``points`` maps a unit to the points that the event earned; for a return, to the points that were
    taken back (a positive number). Customers who are no members are counted all the same.
    """
    if not version.metrics:
        return ()
    if isinstance(event, OrderPaid):
        return counts_of_order(
            version, event.at, today_of(version, event.at), *_converted(version, event.order), points or {}
        )
    if isinstance(event, OrderReturned):
        return _counts_of_return(version, event, points or {})
    return _counts(
        version, event.at, 1, lambda metric, choose: _of_event(metric, choose, event, points or {})
    )


def counts_of_order(
    version: Version,
    at: Instant,
    today: Today,
    order: Order,
    nets: Sequence[Minor],
    points: Mapping[int, Points],
) -> tuple[Count, ...]:
    """Return what an order paid at ``at``, which is ``today``, adds; it is in the program's currency."""
    if not version.metrics:
        return ()
    part: _Part | None = None
    counts = []
    periods = today.metrics
    for place, metric in enumerate(version.metrics):
        choose = version.choices[place]
        if choose is None and metric.measure is _ORDERS_NET:
            amount = sum(nets)
        elif choose is None and metric.measure is _ORDERS_COUNT:
            amount = 1
        else:
            if part is None:
                part = _Part(order, nets, nets, [line.quantity for line in order.lines], 1)
            amount = _of_order(metric, choose, at, part, points)
        if amount:
            counts.append(Count(metric.number, periods[place], amount))
    return tuple(counts)


def measured(
    version: Version, event: Event, wanted: Sequence[tuple[Metric, Choice]], points: Mapping[int, Points]
) -> list[int]:
    """Return what ``event`` (no return) adds to each metric; ``points`` is what it earned, by unit."""
    if isinstance(event, OrderPaid):
        order, nets = _converted(version, event.order)
        part = _Part(order, nets, nets, [line.quantity for line in order.lines], 1)
        return [_of_order(metric, choose, event.at, part, points) for metric, choose in wanted]
    return [_of_event(metric, choose, event, points) for metric, choose in wanted]


def measured_back(
    version: Version,
    event: OrderReturned,
    returned: Sequence[int],
    metric: Metric,
    choose: Choice,
    points: Mapping[int, Points],
) -> int:
    """Return what of an order came back for a metric, once ``returned`` units of each line are back.

    ``points`` is what its awards give back then. The order itself comes back with everything of it.
    """
    order, nets = _converted(version, event.order)
    amounts = [
        _part_of(net, line.quantity, units)
        for net, line, units in zip(nets, order.lines, returned, strict=True)
    ]
    part = _Part(order, nets, amounts, returned, 0)
    return _of_order(metric, choose, event.paid_at, part, points)


def _counts_of_return(
    version: Version, event: OrderReturned, points: Mapping[int, Points]
) -> tuple[Count, ...]:
    order, nets = _converted(version, event.order)
    was, over = _all_back(order, event.before), event.canceled or _all_back(order, event.after)
    units = [now - then for now, then in zip(event.after, event.before, strict=True)]
    taken = [
        _part_of(net, line.quantity, now, everything=over)
        - _part_of(net, line.quantity, then, everything=was)
        for net, line, then, now in zip(nets, order.lines, event.before, event.after, strict=True)
    ]
    part = _Part(order, nets, taken, units, 1 if event.canceled else 0)
    at = event.paid_at
    return _counts(version, at, -1, lambda metric, choose: _of_order(metric, choose, at, part, points))


def _all_back(order: Order, returned: Sequence[int]) -> bool:
    """Whether every unit came back; lines without units go back with the last one."""
    units = [line.quantity for line in order.lines]
    return any(units) and list(returned) == units


def _counts(
    version: Version, at: Instant, sign: int, count: Callable[[Metric, Choice], int]
) -> tuple[Count, ...]:
    """Count for every metric in its period at ``at``; what adds nothing is left out."""
    counts = []
    periods = today_of(version, at).metrics
    for metric, choose, period in zip(version.metrics, version.choices, periods, strict=True):
        amount = count(metric, choose)
        if amount:
            counts.append(Count(metric.number, period, sign * amount))
    return tuple(counts)


def _part_of(net: Minor, quantity: int, returned: int, *, everything: bool = False) -> Minor:
    """Return how much of a line's net has come back with ``returned`` of its units.

    A line without units comes back with the whole order only (``everything``).
    """
    if quantity == 0:
        return net if everything else 0
    size = abs(net) * returned // quantity
    return size if net >= 0 else -size


def _converted(version: Version, order: Order) -> tuple[Order, list[Minor]]:
    """Return the order and its net amounts in the program's currency; without a rate, amounts of 0."""
    converted = in_program_currency(order, version.program)
    if converted is None:
        return order, [0] * len(order.lines)
    return converted, net_amounts(converted)


def _of_order(metric: Metric, choose: Choice, at: Instant, part: _Part, points: Mapping[int, Points]) -> int:
    """Return what the part of an order paid at ``at`` counts for a metric."""
    measure = metric.measure
    if measure is _ORDERS_NET or measure is _ORDERS_COUNT:
        if choose is not None and not choose(at, part.order, part.nets, {}):
            return 0
        return part.orders if measure is _ORDERS_COUNT else sum(part.amounts)
    if measure is _LINES_NET or measure is _LINES_QUANTITY:
        of_lines = part.amounts if measure is _LINES_NET else part.units
        if choose is None:
            return sum(of_lines)
        return sum([of_lines[line] for line in choose(at, part.order, part.nets, {})])
    return _points(metric, points) if measure is _POINTS_EARNED else 0


def _of_event(metric: Metric, choose: Choice, event: Event, points: Mapping[int, Points]) -> int:
    """Return what an event that is no order counts for a metric."""
    measure = metric.measure
    if measure is _POINTS_EARNED:
        return _points(metric, points)
    if measure is not _EVENTS_COUNT and measure is not _EVENTS_SUM:
        return 0
    if not isinstance(event, CustomEvent) or event.name != metric.event:
        return 0
    if choose is not None and not choose(event.at, None, [], event.attributes):
        return 0
    if measure is _EVENTS_COUNT:
        return 1
    value = event.attributes.get(metric.attribute or "")
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _points(metric: Metric, points: Mapping[int, Points]) -> Points:
    return 0 if metric.unit is None else points.get(metric.unit, 0)
