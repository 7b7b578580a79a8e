"""Referrals that are due: they convert, expire, or what was given is taken back. Each exactly once.

The friend's order only notes that a referral is due; this goes through with it, in one transaction with
both sides. Whatever dies in between, the row stays due, and who comes second finds it done.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from uuid import UUID

import msgspec
from asyncpg import Connection, SerializationError

from perennial.core.document.referral_terms import Role
from perennial.core.referrals.referrals import (
    ADVOCATE_GONE,
    ReferralState,
    converted,
    expired,
    housed,
    judged,
    rejected,
    taken_back,
)
from perennial.flows.commands import ReferralPair
from perennial.flows.handle_events import Handler
from perennial.flows.handling.needed import Needed, with_what_is_needed
from perennial.flows.handling.referral_gifts import Refused, give, set_gift_codes_aside, take_away
from perennial.flows.handling.referred import terms_of
from perennial.flows.handling.timers_due import run_timers_due
from perennial.flows.referring.checks import verdict_for
from perennial.flows.referring.pairs import Pair, both_sides
from perennial.store.customers.households import find_keepers
from perennial.store.customers.referrals import ReferralRow, due_referrals, read_referral
from perennial.units import HOUR, Instant

SETTLED_AT_ONCE = 100


_log = logging.getLogger("perennial.flows")


async def settle_referrals(handler: Handler, workspace_id: int, bucket: int, until: Instant) -> int:
    """Do what is due of every referral of the friends in a bucket up to ``until``; return how many.

    One that fails is left due for the next time, and does not keep the others back.
    """
    settled, failed = 0, set[UUID]()
    while True:
        async with handler.database.transaction(workspace_id) as conn:
            limit = SETTLED_AT_ONCE + len(failed)
            due = await due_referrals(conn, workspace_id, bucket, until, limit)
        left = [(friend, referral) for friend, referral in due if referral not in failed]
        if not left:
            return settled
        for friend_id, referral_id in left:
            try:
                settled += await settle_one(handler, workspace_id, bucket, friend_id, referral_id, until)
            except Exception:  # noqa: BLE001 - one referral must not keep the others back
                _log.exception("a referral could not be settled; it is tried again")
                failed.add(referral_id)


async def settle_one(
    handler: Handler, workspace_id: int, bucket: int, friend_id: UUID, referral_id: UUID, until: Instant
) -> int:
    """Do what is due of one referral; return 0 if nothing is (any more)."""
    return await with_what_is_needed(
        lambda needed: handler.retrying(
            lambda: _settle(handler, workspace_id, bucket, (friend_id, referral_id), until, needed)
        )
    )


async def _settle(
    handler: Handler, workspace_id: int, bucket: int, ids: tuple[UUID, UUID], until: Instant, needed: Needed
) -> int:
    friend_id, referral_id = ids
    async with handler.database.transaction(workspace_id) as conn:
        seen = await read_referral(conn, workspace_id, bucket, friend_id, referral_id)
        if seen is None or seen.referral.due_at is None or seen.referral.due_at > until:
            return 0
        keepers = await _keepers(conn, workspace_id, bucket, seen)
    command = ReferralPair(
        friend_id=friend_id.hex,
        friend_bucket=bucket,
        advocate_id=seen.advocate_id.hex,
        advocate_bucket=seen.advocate_bucket,
        at=seen.referral.due_at,
        given_at=tuple(given.at for given in seen.referral.given),
        kept_by=tuple(sorted({(place, each.hex) for place, each in keepers.values()})),
    )
    async with both_sides(handler, workspace_id, command, needed) as pair:
        row = _own(pair, referral_id)
        if row is None or row.referral.due_at != seen.referral.due_at or row.referral.due_at is None:
            return 0
        if await _keepers(pair.conn, workspace_id, bucket, row) != keepers:
            raise SerializationError("a household was left meanwhile")
        pair.taking.put_referral(await _done(pair, row, row.referral.due_at, keepers))
    return 1


async def _keepers(
    conn: Connection, workspace_id: int, bucket: int, row: ReferralRow
) -> dict[UUID, tuple[int, UUID]]:
    """Return bucket and id of the household that keeps each gift to be taken back, by its operation."""
    found: dict[UUID, tuple[int, UUID]] = {}
    for role, place, customer_id in (
        (Role.ADVOCATE, row.advocate_bucket, row.advocate_id),
        (Role.FRIEND, bucket, row.friend_id),
    ):
        gifts = [given.operation_id for given in row.referral.given if given.role == role]
        if row.referral.undo and gifts:
            left = await find_keepers(conn, workspace_id, place, customer_id, gifts)
            found.update((operation_id, (place, household)) for operation_id, household in left.items())
    return found


def _own(pair: Pair, referral_id: UUID) -> ReferralRow | None:
    rows = pair.taking.referrals.get(pair.friend_id, ())
    return next((row for row in rows if row.referral.referral_id == referral_id), None)


async def _done(
    pair: Pair, row: ReferralRow, at: Instant, keepers: Mapping[UUID, tuple[int, UUID]]
) -> ReferralRow:
    """Return the referral after what was due at ``at`` was done."""
    live, version, compiled = terms_of(pair.taking, row)
    if pair.taking.workspace.switches.off_program(live.code) is not None:
        # Nothing is given while the program is stopped; it is asked again later.
        return _with(row, due_at=max(pair.taking.now, at) + HOUR)
    row = msgspec.structs.replace(
        row, referral=expired(msgspec.structs.replace(row.referral, due_at=None), at)
    )
    if row.referral.undo:
        return await _reverse(pair, row, at, keepers)
    if row.referral.state is not ReferralState.WAITING:
        return row
    if pair.advocate is None or pair.friend is None:
        return msgspec.structs.replace(row, referral=rejected(row.referral, ADVOCATE_GONE))
    verdict = await verdict_for(pair.conn, pair.giving, pair.taking, row, compiled.offer)
    row = msgspec.structs.replace(row, referral=judged(row.referral, verdict))
    if row.referral.state is ReferralState.WAITING:
        referral = housed(row.referral, compiled.offer, pair.advocate, pair.friend)
        row = msgspec.structs.replace(row, referral=referral)
    if row.referral.state is not ReferralState.WAITING:
        return row
    run_timers_due(pair.giving, pair.advocate, at)
    run_timers_due(pair.taking, pair.friend, at)
    await set_gift_codes_aside(pair.conn, pair.giving, version, row.referral.offer)
    given = give(pair.giving, row, Role.ADVOCATE, pair.advocate, at, converts=True)
    if isinstance(given, Refused):
        return msgspec.structs.replace(row, referral=rejected(row.referral, given.code))
    row = given[0]
    given = give(pair.taking, row, Role.FRIEND, pair.friend, at, converts=True)
    row = row if isinstance(given, Refused) else given[0]
    return msgspec.structs.replace(row, referral=converted(row.referral, at))


async def _reverse(
    pair: Pair, row: ReferralRow, at: Instant, keepers: Mapping[UUID, tuple[int, UUID]]
) -> ReferralRow:
    """Take back what both sides got; who was erased has nothing left."""
    for given in row.referral.given:
        of_advocate = given.role == Role.ADVOCATE
        batch = pair.giving if of_advocate else pair.taking
        member = pair.advocate if of_advocate else pair.friend
        if member is not None:
            run_timers_due(batch, member, at)
            _, kept_by = keepers.get(given.operation_id, (0, None))
            await take_away(pair.conn, batch, row, given, member, at, kept_by)
    return msgspec.structs.replace(row, referral=taken_back(row.referral))


def _with(row: ReferralRow, *, due_at: Instant | None) -> ReferralRow:
    return msgspec.structs.replace(row, referral=msgspec.structs.replace(row.referral, due_at=due_at))
