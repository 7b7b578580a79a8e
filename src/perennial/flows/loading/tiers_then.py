"""Which tiers members had before, where something of a batch is heard of late: nothing for most batches."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from asyncpg import Connection

from perennial.core.member import Member
from perennial.core.tiers.tier_then import may_have_moved
from perennial.flows.batch import Batch
from perennial.flows.commands import Command, PostEvent, PutOrder
from perennial.flows.loading.budgets import instant_of
from perennial.store.memberships import load_tier_moves
from perennial.units import Instant

_JUDGED = (PutOrder, PostEvent)


async def load_tiers_then(conn: Connection, batch: Batch, commands: Sequence[Command]) -> None:
    """Load the tier moves of members of whom an order or event comes that is older than their tier."""
    workspace = batch.workspace
    ranked = [
        live.program_id
        for live in workspace.programs
        if any(version.program.tiers is not None for version in live.versions)
    ]
    if not ranked:
        return
    late: dict[UUID, Member] = {}
    for command in commands:
        if not isinstance(command, _JUDGED) or command.customer is None:
            continue
        at = instant_of(batch, command)
        if at >= batch.now:
            continue
        member = batch.member_of(command.customer)
        if _is_before_tier(member, ranked, at):
            late[member.customer_id] = member
    if not late:
        return
    for bucket, there in batch.by_bucket(late):
        found = await load_tier_moves(conn, workspace.workspace_id, bucket, there)
        for customer_id, moves in found.items():
            for program_id, moved in moves.items():
                membership = late[customer_id].memberships.get(program_id)
                if membership is not None:
                    membership.moves = tuple(moved)


def _is_before_tier(member: Member, ranked: Sequence[int], at: Instant) -> bool:
    """Whether a tier may have moved since; in a household one has it since another one reached it."""
    places = [member.memberships[number] for number in ranked if number in member.memberships]
    return any(member.household is not None or may_have_moved(place, at) for place in places)
