"""How far a member is from every higher tier, and what is at risk and when."""

from __future__ import annotations

import msgspec

from perennial.core.dates.periods import period_of, start_of
from perennial.core.document.program import TierLasts, TierStart, TierSystem
from perennial.core.member import Member
from perennial.core.needs import snapshot_of
from perennial.core.tier_terms import grants_at, period_of_tiers
from perennial.core.tiers.tiers import (
    Standing,
    available_balances,
    falls_to,
    figures_of,
    is_always_reached,
    keeps,
    needed_to_keep,
    reached,
    standing_of,
    tier_at,
)
from perennial.core.version import Version
from perennial.units import Instant


class _Part(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    pass


class Missing(_Part, frozen=True):
    """What one metric still lacks: ``figure`` is reached, ``needed`` is the threshold."""

    metric: str
    figure: int
    needed: int
    missing: int


class HigherTier(_Part, frozen=True):
    """A tier above the member's; any one of ``missing`` is enough, nothing missing means reached."""

    tier: str
    name: str
    missing: tuple[Missing, ...]


class Risk(_Part, frozen=True):
    """At ``at`` the member goes to ``tier`` (``None``: no tier) unless one of ``missing`` is made up for.

    What happens from ``counts_from`` on counts for it.
    """

    at: Instant
    tier: str | None
    counts_from: Instant
    missing: tuple[Missing, ...]


class TierProgress(_Part, frozen=True):
    """Where a member stands. ``until`` is how long the tier is certain (``None``: no end is known).

    ``in_grace`` tells that only a grace keeps the tier; ``begins`` when a tier begins that was reached
    for the next period.
    """

    tier: str | None
    since: Instant | None = None
    until: Instant | None = None
    floor: str | None = None
    in_grace: bool = False
    figures: dict[str, int] = {}
    higher: tuple[HigherTier, ...] = ()
    begins: Instant | None = None
    risk: Risk | None = None


def progress(version: Version, member: Member, at: Instant) -> TierProgress | None:
    """Return how the member's tier stands at ``at``; ``None`` without tiers or without membership.

    Instants are UTC microseconds. The member needs the counters that decisions read; balances come
    from the lots where they are loaded.
    """
    system = version.program.tiers
    snapshot = snapshot_of(at, version, member)
    if system is None or snapshot.joined_at is None:
        return None
    balances = tuple(available_balances(version, member, at).values())
    figures = figures_of(version, system, snapshot.history, balances)
    standing = standing_of(version, system, snapshot)
    higher = tuple(
        HigherTier(tier=level.id, name=level.name, missing=_missing(level.reach, figures))
        for level in system.levels[standing.level + 1 :]
    )
    follows = system.lasts is TierLasts.WHILE_REACHED
    waits = system.start is TierStart.NEXT_PERIOD and reached(system, figures) > standing.level
    return TierProgress(
        tier=tier_at(system, standing.level),
        since=standing.since,
        until=None if follows and keeps(system, standing.level, figures) else standing.until,
        floor=tier_at(system, standing.floor),
        in_grace=_in_grace(system, standing, figures),
        figures=figures,
        higher=higher,
        begins=standing.until if waits else None,
        risk=_risk(version, system, standing, figures, at),
    )


def _in_grace(system: TierSystem, standing: Standing, figures: dict[str, int]) -> bool:
    if standing.level < 0:
        return False
    if system.lasts is TierLasts.WHILE_REACHED:
        return standing.until is not None and not keeps(system, standing.level, figures)
    return standing.since is None


def _missing(needed: dict[str, int], figures: dict[str, int]) -> tuple[Missing, ...]:
    """Return what each metric lacks; nothing if one of them is enough."""
    lacks = [
        Missing(
            metric=metric,
            figure=figures.get(metric, 0),
            needed=threshold,
            missing=threshold - figures.get(metric, 0),
        )
        for metric, threshold in needed.items()
    ]
    return () if any(lack.missing <= 0 for lack in lacks) else tuple(lacks)


def _risk(
    version: Version, system: TierSystem, standing: Standing, figures: dict[str, int], at: Instant
) -> Risk | None:
    """Return what a member loses at the next review if nothing more happens; ``None`` if nothing."""
    level, until = standing.level, standing.until
    if level < 0 or until is None or is_always_reached(system, level):
        return None
    since, counted = _counting_for(version, system, until, figures, at)
    if keeps(system, level, counted):
        return None
    lower = falls_to(system, standing, reached(system, counted))
    if lower == level:
        return None
    needed = needed_to_keep(system.levels[level])
    return Risk(at=until, tier=tier_at(system, lower), counts_from=since, missing=_missing(needed, counted))


def _counting_for(
    version: Version, system: TierSystem, review: Instant, figures: dict[str, int], at: Instant
) -> tuple[Instant, dict[str, int]]:
    """Return from when on events count for a review, and the figures that count for it already.

    Where the review looks at a later period than the present one, nothing counts yet.
    """
    period = period_of_tiers(system)
    if period is None or system.lasts not in (TierLasts.PERIOD, TierLasts.NEXT_PERIOD):
        return at, figures
    week = version.program.week_starts
    looks_at = {
        period_of(grant.as_of, period, version.zone, week) for grant in grants_at(version, system, review)
    }
    now = period_of(at, period, version.zone, week)
    if now in looks_at:
        return start_of(now, period, version.zone, week), figures
    ahead = [number for number in looks_at if number > now]
    first = min(ahead, default=now + 1)
    return start_of(first, period, version.zone, week), dict.fromkeys(figures, 0)
