"""Whose an order is: a return names the order only."""

from __future__ import annotations

from perennial.flows.problems import customer_erased, problem
from perennial.store.customers.customers import read_customers
from perennial.store.database import Database
from perennial.store.external_ids import IdKind, find_external_ids
from perennial.units import named_id


async def owner_of_order(database: Database, workspace_id: int, order: str) -> str | None:
    """Return the caller's id of the customer whose order this is, or None if it is a guest's.

    Raises a 404 for an unknown order, and a 410 for that of an erased customer.
    """
    order_id = named_id(workspace_id, "order", order)
    async with database.transaction(workspace_id) as conn:
        found = await find_external_ids(conn, workspace_id, IdKind.ORDER, [order_id])
        if order_id not in found:
            raise problem(404, "order_unknown", f"There is no order {order!r}.")
        bucket, customer_id = found[order_id]
        if customer_id == order_id:
            return None
        customers = await read_customers(conn, workspace_id, bucket, [customer_id])
    if customers[customer_id].erased_at is not None:
        raise customer_erased()
    return customers[customer_id].external_id
