"""What a reward costs a member, and what there is to pay it with."""

from __future__ import annotations

from perennial.core.effects import Effect
from perennial.core.member import Member, Wallet
from perennial.core.snapshot import Snapshot
from perennial.core.version import CompiledPrice, CompiledReward, Version
from perennial.core.wallets.credit import activity
from perennial.core.wallets.spending import everything_in, spend, wallet_index
from perennial.ledger.account import Account
from perennial.units import Instant, Points


def price_for(
    version: Version, compiled: CompiledReward, snapshot: Snapshot, at: Instant, wallet: str | None = None
) -> CompiledPrice | None:
    """Return the first price that is for the member of ``snapshot``, or None if there is none.

    With ``wallet`` only prices in points of that wallet count. Another price is never taken because the
    wallet of this one holds too little.
    """
    place = None if wallet is None else wallet_index(version, wallet)
    for price in compiled.prices:
        if wallet is not None and price.wallet != place:
            continue
        if _is_for(price, snapshot, at):
            return price
    return None


def prices_for(compiled: CompiledReward, snapshot: Snapshot, at: Instant) -> list[CompiledPrice]:
    """Return the first price of each wallet that is for the member of ``snapshot``, in their order."""
    found: dict[int, CompiledPrice] = {}
    for price in compiled.prices:
        if price.wallet not in found and _is_for(price, snapshot, at):
            found[price.wallet] = price
    return list(found.values())


def _is_for(price: CompiledPrice, snapshot: Snapshot, at: Instant) -> bool:
    return price.fits is None or price.fits(at, None, (), {}, snapshot)


def spendable(version: Version, price: CompiledPrice, member: Member, at: Instant) -> Points:
    """Return what the member can spend of the price's wallet at ``at``: what is owed is not there.

    The lots of the wallet have to be loaded.
    """
    unit = version.wallets[price.wallet].unit
    wallet = member.wallets.get(unit) or Wallet(lots={})
    return max(everything_in(wallet, at) - wallet.debt, 0)


def pay(version: Version, price: CompiledPrice, member: Member, at: Instant) -> list[Effect]:
    """Return the debits that pay a price for which enough is there, soonest expiry first."""
    unit = version.wallets[price.wallet].unit
    wallet = member.wallets.get(unit) or Wallet(lots={})
    effects, _ = spend(wallet, unit, price.points, at, Account.REDEEMED)
    return effects + [effect for effect in activity(version, "spending", at) if effect.unit == unit]
