"""Who is in which segment: judging a customer by the segments that something may have changed.

Membership depends on the customer's own data and on the local day. :meth:`Judging.judge` judges the segments
that it is asked to, and then those that ask about what moved; :meth:`Judging.next_change` returns the first
instant at which some answer may differ if nothing else happens, see ``core/segment_times.py``.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from heapq import heapify, heappop, heappush
from typing import TypeAlias

import msgspec

from perennial.core.compile_segments import LiveSegment, SegmentSet, membership_key, unit_key
from perennial.core.effects import (
    Count,
    Effect,
    Entitle,
    Expose,
    IssueVoucher,
    Join,
    Leave,
    MoveTier,
    Progress,
    SetDue,
    Touch,
    UseBudget,
    UseLimit,
    UseVoucher,
    VoidVoucher,
)
from perennial.core.member import Member
from perennial.core.periods import local_midnight
from perennial.core.segment_sight import Sight, sight_of
from perennial.core.segment_times import Times
from perennial.units import Instant

Changed: TypeAlias = list[tuple[int, tuple[Effect, ...]]]
"""What happened to a customer since the last judgment: programs, and the effects under each."""


class Move(msgspec.Struct, frozen=True):
    """A customer enters or leaves a segment at ``at``."""

    code: str
    at: Instant
    entered: bool


def concerned(segments: SegmentSet, changed: Changed) -> set[int]:
    """Return the places of the live segments whose answer may differ after these effects."""
    places: set[int] = set()
    readers = segments.readers
    for program_id, effects in changed:
        for effect in effects:
            match effect:
                case Count(metric=number) | UseLimit(limit=number):
                    found = readers.get(number)
                case Join() | Leave() | MoveTier():
                    found = readers.get(membership_key(program_id))
                case Touch() | SetDue() | Expose() | Progress() | UseBudget():
                    continue
                case IssueVoucher() | Entitle() | UseVoucher() | VoidVoucher():
                    continue
                case _:
                    found = readers.get(unit_key(effect.unit))
            if found:
                places.update(found)
    return places


class Judging:
    """One customer at one instant. The counters that ``segments.versions`` look back at have to be loaded.

    Once something changes the customer, judge anew.
    """

    def __init__(self, segments: SegmentSet, member: Member, at: Instant) -> None:
        self._segments = segments
        self._member = member
        self._at = at
        self._sights: dict[int, Sight] = {}
        self._judged: set[int] = set()

    def judge(self, places: Iterable[int] | None = None) -> list[Move]:
        """Judge the live segments at these places (None: all), and take the result over into the member."""
        live, inside = self._segments.live, self._member.segments
        waiting = list(range(len(live)) if places is None else places)
        heapify(waiting)
        moves: list[Move] = []
        judged, sights, at = self._judged, self._sights, self._at
        while waiting:
            place = heappop(waiting)
            if place in judged:
                continue
            judged.add(place)
            segment = live[place]
            sight = sights.get(segment.version.program_id) or self._sight(segment)
            for need in segment.needs:
                if sight.history[need] is None:
                    sight.figure(need)
            entered = segment.judge(at, sight)
            if entered is (segment.code in inside):
                continue
            moves.append(Move(segment.code, self._at, entered))
            if entered:
                inside[segment.code] = self._at
            else:
                del inside[segment.code]
            for asker in segment.askers:
                heappush(waiting, asker)
        return moves

    def next_change(self) -> Instant | None:
        """Return when time alone may change one of the answers given (None: never).

        It may come early, never late. A segment that asks about others follows when they change.
        """
        dues: list[Instant] = []
        times: dict[int, Times] = {}
        for place in self._judged:
            segment = self._segments.live[place]
            if segment.look is None:
                continue
            program_id = segment.version.program_id
            known = times.get(program_id)
            if known is None:
                known = times[program_id] = Times(self._sight(segment))
            due = segment.look(known)[1]
            if due is not None:
                dues.append(due)
        return min(dues, default=None)

    def next_midnight(self) -> Instant | None:
        """Return when to look again at the latest, without looking at the times: what an order asks.

        Time alone moves nobody before the next local midnight, and whoever is looked at then is looked at
        once for all the orders of the day. What depends on the second is looked at now.
        """
        dues: list[Instant] = []
        for place in self._judged:
            segment = self._segments.live[place]
            if segment.look is None:
                continue
            sight = self._sight(segment)
            if segment.to_the_second and (due := segment.look(Times(sight))[1]) is not None:
                dues.append(due)
            dues.append(local_midnight(date.fromordinal(sight.day + 1), segment.version.zone))
        return min(dues, default=None)

    def _sight(self, segment: LiveSegment) -> Sight:
        """Return what the segments of a version read of the member."""
        program_id = segment.version.program_id
        sight = self._sights.get(program_id)
        if sight is None:
            sight = self._sights[program_id] = sight_of(segment.version, self._member, self._at)
        return sight
