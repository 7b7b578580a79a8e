"""Which tier a member had at an earlier instant: what is heard of late is judged by that one.

The tier itself moves on from where it is: only what is earned goes by the tier of then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from perennial.core.effects import MoveTier
from perennial.core.events import Event
from perennial.core.member import Member, Membership
from perennial.core.snapshot import Snapshot
from perennial.core.tiers.tiers import TierChange, level_of, reached, tier_at, tiers_after
from perennial.core.version import Version
from perennial.core.wallets.inactivity import begin_to_rest
from perennial.units import LATEST, Instant, Points


def as_then(snapshot: Snapshot, version: Version, member: Member, at: Instant) -> Snapshot:
    """Return ``snapshot`` with the tier that the member had at ``at``."""
    membership = member.memberships.get(version.program_id)
    if membership is None or not membership.moves or snapshot.joined_at is None:
        return snapshot
    tier = tier_then(version, membership, at)
    return snapshot if tier == snapshot.tier else msgspec.structs.replace(snapshot, tier=tier)


def tier_then(version: Version, membership: Membership, at: Instant) -> str | None:
    """Return the tier at ``at``, as far as the moves since then are known.

    What happened before joining and counts all the same is judged by the tier that needs nothing, if the
    program has one: with that everybody begins.
    """
    tier = membership.tier
    for moved_at, before in reversed(membership.moves):
        if moved_at <= at:
            return tier
        tier = before
    system = version.program.tiers
    if tier is None and system is not None and at < membership.joined_at:
        return tier_at(system, reached(system, {}))
    return tier


def tiers_after_then(
    version: Version,
    event: Event,
    then: Snapshot,
    present: Snapshot | None,
    history: Sequence[int],
    balances: Sequence[Points],
) -> TierChange:
    """Return what an event does to the tier of ``present``, where ``then`` has the tier of its own time.

    Without ``present`` that is the same. It reaches nothing that the member had then: a tier that was lost
    since does not come back with it.
    """
    effects, entries = change = tiers_after(version, event, present or then, history, balances)
    system = version.program.tiers
    if not effects or system is None:
        return change
    effects += begin_to_rest(version, effects, event.at)
    if present is None or then is present:
        return change
    had = level_of(system, then.tier)
    for effect in effects:
        if (
            isinstance(effect, MoveTier)
            and level_of(system, effect.before) < level_of(system, effect.tier) <= had
        ):
            return [], ()
    return effects, entries


def may_have_moved(membership: Membership, at: Instant) -> bool:
    """Whether the tier may have been another one at ``at``: whatever it is since then it was before, too."""
    return membership.tier_since is None or at < membership.tier_since


def go_back(member: Member, tiers: Mapping[int, str | None]) -> dict[int, str | None]:
    """Let an order that is judged anew see the ``tiers`` (by program) from before it; return what was done.

    What it moves from now on lies behind that; :func:`go_on` ends it.
    """
    done: dict[int, str | None] = {}
    for program_id, tier in tiers.items():
        membership = member.memberships.get(program_id)
        if membership is not None and membership.tier != tier:
            membership.moves = (*membership.moves, (LATEST, tier))
            done[program_id] = tier
    return done


def go_on(member: Member, done: Mapping[int, str | None]) -> None:
    """End what :func:`go_back` did."""
    for program_id, tier in done.items():
        membership = member.memberships[program_id]
        membership.moves = tuple(move for move in membership.moves if move != (LATEST, tier))
