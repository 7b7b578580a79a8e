"""Orders as they are read: what is stored, what came back, and the answer of the last change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec
from asyncpg import Connection

from perennial.core.orders.order import Order
from perennial.flows.configuration import Workspace
from perennial.flows.handle_events import Handler
from perennial.flows.loading.households import places_of_households
from perennial.flows.problems import problem
from perennial.flows.reading import bucket_of_customer
from perennial.store.customers.customers import read_customers, read_customers_at
from perennial.store.external_ids import IdKind, find_external_ids
from perennial.store.orders import OrderRow, decode_order, load_orders
from perennial.units import format_instant, named_id

_AT_ONCE = 200


class OrderView(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """An order as it is stored, what was returned of it, and the answer of its last change.

    ``kept_by`` is the household that keeps its points since the customer has left it.
    """

    id: str
    customer: str | None
    revision: int
    occurred_at: str
    paid_at: str | None
    order: Order
    returned: dict[str, int]
    answer: msgspec.Raw
    kept_by: str | None = None


async def read_order(handler: Handler, workspace_id: int, external_id: str) -> OrderView:
    """Return an order with the answer of its last change, or raise the 404."""
    async with handler.database.snapshot(workspace_id) as conn:
        _, row, customer = await load_order(conn, workspace_id, external_id)
        keepers: dict[UUID, str] = {}
        if customer is not None and row.kept_by is not None:
            workspace = await handler.configurations.current(conn, workspace_id)
            keepers = await _names_of_keepers(conn, workspace, customer, [row])
    return _order_view(row, customer, keepers)


async def read_orders(
    handler: Handler, workspace_id: int, customer: str, external_ids: Sequence[str]
) -> tuple[OrderView, ...]:
    """Return those of a customer's orders that are there, all as of one moment."""
    customer_id = named_id(workspace_id, "customer", customer)
    keys = [(customer_id, named_id(workspace_id, "order", each)) for each in external_ids]
    found: list[OrderView] = []
    async with handler.database.snapshot(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        bucket = bucket_of_customer(workspace, customer)
        for begin in range(0, len(keys), _AT_ONCE):
            page = keys[begin : begin + _AT_ONCE]
            rows = await load_orders(conn, workspace_id, bucket, page)
            there = [row for _, order_id in page if (row := rows.get(order_id)) is not None and row.body]
            keepers = await _names_of_keepers(conn, workspace, customer, there)
            found += [_order_view(row, customer, keepers) for row in there]
    return tuple(found)


async def _names_of_keepers(
    conn: Connection, workspace: Workspace, customer: str, rows: Sequence[OrderRow]
) -> dict[UUID, str]:
    """Return the names of the households that keep points of a customer's orders, if they were not erased."""
    ids = sorted({row.kept_by for row in rows if row.kept_by is not None})
    if not ids:
        return {}
    ws, bucket = workspace.workspace_id, bucket_of_customer(workspace, customer)
    if len(workspace.row.buckets) == 1:
        households = await read_customers(conn, ws, bucket, ids)
    else:
        homes = await places_of_households(conn, ws, ids)
        households = await read_customers_at(conn, ws, [(home, each) for each, home in homes.items()])
    return {each: row.external_id for each, row in households.items() if row.erased_at is None}


def _order_view(row: OrderRow, customer: str | None, keepers: Mapping[UUID, str]) -> OrderView:
    order = decode_order(row.body)
    returned = row.returned or [0] * len(order.lines)
    return OrderView(
        id=row.external_id,
        customer=customer,
        kept_by=None if row.kept_by is None else keepers.get(row.kept_by),
        revision=row.revision,
        occurred_at=format_instant(row.occurred_at),
        paid_at=None if row.paid_at is None else format_instant(row.paid_at),
        order=order,
        returned={
            line.id or str(position): count
            for position, (line, count) in enumerate(zip(order.lines, returned, strict=True), 1)
            if count
        },
        answer=msgspec.Raw(row.answer),
    )


async def load_order(
    conn: Connection, workspace_id: int, external_id: str
) -> tuple[int, OrderRow, str | None]:
    """Return the bucket and row of an order and its customer's own id (None: a guest's), or raise the 404."""
    order_id = named_id(workspace_id, "order", external_id)
    found = await find_external_ids(conn, workspace_id, IdKind.ORDER, [order_id])
    if order_id not in found:
        raise problem(404, "order_unknown", f"There is no order {external_id!r}.")
    bucket, customer_id = found[order_id]
    row = (await load_orders(conn, workspace_id, bucket, [(customer_id, order_id)]))[order_id]
    if not row.body:  # its customer was erased
        raise problem(404, "order_unknown", f"There is no order {external_id!r}.")
    return bucket, row, await _customer_name(conn, workspace_id, bucket, customer_id)


async def _customer_name(conn: Connection, workspace_id: int, bucket: int, customer_id: UUID) -> str | None:
    customers = await read_customers(conn, workspace_id, bucket, [customer_id])
    return customers[customer_id].external_id if customer_id in customers else None
