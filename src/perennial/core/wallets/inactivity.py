"""When a balance expires by inactivity: a while after the last activity, and never at once.

Where no activity of the wallet was noted, the time begins when the member joined, or with the version that
lets the balance expire: turning this on takes nothing from anybody that day. It begins no earlier than the
oldest of the points could be spent, so that points which come after a long rest have their whole time. So has
who gets into a tier where balances rest, out of one where they did not.
"""

from __future__ import annotations

from collections.abc import Iterable

from perennial.core.document.program import InactivityExpiry
from perennial.core.effects import BeActive, Effect, MoveTier
from perennial.core.member import Member, Wallet
from perennial.core.version import Version
from perennial.core.wallets.dates import end_of_day_after, wallet_expiry
from perennial.units import Instant


def inactive_at(version: Version, member: Member, unit: int, wallet: Wallet) -> Instant | None:
    """Return when the balance of ``unit`` expires if nothing happens; None if it does not expire like that.

    Where the lots of the wallet are not loaded, that is the earliest instant at which it may.
    """
    membership = member.memberships.get(version.program_id)
    tier = membership.tier if membership is not None else None
    for index, compiled in enumerate(version.wallets):
        if compiled.unit == unit:
            expiry = wallet_expiry(version, index, tier)
            begins = wallet.active_at
            if begins is None and membership is not None:
                begins = max(membership.joined_at, version.valid_from)
            if begins is None or not isinstance(expiry, InactivityExpiry):
                return None
            return end_of_day_after(version, max(begins, _oldest(wallet) or begins), expiry.after)
    return None


def begin_to_rest(version: Version, effects: Iterable[Effect], at: Instant) -> list[BeActive]:
    """Return from when on balances rest that only do so in the tier that ``effects`` at ``at`` lead to."""
    return [
        BeActive(compiled.unit, at)
        for effect in effects
        if type(effect) is MoveTier and effect.before != effect.tier
        for index, compiled in enumerate(version.wallets)
        if compiled.rests
        and isinstance(wallet_expiry(version, index, effect.tier), InactivityExpiry)
        and not isinstance(wallet_expiry(version, index, effect.before), InactivityExpiry)
    ]


def _oldest(wallet: Wallet) -> Instant | None:
    """Return from when the oldest of the points could be spent, as far as that is known."""
    lots = (wallet.lots or {}).values()
    dates = [lot.key.available_at for lot in lots if lot.remaining > 0]
    return min((date for date in dates if date is not None), default=None)
