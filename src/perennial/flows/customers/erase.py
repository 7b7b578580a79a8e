"""``DELETE /v1/customers/{id}``: a person is erased; the books stay balanced.

One transaction, under the customer's lock: what the wallet still holds is closed by postings, then
everything that tells of the person is blanked. A household's wallets stay with those who live in it;
with the last of them it goes too. Erasing twice changes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from uuid import UUID

import msgspec
from asyncpg import Connection, SerializationError

from perennial.core.budgets.giving_back import give_back
from perennial.core.budgets.numbers import numbers_of_order
from perennial.core.effects import Effect
from perennial.core.member import Member, Wallet
from perennial.core.terms.limits import Use
from perennial.core.timers import next_due
from perennial.core.wallets.closing import close_wallet, open_lots, out
from perennial.flows.commands import ExpireHold, PostTransfer, PutHousehold
from perennial.flows.configuration import Workspace, business_now
from perennial.flows.customers.household import put_household
from perennial.flows.handle_events import Handler
from perennial.flows.loading.budgets import budgets_of_order
from perennial.flows.loading.households import places_of_households
from perennial.flows.merged import survivor_name
from perennial.flows.problems import customer_merged, problem
from perennial.ledger.account import Account
from perennial.store.budgets import lock_budgets
from perennial.store.codes.cards import list_cards, lock_cards
from perennial.store.codes.entitlements import EntitlementRow, count_companions, list_to_come
from perennial.store.codes.redemptions import list_held
from perennial.store.customers.customers import CustomerRow, lock_customers, read_customers
from perennial.store.customers.erasure import (
    blank_transfers,
    erase_rows,
    find_households,
    find_inhabited,
    read_transfers,
)
from perennial.store.customers.identifiers import read_identifiers
from perennial.store.customers.merges import find_survivor, list_merges
from perennial.store.effects import Change, write_effects
from perennial.store.events import EventKind, EventRow
from perennial.store.members import load_members
from perennial.store.orders import load_orders
from perennial.store.staff.approvals import erase_approvals
from perennial.store.staff.audit_entries import AuditEntry, insert_audit_entry
from perennial.store.workspaces import WorkspaceRow
from perennial.units import Instant, bucket_of, named_id


class _Erasure(msgspec.Struct):
    """One erasure under way: whom it concerns, and what their wallets come to.

    ``emptied`` are the households that nobody else lives in, ``inhabited`` the others that the customer
    has ever entered, ``homes`` the buckets in which they lie.
    """

    handler: Handler
    workspace: Workspace
    bucket: int
    now: Instant
    customer_id: UUID
    emptied: list[UUID]
    inhabited: list[UUID]
    homes: dict[UUID, int]
    changes: list[Change] = []
    events: list[EventRow] = []
    dues: dict[UUID, Instant | None] = {}

    @property
    def erased(self) -> list[UUID]:
        """Everybody who is erased: the customer, and the households that nobody lives in any more."""
        return [self.customer_id, *self.emptied]

    def by_bucket(self, ids: Iterable[UUID]) -> list[tuple[int, list[UUID]]]:
        """Return customers and households by the buckets in which they lie, ascending."""
        found: dict[int, list[UUID]] = {}
        for each in ids:
            found.setdefault(self.homes.get(each, self.bucket), []).append(each)
        return sorted(found.items())

    def close(self, owner: UUID, effects: dict[int, list[Effect]]) -> None:
        """Note what happens to the wallets of an owner, by unit, as one operation."""
        self.note(owner, [(*_issuer(self.workspace, unit), of_unit) for unit, of_unit in effects.items()])

    def note(self, owner: UUID, parts: Sequence[tuple[int, int, Sequence[Effect]]]) -> None:
        """Note what changes for an owner as one operation: effects, each with its program and version."""
        if not any(effects for _, _, effects in parts):
            return
        event_id, operation_id = self.handler.ids.next(), self.handler.ids.next()
        self.changes += [
            Change(
                customer_id=owner,
                owner=owner,
                operation_id=operation_id,
                source_id=event_id,
                program_id=program_id,
                version=version,
                at=self.now,
                effects=tuple(effects),
            )
            for program_id, version, effects in parts
        ]
        self.events.append(self._event(owner, event_id, operation_id))

    def _event(self, owner: UUID, event_id: UUID, operation_id: UUID) -> EventRow:
        return EventRow(
            customer_id=owner,
            event_id=event_id,
            operation_id=operation_id,
            kind=EventKind.ERASURE,
            external_id="",
            source_id=None,
            occurred_at=self.now,
            recorded_at=self.now,
            body=b"",
            decision=b"",
            answer=b"",
        )


async def erase_customer(
    handler: Handler, workspace_id: int, customer: str, actor: str, reason: str = ""
) -> None:
    """Erase a customer for good, or raise the 404; the audit log keeps the ``actor`` and the ``reason``.

    What the customer holds for an order is released first.
    """
    await handler.retrying(lambda: _erase(handler, workspace_id, customer, actor, reason))


async def _erase(handler: Handler, workspace_id: int, customer: str, actor: str, reason: str) -> None:
    await _release_holds(handler, workspace_id, customer)
    await _move_out(handler, workspace_id, customer, actor)
    async with handler.database.transaction(workspace_id) as conn:
        workspace = await handler.configurations.recent(conn, workspace_id)
        bucket = bucket_of(customer, workspace.row.bucket_base, workspace.row.bucket_count)
        customer_id = named_id(workspace_id, "customer", customer)
        row = (await lock_customers(conn, workspace_id, bucket, [customer_id])).get(customer_id)
        if row is None:
            raise problem(404, "customer_unknown", f"There is no customer {customer!r}.")
        if row.erased_at is not None:
            survivor = await survivor_name(conn, workspace_id, (bucket, customer_id))
            if survivor is not None:
                raise customer_merged(survivor)
            return
        if await list_held(conn, workspace_id, bucket, customer_id):
            raise SerializationError("something was held for the customer meanwhile")
        workspace = await handler.configurations.current(conn, workspace_id)
        emptied, inhabited, homes = await _households(conn, workspace.row, bucket, customer_id)
        erasure = _Erasure(
            handler, workspace, bucket, business_now(workspace), customer_id, emptied, inhabited, homes
        )
        await _close(conn, erasure)
        await _free_stock(conn, erasure)
        others = await _other_sides(conn, erasure)
        await _write(conn, erasure)
        merged = await list_merges(conn, workspace_id, bucket, customer_id)
        known = await read_identifiers(conn, workspace_id, bucket, [customer_id])
        names = [f"{each.type}:{each.given}" for each in known]
        for name in [customer, *(each.external_id for each in merged)]:
            await erase_approvals(conn, workspace_id, name, names)
        for place, erased in erasure.by_bucket(erasure.erased):
            await erase_rows(conn, workspace_id, place, erased, erasure.now)
        await blank_transfers(conn, workspace_id, others)
        await insert_audit_entry(conn, workspace_id, _entry(erasure, actor, reason))


async def _release_holds(handler: Handler, workspace_id: int, customer: str) -> None:
    """Give back whatever the customer holds, through a batch as everything else."""
    customer_id = named_id(workspace_id, "customer", customer)
    async with handler.database.transaction(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        bucket = bucket_of(customer, workspace.row.bucket_base, workspace.row.bucket_count)
        held = await list_held(conn, workspace_id, bucket, customer_id)
    now = business_now(workspace)
    commands = [
        ExpireHold(customer_id=customer_id.hex, redemption_id=each.hex, bucket=bucket, at=now, early=True)
        for each in held
    ]
    if commands:
        await handler.handle_batch(workspace_id, bucket, commands)


async def _move_out(handler: Handler, workspace_id: int, customer: str, actor: str) -> None:
    """Let the customer leave a household that shares tiers, so that the others' is judged at once."""
    customer_id = named_id(workspace_id, "customer", customer)
    async with handler.database.transaction(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        if not workspace.pools:
            return
        bucket = bucket_of(customer, workspace.row.bucket_base, workspace.row.bucket_count)
        row = (await read_customers(conn, workspace_id, bucket, [customer_id])).get(customer_id)
    # Whoever is put into no household is made by that: it is for those who live in one.
    if row is not None and row.erased_at is None and row.household_id is not None:
        await put_household(
            handler, workspace_id, PutHousehold(customer=customer, household=None, actor=actor)
        )


async def _households(
    conn: Connection, workspace: WorkspaceRow, bucket: int, customer_id: UUID
) -> tuple[list[UUID], list[UUID], dict[UUID, int]]:
    """Lock every household that the customer has ever entered; return the emptied and the inhabited ones.

    With them come the buckets in which they lie. Whoever enters or leaves a household locks it as well, so
    that nobody moves in meanwhile.
    """
    ws = workspace.workspace_id
    entered = await find_households(conn, ws, bucket, customer_id)
    if not entered:
        return [], [], {}
    homes = dict.fromkeys(entered, bucket)
    if len(workspace.buckets) > 1:
        homes |= await places_of_households(conn, ws, entered)
    left: list[UUID] = []
    for place in sorted(set(homes.values())):
        ids = sorted(each for each, home in homes.items() if home == place)
        locked = await lock_customers(conn, ws, place, ids)
        left += [known for known, household in locked.items() if household.erased_at is None]
    inhabited = await find_inhabited(conn, ws, workspace.buckets, sorted(left), customer_id)
    return sorted({*left} - inhabited), sorted(inhabited), homes


async def _close(conn: Connection, erasure: _Erasure) -> None:
    """Close the wallets and gift cards of everybody who is erased, and what the others can never get."""
    workspace_id = erasure.workspace.workspace_id
    cards = await list_cards(conn, workspace_id, erasure.bucket, erasure.customer_id)
    await lock_cards(conn, workspace_id, erasure.bucket, cards)
    members: dict[UUID, Member] = {}
    for bucket, owners in erasure.by_bucket([*erasure.erased, *erasure.inhabited, *cards]):
        members |= await load_members(
            conn,
            workspace_id,
            bucket,
            [CustomerRow(owner, "", erasure.now) for owner in owners],
            lots_for=frozenset(owners),
            reads=lambda _: ({}, {}),
        )
    for owner in erasure.erased:
        wallets = members[owner].wallets
        erasure.close(owner, {unit: close_wallet(unit, wallet) for unit, wallet in wallets.items()})
    for card in cards:
        wallets = members[card].wallets
        erasure.close(card, {unit: close_wallet(unit, wallet) for unit, wallet in wallets.items()})
    for owner in erasure.inhabited:
        wallets = members[owner].wallets
        erasure.close(
            owner, {unit: await _left_waiting(conn, erasure, unit, wallets[unit]) for unit in wallets}
        )
        # The timers of the erased customer looked after the points of the household as well.
        latest = [live.latest for live in erasure.workspace.programs]
        erasure.dues[owner] = next_due(latest, members[owner], erasure.now)


async def _write(conn: Connection, erasure: _Erasure) -> None:
    """Write what the erasure did, with the timers that end or begin, each where the owner lies."""
    dues: dict[UUID, Instant | None] = {**dict.fromkeys(erasure.erased), **erasure.dues}
    owners = {*dues, *(change.owner for change in erasure.changes)}
    for bucket, there in erasure.by_bucket(owners):
        await write_effects(
            conn,
            erasure.workspace.workspace_id,
            bucket,
            erasure.handler.generation,
            [change for change in erasure.changes if change.owner in there],
            {each: dues[each] for each in there if each in dues},
            events=[event for event in erasure.events if event.customer_id in there],
        )


async def _free_stock(conn: Connection, erasure: _Erasure) -> None:
    """Give back to stocks and budgets what claims took of which nothing will be used: seats, goods, money.

    It is what canceling them would give back; the budgets are locked after the customers, as everywhere.
    """
    ws, bucket, customer_id = erasure.workspace.workspace_id, erasure.bucket, erasure.customer_id
    claims: dict[UUID, list[EntitlementRow]] = {}
    for row in await list_to_come(conn, ws, bucket, customer_id):
        claims.setdefault(row.operation_id, []).append(row)
    undone = [
        (row, erasure.workspace.program_by_id(row.program_id).version(row.version))
        for row, *others in claims.values()
        if await count_companions(conn, ws, bucket, row) == len(others)
    ]
    keys = {key for row, version in undone for key in budgets_of_order(version, row.issued_at, None)}
    spent = await lock_budgets(conn, ws, keys)
    for row, version in undone:
        uses = [(version.rewards[row.reward].bounds, Use())]
        back = give_back(version, None, spent, row.issued_at, numbers_of_order(version, None), uses)
        erasure.note(customer_id, [(row.program_id, row.version, back)])


async def _left_waiting(conn: Connection, erasure: _Erasure, unit: int, wallet: Wallet) -> list[Effect]:
    """Return what closes the points that wait for the fulfillment of an order of the erased customer."""
    waiting = [
        (UUID(hex=lot.key.waits_for), lot)
        for lot in open_lots(wallet)
        if lot.key.available_at is None and lot.key.waits_for is not None
    ]
    keys = [(erasure.customer_id, order_id) for order_id, _ in waiting]
    orders = await load_orders(conn, erasure.workspace.workspace_id, erasure.bucket, keys)
    return [out(unit, wallet, lot, Account.CLOSED) for order_id, lot in waiting if order_id in orders]


async def _other_sides(conn: Connection, erasure: _Erasure) -> list[tuple[int, UUID, UUID]]:
    """Return bucket, customer and event of the other side of each transfer: it names the customer too."""
    workspace_id, row = erasure.workspace.workspace_id, erasure.workspace.row
    others, own = [], (erasure.bucket, erasure.customer_id)
    for event_id, body in await read_transfers(conn, workspace_id, erasure.bucket, erasure.customer_id):
        sent = msgspec.msgpack.decode(body, type=PostTransfer)
        for name in (sent.sender, sent.receiver):
            other = named_id(workspace_id, "customer", name)
            if other != erasure.customer_id:
                place = bucket_of(name, row.bucket_base, row.bucket_count), other
                others.append((*place, event_id))
                survivor = await find_survivor(conn, workspace_id, place)
                if survivor is not None and survivor != own:
                    others.append((*survivor, event_id))
    return others


def _issuer(workspace: Workspace, unit: int) -> tuple[int, int]:
    """Return the program of a unit and its last version that knows the unit."""
    return next(
        (live.program_id, version.number)
        for live in workspace.programs
        for version in reversed(live.versions)
        if unit == version.card_unit or any(compiled.unit == unit for compiled in version.wallets)
    )


def _entry(erasure: _Erasure, actor: str, reason: str) -> AuditEntry:
    return AuditEntry(
        entry_id=erasure.handler.ids.next(),
        at=time.time_ns() // 1_000,
        actor=actor,
        action="customer.erased",
        object=f"customer/{erasure.customer_id}",
        reason=reason or None,
    )
