"""Referrals: who was referred by whom, and how far that is. The row lies with the friend.

Whoever changes one has locked the friend. The advocate's side is a row that says where it is, written in
the same transaction; what is due is found by its instant, as timers are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import timedelta
from uuid import UUID

import msgspec
from asyncpg import Connection, Record

from perennial.core.referrals.referrals import Given, Referral, ReferralState
from perennial.units import Instant


class ReferralRow(msgspec.Struct, frozen=True):
    """One referral with both who take part in it; ``ip_mark`` is the hash of where it came from."""

    friend_id: UUID
    advocate_bucket: int
    advocate_id: UUID
    referral: Referral
    ip_mark: UUID | None = None


class ReferralPlace(msgspec.Struct, frozen=True, array_like=True):
    """Where a page of a list ends: what comes next was referred later, or has a larger id."""

    attributed_at: Instant
    referral_id: UUID


_COLUMNS = """customer_id, referral_id, program_id, version, offer, advocate_bucket, advocate_id, state,
    reason, signals, approved, undo, attributed_at, deadline, progress, reached_at, source_id, due_at,
    converted_at, ip_mark, given"""

_LOAD_REFERRALS = f"""
select found.*
from unnest($3::uuid[]) as wanted (customer_id)
cross join lateral (
    select {_COLUMNS}
    from referrals
    where bucket = $2 and workspace_id = $1 and customer_id = wanted.customer_id
    offset 0
) as found
"""

_READ_REFERRAL = f"""
select {_COLUMNS}
from referrals
where bucket = $2 and workspace_id = $1 and customer_id = $3 and referral_id = $4
"""

_PUT_REFERRALS = f"""
insert into referrals (bucket, workspace_id, {_COLUMNS})
select $2, $1, new.*
from unnest($3::referral_row[]) as new
on conflict (bucket, workspace_id, customer_id, referral_id) do update set
    state = excluded.state, reason = excluded.reason, signals = excluded.signals,
    approved = excluded.approved, undo = excluded.undo, progress = excluded.progress,
    reached_at = excluded.reached_at, source_id = excluded.source_id, due_at = excluded.due_at,
    converted_at = excluded.converted_at, given = excluded.given
"""

_INSERT_ADVOCACY = """
insert into advocacies (bucket, workspace_id, customer_id, referral_id, friend_bucket, friend_id)
values ($2, $1, $3, $4, $5, $6)
"""

_READ_ADVOCACIES = """
select referral_id, friend_bucket, friend_id
from advocacies
where bucket = $2 and workspace_id = $1 and customer_id = $3
order by referral_id
limit $4
"""

_DUE_REFERRALS = """
select customer_id, referral_id
from referrals
where bucket = $2 and workspace_id = $1 and due_at <= $3 and due_at is not null
order by due_at
limit $4
"""

# One probe of the index per bucket, as for timers.
_DUE_BUCKETS = """
select workspaces.workspace_id, buckets.bucket
from workspaces
cross join lateral generate_series(bucket_base, bucket_base + bucket_count - 1) as buckets (bucket)
cross join lateral (
    select due_at
    from referrals
    where referrals.bucket = buckets.bucket and referrals.workspace_id = workspaces.workspace_id
        and referrals.due_at is not null
    order by due_at
    limit 1
) as next
where next.due_at <= coalesce(workspaces.clock_at, $1)
"""

# Off the hot path, over all buckets of the workspace: a referral from one place may be of anybody. Each time
# of the given length counts that ends with a referral, and to which the instant belongs.
_COUNT_FROM_PLACE = """
select coalesce(max(number), 0)
from (
    select attributed_at, count(*) over (
        order by attributed_at range between $6::interval - interval '1 microsecond' preceding and current row
    ) as number
    from (
        select attributed_at
        from referrals
        where bucket between $2 and $3 and workspace_id = $1 and ip_mark = $4
            and attributed_at > $5::timestamptz - $6::interval
            and attributed_at < $5::timestamptz + $6::interval
        union all
        select $5::timestamptz where $7
    ) as near
) as together
where attributed_at >= $5::timestamptz
"""

_LIST_REFERRALS = f"""
select bucket, {_COLUMNS}
from referrals
where bucket between $2 and $3 and workspace_id = $1
    and ($4::smallint is null or state = $4) and ($5::int is null or program_id = $5)
    and ($6::uuid is null or customer_id = $6) and ($7::uuid is null or advocate_id = $7)
    and ($8::timestamptz is null or (attributed_at, referral_id) > ($8, $9))
order by attributed_at, referral_id
limit $10
"""

_READ_REFERRAL_OF = f"""
select {_COLUMNS}
from referrals
where bucket = $2 and workspace_id = $1 and customer_id = $3 and program_id = $4
order by attributed_at desc, referral_id desc
limit 1
"""

_COUNT_ORDERS_BEFORE = """
select count(*)
from orders
where bucket = $2 and workspace_id = $1 and customer_id = $3 and paid_at < $4 and status <> 4
"""

_COUNT_STATES = """
select found.program_id, found.state, count(*)
from unnest($3::uuid[], $4::uuid[]) as wanted (customer_id, referral_id)
cross join lateral (
    select program_id, state
    from referrals
    where bucket = $2 and workspace_id = $1 and customer_id = wanted.customer_id
        and referral_id = wanted.referral_id
    offset 0
) as found
group by found.program_id, found.state
"""

_ERASE_REFERRALS = """
update referrals
set signals = '{}', progress = '{}', ip_mark = null, given = '', due_at = null,
    reason = case when state in (1, 2, 5) then 'erased' else reason end,
    state = case when state in (1, 2, 5) then 4 else state end
where bucket = $2 and workspace_id = $1 and customer_id = any($3::uuid[])
"""

_DELETE_REFERRALS = "delete from referrals where bucket = $2 and workspace_id = $1 and customer_id = $3"

_DELETE_ADVOCACIES = "delete from advocacies where bucket = $2 and workspace_id = $1 and customer_id = $3"

_MOVE_FRIEND = """
update advocacies set friend_bucket = $5, friend_id = $6
where bucket = $2 and workspace_id = $1 and customer_id = $3 and referral_id = $4
"""

_MOVE_ADVOCATE = """
update referrals set advocate_bucket = $5, advocate_id = $6
where bucket = $2 and workspace_id = $1 and customer_id = $3 and referral_id = $4
"""

_ALL = 1 << 62

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[Given, ...]).decode


def _row(record: Record, start: int = 0) -> ReferralRow:
    (
        customer_id,
        referral_id,
        program_id,
        version,
        offer,
        advocate_bucket,
        advocate_id,
        state,
        reason,
        signals,
        approved,
        undo,
        attributed_at,
        deadline,
        progress,
        reached_at,
        source_id,
        due_at,
        converted_at,
        ip_mark,
        given,
    ) = list(record)[start:]
    referral = Referral(
        referral_id=referral_id,
        program_id=program_id,
        version=version,
        offer=offer,
        attributed_at=attributed_at,
        state=ReferralState(state),
        reason=reason,
        signals=tuple(signals),
        approved=approved,
        undo=undo,
        deadline=deadline,
        progress=tuple(progress),
        reached_at=reached_at,
        source_id=source_id,
        due_at=due_at,
        converted_at=converted_at,
        given=_decode(given) if given else (),
    )
    return ReferralRow(customer_id, advocate_bucket, advocate_id, referral, ip_mark)


def _record(row: ReferralRow) -> tuple[object, ...]:
    known = row.referral
    return (
        row.friend_id,
        known.referral_id,
        known.program_id,
        known.version,
        known.offer,
        row.advocate_bucket,
        row.advocate_id,
        int(known.state),
        known.reason,
        list(known.signals),
        known.approved,
        known.undo,
        known.attributed_at,
        known.deadline,
        list(known.progress),
        known.reached_at,
        known.source_id,
        known.due_at,
        known.converted_at,
        row.ip_mark,
        _encode(known.given),
    )


async def load_referrals(
    conn: Connection, ws: int, bucket: int, friends: Collection[UUID]
) -> list[ReferralRow]:
    """Return every referral of these friends, in whichever program; the friends are locked."""
    if not friends:
        return []
    return [_row(row) for row in await conn.fetch(_LOAD_REFERRALS, ws, bucket, sorted(friends))]


async def read_referral(
    conn: Connection, ws: int, bucket: int, friend_id: UUID, referral_id: UUID
) -> ReferralRow | None:
    """Return one referral, or None."""
    row = await conn.fetchrow(_READ_REFERRAL, ws, bucket, friend_id, referral_id)
    return None if row is None else _row(row)


async def read_referral_of(
    conn: Connection, ws: int, bucket: int, friend_id: UUID, program_id: int
) -> ReferralRow | None:
    """Return how a customer was referred in a program the last time, or None."""
    row = await conn.fetchrow(_READ_REFERRAL_OF, ws, bucket, friend_id, program_id)
    return None if row is None else _row(row)


async def count_orders_before(conn: Connection, ws: int, bucket: int, customer_id: UUID, at: Instant) -> int:
    """Return how many orders a customer had paid before ``at``, those that were canceled aside."""
    count: int = await conn.fetchval(_COUNT_ORDERS_BEFORE, ws, bucket, customer_id, at)
    return count


async def put_referrals(conn: Connection, ws: int, bucket: int, rows: Iterable[ReferralRow]) -> None:
    """Write referrals of friends who are locked as they are now."""
    records = [_record(row) for row in sorted(rows, key=lambda row: row.friend_id.bytes)]
    if records:
        await conn.execute(_PUT_REFERRALS, ws, bucket, records)


async def insert_advocacy(
    conn: Connection, ws: int, bucket: int, advocate_id: UUID, referral_id: UUID, friend: tuple[int, UUID]
) -> None:
    """Note on the side of an advocate where a new referral is: ``friend`` is the bucket and the customer."""
    await conn.execute(_INSERT_ADVOCACY, ws, bucket, advocate_id, referral_id, *friend)


async def read_advocacies(
    conn: Connection, ws: int, bucket: int, advocate_id: UUID, limit: int
) -> list[tuple[UUID, int, UUID]]:
    """Return id, bucket and friend of the referrals of an advocate, at most ``limit`` of them."""
    rows = await conn.fetch(_READ_ADVOCACIES, ws, bucket, advocate_id, limit)
    return [(referral_id, at, friend) for referral_id, at, friend in rows]


async def list_advocacies(
    conn: Connection, ws: int, bucket: int, advocate_id: UUID
) -> list[tuple[UUID, int, UUID]]:
    """Return id, bucket and friend of every referral of an advocate."""
    return await read_advocacies(conn, ws, bucket, advocate_id, _ALL)


async def due_referrals(
    conn: Connection, ws: int, bucket: int, until: Instant, limit: int
) -> list[tuple[UUID, UUID]]:
    """Return friend and id of referrals of the bucket that are due at or before ``until``."""
    rows = await conn.fetch(_DUE_REFERRALS, ws, bucket, until, limit)
    return [(friend, referral_id) for friend, referral_id in rows]


async def buckets_with_due_referrals(conn: Connection, now: Instant) -> list[tuple[int, int]]:
    """Return workspace and bucket wherever a referral is due; to be called as the dispatcher."""
    return [(ws, bucket) for ws, bucket in await conn.fetch(_DUE_BUCKETS, now)]


async def count_from_place(
    conn: Connection,
    ws: int,
    buckets: tuple[int, int],
    ip_mark: UUID,
    at: Instant,
    days: int,
    *,
    is_new: bool = False,
) -> int:
    """Return how many referrals came from one place within so many days, to which ``at`` belongs.

    One that ``is_new`` and not stored yet, from ``at``, is counted as well.
    """
    span = timedelta(days=days)
    count: int = await conn.fetchval(_COUNT_FROM_PLACE, ws, *buckets, ip_mark, at, span, is_new)
    return count


async def list_referrals(
    conn: Connection,
    ws: int,
    buckets: tuple[int, int],
    *,
    state: ReferralState | None,
    program_id: int | None,
    friend_id: UUID | None,
    advocate_id: UUID | None,
    after: ReferralPlace | None,
    limit: int,
) -> list[tuple[int, ReferralRow]]:
    """Return referrals of a workspace with the bucket of the friend, the oldest first, from ``after`` on.

    ``buckets`` are the first and the last of the workspace; what is None is not looked at.
    """
    at, last = (None, None) if after is None else (after.attributed_at, after.referral_id)
    rows = await conn.fetch(
        _LIST_REFERRALS, ws, *buckets, state, program_id, friend_id, advocate_id, at, last, limit
    )
    return [(row[0], _row(row, 1)) for row in rows]


async def count_states(
    conn: Connection, ws: int, bucket: int, keys: Collection[tuple[UUID, UUID]]
) -> list[tuple[int, ReferralState, int]]:
    """Return program, state and count of the referrals among ``(friend, referral)``."""
    rows = await conn.fetch(_COUNT_STATES, ws, bucket, *zip(*sorted(keys), strict=True))
    return [(program_id, ReferralState(state), count) for program_id, state, count in rows]


async def hand_over_referrals(
    conn: Connection, ws: int, absorbed: tuple[int, UUID], into: tuple[int, UUID], rows: Iterable[ReferralRow]
) -> None:
    """Let ``rows``, all referrals of an absorbed friend as they are from now on, be the survivor's.

    The friend, the survivor and the advocates are locked. Who is the survivor's advocate does not change.
    """
    rows = list(rows)
    await conn.execute(_DELETE_REFERRALS, ws, *absorbed)
    await put_referrals(conn, ws, into[0], rows)
    moved = [(ws, row.advocate_bucket, row.advocate_id, row.referral.referral_id, *into) for row in rows]
    await conn.executemany(_MOVE_FRIEND, moved)


async def hand_over_advocacies(
    conn: Connection,
    ws: int,
    absorbed: tuple[int, UUID],
    into: tuple[int, UUID],
    rows: Iterable[tuple[UUID, int, UUID]],
) -> None:
    """Let the survivor be who referred: ``rows`` are id, bucket and friend of each, who are locked."""
    rows = list(rows)
    await conn.execute(_DELETE_ADVOCACIES, ws, *absorbed)
    for referral_id, bucket, friend in rows:
        await insert_advocacy(conn, ws, into[0], into[1], referral_id, (bucket, friend))
    moved = [(ws, bucket, friend, referral_id, *into) for referral_id, bucket, friend in rows]
    await conn.executemany(_MOVE_ADVOCATE, moved)


async def erase_referrals(conn: Connection, ws: int, bucket: int, friends: list[UUID]) -> None:
    """Forget what tells of friends who are erased; what they had not converted yet is rejected."""
    await conn.execute(_ERASE_REFERRALS, ws, bucket, friends)
