"""Somebody is referred: by the code of a member, or by name. Once per friend and program; first comes first.

The same at the creation of a customer, with an order, and by itself: always before anything else that is
sent with it, in a transaction of its own with both sides. Sent again, it finds what is there.
"""

from __future__ import annotations

from uuid import UUID

import msgspec

from perennial.core.document.referral_terms import FriendGets, Role
from perennial.core.kinds.fraud_signal import Trace
from perennial.core.needs import snapshot_of
from perennial.core.referrals.referrals import (
    CHAIN,
    CIRCLE,
    begin,
    choose_offer,
    expired,
    housed,
    judged,
    makes_room,
    rejected,
)
from perennial.core.version import CompiledOffer, Version
from perennial.flows.answers import VoucherAnswer
from perennial.flows.batch import Batch
from perennial.flows.commands import ReferralPair
from perennial.flows.configuration import FUTURE_TOLERANCE, LiveProgram, Workspace, business_now
from perennial.flows.handle_events import IN_THE_FUTURE, Handler
from perennial.flows.handling.decide_program import event_row
from perennial.flows.handling.enrolling import enroll_automatically
from perennial.flows.handling.needed import Needed, with_what_is_needed
from perennial.flows.handling.referral_gifts import Refused, give, set_gift_codes_aside
from perennial.flows.handling.timers_due import run_timers_due
from perennial.flows.problems import customer_erased, field_problem, problem
from perennial.flows.referral_views import ReferralView, view_referral
from perennial.flows.referring.checks import advocates_of, verdict_for
from perennial.flows.referring.pairs import Pair, both_sides
from perennial.flows.traces import Context
from perennial.store.customers.marks import insert_marks
from perennial.store.customers.referral_codes import find_codes
from perennial.store.customers.referrals import ReferralRow, insert_advocacy
from perennial.store.events import EventKind
from perennial.store.external_ids import IdKind
from perennial.units import Instant, bucket_of, named_id


class Refer(msgspec.Struct, frozen=True, kw_only=True):
    """``friend`` was referred: by the member whose ``code`` it is, or by ``advocate`` in ``program``.

    ``context`` says where it came from. ``at`` is None for now.
    """

    friend: str
    code: str | None = None
    advocate: str | None = None
    program: str | None = None
    context: Context = Context()
    at: Instant | None = None


class Referred(msgspec.Struct, frozen=True):
    """The referral, and whether it is new."""

    view: ReferralView
    is_new: bool


class _Advocate(msgspec.Struct, frozen=True):
    """Whose code it is."""

    bucket: int
    customer_id: UUID
    program_id: int


async def refer(handler: Handler, workspace_id: int, command: Refer) -> Referred:
    """Note who referred somebody, or raise the problem of what cannot be.

    Who was referred before stays so: by the same advocate it is the same referral, by another a 409. Only one
    of which nothing came before its time was over makes room for another.
    """
    async with handler.database.transaction(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        now = business_now(workspace)
        if command.at is not None and command.at > now + FUTURE_TOLERANCE:
            raise IN_THE_FUTURE
        if command.code is not None:
            hashes = handler.codebook.hashes_of(workspace_id, command.code)
            found = await find_codes(conn, workspace_id, hashes)
            code = next((found[each] for each in hashes if each in found), None)
            if code is None:
                raise field_problem("$.code", "code_unknown", "is no code by which a member refers others")
            advocate = _Advocate(code.bucket, code.customer_id, code.program_id)
        else:
            advocate = _named(workspace, command)
    return await with_what_is_needed(
        lambda needed: handler.retrying(lambda: _refer(handler, workspace, command, advocate, needed))
    )


def _named(workspace: Workspace, command: Refer) -> _Advocate:
    """Return the advocate who is named by the caller's own id."""
    row, name = workspace.row, command.advocate or ""
    live = _program(workspace, command.program)
    return _Advocate(
        bucket_of(name, row.bucket_base, row.bucket_count),
        named_id(workspace.workspace_id, "customer", name),
        live.program_id,
    )


def _program(workspace: Workspace, code: str | None) -> LiveProgram:
    """Return the named program, or the only one that has referrals."""
    found = [
        live for live in workspace.programs if (live.code == code if code is not None else live.latest.offers)
    ]
    if len(found) != 1 or not found[0].latest.offers:
        words = f"there is no program {code!r} with referrals" if code is not None else "name the program"
        raise field_problem("$.program", "program_unknown", words)
    return found[0]


async def _refer(
    handler: Handler, workspace: Workspace, command: Refer, advocate: _Advocate, needed: Needed
) -> Referred:
    row, workspace_id = workspace.row, workspace.workspace_id
    friend_id = named_id(workspace_id, "customer", command.friend)
    if friend_id == advocate.customer_id:
        path = "$.code" if command.code is not None else "$.advocate"
        raise field_problem(path, "self_referral", "nobody refers themselves")
    pair_command = ReferralPair(
        friend_id=friend_id.hex,
        friend_bucket=bucket_of(command.friend, row.bucket_base, row.bucket_count),
        advocate_id=advocate.customer_id.hex,
        advocate_bucket=advocate.bucket,
        friend=command.friend,
        at=command.at,
    )
    async with both_sides(handler, workspace_id, pair_command, needed) as pair:
        known = _known(pair, advocate)
        if known is None:
            return await _begin(pair, command, advocate)
    names = _names(pair)
    if known.advocate_id != advocate.customer_id:
        raise problem(409, "already_referred", f"{command.friend!r} was referred by somebody else before.")
    return Referred(view_referral(pair.taking.workspace, known, names), is_new=False)


def _known(pair: Pair, advocate: _Advocate) -> ReferralRow | None:
    if pair.friend is None:
        raise customer_erased()
    return next((row for row in _rows(pair, advocate) if not makes_room(row.referral, pair.taking.now)), None)


def _rows(pair: Pair, advocate: _Advocate) -> list[ReferralRow]:
    """Return every referral of the friend in the program, those that made room for another as well."""
    rows = pair.taking.referrals.get(pair.friend_id, ())
    return [row for row in rows if row.referral.program_id == advocate.program_id]


async def _begin(pair: Pair, command: Refer, advocate: _Advocate) -> Referred:
    """Begin a referral: choose the offer, look at the signals, and give what is given at once."""
    giving, taking = pair.giving, pair.taking
    friend, member = pair.friend, pair.advocate
    assert friend is not None, "it was asked before"
    live = taking.workspace.program_by_id(advocate.program_id)
    at = command.at if command.at is not None else taking.now
    version = live.version_at(at)
    membership = None if member is None else member.memberships.get(live.program_id)
    if member is None or version is None or membership is None or membership.left_at is not None:
        raise problem(409, "not_a_member", "Who refers is no member of the program.")
    if taking.workspace.switches.off_program(live.code) is not None:
        raise problem(409, "switched_off", "The program is switched off.")
    run_timers_due(giving, member, at)
    run_timers_due(taking, friend, at)
    compiled = choose_offer(
        version,
        at,
        snapshot_of(at, version, member, giving.spent),
        snapshot_of(at, version, friend, taking.spent),
    )
    if compiled is None:
        raise problem(409, "no_offer", "No referral is offered to these two at this time.")
    referral_id = _make_room(pair, command, advocate)
    marks = command.context.marks(taking.codebook, taking.workspace.workspace_id)
    if marks:
        workspace_id = taking.workspace.workspace_id
        await insert_marks(pair.conn, workspace_id, taking.bucket, friend.customer_id, marks, at)
    row = ReferralRow(
        friend_id=friend.customer_id,
        advocate_bucket=advocate.bucket,
        advocate_id=advocate.customer_id,
        referral=begin(referral_id, version, compiled.offer, at),
        ip_mark=marks.get(Trace.IP),
    )
    row = await _judge(pair, row, compiled)
    taking.claim(IdKind.REFERRAL, referral_id, friend.customer_id)
    taking.put_referral(row)
    operation = taking.operation(friend, taking.name("referral begun", str(referral_id)), at)
    joined = enroll_automatically(taking, operation, live, "referral")
    if joined:
        taking.put_event(
            event_row(taking, operation, EventKind.REFERRAL, joined, source=row.referral.referral_id)
        )
    row, voucher = await _give_at_once(pair, row, compiled, version, at)
    taking.put_referral(row)
    place = (taking.bucket, friend.customer_id)
    await insert_advocacy(
        pair.conn, giving.workspace.workspace_id, giving.bucket, member.customer_id, referral_id, place
    )
    view = view_referral(taking.workspace, row, _names(pair))
    return Referred(msgspec.structs.replace(view, voucher=voucher), is_new=True)


def _make_room(pair: Pair, command: Refer, advocate: _Advocate) -> UUID:
    """End what has made room for another referral of the friend, and return the id of the new one."""
    taking, name = pair.taking, f"{advocate.program_id}/{command.friend}"
    earlier = _rows(pair, advocate)
    for row in earlier:
        over = expired(row.referral, taking.now)
        taking.put_referral(msgspec.structs.replace(row, referral=over))
    return taking.name("anew", f"{len(earlier)}/{name}") if earlier else taking.name("referral", name)


async def _judge(pair: Pair, row: ReferralRow, compiled: CompiledOffer) -> ReferralRow:
    """Return the referral after signals, the household, and who referred whom before were looked at."""
    offer = compiled.offer
    verdict = await verdict_for(pair.conn, pair.giving, pair.taking, row, offer)
    referral = judged(row.referral, verdict)
    before = await advocates_of(pair.conn, pair.giving, row)
    if row.friend_id in before:
        referral = rejected(referral, CIRCLE)
    elif before and not offer.chain:
        referral = rejected(referral, CHAIN)
    elif pair.advocate is not None and pair.friend is not None:
        referral = housed(referral, offer, pair.advocate, pair.friend)
    return msgspec.structs.replace(row, referral=referral)


async def _give_at_once(
    pair: Pair, row: ReferralRow, compiled: CompiledOffer, version: Version, at: Instant
) -> tuple[ReferralRow, VoucherAnswer | None]:
    """Give a friend who is a member what comes at once; who is none yet gets it with the conversion."""
    taking, friend = pair.taking, pair.friend
    # Joining may itself be what converts it: what was noted meanwhile counts.
    row = taking.changed_referrals[row.referral.referral_id]
    if compiled.offer.friend.at is not FriendGets.AT_ONCE or not row.referral.is_open or friend is None:
        return row, None
    await set_gift_codes_aside(pair.conn, taking, version, row.referral.offer)
    given = give(taking, row, Role.FRIEND, friend, at, converts=False)
    if isinstance(given, Refused):
        return row, None
    return given[0], given[1].voucher


def _names(pair: Pair) -> dict[UUID, str]:
    batches: tuple[Batch, ...] = (pair.giving, pair.taking)
    return {customer_id: row.external_id for batch in batches for customer_id, row in batch.customers.items()}
