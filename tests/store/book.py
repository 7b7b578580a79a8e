"""A small book of a workspace: what the store's tests write and read, in few words."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from uuid import UUID

from asyncpg import Connection

from perennial.core.codes.codes import Codes, IssuedCode
from perennial.core.effects import Credit, Debit, Effect
from perennial.core.member import Member
from perennial.core.orders.order import Line, Order, OrderStatus, net_amounts
from perennial.flows.ids import Ids
from perennial.ledger.account import Account
from perennial.ledger.lot import LotKey, Origin
from perennial.store.audits.seal import Seal, seal
from perennial.store.customers.customers import insert_customers, lock_customers
from perennial.store.database import Database
from perennial.store.effects import Change, write_effects
from perennial.store.events import EventKind, EventRow
from perennial.store.external_ids import IdKind, claim_external_ids
from perennial.store.members import CustomerRow, load_members
from perennial.store.orders import OrderRow, encode_order
from perennial.units import DAY, Instant, named_id, parse_instant
from tests.codebook import CODEBOOK

NOW = parse_instant("2026-11-20T12:00:00Z")
UNIT = 1
PROGRAM = 1
VERSION = 1
DATED = LotKey(Origin.EARNED, NOW, NOW + 90 * DAY)
LATER = LotKey(Origin.EARNED, NOW + 14 * DAY, NOW + 104 * DAY)
ENDLESS = LotKey(Origin.EARNED, NOW, None)
WAITING = LotKey(Origin.EARNED, None, None, "an order")


def given(amount: int, key: LotKey = DATED, *, unit: int = UNIT, source: Account = Account.ISSUED) -> Credit:
    """Points enter the wallet."""
    at = key.available_at
    return Credit(unit, amount, key, source, pending=at is None or at > NOW)


def taken(amount: int, key: LotKey = DATED, *, unit: int = UNIT, target: Account = Account.REDEEMED) -> Debit:
    """Points leave the wallet."""
    at = key.available_at
    return Debit(unit, amount, key.lot_id, target, pending=at is None or at > NOW)


class Book:
    """One workspace with one program, one unit and one bucket, written through the store alone."""

    def __init__(self, db: Database, ws: int) -> None:
        self.db = db
        self.ws = ws
        self.bucket = ws
        self.ids = Ids()

    async def open(self) -> None:
        """Store the program, its version and its unit."""
        async with self.db.transaction(self.ws) as conn:
            await conn.execute(
                "insert into programs (workspace_id, program_id, code, created_at) values ($1, 1, 'p', $2)",
                self.ws,
                NOW,
            )
            await conn.execute(
                "insert into program_versions (workspace_id, program_id, version, parts, valid_from, "
                "published_at, actor) values ($1, 1, 1, '{}', $2, $2, 'test')",
                self.ws,
                NOW,
            )
            await conn.execute(
                "insert into units (workspace_id, unit_id, program_id, code) values ($1, 1, 1, 'points')",
                self.ws,
            )
            await conn.execute("update workspaces set clock_at = $2 where workspace_id = $1", self.ws, NOW)

    def id_of(self, name: str, kind: str = "customer") -> UUID:
        """Return the internal id of a customer, order or event."""
        return named_id(self.ws, kind, name)

    async def customer(self, name: str, household: UUID | None = None) -> CustomerRow:
        """Store a customer."""
        row = CustomerRow(self.id_of(name), name, NOW, household_id=household)
        async with self.db.transaction(self.ws) as conn:
            await insert_customers(conn, self.ws, self.bucket, [row])
        return row

    async def household(self, name: str) -> CustomerRow:
        """Store a household with its claimed id."""
        row = CustomerRow(self.id_of(name, "household"), name, NOW)
        async with self.db.transaction(self.ws) as conn:
            await insert_customers(conn, self.ws, self.bucket, [row])
            claim = (IdKind.HOUSEHOLD, row.customer_id, row.customer_id)
            await claim_external_ids(conn, [claim], self.ws, self.bucket)
        return row

    def code(self, text: str) -> IssuedCode:
        """Return a code as it is stored."""
        return CODEBOOK.issue(self.ws, Codes(), text)

    def change(self, row: CustomerRow, *effects: Effect, source: UUID | None = None) -> Change:
        """Return the decision that has these effects on a customer."""
        operation = self.ids.next()
        return Change(
            row.customer_id, row.owner, operation, source or operation, PROGRAM, VERSION, NOW, effects
        )

    def order(self, row: CustomerRow, name: str, change: Change, *amounts: int) -> OrderRow:
        """Return the row of a paid order that the change belongs to."""
        lines = tuple(Line(sku=f"sku-{amount}", amount=amount) for amount in amounts or (1000,))
        order = Order(status=OrderStatus.PAID, lines=lines)
        return OrderRow(
            customer_id=row.customer_id,
            order_id=self.id_of(name, "order"),
            operation_id=change.operation_id,
            status=OrderStatus.PAID,
            revision=1,
            external_id=name,
            net=sum(net_amounts(order)),
            occurred_at=NOW,
            paid_at=NOW,
            recorded_at=NOW,
            body=encode_order(order),
            decision=b"",
            answer=b"{}",
        )

    def event(self, row: CustomerRow, name: str, kind: EventKind, change: Change) -> EventRow:
        """Return the row of an event that the change belongs to."""
        return EventRow(
            customer_id=row.customer_id,
            event_id=change.source_id,
            operation_id=change.operation_id,
            kind=kind,
            external_id=name,
            source_id=None,
            occurred_at=NOW,
            recorded_at=NOW,
            body=b"{}",
            decision=b"",
            answer=b"{}",
        )

    async def write(
        self,
        *changes: Change,
        dues: Mapping[UUID, Instant | None] | None = None,
        orders: Iterable[OrderRow] = (),
        events: Iterable[EventRow] = (),
    ) -> None:
        """Write a batch in a transaction of its own, with the claims of its orders and events."""
        orders, events = list(orders), list(events)
        claims = [(int(IdKind.ORDER), row.order_id, row.customer_id) for row in orders]
        claims += [(int(row.kind), row.event_id, row.customer_id) for row in events if row.kind <= 7]
        async with self.db.transaction(self.ws) as conn:
            await lock_customers(conn, self.ws, self.bucket, [change.customer_id for change in changes])
            await claim_external_ids(conn, claims, self.ws, self.bucket)
            await write_effects(
                conn, self.ws, self.bucket, 0, changes, dues or {}, orders=orders, events=events
            )

    async def buy(self, row: CustomerRow, name: str, *effects: Effect) -> Change:
        """Write an order with these effects, and a timer for the lots that it gave."""
        change = self.change(row, *effects, source=self.id_of(name, "order"))
        await self.write(change, dues={row.owner: NOW}, orders=[self.order(row, name, change)])
        return change

    async def settle(self) -> None:
        """Wait until whatever is older than this book's last write has ended.

        The other tests of a run share the server, and their transactions hold sealing back.
        """
        for _ in range(3000):
            async with self.db.transaction(self.ws) as conn:
                if await conn.fetchval(_SETTLED, self.ws, self.bucket):
                    return
            await asyncio.sleep(0.01)
        raise AssertionError("a transaction elsewhere has not ended for half a minute")

    async def seal(self) -> list[Seal]:
        """Seal whatever is complete, and return the blocks that were made."""
        made: list[Seal] = []
        async with self.db.transaction(self.ws) as conn:
            while block := await seal(conn, self.ws, self.bucket, NOW):
                made.append(block)
        return made

    async def load(
        self,
        *rows: CustomerRow,
        lots: bool = True,
        metrics: Mapping[int, int] | None = None,
        limits: Mapping[int, int] | None = None,
        due_until: Instant | None = None,
    ) -> dict[UUID, Member]:
        """Load members, by default with their lots."""
        async with self.db.transaction(self.ws) as conn:
            return await load_members(
                conn,
                self.ws,
                self.bucket,
                rows,
                lots_for={row.owner for row in rows} if lots else frozenset(),
                due_until=due_until,
                reads=lambda _: (metrics or {}, limits or {}),
            )


_SETTLED = """
select generation::bigint * 281474976710656 + pg_snapshot_xmin(pg_current_snapshot())::text::bigint > (
    select coalesce(max(xact), 0)
    from (
        select xact from postings where bucket = $2 and workspace_id = $1
        union all
        select xact from tier_moves where bucket = $2 and workspace_id = $1
    ) as written
)
from installation
"""


async def count(conn: Connection, table: str) -> int:
    """Return how many rows of a table the connection sees."""
    return int(await conn.fetchval(f"select count(*) from {table}"))
