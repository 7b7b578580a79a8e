"""What an event earns: rules, multipliers, limits, lines, lots, counts and tiers, in this order.

Everything is judged by the snapshot, which was taken before the event: an order that lifts a member
to a higher tier does not itself earn by that tier.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

import msgspec

from perennial.core.award import Award
from perennial.core.budgets.allowances import Allowances
from perennial.core.budgets.numbers import budget_numbers
from perennial.core.conditions.scope import attributes_of
from perennial.core.counts import counts_of, counts_of_order
from perennial.core.currency import in_program_currency
from perennial.core.dates.periods import add_span, minute_words
from perennial.core.dates.schedule import Span
from perennial.core.decision import Decision
from perennial.core.document.multipliers import UNCHANGED, Factor, combine, multiply
from perennial.core.document.program import EnrollmentMode
from perennial.core.effects import Credit, Debit, Effect, SendMessage, Touch
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
from perennial.core.kinds.rule import Basket, Earned
from perennial.core.needs import history_after, place_of
from perennial.core.orders.order import Order, OrderStatus, net_amounts
from perennial.core.snapshot import Snapshot
from perennial.core.switches import off_of
from perennial.core.terms.limits import Use
from perennial.core.tiers.tier_then import tiers_after_then
from perennial.core.today import today_of
from perennial.core.version import CompiledMessage, CompiledRule, Factors, Version
from perennial.core.wallets.credit import activity, credit_award
from perennial.ledger.account import Account
from perennial.units import MAX_AMOUNT, Instant, Minor, Points, share_out

EarningEvent: TypeAlias = (
    OrderPaid | CustomEvent | MemberJoined | TierEntered | ChallengeCompleted | ChallengeMissed
)


# Python 3.11 looks a member of an enumeration up slowly, and this is asked for every order.
_ON_REQUEST = EnrollmentMode.ON_REQUEST


Fired: TypeAlias = tuple[int, CompiledRule, Basket, Earned]
"""A rule that fired, with its place in ``version.rules``, what it looked at and what it gives for that.

The generated functions return messages in this form too, at the end: see ``core/compiling/triggers.py``.
"""


class Gift(msgspec.Struct, frozen=True):
    """What one rule gives, on its way from the rule to the wallet, for whoever explains it.

    ``index`` is the rule's place in ``version.rules``; ``points`` goes from what the rule gave
    (``earned``) over what the multiplier made of it to what the limits left of it.
    """

    index: int
    basket: Basket
    earned: Earned
    factor: Factor
    multiplied: Points
    points: Points
    cut_by: str | None


# Python 3.11 looks a member of an enumeration up slowly, and this is asked for every order.
_FULFILLED = OrderStatus.FULFILLED
_DEBT = Account.DEBT


class Judgment(msgspec.Struct, gc=False):
    """Everything that the rules of a version say about one event.

    ``takes_part`` says that the customer is a member within the life of the program; ``why_not`` why
    no rule or message was asked at all; ``order`` is the order in the program's currency and
    ``nets`` the net amounts of its lines, once rules were asked about one; ``active`` says which
    campaigns apply (bit by bit, by their index); ``rewarding`` are the indexes of the rules that give a
    reward.

    ``messages`` are those that fired, in the document's order, each with why it is not sent after all
    (``None``: it is).

    ``fired`` are the rules that give points. For each of them ``multiplied`` is what the ``factors``
    (``None``: there are none) made of what it gave, ``points`` what the limits left of it, and ``cuts`` what
    cut it. Those at the places in ``resting`` give nothing. ``limited`` holds the limits after all of
    them and then the messages passed (``None``: nothing met one).
    """

    takes_part: bool
    why_not: str | None = None
    order: Order | None = None
    nets: Sequence[Minor] = ()
    active: int = 0
    rewarding: Sequence[int] = ()
    fired: Sequence[Fired] = ()
    factors: Factors | None = None
    multiplied: Sequence[Points] = ()
    points: Sequence[Points] = ()
    cuts: list[str | None] = []
    resting: Sequence[int] = ()
    limited: Allowances | None = None
    messages: Sequence[tuple[CompiledMessage, str | None]] = ()

    def gifts(self) -> Iterator[Gift]:
        """Yield what every rule gives that fired, in the document's order."""
        factors = self.factors
        for place, (index, _, basket, earned) in enumerate(self.fired):
            factor = UNCHANGED if factors is None or place in self.resting else factors.by_rule[index][1]
            multiplied, points, cut_by = self.multiplied[place], self.points[place], self.cuts[place]
            yield Gift(index, basket, earned, factor, multiplied, points, cut_by)


def earn(
    event: EarningEvent,
    version: Version,
    snapshot: Snapshot,
    apart: Sequence[Points] | None = None,
    *,
    by_line: bool = True,
    present: Snapshot | None = None,
) -> Decision:
    """Decide what ``event`` earns under ``version`` for the member of ``snapshot``.

    Counts are kept for every customer; awards and tiers are for members within the program's life. While
    the whole program is switched off nobody enters a tier either, and so nobody misses what it gives.
    ``by_line`` says that awards tell what each line contributed, for a return to ask. ``apart`` is what is
    available in the member's own wallets, where the points go into others. ``present`` is the snapshot with
    the tier of now, where ``snapshot`` has that of an earlier instant: the tier moves on from there.
    """
    judgment = judge(event, version, snapshot)
    effects: list[Effect] = []
    today = today_of(version, event.at)
    awards, points = _post(event, version, snapshot, judgment, effects, by_line=by_line)
    if judgment.messages:
        effects += _sending(event, version, judgment)
    if judgment.limited is not None:
        effects += judgment.limited.effects(today)
    if judgment.order is None:
        counts = counts_of(version, event, points)
    else:
        counts = counts_of_order(version, event.at, today, judgment.order, judgment.nets, points)
    effects += counts
    follow_ups: tuple[Event, ...] = ()
    if judgment.takes_part:
        if type(event) is CustomEvent:
            effects += activity(version, event.name, event.at)
        if version.program.tiers is not None and off_of(version, snapshot).stopped is None:
            history = history_after(version, snapshot, today, counts)
            balances: Sequence[Points] = ()
            if None in version.tier_needs:
                balances = _balances_after(version, snapshot, effects) if apart is None else apart
            tier_effects, follow_ups = tiers_after_then(version, event, snapshot, present, history, balances)
            effects += tier_effects
    if judgment.rewarding:
        follow_ups = (*_rewards(event, version, judgment), *follow_ups)
    return Decision(version.program_id, version.number, awards, tuple(effects), follow_ups, snapshot)


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
    judgment = Judgment(why_not is None, why_not)
    if (snapshot.off or snapshot.variants) and why_not is None:
        judgment.why_not = why_not = off_of(version, snapshot).stopped
    is_order = isinstance(event, OrderPaid)
    ready: list[CompiledMessage] = []
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
    if version.messages and fired and fired[-1][0] >= len(version.rules):
        places = [index - len(version.rules) for index, *_ in fired]
        ready = [version.messages[place] for place in places if place >= 0]
        fired = fired[: len(fired) - len(ready)]
        if joined_later(event.at, version, snapshot):
            ready = []
    if snapshot.off or snapshot.variants:
        off = off_of(version, snapshot)
        judgment.active &= ~off.campaigns
        ready = [each for each in ready if each.id not in off.messages]
        fired = [each for each in fired if each[1].id not in off.rules]
    if version.gives_rewards:
        judgment.rewarding = [index for index, compiled, *_ in fired if compiled.rule.gives() is not None]
    if fired:
        _give(event, version, snapshot, judgment, fired)
    if ready:
        judgment.messages = [(each, _holds_back(event, version, snapshot, judgment, each)) for each in ready]
    return judgment


def _holds_back(
    event: EarningEvent, version: Version, snapshot: Snapshot, judgment: Judgment, compiled: CompiledMessage
) -> str | None:
    """Return why a message that fired is not sent, or None; then its limits are used up by one time.

    Rules come first where both share a limit.
    """
    until = rests_until(version, compiled.message.cooldown, compiled.cooldown, snapshot, event.at)
    if until is not None:
        return f"cooldown of message {compiled.id}: until {minute_words(until, version.zone)}"
    if not compiled.bounds:
        return None
    if judgment.limited is None:
        judgment.limited = Allowances(version, snapshot, budget_numbers(version, event))
    return judgment.limited.use(compiled.bounds, Use(times=1))


def _sending(event: EarningEvent, version: Version, judgment: Judgment) -> Iterator[Effect]:
    """Return what sends the messages that nothing holds back, and puts them to rest."""
    for compiled, why_not in judgment.messages:
        if why_not is not None:
            continue
        message = compiled.message
        until = add_span(event.at, message.valid_for, version.zone)
        yield SendMessage(message.id, message.channel(), event.at, until)
        if compiled.cooldown is not None:
            yield touch_of(version, compiled.cooldown, event)


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


def joined_later(at: Instant, version: Version, snapshot: Snapshot) -> bool:
    """Whether what happened ``at`` is counted although the member joined later: no message tells of it."""
    joined_at = snapshot.joined_at
    return version.program.enrollment.mode is _ON_REQUEST and joined_at is not None and at < joined_at


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


def _give(
    event: EarningEvent, version: Version, snapshot: Snapshot, judgment: Judgment, fired: Sequence[Fired]
) -> None:
    """Note what the rules give that fired: multiplied, and cut to what their limits leave."""
    bases = [each[3].points for each in fired]
    if min(bases) <= 0:
        fired = [each for each in fired if each[3].points > 0]
        if not fired:
            return
        bases = [each[3].points for each in fired]
    judgment.fired, judgment.cuts = fired, [None] * len(bases)
    if version.has_cooldowns:
        _rest(event.at, version, snapshot, judgment, bases)
    factors = judgment.factors = factors_of(version, snapshot.tier, judgment.active)
    multiplied = judgment.multiplied = bases if factors is None else _multiply(factors, fired, bases)
    judgment.points = _limit(event, version, snapshot, judgment, list(multiplied))


def _rest(at: Instant, version: Version, snapshot: Snapshot, judgment: Judgment, bases: list[Points]) -> None:
    """Take away the ``bases`` of the rules that have to rest, and note what says so."""
    cuts = judgment.cuts
    for place, (_, compiled, _, _) in enumerate(judgment.fired):
        until = rests_until(version, compiled.rule.cooldown, compiled.cooldown, snapshot, at)
        if until is not None:
            bases[place] = 0
            cuts[place] = f"cooldown of rule {compiled.id}: until {minute_words(until, version.zone)}"
    judgment.resting = [place for place, base in enumerate(bases) if not base]


def _limit(
    event: EarningEvent, version: Version, snapshot: Snapshot, judgment: Judgment, points: list[Points]
) -> list[Points]:
    """Cut ``points`` to what may be given at all and to what their limits leave, and note what does it."""
    cuts, limited = judgment.cuts, None
    if sum(points) > MAX_AMOUNT:
        for place, most in enumerate(points):
            if most > MAX_AMOUNT:
                points[place], cuts[place] = MAX_AMOUNT, f"the largest award: {MAX_AMOUNT} points"
    for place, fired in enumerate(judgment.fired):
        bounds = fired[1].bounds
        if bounds and points[place]:
            if limited is None:
                limited = judgment.limited = Allowances(version, snapshot, budget_numbers(version, event))
            points[place], cut_by = limited.grant(bounds, points[place], judgment.nets)
            cuts[place] = cut_by or cuts[place]
    return points


def rests_until(
    version: Version, cooldown: Span | None, place: int | None, snapshot: Snapshot, at: Instant
) -> Instant | None:
    """Return until when a rule or message rests after it last fired, or None if it may fire at ``at``.

    ``place`` is that of its ``cooldown`` among the limits. A late event rests as well if its own cooldown
    would reach the later firing.
    """
    if cooldown is None or place is None:
        return None
    last = snapshot.used[place]
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


def _multiply(factors: Factors, fired: Sequence[Fired], bases: list[Points]) -> list[Points]:
    """Apply to every group of ``bases`` that share a wallet and a factor that factor, at once."""
    if factors.shared is not None:
        return multiply(bases, factors.shared, factors.roundings[0])
    multiplied = list(bases)
    groups: dict[tuple[int, Factor], list[int]] = {}
    for place, (index, _, _, _) in enumerate(fired):
        group = factors.by_rule[index]
        if group[1] is not UNCHANGED and bases[place]:
            groups.setdefault(group, []).append(place)
    for (number, factor), places in groups.items():
        parts = multiply([bases[place] for place in places], factor, factors.roundings[number])
        for place, points in zip(places, parts, strict=True):
            multiplied[place] = points
    return multiplied


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
    roundings = tuple([version.wallets[wallet].spec.rounding for wallet, _ in groups])
    known = version.factors[key] = Factors(tuple(factors), roundings, shared) if multiplies else None
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
    if not judgment.fired:
        return (), {}
    sums: dict[int, Points] = {}
    if len(version.wallets) == 1:
        sums[0] = sum(judgment.points)
    else:
        for (_, compiled, _, _), points in zip(judgment.fired, judgment.points, strict=True):
            sums[compiled.wallet] = sums.get(compiled.wallet, 0) + points
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
    if version.has_cooldowns:
        effects += _touches(event, version, judgment)
    return _awards(judgment, lots, by_line=by_line), earned


def _touches(event: EarningEvent, version: Version, judgment: Judgment) -> Iterator[Touch]:
    """Return what puts the rules to rest that gave something."""
    for (_, compiled, _, _), points in zip(judgment.fired, judgment.points, strict=True):
        if compiled.cooldown is not None and points:
            yield touch_of(version, compiled.cooldown, event)


def _awards(judgment: Judgment, lots: Mapping[int, int], *, by_line: bool) -> tuple[Award, ...]:
    """Return the award of every rule that fired, ``by_line`` with what each line of the order contributed.

    ``lots`` gives the lot that the points went into, by the index of the wallet.
    """
    awards = []
    cuts = judgment.cuts
    for place, points in enumerate(judgment.points):
        _, rule, _, earned = judgment.fired[place]
        weights = earned.weights
        lines = contributions(points, weights) if weights and points and by_line else ()
        lot_id = lots[rule.wallet] if points else 0
        awards.append(Award(rule.id, rule.unit, earned.points, points, lot_id, lines, cuts[place]))
    return tuple(awards)


def contributions(points: Points, weights: Sequence[int]) -> tuple[Points, ...]:
    """Return what each line contributed to points above 0, by its weight; nothing where no line has any."""
    whole = sum(weights)
    if whole in weights:  # one line has all of it, or there is nothing to have
        return tuple([points if weight else 0 for weight in weights]) if whole else ()
    return tuple(share_out(points, weights, whole))


def waiting_for(event: EarningEvent) -> str | None:
    """Return what points of this event wait for, where a wallet's points wait for fulfillment."""
    if isinstance(event, OrderPaid) and event.order.status is not _FULFILLED:
        return event.id.hex
    return None


def _balances_after(version: Version, snapshot: Snapshot, effects: list[Effect]) -> tuple[Points, ...]:
    """Return the available balance of each wallet, without what is owed, after the effects."""
    balances = {
        wallet.unit: figures.balance - figures.pending - figures.debt
        for wallet, figures in zip(version.wallets, snapshot.wallets, strict=True)
    }
    for effect in effects:
        if isinstance(effect, Credit) and not effect.pending:
            balances[effect.unit] += effect.amount
        elif isinstance(effect, Debit):
            if effect.target is _DEBT:
                balances[effect.unit] += effect.amount
            if not effect.pending:
                balances[effect.unit] -= effect.amount
    return tuple(balances.values())
