"""The end of decisions that move points without rules of points: what they do to the member's tier."""

from __future__ import annotations

from collections.abc import Sequence

from perennial.core.decision import Decision
from perennial.core.effects import Count, Effect
from perennial.core.events import Event
from perennial.core.fold import fold
from perennial.core.member import Member
from perennial.core.needs import history_after
from perennial.core.refusals import Refusal
from perennial.core.scratch import copy_of
from perennial.core.snapshot import Snapshot
from perennial.core.tiers.tiers import available_balances, tiers_after
from perennial.core.today import today_of
from perennial.core.version import Version
from perennial.core.wallets.inactivity import begin_to_rest


def settle(
    event: Event,
    version: Version,
    member: Member,
    snapshot: Snapshot,
    effects: Sequence[Effect],
    counts: Sequence[Count] = (),
) -> Decision:
    """Return the decision that consists of ``effects``, and of what the new balances do to the tier.

    ``counts`` are what is counted of it, which the tier is judged by as well.
    """
    tier_effects: list[Effect] = []
    entries: tuple[Event, ...] = ()
    if version.program.tiers is not None and effects:
        after = copy_of(member, version)
        fold(after, version, effects, event.at)
        balances = tuple(available_balances(version, after, event.at).values())
        history = history_after(version, snapshot, today_of(version, event.at), counts)
        tier_effects, entries = tiers_after(version, event, snapshot, history, balances)
        tier_effects += begin_to_rest(version, tier_effects, event.at)
    return Decision(
        program=version.program_id,
        version=version.number,
        effects=(*effects, *counts, *tier_effects),
        follow_ups=entries,
        facts=snapshot,
    )


def refuse(version: Version, refusal: Refusal) -> Decision:
    """Return the decision that refuses; nothing changes."""
    return Decision(program=version.program_id, version=version.number, refusal=refusal)
