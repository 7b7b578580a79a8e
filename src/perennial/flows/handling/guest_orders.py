"""Orders without a customer, stored under their own ids: they earn nothing, and what they used comes back."""

from __future__ import annotations

from uuid import UUID

import msgspec

from perennial.core.member import Member
from perennial.core.orders.order import OrderStatus, cost_of, line_ids, net_amounts, returned_parts
from perennial.flows.answers import Answer, Decided
from perennial.flows.batch import Batch, Operation
from perennial.flows.commands import PostReturn, PutOrder
from perennial.flows.handling.answering import encode_answer
from perennial.flows.handling.giving_back import give_back_with_order
from perennial.flows.handling.order_steps import (
    as_brought,
    content_of,
    is_same,
    refuse_backward,
    returned_after,
)
from perennial.flows.once import body_of, replayed
from perennial.flows.problems import field_problem, problem
from perennial.store.events import EventKind, EventRow
from perennial.store.external_ids import IdKind
from perennial.store.orders import OrderRow, decode_order, encode_order
from perennial.units import Instant

_NOTE = "guest: earns nothing until a customer is attached"


def put_guest_order(batch: Batch, command: PutOrder) -> Answer:
    """Store the order of a guest under its own id: it earns nothing until a customer claims it."""
    order_id = batch.name("order", command.id)
    owner = batch.external.get((IdKind.ORDER, order_id))
    known = batch.orders.get(order_id)
    if owner is not None and owner != order_id:
        raise field_problem("$.customer", "id_conflict", "the order has a customer; it cannot lose it")
    if known is not None:
        command = as_brought(known, command)
    order = command.order
    if known is not None and is_same(known, command):
        return Answer(status=200, body=known.answer, replayed=True)
    if known is not None:
        refuse_backward(known, command)
        if known.returned and content_of(decode_order(known.body)) != content_of(order):
            raise problem(
                422, "order_has_returns", f"Order {command.id!r} has returns and cannot be changed."
            )
    at = command.at if command.at is not None else (known.occurred_at if known else batch.now)
    operation = _operation(batch, order_id, _moved(batch, command, known))
    if order.status is OrderStatus.CANCELED:
        give_back_with_order(batch, operation, order_id, {}, canceled=True)
    revision = known.revision + 1 if known else 1
    answer = Decided(id=command.id, customer=None, status=order.status.value, revision=revision, note=_NOTE)
    if known is None:
        batch.claim(IdKind.ORDER, order_id, order_id)
    batch.put_order(
        OrderRow(
            customer_id=order_id,
            order_id=order_id,
            operation_id=operation.operation_id,
            status=order.status,
            revision=revision,
            external_id=command.id,
            net=sum(net_amounts(order)),
            occurred_at=at,
            paid_at=None,
            recorded_at=batch.now,
            body=encode_order(order),
            decision=b"",
            answer=(body := encode_answer(answer)),
            returned=known.returned if known else None,
            returned_net=known.returned_net if known else None,
            returned_cost=known.returned_cost if known else None,
            currency=order.currency,
            cost=cost_of(order),
            location=order.location,
        )
    )
    return Answer(status=200 if known else 201, body=body)


def return_guest_order(batch: Batch, command: PostReturn) -> Answer:
    """Count units of a guest's order as returned, and give back their share of what was used on it."""
    order_id, event_id = batch.name("order", command.order), batch.name("return", command.id)
    body = body_of(command)
    earlier = replayed(batch, IdKind.RETURN, event_id, order_id, command.id, body)
    if earlier is not None:
        return earlier
    known = batch.orders[order_id]
    if known.status is OrderStatus.CANCELED:
        raise problem(422, "order_canceled", f"Order {command.order!r} is canceled.")
    if known.status is OrderStatus.CREATED:
        raise problem(422, "order_not_paid", f"Order {command.order!r} is not paid.")
    order = decode_order(known.body)
    after = returned_after(order, list(known.returned or [0] * len(order.lines)), command)
    at = max(command.at if command.at is not None else batch.now, known.occurred_at)
    operation = _operation(batch, order_id, at, event_id)
    units = dict(zip(line_ids(order), after, strict=True))
    give_back_with_order(batch, operation, order_id, units, canceled=False)
    batch.claim(IdKind.RETURN, event_id, order_id)
    answer = encode_answer(Decided(id=command.id, customer=None, note=_NOTE))
    net, cost = returned_parts(order, after)
    batch.put_order(msgspec.structs.replace(known, returned=after, returned_net=net, returned_cost=cost))
    batch.put_event(
        EventRow(
            customer_id=order_id,
            event_id=event_id,
            operation_id=operation.operation_id,
            kind=EventKind.RETURN,
            external_id=command.id,
            source_id=order_id,
            occurred_at=at,
            recorded_at=batch.now,
            body=body,
            decision=b"",
            answer=answer,
        )
    )
    return Answer(status=201, body=answer)


def _operation(batch: Batch, order_id: UUID, at: Instant, source_id: UUID | None = None) -> Operation:
    nobody = Member(customer_id=order_id, owner=order_id)
    return batch.operation(nobody, source_id or order_id, at)


def _moved(batch: Batch, command: PutOrder, known: OrderRow | None) -> Instant:
    """Return when the order came to be as it is now."""
    moved = batch.now if known is not None and command.at == known.occurred_at else command.at
    return max(moved if moved is not None else batch.now, known.occurred_at if known else 0)
