"""``POST /v1/orders/{id}/returns``: units of an order's lines come back."""

from __future__ import annotations

import msgspec

from perennial.core.member import Member
from perennial.core.orders.order import OrderStatus, line_ids, returned_parts
from perennial.flows.answers import Answer
from perennial.flows.batch import Batch
from perennial.flows.commands import PostReturn
from perennial.flows.handling.answering import decided, encode_answer
from perennial.flows.handling.decide_event import decide_event
from perennial.flows.handling.decide_program import event_row
from perennial.flows.handling.giving_back import give_back_with_order
from perennial.flows.handling.guest_orders import return_guest_order
from perennial.flows.handling.kept_points import keeper_of
from perennial.flows.handling.order_steps import returned_after
from perennial.flows.handling.undoing import undo_event
from perennial.flows.once import body_of, replayed
from perennial.flows.problems import problem
from perennial.flows.stored import decode_decisions
from perennial.store.events import EventKind
from perennial.store.external_ids import IdKind
from perennial.store.orders import decode_order


def handle_return(batch: Batch, command: PostReturn) -> Answer:
    """Take back what the returned units earned, exactly, and count them as returned."""
    order_id = batch.name("order", command.order)
    if command.customer is None and batch.external.get((IdKind.ORDER, order_id)) == order_id:
        return return_guest_order(batch, command)
    member = _returning(batch, command)
    event_id = batch.name("return", command.id)
    body = body_of(command)
    earlier = replayed(batch, IdKind.RETURN, event_id, member.customer_id, command.id, body)
    if earlier is not None:
        return earlier
    known = batch.orders.get(batch.name("order", command.order))
    if known is None or known.customer_id != member.customer_id:
        raise problem(404, "order_unknown", f"There is no order {command.order!r}.")
    if known.status is OrderStatus.CANCELED:
        raise problem(422, "order_canceled", f"Order {command.order!r} is canceled.")
    if known.paid_at is None:
        raise problem(422, "order_not_paid", f"Order {command.order!r} is not paid.")
    order = decode_order(known.body)
    before = list(known.returned or [0] * len(order.lines))
    after = returned_after(order, before, command)
    at = max(command.at if command.at is not None else batch.now, known.paid_at)
    operation = batch.operation(member, event_id, at)
    operation.keeper = keeper_of(batch, known)
    stored = decode_decisions(known.decision)
    outcomes = decide_event(
        batch, operation, undo_event(batch, known, stored, operation, tuple(after), canceled=False)
    )
    units = dict(zip(line_ids(order), after, strict=True))
    give_back_with_order(batch, operation, known.order_id, units, canceled=False)
    batch.claim(IdKind.RETURN, event_id, member.customer_id)
    answer = encode_answer(decided(batch, member, command.id, outcomes))
    net, cost = returned_parts(order, after)
    batch.put_order(msgspec.structs.replace(known, returned=after, returned_net=net, returned_cost=cost))
    row = event_row(
        batch,
        operation,
        EventKind.RETURN,
        outcomes,
        external_id=command.id,
        source=known.order_id,
        body=body,
        answer=answer,
    )
    batch.put_event(row)
    return Answer(status=201, body=answer)


def _returning(batch: Batch, command: PostReturn) -> Member:
    """Return the member whose order comes back, as it says or as the order says."""
    if command.customer is not None:
        return batch.member_of(command.customer)
    order_id = batch.name("order", command.order)
    owner = batch.external.get((IdKind.ORDER, order_id))
    if owner is None:
        raise problem(404, "order_unknown", f"There is no order {command.order!r}.")
    if owner in batch.erased:
        raise batch.gone(owner)
    return batch.members[owner]
