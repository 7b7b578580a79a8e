"""Who is in which segment: judging a customer by the segments that something may have changed.

Membership depends on the customer's own data and on the local day. :meth:`Judging.judge` judges the segments
that it is asked to, and then those that ask about what moved; :meth:`Judging.next_change` returns the first
instant at which some answer may differ if nothing else happens, see ``core/segments/times.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from datetime import date
from functools import lru_cache
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

import msgspec

from perennial.core.dates.periods import local_midnight
from perennial.core.effects import (
    Activate,
    BeActive,
    Capture,
    Count,
    Credit,
    Debit,
    Effect,
    FallShort,
    Forgive,
    GiveBack,
    Join,
    Leave,
    MoveTier,
    Owe,
    Release,
    UseLimit,
)
from perennial.core.member import Member
from perennial.core.segments.compile_segments import LiveSegment, SegmentSet, membership_key, unit_key
from perennial.core.segments.sight import Sight, sight_of
from perennial.core.segments.times import Times
from perennial.core.version import Version
from perennial.units import Instant

Changed: TypeAlias = list[tuple[int, tuple[Effect, ...]]]
"""What happened to a customer since the last judgment: programs, and the effects under each."""


class Move(msgspec.Struct, frozen=True, gc=False):
    """A customer enters or leaves a segment at ``at``."""

    code: str
    at: Instant
    entered: bool


# Kinds are looked up: to ask every effect of an order what it is not costs more than to judge its customer.
KEY_OF_EFFECT: dict[type, Callable[[Any, int], Hashable]] = {
    Count: lambda effect, _: effect.metric,
    UseLimit: lambda effect, _: effect.limit,
    **dict.fromkeys((Join, Leave, MoveTier), lambda _, program_id: membership_key(program_id)),
    **dict.fromkeys(
        (Credit, Debit, Owe, Forgive, FallShort, Activate, Release, BeActive, Capture, GiveBack),
        lambda effect, _: unit_key(effect.unit),
    ),
}
"""Under what the segments are found that read what an effect of a program changes; others change nothing."""


def concerned(segments: SegmentSet, changed: Changed) -> int:
    """Return the bits of the blocks of segments whose answer may differ after these effects."""
    blocks = 0
    bits, key_of = segments.readers.get, KEY_OF_EFFECT.get
    for program_id, effects in changed:
        for effect in effects:
            if type(effect) is Count:  # most are
                blocks |= bits(effect.metric, 0)
            elif (key := key_of(type(effect))) is not None:
                blocks |= bits(key(effect, program_id), 0)
    return blocks


class Judging:
    """One customer at one instant. The counters that ``segments.versions`` look back at have to be loaded.

    Once something changes the customer, judge anew.
    """

    def __init__(self, segments: SegmentSet, member: Member, at: Instant) -> None:
        self._segments = segments
        self._member = member
        self._at = at
        self._sights: dict[int, Sight] = {}
        self._judged = 0

    def judge(self, blocks: int | None = None) -> list[Move]:
        """Judge the live segments of these blocks (None: all), and take the result over into the member."""
        segments, inside, at = self._segments, self._member.segments, self._at
        asked = -1 if blocks is None else blocks
        moves: list[tuple[int, Move]] = []

        def move(wrong: int) -> int:
            asking = 0
            while wrong:
                place = (wrong & -wrong).bit_length() - 1
                wrong &= wrong - 1
                segment = segments.live[place]
                code = segment.code
                if entered := code not in inside:
                    inside[code] = at
                else:
                    del inside[code]
                moves.append((place, Move(code, at, entered)))
                asking |= segment.asking
            return asking

        here = sum(map(segments.bits.__getitem__, inside))
        for run in segments.runs:
            if asked & run.blocks:
                asked = run.judge(at, self._sight(run.version), here, asked, move)
        self._judged |= asked
        moves.sort()  # by their places, each of which is there once
        return [each for _, each in moves]

    def next_change(self) -> Instant | None:
        """Return when time alone may change one of the answers given (None: never).

        It may come early, never late. A segment that asks about others follows when they change.
        """
        return min(self._looked_at(self._segments.live), default=None)

    def next_midnight(self) -> Instant | None:
        """Return when to look again at the latest, without looking at the times: what an order asks.

        Time alone moves nobody before the next local midnight, and whoever is looked at then is looked at
        once for all the orders of the day. What depends on the second is looked at now.
        """
        dues = [
            midnight_after(self._sight(run.version).day, run.version.zone)
            for run in self._segments.runs
            if self._judged & run.fleeting
        ]
        if self._segments.precise:
            dues += self._looked_at(self._segments.precise)
        return min(dues, default=None)

    def _looked_at(self, segments: Iterable[LiveSegment]) -> list[Instant]:
        """Return when time alone may change the answers of those that were judged."""
        dues: list[Instant] = []
        times: dict[int, Times] = {}
        for segment in segments:
            if segment.look is None or not segment.block & self._judged:
                continue
            program_id = segment.version.program_id
            known = times.get(program_id)
            if known is None:
                known = times[program_id] = Times(self._sight(segment.version))
            due = segment.look(known)[1]
            if due is not None:
                dues.append(due)
        return dues

    def _sight(self, version: Version) -> Sight:
        """Return what the segments of a version read of the member."""
        sight = self._sights.get(version.program_id)
        if sight is None:
            sight = self._sights[version.program_id] = sight_of(version, self._member, self._at)
        return sight


@lru_cache(256)
def midnight_after(day: int, zone: ZoneInfo) -> Instant:
    """Return the instant at which the local day behind ``day`` (its ordinal) begins."""
    return local_midnight(date.fromordinal(day + 1), zone)
