"""The course of lives in which customers enter and leave segments, as the live path lets them.

A course holds the segments of its workspace. Everybody is judged after what happens to them and when time
alone may move them; a new definition is asked of everybody at once, without events.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from perennial.core.counts import counts_of
from perennial.core.course import Course, CourseRefused, Decided
from perennial.core.decision import Decision
from perennial.core.document.enrollment import joins_by_entering, source_at_event
from perennial.core.events import Event
from perennial.core.fold import fold
from perennial.core.member import Member
from perennial.core.points_counted import points_counted
from perennial.core.refusals import Refusal, RefusalCode
from perennial.core.segments.compile_segments import Kept, SegmentSet, based_on, compile_segments
from perennial.core.segments.following_segments import TooManyMoves, events_of, follow, hears
from perennial.core.segments.segment import Segment, dependents
from perennial.core.segments.segmenting import Changed, Move
from perennial.core.version import Version
from perennial.units import Instant, Points


class SegmentCourse(Course):
    """A course with segments. ``left`` says when a customer (by id) left a segment last.

    ``happened`` is what was reported so far or gave points, with the points that it gave per unit: figures
    that nobody has counted yet are completed from it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.segments: SegmentSet | None = None
        self.left: dict[tuple[UUID, str], Instant] = {}
        self.happened: list[tuple[Member, Event, dict[int, Points]]] = []

    def counted_besides(self, version: Version) -> tuple[Version, ...]:
        """Return the version in force and what the segments count, too."""
        found = super().counted_besides(version)
        return found if self.segments is None else (*found, *self.segments.versions)

    def segments_known(self) -> dict[str, Segment]:
        """Return the segments by their ids."""
        kept = {} if self.segments is None else self.segments.kept
        return {code: one.segment for code, one in kept.items()}

    def define_segments(self, given: Iterable[Segment], everybody: Iterable[Member], at: Instant) -> None:
        """Put segments that are valid; everybody is asked at once, and nobody's move is an event."""
        known = (
            {} if self.segments is None else {code: one.segment for code, one in self.segments.kept.items()}
        )
        changed = {one.segment: one for one in given}
        known |= changed
        stale = {code for one in changed for code in dependents(one, known.values())}
        self._compile(known.values(), stale)
        for member in list(everybody):
            self.follow_segments(member, at)
        self._compile(known.values(), ())

    def compile_anew(self) -> None:
        """Let the segments read the version that is in force now."""
        if self.segments is not None:
            self._compile(self.segments_known().values(), ())

    def move(self, member: Member, code: str, at: Instant, *, entered: bool) -> list[Decided]:
        """Let a member into a static segment or out of it, after what is due by then; twice is once."""
        found = self.pass_time(member, at)
        if (code in member.segments) is entered:
            return found
        if entered:
            member.segments[code] = at
        else:
            del member.segments[code]
        moves = [Move(code, at, entered)]
        self._note(member, moves)
        return found + self._decide_moves(member, at, moves) + self.follow_segments(member, at)

    def follow_segments(self, member: Member, at: Instant) -> list[Decided]:
        """Judge a member by all segments, and decide what moving causes."""
        if self.segments is None:
            return []
        found: list[Decided] = []

        def decide(moves: list[Move]) -> Changed | None:
            found.extend(self._decide_moves(member, at, moves))
            return None

        try:
            follow(self.segments, member, at, None, lambda moves: self._note(member, moves), decide)
        except TooManyMoves as error:
            raise CourseRefused(Refusal(RefusalCode.CASCADE_TOO_LONG, error.words)) from None
        return found

    def _enroll_automatically(self, member: Member, at: Instant, source: str = "automatic") -> list[Decided]:
        version = self.version_at(at)
        if self.segments is None or version.program_id in member.memberships:
            return super()._enroll_automatically(member, at, source)
        came_by = source_at_event(version.program.enrollment, member.segments, source)
        return [] if came_by is None else self._enroll(member, at, came_by)

    def _counted(self, version: Version, member: Member, event: Event, decision: Decision) -> None:
        super()._counted(version, member, event, decision)
        self.happened.append((member, event, points_counted(event, decision)))

    def _decide_moves(self, member: Member, at: Instant, moves: list[Move]) -> list[Decided]:
        """Enroll whom a segment enrolls, and decide the moves of a member."""
        assert self.segments is not None
        version, found = self.version_at(at), list[Decided]()
        known = version.program_id in member.memberships
        if not known and joins_by_entering(
            version.program.enrollment, {move.code for move in moves if move.entered}
        ):
            found += self._enroll(member, at, "segment")
        if version.program_id in member.memberships:
            events = events_of(self.segments, moves, self._new_id(), at)
            found += self._follow_up(member, [event for event in events if hears(version, event.name)])
        return found

    def _note(self, member: Member, moves: list[Move]) -> None:
        for move in moves:
            if not move.entered:
                self.left[member.customer_id, move.code] = move.at

    def _compile(self, segments: Iterable[Segment], unfilled: Iterable[str]) -> None:
        latest, stale = self.in_force(), set(unfilled)
        kept = [
            Kept(segment, number, 1, segment.segment not in stale)
            for number, segment in enumerate(segments, 1)
        ]
        counted = [] if self.segments is None else self.segments.versions
        self.segments = compile_segments(kept, [based_on(latest)])
        for version in self.segments.versions:
            self._complete(version, [*self.versions, *counted])

    def _complete(self, version: Version, counted: Iterable[Version]) -> None:
        """Count what happened for those metrics of ``version`` that none of ``counted`` has."""
        known = {metric.number for other in counted for metric in other.metrics}
        new = {metric.number for metric in version.metrics} - known
        if not new:
            return
        for member, event, points in self.happened:
            counts = counts_of(version, event, points)
            fold(member, version, [count for count in counts if count.metric in new], event.at)
