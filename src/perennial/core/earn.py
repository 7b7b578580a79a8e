"""What an event earns: rules, multipliers, limits, lines, lots, counts and tiers, in this order.

Everything is judged by the snapshot, which was taken before the event: an order that lifts a member
to a higher tier does not itself earn by that tier.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

import msgspec

from perennial.core.allowances import Allowances
from perennial.core.award import Award
from perennial.core.budget_numbers import budget_numbers
from perennial.core.condition_scope import attributes_of
from perennial.core.counts import counts_of, counts_of_order
from perennial.core.credit import activity, credit_award
from perennial.core.currency import in_program_currency
from perennial.core.decision import Decision
from perennial.core.effects import Credit, Debit, Effect, Touch
from perennial.core.events import (
    ChallengeCompleted,
    ChallengeMissed,
    CustomEvent,
    Event,
    MemberJoined,
    OrderPaid,
    RewardEarned,
    TierEntered,
)
from perennial.core.multipliers import UNCHANGED, Factor, combine, multiply
from perennial.core.needs import history_after, place_of
from perennial.core.order import Order, OrderStatus, net_amounts
from perennial.core.periods import add_span
from perennial.core.program import EnrollmentMode
from perennial.core.rule import Basket, Earned
from perennial.core.snapshot import Snapshot
from perennial.core.switches import off_of
from perennial.core.tiers import tiers_after
from perennial.core.today import today_of
from perennial.core.version import Bound, CompiledRule, Factors, Version
from perennial.units import MAX_AMOUNT, Instant, Minor, Points, Rounding, format_instant, share_out

EarningEvent: TypeAlias = (
    OrderPaid | CustomEvent | MemberJoined | TierEntered | ChallengeCompleted | ChallengeMissed
)


# Python 3.11 looks a member of an enumeration up slowly, and this is asked for every order.
_ON_REQUEST = EnrollmentMode.ON_REQUEST


Fired: TypeAlias = tuple[int, Basket, Earned]
"""A rule that fired, by its place in ``version.rules``, with what it looked at and what it gives for that."""


class Gift(msgspec.Struct, gc=False):
    """What one rule gives, on its way from the rule to the wallet.

    ``index`` is the rule's place in ``version.rules``; ``points`` goes from what the rule gave
    (``earned``) over what the multiplier made of it to what the limits left of it.
    """

    index: int
    basket: Basket
    earned: Earned
    factor: Factor
    multiplied: Points
    points: Points
    cut_by: str | None = None


# Python 3.11 looks a member of an enumeration up slowly, and this is asked for every order.
_FULFILLED = OrderStatus.FULFILLED


class Judgment(msgspec.Struct, gc=False):
    """Everything that the rules of a version say about one event.

    ``takes_part`` says that the customer is a member within the life of the program; ``why_not`` why
    no rule was asked at all; ``order`` is the order in the program's currency and
    ``nets`` the net amounts of its lines, once rules were asked about one; ``active`` says which
    campaigns apply (bit by bit, by their index); ``limited`` holds the limits after every gift passed;
    ``rewarding`` are the indexes of the rules that give a reward.
    """

    limited: Allowances
    takes_part: bool
    why_not: str | None = None
    order: Order | None = None
    nets: list[Minor] = []
    active: int = 0
    gifts: list[Gift] = []
    rewarding: list[int] = []


def earn(event: EarningEvent, version: Version, snapshot: Snapshot, *, by_line: bool = True) -> Decision:
    """Decide what ``event`` earns under ``version`` for the member of ``snapshot``.

    Counts are kept for every customer; awards and tiers are for members within the program's life. While
    the whole program is switched off nobody enters a tier either, and so nobody misses what it gives.
    ``by_line`` says that awards tell what each line contributed, for a return to ask.
    """
    judgment = judge(event, version, snapshot)
    effects: list[Effect] = []
    awards, points = _post(event, version, snapshot, judgment, effects, by_line=by_line)
    if judgment.order is None:
        counts = counts_of(version, event, points)
    else:
        counts = counts_of_order(version, event.at, judgment.order, judgment.nets, points)
    effects += counts
    follow_ups: tuple[Event, ...] = ()
    if judgment.takes_part:
        if type(event) is CustomEvent:
            effects += activity(version, event.name, event.at)
        if version.program.tiers is not None and off_of(version, snapshot).stopped is None:
            history = history_after(version, snapshot, event.at, counts)
            balances = _balances_after(version, snapshot, effects) if None in version.tier_needs else ()
            tier_effects, follow_ups = tiers_after(version, event, snapshot, history, balances)
            effects += tier_effects
    if judgment.rewarding:
        follow_ups = (*_rewards(event, version, judgment), *follow_ups)
    return Decision(
        program=version.program_id,
        version=version.number,
        awards=awards,
        effects=tuple(effects),
        follow_ups=follow_ups,
        facts=snapshot,
    )


def _rewards(event: EarningEvent, version: Version, judgment: Judgment) -> Iterator[Event]:
    """Return the follow-ups by which rules give rewards."""
    order = event.order if isinstance(event, OrderPaid) else None
    attributes = {} if order is not None else dict(attributes_of(event))
    for index in judgment.rewarding:
        rule = version.rules[index].rule
        reward = rule.gives()
        assert reward is not None
        yield RewardEarned(
            id=event.id, at=event.at, rule=rule.id, reward=reward, order=order, attributes=attributes
        )


def judge(event: EarningEvent, version: Version, snapshot: Snapshot) -> Judgment:
    """Ask every rule of the event's trigger, and apply multipliers and limits to what they give."""
    why_not = outside_life(event.at, version, snapshot)
    numbers = budget_numbers(version, event) if version.has_holders else version.budget_numbers
    limited = Allowances(version, snapshot, numbers)
    judgment = Judgment(limited, takes_part=why_not is None, why_not=why_not)
    if (snapshot.off or snapshot.variants) and why_not is None:
        judgment.why_not = why_not = off_of(version, snapshot).stopped
    is_order = isinstance(event, OrderPaid)
    fire = version.triggers.get("order.paid" if is_order else trigger_of(event))
    if fire is None or why_not is not None:
        return judgment
    if isinstance(event, OrderPaid):
        order = in_program_currency(event.order, version.program)
        if order is None:
            judgment.why_not = f"the program has no rate for {event.order.currency}"
            return judgment
        judgment.order, judgment.nets = order, net_amounts(order)
        judgment.active, fired = fire(event.at, order, judgment.nets, {}, snapshot)
    else:
        judgment.active, fired = fire(event.at, None, [], attributes_of(event), snapshot)
    if snapshot.off or snapshot.variants:
        off = off_of(version, snapshot)
        judgment.active &= ~off.campaigns
        fired = [each for each in fired if version.rules[each[0]].rule.id not in off.rules]
    if fired:
        gifts = judgment.gifts = _gifts(version, snapshot, event.at, fired, judgment.active)
        if version.gives_rewards:
            judgment.rewarding = [
                each[0] for each in fired if version.rules[each[0]].rule.gives() is not None
            ]
        rules = version.rules
        for gift in gifts:
            bounds = rules[gift.index].bounds
            if bounds or gift.points > MAX_AMOUNT:
                _limit(gift, bounds, judgment)
    return judgment


def _limit(gift: Gift, bounds: tuple[Bound, ...], judgment: Judgment) -> None:
    """Cut a gift to what may be given at all, and to what its limits leave."""
    if gift.points > MAX_AMOUNT:
        gift.points = MAX_AMOUNT
        gift.cut_by = f"the largest award: {MAX_AMOUNT} points"
    if bounds and gift.points:
        gift.points, cut_by = judgment.limited.grant(bounds, gift.points, judgment.nets)
        if cut_by is not None:
            gift.cut_by = cut_by


def outside_life(at: Instant, version: Version, snapshot: Snapshot) -> str | None:
    """Return why nothing is earned at ``at`` at all: no member, or not in the life of the program."""
    if snapshot.joined_at is None:
        return "the customer is not a member"
    if version.starts is not None and at < version.starts:
        return "the program has not started"
    if version.ends is not None and at >= version.ends:
        return "the program has ended"
    enrollment = version.program.enrollment
    if at < snapshot.joined_at and enrollment.mode is _ON_REQUEST and not enrollment.count_past_orders:
        return "the customer joined later"
    if enrollment.closed and enrollment.segment not in snapshot.segments:
        return f"the customer is not in segment {enrollment.segment}"
    return None


def trigger_of(event: EarningEvent) -> str:
    """Return the name under which rules know the event."""
    match event:
        case OrderPaid():
            return "order.paid"
        case CustomEvent():
            return event.name
        case MemberJoined():
            return "member.joined"
        case TierEntered():
            return "tier.entered"
        case ChallengeCompleted():
            return "challenge.completed"
        case ChallengeMissed():
            return "challenge.missed"


def _gifts(version: Version, snapshot: Snapshot, at: Instant, fired: list[Fired], active: int) -> list[Gift]:
    """Return what the rules give that fired, multiplied; one that has to rest gives nothing, and says so."""
    bases = [earned.points for _, _, earned in fired]
    if min(bases) <= 0:
        fired = [each for each in fired if each[2].points > 0]
        bases = [earned.points for _, _, earned in fired]
    resting = _resting(version, snapshot, at, fired) if version.has_cooldowns else None
    for place in resting or ():
        bases[place] = 0
    factors, multiplied = _multiply(version, factors_of(version, snapshot.tier, active), fired, bases)
    gifts = [
        Gift(index, basket, earned, factor, points, points)
        for (index, basket, earned), factor, points in zip(fired, factors, multiplied, strict=True)
    ]
    for place, words in (resting or {}).items():
        gifts[place].factor, gifts[place].cut_by = UNCHANGED, words
    return gifts


def _resting(version: Version, snapshot: Snapshot, at: Instant, fired: Sequence[Fired]) -> dict[int, str]:
    """Return the places in ``fired`` of the rules that have to rest, and how they say so."""
    resting = {}
    for place, (index, _, _) in enumerate(fired):
        compiled = version.rules[index]
        until = rests_until(version, compiled, snapshot, at)
        if until is not None:
            resting[place] = f"cooldown of rule {compiled.rule.id}: until {format_instant(until)}"
    return resting


def rests_until(version: Version, compiled: CompiledRule, snapshot: Snapshot, at: Instant) -> Instant | None:
    """Return until when the rule rests after it last fired, or None if it may fire at ``at``.

    A late event rests as well if its own cooldown would reach the later firing.
    """
    cooldown = compiled.rule.cooldown
    if cooldown is None or compiled.cooldown is None:
        return None
    last = snapshot.used[compiled.cooldown]
    if not last:
        return None
    until = add_span(last, cooldown, version.zone)
    if at >= until or (at < last and add_span(at, cooldown, version.zone) <= last):
        return None
    return until


def touch_of(version: Version, cooldown: int, event: Event) -> Touch:
    """Return what puts a rule to rest, by the place of its cooldown among the limits: where the order was."""
    limit = version.limits[cooldown]
    order = event.order if isinstance(event, OrderPaid | RewardEarned) else None
    return Touch(limit.number, event.at, place_of(limit, None if order is None else order.location))


def _multiply(
    version: Version, factors: Factors | None, fired: Sequence[Fired], bases: list[Points]
) -> tuple[list[Factor], list[Points]]:
    """Apply to every group of ``bases`` that share a wallet and a factor that factor, at once.

    Returns the factor on each of them, and what it makes of it.
    """
    if factors is None or not fired:
        return [UNCHANGED] * len(bases), bases
    if factors.shared is not None:
        return [factors.shared] * len(bases), multiply(bases, factors.shared, _rounding(version, fired[0]))
    applied, multiplied = [UNCHANGED] * len(bases), list(bases)
    groups: dict[int, list[int]] = {}
    for place, (index, _, _) in enumerate(fired):
        group, factor = factors.by_rule[index]
        if factor is not UNCHANGED and bases[place]:
            applied[place] = factor
            groups.setdefault(group, []).append(place)
    for places in groups.values():
        first = places[0]
        parts = multiply([bases[place] for place in places], applied[first], _rounding(version, fired[first]))
        for place, points in zip(places, parts, strict=True):
            multiplied[place] = points
    return applied, multiplied


def _rounding(version: Version, fired: Fired) -> Rounding:
    """Return how the wallet of a rule that fired rounds."""
    return version.wallets[version.rules[fired[0]].wallet].spec.rounding


def factors_of(version: Version, tier: str | None, active: int) -> Factors | None:
    """Return the factor on what each rule earns for ``tier`` while the campaigns ``active`` apply.

    None says that nothing is multiplied.
    """
    key = (tier, active)
    if key in version.factors:
        return version.factors[key]
    groups: dict[tuple[int, Factor], int] = {}
    factors = []
    for compiled in version.rules:
        factor = _factor_of(version, compiled, tier, active)
        factors.append((groups.setdefault((compiled.wallet, factor), len(groups)), factor))
    multiplies = any(factor is not UNCHANGED for _, factor in factors)
    shared = factors[0][1] if len(groups) == 1 else None
    known = version.factors[key] = Factors(tuple(factors), shared) if multiplies else None
    return known


def _factor_of(version: Version, compiled: CompiledRule, tier: str | None, active: int) -> Factor:
    factors = [factor for campaign, factor in compiled.campaign_factors if active >> campaign & 1]
    if tier in compiled.tier_factors:
        factors.append(compiled.tier_factors[tier])
    factor = combine(factors, version.program.combine)
    return UNCHANGED if factor == UNCHANGED else factor


def _post(
    event: EarningEvent,
    version: Version,
    snapshot: Snapshot,
    judgment: Judgment,
    effects: list[Effect],
    *,
    by_line: bool,
) -> tuple[tuple[Award, ...], dict[int, Points]]:
    """Append the effects of crediting the gifts; return the awards, and the points by unit."""
    if not judgment.gifts:
        return (), {}
    gifts, rules = judgment.gifts, version.rules
    sums: dict[int, Points] = {}
    if len(version.wallets) == 1:
        sums[0] = sum([gift.points for gift in gifts])
    else:
        for gift in gifts:
            wallet = rules[gift.index].wallet
            sums[wallet] = sums.get(wallet, 0) + gift.points
    lots: dict[int, int] = {}
    earned: dict[int, Points] = {}
    for wallet, points in sums.items():
        compiled_wallet = version.wallets[wallet]
        earned[compiled_wallet.unit] = points
        waits_for = waiting_for(event) if compiled_wallet.waits else None
        credited, lots[wallet] = credit_award(
            version, wallet, points, snapshot.tier, event.at, waits_for, snapshot.wallets[wallet]
        )
        effects += credited
    awards = tuple([award_of(rules[gift.index], gift, lots, by_line=by_line) for gift in gifts])
    if version.has_cooldowns:
        effects += _touches(event, version, gifts)
    if judgment.limited.used:
        effects += judgment.limited.effects(today_of(version, event.at))
    return awards, earned


def _touches(event: EarningEvent, version: Version, gifts: Sequence[Gift]) -> Iterator[Touch]:
    """Return what puts the rules to rest that gave something."""
    for gift in gifts:
        cooldown = version.rules[gift.index].cooldown
        if cooldown is not None and gift.points:
            yield touch_of(version, cooldown, event)


def award_of(compiled: CompiledRule, gift: Gift, lots: Mapping[int, int], *, by_line: bool = True) -> Award:
    """Return the award of a gift of a rule, ``by_line`` with what each line of the order contributed.

    ``lots`` gives the lot that the points went into, by the index of the wallet.
    """
    earned, points = gift.earned, gift.points
    if not points:
        return Award(compiled.id, compiled.unit, earned.points, 0, 0, (), gift.cut_by)
    lines = _contributions(points, earned.weights) if by_line and earned.weights else ()
    lot_id = lots.get(compiled.wallet, 0)
    return Award(compiled.id, compiled.unit, earned.points, points, lot_id, lines, gift.cut_by)


def _contributions(points: Points, weights: Sequence[int]) -> tuple[Points, ...]:
    """Return what each line contributed to the points."""
    most, whole = max(weights), sum(weights)
    if most == whole:
        return tuple([points if weight else 0 for weight in weights]) if most else ()
    return tuple(share_out(points, weights, whole))


def waiting_for(event: EarningEvent) -> str | None:
    """Return what points of this event wait for, where a wallet's points wait for fulfillment."""
    if isinstance(event, OrderPaid) and event.order.status is not _FULFILLED:
        return event.id.hex
    return None


def _balances_after(version: Version, snapshot: Snapshot, effects: list[Effect]) -> tuple[Points, ...]:
    """Return the available balance of each wallet after the effects."""
    balances = {
        wallet.unit: figures.balance - figures.pending
        for wallet, figures in zip(version.wallets, snapshot.wallets, strict=True)
    }
    for effect in effects:
        if isinstance(effect, Credit) and not effect.pending:
            balances[effect.unit] += effect.amount
        elif isinstance(effect, Debit) and not effect.pending:
            balances[effect.unit] -= effect.amount
    return tuple(balances.values())
