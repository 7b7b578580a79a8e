"""Erasing a person: what is known of them goes, the ledger stays.

Bodies, decisions and answers are blanked where they are, so that every row that names another still
finds it; row-level security lets nobody do that to somebody who was not erased. The postings and seals
hold ids, amounts and instants only, and are not touched.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from asyncpg import Connection

from perennial.core.entitlements import UNDONE, EntitlementState
from perennial.store.codes.vouchers import VoucherState
from perennial.store.codes.waits import erase_waits
from perennial.store.customers.consents import erase_consents
from perennial.store.customers.identifiers import erase_identifiers
from perennial.store.customers.marks import erase_marks
from perennial.store.customers.merges import erase_merges
from perennial.store.customers.notes import erase_notes
from perennial.store.customers.referral_codes import erase_codes
from perennial.store.customers.referrals import erase_referrals
from perennial.store.customers.words import erase_words
from perennial.store.events import EventKind
from perennial.store.messages import erase_messages
from perennial.store.segments import forget_segments_of
from perennial.units import Instant

_TRANSFERS = [EventKind.TRANSFER.value, EventKind.TRANSFER_RECEIVED.value]

_FIND_HOUSEHOLDS = """
select source_id
from events
where bucket = $2 and workspace_id = $1 and customer_id = $3 and kind = $4
"""

_FIND_INHABITED = """
select found.*
from unnest($3::uuid[]) as wanted (household_id)
cross join unnest($2::int[]) as place (bucket)
cross join lateral (
    select household_id
    from customers
    where bucket = place.bucket and workspace_id = $1 and household_id = wanted.household_id
        and customer_id <> $4
    limit 1
) as found
"""

_READ_TRANSFERS = """
select event_id, body
from events
where bucket = $2 and workspace_id = $1 and customer_id = $3 and kind = any($4::smallint[]) and body <> ''
"""

_ERASE_CUSTOMERS = """
update customers
set external_id = '', attributes = '{}', household_id = null, erased_at = $4,
    blocked = null, blocked_since = null, blocked_by = null, block_reason = null
where bucket = $2 and workspace_id = $1 and customer_id = any($3::uuid[])
"""

# What an order came to and when it was paid tells about its buyer as well; the ledger does not need it.
_BLANK_ORDERS = """
update orders
set external_id = '', body = '', decision = '', answer = '', net = 0, paid_at = null, returned = null,
    location = null
where bucket = $2 and workspace_id = $1 and customer_id = any($3::uuid[])
"""

_BLANK_REDEMPTIONS = """
update redemptions
set taken = '', answer = '', asked = null
where bucket = $2 and workspace_id = $1 and customer_id = any($3::uuid[])
"""

_BLANK_EVENTS = """
update events
set external_id = '', body = '', decision = '', answer = ''
where bucket = $2 and workspace_id = $1 and customer_id = any($3::uuid[])
"""

# The points that the other one's decision counted stay counted.
_BLANK_TRANSFER = """
update events
set external_id = '', body = '', answer = ''
where bucket = $2 and workspace_id = $1 and customer_id = $3 and event_id = $4 and kind = any($5::smallint[])
"""

_END_MEMBERSHIPS = """
update memberships
set left_at = coalesce(left_at, $4), source = ''
where bucket = $2 and workspace_id = $1 and customer_id = any($3::uuid[])
"""

_END_VOUCHERS = """
update vouchers
set state = $4, sealed = '', last4 = ''
where bucket = $2 and workspace_id = $1 and customer_id = any($3::uuid[])
"""

# What was done stays done for the books; what was still to be done ends. The reference may name a person.
_END_ENTITLEMENTS = """
update entitlements
set state = case when state = any($4::smallint[]) then $5 else state end, changed_at = $6, reference = null
where bucket = $2 and workspace_id = $1 and customer_id = any($3::uuid[])
"""

_DELETE_COUNTERS = """
delete from counters
where bucket = $2 and workspace_id = $1 and customer_id = any($3::uuid[])
"""

_DELETE_LIMIT_USES = """
delete from limit_uses
where bucket = $2 and workspace_id = $1 and customer_id = any($3::uuid[])
"""

_DELETE_CHALLENGE_ROUNDS = """
delete from challenge_rounds
where bucket = $2 and workspace_id = $1 and customer_id = any($3::uuid[])
"""


async def find_households(conn: Connection, ws: int, bucket: int, customer_id: UUID) -> set[UUID]:
    """Return every household that a customer, who must be locked, has ever entered."""
    rows = await conn.fetch(_FIND_HOUSEHOLDS, ws, bucket, customer_id, EventKind.POOLED)
    return {household_id for (household_id,) in rows}


async def find_inhabited(
    conn: Connection, ws: int, buckets: Iterable[int], households: list[UUID], leaving: UUID
) -> set[UUID]:
    """Return the households, which must be locked, that somebody else than ``leaving`` lives in.

    Who lives there may be of any of the workspace's ``buckets``.
    """
    rows = await conn.fetch(_FIND_INHABITED, ws, list(buckets), households, leaving)
    return {household_id for (household_id,) in rows}


async def read_transfers(
    conn: Connection, ws: int, bucket: int, customer_id: UUID
) -> list[tuple[UUID, bytes]]:
    """Return the id and the body of every transfer that a customer sent or received."""
    rows = await conn.fetch(_READ_TRANSFERS, ws, bucket, customer_id, _TRANSFERS)
    return [(event_id, body) for event_id, body in rows]


async def erase_rows(conn: Connection, ws: int, bucket: int, ids: Iterable[UUID], at: Instant) -> None:
    """Erase customers and households, who must be locked and whose wallets must be closed.

    They are marked first: what follows is refused by the database for everybody else.
    """
    erased = sorted(ids)
    await conn.execute(_ERASE_CUSTOMERS, ws, bucket, erased, at)
    await conn.execute(_BLANK_ORDERS, ws, bucket, erased)
    await conn.execute(_BLANK_REDEMPTIONS, ws, bucket, erased)
    await conn.execute(_BLANK_EVENTS, ws, bucket, erased)
    await conn.execute(_END_MEMBERSHIPS, ws, bucket, erased, at)
    await conn.execute(_END_VOUCHERS, ws, bucket, erased, VoucherState.ENDED)
    await conn.execute(_END_ENTITLEMENTS, ws, bucket, erased, list(UNDONE), EntitlementState.ENDED, at)
    await conn.execute(_DELETE_COUNTERS, ws, bucket, erased)
    await conn.execute(_DELETE_LIMIT_USES, ws, bucket, erased)
    await conn.execute(_DELETE_CHALLENGE_ROUNDS, ws, bucket, erased)
    await forget_segments_of(conn, ws, bucket, erased)
    for each in erased:
        await erase_identifiers(conn, ws, bucket, each)
    await erase_words(conn, ws, bucket, erased)
    await erase_notes(conn, ws, bucket, erased)
    await erase_consents(conn, ws, bucket, erased)
    await erase_waits(conn, ws, bucket, erased)
    await erase_messages(conn, ws, bucket, erased)
    await erase_codes(conn, ws, bucket, erased)
    await erase_marks(conn, ws, bucket, erased)
    await erase_referrals(conn, ws, bucket, erased)
    await erase_merges(conn, ws, bucket, erased)


async def blank_transfers(conn: Connection, ws: int, others: Iterable[tuple[int, UUID, UUID]]) -> None:
    """Blank the other side of transfers: rows of bucket, customer and event."""
    rows = [(ws, *other, _TRANSFERS) for other in sorted(others)]
    await conn.executemany(_BLANK_TRANSFER, rows)
