"""Which budgets a batch may use, and their rows, locked after the customers in sorted order.

Known before anything is decided: they follow from the instants at which the batch may decide, and for
budgets of a location or an attribute from the orders and events themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from asyncpg import Connection

from perennial.core.budget_numbers import holder_of, number_of
from perennial.core.limits import Holder
from perennial.core.order import Order, Scalar
from perennial.core.today import today_of
from perennial.core.version import Version
from perennial.flows.batch import Batch
from perennial.flows.commands import Command, PostEvent, PostReturn, PutCustomer, PutOrder
from perennial.store.budgets import BudgetKey, lock_budgets
from perennial.store.orders import OrderRow, decode_order
from perennial.units import Instant

Brought = tuple[Order | None, Mapping[str, Scalar]]
"""What is decided: an order, and the attributes that it or an event brings."""


async def load_budgets(conn: Connection, batches: Sequence[Batch], commands: Sequence[Command]) -> None:
    """Lock every budget that deciding ``commands`` may use; all ``batches`` see the same figures."""
    keys = {key for batch in batches for key in _keys(batch, commands)}
    if keys:
        spent = await lock_budgets(conn, batches[0].workspace.workspace_id, keys)
        for batch in batches:
            batch.spent = spent


def budget_keys(
    version: Version, instants: Iterable[Instant], brought: Iterable[Brought] = ()
) -> Iterator[BudgetKey]:
    """Return the budgets that ``version`` may use at some of ``instants`` for some of what is ``brought``."""
    days = [today_of(version, at).budgets for at in instants]
    for place, budget in enumerate(version.budgets):
        periods = {periods[place] for periods in days}
        if budget.holder is Holder.TOTAL:
            for period in periods:
                yield BudgetKey(budget.number, period, budget.cap)
            continue
        holders = {holder_of(budget, order, attributes) for order, attributes in brought}
        for holder in holders - {None}:
            shown = holder if budget.holder is Holder.LOCATION else None
            for period in periods:
                number = number_of(budget, holder or "")
                yield BudgetKey(number, period, budget.cap, budget.number, shown)


def instant_of(batch: Batch, command: Command) -> Instant:
    """Return the business instant of a command: its own, or now."""
    at = None if isinstance(command, PutCustomer) else command.at
    return batch.now if at is None else at


def _keys(batch: Batch, commands: Sequence[Command]) -> set[BudgetKey]:
    """Return every budget that the batch may use: those of its events and its timers."""
    versions = [version for live in batch.workspace.programs for version in live.versions]
    if not any(version.budgets for version in versions):
        return set()
    instants = _instants(batch, commands)
    holders = any(version.has_holders for version in versions)
    brought = list(_brought(batch, commands)) if holders else []
    keys: set[BudgetKey] = set()
    for live in batch.workspace.programs:
        at_version: dict[int, list[Instant]] = {}
        for at in instants:
            version = live.version_at(at)
            if version is not None and version.budgets:
                at_version.setdefault(version.number, []).append(at)
        for number, decided_at in at_version.items():
            keys.update(budget_keys(live.version(number), decided_at, brought))
    return keys


def _instants(batch: Batch, commands: Sequence[Command]) -> set[Instant]:
    """Return the instants as of which something may be decided: of the commands, stored orders and timers."""
    instants = {batch.now, *(instant_of(batch, command) for command in commands)}
    instants.update(row.paid_at for row in batch.orders.values() if row.paid_at is not None)
    instants.update(due for due in batch.loaded_dues.values() if due is not None)
    for rows in batch.past_orders.values():
        instants.update(row.paid_at for row in rows if row.paid_at is not None)
    return instants


def _brought(batch: Batch, commands: Sequence[Command]) -> Iterator[Brought]:
    """Return the orders and attributes that may be judged: those that are sent, and those that are stored."""
    for command in commands:
        if isinstance(command, PutOrder):
            yield command.order, command.order.attributes
        elif isinstance(command, PostEvent):
            yield None, command.attributes
    for command in commands:
        if isinstance(command, PutOrder | PostReturn):
            name = command.id if isinstance(command, PutOrder) else command.order
            row = batch.orders.get(batch.name("order", name))
            if row is not None:
                yield from _stored(row)
    for rows in batch.past_orders.values():
        for row in rows:
            yield from _stored(row)


def _stored(row: OrderRow) -> Iterator[Brought]:
    if row.body:
        order = decode_order(row.body)
        yield order, order.attributes
