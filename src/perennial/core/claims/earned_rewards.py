"""A rule gave a reward: what is handed out for it, and what comes back with the order that earned it.

What is given follows the order or event in the same transaction. What an order earned is kept with the
decision (:class:`GivenReward`), so that a return of the whole order takes it back if nobody used it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from uuid import UUID

import msgspec

from perennial.core.award import Award
from perennial.core.budgets.allowances import Allowances
from perennial.core.budgets.numbers import budget_numbers
from perennial.core.claims.availability import why_not_given
from perennial.core.claims.handing_out import hand_out
from perennial.core.codes.codes import IssuedCode
from perennial.core.counts import counts_of
from perennial.core.dates.periods import minute_words
from perennial.core.decision import Decision
from perennial.core.earn import rests_until, touch_of
from perennial.core.effects import Credit, Effect, Entitle, IssueVoucher
from perennial.core.entitlements import MOVES
from perennial.core.events import ClaimRequested, Event, RewardEarned
from perennial.core.given_reward import GivenReward
from perennial.core.member import Member
from perennial.core.needs import snapshot_of
from perennial.core.orders.order import net_amounts, value_of
from perennial.core.settling import settle
from perennial.core.snapshot import Snapshot
from perennial.core.switches import Switches, off_of
from perennial.core.terms.limits import Use
from perennial.core.tiers.tier_then import as_then
from perennial.core.today import today_of
from perennial.core.version import Bound, CompiledPrice, CompiledReward, CompiledRule, Version


def decide_earned(
    event: RewardEarned,
    version: Version,
    member: Member,
    spent: Mapping[tuple[int, int], int],
    switches: Switches,
) -> Decision:
    """Decide what a rule gives: everything that its reward gives, or nothing with the reason why.

    The reason stands in an award of no points. What the member has already (``event.kept``) is not given
    again; points among it are, for they were taken back. Points count as earned, as those of rules do: they
    leave with the order.
    """
    numbers = budget_numbers(version, event)
    where = None if event.order is None else event.order.location
    present = snapshot_of(event.at, version, member, spent, switches.keys_of(version), numbers, where)
    snapshot = as_then(present, version, member, event.at)
    rule = next(each for each in version.rules if each.rule.id == event.rule)
    compiled = version.rewards[event.reward]
    limited = Allowances(version, snapshot, numbers)
    why_not = _why_not(event, version, rule, compiled, snapshot, limited)
    unit = version.wallets[rule.wallet].unit
    if why_not is not None:
        return Decision(
            program=version.program_id,
            version=version.number,
            awards=(Award(event.rule, unit, 0, 0, 0, (), why_not),),
            facts=snapshot,
        )
    effects: list[Effect] = list(limited.effects(today_of(version, event.at)))
    if rule.cooldown is not None:
        effects.append(touch_of(version, rule.cooldown, event))
    code = event.code or IssuedCode("", event.id, b"")
    claim = ClaimRequested(id=event.id, at=event.at, reward=event.reward, code=code)
    handed = hand_out(version, compiled, CompiledPrice(points=0, wallet=compiled.wallet), snapshot, claim)
    effects += _freely(handed, kept=event.kept is not None)
    awards = [
        Award(event.rule, effect.unit, effect.amount, effect.amount, effect.key.lot_id)
        for effect in effects
        if isinstance(effect, Credit)
    ]
    counts = counts_of(version, event, {award.unit: award.points for award in awards})
    decision = settle(event, version, member, present, effects, counts)
    given = None
    if event.order is not None:
        stays = any(isinstance(effect, Entitle) and effect.state in MOVES for effect in effects)
        given = event.kept or GivenReward(event.rule, event.reward, _voucher_in(effects), stays)
    return msgspec.structs.replace(decision, awards=tuple(awards), given=given, facts=snapshot)


def would_give(version: Version, snapshot: Snapshot, caused: Iterable[Event]) -> tuple[str, ...]:
    """Return the rewards that rules would give, out of what an order would cause."""
    found: list[str] = []
    limited: Allowances | None = None
    for event in caused:
        if isinstance(event, RewardEarned):
            rule = next(each for each in version.rules if each.rule.id == event.rule)
            compiled = version.rewards[event.reward]
            limited = limited or Allowances(version, snapshot, budget_numbers(version, event))
            if _why_not(event, version, rule, compiled, snapshot, limited) is None:
                found.append(event.reward)
    return tuple(found)


def bounds_of(rule: CompiledRule, compiled: CompiledReward) -> tuple[Bound, ...]:
    """Return the limits of the rule and of its reward, each once."""
    return tuple(dict.fromkeys((*rule.bounds, *compiled.bounds)))


def _why_not(
    event: RewardEarned,
    version: Version,
    rule: CompiledRule,
    compiled: CompiledReward,
    snapshot: Snapshot,
    limited: Allowances,
) -> str | None:
    """Return why nothing is given, or use up what one more takes of the limits.

    What is off is what the snapshot says. Who may earn is given rewards even if nothing may be spent now.
    What is kept began the rest of its rule itself, and is not barred by it.
    """
    rest = rests_until(version, rule.rule.cooldown, rule.cooldown, snapshot, event.at)
    if rest is not None and event.kept is None:
        return f"cooldown of rule {event.rule}: until {minute_words(rest, version.zone)}"
    off = off_of(version, snapshot)
    if off.stopped is not None:
        return off.stopped
    if event.reward in off.rewards:
        return f"reward {event.reward}: {off.rewards[event.reward]}"
    refusal = next(why_not_given(version, compiled, snapshot, event.at), None)
    if refusal is not None:
        return refusal.words
    value = 0 if event.order is None else value_of(net_amounts(event.order))
    return limited.use(bounds_of(rule, compiled), Use(times=1, order_value=value))


def _freely(effects: Iterable[Effect], *, kept: bool) -> Iterator[Effect]:
    """Return what is handed out, as nobody claimed it; of what is kept only the points."""
    for effect in effects:
        if isinstance(effect, IssueVoucher):
            if not kept:
                yield msgspec.structs.replace(effect, claimed=False)
        elif not (kept and isinstance(effect, Entitle)):
            yield effect


def _voucher_in(effects: Iterable[Effect]) -> UUID | None:
    return next((effect.code.code_hash for effect in effects if isinstance(effect, IssueVoucher)), None)
