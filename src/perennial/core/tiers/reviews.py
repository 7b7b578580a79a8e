"""What happens to a tier when its review is due, when an order returns, and when staff sets it.

A review asks which figures may justify a status from now on (see ``core/tier_terms.py``). If some lift
the member, the tier rises; if some keep the tier, it is extended to the end that they give; otherwise
the tier has lapsed, and grace and downgrade policy say what follows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

import msgspec

from perennial.core.decision import Decision
from perennial.core.document.program import TierLasts, TierReturns, TierSystem
from perennial.core.effects import Count, Effect, MoveTier
from perennial.core.events import OrderReturned, TierAssigned, WalletsChanged
from perennial.core.member import Member
from perennial.core.needs import history_of, snapshot_of
from perennial.core.refusals import Refusal, RefusalCode
from perennial.core.snapshot import Snapshot
from perennial.core.tier_terms import Grant, grace_end, grants_at, next_start, status_end
from perennial.core.tiers.lapse import lapse_at
from perennial.core.tiers.tiers import (
    Standing,
    TierChange,
    available_balances,
    falls_to,
    figures_of,
    follow,
    is_always_reached,
    keeps,
    level_of,
    move,
    reached,
    rise,
    standing_of,
    tiers_after,
)
from perennial.core.version import Version
from perennial.core.wallets.inactivity import begin_to_rest
from perennial.core.wallets.spending import not_a_member
from perennial.units import Instant, Points

Counters = Mapping[int, Mapping[int, int]]
Judged = list[tuple[Grant, dict[str, int]]]


def review_tier(
    version: Version,
    event_id: UUID,
    at: Instant,
    snapshot: Snapshot,
    counters: Counters,
    balances: Sequence[Points],
    others: Sequence[Member] = (),
) -> TierChange:
    """Return what becomes of the tier of the member of ``snapshot`` at its review at ``at``.

    ``counters`` are the member's and have to reach back to the periods before; ``balances`` are the
    available points of ``version.wallets``, ``others`` those with whom the member's figures are added up.
    The next review always lies after ``at``.
    """
    system = version.program.tiers
    if system is None or snapshot.joined_at is None:
        return [], ()
    standing = standing_of(version, system, snapshot)
    judged = _judge(version, system, at, snapshot, counters, balances, others)
    best, until = _best(system, judged)
    target = max(best, standing.floor)
    if target > standing.level:
        return rise(version, system, standing, target, event_id, at, until if target == best else None)
    if system.lasts is TierLasts.WHILE_REACHED:
        return _follow_on(version, system, standing, judged[0][1], together(counters, others), at), ()
    result = _keep_or_lapse(version, system, standing, at, judged)
    begins = next_start(version, system, at)
    if begins is not None:
        current = history_of(version, counters, at, snapshot.joined_at, others)
        figures = figures_of(version, system, current, balances)
        waits = reached(system, figures) > level_of(system, result.tier)
        if waits and (result.until is None or begins < result.until):
            result = msgspec.structs.replace(result, until=begins)
    return [result], ()


def _follow_on(
    version: Version,
    system: TierSystem,
    standing: Standing,
    figures: dict[str, int],
    counters: Counters,
    at: Instant,
) -> list[Effect]:
    """Return what a tier that follows its figures does at a look: kept to the day on which they go."""
    level = standing.level
    if level < 0:
        return [move(system, standing, level, at, None, None, "kept")]
    if not keeps(system, level, figures):
        return follow(version, system, standing, figures, at)
    lapse = lapse_at(version, system, level, figures, counters, at)
    if lapse == standing.until:
        return []
    return [move(system, standing, level, at, standing.since, lapse, "kept")]


def tiers_after_return(
    version: Version,
    event: OrderReturned,
    snapshot: Snapshot,
    history: Sequence[int],
    balances: Sequence[Points],
    counters: Counters,
    counts: Iterable[Count],
    others: Sequence[Member] = (),
) -> TierChange:
    """Return what a return does to the member's tier, by the program's policy.

    ``snapshot`` and ``counters`` are from before the return, ``counts`` what it counts, ``history``
    and ``balances`` what is left after it; ``others`` are those with whom the figures are added up.
    """
    system = version.program.tiers
    if system is None or snapshot.joined_at is None:
        return [], ()
    if system.lasts is TierLasts.WHILE_REACHED:
        return tiers_after(version, event, snapshot, history, balances)
    standing = standing_of(version, system, snapshot)
    if system.returns is TierReturns.AT_REVIEW or standing.level < 0:
        return [], ()
    after = _added(counters, counts)
    judged = _judge(version, system, event.at, snapshot, after, balances, others)
    return _fallen(version, system, standing, event.at, judged), ()


def tiers_after_parting(
    version: Version,
    event: WalletsChanged,
    snapshot: Snapshot,
    balances: Sequence[Points],
    counters: Counters,
    others: Sequence[Member],
) -> TierChange:
    """Return what becomes of a tier when a household goes apart: it is kept by what counts from now on.

    ``others`` are those with whom the member's figures are added up still. Whoever left and whoever
    stays are judged alike, at once, whatever the policy for returns.
    """
    system = version.program.tiers
    if system is None or snapshot.joined_at is None:
        return [], ()
    standing = standing_of(version, system, snapshot)
    figures = figures_of(version, system, snapshot.history, balances)
    if reached(system, figures) > standing.level:
        return tiers_after(version, event, snapshot, snapshot.history, balances)
    if system.lasts is TierLasts.WHILE_REACHED:
        return follow(version, system, standing, figures, event.at, lowered=True), ()
    if standing.level < 0 or is_always_reached(system, standing.level):
        return [], ()
    judged = _judge(version, system, event.at, snapshot, counters, balances, others)
    return _fallen(version, system, standing, event.at, judged), ()


def _fallen(
    version: Version, system: TierSystem, standing: Standing, at: Instant, judged: Judged
) -> list[Effect]:
    """Return the move down of a tier that no figures keep any more; nothing where some do."""
    best, until = _best(system, judged)
    lower = falls_to(system, standing, best)
    if lower == standing.level or any(keeps(system, standing.level, figures) for _, figures in judged):
        return []
    return [_lower(version, system, standing, lower, at, until if lower == best else None)]


def decide_assignment(event: TierAssigned, version: Version, member: Member) -> Decision:
    """Decide what a manual floor does: it lifts at once, and what it held is judged once it is gone."""
    system = version.program.tiers
    snapshot = snapshot_of(event.at, version, member)
    floor = level_of(system, event.tier) if system else -1
    refusal = None
    if system is None or (event.tier is not None and floor < 0):
        words = f"The program has no tier {event.tier!r}."
        refusal = Refusal(RefusalCode.TIER_UNKNOWN, words, {"tier": event.tier})
    elif snapshot.joined_at is None:
        refusal = not_a_member(version)
    if system is None or refusal is not None:
        return Decision(program=version.program_id, version=version.number, refusal=refusal)
    standing = standing_of(version, system, snapshot)
    shared = snapshot.together
    standing.own, standing.floor = floor, max(floor, level_of(system, shared.others) if shared else -1)
    if floor > standing.level:
        effects, entries = rise(version, system, standing, floor, event.id, event.at, because="assigned")
    else:
        effects, entries = [_assigned(event, version, system, standing, snapshot, member)], ()
    effects += begin_to_rest(version, effects, event.at)
    return Decision(
        program=version.program_id,
        version=version.number,
        effects=tuple(effects),
        follow_ups=entries,
        facts=snapshot,
    )


def _assigned(
    event: TierAssigned,
    version: Version,
    system: TierSystem,
    standing: Standing,
    snapshot: Snapshot,
    member: Member,
) -> MoveTier:
    """Return the move for a floor that lifts nobody; a tier that only the floor held is lost with it."""
    at, level = event.at, standing.level
    stays = move(system, standing, level, at, standing.since, standing.until, "assigned")
    if event.tier is not None or level < 0:
        return stays
    if system.lasts not in (TierLasts.LIFE, TierLasts.WHILE_REACHED):
        return stays
    balances = tuple(available_balances(version, member, at).values())
    figures = figures_of(version, system, snapshot.history, balances)
    lower = falls_to(system, standing, reached(system, figures))
    if keeps(system, level, figures) or lower == level:
        return stays
    return _lower(version, system, standing, lower, at, None)


def _judge(
    version: Version,
    system: TierSystem,
    at: Instant,
    snapshot: Snapshot,
    counters: Counters,
    balances: Sequence[Points],
    others: Sequence[Member],
) -> Judged:
    """Return the figures that may justify a status at ``at``, the latest first."""
    judged = []
    for grant in grants_at(version, system, at):
        history = history_of(version, counters, grant.as_of, snapshot.joined_at, others)
        judged.append((grant, figures_of(version, system, history, balances)))
    return judged


def _best(system: TierSystem, judged: Judged) -> tuple[int, Instant | None]:
    """Return the highest level that some figures reach, and until when they give it."""
    best, until = -1, None
    for grant, figures in judged:
        level = reached(system, figures)
        if level > best:
            best, until = level, grant.until
    return best, until


def _keep_or_lapse(
    version: Version, system: TierSystem, standing: Standing, at: Instant, judged: Judged
) -> MoveTier:
    """Return the move of a member whom no figures lift: the tier goes on, or has lapsed."""
    level, since = standing.level, standing.since
    if level < 0 or system.lasts is TierLasts.LIFE or is_always_reached(system, level):
        return move(system, standing, level, at, since, None, "kept")
    if system.lasts is TierLasts.SPAN and since is not None:
        ends = status_end(version, system, since)
        if ends is not None and at < ends:
            return move(system, standing, level, at, since, ends, "kept")
    kept = [grant.until for grant, figures in judged if keeps(system, level, figures)]
    best, until = _best(system, judged)
    lower = falls_to(system, standing, best)
    if kept or lower == level:
        ends = kept[0] if kept else status_end(version, system, at)
        return move(system, standing, level, at, at, ends, "kept")
    grace = grace_end(version, system, at) if since is not None else None
    if grace is not None and grace > at:
        return move(system, standing, level, at, None, grace, "grace")
    return _lower(version, system, standing, lower, at, until if lower == best else None)


def _lower(
    version: Version,
    system: TierSystem,
    standing: Standing,
    lower: int,
    at: Instant,
    until: Instant | None,
) -> MoveTier:
    """Return the move down to ``lower``, up to the end that its figures give or that a fresh status has."""
    if lower < 0:
        return move(system, standing, lower, at, None, None, "lost")
    if is_always_reached(system, lower):
        until = None
    elif until is None:
        until = status_end(version, system, at)
    return move(system, standing, lower, at, at, until, "lost")


def _added(counters: Counters, counts: Iterable[Count]) -> Counters:
    """Return the counters after ``counts``, without changing the member's own."""
    added = {number: dict(periods) for number, periods in counters.items()}
    for count in counts:
        periods = added.setdefault(count.metric, {})
        periods[count.period] = periods.get(count.period, 0) + count.amount
    return added


def together(counters: Counters, others: Sequence[Member]) -> Counters:
    """Return counters with those of ``others`` added to them."""
    return (
        _added(
            counters,
            [
                Count(metric, period, amount)
                for other in others
                for metric, periods in other.counters.items()
                for period, amount in periods.items()
            ],
        )
        if others
        else counters
    )
