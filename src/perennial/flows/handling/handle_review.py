"""A referral in review is looked at by staff: it goes on, or is rejected, with an entry in the audit log."""

from __future__ import annotations

import time
from uuid import UUID

import msgspec

from perennial.core.document.referral_terms import FriendGets, Role
from perennial.core.referrals.referrals import BY_STAFF, ReferralState, approved, rejected
from perennial.flows.answers import Answer
from perennial.flows.batch import Batch
from perennial.flows.commands import ReviewReferral
from perennial.flows.handling.referral_gifts import Refused, give
from perennial.flows.handling.referred import terms_of
from perennial.flows.handling.timers_due import run_timers_due
from perennial.flows.problems import problem
from perennial.flows.referral_views import view_referral
from perennial.store.customers.referrals import ReferralRow
from perennial.store.staff.audit_entries import AuditEntry


def handle_review(batch: Batch, command: ReviewReferral) -> Answer:
    """Let a referral go on or reject it, or raise why not; saying the same again changes nothing.

    What a friend gets at once, and did not while the referral was in review, is given now.
    """
    friend_id, referral_id = UUID(hex=command.customer_id), UUID(hex=command.referral_id)
    if friend_id in batch.erased:
        raise batch.gone(friend_id)
    row = next(
        (row for row in batch.referrals.get(friend_id, ()) if row.referral.referral_id == referral_id), None
    )
    if row is None:
        raise problem(404, "referral_unknown", "There is no such referral.")
    state = row.referral.state
    if state is not ReferralState.REVIEW:
        said = row.referral.approved if command.approve else state is ReferralState.REJECTED
        if said:
            return _answer(batch, command, row)
        words = f"The referral is {state.word.replace('_', ' ')}, and not in review."
        raise problem(409, "not_in_review", words, details={"state": state.word})
    _, version, compiled = terms_of(batch, row)
    if command.approve:
        referral = approved(row.referral, batch.now, compiled, version)
    else:
        referral = rejected(row.referral, BY_STAFF)
    row = msgspec.structs.replace(row, referral=referral)
    if command.approve and compiled.offer.friend.at is FriendGets.AT_ONCE and not referral.given:
        friend = batch.members[friend_id]
        run_timers_due(batch, friend, batch.now)
        given = give(batch, row, Role.FRIEND, friend, batch.now, converts=False)
        row = row if isinstance(given, Refused) else given[0]
    batch.put_referral(row)
    batch.audit_entries.append(_entry(batch, command, state, row))
    return _answer(batch, command, row)


def _answer(batch: Batch, command: ReviewReferral, row: ReferralRow) -> Answer:
    names = {row.friend_id: batch.customers[row.friend_id].external_id}
    if command.advocate is not None:
        names[row.advocate_id] = command.advocate
    view = view_referral(batch.workspace, row, names)
    return Answer(status=200, body=msgspec.json.encode(view))


def _entry(batch: Batch, command: ReviewReferral, before: ReferralState, row: ReferralRow) -> AuditEntry:
    after = row.referral
    return AuditEntry(
        entry_id=batch.ids.next(),
        at=time.time_ns() // 1_000,
        actor=command.actor,
        action="referral.approved" if command.approve else "referral.rejected",
        object=f"referral/{after.referral_id}",
        reason=command.reason,
        before={"state": before.word, "signals": ", ".join(after.signals)},
        after={"state": after.state.word},
    )
