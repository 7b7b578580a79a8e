"""Orders as they are stored: their figures in columns, their content in compact bytes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import msgspec
from asyncpg import Connection, Record

from perennial.core.orders.order import Line, Order, OrderStatus, Redeemer
from perennial.store.answer_text import restore_answer, shorten_answer
from perennial.units import Instant, Minor

_STATUS_NUMBERS = {
    OrderStatus.CREATED: 1,
    OrderStatus.PAID: 2,
    OrderStatus.FULFILLED: 3,
    OrderStatus.CANCELED: 4,
}
"""The numbers are stored: never change or reuse one."""

_STATUSES = {number: status for status, number in _STATUS_NUMBERS.items()}


class OrderRow(msgspec.Struct):
    """One row of ``orders``.

    ``operation_id`` is the operation that wrote the present revision, ``paid_at`` the instant at which
    the order was judged, ``body`` the order (:func:`encode_order`), ``decision`` what the programs
    decided, ``answer`` the JSON that was answered, and ``returned`` the returned units of each line
    (None: nothing came back). For reports alone: the ``currency`` and the ``location`` that the order names,
    what it ``cost`` the shop, and which parts of net and cost came back; None where there is nothing to say.
    ``kept_by`` is the household that keeps the points of the order since its buyer left it
    (``store/customers/households.py`` alone writes it). ``redeemed_on`` tells, of an order that was loaded,
    whether its buyer redeemed or held anything on it.
    """

    customer_id: UUID
    order_id: UUID
    operation_id: UUID
    status: OrderStatus
    revision: int
    external_id: str
    net: Minor
    occurred_at: Instant
    paid_at: Instant | None
    recorded_at: Instant
    body: bytes
    decision: bytes
    answer: bytes
    returned: list[int] | None = None
    currency: str | None = None
    cost: Minor | None = None
    returned_net: Minor | None = None
    returned_cost: Minor | None = None
    location: str | None = None
    kept_by: UUID | None = None
    redeemed_on: bool = False


_COLUMNS = """customer_id, order_id, operation_id, status, revision, external_id, net, occurred_at,
    paid_at, recorded_at, body, decision, answer, returned, currency, cost, returned_net, returned_cost,
    location"""

_LOAD_ORDERS = f"""
select found.*
from unnest($3::uuid[], $4::uuid[]) as wanted (customer_id, order_id)
cross join lateral (
    select {_COLUMNS}, kept_by, exists (
        select from redemptions
        where bucket = $2 and workspace_id = $1 and customer_id = wanted.customer_id
            and order_id = wanted.order_id
    ) as redeemed_on
    from orders
    where bucket = $2 and workspace_id = $1 and customer_id = wanted.customer_id
        and order_id = wanted.order_id
    offset 0
) as found
"""

_LOAD_PAID_BEFORE = """
select paid_at, body, count(*) over () from orders
where bucket = $2 and workspace_id = $1 and customer_id = $3 and order_id <> $4
    and paid_at <= $5 and status <> 4
order by paid_at desc, order_id desc
limit $6
"""

INSERT_ORDERS = f"""
insert into orders (bucket, workspace_id, {_COLUMNS})
select $2, $1, new.*
from unnest($3::order_row[]) as new
"""

UPDATE_ORDERS = """
update orders as known
set operation_id = new.operation_id, status = new.status, revision = new.revision,
    external_id = new.external_id, net = new.net, occurred_at = new.occurred_at, paid_at = new.paid_at,
    recorded_at = new.recorded_at, body = new.body, decision = new.decision, answer = new.answer,
    returned = new.returned, currency = new.currency, cost = new.cost, returned_net = new.returned_net,
    returned_cost = new.returned_cost, location = new.location
from unnest($3::order_row[]) as new
where known.bucket = $2 and known.workspace_id = $1
    and known.customer_id = any($4::uuid[])
    and known.order_id = any($5::uuid[])
    and known.customer_id = new.customer_id and known.order_id = new.order_id
"""

_DELETE_GUEST_ORDER = """
delete from orders
where bucket = $2 and workspace_id = $1 and customer_id = $3 and order_id = $3
"""


def _order(record: Record) -> OrderRow:
    values = list(record)
    values[3] = _STATUSES[values[3]]
    values[12] = restore_answer(values[12])
    return OrderRow(*values)


def order_records(rows: Iterable[OrderRow]) -> list[tuple[Any, ...]]:
    """Return orders as they travel: the type ``order_row``."""
    return [
        (
            row.customer_id,
            row.order_id,
            row.operation_id,
            _STATUS_NUMBERS[row.status],
            row.revision,
            row.external_id,
            row.net,
            row.occurred_at,
            row.paid_at,
            row.recorded_at,
            row.body,
            row.decision,
            shorten_answer(row.answer),
            row.returned,
            row.currency,
            row.cost,
            row.returned_net,
            row.returned_cost,
            row.location,
        )
        for row in rows
    ]


async def load_orders(
    conn: Connection, ws: int, bucket: int, keys: list[tuple[UUID, UUID]]
) -> dict[UUID, OrderRow]:
    """Return the stored orders among ``(customer_id, order_id)``, by order id."""
    if not keys:
        return {}
    customers, orders = zip(*sorted(set(keys)), strict=True)
    rows = await conn.fetch(_LOAD_ORDERS, ws, bucket, customers, orders)
    return {row[1]: _order(row) for row in rows}


async def load_paid_before(
    conn: Connection, ws: int, bucket: int, row: OrderRow, limit: int
) -> tuple[list[tuple[Instant, Order]], int]:
    """Return what the customer of a paid order had paid before it and not canceled, and how many that are.

    The latest ``limit`` of them, the oldest of these first.
    """
    found = await conn.fetch(_LOAD_PAID_BEFORE, ws, bucket, row.customer_id, row.order_id, row.paid_at, limit)
    orders = [(paid_at, decode_order(body)) for paid_at, body, _ in reversed(found) if body]
    return orders, found[0][2] if found else 0


async def delete_guest_orders(conn: Connection, ws: int, bucket: int, order_ids: list[UUID]) -> None:
    """Remove guests' orders (their customer is the order itself) that now belong to a customer."""
    await conn.executemany(_DELETE_GUEST_ORDER, [(ws, bucket, order_id) for order_id in order_ids])


_encode = msgspec.msgpack.Encoder(order="deterministic").encode
_decode = msgspec.msgpack.Decoder().decode


def _trimmed(values: list[Any]) -> list[Any]:
    """Drop the empty values at the end; zero, empty and missing are told apart on reading by place."""
    while values and not values[-1]:
        values.pop()
    return values


def encode_order(order: Order) -> bytes:
    """Write an order as a positional msgpack array; equal orders give equal bytes.

    Left out, from the end of each array: what has its default.
    """
    lines = [_line_values(line) for line in order.lines]
    head = [
        _STATUS_NUMBERS[order.status],
        lines,
        order.currency,
        order.location,
        order.channel,
        order.discount,
        order.shipping,
        order.tax,
        order.codes,
        order.attributes,
        _redeemer_values(order.redeemer),
    ]
    return _encode(_trimmed(head))


def _line_values(line: Line) -> list[Any]:
    # Most lines have no more than these; to make the others and drop them again takes half of the time.
    values = [line.sku, line.amount, line.quantity - 1, line.categories, line.brand]
    if line.discount or line.id or line.attributes or line.cost is not None or line.floor is not None:
        values += [
            line.discount,
            line.id,
            None if line.cost is None else line.cost + 1,
            line.attributes,
            None if line.floor is None else line.floor + 1,
        ]
    return values if values[-1] else _trimmed(values)


def decode_order(body: bytes) -> Order:
    """Read what :func:`encode_order` wrote."""
    values = _decode(body)
    values += _EMPTY_HEAD[len(values) :]
    status, lines, currency, location, channel, discount, shipping, tax, codes, attributes, redeemer = values
    return Order(
        status=_STATUSES[status],
        lines=tuple(_line(line) for line in lines or ()),
        currency=currency or None,
        discount=discount or 0,
        shipping=shipping or 0,
        tax=tax or 0,
        location=location or None,
        channel=channel or None,
        codes=tuple(codes or ()),
        attributes=attributes or {},
        redeemer=Redeemer(**dict(zip(_OF_REDEEMERS, redeemer, strict=False))) if redeemer else None,
    )


def _redeemer_values(redeemer: Redeemer | None) -> list[str | None]:
    if redeemer is None:
        return []
    return _trimmed([redeemer.key, redeemer.staff, redeemer.role, redeemer.device])


_OF_REDEEMERS = ("key", "staff", "role", "device")
_EMPTY_HEAD: list[Any] = [None] * 11
_EMPTY_LINE: list[Any] = [None] * 10


def _line(values: list[Any]) -> Line:
    values += _EMPTY_LINE[len(values) :]
    sku, amount, more, categories, brand, discount, line_id, cost, attributes, floor = values
    return Line(
        sku=sku,
        amount=amount or 0,
        quantity=(more or 0) + 1,
        id=line_id or None,
        discount=discount or 0,
        categories=tuple(categories or ()),
        brand=brand or None,
        cost=cost - 1 if cost else None,
        floor=floor - 1 if floor else None,
        attributes=attributes or {},
    )
