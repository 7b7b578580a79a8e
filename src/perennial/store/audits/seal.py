"""Sealing: each bucket's committed history in numbered blocks, chained by their hashes.

Runs seconds behind the writes and off their path. A block holds the postings and tier moves of the
transactions in ``[from_xact, to_xact)``; ``to_xact`` never passes the oldest transaction still
running, so that a block is complete when it is made. The hash covers numbers, ids and instants only:
erasing a person changes none of it. To see that a tail was cut off, keep the head elsewhere.
"""

from __future__ import annotations

from hashlib import sha256
from uuid import UUID

import msgspec
from asyncpg import Connection

from perennial.units import Instant

GENESIS = bytes(32)
"""What the first block of a bucket follows."""

BLOCK_ROWS = 1_000
"""About how many rows a block has at most: damage is located to a block."""

EMPTY_SPAN = 1 << 17
"""After so many transactions a block is made even if none of them concerned the bucket."""


class Seal(msgspec.Struct, frozen=True):
    """One sealed block."""

    block: int
    from_xact: int
    to_xact: int
    operations: int
    postings: int
    tier_moves: int
    previous: bytes
    hash: bytes
    sealed_at: Instant


class Head(msgspec.Struct, frozen=True):
    """The last block of a bucket, to be kept outside the database."""

    bucket: int
    block: int
    hash: bytes


class Damage(msgspec.Struct, frozen=True):
    """The first block that does not hold, what is wrong, and the operations found in it now."""

    block: int
    words: str
    operations: tuple[UUID, ...] = ()


_LAST_SEAL = """
select block, from_xact, to_xact, operations, postings, tier_moves, previous, hash, sealed_at
from seals
where bucket = $2 and workspace_id = $1
order by block desc
limit 1
"""

_READ_SEALS = """
select block, from_xact, to_xact, operations, postings, tier_moves, previous, hash, sealed_at
from seals
where bucket = $2 and workspace_id = $1
order by block
"""

# Whatever began before the oldest running transaction has ended, one way or the other.
SAFE_XACT = """
select generation::bigint * 281474976710656 + pg_snapshot_xmin(pg_current_snapshot())::text::bigint
from installation
"""

# The transaction behind the first $5 rows. Both indexes are walked no further than that, also by a plan that
# was made while the tables were empty.
_XACT_BEHIND = """
select xact
from (
    (select xact from postings where bucket = $2 and workspace_id = $1 and xact >= $3 and xact < $4
    order by xact limit $5 + 1)
    union all
    (select xact from tier_moves where bucket = $2 and workspace_id = $1 and xact >= $3 and xact < $4
    order by xact limit $5 + 1)
) as written
order by xact
offset $5
limit 1
"""

# The canonical bytes of a row are made by the database, which has them at hand. They never change: every
# block that was ever sealed is made of them. They come a thousand rows at a time, as one value: a row of a
# result costs more than to seal one.
_READ_BLOCK = """
select count(*) filter (where kind = 1), count(*) filter (where kind = 2),
    string_agg(uuid_send(operation_id), ''::bytea order by number),
    string_agg(uuid_send(customer_id) || uuid_send(operation_id) || int2send(position)
        || int8send(octet_length(told)) || told, ''::bytea order by number)
from (
    select *, row_number() over (order by xact, customer_id, operation_id, position, kind) as number
    from (
        select xact, customer_id, operation_id, position, 1 as kind, convert_to(concat_ws(',', 1,
            debit, credit, program_id, version, unit_id, amount, lot_id, source_id,
            (extract(epoch from at) * 1000000)::bigint, xact), 'UTF8') as told
        from postings
        where bucket = $2 and workspace_id = $1 and xact >= $3 and xact < $4
        union all
        select xact, customer_id, operation_id, position, 2, convert_to(concat_ws(',', 2,
            program_id, version,
            concat_ws(chr(31), tier_before is null, tier_before, tier_after is null, tier_after),
            (extract(epoch from at) * 1000000)::bigint, xact), 'UTF8')
        from tier_moves
        where bucket = $2 and workspace_id = $1 and xact >= $3 and xact < $4
    ) as written
) as numbered
group by (number - 1) / 1000
order by (number - 1) / 1000
"""

_INSERT_SEAL = """
insert into seals (bucket, workspace_id, block, from_xact, to_xact, operations, postings, tier_moves,
    previous, hash, sealed_at)
values ($2, $1, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""

_READ_HEADS = """
select distinct on (bucket) bucket, block, hash
from seals
where workspace_id = $1
order by bucket, block desc
"""


class _Content(msgspec.Struct):
    """What is stored of a block's transactions: operations, counts, and the hash after ``previous``."""

    operations: dict[bytes, None]
    postings: int
    tier_moves: int
    hash: bytes


async def _content(
    conn: Connection, ws: int, bucket: int, from_xact: int, to_xact: int, previous: bytes
) -> _Content:
    digest = sha256(previous)
    operations: dict[bytes, None] = {}
    postings = tier_moves = 0
    rows = conn.cursor(_READ_BLOCK, ws, bucket, from_xact, to_xact, prefetch=10)
    async for some_postings, some_moves, ids, content in rows:
        postings += some_postings
        tier_moves += some_moves
        operations.update(dict.fromkeys(ids[at : at + 16] for at in range(0, len(ids), 16)))
        digest.update(content)
    return _Content(operations, postings, tier_moves, digest.digest())


async def seal(conn: Connection, ws: int, bucket: int, now: Instant) -> Seal | None:
    """Seal the next block of a bucket; None if nothing new is complete.

    To be called in a transaction of the workspace, under the bucket's lease. ``now`` is wall time.
    Calling it until it returns None seals everything that is complete.
    """
    last = await conn.fetchrow(_LAST_SEAL, ws, bucket)
    before = Seal(*last) if last else None
    from_xact = before.to_xact if before else 0
    previous = before.hash if before else GENESIS
    safe = await conn.fetchval(SAFE_XACT)
    if safe <= from_xact:
        return None
    to_xact = await _block_end(conn, ws, bucket, from_xact, safe)
    if to_xact is None:
        return None
    content = await _content(conn, ws, bucket, from_xact, to_xact, previous)
    made = Seal(
        before.block + 1 if before else 1,
        from_xact,
        to_xact,
        len(content.operations),
        content.postings,
        content.tier_moves,
        previous,
        content.hash,
        now,
    )
    await conn.execute(_INSERT_SEAL, ws, bucket, *msgspec.structs.astuple(made))
    return made


async def _block_end(conn: Connection, ws: int, bucket: int, from_xact: int, safe: int) -> int | None:
    """Return where the next block ends, None if there is nothing to seal yet.

    That is the first transaction that would go beyond the rows of a block.
    """
    first: int | None = await conn.fetchval(_XACT_BEHIND, ws, bucket, from_xact, safe, 0)
    if first is None:
        return safe if safe - from_xact >= EMPTY_SPAN else None
    cut: int | None = await conn.fetchval(_XACT_BEHIND, ws, bucket, from_xact, safe, BLOCK_ROWS)
    # A single transaction larger than a block is a block of its own.
    return safe if cut is None else max(cut, first + 1)


async def read_heads(conn: Connection, ws: int) -> list[Head]:
    """Return the last block of every sealed bucket of a workspace, to be kept elsewhere."""
    return [Head(*row) for row in await conn.fetch(_READ_HEADS, ws)]


async def verify(conn: Connection, ws: int, bucket: int, head: Head | None = None) -> Damage | None:
    """Recompute every block of a bucket and return the first damage, None if all of it holds.

    ``head`` is a head that was kept elsewhere: without it a missing tail cannot be seen. To be called
    in a transaction of the workspace.
    """
    seals = [Seal(*row) for row in await conn.fetch(_READ_SEALS, ws, bucket)]
    previous, from_xact = GENESIS, 0
    for number, made in enumerate(seals, 1):
        if made.block != number:
            return Damage(number, f"block {number} is missing")
        if made.previous != previous or made.from_xact != from_xact:
            return Damage(number, f"block {number} does not follow the block before it")
        content = await _content(conn, ws, bucket, made.from_xact, made.to_xact, previous)
        if content.hash != made.hash:
            found = tuple(UUID(bytes=operation) for operation in content.operations)
            return Damage(number, _difference(made, content), found)
        if head is not None and head.block == number and head.hash != made.hash:
            return Damage(number, f"block {number} is not the one that was kept: it was sealed anew")
        previous, from_xact = made.hash, made.to_xact
    if head is not None and head.block > len(seals):
        return Damage(len(seals) + 1, f"the tail is missing: block {head.block} was kept")
    return None


def _difference(made: Seal, content: _Content) -> str:
    span = f"block {made.block} (transactions {made.from_xact} to {made.to_xact})"
    sealed = (made.operations, made.postings, made.tier_moves)
    found = (len(content.operations), content.postings, content.tier_moves)
    if sealed == found:
        return f"{span}: something in it was changed"
    return (
        f"{span}: sealed with {sealed[0]} operations, {sealed[1]} postings, {sealed[2]} tier moves;"
        f" found {found[0]}, {found[1]}, {found[2]}"
    )
