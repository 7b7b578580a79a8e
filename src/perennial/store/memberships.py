"""Memberships as a batch writes them: who joins, whose tier moves or is extended, and who leaves.

What tiers were before is read where something is heard of late.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from asyncpg import Connection

from perennial.store.netting import MembershipSum
from perennial.store.one_statement import Write
from perennial.units import Instant

JOIN_MEMBERSHIPS = """
insert into memberships (bucket, workspace_id, customer_id, program_id, joined_at, source, tier,
    tier_since, tier_until, tier_floor, left_at)
select $2, $1, new.*
from unnest($3::membership_row[]) as new
on conflict (bucket, workspace_id, customer_id, program_id) do update set
    joined_at = excluded.joined_at, source = excluded.source, tier = excluded.tier,
    tier_since = excluded.tier_since, tier_until = excluded.tier_until,
    tier_floor = excluded.tier_floor, left_at = excluded.left_at
"""

# The list of keys keeps PostgreSQL from planning a walk over the bucket.
MOVE_TIERS = """
update memberships as known
set tier = moved.tier, tier_since = moved.tier_since, tier_until = moved.tier_until,
    tier_floor = moved.tier_floor, left_at = coalesce(moved.left_at, known.left_at)
from unnest($3::membership_row[]) as moved
where known.bucket = $2 and known.workspace_id = $1
    and known.customer_id = any($4::uuid[])
    and known.customer_id = moved.customer_id and known.program_id = moved.program_id
"""

# What one member went through, in the order in which it was decided.
_LOAD_TIER_MOVES = """
select found.*
from unnest($3::uuid[]) as wanted (customer_id)
cross join lateral (
    select customer_id, program_id, at, tier_before
    from tier_moves
    where bucket = $2 and workspace_id = $1 and customer_id = wanted.customer_id
        and tier_before is distinct from tier_after
    order by operation_id, position
    offset 0
) as found
"""

LEAVE = """
update memberships
set left_at = $5
where bucket = $2 and workspace_id = $1 and customer_id = $3 and program_id = $4
returning 1
"""


async def load_tier_moves(
    conn: Connection, ws: int, bucket: int, customers: Sequence[UUID]
) -> dict[UUID, dict[int, list[tuple[Instant, str | None]]]]:
    """Return by customer and program when the tier became another one, and which it was before."""
    found: dict[UUID, dict[int, list[tuple[Instant, str | None]]]] = {}
    for customer_id, program_id, at, before in await conn.fetch(_LOAD_TIER_MOVES, ws, bucket, customers):
        found.setdefault(customer_id, {}).setdefault(program_id, []).append((at, before))
    return found


def write_memberships(memberships: Mapping[tuple[UUID, int], MembershipSum]) -> Iterator[Write]:
    """Yield what a batch's one statement writes of memberships, by customer and program."""
    joined = [
        (*key, each.joined_at, each.source, *_tier(each), each.left_at)
        for key, each in memberships.items()
        if each.joined_at is not None
    ]
    moved = [
        (*key, None, None, *_tier(each), each.left_at)
        for key, each in memberships.items()
        if each.joined_at is None and each.moved
    ]
    if joined:
        yield Write("memberships", JOIN_MEMBERSHIPS, [joined])
    if moved:
        yield Write("moved_memberships", MOVE_TIERS, [moved, [row[0] for row in moved]], len(moved))


def left_memberships(memberships: Mapping[tuple[UUID, int], MembershipSum]) -> list[tuple[Any, ...]]:
    """Return the rows of :data:`LEAVE`: members who leave, and keep their tier."""
    return [
        (*key, each.left_at)
        for key, each in memberships.items()
        if each.joined_at is None and not each.moved and each.left_at is not None
    ]


def _tier(membership: MembershipSum) -> tuple[Any, ...]:
    return membership.tier, membership.tier_since, membership.tier_until, membership.tier_floor
