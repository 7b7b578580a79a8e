"""The course of members' lives in one program, played in memory as the live path plays it.

What is due comes first, instant by instant; then automatic enrollment, the event itself, and what it
caused. A course holds the program's versions and what all members together used of its budgets; it knows
no rule and no store. Rehearsals of cases and the simulator are courses.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from uuid import UUID

import msgspec

from perennial.core.award import Award
from perennial.core.codes.codes import IssuedCode
from perennial.core.counts import counts_of
from perennial.core.decide import decide
from perennial.core.decision import Decision, sent_by
from perennial.core.document.program import EnrollmentMode
from perennial.core.effects import Effect, Join
from perennial.core.events import ChallengeCompleted, Event, MemberJoined, OrderPaid, RewardEarned, TimersDue
from perennial.core.fold import fold, fold_spent
from perennial.core.following_up import MAX_FOLLOW_UPS, FollowUps, TooManyFollowUps, instants_due
from perennial.core.given_reward import GivenReward
from perennial.core.member import Member
from perennial.core.points_counted import points_counted
from perennial.core.refusals import Refusal, RefusalCode
from perennial.core.switches import ALL_ON, Switches
from perennial.core.tiers.households import Moves, moves_of_others, moves_to_one
from perennial.core.timers import next_due
from perennial.core.version import Version
from perennial.units import Instant, named_id

# Python 3.11 looks a member of an enumeration up slowly, and this is asked for every order.
_AUTOMATIC = EnrollmentMode.AUTOMATIC

Decided = tuple[Event, Decision]
"""An event and what was decided about it."""


class CourseRefused(Exception):
    """What the program (or the life of an order) refuses; nothing was changed."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.words)
        self.refusal = refusal


class Course:
    """The life of one program's members. Instants are UTC.

    ``versions`` are in the order of their validity and not empty once something happens; ``spent`` maps
    (number of a budget, period) to what all members used. ``by_line`` says that a return may ask what each
    line of an order contributed. ``sent`` are the messages that what happens next has sent already: those of
    an order that is judged anew.
    """

    def __init__(self) -> None:
        self.versions: list[Version] = []
        self.spent: dict[tuple[int, int], int] = {}
        self.by_line = True
        self.sent: tuple[str, ...] = ()
        self._count = 0

    def spend(self, effects: Iterable[Effect]) -> None:
        """Note what effects use of budgets, or give back."""
        fold_spent(self.spent, effects)

    def version_at(self, at: Instant) -> Version:
        """Return the version that judges what happens at ``at``; the first one before its time."""
        versions = self.versions
        if len(versions) == 1:
            return versions[0]
        return versions[max(bisect_right(versions, at, key=lambda version: version.valid_from), 1) - 1]

    def in_force(self) -> Version:
        """Return the version that is in force now: what is due next goes by it."""
        return self.versions[-1]

    def switched(self) -> Switches:
        """Return what is off now."""
        return ALL_ON

    def counted_besides(self, version: Version) -> tuple[Version, ...]:
        """Return the versions that count what ``version`` judges, too: a late event's the one in force."""
        latest = self.in_force()
        return () if latest is version else (latest,)

    def happen(self, member: Member, event: Event, *, enrolls: bool = False) -> list[Decided]:
        """Let ``event`` happen to ``member``, after what is due by then; raises :class:`CourseRefused`.

        ``enrolls`` says that it makes a customer a member of an automatic program.
        """
        found = self.pass_time(member, event.at)
        if enrolls:
            found += self._enroll_automatically(member, event.at)
        return found + self._decide(member, event, main=True) + self.follow_segments(member, event.at)

    def follow_segments(self, member: Member, at: Instant) -> list[Decided]:
        """Let a member enter and leave segments: here everybody stays where they are."""
        return []

    def pass_time(self, member: Member, at: Instant) -> list[Decided]:
        """Run what is due up to ``at``, each instant by the version that was valid then."""
        found: list[Decided] = []
        if member.due_at is None or member.due_at > at:
            return found
        for due_at in instants_due(member, at):
            if self.in_force().program_id in member.memberships:
                found += self._decide(member, TimersDue(id=self._new_id(), at=due_at))
            member.due_at = self._next_due(member, due_at)
            found += self.follow_segments(member, due_at)
        return found

    def _next_due(self, member: Member, at: Instant) -> Instant | None:
        """Return when something is due next, after what is due at ``at`` was run."""
        latest = self.in_force()
        return next_due([latest], member, at) if latest.program_id in member.memberships else None

    def _enroll_automatically(self, member: Member, at: Instant, source: str = "automatic") -> list[Decided]:
        version = self.version_at(at)
        automatic = version.program.enrollment.mode is _AUTOMATIC
        if not automatic or version.program_id in member.memberships:
            return []
        return self._enroll(member, at, source)

    def _enroll(self, member: Member, at: Instant, source: str) -> list[Decided]:
        version = self.version_at(at)
        fold(member, version, (Join(at=at, source=source),), at)
        return self._decide(member, MemberJoined(id=self._new_id(), at=at, source=source))

    def _decide(self, member: Member, event: Event, *, main: bool = False) -> list[Decided]:
        """Decide an event and everything that it caused, each on the state after the one before.

        The ``main`` event is the one that somebody reported.
        """
        version = self.version_at(event.at)
        sent = set(self.sent) if main else set()
        decision = self._decide_by(version, member, event, sent)
        if main or decision.awards:
            self._counted(version, member, event, decision)
        if not decision.follow_ups:
            return [(event, decision)]
        return [(event, decision), *self._follow_up(member, decision.follow_ups, sent)]

    def _follow_up(
        self, member: Member, caused: Iterable[Event], sent: set[str] | None = None
    ) -> list[Decided]:
        """Decide what a decision caused, and everything that this causes; ``sent`` are the messages so far.

        Those that follow are added to them.
        """
        sent = set() if sent is None else sent
        found: list[Decided] = []
        waiting = FollowUps(caused)
        try:
            for caused_event in waiting:
                stands = self._as_it_stands(caused_event)
                if stands is None:
                    continue
                event = self._with_code(stands)
                version = self.version_at(event.at)
                decision = self._decide_by(version, member, event, sent)
                found.append((event, decision))
                if decision.awards:
                    self._counted(version, member, event, decision)
                waiting.add(decision.follow_ups)
        except TooManyFollowUps:
            words = f"One event caused more than {MAX_FOLLOW_UPS} others."
            raise CourseRefused(Refusal(RefusalCode.CASCADE_TOO_LONG, words)) from None
        return found

    def _counted(self, version: Version, member: Member, event: Event, decision: Decision) -> None:
        """Count for others what ``version`` judged: what was reported, and whatever gave points."""
        if others := self.counted_besides(version):
            _count_besides(version, others, member, event, decision)

    def _decide_by(self, version: Version, member: Member, event: Event, sent: set[str]) -> Decision:
        """Decide one event by ``version`` and take its effects over; note among ``sent`` what it sends."""
        shares = member.household is not None and version.pooling is not None
        if shares:
            _move(version, moves_to_one(version, member, event.at), event.at)
        off, by_line = self.switched(), self.by_line
        decision = decide(event, version, member, self.spent, off, by_line=by_line, sent=sent)
        if decision.refusal is not None:
            raise CourseRefused(decision.refusal)
        fold(member, version, decision.effects, event.at)
        if shares:
            _move(version, moves_of_others(version, member, decision.effects), event.at)
        self._spend(decision, event.at)
        if version.messages:
            sent.update(sent_by(decision))
        return decision

    def _spend(self, decision: Decision, at: Instant) -> None:
        """Add what a decision used of budgets to what all members used."""
        self.spend(decision.effects)

    def _as_it_stands(self, event: Event) -> Event | None:
        """Return what is decided of what a decision caused; None where what was given for it stays."""
        return event

    def _with_code(self, event: Event) -> Event:
        if not isinstance(event, ChallengeCompleted | RewardEarned):
            return event
        return msgspec.structs.replace(event, code=self._draw())

    def _draw(self) -> IssuedCode:
        """Return a new code."""
        code_id = self._new_id()
        return IssuedCode(code_id.hex[:12].upper(), code_id, b"")

    def _new_id(self) -> UUID:
        self._count += 1
        return named_id(0, "event", str(self._count))


class Given(msgspec.Struct):
    """What an order led to beside the awards of its own decision: rewards that rules gave, and messages."""

    awards: tuple[Award, ...] = ()
    rewards: tuple[GivenReward, ...] = ()
    messages: tuple[str, ...] = ()


def given_for(order: OrderPaid, found: Iterable[Decided]) -> Given:
    """Return what rules gave and messages sent for an order, out of everything that its payment led to."""
    given = Given()
    for event, decision in found:
        if event.id == order.id:
            given.messages += tuple(sent_by(decision))
        if isinstance(event, RewardEarned) and event.id == order.id and decision.given is not None:
            given.awards += decision.awards
            given.rewards += (decision.given,)
    return given


def _move(version: Version, moves: Moves, at: Instant) -> None:
    """Give people of a household the tier that they share."""
    for each, move in moves:
        fold(each, version, (move,), at)


def _count_besides(
    version: Version, others: Iterable[Version], member: Member, event: Event, decision: Decision
) -> None:
    """Count an event that ``version`` judged for what ``others`` ask about the past as well."""
    counted = {metric.number for metric in version.metrics}
    for other in others:
        counts = counts_of(other, event, points_counted(event, decision))
        fold(member, other, [count for count in counts if count.metric not in counted], event.at)
        counted.update(metric.number for metric in other.metrics)
