"""What a return takes away from challenges: exactly what the order counted for, and no more.

How much comes off depends only on how many units of each line came back by now, so that several partial
returns equal one. The order itself counts as long as something of it is kept. What a completed challenge
gave stays, or its points, and those that rules gave for completing it, are taken back within the balance
and its voucher is void, as the challenge says. Where the voucher was used, or the order is only judged
anew, what it was given for stays completed.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec

from perennial.core.challenge_figures import NOTHING, completions
from perennial.core.challenge_round import Contribution, Round, RoundState
from perennial.core.challenges.challenges import added
from perennial.core.counts import measured_back
from perennial.core.decision import Decision
from perennial.core.decisions.returns import is_over, reversed_of
from perennial.core.document.challenge import Challenge, ChallengeReturns
from perennial.core.document.program import RefundPolicy
from perennial.core.effects import Effect, Progress, VoidVoucher
from perennial.core.events import OrderReturned
from perennial.core.fold import fold
from perennial.core.member import Member, Wallet
from perennial.core.scratch import copy_of
from perennial.core.version import CompiledChallenge, Version
from perennial.core.wallets.dates import dated_lot
from perennial.core.wallets.taking_back import take_back
from perennial.units import MAX_AMOUNT, Instant, Points


def with_returned(decision: Decision, event: OrderReturned, version: Version, member: Member) -> Decision:
    """Return the decision about a return with what it takes away from the member's challenges.

    The lots of the member's wallets and the rounds that the order counted for have to be loaded.
    """
    after = copy_of(member, version)
    fold(after, version, decision.effects, event.at)
    effects: list[Effect] = []
    taken = dict(decision.taken_back)
    unused = None if event.unused is None else {name: [*ids] for name, ids in event.unused.items()}
    for compiled in version.challenges:
        own = [each for each in event.contributions if each.challenge == compiled.number]
        for number in dict.fromkeys(each.round for each in own):
            one = after.challenges.get(compiled.number, NOTHING).rounds.get(number)
            if one is None:
                continue
            of_round = [each for each in own if each.round == number]
            most = _may_undo(compiled, event, unused)
            made = _reverse(version, compiled, one, event, of_round, most)
            if made is None:
                continue
            changed, undone = made
            mine: list[Effect] = [Progress(compiled.number, changed)]
            if undone:
                owed = _owed(version, compiled, after, one, changed, undone)
                points, backs = _points_back(version, after, one, owed, event.at)
                mine += backs
                mine += _void(compiled, undone, unused)
                for unit, amount in points.items():
                    taken[unit] = taken.get(unit, 0) + amount
            fold(after, version, mine, event.at)
            effects += mine
    return msgspec.structs.replace(
        decision,
        effects=(*decision.effects, *effects),
        taken_back={unit: points for unit, points in taken.items() if points},
    )


def _reverse(
    version: Version,
    compiled: CompiledChallenge,
    one: Round,
    event: OrderReturned,
    own: Sequence[Contribution],
    most: int,
) -> tuple[Round, int] | None:
    """Return the round without what came back, and how many completions are undone; None: no change.

    ``most`` is how many can be undone.
    """
    amounts = [0] * len(one.amounts)
    for each in own:
        if each.goal < len(amounts):
            amounts[each.goal] -= _back(version, compiled, event, each)
    if not any(amounts):
        return None
    challenge = compiled.challenge
    after = added(version, compiled, one, amounts, event.paid_at)
    times = completions(challenge, after)
    undone = 0
    if challenge.returns is ChallengeReturns.TAKE_BACK:
        undone = min(max(one.given - times, 0), most)
    state, ends = one.state, after.ends_at
    if undone:
        state = RoundState.ACTIVE if challenge.is_card else RoundState.REVERSED
    elif one.state is RoundState.COMPLETED:
        ends = one.ends_at
    return (
        msgspec.structs.replace(
            after,
            state=state,
            ends_at=ends,
            given=one.given - undone,
            revision=one.revision + 1,
            earned=_earned_still(one, undone),
        ),
        undone,
    )


def gives_vouchers(challenge: Challenge) -> bool:
    """Return whether completing a challenge comes with a code that may have to be taken back.

    It is that of a voucher, of a gift card, or one of a pool: one code for each completion.
    """
    if challenge.returns is not ChallengeReturns.TAKE_BACK:
        return False
    handed = [benefit.hands_out() for benefit in challenge.gives]
    drawn = any(out is not None and out.pool is not None for out in handed)
    return drawn or any(benefit.needs_voucher() for benefit in challenge.gives)


def _may_undo(compiled: CompiledChallenge, event: OrderReturned, unused: dict[str, list[UUID]] | None) -> int:
    """Return how many completions can be undone: as many as there are vouchers that nobody used.

    An order that is judged anew keeps the codes that it gave.
    """
    if not gives_vouchers(compiled.challenge):
        return MAX_AMOUNT
    if event.revised:
        return 0
    return MAX_AMOUNT if unused is None else len(unused.get(compiled.challenge.id, ()))


def _void(
    compiled: CompiledChallenge, undone: int, unused: dict[str, list[UUID]] | None
) -> list[VoidVoucher]:
    """Take as many vouchers back as completions are undone, the latest first."""
    name = compiled.challenge.id
    if unused is None or not gives_vouchers(compiled.challenge):
        return []
    voided, unused[name] = unused[name][:undone], unused[name][undone:]
    return [VoidVoucher(voucher_id) for voucher_id in voided]


def _back(version: Version, compiled: CompiledChallenge, event: OrderReturned, counted: Contribution) -> int:
    """Return what this return takes away of what the order counted for one goal."""
    after = _back_by(version, compiled, event, counted, event.after, over=event.canceled)
    return after - _back_by(version, compiled, event, counted, event.before, over=False)


def _back_by(
    version: Version,
    compiled: CompiledChallenge,
    event: OrderReturned,
    counted: Contribution,
    returned: Sequence[int],
    *,
    over: bool,
) -> int:
    """Return what was taken away once ``returned`` units of each line have come back."""
    if is_over(event.order, returned, over):
        return counted.amount
    goal = compiled.goals[counted.goal]
    if goal.metric is None:
        return 0
    points: dict[int, Points] = {}
    for award in event.awards:
        back = reversed_of(award, event.order, returned)
        points[award.unit] = points.get(award.unit, 0) + back
    back = measured_back(version, event, returned, goal.metric, goal.choose, points)
    return min(back, counted.amount) if counted.amount >= 0 else max(back, counted.amount)


def _earned_still(one: Round, undone: int) -> tuple[tuple[int, Points], ...]:
    """Return what rules gave for the completions that are left: each completion has the same part of it."""
    if not undone:
        return one.earned
    left = one.given - undone
    return tuple((unit, points * left // one.given) for unit, points in one.earned if left)


def _owed(
    version: Version, compiled: CompiledChallenge, member: Member, one: Round, changed: Round, times: int
) -> dict[int, Points]:
    """Return what completions that are undone had given, by the place of the wallet: itself, and by rules."""
    reward = version.rewards.get(compiled.challenge.id)
    tier = _tier(version, member)
    kept = dict(changed.earned)
    earned = {unit: points - kept.get(unit, 0) for unit, points in one.earned}
    owed = {
        place: earned[wallet.unit] for place, wallet in enumerate(version.wallets) if earned.get(wallet.unit)
    }
    for given in () if reward is None else reward.gives_to(tier):
        out = given.benefit.hands_out()
        if out is not None and out.points:
            names = [wallet.spec.id for wallet in version.wallets]
            place = 0 if out.wallet is None else names.index(out.wallet)
            owed[place] = owed.get(place, 0) + out.points * times
    return owed


def _tier(version: Version, member: Member) -> str | None:
    membership = member.memberships.get(version.program_id)
    return membership.tier if membership else None


def _points_back(
    version: Version, member: Member, one: Round, owed: dict[int, Points], at: Instant
) -> tuple[dict[int, Points], list[Effect]]:
    """Return the points that leave each wallet for completions that are undone, and the effects."""
    tier = _tier(version, member)
    points: dict[int, Points] = {}
    effects: list[Effect] = []
    for place, amount in owed.items():
        unit = version.wallets[place].unit
        wallet = member.wallets.get(unit) or Wallet(lots={})
        lot = dated_lot(version, place, tier, one.completed_at or at)[1]
        taken = take_back(wallet, unit, [(lot, amount)], RefundPolicy.WITHIN_BALANCE, at, "")
        points[unit] = taken.points
        effects += taken.effects
    return points, effects
