"""Conversions: balances that become points of another unit, and back.

What is declared is a row of the workspace; a slice is how far one bucket is; an owner's row says what was
carried over of one wallet. That row is written in the transaction that moves the points, and the write
lets it change only the way a conversion goes: so every owner is converted once, and comes back once.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from uuid import UUID

import msgspec
from asyncpg import Connection, Record

from perennial.core.conversion import Carried, Debts, Terms
from perennial.store.one_statement import GuardError
from perennial.units import Instant, Points, Rounding


class ConversionState(IntEnum):
    """Where a conversion goes. The numbers are stored."""

    CARRYING = 1
    GOING_BACK = 2
    CANCELED = 3


class OwnerState(IntEnum):
    """How far one owner is. The numbers are stored."""

    WAITING = 1
    """Something is held for an order; it is tried again."""
    CONVERTED = 2
    REFUSED = 3
    REVERSED = 4
    RETURN_WAITING = 5
    """The way back waits, because something is held for an order."""

    @property
    def word(self) -> str:
        """The state as callers read it."""
        return self.name.lower()


class ConversionRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row of ``conversions``."""

    conversion_id: UUID
    external_id: str
    program_id: int
    terms: Terms
    reason: str
    actor: str
    created_at: Instant
    starts_at: Instant
    state: ConversionState
    body: bytes


class SliceRow(msgspec.Struct, frozen=True):
    """How far one bucket is: owners up to ``walked_to`` were walked, or all of them."""

    conversion_id: UUID
    walked_to: UUID | None
    walked: bool
    due_at: Instant | None


class OwnerRow(msgspec.Struct, frozen=True, kw_only=True):
    """What was carried over of one owner, and what came back: ``back_taken`` left the other unit again.

    ``used`` of what was given was no longer there by then.
    """

    customer_id: UUID
    conversion_id: UUID
    state: OwnerState
    reason: str | None = None
    operation_id: UUID | None = None
    back_operation_id: UUID | None = None
    carried: Carried = Carried()
    back_taken: Points = 0
    back_given: Points = 0
    used: Points = 0


class Sums(msgspec.Struct):
    """What the owners in one state come to."""

    owners: int = 0
    taken: Points = 0
    given: Points = 0
    debt: Points = 0
    owed: Points = 0
    back_taken: Points = 0
    back_given: Points = 0
    used: Points = 0


_COLUMNS = """conversion_id, external_id, program_id, unit_id, into_unit_id, take, give, rounding, debts,
    reason, actor, created_at, starts_at, state, body"""

_INSERT_CONVERSION = f"""
insert into conversions (workspace_id, {_COLUMNS})
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
on conflict (workspace_id, conversion_id) do nothing
returning 1
"""

_INSERT_SLICES = """
insert into conversion_slices (bucket, workspace_id, conversion_id, walked, due_at)
select bucket, $1, $2, false, $5 from generate_series($3::int, $4::int) as buckets (bucket)
"""

# A slice holds the row while it works, so that who changes the state waits for it.
_SHARE_CONVERSION = f"""
select {_COLUMNS} from conversions where workspace_id = $1 and conversion_id = $2 for share
"""

_READ_CONVERSION = f"select {_COLUMNS} from conversions where workspace_id = $1 and conversion_id = $2"

_LIST_CONVERSIONS = f"""
select {_COLUMNS} from conversions where workspace_id = $1 and program_id = $2
order by created_at desc, conversion_id
limit $3
"""

_SET_STATE = """
update conversions set state = $4
where workspace_id = $1 and conversion_id = $2 and state = $3
returning 1
"""

_READ_SLICE = """
select conversion_id, walked_to, walked, due_at from conversion_slices
where bucket = $2 and workspace_id = $1 and conversion_id = $3
"""

_DUE_SLICES = """
select conversion_id from conversion_slices
where bucket = $2 and workspace_id = $1 and due_at <= $3
order by due_at, conversion_id
"""

# Whoever comes second with the same step finds that it was made.
_MOVE_SLICE = """
update conversion_slices set walked_to = $5, walked = $6, due_at = $7
where bucket = $2 and workspace_id = $1 and conversion_id = $3 and walked_to is not distinct from $4
    and due_at is not null
"""

_AWAKE_SLICES = """
update conversion_slices set due_at = $4
where bucket = $2 and workspace_id = $1 and conversion_id = $3
"""

_OPEN_SLICES = """
select count(*) filter (where due_at is not null and not walked), count(*) filter (where due_at is not null)
from conversion_slices where bucket = $2 and workspace_id = $1 and conversion_id = $3
"""

# One probe of the index per bucket, as for timers.
_DUE_BUCKETS = """
select workspaces.workspace_id, buckets.bucket
from workspaces
cross join lateral generate_series(bucket_base, bucket_base + bucket_count - 1) as buckets (bucket)
cross join lateral (
    select due_at
    from conversion_slices
    where conversion_slices.bucket = buckets.bucket
        and conversion_slices.workspace_id = workspaces.workspace_id and due_at is not null
    order by due_at
    limit 1
) as next
where next.due_at <= coalesce(workspaces.clock_at, $1)
"""

# A household is no member of anything: it is told apart, to be handled alone.
_WALK_OWNERS = """
select wallets.customer_id, exists (
    select from memberships
    where memberships.bucket = $2 and memberships.workspace_id = $1
        and memberships.customer_id = wallets.customer_id
)
from wallets
where bucket = $2 and workspace_id = $1 and unit_id = $3 and ($4::uuid is null or customer_id > $4)
    and (balance > 0 or debt > 0 or shortfall > 0 or held > 0)
order by customer_id
limit $5
"""

_OWNER_COLUMNS = """customer_id, conversion_id, state, reason, operation_id, back_operation_id, taken, given,
    debt, owed, shortfall, short, back_taken, back_given, used, carried"""

_LIST_OWNERS = f"""
select {_OWNER_COLUMNS}
from conversion_owners
where bucket = $2 and workspace_id = $1 and conversion_id = $3 and state = any($4::smallint[])
    and ($5::uuid is null or customer_id > $5)
order by customer_id
limit $6
"""

_READ_OWNERS = f"""
select found.*
from unnest($3::uuid[], $4::uuid[]) as wanted (customer_id, conversion_id)
cross join lateral (
    select {_OWNER_COLUMNS}
    from conversion_owners
    where bucket = $2 and workspace_id = $1 and customer_id = wanted.customer_id
        and conversion_id = wanted.conversion_id
    offset 0
) as found
"""

_OF_OWNER = f"""
select {_OWNER_COLUMNS}
from conversion_owners
where bucket = $2 and workspace_id = $1 and customer_id = $3
order by conversion_id
"""

# From waiting or refused to anything but the way back; from converted to it alone; reversed is the end.
PUT_OWNERS = f"""
insert into conversion_owners (bucket, workspace_id, {_OWNER_COLUMNS})
select $2, $1, new.* from unnest($3::conversion_owner_row[]) as new
on conflict (bucket, workspace_id, customer_id, conversion_id) do update set
    state = excluded.state, reason = excluded.reason, operation_id = excluded.operation_id,
    back_operation_id = excluded.back_operation_id, taken = excluded.taken, given = excluded.given,
    debt = excluded.debt, owed = excluded.owed, shortfall = excluded.shortfall, short = excluded.short,
    back_taken = excluded.back_taken, back_given = excluded.back_given, used = excluded.used,
    carried = excluded.carried
where (conversion_owners.state in (1, 3) and excluded.state <= 4)
    or (conversion_owners.state in (2, 5) and excluded.state >= 4)
"""

_SUM_OWNERS = """
select state, count(*), coalesce(sum(taken), 0)::bigint, coalesce(sum(given), 0)::bigint,
    coalesce(sum(debt), 0)::bigint, coalesce(sum(owed), 0)::bigint,
    coalesce(sum(back_taken), 0)::bigint, coalesce(sum(back_given), 0)::bigint, coalesce(sum(used), 0)::bigint
from conversion_owners
where bucket = $2 and workspace_id = $1 and conversion_id = $3
group by state
"""

# The same rounding as in the core, on whole balances.
_FORESEE = """
select count(*) filter (where held = 0), count(*) filter (where held > 0),
    coalesce(sum(balance) filter (where held = 0), 0)::bigint,
    coalesce(sum(div(balance::numeric * $4 * $6 + $7, $5 * $6::numeric)) filter (where held = 0), 0)::bigint,
    coalesce(sum(debt) filter (where held = 0), 0)::bigint,
    coalesce(sum(div(debt::numeric * $4 * $6 + $7, $5 * $6::numeric)) filter (where held = 0), 0)::bigint,
    coalesce(sum(balance + held), 0)::bigint, coalesce(sum(debt), 0)::bigint,
    coalesce(sum(shortfall), 0)::bigint
from wallets
where bucket = $2 and workspace_id = $1 and unit_id = $3
    and (balance > 0 or debt > 0 or shortfall > 0 or held > 0)
"""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Carried).decode


def _conversion(record: Record) -> ConversionRow:
    (conversion_id, external_id, program_id, unit, into, take, give, rounding, debts, *rest) = record
    reason, actor, created_at, starts_at, state, body = rest
    return ConversionRow(
        conversion_id=conversion_id,
        external_id=external_id,
        program_id=program_id,
        terms=Terms(unit, into, take, give, Rounding(rounding), Debts(debts)),
        reason=reason,
        actor=actor,
        created_at=created_at,
        starts_at=starts_at,
        state=ConversionState(state),
        body=body,
    )


def _owner(record: Record) -> OwnerRow:
    carried = record["carried"]
    return OwnerRow(
        customer_id=record["customer_id"],
        conversion_id=record["conversion_id"],
        state=OwnerState(record["state"]),
        reason=record["reason"],
        operation_id=record["operation_id"],
        back_operation_id=record["back_operation_id"],
        carried=_decode(carried) if carried else Carried(),
        back_taken=record["back_taken"],
        back_given=record["back_given"],
        used=record["used"],
    )


async def insert_conversion(conn: Connection, ws: int, row: ConversionRow, buckets: tuple[int, int]) -> bool:
    """Declare a conversion, with a slice in each bucket from the first to the last; False if it is there."""
    terms = row.terms
    new = await conn.fetchval(
        _INSERT_CONVERSION,
        ws,
        row.conversion_id,
        row.external_id,
        row.program_id,
        terms.unit,
        terms.into,
        terms.take,
        terms.give,
        terms.rounding.value,
        terms.debts.value,
        row.reason,
        row.actor,
        row.created_at,
        row.starts_at,
        int(row.state),
        row.body,
    )
    if new is None:
        return False
    await conn.execute(_INSERT_SLICES, ws, row.conversion_id, *buckets, row.starts_at)
    return True


async def read_conversion(
    conn: Connection, ws: int, conversion_id: UUID, *, share: bool = False
) -> ConversionRow | None:
    """Return a conversion; with ``share`` its state stays as it is until the end of the transaction."""
    record = await conn.fetchrow(_SHARE_CONVERSION if share else _READ_CONVERSION, ws, conversion_id)
    return None if record is None else _conversion(record)


async def list_conversions(conn: Connection, ws: int, program_id: int, limit: int) -> list[ConversionRow]:
    """Return the conversions of a program, the latest first."""
    return [_conversion(record) for record in await conn.fetch(_LIST_CONVERSIONS, ws, program_id, limit)]


async def set_conversion_state(
    conn: Connection, ws: int, conversion_id: UUID, before: ConversionState, after: ConversionState
) -> bool:
    """Let a conversion go another way, once no slice works on it; False if it went another way already."""
    return await conn.fetchval(_SET_STATE, ws, conversion_id, int(before), int(after)) is not None


async def read_slice(conn: Connection, ws: int, bucket: int, conversion_id: UUID) -> SliceRow | None:
    """Return how far a bucket is with a conversion."""
    record = await conn.fetchrow(_READ_SLICE, ws, bucket, conversion_id)
    return None if record is None else SliceRow(*record)


async def due_slices(conn: Connection, ws: int, bucket: int, until: Instant) -> list[UUID]:
    """Return the conversions with something to do in a bucket."""
    return [conversion for (conversion,) in await conn.fetch(_DUE_SLICES, ws, bucket, until)]


async def move_slice(conn: Connection, ws: int, bucket: int, before: SliceRow, after: SliceRow) -> None:
    """Note how far a bucket has come; nothing happens if another noted it before."""
    values = (after.walked_to, after.walked, after.due_at)
    await conn.execute(_MOVE_SLICE, ws, bucket, before.conversion_id, before.walked_to, *values)


async def wake_slice(conn: Connection, ws: int, bucket: int, conversion_id: UUID, at: Instant | None) -> None:
    """Let a bucket be worked on at ``at`` (None: not any more)."""
    await conn.execute(_AWAKE_SLICES, ws, bucket, conversion_id, at)


async def open_slice(conn: Connection, ws: int, bucket: int, conversion_id: UUID) -> tuple[bool, bool]:
    """Return whether owners of a bucket are still to be walked, and whether anything is to be done at all."""
    record = await conn.fetchrow(_OPEN_SLICES, ws, bucket, conversion_id)
    return (False, False) if record is None else (bool(record[0]), bool(record[1]))


async def buckets_with_due_conversions(conn: Connection, now: Instant) -> list[tuple[int, int]]:
    """Return workspace and bucket wherever balances are to be carried over; in the dispatcher's role."""
    return [(ws, bucket) for ws, bucket in await conn.fetch(_DUE_BUCKETS, now)]


async def walk_owners(
    conn: Connection, ws: int, bucket: int, unit: int, after: UUID | None, limit: int
) -> list[tuple[UUID, bool]]:
    """Return the owners behind ``after`` who have something of a unit, and whether they are members."""
    return [
        (owner, member) for owner, member in await conn.fetch(_WALK_OWNERS, ws, bucket, unit, after, limit)
    ]


async def list_owners(
    conn: Connection,
    ws: int,
    bucket: int,
    conversion_id: UUID,
    states: Iterable[OwnerState],
    after: UUID | None,
    limit: int,
) -> list[OwnerRow]:
    """Return the owners of a conversion in some states, behind ``after``, in the order of their ids."""
    values = [int(state) for state in states]
    rows = await conn.fetch(_LIST_OWNERS, ws, bucket, conversion_id, values, after, limit)
    return [_owner(row) for row in rows]


async def read_owners(
    conn: Connection, ws: int, bucket: int, keys: Iterable[tuple[UUID, UUID]]
) -> dict[tuple[UUID, UUID], OwnerRow]:
    """Return what is known of owners in conversions, by (owner, conversion)."""
    wanted = list(keys)
    rows = await conn.fetch(_READ_OWNERS, ws, bucket, [key[0] for key in wanted], [key[1] for key in wanted])
    return {(row["customer_id"], row["conversion_id"]): _owner(row) for row in rows}


async def conversions_of_owner(conn: Connection, ws: int, bucket: int, owner: UUID) -> list[OwnerRow]:
    """Return what was carried over of an owner, whenever."""
    return [_owner(row) for row in await conn.fetch(_OF_OWNER, ws, bucket, owner)]


async def put_owners(conn: Connection, ws: int, bucket: int, rows: Iterable[OwnerRow]) -> None:
    """Write how far owners are; :class:`GuardError` if one has come further meanwhile."""
    records = [
        (
            row.customer_id,
            row.conversion_id,
            int(row.state),
            row.reason,
            row.operation_id,
            row.back_operation_id,
            row.carried.taken,
            row.carried.given,
            row.carried.debt,
            row.carried.owed,
            row.carried.shortfall,
            row.carried.short,
            row.back_taken,
            row.back_given,
            row.used,
            _encode(row.carried) if row.carried else b"",
        )
        for row in rows
    ]
    done = await conn.execute(PUT_OWNERS, ws, bucket, records)
    written = int(done.rpartition(" ")[2])
    if written != len(records):
        raise GuardError("conversion_owners", len(records), written)


async def sum_owners(conn: Connection, ws: int, bucket: int, conversion_id: UUID) -> dict[OwnerState, Sums]:
    """Return what the owners of a bucket come to, by state."""
    rows = await conn.fetch(_SUM_OWNERS, ws, bucket, conversion_id)
    return {OwnerState(row[0]): Sums(*tuple(row)[1:]) for row in rows}


class Foreseen(msgspec.Struct):
    """What carrying a unit over would do: to how many owners, how many would have to wait, and the sums.

    ``left`` and what follows it is what all of them have in the unit, also those who would have to wait.
    """

    owners: int = 0
    waiting: int = 0
    taken: Points = 0
    given: Points = 0
    debt: Points = 0
    owed: Points = 0
    left: Points = 0
    left_owed: Points = 0
    left_shortfall: Points = 0

    def add(self, other: Foreseen) -> None:
        """Add what another bucket comes to."""
        for name in self.__struct_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


async def foresee(conn: Connection, ws: int, bucket: int, terms: Terms) -> Foreseen:
    """Return what carrying over would do in a bucket as it is now."""
    # Rounded down is the quotient itself; half up and up add something before the division.
    twice = 2 if terms.rounding is Rounding.HALF_UP else 1
    more = {Rounding.DOWN: 0, Rounding.HALF_UP: terms.take, Rounding.UP: terms.take - 1}[terms.rounding]
    record = await conn.fetchrow(_FORESEE, ws, bucket, terms.unit, terms.give, terms.take, twice, more)
    assert record is not None, "a sum is always one row"
    return Foreseen(*record)
