"""The whole audit: the invariants of the store, and live segments as the database recomputes them."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from uuid import UUID

import msgspec
from asyncpg import Connection

from perennial.core.segments.compile_segments import SegmentSet
from perennial.flows.configuration import Configurations, Workspace, business_now
from perennial.flows.segments.fill import Asked, ask_database, who_is_wrong
from perennial.store.audits.audit import SEALS, SEGMENTS, AuditReport, CheckReport, KeptHead, audit
from perennial.store.audits.invariant import LISTED, Finding
from perennial.store.segments import list_segments
from perennial.store.timers import list_due


async def audit_everything(
    conn: Connection,
    ws: int | None = None,
    since_xact: int | None = None,
    kept: Iterable[KeptHead] = (),
) -> AuditReport:
    """Audit as :func:`perennial.store.audits.audit.audit` does, and the live segments of each workspace."""
    report = await audit(conn, ws, since_xact, kept)
    there = dict.fromkeys(check.workspace_id for check in report.checks if check.name != SEALS.name)
    segments = [await audit_segments(conn, found) for found in there if found is not None]
    return msgspec.structs.replace(report, checks=(*report.checks, *segments))


async def audit_segments(conn: Connection, workspace_id: int) -> CheckReport:
    """Compare who is in the live segments of a workspace with what the database says of the data.

    ``conn`` must not be in a transaction; everything is read in one snapshot, bucket by bucket, and nothing
    is written.
    """
    findings: list[Finding] = []
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        await conn.execute(f"set local app.workspace = '{int(workspace_id)}'")
        rows = await list_segments(conn, workspace_id)
        settled = {row.code for row in rows if row.settled and row.segment.live}
        if settled:
            workspace = await Configurations().current(conn, workspace_id)
            assert workspace.segments is not None
            asked = list(_asked(workspace.segments, workspace, settled))
            for bucket in workspace.row.buckets:
                findings += await _audit_bucket(conn, workspace, workspace.segments, bucket, asked)
    return CheckReport(SEGMENTS.name, SEGMENTS.words, workspace_id, tuple(findings[:LISTED]))


def _asked(segments: SegmentSet, workspace: Workspace, settled: Container[str]) -> Iterator[Asked]:
    """Return what the database is asked: of all settled segments at once, or of those of which it knows."""
    wanted = [live for live in segments.live if live.code in settled]
    together = ask_database(segments, wanted, workspace, lots=True)
    if together is not None:
        yield from together
        return
    for live in wanted:
        yield from ask_database(segments, [live], workspace, lots=True) or ()


async def _audit_bucket(
    conn: Connection, workspace: Workspace, segments: SegmentSet, bucket: int, asked: Iterable[Asked]
) -> list[Finding]:
    missing: set[tuple[UUID, int]] = set()
    surplus: set[tuple[UUID, int]] = set()
    for together in asked:
        entering, leaving = await who_is_wrong(conn, workspace, bucket, together)
        missing |= entering
        surplus |= leaving
    if not missing and not surplus:
        return []
    waiting = await list_due(conn, workspace.workspace_id, bucket, business_now(workspace))
    return [
        Finding(words.format(segments.names[number]), bucket, customer_id)
        for wrong, words in ((missing, "should be in segment {}"), (surplus, "should not be in segment {}"))
        for customer_id, number in sorted(wrong)
        if customer_id not in waiting
    ]
