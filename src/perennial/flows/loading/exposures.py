"""What is read of experiments: nothing where no program has any, else one statement for all members."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from asyncpg import Connection

from perennial.core.member import Member
from perennial.flows.configuration import Workspace
from perennial.store.exposures import load_exposures


async def load_variants(
    conn: Connection, workspace: Workspace, bucket: int, members: Mapping[UUID, Member]
) -> None:
    """Load what ``members`` were exposed to."""
    if not members or not any(version.trials for live in workspace.programs for version in live.versions):
        return
    found = await load_exposures(conn, workspace.workspace_id, bucket, list(members))
    for customer_id, key, exposure in found:
        members[customer_id].exposures[key] = exposure
