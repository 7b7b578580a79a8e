"""A challenge was completed: what it gives, and what rules give for it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec

from perennial.core.budgets.allowances import Allowances
from perennial.core.budgets.numbers import budget_numbers
from perennial.core.challenge_figures import NOTHING
from perennial.core.challenge_round import added_up
from perennial.core.claims.availability import why_off
from perennial.core.claims.handing_out import hand_out
from perennial.core.codes.codes import IssuedCode
from perennial.core.customers.blocks import Block
from perennial.core.decision import Decision
from perennial.core.document.challenge import ChallengeReturns
from perennial.core.earn import earn
from perennial.core.effects import Effect, IssueVoucher, Progress
from perennial.core.events import ChallengeCompleted, ClaimRequested
from perennial.core.fold import fold, fold_spent
from perennial.core.member import Member
from perennial.core.needs import snapshot_of
from perennial.core.scratch import copy_of
from perennial.core.settling import settle
from perennial.core.switches import Switches, with_sent
from perennial.core.terms.limits import Use
from perennial.core.tiers.tier_then import as_then
from perennial.core.today import today_of
from perennial.core.version import CompiledPrice, CompiledReward, Version


def decide_completion(
    event: ChallengeCompleted,
    version: Version,
    member: Member,
    spent: Mapping[tuple[int, int], int],
    switches: Switches,
    sent: Collection[str] = (),
) -> Decision:
    """Decide what completing a challenge gives: by its own benefits, and by rules that it triggers.

    ``sent`` are the messages that its cause has sent already.

    What a limit or budget has no room for, or a switch turns off, or of which no code is left, is not given;
    the challenge is completed all the same.
    """
    numbers = budget_numbers(version, event)
    off = switches.keys_of(version)
    if sent:
        off = with_sent(off, sent)
    present = snapshot_of(event.at, version, member, spent, off, numbers)
    decision = _noted(
        earn(event, version, as_then(present, version, member, event.at), present=present),
        event,
        version,
        member,
    )
    compiled = version.rewards.get(event.challenge)
    if compiled is None or member.blocked & Block.EARNING or why_off(version, compiled, switches) is not None:
        return decision
    after = copy_of(member, version)
    used = dict(spent)
    fold(after, version, decision.effects, event.at)
    fold_spent(used, decision.effects)
    snapshot = snapshot_of(event.at, version, after, used, off, numbers)
    limited = Allowances(version, snapshot, numbers)
    if snapshot.joined_at is None or _lacks_code(compiled, snapshot.tier, event):
        return decision
    if limited.use(compiled.bounds, Use(times=1)) is not None:
        return decision
    claim = ClaimRequested(
        id=event.id,
        at=event.at,
        reward=event.challenge,
        code=event.code or IssuedCode("", event.id, b""),
    )
    effects: list[Effect] = list(limited.effects(today_of(version, event.at)))
    price = CompiledPrice(points=0, wallet=compiled.wallet)
    effects += [_unclaimed(effect) for effect in hand_out(version, compiled, price, snapshot, claim)]
    given = settle(event, version, after, snapshot, effects)
    return msgspec.structs.replace(
        decision,
        effects=(*decision.effects, *given.effects),
        follow_ups=(*decision.follow_ups, *given.follow_ups),
    )


def _noted(decision: Decision, event: ChallengeCompleted, version: Version, member: Member) -> Decision:
    """Note with the round what rules gave for completing it, where an order that returns takes that back."""
    compiled = next((each for each in version.challenges if each.challenge.id == event.challenge), None)
    if compiled is None or compiled.challenge.returns is not ChallengeReturns.TAKE_BACK:
        return decision
    one = member.challenges.get(compiled.number, NOTHING).rounds.get(event.round)
    earned = [(award.unit, award.points) for award in decision.awards if award.points]
    if one is None or not earned:
        return decision
    noted = msgspec.structs.replace(one, earned=added_up(one.earned, earned), revision=one.revision + 1)
    return msgspec.structs.replace(decision, effects=(*decision.effects, Progress(compiled.number, noted)))


def needs_code(compiled: CompiledReward | None, tier: str | None) -> bool:
    """Return whether what is given without a claim comes as a voucher with a code."""
    return compiled is not None and any(given.benefit.needs_voucher() for given in compiled.gives_to(tier))


def _lacks_code(compiled: CompiledReward, tier: str | None, event: ChallengeCompleted) -> bool:
    """Whether a code of a pool is to be handed over, and none is left."""
    handed = [given.benefit.hands_out() for given in compiled.gives_to(tier)]
    pools = {out.pool for out in handed if out is not None and out.pool is not None}
    return event.drawn is not None and not pools.issubset(event.drawn)


def _unclaimed(effect: Effect) -> Effect:
    return msgspec.structs.replace(effect, claimed=False) if isinstance(effect, IssueVoucher) else effect
