"""How long a search over a million members takes: by name, address, id, number and code, through the flow.

The members are written as the live path writes them, by SQL instead of one call each. Then the flow behind
``GET /v1/customers?search=`` is asked for one after the other, each time for somebody else.
"""

from __future__ import annotations

import asyncio
import random
import secrets
import statistics
import time
from typing import Any

from perennial.bench.cluster import cluster
from perennial.config import SECRET_BYTES
from perennial.core.customers.customer_words import words_of
from perennial.core.customers.identifiers import CustomerIdentifier, IdentifierType
from perennial.flows.customers.desk import search_customers
from perennial.flows.handle_events import Handler
from perennial.flows.workspaces import create_workspace
from perennial.store.codes.codebook import Codebook
from perennial.store.customers.identifiers import identifier_hash
from perennial.store.database import Database, connect
from perennial.store.server.migrate import migrate
from perennial.store.workspaces import WorkspaceRow
from perennial.units import bucket_of, named_id

_FIRST = (
    *("Anna", "Ben", "Carla", "David", "Elif", "Farid", "Grace", "Hanna", "Ivan", "Jun", "Kira", "Liam"),
    *("Mia", "Noah", "Olga", "Paul", "Rosa", "Sami", "Tom", "Uma", "Vera", "Wei", "Yusuf", "Zoe", "Amir"),
    *("Bea", "Chen", "Dana", "Emil", "Fatima", "Georg", "Hugo", "Ines", "Jonas", "Katja", "Leon", "Maria"),
)
_LAST = (
    *("Müller", "Schmidt", "Weber", "Fischer", "Rossi", "Garcia", "Novak", "Kowalski", "Jensen", "Larsen"),
    *("Dubois", "Martin", "Silva", "Costa", "Kim", "Park", "Tanaka", "Sato", "Wang", "Li", "Zhang", "Nguyen"),
    *("Singh", "Patel", "Khan", "Ahmadi", "Hosseini", "Yilmaz", "Demir", "Popescu", "Ivanov", "Petrov"),
    *("Smith", "Jones", "Taylor", "Brown", "Wilson", "Evans", "Thomas", "Roberts", "Walker", "Wright"),
)
_CHUNK = 20_000


def run(*, members: int = 1_000_000, searches: int = 200) -> dict[str, Any]:
    """Search ``searches`` times in each way among ``members``; return milliseconds, the 95th of a hundred."""
    with cluster() as server:
        return asyncio.run(_measure(server.url, members, searches))


async def _measure(url: str, members: int, searches: int) -> dict[str, Any]:
    await migrate(url)
    async with await Database.connect(url) as database:
        row = await create_workspace(database, "bench", "Bench", sandbox=False, buckets=16)
        began = time.perf_counter()
        for start in range(0, members, _CHUNK):
            await _fill(url, row, range(start, min(start + _CHUNK, members)))
        conn = await connect(url, statement_timeout="0")
        await conn.execute("vacuum analyze")
        await conn.close()
        filled = time.perf_counter() - began
        handler = Handler(database, Codebook(secrets.token_bytes(SECRET_BYTES)))
        figures: dict[str, Any] = {"members": members, "fill_seconds": round(filled, 1)}
        for way, text_of in _WAYS.items():
            figures[way] = await _ask(handler, row.workspace_id, text_of, members, searches)
        figures["p95_ms"] = max(figures[way]["p95_ms"] for way in _WAYS)
        return figures


def _name(number: int) -> tuple[str, str]:
    return _FIRST[number % len(_FIRST)], f"{_LAST[number // len(_FIRST) % len(_LAST)]}"


def _email(number: int) -> str:
    first, last = _name(number)
    return f"{first}.{last}{number}@example.com".lower()


_WAYS = {
    "id": lambda number: f"customer-{number}",
    "email": _email,
    "email_begins": lambda number: _email(number)[:-8],
    "phone": lambda number: f"+49 170 {number:07d}",
    "phone_without_country": lambda number: f"0170 {number:07d}",
    "name": lambda number: " ".join(_name(number)),
    "name_begins": lambda number: _name(number)[1][:3],
    "nobody": lambda number: f"nobody-{number}",
}


async def _fill(url: str, row: WorkspaceRow, numbers: range) -> None:
    ws = row.workspace_id
    customers, words, identifiers = [], [], []
    for number in numbers:
        external = f"customer-{number}"
        customer_id = named_id(ws, "customer", external)
        bucket = bucket_of(external, row.bucket_base, row.bucket_count)
        first, last = _name(number)
        attributes = {"first_name": first, "last_name": last}
        known = [
            CustomerIdentifier(type=IdentifierType.EMAIL, value=_email(number)),
            CustomerIdentifier(type=IdentifierType.PHONE, value=f"+49170{number:07d}"),
        ]
        body = f'{{"first_name": "{first}", "last_name": "{last}"}}'
        customers.append((bucket, ws, customer_id, row.created_at, external, body.encode()))
        words += [(bucket, ws, customer_id, word) for word in words_of(external, attributes, known)]
        identifiers += [
            (ws, bucket, identifier_hash(ws, each), customer_id, each.type.value, each.value)
            for each in known
        ]
    conn = await connect(url, statement_timeout="0")
    try:
        async with conn.transaction():
            for table in ("customers", "customer_words", "identifiers"):
                await conn.execute(f"alter table {table} no force row level security")
            columns = ["bucket", "workspace_id", "customer_id", "created_at", "external_id", "attributes"]
            await conn.copy_records_to_table("customers", records=customers, columns=columns)
            await conn.copy_records_to_table("customer_words", records=words)
            await conn.copy_records_to_table("identifiers", records=identifiers)
            for table in ("customers", "customer_words", "identifiers"):
                await conn.execute(f"alter table {table} force row level security")
    finally:
        await conn.close()


async def _ask(handler: Handler, ws: int, text_of: Any, members: int, searches: int) -> dict[str, Any]:
    taken, found = [], 0
    for _ in range(searches):
        text = text_of(random.randrange(members))
        began = time.perf_counter()
        found += len(await search_customers(handler, ws, text, 20))
        taken.append((time.perf_counter() - began) * 1_000)
    taken.sort()
    return {
        "p50_ms": round(statistics.median(taken), 2),
        "p95_ms": round(taken[len(taken) * 95 // 100], 2),
        "found": round(found / searches, 2),
    }
