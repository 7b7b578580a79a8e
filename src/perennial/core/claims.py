"""A claim: the member exchanges points for a reward, whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping

from perennial.core.allowances import Allowances
from perennial.core.budget_numbers import budget_numbers
from perennial.core.codes import Codes
from perennial.core.condition_scope import date_or_none
from perennial.core.condition_walk import refusing
from perennial.core.credit import activity
from perennial.core.decision import Decision
from perennial.core.effects import Effect, IssueVoucher
from perennial.core.events import ClaimRequested
from perennial.core.facts import BIRTHDAY
from perennial.core.limits import Use
from perennial.core.member import Member, Wallet
from perennial.core.needs import snapshot_of
from perennial.core.order import Scalar
from perennial.core.refusals import Refusal, RefusalCode
from perennial.core.reward import Reward
from perennial.core.schedule import schedule_applies
from perennial.core.settling import refuse, settle
from perennial.core.snapshot import Snapshot
from perennial.core.spending import insufficient, not_a_member, spend
from perennial.core.switches import ALL_ON, Switches
from perennial.core.today import today_of
from perennial.core.version import CompiledReward, Version
from perennial.core.version_scope import scope_of
from perennial.core.wallet_dates import end_of_day_after
from perennial.ledger.account import Account
from perennial.units import Instant, Points


def decide_claim(
    event: ClaimRequested,
    version: Version,
    member: Member,
    spent: Mapping[tuple[int, int], int] | None = None,
    switches: Switches = ALL_ON,
) -> Decision:
    """Decide a claim: debits of the price and a voucher, or a refusal with the numbers behind it.

    The lots of the member's wallets have to be loaded; ``spent`` maps (number of a budget, period) to
    what all members used. Available lots pay, soonest expiry first. A claim counts as one time and for
    its customer; what is taken off an order counts when the reward is used on it.
    """
    compiled = version.rewards.get(event.reward)
    if compiled is None:
        words = f"Program {version.program.program} has no reward {event.reward!r}."
        return refuse(version, _no(RefusalCode.REWARD_UNKNOWN, words, reward=event.reward))
    off = _switched_off(version, compiled, switches)
    if off is not None:
        return refuse(version, off)
    numbers = budget_numbers(version, event)
    snapshot = snapshot_of(event.at, version, member, spent, switches.keys_of(version), numbers)
    reward = compiled.reward
    refusal = why_not(version, reward, snapshot, event.at)
    if refusal is not None:
        return refuse(version, refusal)
    if reward.price is None:
        words = f"Reward {reward.id} cannot be claimed for points."
        return refuse(version, _no(RefusalCode.REWARD_NOT_AVAILABLE, words, reward=reward.id))
    limited = Allowances(version, snapshot, numbers)
    cut_by = limited.use(compiled.bounds, Use(times=1))
    if cut_by is not None:
        words = f"Reward {reward.id} cannot be claimed now: {cut_by}."
        return refuse(version, _no(RefusalCode.LIMIT_REACHED, words, reward=reward.id, limit=cut_by))
    paid = _pay(version, compiled, reward.price, member, event.at)
    if isinstance(paid, Refusal):
        return refuse(version, paid)
    effects = paid + limited.effects(today_of(version, event.at))
    effects.append(_voucher(event, version, compiled, reward.price))
    return settle(event, version, member, snapshot, effects)


def _switched_off(version: Version, compiled: CompiledReward, switches: Switches) -> Refusal | None:
    reward = compiled.reward.id
    campaign = None if compiled.campaign is None else version.program.campaigns[compiled.campaign].id
    switch = switches.why_off(version.program.program, reward, campaign)
    if switch is None:
        return None
    words = f"Reward {reward} cannot be claimed: {switch.object.words} is switched off ({switch.reason})."
    return _no(
        RefusalCode.SWITCHED_OFF, words, reward=reward, switch=switch.object.path, reason=switch.reason
    )


def why_not(version: Version, reward: Reward, snapshot: Snapshot, at: Instant) -> Refusal | None:
    """Return why the reward is not offered to the member at all at ``at``, whatever its price."""
    if snapshot.joined_at is None:
        return not_a_member(version)
    name = version.program.program
    if version.starts is not None and at < version.starts:
        return _no(RefusalCode.PROGRAM_NOT_STARTED, f"Program {name} has not started.", program=name)
    if version.ends is not None and at >= version.ends:
        return _no(RefusalCode.PROGRAM_ENDED, f"Program {name} has ended.", program=name)
    if reward.tiers and snapshot.tier not in reward.tiers:
        needed = " or ".join(reward.tiers)
        words = f"Reward {reward.id} needs tier {needed}."
        return _no(RefusalCode.NEEDS_TIER, words, needs_tier=needed, tier=snapshot.tier)
    attributes = dict(zip(version.attributes, snapshot.attributes, strict=True))
    if reward.schedule is not None:
        born = date_or_none(attributes.get(BIRTHDAY))
        if not schedule_applies(reward.schedule, version.zone)(at, born, snapshot.joined_at):
            words = f"Reward {reward.id} is not available at this time."
            return _no(RefusalCode.REWARD_NOT_AVAILABLE, words, reward=reward.id)
    if reward.when is not None:
        seen = refusing(reward.when, scope_of(version, snapshot, at))
        if seen:
            value = seen[0].value if not isinstance(seen[0].value, tuple) else ", ".join(seen[0].value)
            words = f"Reward {reward.id} is offered only if {seen[0].words}."
            return _no(
                RefusalCode.CONDITIONS_NOT_MET,
                words,
                reward=reward.id,
                condition=seen[0].words,
                value=value,
            )
    return None


def _no(code: RefusalCode, words: str, **details: Scalar) -> Refusal:
    return Refusal(code, words, details)


def _pay(
    version: Version, compiled: CompiledReward, price: Points, member: Member, at: Instant
) -> list[Effect] | Refusal:
    """Return the debits that pay the price; what the member owes is not there to be spent."""
    unit = version.wallets[compiled.wallet].unit
    wallet = member.wallets.get(unit) or Wallet(lots={})
    _, everything = spend(wallet, unit, wallet.balance, at, Account.REDEEMED)
    available = max(everything - wallet.debt, 0)
    if available < price:
        return insufficient(price, available)
    effects, _ = spend(wallet, unit, price, at, Account.REDEEMED)
    return effects + [effect for effect in activity(version, "spending", at) if effect.unit == unit]


def _voucher(
    event: ClaimRequested, version: Version, compiled: CompiledReward, price: Points
) -> IssueVoucher:
    reward = compiled.reward
    codes = reward.codes or Codes()
    expires_at = None
    if (lasts := reward.expires_after or codes.valid_for) is not None:
        expires_at = end_of_day_after(version, event.at, lasts)
    return IssueVoucher(
        code=event.code,
        reward=reward.id,
        value=reward.claim_value(),
        currency=version.program.currency,
        expires_at=expires_at,
        points=price,
        unit=version.wallets[compiled.wallet].unit,
        uses=1 if codes.shared is not None else codes.uses_of_each,
        bound=codes.bound,
    )
