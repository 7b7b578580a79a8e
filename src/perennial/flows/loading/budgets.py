"""Which budgets a batch may use, and their rows, locked after the customers in sorted order.

Known before anything is decided: they follow from the instants at which the batch may decide, and for
budgets of a location or an attribute from the orders and events themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

import msgspec
from asyncpg import Connection

from perennial.core.budgets.numbers import holder_of, number_of
from perennial.core.budgets.product_limits import has_limits_by_product, parts_of_products, product_number
from perennial.core.orders.order import Order, Scalar
from perennial.core.terms.limits import Holder
from perennial.core.today import today_of
from perennial.core.version import Version
from perennial.flows.batch import Batch
from perennial.flows.commands import (
    ChangeHold,
    Command,
    PostEvent,
    PostRedemption,
    PostReturn,
    PutOrder,
    ReferralPair,
)
from perennial.store.budgets import BudgetKey, lock_budgets
from perennial.store.orders import decode_order
from perennial.units import Instant


class _Matter(msgspec.Struct):
    """One order or event: when it may be decided, and what it brings (before and after it is changed)."""

    instants: set[Instant] = msgspec.field(default_factory=set)
    brings: list[tuple[Order | None, Mapping[str, Scalar]]] = msgspec.field(default_factory=list)

    def add(self, order: Order) -> None:
        """Let the order be what is decided."""
        self.brings.append((order, order.attributes))


async def load_budgets(conn: Connection, batches: Sequence[Batch], commands: Sequence[Command]) -> None:
    """Lock every budget that deciding ``commands`` may use; all ``batches`` see the same figures."""
    keys = {key for batch in batches for key in _keys(batch, commands)}
    if keys:
        spent = await lock_budgets(conn, batches[0].workspace.workspace_id, keys)
        for batch in batches:
            batch.spent = spent


def budgets_of_order(version: Version, at: Instant, order: Order | None) -> set[BudgetKey]:
    """Return the budgets that ``version`` may use at ``at`` for an order or a cart; None is no order."""
    attributes = {} if order is None else order.attributes
    return {*_totals(version, at), *_parts(version, at, order, attributes), *_products(version, at, order)}


def instant_of(batch: Batch, command: Command) -> Instant:
    """Return the business instant of a command: its own, or now; a guest's order keeps its own."""
    at: Instant | None = getattr(command, "at", None)  # what is known of a customer has no instant
    if at is None and batch.orders and type(command) is PutOrder and command.customer is not None:
        known = batch.orders.get(batch.name("order", command.id))
        if known is not None and known.customer_id == known.order_id:
            return known.occurred_at
    return batch.now if at is None else at


def _keys(batch: Batch, commands: Sequence[Command]) -> set[BudgetKey]:
    """Return every budget that the batch may use: those of its events and its timers."""
    versions = [version for live in batch.workspace.programs for version in live.versions]
    if not any(version.budgets for version in versions):
        return set()
    keys: set[BudgetKey] = set()
    for at in _instants(batch, commands):
        for version in _valid_at(batch, at):
            keys.update(_totals(version, at))
    if any(version.has_holders or has_limits_by_product(version) for version in versions):
        for matter in _matters(batch, commands):
            for at in matter.instants:
                for version in _valid_at(batch, at):
                    for order, attributes in matter.brings:
                        keys.update(_parts(version, at, order, attributes))
                        keys.update(_products(version, at, order))
    return keys


def _valid_at(batch: Batch, at: Instant) -> Iterator[Version]:
    for live in batch.workspace.programs:
        version = live.version_at(at)
        if version is not None and version.budgets:
            yield version


def _totals(version: Version, at: Instant) -> Iterator[BudgetKey]:
    for budget, period in zip(version.budgets, today_of(version, at).budgets, strict=True):
        if budget.holder is Holder.TOTAL and not budget.by_product:
            yield BudgetKey(budget.number, period, budget.cap)


def _parts(
    version: Version, at: Instant, order: Order | None, attributes: Mapping[str, Scalar]
) -> Iterator[BudgetKey]:
    """Return the parts that the order or event has of budgets of a location or an attribute."""
    if not version.has_holders:
        return
    for budget, period in zip(version.budgets, today_of(version, at).budgets, strict=True):
        holder = None if budget.holder is Holder.TOTAL else holder_of(budget, order, attributes)
        if holder is not None:
            shown = holder if budget.holder is Holder.LOCATION else None
            yield BudgetKey(number_of(budget, holder), period, budget.cap, budget.number, shown)


def _products(version: Version, at: Instant, order: Order | None) -> Iterator[BudgetKey]:
    """Return the parts that the products of a cart have of budgets by product."""
    for bound, budget, period, sku in parts_of_products(version, today_of(version, at), order):
        if bound.total:
            yield BudgetKey(product_number(budget, sku), period, budget.cap, budget.number, sku)


def _instants(batch: Batch, commands: Sequence[Command]) -> set[Instant]:
    """Return the instants as of which something may be decided: of the commands, stored orders and timers."""
    instants = {batch.now, *(instant_of(batch, command) for command in commands)}
    instants.update(
        at for command in commands if isinstance(command, ReferralPair) for at in command.given_at
    )
    instants.update(row.paid_at for row in batch.orders.values() if row.paid_at is not None)
    instants.update(loaded.row.issued_at for loaded in batch.entitlements.values())
    instants.update(due for due in batch.loaded_dues.values() if due is not None)
    for rows in batch.past_orders.values():
        instants.update(row.paid_at for row in rows if row.paid_at is not None)
    return instants


def _matters(batch: Batch, commands: Sequence[Command]) -> list[_Matter]:
    """Return the orders and events that may be judged: those that are sent, and those that are stored."""
    orders: dict[UUID, _Matter] = {}
    events: list[_Matter] = []
    for command in commands:
        if isinstance(command, PutOrder):
            matter = orders.setdefault(batch.name("order", command.id), _Matter())
            matter.instants.add(instant_of(batch, command))
            matter.add(command.order)
        elif isinstance(command, PostRedemption | ChangeHold):
            cart = command.order
            events.append(_Matter({instant_of(batch, command)}, [(cart, cart.attributes)]))
        elif isinstance(command, PostEvent):
            events.append(_Matter({instant_of(batch, command)}, [(None, command.attributes)]))
        elif isinstance(command, PostReturn):
            orders.setdefault(batch.name("order", command.order), _Matter())
    past = {row.order_id: row for rows in batch.past_orders.values() for row in rows}
    for order_id in {*orders, *past}:
        row = batch.orders.get(order_id) or past.get(order_id)
        if row is not None and row.body:
            matter = orders.setdefault(order_id, _Matter())
            matter.instants.update({row.occurred_at, row.paid_at or row.occurred_at})
            matter.add(decode_order(row.body))
    return [*orders.values(), *events]
