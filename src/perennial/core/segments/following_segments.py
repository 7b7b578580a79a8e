"""What follows for somebody's segments from what happened: judged, moved, decided, until nothing moves.

The live path and rehearsals follow by these rules alone; the simulator leaves everybody in the segments of
today.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias
from uuid import UUID

from perennial.core.document.program import EnrollmentMode
from perennial.core.events import CustomEvent
from perennial.core.following_up import MAX_FOLLOW_UPS
from perennial.core.member import Member
from perennial.core.segments.compile_segments import SegmentSet
from perennial.core.segments.segmenting import Changed, Judging, Move, concerned
from perennial.core.version import Version
from perennial.core.wallets.credit import activity
from perennial.units import Instant

ENTERED = "segment.entered"
LEFT = "segment.left"

Noting: TypeAlias = Callable[[list[Move]], None]
"""Keeps moves, each of which has just happened to the member."""
Deciding: TypeAlias = Callable[[list[Move]], "Changed | None"]
"""Decides what moves cause, and says what that changed (None: anything)."""


class TooManyMoves(Exception):
    """One event moved a customer in and out of segments again and again."""

    words = f"One event moved a customer in and out of segments more than {MAX_FOLLOW_UPS} times."


def follow(
    segments: SegmentSet,
    member: Member,
    at: Instant,
    changed: Changed | None,
    note: Noting,
    decide: Deciding,
    *,
    refuses: bool = True,
) -> None:
    """Judge a member as of ``at`` by the segments that ``changed`` concerns (None: by all of them).

    What moves is noted and decided, and what that changes is judged again. The same move is decided once.
    Raises :class:`TooManyMoves` for what goes round in circles; not ``refuses``: it ends there.
    """
    blocks = None if changed is None else concerned(segments, changed)
    caused: set[tuple[str, bool]] = set()
    while blocks is None or blocks:
        judging = Judging(segments, member, at)
        moves = judging.judge(blocks)
        _arm(member, judging.next_change() if blocks is None else judging.next_midnight())
        if not moves:
            return
        note(moves)
        new = [move for move in moves if (move.code, move.entered) not in caused] if caused else moves
        if not new or len(caused) + len(new) > MAX_FOLLOW_UPS:
            if not refuses:
                return
            raise TooManyMoves
        changed = decide(new)
        if changed == []:
            return
        caused.update([(move.code, move.entered) for move in new])
        blocks = None if changed is None else concerned(segments, changed)


def events_of(
    segments: SegmentSet, moves: Iterable[Move], event_id: UUID, at: Instant
) -> tuple[CustomEvent, ...]:
    """Return the events of moves; none where a segment is being filled: who was inside does not enter."""
    return tuple(
        CustomEvent(
            id=event_id,
            at=at,
            name=ENTERED if move.entered else LEFT,
            attributes={"segment": move.code},
        )
        for move in moves
        if segments.kept[move.code].filled
    )


def hears(version: Version, name: str) -> bool:
    """Whether the event ``name`` can be anything to a version: it then has to be decided.

    Most programs have nothing that waits for a move, and an order moves somebody often.
    """
    known = version.heard.get(name)
    if known is None:
        known = version.heard[name] = _hears(version, name)
    return known


def hears_moves(version: Version) -> bool:
    """Whether anything may come of it in a program that somebody enters or leaves a segment."""
    return (
        version.program.enrollment.mode is EnrollmentMode.SEGMENT
        or hears(version, ENTERED)
        or hears(version, LEFT)
    )


def _hears(version: Version, name: str) -> bool:
    counted = [metric.event for metric in version.metrics]
    counted += [
        goal.metric.event for each in version.challenges for goal in each.goals if goal.metric is not None
    ]
    return (
        name in version.triggers
        or name in counted
        or bool(version.trials)
        or bool(activity(version, name, 0))
    )


def _arm(member: Member, due: Instant | None) -> None:
    """Let the member's timer be due when time alone may move it, at the latest."""
    if due is not None and (member.due_at is None or due < member.due_at):
        member.due_at = due
