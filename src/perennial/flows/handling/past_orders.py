"""Past orders: what a customer had bought before joining, judged when the program says that it counts.

Each order is judged as of its own time by the version valid then, less what came back of it since. The
decision is stored with the order, so that a later return takes back exactly what was given.
"""

from __future__ import annotations

import msgspec

from perennial.core.counts import counts_of
from perennial.core.effects import Count
from perennial.core.events import Event, OrderPaid
from perennial.core.orders.order import OrderStatus
from perennial.core.version import Version
from perennial.flows.batch import Batch, Operation
from perennial.flows.configuration import LiveProgram
from perennial.flows.handling.decide_program import Outcome, decide_in_program, store_outcomes
from perennial.flows.handling.passing_time import pass_time
from perennial.flows.handling.undoing import undo_event
from perennial.flows.stored import StoredDecision, decode_decisions, encode_decisions
from perennial.store.orders import OrderRow, decode_order


class _PastOrder(msgspec.Struct):
    """An order to be judged: its row, its own operation and version, and its two events."""

    row: OrderRow
    operation: Operation
    version: Version
    paid: OrderPaid
    undone: Event | None


def count_past_orders(batch: Batch, joining: Operation, live: LiveProgram) -> list[Outcome]:
    """Judge the earlier orders of a customer who has just joined, in this program alone.

    The orders are in the customer's history already: their counts are taken out first, and come back
    one after the other, so that each order is judged with the history of its own time. What is due between
    them and up to joining happens there: points of the first may be gone when the last one is judged.
    """
    if not live.latest.program.enrollment.count_past_orders:
        return []
    past = [
        order
        for row in batch.past_orders.get(joining.member.customer_id, ())
        if (order := _past_order(batch, joining, live, batch.orders.get(row.order_id, row))) is not None
    ]
    for order in past:
        batch.apply(order.operation, order.version, _forgotten(order))
    outcomes: list[Outcome] = []
    for order in past:
        pass_time(batch, joining.member, order.operation.at)
        order.operation.operation_id = batch.ids.next()
        outcomes += _judge(batch, live, order)
    if past:
        pass_time(batch, joining.member, joining.at)
        joining.operation_id = batch.ids.next()
    return outcomes


def _past_order(batch: Batch, joining: Operation, live: LiveProgram, row: OrderRow) -> _PastOrder | None:
    if row.paid_at is None or row.status is OrderStatus.CANCELED:
        return None
    version = live.version_at(row.paid_at)
    if version is None or any(_has_given(stored, live.program_id) for stored in _known(row)):
        return None
    operation = Operation(batch.ids.next(), row.order_id, joining.member, row.paid_at)
    paid = OrderPaid(id=row.order_id, at=row.paid_at, order=decode_order(row.body))
    return _PastOrder(row, operation, version, paid, _undone(batch, row, operation, live, []))


def _known(row: OrderRow) -> list[StoredDecision]:
    return decode_decisions(row.decision)


def _has_given(stored: StoredDecision, program_id: int) -> bool:
    """Whether an order was judged by the program already: it earned something, if only a reward."""
    return stored.program == program_id and bool(stored.awards or stored.given)


def _undone(
    batch: Batch, row: OrderRow, operation: Operation, live: LiveProgram, decided: list[StoredDecision]
) -> Event | None:
    """Return the event that takes back what came back of the order, if anything did."""
    if not row.returned:
        return None
    fresh = msgspec.structs.replace(row, returned=None)
    return undo_event(batch, fresh, decided, operation, tuple(row.returned), canceled=False)(live)


def _forgotten(order: _PastOrder) -> tuple[Count, ...]:
    """Return what takes the order's counts, net of what came back, out of the history."""
    counts = [*counts_of(order.version, order.paid)]
    if order.undone is not None:
        counts += counts_of(order.version, order.undone)
    return tuple(Count(count.metric, count.period, -count.amount) for count in counts)


def _judge(batch: Batch, live: LiveProgram, order: _PastOrder) -> list[Outcome]:
    outcomes = decide_in_program(batch, order.operation, live, order.version, order.paid)
    given = [outcome for outcome in outcomes[1:] if outcome.decision.given is not None]
    decided = decode_decisions(store_outcomes([*outcomes[:1], *given]))
    others = [stored for stored in _known(order.row) if stored.program != live.program_id]
    batch.orders.setdefault(order.row.order_id, order.row)
    decision = encode_decisions([*others, *decided])
    batch.put_order(msgspec.structs.replace(order.row, decision=decision))
    undone = _undone(batch, order.row, order.operation, live, decided)
    if undone is not None:
        outcomes += decide_in_program(batch, order.operation, live, order.version, undone)
    for outcome in outcomes:
        outcome.apart = True
    return outcomes
