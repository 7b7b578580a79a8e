"""What one side of a referral gets, and how it is taken back: decided, and noted in the batch."""

from __future__ import annotations

from uuid import UUID

import msgspec
from asyncpg import Connection

from perennial.core.codes.codes import Codes
from perennial.core.decide import decide
from perennial.core.document.referral_terms import Role
from perennial.core.effects import Entitle, IssueVoucher
from perennial.core.entitlements import MOVES, EntitlementState
from perennial.core.events import ReferralReversed, ReferralRewarded
from perennial.core.member import Member
from perennial.core.referrals.referrals import Given
from perennial.core.referrals.rewards import credited
from perennial.core.version import Version
from perennial.flows.answers import Decided
from perennial.flows.batch import Batch
from perennial.flows.handling.answering import decided
from perennial.flows.handling.decide_program import decide_in_program, event_row
from perennial.flows.handling.gift_cards import empty_card, fund_cards
from perennial.flows.handling.gifts import drawn_pools, with_gifts
from perennial.flows.handling.kept_points import keeper_with
from perennial.flows.handling.referred import terms_of
from perennial.flows.loading.claims import take_codes
from perennial.flows.loading.drawn_codes import pools_of
from perennial.store.codes.entitlements import entitlement_id, load_entitlements
from perennial.store.codes.vouchers import VoucherState, set_voucher_state
from perennial.store.customers.referrals import ReferralRow
from perennial.store.events import EventKind
from perennial.units import Instant

SIDES = 2


class Refused(msgspec.Struct, frozen=True):
    """Why a side gets nothing: the code of the refusal."""

    code: str


async def set_gift_codes_aside(conn: Connection, batch: Batch, version: Version, offer: str) -> None:
    """Lock a free code for each side of each pool of which the offer may hand one over.

    Both sides have them in common; where too few are left, those for what is caused are taken.
    """
    for reward_id, compiled in version.rewards.items():
        if reward_id.split(".", 1)[0] != offer or "." not in reward_id:
            continue
        for pool in sorted(pools_of(compiled)):
            key = (version.program_id, pool)
            free, caused = batch.free_codes.setdefault(key, []), batch.caused_codes.get(key, [])
            free += await take_codes(conn, batch, *key, SIDES - len(free))
            while caused and len(free) < SIDES:
                free.append(caused.pop())


def give(
    batch: Batch, row: ReferralRow, role: Role, member: Member, at: Instant, *, converts: bool
) -> tuple[ReferralRow, Decided] | Refused:
    """Give one side what it gets, and note it; or return why it gets nothing: then nothing was changed.

    The timers of the member up to ``at`` must have run.
    """
    live, version, compiled = terms_of(batch, row)
    referral = row.referral
    source_id = batch.name("referral gift", f"{referral.referral_id}/{role}/{len(referral.given)}")
    event = ReferralRewarded(
        id=source_id,
        at=at,
        offer=referral.offer,
        role=role,
        code=batch.codebook.draw(batch.workspace.workspace_id, Codes()),
        drawn=drawn_pools(batch, live),
        converts=converts,
        gives=not referral.has_given(role),
    )
    refusal = decide(event, version, member, batch.spent, batch.workspace.switches).refusal
    if refusal is not None:
        return Refused(refusal.code.value)
    before = _referral_count(version, member)
    operation = batch.operation(member, source_id, at)
    outcomes = decide_in_program(batch, operation, live, version, event)
    # What completing a challenge handed over is no gift of the referral's.
    given_before = len(batch.given_codes)
    fund_cards(batch, operation, version, outcomes[0].decision.effects)
    answer = with_gifts(batch, operation, decided(batch, member, "", outcomes), outcomes)
    source = row.referral.referral_id
    batch.put_event(event_row(batch, operation, EventKind.REFERRAL, outcomes, source=source))
    effects = [effect for outcome in outcomes for effect in outcome.decision.effects]
    given = Given(
        role=role,
        at=at,
        operation_id=operation.operation_id,
        source_id=source_id,
        reward=compiled.offer.reward_id(role, before) if event.gives else None,
        counted=converts and role is Role.ADVOCATE,
        points=credited(effects),
        has_voucher=any(isinstance(effect, IssueVoucher) for effect in outcomes[0].decision.effects),
        entitlements=sum(1 for effect in effects if isinstance(effect, Entitle)),
        code_id=next((free.row.voucher_id for free in batch.given_codes[given_before:]), None),
    )
    noted = msgspec.structs.replace(referral, given=(*referral.given, given))
    return msgspec.structs.replace(row, referral=noted), answer


async def take_away(
    conn: Connection,
    batch: Batch,
    row: ReferralRow,
    given: Given,
    member: Member,
    at: Instant,
    kept_by: UUID | None,
) -> None:
    """Take back what one side got: points by the policy of their wallet, vouchers and what is still owed.

    The points are taken from the household that keeps them (``kept_by``), where the member has left it since.

    A voucher that was used is worth nothing more, of a gift card what is left is taken back; what was paid,
    sent or used stays.
    """
    live, version, _ = terms_of(batch, row)
    source_id = batch.name("referral reversal", f"{row.referral.referral_id}/{given.source_id}")
    event = ReferralReversed(
        id=source_id,
        at=at,
        offer=row.referral.offer,
        role=given.role,
        reward=given.reward,
        given_at=given.at,
        points=given.points,
        counted=given.counted,
    )
    operation = batch.operation(member, source_id, at)
    operation.keeper = keeper_with(batch, member, kept_by)
    outcomes = decide_in_program(batch, operation, live, version, event)
    source = row.referral.referral_id
    batch.put_event(event_row(batch, operation, EventKind.REFERRAL, outcomes, source=source))
    workspace_id = batch.workspace.workspace_id
    for voucher_id in (given.source_id if given.has_voucher else None, given.code_id):
        if voucher_id is not None:
            place = (batch.bucket, member.customer_id, voucher_id)
            await set_voucher_state(conn, workspace_id, place, VoucherState.ISSUED, VoucherState.VOIDED)
    reward = version.rewards.get(given.reward or "")
    if given.has_voucher and reward is not None and reward.card_for(None):
        await empty_card(conn, batch, operation, version, given.source_id)
    keys = [
        (member.customer_id, entitlement_id(workspace_id, given.operation_id, number))
        for number in range(given.entitlements)
    ]
    for each in (await load_entitlements(conn, workspace_id, batch.bucket, keys)).values():
        if EntitlementState.CANCELED in MOVES.get(each.state, ()):
            batch.changed_entitlements[each.entitlement_id] = msgspec.structs.replace(
                each, state=EntitlementState.CANCELED, changed_at=at
            )


def _referral_count(version: Version, member: Member) -> int:
    if version.referral_limit is None:
        return 0
    return sum(member.limits.get(version.limits[version.referral_limit].number, {}).values())
