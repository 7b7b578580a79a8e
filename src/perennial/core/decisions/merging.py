"""Two customers are one person: what becomes of the tier, of challenges, and of what one is called.

The tier is the better one of both, kept as long as it was granted, and then what the figures of both together
reach. Nothing else is decided anew: what was given for the past stays given.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import zip_longest

import msgspec

from perennial.core.challenge_round import Round, RoundState, added_up
from perennial.core.decision import Decision
from perennial.core.document.program import TierSystem
from perennial.core.effects import Effect, MoveTier
from perennial.core.events import MembersMerged
from perennial.core.fold import fold
from perennial.core.member import Member, Membership
from perennial.core.needs import snapshot_of
from perennial.core.orders.order import Scalar
from perennial.core.scratch import copy_of
from perennial.core.tiers.tiers import available_balances, level_of, tiers_after
from perennial.core.version import Version
from perennial.units import Instant

_RANKS = {RoundState.COMPLETED: 4, RoundState.ACTIVE: 3, RoundState.REVERSED: 2, RoundState.MISSED: 1}


def decide_merge(event: MembersMerged, version: Version, member: Member) -> Decision:
    """Decide what merging does to the tier of a member whose history is the sum of both by now.

    The lots of the member's wallets have to be loaded. Entering a higher tier than either had gives what
    entering it gives.
    """
    snapshot = snapshot_of(event.at, version, member)
    system = version.program.tiers
    if system is None or snapshot.joined_at is None:
        return Decision(program=version.program_id, version=version.number, facts=snapshot)
    taken = _better(event, system, member.memberships[version.program_id])
    effects: list[Effect] = [] if taken is None else [taken]
    after = copy_of(member, version)
    fold(after, version, effects, event.at)
    balances = tuple(available_balances(version, after, event.at).values())
    seen = snapshot_of(event.at, version, after)
    risen, entries = tiers_after(version, event, seen, seen.history, balances)
    return Decision(
        program=version.program_id,
        version=version.number,
        effects=(*effects, *risen),
        follow_ups=entries,
        facts=snapshot,
    )


def _better(event: MembersMerged, system: TierSystem, ours: Membership) -> MoveTier | None:
    """Return the move to the better tier and the higher floor of both; None if the member has them."""
    mine, theirs = level_of(system, ours.tier), level_of(system, event.tier)
    tier, since, until = ours.tier, ours.tier_since, ours.tier_until
    if theirs > mine:
        tier, since, until = event.tier, event.since, event.until
    elif theirs == mine >= 0:
        since = _earlier(since, event.since)
        until = None if until is None or event.until is None else max(until, event.until)
    floor = ours.tier_floor
    if level_of(system, event.floor) > level_of(system, floor):
        floor = event.floor
    if (tier, since, until, floor) == (ours.tier, ours.tier_since, ours.tier_until, ours.tier_floor):
        return None
    return MoveTier(ours.tier, tier, event.at, since, until, floor, "merged")


def _earlier(one: Instant | None, other: Instant | None) -> Instant | None:
    return min((each for each in (one, other) if each is not None), default=None)


def merged_membership(ours: Membership | None, theirs: Membership) -> Membership:
    """Return the place of one person who had two in a program; of tiers :func:`decide_merge` decides.

    Whoever is still a member with one of them is one, since the earlier joining.
    """
    if ours is None:
        return Membership(theirs.joined_at, theirs.source, left_at=theirs.left_at)
    first = theirs if theirs.joined_at < ours.joined_at else ours
    left = None if None in (ours.left_at, theirs.left_at) else max(ours.left_at or 0, theirs.left_at or 0)
    return msgspec.structs.replace(ours, joined_at=first.joined_at, source=first.source, left_at=left)


def merged_rounds(ours: Mapping[int, Round], theirs: Mapping[int, Round]) -> dict[int, Round]:
    """Return the rounds of one challenge that change, or are new, when both are one person's.

    What was counted in rounds of the same number is added up, so that a return takes the same away
    whichever of the two had the order. A round that one of them has completed is completed. What the sum
    reaches is given with the next thing that counts.
    """
    return {number: _round(ours.get(number), each) for number, each in theirs.items()}


def _round(ours: Round | None, theirs: Round) -> Round:
    if ours is None:
        return theirs
    further = theirs if _RANKS[theirs.state] > _RANKS[ours.state] else ours
    width = max(len(ours.amounts), len(theirs.amounts))
    marks: dict[int, int] = dict(ours.marks)
    for period, amount in theirs.marks:
        marks[period] = marks.get(period, 0) + amount
    ends = None if ours.ends_at is None or theirs.ends_at is None else max(ours.ends_at, theirs.ends_at)
    return Round(
        number=ours.number,
        started_at=min(ours.started_at, theirs.started_at),
        ends_at=ends if ours.state is theirs.state else further.ends_at,
        state=further.state,
        amounts=tuple(_at(ours.amounts, place) + _at(theirs.amounts, place) for place in range(width)),
        marks=tuple(sorted(marks.items())),
        given=ours.given + theirs.given,
        completed_at=_earlier(ours.completed_at, theirs.completed_at),
        revision=max(ours.revision, theirs.revision) + 1,
        latest=_latest(ours.latest, theirs.latest),
        earned=added_up(ours.earned, theirs.earned),
    )


def _latest(
    ours: tuple[Instant | None, ...], theirs: tuple[Instant | None, ...]
) -> tuple[Instant | None, ...]:
    """Return for each goal the later of two instants, where one is known."""
    known = [[each for each in pair if each is not None] for pair in zip_longest(ours, theirs)]
    return tuple(max(pair, default=None) for pair in known)


def _at(amounts: tuple[int, ...], place: int) -> int:
    return amounts[place] if place < len(amounts) else 0


def filled_attributes(ours: Mapping[str, Scalar], theirs: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """Return the survivor's attributes with what only the other one had."""
    return {**theirs, **ours}
