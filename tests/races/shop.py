"""The shop of the races: a program with a reward, a budget, and callers on two workers."""

from __future__ import annotations

import time
from typing import Any

from perennial.flows.programs.life import Author, apply_document
from perennial.flows.segments.audit import audit_everything
from perennial.flows.staff.keys import create_key
from perennial.flows.workspaces import create_workspace
from perennial.store.database import WORKER_ROLE, Database, connect
from perennial.units import named_id
from tests.races.caller import Caller, Reply, connect_evenly
from tests.races.served import Served

CLIENTS = 200

PROGRAM = """\
program: points
name: Points
currency: USD
wallets:
  - {id: points, name: Points}
rewards:
  - {id: five-off, name: 5.00 off, price: 500, gives: [{type: amount_off, value: 500}]}
declarations:
  events:
    review.posted: {}
    gift.asked: {}
    ticket.asked: {}
earning_rules:
  - {id: base, type: per_amount, points: 1, per: 100}
  - {id: review, type: fixed, trigger: review.posted, points: 50}
"""

LIMITED = f"""\
{PROGRAM}\
  - id: gift
    type: fixed
    trigger: gift.asked
    points: 10
    limits:
      - {{points: 777, per: total}}
  - id: ticket
    type: fixed
    trigger: ticket.asked
    points: 10
    limits:
      - {{points: 777, per: total, at_cap: reject}}
"""
"""With limits in total every decision locks their budgets, which keeps many a race from being run."""


class Shop:
    """A workspace with its key, and the server behind it."""

    def __init__(self, server: Served, workspace_id: int, secret: str) -> None:
        self.server = server
        self.url = server.url
        self.port = server.port
        self.workspace_id = workspace_id
        self.secret = secret

    async def callers(self, count: int = CLIENTS) -> list[Caller]:
        """Return connections, half of them to either worker."""
        return await connect_evenly(self.port, self.secret, count)

    async def do(self, method: str, path: str, body: Any = None) -> Any:
        """Send one request that must succeed and return its JSON."""
        caller = await Caller.connect(self.port, self.secret)
        reply = await caller.ask(method, path, body)
        await caller.close()
        assert reply.status in {200, 201}, reply.body
        return reply.json

    async def give(self, customer: str, points: int) -> None:
        """Make a customer a member with this many points."""
        await self.do("POST", f"/v1/customers/{customer}/memberships", {"program": "points"})
        if points:
            await self.do("POST", "/v1/adjustments", adjustment(f"give-{customer}", customer, points))

    async def balance(self, customer: str) -> int:
        """Return the points that a member may spend."""
        available: int = (await self.do("GET", f"/v1/customers/{customer}"))["wallets"][0]["available"]
        return available

    async def count(self, table: str, condition: str = "true", *values: object) -> int:
        """Count rows of the workspace, as a worker sees them."""
        return int(await self.ask(f"select count(*) from {table} where {condition}", *values))

    async def ask(self, sql: str, *values: object) -> Any:
        """Return the one value that a query gives inside the workspace."""
        conn = await connect(self.url, role=WORKER_ROLE)
        try:
            async with conn.transaction():
                await conn.execute(f"set local app.workspace = '{self.workspace_id}'")
                return await conn.fetchval(sql, *values)
        finally:
            await conn.close()

    async def deadlocks(self) -> int:
        """Return how many deadlocks PostgreSQL had to break in this database so far."""
        conn = await connect(self.url)
        try:
            await conn.execute("select pg_stat_force_next_flush()")
            return int(
                await conn.fetchval(
                    "select deadlocks from pg_stat_database where datname = current_database()"
                )
            )
        finally:
            await conn.close()

    async def audit(self) -> list[str]:
        """Return what an audit of the workspace finds: nothing, if all is well."""
        conn = await connect(self.url, role=WORKER_ROLE)
        try:
            report = await audit_everything(conn, self.workspace_id)
        finally:
            await conn.close()
        assert report.checks
        return [f"{check.name}: {found.words}" for check in report.broken for found in check.findings]

    def id_of(self, kind: str, name: str) -> Any:
        """Return the internal id of what the caller names ``name``."""
        return named_id(self.workspace_id, kind, name)


async def open_shop(server: Served, code: str, program: str = PROGRAM, *, buckets: int = 1) -> Shop:
    """Create a sandbox with a program and a key that may do everything."""
    async with await Database.connect(server.url) as database:
        workspace_id = await open_workspace(database, code, program, buckets)
        created = await create_key(database, code, "everything", ["admin"], actor="test")
    return Shop(server, workspace_id, created.secret)


async def open_workspace(database: Database, code: str, program: str, buckets: int = 1) -> int:
    """Create a sandbox with a program and return its number."""
    row = await create_workspace(database, code, "Shop", sandbox=True, buckets=buckets)
    author = Author(actor="test", at=time.time_ns() // 1_000)
    await apply_document(database, row.workspace_id, program, author)
    return row.workspace_id


def adjustment(name: str, customer: str, points: int) -> dict[str, Any]:
    """Return the body of an adjustment."""
    return {"id": name, "customer": customer, "wallet": "points", "points": points, "reason": "test"}


def order(customer: str, *amounts: int) -> dict[str, Any]:
    """Return the body of a paid order with one line per amount."""
    lines = [{"sku": f"sku-{number}", "amount": amount} for number, amount in enumerate(amounts, 1)]
    return {"customer": customer, "status": "paid", "lines": lines}


def statuses(replies: list[Reply]) -> dict[tuple[int, str | None], int]:
    """Count the answers by status and code of problem."""
    counted: dict[tuple[int, str | None], int] = {}
    for reply in replies:
        key = (reply.status, reply.code)
        counted[key] = counted.get(key, 0) + 1
    return counted
