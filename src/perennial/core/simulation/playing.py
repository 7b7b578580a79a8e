"""One life as one side of a simulation plays it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never
from uuid import UUID

import msgspec

from perennial.core.award import Award
from perennial.core.challenge_round import Contribution, Standing
from perennial.core.course import CourseRefused, Decided, given_for
from perennial.core.dates.periods import Period, period_of_day
from perennial.core.decision import Decision, sent_by
from perennial.core.effects import Credit, Debit, Leave
from perennial.core.events import (
    ChallengeCompleted,
    ChallengeStarted,
    ClaimRequested,
    CustomEvent,
    OrderFulfilled,
    OrderPaid,
    OrderReturned,
    PointsAdjusted,
    RewardEarned,
    TierAssigned,
    TransferReceived,
    TransferSent,
)
from perennial.core.fold import fold
from perennial.core.given_reward import GivenReward
from perennial.core.member import Household, Member, Wallet
from perennial.core.needs import place_of
from perennial.core.orders.order import Order, line_ids
from perennial.core.simulation.past import (
    Blocked,
    CameBack,
    Canceled,
    Joined,
    Left,
    Life,
    Past,
    Rejudged,
    Waited,
)
from perennial.core.simulation.side import Side
from perennial.core.simulation.tally import RewardTally, RuleTally, SideTally, WalletTally
from perennial.core.tiers.tier_then import go_back, go_on
from perennial.core.today import today_of
from perennial.ledger.account import Account
from perennial.ledger.lot import Lot
from perennial.units import Instant, Points

_MONTH = Period.MONTH


class JudgedOrder(msgspec.Struct):
    """A paid order as the side judged it; ``returned`` counts the units of each line that came back.

    ``blocked`` is what the customer was blocked from then. ``rests`` tells of each cooldown that the order
    began its number, the place, and the instant that stood there before. ``sent`` are the messages that it
    has sent, ``tiers`` the member's before it, by program.
    """

    order: Order
    paid_at: Instant
    awards: tuple[Award, ...]
    contributions: tuple[Contribution, ...]
    returned: tuple[int, ...]
    canceled: bool = False
    given: tuple[GivenReward, ...] = ()
    blocked: int = 0
    rests: tuple[tuple[int, int, Instant], ...] = ()
    sent: tuple[str, ...] = ()
    tiers: dict[int, str | None] = {}


class Playing:
    """A life under way. Feed it what happened with :meth:`take`, in order, and then :meth:`finish` it."""

    def __init__(self, side: Side, life: Life, members: list[Member] | None = None) -> None:
        wallets: dict[int, Wallet] = {}
        self.side = side
        self.life = life
        self.members = members or [
            Member(
                customer_id=person.customer_id,
                owner=life.owner,
                attributes=person.attributes,
                wallets=wallets,
                segments=person.segments,
            )
            for person in life.people
        ]
        _bring_together(life, self.members)
        self.tally = SideTally()
        self.orders: dict[UUID, JudgedOrder] = {}
        self.stage = 0
        self.earned: dict[int, Points] = {}
        self._before: dict[int, Wallet] = {}

    def fork(self, side: Side) -> Playing:
        """Return the same life as it stands, to go on under another side."""
        other = Playing(side, self.life, _copies(self.members))
        other.orders = {key: msgspec.structs.replace(order) for key, order in self.orders.items()}
        other.stage = self.stage
        other._before = dict(self._before)
        return other

    def take(self, who: int, past: Past) -> None:
        """Let the next thing happen to one of the people."""
        if past.at >= self._next_stage():
            self.go_to(past.at)
        try:
            found = self._play(self.members[who], past)
        except CourseRefused as refused:
            code = refused.refusal.code.value
            if past.at >= self.side.begins:
                self.tally.refused[code] = self.tally.refused.get(code, 0) + 1
            return
        if past.at >= self.side.begins and type(past) is not Waited and type(past) is not Blocked:
            self.tally.events += 1
            self.tally.orders += type(past) is OrderPaid
        self.count(found)

    def go_to(self, at: Instant) -> None:
        """Pass every stage up to and including ``at``: others versions come into force."""
        while self._next_stage() <= at:
            self.cross()

    def cross(self) -> None:
        """Pass the next stage: what is due before it runs by the version from before."""
        stage = self.side.stages[self.stage]
        self.stage += 1
        for member in self.members:
            self.count(self.side.pass_time(member, stage.at - 1))
        if stage.version is None:
            wallets = self.members[0].wallets
            self._before = {unit: _figures(wallet) for unit, wallet in wallets.items()}
            return
        self.side.latest = stage.version
        for member in self.members:
            if stage.version.program_id in member.memberships:
                member.due_at = stage.at

    def finish(self, until: Instant) -> None:
        """Let time pass up to ``until``, and add up what the life came to."""
        self.go_to(until)
        for member in self.members:
            self.count(self.side.pass_time(member, until))
        self._add_up()

    def next_due(self) -> Instant | None:
        """Return when something is due next for one of the people."""
        return min((member.due_at for member in self.members if member.due_at is not None), default=None)

    def run_due(self, at: Instant) -> None:
        """Run what is due at exactly ``at``, or before it."""
        for member in self.members:
            if member.due_at is not None and member.due_at <= at:
                self.count(self.side.pass_time(member, at))

    @property
    def tier(self) -> str | None:
        """The tier of the first of the people."""
        membership = self.members[0].memberships.get(self.side.latest.program_id)
        return None if membership is None or membership.left_at is not None else membership.tier

    def count(self, found: Iterable[Decided]) -> None:
        """Add to the tally what decisions gave within the period."""
        begins, tally = self.side.begins, self.tally
        for event, decision in found:
            if event.at < begins:
                continue
            for message in sent_by(decision) if self.side.sends else ():
                tally.messages[message] = tally.messages.get(message, 0) + 1
            if decision.awards:
                month = period_of_day(today_of(self.side.latest, event.at).day, _MONTH)
                for award in decision.awards:
                    rules = tally.rules.setdefault(award.unit, {})
                    rule = rules.get(award.rule)
                    if rule is None:
                        rule = rules[award.rule] = RuleTally()
                    points = award.points
                    rule.cut += award.cut_by is not None
                    if points:
                        rule.points += points
                        rule.times += 1
                        self._wallet(award.unit).awarded += points
                        months = tally.months.setdefault(award.unit, {})
                        months[month] = months.get(month, 0) + points
            if (
                type(event) is ClaimRequested
                or type(event) is ChallengeCompleted
                or type(event) is RewardEarned
            ):
                self._note_gifts(decision)
            if type(event) is ClaimRequested:
                self._reward(event.reward, event.at, decision)
            elif type(event) is ChallengeCompleted:
                self._reward(event.challenge, event.at, decision)
            elif type(event) is RewardEarned and decision.effects:
                self._reward(event.reward, event.at, decision)

    def _next_stage(self) -> Instant:
        stages = self.side.stages
        return stages[self.stage].at if self.stage < len(stages) else _NEVER

    def _play(self, member: Member, past: Past) -> list[Decided]:
        """Let something happen; raises :class:`CourseRefused`."""
        side = self.side
        match past:
            case OrderPaid():
                return self._pay(member, past)
            case CustomEvent():
                return side.happen(member, past, enrolls=True)
            case Blocked(blocked=blocked):
                member.blocked = blocked
                return []
            case Waited(at=at):
                return side.pass_time(member, at)
            case CameBack():
                return self._come_back(member, past)
            case Canceled(order_id=order_id, at=at):
                known = self.orders.get(order_id)
                if known is None:
                    return []
                everything = tuple(line.quantity for line in known.order.lines)
                return self._undo(member, order_id, known, at, everything, canceled=True)
            case Rejudged():
                return self._judge_anew(member, past)
            case Joined(at=at, source=source):
                return side.enroll(member, at, source)
            case Left(at=at):
                found = side.pass_time(member, at)
                if side.latest.program_id in member.memberships:
                    fold(member, side.version_at(at), (Leave(at=at),), at)
                return found
            case (
                OrderFulfilled()
                | ClaimRequested()
                | PointsAdjusted()
                | TransferSent()
                | TransferReceived()
                | TierAssigned()
                | ChallengeStarted()
            ):
                return side.happen(member, past)
            case _:
                assert_never(past)

    def _pay(self, member: Member, event: OrderPaid) -> list[Decided]:
        kept = event.id in self.life.kept
        self.side.by_line = kept
        found = self.side.happen(member, event, enrolls=True)
        if kept:
            paid = next((decision for decided, decision in found if decided is event), None)
            given = given_for(event, found)
            self.orders[event.id] = JudgedOrder(
                order=event.order,
                paid_at=event.at,
                awards=(*(paid.awards if paid is not None else ()), *given.awards),
                contributions=paid.contributions if paid is not None else (),
                returned=(0,) * len(event.order.lines),
                given=given.rewards,
                blocked=member.blocked,
                rests=self._rests(paid, event) if paid is not None else (),
                sent=(*self.side.sent, *given.messages),
                tiers=_tiers_before(paid) if paid is not None else {},
            )
        return found

    def _rests(self, paid: Decision, event: OrderPaid) -> tuple[tuple[int, int, Instant], ...]:
        version, where = self.side.version_at(event.at), event.order.location
        gave = {award.rule for award in paid.awards if award.points}
        return tuple(
            (limit.number, place_of(limit, where), paid.facts.used[rule.cooldown])
            for rule in version.rules
            if rule.cooldown is not None and rule.rule.id in gave and paid.facts is not None
            for limit in (version.limits[rule.cooldown],)
        )

    def _come_back(self, member: Member, past: CameBack) -> list[Decided]:
        known = self.orders.get(past.order_id)
        if known is None or known.canceled:
            return []
        after = list(known.returned) if past.lines else [line.quantity for line in known.order.lines]
        places = {name: place for place, name in enumerate(line_ids(known.order))}
        for name, units in past.lines:
            if name in places:
                after[places[name]] += units
        at = max(past.at, known.paid_at)
        return self._undo(member, past.order_id, known, at, tuple(after), canceled=False)

    def _undo(
        self,
        member: Member,
        order_id: UUID,
        known: JudgedOrder,
        at: Instant,
        after: tuple[int, ...],
        *,
        canceled: bool,
        revised: bool = False,
    ) -> list[Decided]:
        stays = _staying(known) if revised else frozenset()
        event = OrderReturned(
            id=order_id,
            at=at,
            order=known.order,
            paid_at=known.paid_at,
            awards=tuple(award for award in known.awards if award.rule not in stays),
            before=known.returned,
            after=after,
            canceled=canceled,
            revised=revised,
            contributions=known.contributions,
            given=tuple(each for each in known.given if not each.stays),
        )
        found = self.side.happen(member, event)
        known.returned, known.canceled = after, canceled
        return found

    def _judge_anew(self, member: Member, past: Rejudged) -> list[Decided]:
        """Undo what was decided and decide the changed order as of then, as the live path does.

        The blocks of then hold. A rule that the order put to rest itself is awake for it, and rests again
        afterwards. What a rule gave is kept; what cannot be taken back stays whatever the rules say now.
        """
        known = self.orders.get(past.order_id)
        if known is None or any(known.returned):
            return []
        everything = tuple(line.quantity for line in known.order.lines)
        found = self._undo(
            member, past.order_id, known, known.paid_at, everything, canceled=True, revised=True
        )
        now, member.blocked = member.blocked, known.blocked
        went_back = go_back(member, known.tiers)
        woken = [
            (number, place)
            for number, place, _ in known.rests
            if member.limits.get(number, {}).get(place) == known.paid_at
        ]
        for number, place, before in known.rests:
            if (number, place) in woken:
                member.limits[number][place] = before
        self.side.kept = {each.rule: each for each in known.given}
        self.side.sent = known.sent
        try:
            found += self._pay(member, OrderPaid(id=past.order_id, at=known.paid_at, order=past.order))
        finally:
            self.side.kept, self.side.sent = {}, ()
            member.blocked = now
            go_on(member, went_back)
            for number, place in woken:
                member.limits[number][place] = known.paid_at
        if stays := _staying(known):
            anew = self.orders[past.order_id]
            anew.awards += tuple(award for award in known.awards if award.rule in stays)
            anew.given += tuple(each for each in known.given if each.stays)
        return found

    def _note_gifts(self, decision: Decision) -> None:
        """Count the points that a reward or a challenge gave, beside those of rules."""
        for effect in decision.effects:
            if type(effect) is Credit and effect.source is Account.ISSUED:
                self._wallet(effect.unit).awarded += effect.amount
        for award in decision.awards:
            self._wallet(award.unit).awarded -= award.points

    def _reward(self, reward: str, at: Instant, decision: Decision) -> None:
        compiled = self.side.version_at(at).rewards.get(reward)
        if compiled is None:
            return
        known = self.tally.rewards.setdefault(reward, RewardTally())
        known.claims += 1
        known.value += compiled.reward.worth(decision.facts.tier if decision.facts else None)
        known.points += sum(
            effect.amount
            for effect in decision.effects
            if isinstance(effect, Debit) and effect.target is Account.REDEEMED
        )

    def _wallet(self, unit: int) -> WalletTally:
        known = self.tally.wallets.get(unit)
        if known is None:
            known = self.tally.wallets[unit] = WalletTally()
        return known

    def _add_up(self) -> None:
        for unit, wallet in self.members[0].wallets.items():
            before, tally = self._before.get(unit, _NOTHING), self._wallet(unit)
            tally.earned += wallet.earned - before.earned
            tally.used += wallet.spent - before.spent
            tally.expired += wallet.expired - before.expired
            tally.before += before.balance - before.debt
            tally.liability += wallet.balance - wallet.debt
            tally.pending += wallet.pending
            tally.debt += wallet.debt
            self.earned[unit] = self.earned.get(unit, 0) + wallet.earned - before.earned
        program_id = self.side.latest.program_id
        for member in self.members:
            membership = member.memberships.get(program_id)
            if membership is not None and membership.left_at is None:
                self.tally.members += 1
                tier = membership.tier or ""
                self.tally.tiers[tier] = self.tally.tiers.get(tier, 0) + 1


def _tiers_before(paid: Decision) -> dict[int, str | None]:
    """Return the tier by which an order of a member was judged, by the program."""
    if paid.facts is None or paid.facts.joined_at is None:
        return {}
    return {paid.program: paid.facts.tier}


def _staying(known: JudgedOrder) -> frozenset[str]:
    """Return the rules whose gift for an order cannot be taken back."""
    return frozenset(each.rule for each in known.given if each.stays)


_NOTHING = Wallet()
_NEVER: Instant = 1 << 62


def _figures(wallet: Wallet) -> Wallet:
    return msgspec.structs.replace(wallet, lots=None)


def _bring_together(life: Life, members: list[Member]) -> None:
    """Tell the people of a household of each other: a program may count their tier and limits together."""
    if life.owner in [member.customer_id for member in members]:
        return
    household = Household(life.owner, life.owner.hex, members)
    for member in members:
        member.household = household


def _copies(members: list[Member]) -> list[Member]:
    """Return the members as they stand, with wallets that are still one for all of them."""
    wallets = {
        unit: msgspec.structs.replace(
            wallet,
            lots={
                number: Lot(lot.lot_id, lot.key, lot.granted, lot.remaining)
                for number, lot in (wallet.lots or {}).items()
            },
        )
        for unit, wallet in members[0].wallets.items()
    }
    return [
        msgspec.structs.replace(
            member,
            wallets=wallets,
            memberships={
                number: msgspec.structs.replace(membership)
                for number, membership in member.memberships.items()
            },
            counters={number: dict(periods) for number, periods in member.counters.items()},
            limits={number: dict(periods) for number, periods in member.limits.items()},
            challenges={
                number: Standing(dict(known.rounds), known.before)
                for number, known in member.challenges.items()
            },
        )
        for member in members
    ]
