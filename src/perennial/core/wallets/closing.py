"""The end of a balance: what leaves a wallet for good, because its time, its program or its owner is gone."""

from __future__ import annotations

from perennial.core.effects import Debit, Effect, FallShort, Forgive
from perennial.core.member import Wallet
from perennial.ledger.account import Account
from perennial.ledger.lot import Lot, spend_order


def open_lots(wallet: Wallet | None) -> list[Lot]:
    """Return the lots that still hold points, in the order in which they would be spent."""
    lots = wallet.lots if wallet is not None else None
    return sorted((lot for lot in (lots or {}).values() if lot.remaining > 0), key=spend_order)


def out(unit: int, wallet: Wallet, lot: Lot, target: Account) -> Debit:
    """Return what takes all that remains in a lot into ``target``."""
    return Debit(unit, lot.remaining, lot.lot_id, target, wallet.counts_as_pending(lot.key))


def close_wallet(unit: int, wallet: Wallet) -> list[Effect]:
    """Return what leaves a wallet at zero: no points, no debt, nothing to be netted from later awards.

    The lots of the wallet have to be loaded; nothing is changed.
    """
    if wallet.lots is None:
        raise ValueError("closing needs the lots of the wallet")
    effects: list[Effect] = [out(unit, wallet, lot, Account.CLOSED) for lot in open_lots(wallet)]
    if wallet.debt:
        effects.append(Forgive(unit, wallet.debt))
    if wallet.shortfall:
        effects.append(FallShort(unit, -wallet.shortfall))
    return effects
