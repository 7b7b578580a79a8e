"""``perennial audit``: does everything hold that must always hold? Reads only, and tells what does not.

Every check is a query for what breaks an invariant (``audit_ledger``, ``audit_rows``,
``audit_catalog``), or reads rows that only the application can (here, and the sealed chain).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterable
from uuid import UUID

import msgspec
from asyncpg import Connection, Record

from perennial.core.customers.identifiers import IdentifierType
from perennial.core.orders.order import net_amounts
from perennial.store.audits.buckets import BETWEEN_BUCKETS
from perennial.store.audits.catalog import CATALOG
from perennial.store.audits.erased import ERASED
from perennial.store.audits.invariant import LISTED, Check, Finding, find
from perennial.store.audits.ledger import LEDGER
from perennial.store.audits.rows import ROWS
from perennial.store.audits.seal import Head, read_heads, verify
from perennial.store.codes.redemptions import decode_used
from perennial.store.customers.identifiers import IdentifierRow, identifier_hash
from perennial.store.orders import decode_order

__all__ = ["AuditReport", "Check", "CheckReport", "Finding", "KeptHead", "audit"]

ORDERS = Check(
    "order_bodies",
    "The net of an order that is not canceled is that of its body, and no more of a line was returned than"
    " was bought. Only the orders of an erased customer have no body.",
    """
select bucket, customer_id, operation_id, net, body, returned
from orders where workspace_id = $1 and status <> 4 and not exists (
    select from customers
    where customers.bucket = orders.bucket and customers.workspace_id = $1
        and customers.customer_id = orders.customer_id and erased_at is not null
)
""",
)

HOLDS = Check(
    "holds",
    "What a wallet has held is what the open holds took out of it.",
    """
select bucket, customer_id, unit_id, held, null::bytea as taken
from wallets where workspace_id = $1 and held <> 0
union all
select bucket, customer_id, null, null, taken
from redemptions where workspace_id = $1 and state = 1
""",
)

IDENTIFIER_HASHES = Check(
    "identifier_hashes",
    "Every identifier is found by the hash of its own type and of what was given.",
    """
select bucket, customer_id, id_hash, type, given
from identifiers where workspace_id = $1
""",
)

SEGMENTS = Check(
    "segments",
    "Exactly those are in a live segment for whom its condition holds, as the database recomputes it from the"
    " data at the workspace's time. Who waits for a timer that is due, and segments that everybody is just"
    " being asked about, are left out.",
)

SEALS = Check(
    "seals",
    "The sealed blocks of every bucket follow each other without a gap, and their hashes are those of the"
    " postings and tier moves that are stored; they lead to the heads that were kept elsewhere, if any.",
    "select distinct bucket from seals where workspace_id = $1 order by bucket",
)


class CheckReport(msgspec.Struct, frozen=True):
    """What one check found in one workspace (None: in the database as a whole)."""

    name: str
    words: str
    workspace_id: int | None
    findings: tuple[Finding, ...]


class KeptHead(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The last sealed block of a bucket, as it is kept outside the database; ``hash`` is in hex."""

    workspace_id: int
    bucket: int
    block: int
    hash: str


class AuditReport(msgspec.Struct, frozen=True):
    """What an audit found. ``until_xact`` is where the next incremental one may begin.

    ``heads`` are those of the sealed history that was checked, to be kept elsewhere if all is clean.
    """

    checks: tuple[CheckReport, ...]
    until_xact: int
    heads: tuple[KeptHead, ...] = ()

    @property
    def broken(self) -> tuple[CheckReport, ...]:
        """The checks that found something."""
        return tuple(check for check in self.checks if check.findings)

    @property
    def clean(self) -> bool:
        """Whether everything holds."""
        return not self.broken

    @property
    def operations(self) -> tuple[UUID, ...]:
        """The operations that break an invariant or had to do with it, each once."""
        found = [finding.operations for check in self.broken for finding in check.findings]
        return tuple(dict.fromkeys(operation for operations in found for operation in operations))


_UNTIL = """
select generation::bigint * 281474976710656 + pg_snapshot_xmin(pg_current_snapshot())::text::bigint
from installation
"""


# A connection of the live path looks rows up by key and never reads a table. What reads everything and has
# to plan like that needs the square of the time.
_PLAN_FREELY = """
set local enable_seqscan = on;
set local plan_cache_mode = auto;
set local statement_timeout = 0
"""


async def audit(
    conn: Connection,
    ws: int | None = None,
    since_xact: int | None = None,
    kept: Iterable[KeptHead] = (),
) -> AuditReport:
    """Check one workspace, or all of them, and the database itself.

    ``kept`` are heads that were kept elsewhere: without them nobody sees that a tail was cut off.

    ``conn`` must not be in a transaction; every workspace is read in a snapshot of its own, and
    nothing is written. With ``since_xact`` (the ``until_xact`` of an earlier report) only owners with
    newer postings are replayed; checks that have no such limit run in full.
    """
    until = await conn.fetchval(_UNTIL)
    reports = [
        CheckReport(check.name, check.words, None, tuple(await find_catalog(conn, check)))
        for check in CATALOG
    ]
    heads_of: dict[int, list[KeptHead]] = {}
    for head in kept:
        heads_of.setdefault(head.workspace_id, []).append(head)
    there = await _all_workspaces(conn)
    heads: list[KeptHead] = []
    for workspace_id in [ws] if ws is not None else sorted({*there, *heads_of}):
        if workspace_id not in there:
            gone = Finding(f"workspace {workspace_id} is gone, of which heads were kept")
            reports.append(CheckReport(SEALS.name, SEALS.words, workspace_id, (gone,)))
            continue
        async with conn.transaction(isolation="repeatable_read", readonly=True):
            await conn.execute(f"set local app.workspace = '{int(workspace_id)}'")
            await conn.execute(_PLAN_FREELY)
            reports += [report async for report in _audit_workspace(conn, workspace_id, since_xact)]
            findings = await _audit_seals(conn, workspace_id, heads_of.get(workspace_id, []))
            reports.append(CheckReport(SEALS.name, SEALS.words, workspace_id, tuple(findings)))
            heads += [
                KeptHead(workspace_id, head.bucket, head.block, head.hash.hex())
                for head in await read_heads(conn, workspace_id)
            ]
    return AuditReport(tuple(reports), until, tuple(heads))


async def find_catalog(conn: Connection, check: Check) -> list[Finding]:
    """Run a check of the catalog."""
    return [Finding(row["words"]) for row in await conn.fetch(check.sql)]


async def _all_workspaces(conn: Connection) -> list[int]:
    rows = await conn.fetch("select workspace_id from workspaces order by workspace_id")
    return [workspace_id for (workspace_id,) in rows]


async def _audit_workspace(
    conn: Connection, workspace_id: int, since: int | None
) -> AsyncIterator[CheckReport]:
    for check in (*LEDGER, *BETWEEN_BUCKETS, *ROWS, *ERASED):
        findings = await find(conn, check, workspace_id, since)
        yield CheckReport(check.name, check.words, workspace_id, tuple(findings))
    findings = await _audit_orders(conn, workspace_id)
    yield CheckReport(ORDERS.name, ORDERS.words, workspace_id, tuple(findings))
    findings = await _audit_holds(conn, workspace_id)
    yield CheckReport(HOLDS.name, HOLDS.words, workspace_id, tuple(findings))
    findings = await _audit_identifiers(conn, workspace_id)
    yield CheckReport(IDENTIFIER_HASHES.name, IDENTIFIER_HASHES.words, workspace_id, tuple(findings))


async def _audit_orders(conn: Connection, workspace_id: int) -> list[Finding]:
    findings: list[Finding] = []
    async for row in conn.cursor(ORDERS.sql, workspace_id, prefetch=1000):
        if wrong := _wrong_with_order(row):
            words = "; ".join(wrong)
            findings.append(Finding(words, row["bucket"], row["customer_id"], (row["operation_id"],)))
        if len(findings) == LISTED:
            break
    return findings


async def _audit_holds(conn: Connection, workspace_id: int) -> list[Finding]:
    difference: Counter[tuple[int, UUID, int]] = Counter()
    async for bucket, customer_id, unit, held, taken in conn.cursor(HOLDS.sql, workspace_id, prefetch=1000):
        if taken is None:
            difference[bucket, customer_id, unit] += held
            continue
        for part in decode_used(taken).programs:
            for lot in part.lots:
                difference[lot.bucket, lot.owner, lot.unit] -= lot.amount
    return [
        Finding(f"unit {unit}: {amount} more held than in open holds", bucket, owner)
        for (bucket, owner, unit), amount in difference.items()
        if amount
    ][:LISTED]


def _wrong_with_order(row: Record) -> list[str]:
    if not row["body"]:
        return ["the body is gone"]
    order = decode_order(row["body"])
    net = sum(net_amounts(order))
    wrong = []
    if net != row["net"]:
        wrong.append(f"net {row['net']}, the body says {net}")
    returned = row["returned"]
    if returned is not None and (
        len(returned) != len(order.lines)
        or any(not 0 <= back <= line.quantity for back, line in zip(returned, order.lines, strict=True))
    ):
        wrong.append(f"returned {returned}")
    return wrong


async def _audit_identifiers(conn: Connection, workspace_id: int) -> list[Finding]:
    findings: list[Finding] = []
    async for bucket, customer_id, id_hash, type_, given in conn.cursor(
        IDENTIFIER_HASHES.sql, workspace_id, prefetch=1000
    ):
        known = type_ in IdentifierType.__members__.values()
        row = IdentifierRow(customer_id, id_hash, type_, given)
        if not known or identifier_hash(workspace_id, row.identifier) != id_hash:
            findings.append(Finding(f"{type_} {id_hash}: something else was given", bucket, customer_id))
        if len(findings) == LISTED:
            break
    return findings


async def _audit_seals(conn: Connection, workspace_id: int, kept: Iterable[KeptHead]) -> list[Finding]:
    findings: list[Finding] = []
    heads = {head.bucket: Head(head.bucket, head.block, bytes.fromhex(head.hash)) for head in kept}
    sealed = {bucket for (bucket,) in await conn.fetch(SEALS.sql, workspace_id)}
    for bucket in sorted(sealed | heads.keys()):
        damage = await verify(conn, workspace_id, bucket, heads.get(bucket))
        if damage is not None:
            findings.append(Finding(damage.words, bucket, None, damage.operations))
    return findings
