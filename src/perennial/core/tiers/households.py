"""The tier of a household, where a program pools all: one for everybody who lives there.

What each has counted is added up; nobody's figures move. So the tier is the only thing that is written for
several: whoever's decision moves it moves it for the others as well, and whoever comes in gets the better
one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from perennial.core.document.program import TierSystem
from perennial.core.effects import Effect, MoveTier
from perennial.core.member import Member, Membership
from perennial.core.tiers.tiers import level_of
from perennial.core.version import Version
from perennial.units import LATEST, Instant

Moves = list[tuple[Member, MoveTier]]
"""Who gets another tier, and the move of each."""


def companions(version: Version, member: Member) -> Sequence[Member]:
    """Return those with whom a version counts the member's tier and limits: nobody, if it does not pool."""
    return member.others if version.pooling is not None else ()


def moves_of_others(version: Version, member: Member, effects: Iterable[Effect]) -> Moves:
    """Return what the tier moves of a member are for everybody else in the household.

    Floors that were set by hand stay each one's own.
    """
    moves: Moves = []
    for effect in effects:
        if type(effect) is not MoveTier:
            continue
        for other in companions(version, member):
            known = _place(version, other)
            if known is not None:
                moves.append((other, _follow(known, effect)))
    return moves


def moves_to_one(version: Version, member: Member, at: Instant) -> Moves:
    """Return the moves by which everybody in the member's household has one tier at ``at``.

    It is the highest that one of them has, and of equal ones that which lasts longest.
    """
    system, others = version.program.tiers, companions(version, member)
    if system is None or not others:
        return []
    places = [(each, _place(version, each)) for each in (member, *others)]
    known = [(each, place) for each, place in places if place is not None]
    if len({_standing(place) for _, place in known}) < 2:
        return []
    _, best = max(known, key=lambda each: _rank(system, each[1]))
    move = MoveTier(best.tier, best.tier, at, best.tier_since, best.tier_until, None, "household")
    return [(each, _follow(place, move)) for each, place in known if _standing(place) != _standing(best)]


def _place(version: Version, member: Member) -> Membership | None:
    """Return a member's place in the program; None for whoever is in it no more, or never was."""
    known = member.memberships.get(version.program_id)
    return known if known is not None and known.left_at is None else None


def _standing(place: Membership) -> tuple[str | None, Instant | None, Instant | None]:
    return place.tier, place.tier_since, place.tier_until


def _rank(system: TierSystem, place: Membership) -> tuple[int, Instant]:
    return level_of(system, place.tier), LATEST if place.tier_until is None else place.tier_until


def _follow(place: Membership, move: MoveTier) -> MoveTier:
    return MoveTier(
        before=place.tier,
        tier=move.tier,
        at=move.at,
        since=move.since,
        until=move.until,
        floor=place.tier_floor,
        because=move.because,
    )
