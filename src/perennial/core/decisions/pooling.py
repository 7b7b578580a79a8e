"""The member's wallets are others by now, a household's or their own again: what that does to the tier."""

from __future__ import annotations

from perennial.core.decision import Decision
from perennial.core.events import WalletsChanged
from perennial.core.member import Member
from perennial.core.needs import snapshot_of
from perennial.core.tiers.households import companions
from perennial.core.tiers.reviews import tiers_after_parting
from perennial.core.tiers.tiers import available_balances, tiers_after
from perennial.core.version import Version


def decide_pooling(event: WalletsChanged, version: Version, member: Member) -> Decision:
    """Decide what a member's tier becomes, whose wallets and household are the new ones already.

    A tier by balance follows; where households share the tier, one by any figure does. The lots of the
    wallets have to be loaded.
    """
    snapshot = snapshot_of(event.at, version, member)
    balances = tuple(available_balances(version, member, event.at).values())
    if event.parted and version.pooling is not None:
        others = companions(version, member)
        effects, entries = tiers_after_parting(version, event, snapshot, balances, member.counters, others)
    else:
        effects, entries = tiers_after(version, event, snapshot, snapshot.history, balances)
    return Decision(
        program=version.program_id,
        version=version.number,
        effects=tuple(effects),
        follow_ups=entries,
        facts=snapshot,
    )
