"""What an order may become: the steps that are the same for members and guests."""

from __future__ import annotations

import msgspec

from perennial.core.orders.order import Order, OrderStatus, line_ids
from perennial.flows.commands import PostReturn, PutOrder
from perennial.flows.problems import field_problem, problem
from perennial.store.orders import OrderRow, decode_order, encode_order

_RANK = {
    OrderStatus.CREATED: 0,
    OrderStatus.PAID: 1,
    OrderStatus.FULFILLED: 2,
    OrderStatus.CANCELED: 3,
}


def is_same(known: OrderRow, command: PutOrder) -> bool:
    """Whether a command brings what is stored already."""
    return known.body == encode_order(command.order) and command.at in (None, known.occurred_at)


def as_brought(known: OrderRow, command: PutOrder) -> PutOrder:
    """Return the command as if it came from who sent the order first: whoever sends a change, that stays."""
    redeemer = decode_order(known.body).redeemer
    return msgspec.structs.replace(command, order=msgspec.structs.replace(command.order, redeemer=redeemer))


def content_of(order: Order) -> Order:
    """Return what is in an order, whatever its status is."""
    return msgspec.structs.replace(order, status=OrderStatus.PAID)


def refuse_backward(known: OrderRow, command: PutOrder) -> None:
    """Refuse what moves an order back; what is canceled stays so."""
    before, after = known.status, command.order.status
    if before is OrderStatus.CANCELED:
        raise problem(422, "order_canceled", f"Order {command.id!r} is canceled; that is final.")
    if _RANK[after] < _RANK[before]:
        raise field_problem("$.status", "status_backward", f"cannot go from {before} back to {after}")


def returned_after(order: Order, before: list[int], command: PostReturn) -> list[int]:
    """Return the returned units of every line after this return; refuse more than were bought."""
    if not command.lines:
        after = [line.quantity for line in order.lines]
        if after == before:
            raise problem(422, "nothing_to_return", "Everything of the order was returned before.")
        return after
    index = {line_id: position for position, line_id in enumerate(line_ids(order))}
    after = list(before)
    for position, returned in enumerate(command.lines):
        line = index.get(returned.line)
        if line is None:
            raise field_problem(
                f"$.lines[{position}].line", "line_unknown", f"the order has no line {returned.line!r}"
            )
        after[line] += returned.quantity
        left = order.lines[line].quantity - before[line]
        if after[line] > order.lines[line].quantity:
            raise field_problem(
                f"$.lines[{position}].quantity", "too_many_returned", f"only {left} can still be returned"
            )
    return after
