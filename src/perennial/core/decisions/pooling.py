"""The member's wallets are others by now, a household's or their own again: what that does to the tier."""

from __future__ import annotations

from perennial.core.decision import Decision
from perennial.core.events import WalletsChanged
from perennial.core.member import Member
from perennial.core.needs import snapshot_of
from perennial.core.tiers.tiers import available_balances, tiers_after
from perennial.core.version import Version


def decide_pooling(event: WalletsChanged, version: Version, member: Member) -> Decision:
    """Decide what a member's tier by balance becomes, whose wallets are the new ones already.

    The lots of these wallets have to be loaded.
    """
    snapshot = snapshot_of(event.at, version, member)
    balances = tuple(available_balances(version, member, event.at).values())
    effects, entries = tiers_after(version, event, snapshot, snapshot.history, balances)
    return Decision(
        program=version.program_id,
        version=version.number,
        effects=tuple(effects),
        follow_ups=entries,
        facts=snapshot,
    )
