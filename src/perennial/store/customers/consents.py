"""Consents: every word of a customer about a channel and a purpose, and which of them stands.

The records are only added to. Which one stands is decided by the statement that writes it, by the instants at
which things were said: the order in which they arrive does not matter, nor who arrives at once.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

import msgspec
from asyncpg import Connection, Record

from perennial.core.customers.consents import Consent, ConsentChannel, ConsentState
from perennial.store.customers.merges import Place
from perennial.units import Instant, named_id


class ConsentRow(msgspec.Struct, frozen=True):
    """One record: what was said, who recorded it, and when."""

    customer_id: UUID
    consent: Consent
    actor: str
    recorded_at: Instant
    record_id: UUID


class TooManyConsentsError(Exception):
    """A customer would have said something about more channels and purposes than there may be."""


_RECORD = "record_id, channel, purpose, given, at, recorded_at, source, wording, proof, reason, actor"

_INSERT_RECORDS = f"""
insert into consent_records (bucket, workspace_id, customer_id, {_RECORD})
select $2, $1, new.*
from unnest($3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::bool[], $8::timestamptz[],
    $9::timestamptz[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[]) as new
on conflict (bucket, workspace_id, customer_id, record_id) do nothing
"""

# Of what is said at once the latest of each subject is compared with what stands; the withdrawal comes last.
# The id decides between two that say the same, so that every order of arrival ends alike.
_PUT_STANDING = """
insert into consents (bucket, workspace_id, customer_id, channel, purpose, given, at, record_id)
select distinct on (new.customer_id, new.channel, new.purpose) $2, $1, new.*
from unnest($3::uuid[], $4::text[], $5::text[], $6::bool[], $7::timestamptz[], $8::uuid[])
    as new (customer_id, channel, purpose, given, at, record_id)
order by new.customer_id, new.channel, new.purpose, new.at desc, new.given, new.record_id desc
on conflict (bucket, workspace_id, customer_id, channel, purpose) do update set
    given = excluded.given, at = excluded.at, record_id = excluded.record_id
where (consents.at, not consents.given, consents.record_id)
    < (excluded.at, not excluded.given, excluded.record_id)
"""

_COUNT_STANDING = """
select counted.*
from unnest($3::uuid[]) as wanted (customer_id)
cross join lateral (
    select wanted.customer_id, count(*) as number
    from consents
    where bucket = $2 and workspace_id = $1 and customer_id = wanted.customer_id
    offset 0
) as counted
"""

_READ_STANDING = """
select records.*
from unnest($3::uuid[]) as wanted (customer_id)
cross join lateral (
    select customer_id, record_id
    from consents
    where bucket = $2 and workspace_id = $1 and customer_id = wanted.customer_id
    offset 0
) as standing
cross join lateral (
    select customer_id, record_id, channel, purpose, given, at, recorded_at, source, wording, proof, reason,
        actor
    from consent_records
    where bucket = $2 and workspace_id = $1 and customer_id = standing.customer_id
        and record_id = standing.record_id
    offset 0
) as records
"""

_READ_HISTORY = f"""
select customer_id, {_RECORD}
from consent_records
where bucket = $2 and workspace_id = $1 and customer_id = $3
    and ($4::timestamptz is null or (at, record_id) < ($4, $5::uuid))
order by at desc, record_id desc
limit $6
"""

_MOVE_RECORDS = f"""
insert into consent_records (bucket, workspace_id, customer_id, {_RECORD})
select $4, $1, $5, {_RECORD}
from consent_records
where bucket = $2 and workspace_id = $1 and customer_id = $3
on conflict (bucket, workspace_id, customer_id, record_id) do nothing
"""

_MOVE_STANDING = """
insert into consents (bucket, workspace_id, customer_id, channel, purpose, given, at, record_id)
select $4, $1, $5, channel, purpose, given, at, record_id
from consents
where bucket = $2 and workspace_id = $1 and customer_id = $3
on conflict (bucket, workspace_id, customer_id, channel, purpose) do update set
    given = excluded.given, at = excluded.at, record_id = excluded.record_id
where (consents.at, not consents.given, consents.record_id)
    < (excluded.at, not excluded.given, excluded.record_id)
returning purpose
"""

_ERASE_STANDING = """
delete from consents where bucket = $2 and workspace_id = $1 and customer_id = any($3::uuid[])
"""

_ERASE_RECORDS = """
delete from consent_records where bucket = $2 and workspace_id = $1 and customer_id = any($3::uuid[])
"""


def record_id_of(ws: int, consent: Consent) -> UUID:
    """Return the id of a record, which is what it says: said twice, it is one record."""
    return named_id(ws, "consent", msgspec.json.encode(consent).decode())


def _row(record: Record) -> ConsentRow:
    consent = Consent(
        channel=ConsentChannel(record["channel"]),
        purpose=record["purpose"],
        state=ConsentState.GIVEN if record["given"] else ConsentState.WITHDRAWN,
        at=record["at"],
        source=record["source"],
        wording=record["wording"],
        proof=record["proof"],
        reason=record["reason"],
    )
    customer_id, record_id = UUID(int=record["customer_id"].int), UUID(int=record["record_id"].int)
    return ConsentRow(customer_id, consent, record["actor"], record["recorded_at"], record_id)


async def record_consents(
    conn: Connection, ws: int, bucket: int, rows: Sequence[ConsentRow], most: int
) -> None:
    """Add records of customers who are locked, and let the latest of each channel and purpose stand.

    Raises :class:`TooManyConsentsError` if a customer gets a new one of these beyond ``most``. Who has more
    by a merge may say more about them.
    """
    rows = sorted(rows, key=lambda row: (row.customer_id.int, row.record_id.int))
    customers = sorted({row.customer_id for row in rows})
    before = await _count(conn, ws, bucket, customers)
    await _insert(conn, ws, bucket, rows)
    after = await _count(conn, ws, bucket, customers)
    if any(after[each] > max(most, before[each]) for each in customers):
        raise TooManyConsentsError


async def _count(conn: Connection, ws: int, bucket: int, customers: list[UUID]) -> dict[UUID, int]:
    """Return over how many channels and purposes each customer has said something."""
    return dict(map(tuple, await conn.fetch(_COUNT_STANDING, ws, bucket, customers)))


async def _insert(conn: Connection, ws: int, bucket: int, rows: Sequence[ConsentRow]) -> None:
    customers, ids = [row.customer_id for row in rows], [row.record_id for row in rows]
    channels = [row.consent.channel.value for row in rows]
    purposes = [row.consent.purpose for row in rows]
    given = [row.consent.state is ConsentState.GIVEN for row in rows]
    at = [row.consent.at for row in rows]
    await conn.execute(
        _INSERT_RECORDS,
        ws,
        bucket,
        customers,
        ids,
        channels,
        purposes,
        given,
        at,
        [row.recorded_at for row in rows],
        [row.consent.source for row in rows],
        [row.consent.wording for row in rows],
        [row.consent.proof for row in rows],
        [row.consent.reason for row in rows],
        [row.actor for row in rows],
    )
    await conn.execute(_PUT_STANDING, ws, bucket, customers, channels, purposes, given, at, ids)


async def read_consents(
    conn: Connection, ws: int, bucket: int, ids: Collection[UUID]
) -> dict[UUID, list[ConsentRow]]:
    """Return what stands of these customers, by the purpose and the channel."""
    found: dict[UUID, list[ConsentRow]] = {}
    for record in await conn.fetch(_READ_STANDING, ws, bucket, sorted(ids)):
        row = _row(record)
        found.setdefault(row.customer_id, []).append(row)
    for rows in found.values():
        rows.sort(key=lambda row: (row.consent.purpose, row.consent.channel))
    return found


async def list_consent_records(
    conn: Connection,
    ws: int,
    place: Place,
    *,
    before: tuple[Instant, UUID] | None = None,
    limit: int,
) -> list[ConsentRow]:
    """Return what a customer has said, what was said last first; behind ``before``, an instant and an id."""
    at, record_id = before or (None, None)
    rows = await conn.fetch(_READ_HISTORY, ws, *place, at, record_id, limit)
    return [_row(row) for row in rows]


async def move_consents(conn: Connection, ws: int, absorbed: Place, into: Place) -> int:
    """Give a survivor all that the absorbed customer said; of each channel and purpose the later stands.

    Return for how many channels and purposes the absorbed customer's word stands from now on.
    """
    await conn.execute(_MOVE_RECORDS, ws, *absorbed, *into)
    return len(await conn.fetch(_MOVE_STANDING, ws, *absorbed, *into))


async def erase_consents(conn: Connection, ws: int, bucket: int, ids: list[UUID]) -> None:
    """Erase all that customers who were erased have said; the database refuses it for everybody else."""
    await conn.execute(_ERASE_STANDING, ws, bucket, ids)
    await conn.execute(_ERASE_RECORDS, ws, bucket, ids)
