"""An order is fulfilled: the points that waited for it get their dates."""

from __future__ import annotations

from perennial.core.decision import Decision
from perennial.core.effects import Effect, Release
from perennial.core.events import OrderFulfilled
from perennial.core.member import Member
from perennial.core.needs import snapshot_of
from perennial.core.settling import settle
from perennial.core.version import Version
from perennial.core.wallets.credit import is_pending
from perennial.core.wallets.dates import released_key


def decide_fulfillment(event: OrderFulfilled, version: Version, member: Member) -> Decision:
    """Decide what a fulfilled order releases; the lots of the member's wallets have to be loaded.

    The points are available from the day of the fulfillment, and their life begins then, by the tier
    of the member at that time.
    """
    snapshot = snapshot_of(event.at, version, member)
    effects: list[Effect] = []
    for index, compiled in enumerate(version.wallets):
        wallet = member.wallets.get(compiled.unit)
        for lot in (wallet.lots or {}).values() if wallet else ():
            if lot.remaining > 0 and lot.key.available_at is None and lot.key.waits_for == event.waits_for:
                key = released_key(version, index, snapshot.tier, event.at, event.waits_for)
                pending = is_pending(key, event.at, wallet.activated_until if wallet else 0)
                effects.append(Release(compiled.unit, lot.lot_id, lot.remaining, key, pending))
    return settle(event, version, member, snapshot, effects)
