"""What is read of challenges: nothing where no program has any, else one statement for all members."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from asyncpg import Connection

from perennial.core.member import Member
from perennial.flows.configuration import Workspace
from perennial.store.challenges import load_rounds
from perennial.units import Instant


async def load_challenges(
    conn: Connection, workspace: Workspace, bucket: int, members: Mapping[UUID, Member], since: Instant
) -> None:
    """Load how far ``members`` are; ``since`` is the earliest instant at which something happens to them."""
    numbers = {
        compiled.number
        for live in workspace.programs
        for version in live.versions
        for compiled in version.challenges
    }
    if not numbers or not members:
        return
    dues = [member.due_at for member in members.values() if member.due_at is not None]
    earliest = min([since, *dues])
    found = await load_rounds(conn, workspace.workspace_id, bucket, list(members), numbers, earliest)
    for customer_id, standings in found.items():
        members[customer_id].challenges = standings
