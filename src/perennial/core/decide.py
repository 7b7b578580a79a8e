"""The one door to the core: an event, a version and a member become a decision.

Pure and deterministic: the same arguments always give the same decision. The member is read and never
changed; ``core/fold.py`` applies the effects.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import assert_never

from perennial.core.budgets.numbers import budget_numbers
from perennial.core.challenges.challenges import decide_start, with_challenges
from perennial.core.challenges.completion import decide_completion
from perennial.core.challenges.returns import with_returned
from perennial.core.claims.canceling import decide_cancellation
from perennial.core.claims.claims import decide_claim
from perennial.core.claims.earned_rewards import decide_earned
from perennial.core.decision import Decision
from perennial.core.decisions.adjustments import decide_adjustment
from perennial.core.decisions.converting import decide_conversion, decide_way_back
from perennial.core.decisions.exposing import exposed
from perennial.core.decisions.fulfillment import decide_fulfillment
from perennial.core.decisions.merging import decide_merge
from perennial.core.decisions.pooling import decide_pooling
from perennial.core.decisions.returns import decide_return
from perennial.core.decisions.transfers import decide_receiving, decide_sending
from perennial.core.earn import earn
from perennial.core.events import (
    BalanceConverted,
    CartRedeemed,
    ChallengeCompleted,
    ChallengeMissed,
    ChallengeStarted,
    ClaimRequested,
    ConversionReversed,
    CustomEvent,
    EntitlementCanceled,
    Event,
    MemberJoined,
    MembersMerged,
    OrderFulfilled,
    OrderPaid,
    OrderReturned,
    PointsAdjusted,
    ReferralReversed,
    ReferralRewarded,
    RewardEarned,
    TierAssigned,
    TierEntered,
    TimersDue,
    TransferReceived,
    TransferSent,
    WalletsChanged,
)
from perennial.core.member import Member
from perennial.core.needs import snapshot_of
from perennial.core.referrals.rewards import decide_reversal, decide_reward
from perennial.core.switches import ALL_ON, Switches, with_sent
from perennial.core.tiers.reviews import decide_assignment
from perennial.core.tiers.tier_then import as_then
from perennial.core.tiers.tiers import own_balances
from perennial.core.timers import decide_timers
from perennial.core.version import Version

_NOTHING: Mapping[tuple[int, int], int] = {}


def decide(
    event: Event,
    version: Version,
    member: Member,
    spent: Mapping[tuple[int, int], int] = _NOTHING,
    switches: Switches = ALL_ON,
    *,
    by_line: bool = True,
    sent: Collection[str] = (),
) -> Decision:
    """Decide ``event`` for ``member`` under ``version``; nothing is changed.

    ``member`` holds what ``needs.lookback`` asks for and, for everything but earning, the lots of its
    wallets. ``spent`` maps (number of a budget, period) to what all members together have used of it.
    ``switches`` say what is off: it gives nothing and cannot be claimed; all else goes on. A follow-up is
    decided by a call of its own, on the member that the effects made. Without ``by_line`` the awards of an
    order do not tell what each of its lines contributed: for whoever knows that nothing of it comes back.
    ``sent`` are the messages that the cause of the event has sent already: none is sent or counted twice.
    """
    match event:
        case OrderPaid() | CustomEvent() | MemberJoined() | TierEntered() | ChallengeMissed():
            off = switches.keys_of(version)
            off = with_sent(off, sent) if sent else off
            return _decide_earning(event, version, member, spent, off, by_line=by_line)
        case ChallengeCompleted():
            given = decide_completion(event, version, member, spent, switches, sent)
            return with_challenges(given, event, version, member) if version.challenges else given
        case RewardEarned():
            return decide_earned(event, version, member, spent, switches)
        case ChallengeStarted():
            return decide_start(event, version, member)
        case OrderReturned():
            returned = decide_return(event, version, member, spent)
            return with_returned(returned, event, version, member) if event.contributions else returned
        case OrderFulfilled():
            return decide_fulfillment(event, version, member)
        case ClaimRequested():
            decision = decide_claim(event, version, member, spent, switches)
            return exposed(decision, version, member, event.at)
        case CartRedeemed():
            raise ValueError("a cart is decided whole, see core/checkout/checkout.py")
        case ReferralRewarded():
            return decide_reward(event, version, member, spent, switches)
        case ReferralReversed():
            return decide_reversal(event, version, member, spent)
        case EntitlementCanceled():
            return decide_cancellation(event, version, member, spent)
        case PointsAdjusted():
            return decide_adjustment(event, version, member)
        case TransferSent():
            return decide_sending(event, version, member)
        case TransferReceived():
            return decide_receiving(event, version, member)
        case BalanceConverted():
            return decide_conversion(event, version, member)
        case ConversionReversed():
            return decide_way_back(event, version, member)
        case TierAssigned():
            return decide_assignment(event, version, member)
        case MembersMerged():
            return decide_merge(event, version, member)
        case WalletsChanged():
            return decide_pooling(event, version, member)
        case TimersDue():
            return decide_timers(event, version, member)
        case _:
            assert_never(event)


def _decide_earning(
    event: OrderPaid | CustomEvent | MemberJoined | TierEntered | ChallengeMissed,
    version: Version,
    member: Member,
    spent: Mapping[tuple[int, int], int],
    off: tuple[str, ...],
    *,
    by_line: bool,
) -> Decision:
    """Decide what rules, messages, tiers and challenges make of it while the keys ``off`` are off."""
    numbers = budget_numbers(version, event) if version.has_holders else version.budget_numbers
    where = event.order.location if isinstance(event, OrderPaid) else None
    snapshot = snapshot_of(event.at, version, member, spent, off, numbers, where)
    then = as_then(snapshot, version, member, event.at)
    apart = own_balances(version, member, event.at)
    earned = earn(event, version, then, apart, by_line=by_line, present=snapshot)
    if snapshot.variants:
        earned = exposed(earned, version, member, event.at, earns=True)
    return with_challenges(earned, event, version, member) if version.challenges else earned
