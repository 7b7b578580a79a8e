"""Tiers: reached at once or with the next period, held for a time, lost by policy.

A level is the position of a tier in the program, lowest first, and -1 for no tier. A tier is reached
when one of its metrics is; a manual floor is never undercut. What time alone does to a tier is in
``core/tiers/reviews.py``, how long it lasts in ``core/tier_terms.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec

from perennial.core.document.program import Downgrade, Tier, TierLasts, TierStart, TierSystem
from perennial.core.effects import Effect, MoveTier, UseLimit
from perennial.core.events import Event, TierEntered
from perennial.core.member import Member
from perennial.core.once import gift_number
from perennial.core.snapshot import Snapshot
from perennial.core.tier_terms import grace_end, next_look, next_start, status_end
from perennial.core.version import Version
from perennial.units import Instant, Points

_ANY = -(1 << 63)

# Python 3.11 looks a member of an enumeration up slowly, and this is asked for every order.
_WHILE_REACHED = TierLasts.WHILE_REACHED

TierChange = tuple[list[Effect], tuple[Event, ...]]
"""What happens to a tier: effects, and the events of the tiers that were entered."""


class Standing(msgspec.Struct):
    """Where a member stands: the level, since when and until when, and the level of the floor.

    ``own`` is the level of the member's own floor, where that of others in the household may be higher.
    """

    tier: str | None
    level: int
    since: Instant | None
    until: Instant | None
    floor: int
    entered: frozenset[str]
    """The tiers whose gift the member already had."""
    own: int


def tiers_after(
    version: Version, event: Event, snapshot: Snapshot, history: Sequence[int], balances: Sequence[Points]
) -> TierChange:
    """Return what an event does to the member's tier.

    ``snapshot`` was taken before the event; ``history`` (of ``version.needs``) and ``balances``
    (available points, of ``version.wallets``) are those after it.
    """
    system = version.program.tiers
    if system is None or snapshot.joined_at is None:
        return [], ()
    if version.tier_steps and (snapshot.tier is None or snapshot.tier_since is not None):
        steps = version.tier_steps.get(snapshot.tier)
        if steps is not None:
            for need, threshold in steps:
                if history[need] >= threshold:
                    break
            else:
                return [], ()
    figures = figures_of(version, system, history, balances)
    target = reached(system, figures)
    level = level_of(system, snapshot.tier)
    in_grace = level >= 0 and snapshot.tier_since is None
    if target <= level and system.lasts is not _WHILE_REACHED and not in_grace:
        return [], ()
    standing = standing_of(version, system, snapshot)
    if target > level:
        begins = next_start(version, system, event.at)
        if begins is not None:
            return _begin_later(version, system, standing, target, event, begins)
        return rise(version, system, standing, target, event.id, event.at)
    if system.lasts is _WHILE_REACHED:
        before = figures_of(version, system, snapshot.history, balances)
        lowered = any(figures[name] < figure for name, figure in before.items())
        return follow(version, system, standing, figures, event.at, lowered=lowered), ()
    if target == level and system.start is TierStart.AT_ONCE:
        until = status_end(version, system, event.at)
        return [move(system, standing, level, event.at, event.at, until, "regained")], ()
    return [], ()


def tier_steps(
    system: TierSystem, needs: Sequence[int | None]
) -> dict[str | None, tuple[tuple[int, int], ...]]:
    """Return for each tier which need lifts a member of it higher, and from which figure on.

    ``needs`` are those of the metrics. Nothing is returned where an event may change a tier by something
    else than figures that rise.
    """
    if system.lasts is _WHILE_REACHED or None in needs:
        return {}
    places = {metric.id: need or 0 for metric, need in zip(system.metrics, needs, strict=True)}
    steps: dict[str | None, tuple[tuple[int, int], ...]] = {}
    higher: tuple[tuple[int, int], ...] = ()
    for level in range(len(system.levels) - 1, -1, -1):
        tier = system.levels[level]
        steps[tier.id] = higher
        # A threshold of zero is reached with any figure, a negative one included.
        reach = [(places[name], least if least > 0 else _ANY) for name, least in tier.reach.items()]
        higher = (*reach, *higher)
    steps[None] = higher
    return steps


def figures_of(
    version: Version, system: TierSystem, history: Sequence[int], balances: Sequence[Points]
) -> dict[str, int]:
    """Return the figure of each metric of the tiers, by its id."""
    figures: dict[str, int] = {}
    for metric, need in zip(system.metrics, version.tier_needs, strict=True):
        if need is not None:
            figures[metric.id] = history[need]
        else:
            ids = [wallet.spec.id for wallet in version.wallets]
            figures[metric.id] = balances[ids.index(metric.balance or "")]
    return figures


def standing_of(version: Version, system: TierSystem, snapshot: Snapshot) -> Standing:
    """Return where the member of ``snapshot`` stands; a tier that is no more counts as none."""
    entered = [
        level.id
        for level in system.levels
        if not system.gifts_again and _had_gift(version, snapshot, level.id)
    ]
    own = level_of(system, snapshot.own_floor)
    together = snapshot.together
    return Standing(
        tier=snapshot.tier,
        level=level_of(system, snapshot.tier),
        since=snapshot.tier_since,
        until=snapshot.tier_until,
        floor=own if together is None else max(own, level_of(system, together.others)),
        entered=frozenset(entered),
        own=own,
    )


def level_of(system: TierSystem, tier: str | None) -> int:
    """Return the level of a tier by its id; -1 for none, and for a tier that the program has no more."""
    return next((index for index, level in enumerate(system.levels) if level.id == tier), -1)


def tier_at(system: TierSystem, level: int) -> str | None:
    """Return the id of the tier at a level."""
    return system.levels[level].id if level >= 0 else None


def reached(system: TierSystem, figures: dict[str, int]) -> int:
    """Return the highest level that the figures reach."""
    for index in range(len(system.levels) - 1, -1, -1):
        if _enough(system.levels[index].reach, figures):
            return index
    return -1


def keeps(system: TierSystem, level: int, figures: dict[str, int]) -> bool:
    """Whether the figures are enough to stay at ``level``."""
    if level < 0:
        return True
    if reached(system, figures) >= level:
        return True
    tier = system.levels[level]
    return _enough(needed_to_keep(tier), figures)


def needed_to_keep(tier: Tier) -> dict[str, int]:
    """Return what a member of the tier needs to keep it, by metric."""
    return {**tier.reach, **(tier.keep or {})}


def is_always_reached(system: TierSystem, level: int) -> bool:
    """Whether nobody can fail the level: a threshold of zero. Such a tier needs no review."""
    return any(threshold <= 0 for threshold in system.levels[level].reach.values())


def falls_to(system: TierSystem, standing: Standing, target: int) -> int:
    """Return where a member goes who no longer keeps the level, if the figures reach ``target``."""
    level = standing.level
    if system.downgrade is Downgrade.NEVER or not system.levels[level].downgradable:
        return level
    if system.downgrade is Downgrade.ONE_LEVEL:
        target = max(target, level - 1)
    return max(min(target, level), min(standing.floor, level))


def rise(
    version: Version,
    system: TierSystem,
    standing: Standing,
    level: int,
    event_id: UUID,
    at: Instant,
    until: Instant | None = None,
    because: str = "reached",
) -> TierChange:
    """Return the move up to ``level`` at ``at``, with the entries that give gifts."""
    if is_always_reached(system, level):
        until = None
    elif until is None:
        until = _first_end(version, system, at)
    effects: list[Effect] = [move(system, standing, level, at, at, until, because)]
    first = standing.level + 1 if system.gifts_of_skipped_tiers else level
    entries: list[Event] = []
    for index in range(first, level + 1):
        tier = system.levels[index].id
        if tier in standing.entered:
            continue
        below = tier_at(system, index - 1 if index > first else standing.level)
        entries.append(TierEntered(id=event_id, at=at, before=below, after=tier))
        if not system.gifts_again:
            effects.append(UseLimit(gift_number(version.program_id, tier), 0, 1, 1))
    return effects, tuple(entries)


def follow(
    version: Version,
    system: TierSystem,
    standing: Standing,
    figures: dict[str, int],
    at: Instant,
    *,
    lowered: bool = False,
) -> list[Effect]:
    """Return what a tier that follows its figures does when they do not lift it: stay, wait or fall.

    A tier that time may take is looked at again at the next midnight, when its review finds the exact
    day (see ``core/tiers/lapse.py``); ``lowered`` says that the day found earlier may be too late now.
    """
    level, until = standing.level, standing.until
    if level < 0:
        return []
    lower = falls_to(system, standing, reached(system, figures))
    look = next_look(version, system, at)
    kept = keeps(system, level, figures)
    if kept or lower == level:
        if not kept or is_always_reached(system, level):
            look = None
        if look is None:
            settled = until is None
        else:
            settled = until is not None and at < until and (not lowered or until <= look)
        return [] if settled else [move(system, standing, level, at, standing.since, look, "kept")]
    grace = grace_end(version, system, standing.since if standing.since is not None else at)
    if grace is not None and grace > at:
        if grace == until:
            return []
        return [move(system, standing, level, at, standing.since, grace, "grace")]
    if lower < 0 or is_always_reached(system, lower):
        look = None
    return [move(system, standing, lower, at, at if lower >= 0 else None, look, "lost")]


def move(
    system: TierSystem,
    standing: Standing,
    level: int,
    at: Instant,
    since: Instant | None,
    until: Instant | None,
    because: str,
) -> MoveTier:
    """Return the move of a standing to ``level``; the member's own floor stays."""
    return MoveTier(
        before=standing.tier,
        tier=tier_at(system, level),
        at=at,
        since=since,
        until=until,
        floor=tier_at(system, standing.own),
        because=because,
    )


def _first_end(version: Version, system: TierSystem, at: Instant) -> Instant | None:
    if system.lasts is _WHILE_REACHED:
        return next_look(version, system, at)
    return status_end(version, system, at)


def _begin_later(
    version: Version, system: TierSystem, standing: Standing, target: int, event: Event, begins: Instant
) -> TierChange:
    """Let ``target`` begin with the next period; a tier that needs nothing begins at once all the same."""
    first = reached(system, {})
    if standing.level >= first:
        return _schedule(system, standing, event.at, begins), ()
    [risen, *uses], entries = rise(version, system, standing, first, event.id, event.at)
    if target > first and isinstance(risen, MoveTier):
        risen = msgspec.structs.replace(risen, until=begins)
    return [risen, *uses], entries


def _schedule(system: TierSystem, standing: Standing, at: Instant, begins: Instant) -> list[Effect]:
    """Let the member be reviewed when the tier that was reached begins."""
    if standing.until is not None and standing.until <= begins:
        return []
    return [move(system, standing, standing.level, at, standing.since, begins, "reached for next period")]


def _enough(needed: dict[str, int], figures: dict[str, int]) -> bool:
    """Whether one metric is enough; a threshold of zero is, whatever a member owes or returned."""
    return any(max(figures.get(metric, 0), 0) >= threshold for metric, threshold in needed.items())


def _had_gift(version: Version, snapshot: Snapshot, tier: str) -> bool:
    number = gift_number(version.program_id, tier)
    for limit, used in zip(version.limits, snapshot.used, strict=True):
        if limit.number == number:
            return used > 0
    return False


def own_balances(version: Version, member: Member, at: Instant) -> tuple[Points, ...] | None:
    """Return what is available of each of the member's own wallets, where those in use are others."""
    return None if member.apart is None else tuple(available_balances(version, member, at).values())


def available_balances(version: Version, member: Member, at: Instant) -> dict[int, Points]:
    """Return what is available of each of the version's wallets at ``at``, by unit: of the member's own.

    What is owed is taken off, which may be more than there is: a debt lasts beside points that were pending
    already when it came up, and beside them as they become active.
    """
    balances: dict[int, Points] = {}
    own = member.wallets if member.apart is None else member.apart
    for compiled in version.wallets:
        wallet = own.get(compiled.unit)
        if wallet is None:
            balances[compiled.unit] = 0
        elif wallet.lots is None:
            balances[compiled.unit] = wallet.balance - wallet.pending - wallet.debt
        else:
            lots = wallet.lots.values()
            balances[compiled.unit] = sum(lot.remaining for lot in lots if lot.is_available(at)) - wallet.debt
    return balances
