"""No table of customers is forgotten: each is erased with its customer, or says why it stays."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import asyncpg

from perennial.flows.customers.desk import CustomerExport
from perennial.store.customers.erasure import erase_rows
from perennial.store.database import connect
from tests.house.made_up import tables_with

_CUSTOMERS = "customer_id"
_STAYS = {
    "advocacies": "ids and counts alone; they end with the referrals",
    "conversion_owners": "what the ledger converted: ids and amounts",
    "exposures": "which variant an id has met, for the results of experiments",
    "external_ids": "hashes, so that an id that was used is not used again",
    "lots": "the ledger: amounts and dates",
    "merged_customers": "ids alone: who was merged into whom",
    "postings": "the ledger: ids, amounts and instants",
    "tier_moves": "from which tier to which, for the figures of the program",
    "timers": "an instant, which the erasure sets",
    "voucher_codes": "hashes of codes; the voucher says that it is over",
    "wallets": "the ledger: closed, with their figures",
}
"""Tables with a customer in them that erasing leaves, and why nothing in them tells of the person."""

_WORDS_THAT_STAY = {
    "conversion_owners": ["carried", "reason"],
    "exposures": ["experiment", "variant"],
    "lots": ["waits_for"],
    "tier_moves": ["because", "tier_after", "tier_before"],
}
"""Text in those tables: codes of programs, and ids of orders that were erased."""

_EXPORTED = {
    "challenge_rounds": "challenges",
    "consent_records": "consents",
    "consents": "customer",
    "customer_notes": "notes",
    "customers": "customer",
    "entitlements": "entitlements",
    "events": "timeline",
    "identifiers": "customer",
    "lots": "ledger",
    "memberships": "customer",
    "merges": "merges",
    "messages": "messages",
    "orders": "orders",
    "postings": "ledger",
    "segment_members": "customer",
    "segment_moves": "timeline",
    "tier_moves": "timeline",
    "vouchers": "vouchers",
    "waits": "waits",
    "wallets": "customer",
}
"""Where the export of a person tells what a table holds of them."""

_NOT_EXPORTED = {
    "advocacies": "counts of referrals, which name others",
    "conversion_owners": "how far a conversion is; what it did is in the ledger",
    "counters": "sums of the orders and events that are exported",
    "customer_marks": "hashes, by which the signals of fraud compare",
    "customer_words": "the words of the name and the identifiers, for the search",
    "exposures": "which variant of an experiment an id has met",
    "external_ids": "hashes of ids",
    "limit_uses": "sums of what is exported",
    "merged_customers": "an id that leads to the customer",
    "redemptions": "how a checkout is undone; it stands in the timeline and in the ledger",
    "referral_codes": "hashes of codes",
    "referrals": "tell of two people: what the customer got of them is in the ledger",
    "timers": "when something is due next",
    "voucher_codes": "hashes of codes",
}
"""What it does not tell, and why."""

_SAYS_SOMETHING = {"text", "bytea", "jsonb", "_text"}


class _Recorder:
    """Takes the place of a connection and remembers which tables are written."""

    def __init__(self) -> None:
        self.written: set[str] = set()

    def _note(self, sql: str) -> None:
        self.written.update(re.findall(r"\b(?:update|delete from)\s+([a-z_]+)", sql))

    async def execute(self, sql: str, *_: Any) -> str:
        self._note(sql)
        return ""

    async def executemany(self, sql: str, _: Any) -> None:
        self._note(sql)

    async def fetch(self, sql: str, *_: Any) -> list[Any]:
        self._note(sql)
        return []


async def _erased() -> set[str]:
    recorder = _Recorder()
    await erase_rows(recorder, 1, 0, [UUID(int=1)], 0)  # type: ignore[arg-type]
    return recorder.written


async def test_every_table_of_customers_is_erased_or_says_why_not(database_url: str) -> None:
    """A new table with a customer in it is in neither list, and fails here."""
    conn = await connect(database_url)
    try:
        tables = await tables_with(conn, _CUSTOMERS)
        erased = await _erased()
        assert tables - erased == set(_STAYS)
        assert all(_STAYS.values())
        words = await _words(conn)
    finally:
        await conn.close()
    assert {table: words[table] for table in _STAYS if table in words} == _WORDS_THAT_STAY


async def test_every_table_of_customers_is_exported_or_says_why_not(database_url: str) -> None:
    """A new table is in neither list, and fails here; what is named is a part of the export."""
    conn = await connect(database_url)
    try:
        tables = await tables_with(conn, _CUSTOMERS)
    finally:
        await conn.close()
    assert tables == _EXPORTED.keys() | _NOT_EXPORTED.keys()
    assert not _EXPORTED.keys() & _NOT_EXPORTED.keys()
    assert set(_EXPORTED.values()) <= set(CustomerExport.__struct_fields__)


async def _words(conn: asyncpg.Connection) -> dict[str, list[str]]:
    rows = await conn.fetch(
        "select table_name::text, column_name::text, udt_name::text from information_schema.columns "
        "where table_schema = 'public'"
    )
    found: dict[str, list[str]] = {}
    for table, column, kind in rows:
        if kind in _SAYS_SOMETHING:
            found.setdefault(table, []).append(column)
    return {table: sorted(columns) for table, columns in found.items()}
