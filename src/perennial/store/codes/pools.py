"""Pools: codes that are made or imported in batches, and given to members one by one.

A code that is nobody's yet is its own customer, in the bucket that its hash says. Giving it to a member
moves its row to theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

import msgspec
from asyncpg import Connection

from perennial.store.codes.vouchers import COLUMNS, INSERT_VOUCHERS, VoucherRow, VoucherState, voucher_of
from perennial.store.one_statement import GuardError
from perennial.units import Instant, Minor


class BatchRow(msgspec.Struct, frozen=True):
    """One row of ``voucher_batches``. ``body`` is what was asked for, as keyed hashes of its fields."""

    batch_id: UUID
    program_id: int
    version: int
    external_id: str
    reward: str
    actor: str
    imported: bool
    made: int
    created_at: Instant
    starts_at: Instant | None
    expires_at: Instant | None
    body: bytes
    answer: bytes


class Terms(msgspec.Struct, frozen=True):
    """What every code of a batch is worth, how often it may be used, and whether by its customer alone."""

    value: Minor
    currency: str
    uses: int
    bound: bool


PlacedCode: TypeAlias = tuple[int, UUID, UUID, bytes, str]
"""A code to be stored: bucket, hash, customer (the hash itself: nobody), sealed text, last characters."""

_NONE = "'00000000-0000-0000-0000-000000000000'::uuid"
_BATCH_COLUMNS = """batch_id, program_id, version, external_id, reward, actor, imported, made, created_at,
    starts_at, expires_at, body, answer"""

_INSERT_BATCH = f"""
insert into voucher_batches (workspace_id, {_BATCH_COLUMNS})
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
on conflict do nothing
returning 1
"""

_FINISH_BATCH = """
update voucher_batches set made = $3, answer = $4 where workspace_id = $1 and batch_id = $2
"""

_FIND_BATCH = f"select {_BATCH_COLUMNS} from voucher_batches where workspace_id = $1 and batch_id = $2"

_LIST_BATCHES = f"""
select {_BATCH_COLUMNS}
from voucher_batches
where workspace_id = $1 and made >= 0 and ($3::timestamptz is null or (created_at, batch_id) < ($3, $4::uuid))
order by created_at desc, batch_id desc
limit $2
"""

_BATCHES_OF_REWARD = """
select batch_id
from voucher_batches
where workspace_id = $1 and program_id = $2 and reward = $3 and made > 0
"""

_TAKE_CODES = """
insert into voucher_codes (workspace_id, bucket, code_hash, customer_id, voucher_id)
select $1, new.* from unnest($2::int[], $3::uuid[], $4::uuid[], $5::uuid[]) as new
on conflict do nothing
returning code_hash
"""

_CODES_NOT_TAKEN = """
select wanted.code_hash
from unnest($2::uuid[]) as wanted (code_hash)
where (
    select true from voucher_codes where workspace_id = $1 and voucher_codes.code_hash = wanted.code_hash
) is null
"""

# What all vouchers of a batch have in common travels once.
_INSERT_POOL = f"""
insert into vouchers (bucket, workspace_id, {COLUMNS})
select new.bucket, $1, new.customer_id, new.voucher_id, $7, $8, $9, $10, new.sealed, new.last4, $11, $12,
    0, 0, $13, $14, $15, $16, 0, $17, $18, $7, null, null
from unnest($2::int[], $3::uuid[], $4::uuid[], $5::bytea[], $6::text[])
    as new (bucket, customer_id, voucher_id, sealed, last4)
"""

# The codes of a batch in the order of the index, bucket by bucket: those that are nobody's, or that
# somebody has. No more buckets are looked into than the page needs.
_READ_POOL = f"""
select codes.*, place.bucket
from (select bucket from generate_series($2::int, $3::int) as bucket order by bucket) as place
cross join lateral (
    select {COLUMNS}
    from vouchers
    where bucket = place.bucket and workspace_id = $1 and batch_id = $4 and (customer_id = voucher_id) = $5
        and voucher_id > case when place.bucket = $2 then $6::uuid else {_NONE} end
    order by voucher_id
    limit $7
) as codes
order by place.bucket, codes.voucher_id
limit $7
"""

# The state of one whose holder was erased is 2, and of one that was taken back 3. In each bucket those that
# somebody has and those that are nobody's are counted by the index, whose first columns these are.
_COUNT_POOL = """
select count(*) filter (where state <> 2),
    count(*) filter (where state <> 2 and not free),
    count(*) filter (where state <> 2 and used > 0),
    count(*) filter (where state = 3),
    count(*) filter (where state = 1 and expires_at <= $5)
from generate_series($2::int, $3::int) as place (bucket)
cross join unnest(array[true, false]) as side (free)
cross join lateral (
    select state, used, expires_at
    from vouchers
    where bucket = place.bucket and workspace_id = $1 and batch_id = $4
        and (customer_id = voucher_id) = side.free
    offset 0
) as codes
"""


# A gift card with money on it belongs to whoever bought it.
def _free_in(bucket: str, valid_at: str) -> str:
    return f"""workspace_id = $1 and batch_id = wanted.batch_id and (customer_id = voucher_id)
        and state = 1 and used = 0
        and ({valid_at}::timestamptz is null or expires_at is null or expires_at > {valid_at})
        and (
            select true from wallets
            where wallets.bucket = {bucket} and wallets.workspace_id = $1
                and wallets.customer_id = vouchers.voucher_id
            limit 1
        ) is null"""


_HAS_FREE = f"""
select exists (
    select true
    from generate_series($2::int, $3::int) as place (bucket)
    cross join unnest($4::uuid[]) as wanted (batch_id)
    cross join lateral (
        select true
        from vouchers
        where bucket = place.bucket and {_free_in("place.bucket", "$5")}
        limit 1
    ) as free
)
"""


# Whoever takes begins somewhere else, so that they seldom meet; where they do each takes another one.
# The batches are looked at one after the other: PostgreSQL 15 may read the codes of all for a list.
def _take_free(locked: str) -> str:
    return f"""
select free.*
from unnest($3::uuid[]) as wanted (batch_id)
cross join lateral (
    select {COLUMNS}
    from vouchers
    where bucket = $2 and {_free_in("$2", "$6")}
        and voucher_id >= $4 and voucher_id <= $5 and voucher_id <> all($7::uuid[])
    limit 1
    for update {locked}
) as free
limit 1
"""


TAKE_FREE_OR_SKIP = _take_free("skip locked")
TAKE_FREE_OR_WAIT = _take_free("")

DELETE_FREE = """
delete from vouchers
where bucket = $2 and workspace_id = $1 and customer_id = $3 and voucher_id = $3
returning 1
"""

_MOVE_CODE = """
update voucher_codes
set bucket = $4, customer_id = $5
where workspace_id = $1 and code_hash = $2 and voucher_id = $3
returning 1
"""

_FIRST, _LAST = UUID(int=0), UUID(int=(1 << 128) - 1)


def bucket_of_code(code_hash: UUID, bucket_base: int, bucket_count: int) -> int:
    """Return the bucket of a code that is nobody's."""
    return bucket_base + code_hash.int % bucket_count


async def insert_batch(conn: Connection, ws: int, row: BatchRow) -> bool:
    """Begin a batch, unless there is one with its id; who began it at the same moment is waited for."""
    return bool(await conn.fetchval(_INSERT_BATCH, ws, *msgspec.structs.astuple(row)))


async def finish_batch(conn: Connection, ws: int, batch_id: UUID, made: int, answer: bytes) -> None:
    """Note how many codes a batch has, and what its maker was answered."""
    await conn.execute(_FINISH_BATCH, ws, batch_id, made, answer)


async def find_batch(conn: Connection, ws: int, batch_id: UUID) -> BatchRow | None:
    """Return a batch, or None."""
    row = await conn.fetchrow(_FIND_BATCH, ws, batch_id)
    return BatchRow(*row) if row else None


async def list_batches(
    conn: Connection, ws: int, limit: int, before: tuple[Instant, UUID] | None = None
) -> list[BatchRow]:
    """Return the batches of a workspace, the latest first; ``before`` is the last one of a page before."""
    begin = before if before is not None else (None, None)
    return [BatchRow(*row) for row in await conn.fetch(_LIST_BATCHES, ws, limit, *begin)]


async def batches_of_reward(conn: Connection, ws: int, program_id: int, reward: str) -> list[UUID]:
    """Return the ids of the batches that hold codes of a reward."""
    return [batch_id for (batch_id,) in await conn.fetch(_BATCHES_OF_REWARD, ws, program_id, reward)]


async def insert_pool(
    conn: Connection, ws: int, batch: BatchRow, terms: Terms, codes: Sequence[PlacedCode]
) -> set[UUID]:
    """Store the vouchers of a batch; return the hashes of their codes, without those that were taken."""
    if not codes:
        return set()
    # Sorted, for two transactions that take the same codes must not wait for each other.
    ordered = sorted(codes, key=lambda code: code[1].bytes)
    buckets, hashes, customers, sealed, ends = zip(*ordered, strict=True)
    fresh = {each for (each,) in await conn.fetch(_TAKE_CODES, ws, buckets, hashes, customers, hashes)}
    if len(fresh) < len(ordered):
        kept = [code for code in ordered if code[1] in fresh]
        buckets, hashes, customers, sealed, ends = zip(*kept, strict=True) if kept else ((),) * 5
    await conn.execute(
        _INSERT_POOL,
        ws,
        buckets,
        customers,
        hashes,
        sealed,
        ends,
        batch.batch_id,
        batch.program_id,
        batch.version,
        batch.reward,
        terms.value,
        terms.currency,
        VoucherState.ISSUED,
        batch.created_at,
        batch.starts_at,
        batch.expires_at,
        terms.uses,
        terms.bound,
    )
    return fresh


async def read_pool(
    conn: Connection,
    ws: int,
    buckets: tuple[int, int],
    batch_id: UUID,
    *,
    free: bool,
    after: UUID = _FIRST,
    limit: int,
) -> list[tuple[int, VoucherRow]]:
    """Return a page of a batch's codes: those that are nobody's, or those of somebody, with their buckets.

    ``buckets`` are the first and the last one; ``after`` is where the page begins in the first.
    """
    rows = await conn.fetch(_READ_POOL, ws, *buckets, batch_id, free, after, limit)
    return [(bucket, voucher_of(row)) for *row, bucket in rows]


async def codes_not_taken(conn: Connection, ws: int, hashes: Sequence[UUID]) -> set[UUID]:
    """Return the hashes of codes that no voucher has."""
    return {each for (each,) in await conn.fetch(_CODES_NOT_TAKEN, ws, hashes)}


class PoolCounts(NamedTuple):
    """How many codes a batch has: all, somebody's, used, taken back, and run out unused."""

    codes: int
    given: int
    used: int
    voided: int
    expired: int


async def count_pool(
    conn: Connection, ws: int, buckets: tuple[int, int], batch_id: UUID, at: Instant
) -> PoolCounts:
    """Count the codes of a batch from one bucket to another; ``at`` decides what has expired."""
    row: Any = await conn.fetchrow(_COUNT_POOL, ws, *buckets, batch_id, at)
    return PoolCounts(*row)


async def has_free(
    conn: Connection, ws: int, buckets: tuple[int, int], batches: Sequence[UUID], valid_at: Instant | None
) -> bool:
    """Whether one of the batches has a code that is nobody's and unused, in the first to the last bucket.

    With ``valid_at`` it has not expired by then. Nothing is locked: it may be gone a moment later.
    """
    return bool(await conn.fetchval(_HAS_FREE, ws, *buckets, batches, valid_at))


async def take_free(
    conn: Connection,
    ws: int,
    bucket: int,
    batches: Sequence[UUID],
    start: UUID,
    valid_at: Instant | None,
    *,
    wait: bool = False,
    besides: Sequence[UUID] = (),
) -> VoucherRow | None:
    """Lock and return a code that is nobody's and unused, of one of the batches, or None if there is none.

    ``start`` is where the search begins. With ``valid_at`` it has not expired by then. What others have
    locked is passed over, or with ``wait`` waited for. ``besides`` are codes that were taken before.
    """
    sql = TAKE_FREE_OR_WAIT if wait else TAKE_FREE_OR_SKIP
    for first, last in ((start, _LAST), (_FIRST, start)):
        row = await conn.fetchrow(sql, ws, bucket, batches, first, last, valid_at, besides)
        if row is not None:
            return voucher_of(row)
    return None


async def give_free(conn: Connection, ws: int, places: tuple[int, int], row: VoucherRow) -> None:
    """Move a code that is nobody's, and locked, to the customer whom ``row`` names.

    ``places`` are the bucket where it is and the one of the customer. The id of a code that is nobody's
    is its hash. Raises :class:`GuardError` if it was given to somebody in between.
    """
    old, new = places
    deleted = await conn.fetchval(DELETE_FREE, ws, old, row.voucher_id)
    moved = await conn.fetchval(_MOVE_CODE, ws, row.voucher_id, row.voucher_id, new, row.customer_id)
    if not (deleted and moved):
        raise GuardError("vouchers", 1, 0)
    await conn.execute(INSERT_VOUCHERS, ws, new, [msgspec.structs.astuple(row)])
