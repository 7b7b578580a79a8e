"""Callers' own ids of things that happen once, and whose they are.

The hash of an id is the internal id of the order or event. This table has its own key: a batch first
finds the customers here, and then reads their rows by bucket and customer, never joined.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping
from enum import IntEnum
from typing import NamedTuple, TypeAlias
from uuid import UUID

import asyncpg
from asyncpg import Connection

from perennial.store.workspaces import COLUMNS, WorkspaceRow, workspace_row

Claimed: TypeAlias = dict[tuple[int, UUID], tuple[int, UUID]]
"""The bucket and the customer of each id ``(kind, hash)`` that was claimed."""


class Found(NamedTuple):
    """The workspace as it is now, whose the ids are that were claimed before, and what guests redeemed on.

    ``with_guests`` are those among the ids that are orders on which guests redeemed something.
    """

    workspace: WorkspaceRow
    claimed: Claimed
    with_guests: set[UUID]


class IdKind(IntEnum):
    """What an external id names. The numbers are stored: never change or reuse one."""

    ORDER = 1
    RETURN = 2
    EVENT = 3
    CLAIM = 4
    ADJUSTMENT = 5
    TRANSFER = 6
    ASSIGNMENT = 7
    HOUSEHOLD = 8
    REDEMPTION = 15
    ROLLBACK = 17
    VOUCHER = 20
    CARD = 21
    ENTITLEMENT = 30
    """Ours and not the caller's: by it the bucket and the customer of an entitlement are found."""
    REFERRAL = 40
    """Ours as well: by it the bucket and the friend of a referral are found."""
    MERGE = 70


_FIND_EXTERNAL_IDS = """
select found.*
from unnest($2::smallint[], $3::uuid[]) as wanted (kind, id_hash)
cross join lateral (
    select kind, id_hash, bucket, customer_id
    from external_ids
    where workspace_id = $1 and kind = wanted.kind and id_hash = wanted.id_hash
    offset 0
) as found
"""

# The workspace comes first, in the columns of its own; behind it what was claimed before. All else is
# claimed, in the order in which it is given, and nobody looks for it once more: what somebody else claims at
# the same moment violates the key.
_CLAIM_OR_FIND = f"""
with known as materialized (
    select found.*
    from unnest($6::smallint[], $7::uuid[]) as wanted (kind, id_hash)
    cross join lateral (
        select kind, id_hash, bucket, customer_id,
            exists (select from guest_redemptions where workspace_id = $1 and order_id = wanted.id_hash)
        from external_ids
        where workspace_id = $1 and kind = wanted.kind and id_hash = wanted.id_hash
        offset 0
    ) as found
), fresh as (
    insert into external_ids (workspace_id, kind, bucket, id_hash, customer_id)
    select $1, new.kind, $2, new.id_hash, new.customer_id
    from unnest($3::smallint[], $4::uuid[], $5::uuid[]) as new (kind, id_hash, customer_id)
    where (new.kind, new.id_hash) not in (select kind, id_hash from known)
)
select {COLUMNS}, null::smallint, null::uuid, null::int, null::uuid, null::boolean
from workspaces
where workspace_id = $1
union all
select null, null, null, null, null, null, null, null, null, known.*
from known
"""

_CLAIM_EXTERNAL_IDS = """
insert into external_ids (workspace_id, kind, bucket, id_hash, customer_id)
select $1, claimed.kind, $2, claimed.id_hash, claimed.customer_id
from unnest($3::smallint[], $4::uuid[], $5::uuid[]) as claimed (kind, id_hash, customer_id)
"""

_GIVE_EXTERNAL_ID = """
update external_ids set bucket = $4, customer_id = $5
where workspace_id = $1 and kind = $2 and id_hash = $3 and customer_id = $3
"""


# Key by key: a join of the table with a list could be planned as a walk over all ids of the workspace.
_HAND_OVER = """
update external_ids set bucket = $4, customer_id = $5
where workspace_id = $1 and kind = $2 and id_hash = $3 and customer_id = $6
"""


async def hand_over_external_ids(
    conn: Connection,
    ws: int,
    ids: Collection[tuple[int, UUID]],
    before: UUID,
    after: tuple[int, UUID],
) -> None:
    """Give ids ``(kind, hash)`` of the customer ``before`` to ``after``: a bucket and a customer in it."""
    rows = [(ws, kind, id_hash, *after, before) for kind, id_hash in sorted(ids)]
    await conn.executemany(_HAND_OVER, rows)


async def find_external_ids(
    conn: Connection, ws: int, kind: int, hashes: list[UUID]
) -> dict[UUID, tuple[int, UUID]]:
    """Return the bucket and the customer of each id of ``kind`` that was claimed before."""
    found = await find_claimed(conn, ws, [(kind, id_hash) for id_hash in hashes])
    return {id_hash: owner for (_, id_hash), owner in found.items()}


async def find_claimed(conn: Connection, ws: int, ids: Collection[tuple[int, UUID]]) -> Claimed:
    """Return the bucket and the customer of each id ``(kind, hash)`` that was claimed before."""
    if not ids:
        return {}
    rows = await conn.fetch(_FIND_EXTERNAL_IDS, ws, *zip(*ids, strict=True))
    return {(kind, id_hash): (bucket, customer_id) for kind, id_hash, bucket, customer_id in rows}


async def claim_or_find(
    conn: Connection,
    ws: int,
    bucket: int,
    new: Mapping[tuple[int, UUID], UUID],
    known: Collection[tuple[int, UUID]],
) -> Found:
    """Claim ids for good where they are free; return the workspace as it is now, and whose the others are.

    ``new`` maps ids ``(kind, hash)`` to the customers, in the bucket, who claim them; ``known`` are ids
    that are only looked up. Raises ``asyncpg.SerializationError`` if somebody else claimed one of the
    new ids at the same moment: the next try sees it.
    """
    rows = sorted(new.items(), key=_in_order)
    try:
        first, *found = await conn.fetch(
            _CLAIM_OR_FIND,
            ws,
            bucket,
            [kind for (kind, _), _ in rows],
            [id_hash for (_, id_hash), _ in rows],
            [customer_id for _, customer_id in rows],
            [kind for kind, _ in itertools.chain(new, known)],
            [id_hash for _, id_hash in itertools.chain(new, known)],
        )
    except asyncpg.UniqueViolationError:
        raise asyncpg.SerializationError("an id was claimed at the same moment") from None
    claimed = {(row[-5], row[-4]): (row[-3], row[-2]) for row in found}
    return Found(workspace_row(first), claimed, {row[-4] for row in found if row[-1]})


def _in_order(claim: tuple[tuple[int, UUID], UUID]) -> tuple[int, bytes]:
    """Two transactions that claim the same ids must not wait for each other: both do it in this order."""
    (kind, id_hash), _ = claim
    return kind, id_hash.bytes


async def claim_external_ids(
    conn: Connection, rows: list[tuple[int, UUID, UUID]], ws: int, bucket: int
) -> None:
    """Claim ``(kind, id_hash, customer_id)`` for good, in the bucket of the customers.

    Raises ``asyncpg.UniqueViolationError`` if another transaction claimed one of them first.
    """
    if rows:
        rows = sorted(rows, key=lambda row: (row[0], row[1].bytes))
        await conn.execute(_CLAIM_EXTERNAL_IDS, ws, bucket, *zip(*rows, strict=True))


async def give_external_id(
    conn: Connection, ws: int, kind: int, id_hash: UUID, bucket: int, customer_id: UUID
) -> bool:
    """Give the id of a guest's order (its customer is the id itself) to a customer, once."""
    status = await conn.execute(_GIVE_EXTERNAL_ID, ws, kind, id_hash, bucket, customer_id)
    return status == "UPDATE 1"
