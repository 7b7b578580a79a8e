"""Rows of a customer become those of another one: what a merge moves, table by table.

Both customers are locked, and the pointer to the survivor is written before anything is deleted: the database
lets nobody delete rows of a customer who was not merged. Orders and events are found by their ids afterwards
as before; of events a blank stays where they were, so that the postings there keep their source. The ledger
itself is not touched here: the points have moved by postings.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from uuid import UUID

import msgspec
from asyncpg import Connection

from perennial.core.challenge_round import Round, RoundState
from perennial.core.member import Membership
from perennial.store.challenges import earned_of
from perennial.store.customers.merges import Place
from perennial.store.events import EVENT_COLUMNS, EventRow, event_of
from perennial.units import Instant

# In every statement $2 and $3 say where the absorbed customer is, and $4 and $5 where the survivor is.
_ORDERS = """order_id, operation_id, status, revision, external_id, net, occurred_at, paid_at, recorded_at,
    body, decision, answer, returned, currency, cost, returned_net, returned_cost, location, kept_by"""

_MOVE_ORDERS = f"""
insert into orders (bucket, workspace_id, customer_id, {_ORDERS})
select $4, $1, $5, {_ORDERS}
from orders
where bucket = $2 and workspace_id = $1 and customer_id = $3
returning order_id
"""

_READ_EVENTS = f"""
select {EVENT_COLUMNS}
from events
where bucket = $2 and workspace_id = $1 and customer_id = $3
"""

_DELETE_ORDERS = "delete from orders where bucket = $2 and workspace_id = $1 and customer_id = $3"

_VOUCHERS = """voucher_id, operation_id, program_id, version, reward, sealed, last4, value, currency, unit_id,
    points, state, issued_at, starts_at, expires_at, used, uses, bound, batch_id, tier"""

# Who passes a code on is who has it.
_MOVE_VOUCHERS = f"""
insert into vouchers (bucket, workspace_id, customer_id, {_VOUCHERS}, referrer_id)
select $4, $1, $5, {_VOUCHERS}, case when referrer_id is not null then $5::uuid end
from vouchers
where bucket = $2 and workspace_id = $1 and customer_id = $3
returning voucher_id, sealed
"""

# What stays is of no batch and cost nothing: it only says that there was a voucher.
_EMPTY_VOUCHERS = """
update vouchers set batch_id = null, points = 0
where bucket = $2 and workspace_id = $1 and customer_id = $3
"""

_MOVE_CODES = """
update voucher_codes set bucket = $3, customer_id = $4
where workspace_id = $1 and code_hash = $2
"""

_ENTITLEMENTS = """entitlement_id, operation_id, program_id, version, amount, quantity, points, issued_at,
    changed_at, starts_at, expires_at, unit_id, state, kind, reward, name, currency, reference, voucher_id"""

_MOVE_ENTITLEMENTS = f"""
insert into entitlements (bucket, workspace_id, customer_id, {_ENTITLEMENTS})
select $4, $1, $5, {_ENTITLEMENTS}
from entitlements
where bucket = $2 and workspace_id = $1 and customer_id = $3
returning entitlement_id
"""

_DELETE_ENTITLEMENTS = "delete from entitlements where bucket = $2 and workspace_id = $1 and customer_id = $3"

_ADD_COUNTERS = """
insert into counters (bucket, workspace_id, customer_id, metric, period, value)
select $4, $1, $5, metric, period, value
from counters
where bucket = $2 and workspace_id = $1 and customer_id = $3
on conflict (bucket, workspace_id, customer_id, metric, period) do update set
    value = counters.value + excluded.value
"""

# A cooldown (without a cap) keeps the later instant. Together they may have used more than is allowed: then
# nothing is left of the limit until its period ends.
_ADD_LIMIT_USES = """
insert into limit_uses (bucket, workspace_id, customer_id, limit_id, period, used, cap)
select $4, $1, $5, limit_id, period, used, cap
from limit_uses
where bucket = $2 and workspace_id = $1 and customer_id = $3
on conflict (bucket, workspace_id, customer_id, limit_id, period) do update set
    used = case when excluded.cap is null then greatest(limit_uses.used, excluded.used)
        else limit_uses.used + excluded.used end,
    cap = case when excluded.cap is not null
        then greatest(limit_uses.cap, excluded.cap, limit_uses.used + excluded.used) end
"""

_MOVE_EXPOSURES = """
insert into exposures (bucket, workspace_id, customer_id, program_id, version, operation_id, exposed_at,
    experiment, variant)
select $4, $1, $5, program_id, version, operation_id, exposed_at, experiment, variant
from exposures
where bucket = $2 and workspace_id = $1 and customer_id = $3
on conflict do nothing
"""

_READ_EXPOSURES = """
select experiment, variant
from exposures
where bucket = $2 and workspace_id = $1 and customer_id = $3
"""

_DELETE_EXPOSURES = "delete from exposures where bucket = $2 and workspace_id = $1 and customer_id = $3"

_MOVE_NOTES = """
insert into customer_notes (bucket, workspace_id, customer_id, note_id, at, actor, body)
select $4, $1, $5, note_id, at, actor, body
from customer_notes
where bucket = $2 and workspace_id = $1 and customer_id = $3
"""

_MOVE_MARKS = """
insert into customer_marks (bucket, workspace_id, customer_id, trace, mark, seen_at)
select $4, $1, $5, trace, mark, seen_at
from customer_marks
where bucket = $2 and workspace_id = $1 and customer_id = $3
on conflict do nothing
"""

_TAKE_CODES = """
delete from referral_codes
where bucket = $2 and workspace_id = $1 and customer_id = $3
returning code_hash, program_id, sealed, created_at
"""

_GIVE_CODE = """
insert into referral_codes (workspace_id, bucket, code_hash, customer_id, program_id, sealed, created_at)
values ($1, $2, $4, $3, $5, $6, $7)
"""

_TAKE_IDENTIFIERS = """
delete from identifiers
where bucket = $2 and workspace_id = $1 and customer_id = $3
returning id_hash, type, given
"""

_GIVE_IDENTIFIER = """
insert into identifiers (workspace_id, bucket, id_hash, customer_id, type, given)
values ($1, $2, $4, $3, $5, $6)
"""

_READ_MEMBERSHIPS = """
select program_id, joined_at, source, tier, tier_since, tier_until, tier_floor, left_at
from memberships
where bucket = $2 and workspace_id = $1 and customer_id = $3
"""

_PUT_MEMBERSHIP = """
insert into memberships (bucket, workspace_id, customer_id, program_id, joined_at, source, left_at)
values ($2, $1, $3, $4, $5, $6, $7)
on conflict (bucket, workspace_id, customer_id, program_id) do update set
    joined_at = excluded.joined_at, source = excluded.source, left_at = excluded.left_at
"""

_DELETE_MEMBERSHIPS = "delete from memberships where bucket = $2 and workspace_id = $1 and customer_id = $3"

_READ_ROUNDS = """
select challenge, round, program_id, state, given, revision, started_at, ends_at, completed_at, amounts,
    marked, marks, latest, earned_points
from challenge_rounds
where bucket = $2 and workspace_id = $1 and customer_id = $3
"""

_DELETE_REDEMPTIONS = "delete from redemptions where bucket = $2 and workspace_id = $1 and customer_id = $3"

_LIST_REDEMPTIONS = """
select redemption_id
from redemptions
where bucket = $2 and workspace_id = $1 and customer_id = $3
"""

_UPDATE_SURVIVOR = """
update customers set attributes = $4, created_at = least(created_at, $5)
where bucket = $2 and workspace_id = $1 and customer_id = $3
"""

# Whatever one of the two may not do, the survivor may not do: by whom and why stays, or comes along.
_JOIN_BLOCKS = """
update customers set blocked = coalesce(blocked, 0) | $4::smallint,
    blocked_since = coalesce(blocked_since, $5), blocked_by = coalesce(blocked_by, $6),
    block_reason = coalesce(block_reason, $7)
where bucket = $2 and workspace_id = $1 and customer_id = $3
"""


class ChallengeRow(msgspec.Struct, frozen=True):
    """One round of a challenge as it is stored, with its challenge and program."""

    challenge: int
    program_id: int
    round: Round


async def move_orders(conn: Connection, ws: int, absorbed: Place, into: Place) -> list[UUID]:
    """Move the orders, and return their ids."""
    rows = await conn.fetch(_MOVE_ORDERS, ws, *absorbed, *into)
    await conn.execute(_DELETE_ORDERS, ws, *absorbed)
    return [order_id for (order_id,) in rows]


async def read_events_of(conn: Connection, ws: int, place: Place) -> list[EventRow]:
    """Return all that has happened to a customer, but the orders, in no order."""
    return [event_of(row) for row in await conn.fetch(_READ_EVENTS, ws, *place)]


async def move_vouchers(conn: Connection, ws: int, absorbed: Place, into: Place) -> list[tuple[UUID, bytes]]:
    """Move the vouchers, and return id and sealed code of each; the codes follow by :func:`move_codes`."""
    rows = await conn.fetch(_MOVE_VOUCHERS, ws, *absorbed, *into)
    await conn.execute(_EMPTY_VOUCHERS, ws, *absorbed)
    return [(voucher_id, sealed) for voucher_id, sealed in rows]


async def move_codes(conn: Connection, ws: int, hashes: Collection[UUID], into: Place) -> None:
    """Let codes be found with the survivor."""
    await conn.executemany(_MOVE_CODES, [(ws, code_hash, *into) for code_hash in sorted(hashes)])


async def move_entitlements(conn: Connection, ws: int, absorbed: Place, into: Place) -> list[UUID]:
    """Move what was handed out, and return the ids."""
    rows = await conn.fetch(_MOVE_ENTITLEMENTS, ws, *absorbed, *into)
    await conn.execute(_DELETE_ENTITLEMENTS, ws, *absorbed)
    return [entitlement_id for (entitlement_id,) in rows]


async def add_figures(conn: Connection, ws: int, absorbed: Place, into: Place) -> None:
    """Add counters and uses of limits up; those of the absorbed customer are deleted with the rest."""
    await conn.execute(_ADD_COUNTERS, ws, *absorbed, *into)
    await conn.execute(_ADD_LIMIT_USES, ws, *absorbed, *into)


async def move_exposures(conn: Connection, ws: int, absorbed: Place, into: Place) -> dict[str, str]:
    """Move exposures that the survivor does not have; return those that the survivor has otherwise."""
    await conn.execute(_MOVE_EXPOSURES, ws, *absorbed, *into)
    ours = dict(map(tuple, await conn.fetch(_READ_EXPOSURES, ws, *into)))
    theirs = dict(map(tuple, await conn.fetch(_READ_EXPOSURES, ws, *absorbed)))
    await conn.execute(_DELETE_EXPOSURES, ws, *absorbed)
    return {name: variant for name, variant in theirs.items() if ours.get(name) != variant}


async def move_words(conn: Connection, ws: int, absorbed: Place, into: Place) -> list[tuple[str, str]]:
    """Move notes, marks, codes for referring others, and identifiers; return type and value of the last."""
    await conn.execute(_MOVE_NOTES, ws, *absorbed, *into)
    await conn.execute(_MOVE_MARKS, ws, *absorbed, *into)
    codes = await conn.fetch(_TAKE_CODES, ws, *absorbed)
    await conn.executemany(_GIVE_CODE, [(ws, *into, *code) for code in codes])
    taken = sorted(map(tuple, await conn.fetch(_TAKE_IDENTIFIERS, ws, *absorbed)))
    await conn.executemany(_GIVE_IDENTIFIER, [(ws, *into, *row) for row in taken])
    return [(kind, given) for _, kind, given in taken]


async def read_memberships(conn: Connection, ws: int, place: Place) -> dict[int, Membership]:
    """Return the memberships of a customer by the program."""
    rows = await conn.fetch(_READ_MEMBERSHIPS, ws, *place)
    return {row[0]: Membership(*list(row)[1:]) for row in rows}


async def put_memberships(
    conn: Connection, ws: int, place: Place, memberships: Mapping[int, Membership]
) -> None:
    """Write since when, and until when, a survivor is a member; tiers are moved by decisions alone."""
    rows = [
        (ws, *place, program_id, each.joined_at, each.source, each.left_at)
        for program_id, each in sorted(memberships.items())
    ]
    await conn.executemany(_PUT_MEMBERSHIP, rows)


async def delete_memberships(conn: Connection, ws: int, absorbed: Place) -> None:
    """Delete the memberships of an absorbed customer."""
    await conn.execute(_DELETE_MEMBERSHIPS, ws, *absorbed)


async def read_rounds(conn: Connection, ws: int, place: Place) -> list[ChallengeRow]:
    """Return every round of every challenge of a customer."""
    return [
        ChallengeRow(
            row["challenge"],
            row["program_id"],
            Round(
                number=row["round"],
                started_at=row["started_at"],
                ends_at=row["ends_at"],
                state=RoundState(row["state"]),
                amounts=tuple(row["amounts"]),
                marks=tuple(zip(row["marked"], row["marks"], strict=True)),
                given=row["given"],
                completed_at=row["completed_at"],
                revision=row["revision"],
                latest=tuple(row["latest"]),
                earned=earned_of(row["earned_points"]),
            ),
        )
        for row in await conn.fetch(_READ_ROUNDS, ws, *place)
    ]


async def list_redemptions(conn: Connection, ws: int, place: Place) -> list[UUID]:
    """Return the ids of the redemptions of a customer."""
    return [row[0] for row in await conn.fetch(_LIST_REDEMPTIONS, ws, *place)]


async def delete_redemptions(conn: Connection, ws: int, absorbed: Place) -> None:
    """Delete the redemptions of an absorbed customer, which are the survivor's by now."""
    await conn.execute(_DELETE_REDEMPTIONS, ws, *absorbed)


async def update_survivor(
    conn: Connection, ws: int, into: Place, attributes: bytes, created_at: Instant
) -> None:
    """Write the attributes (JSON) of a survivor, who is known since the earlier of two instants."""
    await conn.execute(_UPDATE_SURVIVOR, ws, *into, attributes, created_at)


async def join_blocks(conn: Connection, ws: int, into: Place, block: Iterable[object]) -> None:
    """Block a survivor besides by ``block``: what is blocked, since when, by whom and why."""
    await conn.execute(_JOIN_BLOCKS, ws, *into, *block)
