"""What time alone does to a member: activation, tier reviews, expiry, yearly days, the program's end.

Due instants are handled one after the other. At one instant the order is fixed: pending points become
active, tiers are reviewed, points expire (and tiers that follow a balance are judged again), then
birthdays and anniversaries become events, challenges end, and at last an ended program closes its
balances. Running timers twice changes nothing, and neither does expiring a lot that was spent.
"""

from __future__ import annotations

from collections.abc import Iterable

from perennial.core.calendar_days import YearlyDay, next_yearly_day
from perennial.core.challenges.timers import ends_due, next_end, next_time_goal, time_reached
from perennial.core.decision import Decision
from perennial.core.effects import Activate, Effect
from perennial.core.events import CustomEvent, Event, TimersDue
from perennial.core.fold import closes_at, fold
from perennial.core.member import Member
from perennial.core.needs import snapshot_of
from perennial.core.scratch import copy_of
from perennial.core.tiers.households import companions
from perennial.core.tiers.reviews import review_tier
from perennial.core.tiers.tiers import TierChange, available_balances, tiers_after
from perennial.core.version import Version
from perennial.core.wallets.closing import open_lots, out
from perennial.core.wallets.inactivity import begin_to_rest, inactive_at
from perennial.ledger.account import Account
from perennial.ledger.lot import spend_order
from perennial.units import DAY, LATEST, Instant, Points


def decide_timers(event: TimersDue, version: Version, member: Member) -> Decision:
    """Decide everything of the program that is due for the member at or before ``event.at``.

    The lots of the member's wallets have to be loaded, and counters back to the tiers' last periods.
    Follow-ups (birthdays, anniversaries, tiers entered) carry their own instants. Where a follow-up
    may change what is due later, ask with ``event.at`` = the member's next due instant, again and again.
    """
    play = _Play(event, version, member)
    while (at := play.next_instant()) is not None and at <= event.at:
        play.run(at)
    if version.challenges:
        play.catch_up(event.at)
    return Decision(
        program=version.program_id,
        version=version.number,
        effects=tuple(play.effects),
        follow_ups=tuple(play.follow_ups),
        facts=snapshot_of(event.at, version, member) if play.effects else None,
    )


def next_due(versions: Iterable[Version], member: Member, at: Instant) -> Instant | None:
    """Return when the next timer of the member is due, after those up to ``at`` were run.

    ``versions`` are the latest of the programs. The lots of the member's wallets have to be loaded.
    The result always lies after ``at``.
    """
    dues: list[Instant] = []
    for version in versions:
        day = next_yearly_day(version, member, at)
        if day is not None:
            dues.append(day.at)
        due = _next_of_program(version, member)
        if version.challenges and (goal := next_time_goal(version, member, at)) is not None:
            dues.append(goal)
        if due is not None:
            # What the version that judged the timers did not know is looked at again the next day.
            dues.append(due if due > at else at + DAY)
    return min(dues, default=None)


def due_with_days(versions: Iterable[Version], member: Member, at: Instant) -> Instant | None:
    """Return the member's due instant if birthdays and anniversaries after ``at`` are counted as well.

    For a change of attributes, which moves nothing else; lots need not be loaded.
    """
    days = [next_yearly_day(version, member, at) for version in versions]
    dues = [day.at for day in days if day is not None]
    if member.due_at is not None:
        dues.append(member.due_at)
    return min(dues, default=None)


class _Play:
    """The member as time goes by: every instant sees what the one before did."""

    def __init__(self, event: TimersDue, version: Version, member: Member) -> None:
        self.effects: list[Effect] = []
        self.follow_ups: list[Event] = []
        self._event = event
        self._version = version
        self._member = copy_of(member, version)
        self._from = event.at if member.due_at is None else member.due_at

    def next_instant(self) -> Instant | None:
        """Return the earliest instant at which something is still due."""
        day = self._yearly_day()
        dues = [_next_of_program(self._version, self._member), day.at if day else None]
        if self._version.challenges:
            dues.append(next_time_goal(self._version, self._member, self._from - 1))
        return min((due for due in dues if due is not None), default=None)

    def run(self, at: Instant) -> None:
        """Do what is due at ``at``, in its order."""
        activated = self._apply(at, _activate(self._version, self._member, at))
        membership = self._member.memberships.get(self._version.program_id)
        due = membership is not None and membership.tier_until is not None and membership.tier_until <= at
        if due:
            self._review(at)
        elif activated:
            self._look_at_balance(at)
        if self._apply(at, _expire(self._version, self._member, at)):
            self._look_at_balance(at)
        while (day := self._yearly_day()) is not None and day.at <= at:
            self._apply(at, [day.use(self._version.program_id)])
            self.follow_ups.append(CustomEvent(id=self._event.id, at=day.at, name=day.name))
        if self._version.challenges:
            self._look_at_challenges(at)
        self._apply(at, _close(self._version, self._member, at))
        self._from = at + 1

    def catch_up(self, at: Instant) -> None:
        """Take over what a new version lets members have reached already by time alone."""
        for effect, follow_ups in list(time_reached(self._event, self._version, self._member, at)):
            self._apply(at, [effect])
            self.follow_ups += follow_ups

    def _apply(self, at: Instant, effects: list[Effect]) -> bool:
        fold(self._member, self._version, effects, at)
        self.effects += effects
        return bool(effects)

    def _yearly_day(self) -> YearlyDay | None:
        return next_yearly_day(self._version, self._member, self._from - 1)

    def _review(self, at: Instant) -> None:
        """Review the tier, whose time is up."""
        self._take(
            at,
            review_tier(
                self._version,
                self._event.id,
                at,
                snapshot_of(at, self._version, self._member),
                self._member.counters,
                self._balances(at),
                companions(self._version, self._member),
            ),
        )

    def _look_at_balance(self, at: Instant) -> None:
        """Judge a tier that depends on a balance anew, after points became active or expired."""
        system = self._version.program.tiers
        if system is None or all(metric.balance is None for metric in system.metrics):
            return
        event = TimersDue(id=self._event.id, at=at)
        snapshot = snapshot_of(at, self._version, self._member)
        self._take(at, tiers_after(self._version, event, snapshot, snapshot.history, self._balances(at)))

    def _look_at_challenges(self, at: Instant) -> None:
        for look in (time_reached, ends_due):
            for effect, follow_ups in list(look(self._event, self._version, self._member, at)):
                self._apply(at, [effect])
                self.follow_ups += follow_ups

    def _balances(self, at: Instant) -> tuple[Points, ...]:
        return tuple(available_balances(self._version, self._member, at).values())

    def _take(self, at: Instant, change: TierChange) -> None:
        effects, entries = change
        self._apply(at, [*effects, *begin_to_rest(self._version, effects, at)])
        self.follow_ups += entries


def _next_of_program(version: Version, member: Member) -> Instant | None:
    """Return the earliest instant at which points or the tier of the program want something."""
    dues: list[Instant | None] = []
    membership = member.memberships.get(version.program_id)
    if membership is not None and membership.left_at is None and version.program.tiers is not None:
        dues.append(membership.tier_until)
    if version.challenges:
        dues.append(next_end(version, member))
    for compiled in version.wallets:
        wallet = member.wallets.get(compiled.unit)
        if wallet is None or not wallet.lots:
            continue
        # Asked for at every instant: one pass over the lots, in any order.
        active, earliest, is_open = wallet.activated_until, LATEST, False
        for lot in wallet.lots.values():
            if lot.remaining <= 0:
                continue
            is_open = True
            key = lot.key
            expires_at, available_at = key.expires_at, key.available_at
            if expires_at is not None and expires_at < earliest:
                earliest = expires_at
            if available_at is not None and active < available_at < earliest:
                earliest = available_at
        if is_open:
            dues += [closes_at(version), inactive_at(version, member, compiled.unit, wallet)]
            dues.append(earliest if earliest < LATEST else None)
    return min((due for due in dues if due is not None), default=None)


def _activate(version: Version, member: Member, at: Instant) -> list[Effect]:
    effects: list[Effect] = []
    for compiled in version.wallets:
        wallet = member.wallets.get(compiled.unit)
        if wallet is None:
            continue
        points, active = 0, wallet.activated_until
        for lot in (wallet.lots or {}).values():
            available_at = lot.key.available_at
            if available_at is not None and active < available_at <= at and lot.remaining > 0:
                points += lot.remaining
        if points:
            effects.append(Activate(compiled.unit, points, at))
    return effects


def _expire(version: Version, member: Member, at: Instant) -> list[Effect]:
    """Return what expires: lots whose time has passed, or everything after too long without activity."""
    effects: list[Effect] = []
    for compiled in version.wallets:
        wallet = member.wallets.get(compiled.unit)
        if wallet is None or not wallet.lots:
            continue
        idle_at = inactive_at(version, member, compiled.unit, wallet)
        if idle_at is not None and idle_at <= at:
            over = open_lots(wallet)
        else:
            over = [
                lot
                for lot in wallet.lots.values()
                if lot.remaining > 0 and lot.key.expires_at is not None and lot.key.expires_at <= at
            ]
            over.sort(key=spend_order)
        effects += [out(compiled.unit, wallet, lot, Account.EXPIRED) for lot in over]
    return effects


def _close(version: Version, member: Member, at: Instant) -> list[Effect]:
    """Return the closing of every balance, once the program's grace after its end is over."""
    closes = closes_at(version)
    if closes is None or closes > at:
        return []
    effects: list[Effect] = []
    for compiled in version.wallets:
        wallet = member.wallets.get(compiled.unit)
        if wallet is not None:
            effects += [out(compiled.unit, wallet, lot, Account.CLOSED) for lot in open_lots(wallet)]
    return effects
