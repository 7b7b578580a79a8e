"""All that a wallet holds moves to another wallet, lot by lot: dates, origins and numbers travel along.

So returns and fulfillments still find the lots that they name, and nothing lives longer than it would have.
"""

from __future__ import annotations

from collections.abc import Iterable

from perennial.core.effects import Activate, Credit, Effect, FallShort, Forgive, Owe
from perennial.core.member import Wallet
from perennial.core.wallets.closing import open_lots, out
from perennial.ledger.account import Account
from perennial.units import Instant


def activation(unit: int, wallet: Wallet, now: Instant) -> Activate:
    """Return what counts everything that has become available by date up to ``now``."""
    points = sum(
        lot.remaining
        for lot in (wallet.lots or {}).values()
        if lot.key.available_at is not None and wallet.activated_until < lot.key.available_at <= now
    )
    return Activate(unit, points, now)


def leaving(unit: int, wallet: Wallet | None) -> list[Effect]:
    """Return what takes every lot of a wallet, whose lots are loaded, into transit."""
    return [out(unit, wallet, lot, Account.IN_TRANSIT) for lot in open_lots(wallet) if wallet is not None]


def arriving(unit: int, wallet: Wallet | None, into: Wallet) -> list[Effect]:
    """Return what brings every lot of ``wallet`` out of transit ``into`` another one, as it is."""
    return [
        Credit(unit, lot.remaining, lot.key, Account.IN_TRANSIT, into.counts_as_pending(lot.key))
        for lot in open_lots(wallet)
    ]


def debts_leaving(unit: int, wallet: Wallet) -> Iterable[Effect]:
    """Return what takes a debt, and what is to be netted from later awards, off a wallet."""
    if wallet.debt:
        yield Forgive(unit, wallet.debt, Account.IN_TRANSIT)
    if wallet.shortfall:
        yield FallShort(unit, -wallet.shortfall)


def debts_arriving(unit: int, wallet: Wallet) -> Iterable[Effect]:
    """Return what puts the same on another wallet."""
    if wallet.debt:
        yield Owe(unit, wallet.debt, Account.IN_TRANSIT)
    if wallet.shortfall:
        yield FallShort(unit, wallet.shortfall)
