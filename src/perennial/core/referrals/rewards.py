"""What the two sides of a referral get when it converts, and how it is taken back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from perennial.core.budgets.allowances import Allowances
from perennial.core.budgets.giving_back import give_back
from perennial.core.budgets.numbers import budget_numbers
from perennial.core.claims.handing_out import hand_out
from perennial.core.customers.blocks import WHY_NOTHING_EARNED, Block
from perennial.core.decision import Decision
from perennial.core.document.program import RefundPolicy
from perennial.core.document.referral_terms import Role
from perennial.core.effects import Credit, Effect, UseLimit
from perennial.core.events import ClaimRequested, CustomEvent, ReferralReversed, ReferralRewarded
from perennial.core.member import Member, Wallet
from perennial.core.needs import snapshot_of
from perennial.core.refusals import Refusal, RefusalCode
from perennial.core.settling import refuse, settle
from perennial.core.snapshot import Snapshot
from perennial.core.switches import ALL_ON, Switches
from perennial.core.terms.limits import Use
from perennial.core.today import today_of
from perennial.core.version import Bound, CompiledOffer, CompiledPrice, CompiledReward, Version
from perennial.core.wallets.spending import customer_blocked, not_a_member
from perennial.core.wallets.taking_back import take_back
from perennial.units import Points

CONVERTED = "referral.converted"
"""The event that each side of a converted referral causes."""

_ONCE = Use(times=1)
_FOR_NOTHING = CompiledPrice(0, 0)


def decide_reward(
    event: ReferralRewarded,
    version: Version,
    member: Member,
    spent: Mapping[tuple[int, int], int],
    switches: Switches = ALL_ON,
) -> Decision:
    """Decide what one side gets, or the refusal: not a member, a limit reached, nothing left of it.

    The lots of the member's wallets have to be loaded. An advocate is counted, and meets the limits of the
    offer; both sides meet the stock of what they get.
    """
    compiled = version.offers[event.offer]
    numbers = budget_numbers(version, event)
    snapshot = snapshot_of(event.at, version, member, spent, switches.keys_of(version), numbers)
    if snapshot.joined_at is None:
        return refuse(version, not_a_member(version))
    if member.blocked & Block.EARNING:
        return refuse(version, customer_blocked(WHY_NOTHING_EARNED))
    reward = version.rewards.get(_reward_id(event, version, compiled, snapshot) or "")
    limited = Allowances(version, snapshot, numbers)
    counted = event.converts and event.role == Role.ADVOCATE
    bounds = (*(compiled.bounds if counted else ()), *(() if reward is None else reward.bounds))
    full = limited.use(tuple(dict.fromkeys(bounds)), _ONCE)
    if full is not None:
        words = f"Referral {event.offer} gives nothing more: {full}."
        return refuse(version, Refusal(RefusalCode.LIMIT_REACHED, words, {"offer": event.offer}))
    effects: list[Effect] = [*limited.effects(today_of(version, event.at))]
    if counted:
        effects.append(_count(version, event.at, 1))
    if reward is not None:
        missing = _missing_pool(reward, snapshot, event)
        if missing is not None:
            return refuse(version, missing)
        effects += hand_out(version, reward, _FOR_NOTHING, snapshot, _claim(event, reward))
    decision = settle(event, version, member, snapshot, effects)
    if not event.converts:
        return decision
    told = CustomEvent(
        id=event.id, at=event.at, name=CONVERTED, attributes={"role": event.role, "offer": event.offer}
    )
    return msgspec.structs.replace(decision, follow_ups=(*decision.follow_ups, told))


def decide_reversal(
    event: ReferralReversed, version: Version, member: Member, spent: Mapping[tuple[int, int], int]
) -> Decision:
    """Decide what is taken back of what one side got: its points by the policy of their wallets, and limits.

    The lots of the member's wallets have to be loaded. ``taken_back`` of the decision is, per unit, what
    left the wallet or is owed now.
    """
    offer = version.offers[event.offer]
    numbers = budget_numbers(version, event)
    snapshot = snapshot_of(event.at, version, member, spent, numbers=numbers)
    effects: list[Effect] = []
    taken_back: dict[int, Points] = {}
    for unit in dict.fromkeys(unit for unit, _, _ in event.points):
        own = [(lot_id, points) for of, lot_id, points in event.points if of == unit]
        specs = [compiled.spec for compiled in version.wallets if compiled.unit == unit]
        policy = specs[0].refunds if specs else RefundPolicy.WITHIN_BALANCE
        wallet = member.wallets.get(unit) or Wallet(lots={})
        taken = take_back(wallet, unit, own, policy, event.at, event.id.hex)
        effects += taken.effects
        if taken.points:
            taken_back[unit] = taken.points
    bounds: tuple[Bound, ...] = offer.bounds if event.counted else ()
    reward = version.rewards.get(event.reward or "")
    if reward is not None:
        bounds += reward.bounds
    uses = [(tuple(dict.fromkeys(bounds)), _ONCE)]
    effects += give_back(version, member, spent, event.given_at, numbers, uses)
    if event.counted and snapshot.used[version.referral_limit or -1] > 0:
        effects.append(_count(version, event.at, -1))
    decision = settle(event, version, member, snapshot, effects)
    return msgspec.structs.replace(decision, taken_back=taken_back)


def credited(effects: Iterable[Effect]) -> tuple[tuple[int, int, Points], ...]:
    """Return the unit, the number of the lot and the points of everything that was credited."""
    return tuple(
        (effect.unit, effect.key.lot_id, effect.amount) for effect in effects if isinstance(effect, Credit)
    )


def _reward_id(
    event: ReferralRewarded, version: Version, compiled: CompiledOffer, snapshot: Snapshot
) -> str | None:
    if not event.gives:
        return None
    converted = snapshot.used[version.referral_limit or -1]
    return compiled.offer.reward_id(Role(event.role), converted)


def _count(version: Version, at: int, amount: int) -> UseLimit:
    index = version.referral_limit or -1
    limit = version.limits[index]
    return UseLimit(limit.number, today_of(version, at).limits[index], amount, limit.cap)


def _claim(event: ReferralRewarded, reward: CompiledReward) -> ClaimRequested:
    return ClaimRequested(
        id=event.id, at=event.at, reward=reward.reward.id, code=event.code, drawn=event.drawn
    )


def _missing_pool(reward: CompiledReward, snapshot: Snapshot, event: ReferralRewarded) -> Refusal | None:
    """Return the refusal if no code is left of a pool of which one is to be handed over."""
    for given in reward.gives_to(snapshot.tier):
        out = given.benefit.hands_out()
        if out is not None and out.pool is not None and out.pool not in event.drawn:
            words = f"Referral {event.offer} has nothing left to give: pool {out.pool} has no code."
            details = {"offer": event.offer, "pool": out.pool}
            return Refusal(RefusalCode.OUT_OF_STOCK, words, {**details})
    return None
