"""Everything else of the absorbed customer becomes the survivor's: rows move, sums add up, and it is erased.

Afterwards the absorbed customer is what an erased one is, with a pointer to the survivor. So whatever leaves
the erased out leaves them out, and nothing of the person stays in two places.
"""

from __future__ import annotations

from uuid import UUID

import msgspec
from asyncpg import Connection

from perennial.core.challenge_round import Round
from perennial.core.checkout.used import handed_over
from perennial.core.customers.consents import CONSENTS_KEPT, with_what_is_given
from perennial.core.decisions.merging import filled_attributes, merged_membership, merged_rounds
from perennial.core.referrals.referrals import SELF, Referral, ReferralState
from perennial.flows.batch import Batch
from perennial.flows.customers.merge_answers import MergeConflict
from perennial.store.challenges import put_rounds
from perennial.store.codes.codebook import Codebook
from perennial.store.codes.redemptions import load_redemptions, put_redemptions
from perennial.store.codes.vouchers import VoucherRow, find_vouchers
from perennial.store.codes.waits import WaitState, end_waits, list_waits, move_waits
from perennial.store.customers.blocks import read_block
from perennial.store.customers.consents import move_consents, read_consents
from perennial.store.customers.customers import CustomerRow
from perennial.store.customers.erasure import erase_rows
from perennial.store.customers.merges import MergeRow, Place, insert_merges, insert_pointer, list_merges
from perennial.store.customers.merging import (
    add_figures,
    delete_memberships,
    delete_redemptions,
    join_blocks,
    list_redemptions,
    move_codes,
    move_entitlements,
    move_exposures,
    move_orders,
    move_vouchers,
    move_words,
    put_memberships,
    read_events_of,
    read_memberships,
    read_rounds,
    update_survivor,
)
from perennial.store.customers.referrals import (
    ReferralRow,
    hand_over_advocacies,
    hand_over_referrals,
    load_referrals,
    put_referrals,
)
from perennial.store.events import EventKind, EventRow, insert_events, load_events
from perennial.store.external_ids import IdKind, hand_over_external_ids
from perennial.store.messages import move_messages
from perennial.store.netting import RoundSum
from perennial.store.segments import SegmentMove, list_segments, load_segments_of, write_segment_moves
from perennial.units import Instant

MERGED = "merged"
"""Why a referral of the absorbed customer ends: the survivor was referred as well."""

_CLAIMED = {
    **{kind: kind for kind in (2, 3, 4, 5, 6, 7, 15, 17, 20, 21, IdKind.MERGE)},
    EventKind.HOLD: IdKind.REDEMPTION,
}
"""The kinds of events whose callers named them, and under which kind the id was claimed."""

_NAMING = frozenset(
    {
        EventKind.RETURN,
        EventKind.EVENT,
        EventKind.CLAIM,
        EventKind.ADJUSTMENT,
        EventKind.TRANSFER,
        EventKind.TRANSFER_RECEIVED,
        EventKind.ASSIGNMENT,
        EventKind.JOIN,
        EventKind.LEAVE,
        EventKind.REDEMPTION,
        EventKind.HOLD,
        EventKind.ROLLBACK,
        EventKind.CHALLENGE,
        EventKind.VOUCHER,
    }
)
"""The kinds of events whose body is a command that may name its customer."""


class Sides(msgspec.Struct):
    """Who is merged into whom, both locked, with what was found of them."""

    workspace_id: int
    absorbed: Place
    into: Place
    absorbed_row: CustomerRow
    into_row: CustomerRow
    now: Instant


class Moved(msgspec.Struct):
    """How much moved, for the answer."""

    orders: int = 0
    events: int = 0
    vouchers: int = 0
    entitlements: int = 0
    redemptions: int = 0
    referrals: int = 0
    challenges: int = 0
    consents: int = 0
    identifiers: list[tuple[str, str]] = []
    attributes: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    conflicts: list[MergeConflict] = []


async def move_rows(
    conn: Connection,
    sides: Sides,
    batch: Batch,
    vouchers: list[VoucherRow],
    cards: list[UUID],
    advocacies: list[tuple[UUID, int, UUID]],
    note: MergeRow,
) -> Moved:
    """Move every row of the absorbed customer, whose wallets are empty, and erase what is left there.

    ``vouchers`` are locked, ``advocacies`` are the referrals by the absorbed customer, whose friends are
    locked. ``note`` is what is kept of the merge.
    """
    ws, absorbed, into, moved = sides.workspace_id, sides.absorbed, sides.into, Moved()
    await insert_pointer(conn, ws, absorbed, into)
    for card in cards:
        await insert_pointer(conn, ws, (absorbed[0], card), (into[0], card))
    ids = await _move_history(conn, sides, moved)
    await _move_vouchers(conn, sides, batch.codebook, vouchers, moved)
    entitled = await move_entitlements(conn, ws, absorbed, into)
    moved.entitlements = len(entitled)
    ids += [(IdKind.ENTITLEMENT, each) for each in entitled]
    await _move_waits(conn, sides)
    ids += [(IdKind.REFERRAL, each) for each in await _move_referrals(conn, sides, advocacies, moved)]
    await hand_over_external_ids(conn, ws, ids, absorbed[1], into)
    await add_figures(conn, ws, absorbed, into)
    await _move_memberships(conn, sides)
    await _move_rounds(conn, sides, moved)
    for name, variant in sorted((await move_exposures(conn, ws, absorbed, into)).items()):
        moved.conflicts.append(
            MergeConflict(what="experiment", name=name, kept="the survivor's variant", dropped=variant)
        )
    moved.consents = await move_consents(conn, ws, absorbed, into)
    await move_messages(conn, ws, absorbed, into)
    moved.identifiers = await move_words(conn, ws, absorbed, into)
    await _move_segments(conn, sides, batch, moved)
    await _fill_attributes(conn, sides, moved)
    earlier = await list_merges(conn, ws, *absorbed)
    await insert_merges(conn, ws, into[0], [msgspec.structs.replace(e, customer_id=into[1]) for e in earlier])
    await insert_merges(conn, ws, into[0], [note])
    await erase_rows(conn, ws, absorbed[0], [absorbed[1]], sides.now)
    return moved


async def _move_history(conn: Connection, sides: Sides, moved: Moved) -> list[tuple[int, UUID]]:
    """Move orders, events and redemptions; return the ids that were claimed for them."""
    ws, absorbed, into = sides.workspace_id, sides.absorbed, sides.into
    orders = await move_orders(conn, ws, absorbed, into)
    moved.orders = len(orders)
    ids: list[tuple[int, UUID]] = [(IdKind.ORDER, each) for each in orders]
    names = sides.absorbed_row.external_id, sides.into_row.external_id
    events = []
    happened = await read_events_of(conn, ws, absorbed)
    # What happened between the two, a transfer, the survivor has from the other side.
    shared = await load_events(conn, ws, into[0], [(into[1], row.event_id) for row in happened])
    for row in happened:
        if row.kind is EventKind.MERGED or row.event_id in shared:
            continue
        if row.kind in _CLAIMED:
            ids.append((_CLAIMED[row.kind], row.event_id))
        events.append(_renamed(row, into[1], *names))
    await insert_events(conn, ws, into[0], events)
    moved.events = len(events)
    keys = [(absorbed[1], each) for each in await list_redemptions(conn, ws, absorbed)]
    redemptions = await load_redemptions(conn, ws, absorbed[0], keys)
    for each in redemptions:
        each.customer_id, each.used = into[1], handed_over(each.used, absorbed, into)
    if redemptions:
        await put_redemptions(conn, ws, into[0], redemptions)
        await delete_redemptions(conn, ws, absorbed)
    moved.redemptions = len(redemptions)
    return ids


async def _move_waits(conn: Connection, sides: Sides) -> None:
    """Let the survivor wait where either did; where both did, the place that is further back is left."""
    ws, (theirs, ours) = sides.workspace_id, (sides.absorbed, sides.into)
    waiting = [
        {
            (row.program_id, row.reward): (place[0], row)
            for row in await list_waits(conn, ws, *place)
            if row.state is WaitState.WAITING
        }
        for place in (theirs, ours)
    ]
    for line in waiting[0].keys() & waiting[1].keys():
        bucket, row = max(waiting[0][line], waiting[1][line], key=lambda each: each[1].ticket)
        row.state, row.changed_at = WaitState.LEFT, sides.now
        await end_waits(conn, ws, bucket, [row])
    await move_waits(conn, ws, theirs, ours)


def _renamed(row: EventRow, customer_id: UUID, before: str, after: str) -> EventRow:
    """Return an event of the survivor, whose command names them.

    Sent again, whoever it named is found as the survivor, and its body has to be equal then.
    """
    body = row.body
    if row.kind in _NAMING and body:
        told = msgspec.msgpack.decode(body)
        if isinstance(told, dict):
            for field in ("customer", "sender", "receiver"):
                if told.get(field) == before:
                    told[field] = after
            body = msgspec.msgpack.encode(told)
    return msgspec.structs.replace(row, customer_id=customer_id, body=body)


async def _move_vouchers(
    conn: Connection, sides: Sides, codebook: Codebook, vouchers: list[VoucherRow], moved: Moved
) -> None:
    ws, absorbed, into = sides.workspace_id, sides.absorbed, sides.into
    sealed = [row.sealed for row in vouchers if row.sealed]
    hashes = {each for code in sealed for each in codebook.hashes_of(ws, codebook.open(ws, code))}
    found = await find_vouchers(conn, ws, sorted(hashes)) if hashes else {}
    mine = [code for code, (bucket, holder, _) in found.items() if (bucket, holder) == absorbed]
    moved.vouchers = len(await move_vouchers(conn, ws, absorbed, into))
    await move_codes(conn, ws, mine, into)


async def _move_referrals(
    conn: Connection, sides: Sides, advocacies: list[tuple[UUID, int, UUID]], moved: Moved
) -> list[UUID]:
    """Move both sides of referrals; return the ids of those in which the absorbed customer was the friend.

    Nobody refers themselves: one between the two ends, or is marked where it was converted. Of two that are
    open in one program the survivor's goes on.
    """
    ws, absorbed, into = sides.workspace_id, sides.absorbed, sides.into
    own = await load_referrals(conn, ws, into[0], [into[1]])
    theirs = await load_referrals(conn, ws, absorbed[0], [absorbed[1]])
    taken = {row.referral.program_id for row in own if row.referral.state is not ReferralState.REJECTED}
    rows = [_friend(row, into, taken) for row in theirs]
    await hand_over_referrals(conn, ws, absorbed, into, rows)
    await hand_over_advocacies(conn, ws, absorbed, into, advocacies)
    mutual = [row for row in own if (row.advocate_bucket, row.advocate_id) == absorbed]
    ended = [msgspec.structs.replace(row, referral=_ended(row, SELF)) for row in mutual]
    await put_referrals(conn, ws, into[0], ended)
    moved.referrals = len(rows) + len(advocacies)
    return [row.referral.referral_id for row in rows]


def _friend(row: ReferralRow, into: Place, taken: set[int]) -> ReferralRow:
    """Return a referral of the absorbed friend as it is the survivor's."""
    referral = row.referral
    if (row.advocate_bucket, row.advocate_id) == into:
        referral = _ended(row, SELF)
    elif referral.program_id in taken and referral.state is not ReferralState.CONVERTED:
        referral = _ended(row, MERGED)
    return msgspec.structs.replace(row, friend_id=into[1], referral=referral)


def _ended(row: ReferralRow, reason: str) -> Referral:
    """Return a referral that cannot convert any more; one that did is marked, and what it gave stays."""
    if row.referral.state in (ReferralState.PENDING, ReferralState.WAITING, ReferralState.REVIEW):
        return msgspec.structs.replace(row.referral, state=ReferralState.REJECTED, reason=reason, due_at=None)
    return msgspec.structs.replace(row.referral, reason=reason)


async def _move_memberships(conn: Connection, sides: Sides) -> None:
    ws = sides.workspace_id
    theirs = await read_memberships(conn, ws, sides.absorbed)
    ours = await read_memberships(conn, ws, sides.into)
    both = {program: merged_membership(ours.get(program), each) for program, each in theirs.items()}
    await put_memberships(conn, ws, sides.into, both)
    await delete_memberships(conn, ws, sides.absorbed)


async def _move_rounds(conn: Connection, sides: Sides, moved: Moved) -> None:
    ws, (bucket, customer_id) = sides.workspace_id, sides.into
    ours: dict[int, dict[int, Round]] = {}
    theirs: dict[int, dict[int, Round]] = {}
    programs: dict[int, int] = {}
    for of, place in ((ours, sides.into), (theirs, sides.absorbed)):
        for row in await read_rounds(conn, ws, place):
            of.setdefault(row.challenge, {})[row.round.number] = row.round
            programs[row.challenge] = row.program_id
    changed: dict[tuple[UUID, int, int], RoundSum] = {}
    for challenge, rounds in theirs.items():
        known = ours.get(challenge, {})
        for number, each in merged_rounds(known, rounds).items():
            revised = known[number].revision if number in known else each.revision
            changed[customer_id, challenge, number] = RoundSum(each, programs[challenge], revised)
    moved.challenges = len(theirs)
    await put_rounds(conn, ws, bucket, changed)


async def _move_segments(conn: Connection, sides: Sides, batch: Batch, moved: Moved) -> None:
    """Let the survivor into the static segments of the absorbed customer; the others are judged anew."""
    ws, (bucket, customer_id) = sides.workspace_id, sides.into
    static = {row.segment_id: row.code for row in await list_segments(conn, ws) if not row.segment.live}
    inside = {segment for _, segment, _ in await load_segments_of(conn, ws, bucket, [customer_id])}
    moves = [
        SegmentMove(customer_id, batch.ids.next(), segment, since, entered=True, told=False)
        for _, segment, since in await load_segments_of(conn, ws, sides.absorbed[0], [sides.absorbed[1]])
        if segment in static and segment not in inside
    ]
    if moves:
        await write_segment_moves(conn, ws, bucket, moves)
    moved.segments = tuple(sorted(static[move.segment_id] for move in moves))


async def _fill_attributes(conn: Connection, sides: Sides, moved: Moved) -> None:
    """Give the survivor the attributes that only the other one had, the earlier beginning, and the block."""
    ws, ours, theirs = sides.workspace_id, sides.into_row.attributes, sides.absorbed_row.attributes
    standing = (await read_consents(conn, ws, sides.into[0], [sides.into[1]])).get(sides.into[1], [])
    filled = with_what_is_given(filled_attributes(ours, theirs), [row.consent for row in standing])
    moved.attributes = tuple(sorted(theirs.keys() - ours.keys() - {CONSENTS_KEPT}))
    for name in sorted((theirs.keys() & ours.keys()) - {CONSENTS_KEPT}):
        if theirs[name] != ours[name]:
            moved.conflicts.append(
                MergeConflict(what="attribute", name=name, kept=str(ours[name]), dropped=str(theirs[name]))
            )
    attributes = msgspec.json.encode(filled)
    await update_survivor(conn, ws, sides.into, attributes, sides.absorbed_row.created_at)
    block = await read_block(conn, ws, *sides.absorbed)
    if block is not None:
        await join_blocks(conn, ws, sides.into, msgspec.structs.astuple(block))
