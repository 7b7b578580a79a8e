"""An award enters a wallet: as a lot, less what earlier returns could not take back, less what is owed."""

from __future__ import annotations

from perennial.core.document.program import InactivityExpiry
from perennial.core.effects import BeActive, Credit, Debit, Effect, FallShort
from perennial.core.snapshot import WalletFigures
from perennial.core.version import CompiledWallet, Version
from perennial.core.wallets.dates import dated_lot
from perennial.ledger.account import Account
from perennial.ledger.lot import LotKey
from perennial.units import Instant, Points

# Python 3.11 looks a member of an enumeration up slowly, and this is asked for every order.
_ISSUED, _DEBT = Account.ISSUED, Account.DEBT


def credit_award(
    version: Version,
    wallet_index: int,
    points: Points,
    tier: str | None,
    at: Instant,
    waits_for: str | None,
    figures: WalletFigures,
) -> tuple[list[Effect], int]:
    """Return the effects of crediting ``points`` earned at ``at``, and the number of their lot.

    ``figures`` are those of the wallet before the event. What one event gives to one wallet shares a
    lot, so a decision calls this once per wallet with the sum. Nothing happens for no points (lot 0).
    """
    if points <= 0:
        return [], 0
    key, lot_id = dated_lot(version, wallet_index, tier, at, waits_for)
    wallet = version.wallets[wallet_index]
    unit = wallet.unit
    pending = is_pending(key, at, figures.activated_until)
    effects: list[Effect] = [Credit(unit, points, key, _ISSUED, pending)]
    if figures.shortfall or figures.debt:
        effects += _settle(unit, points, lot_id, pending, figures)
    if wallet.rests and _is_active_by(wallet, "earning"):
        effects.append(BeActive(unit, at))
    return effects, lot_id


def is_pending(key: LotKey, at: Instant, activated_until: Instant) -> bool:
    """Whether a lot counts as pending: it waits, or its day lies ahead of ``at`` and of the timers."""
    available_at = key.available_at
    return available_at is None or (available_at > at and available_at > activated_until)


def activity(version: Version, name: str, at: Instant) -> list[BeActive]:
    """Return what the activity ``name`` (``spending``, or an event) does to the program's wallets."""
    return [BeActive(wallet.unit, at) for wallet in version.wallets if _is_active_by(wallet, name)]


def _is_active_by(wallet: CompiledWallet, activity: str) -> bool:
    """Whether it is an activity in some tier: what somebody did before entering one counts there, too."""
    return any(
        isinstance(expiry, InactivityExpiry) and activity in expiry.activities
        for expiry in wallet.expiry.values()
    )


def _settle(unit: int, points: Points, lot_id: int, pending: bool, figures: WalletFigures) -> list[Effect]:
    """Net an earlier shortfall from the fresh lot, then pay the debt off with what is left of it."""
    effects: list[Effect] = []
    made_up = min(points, figures.shortfall)
    if made_up:
        effects.append(Debit(unit, made_up, lot_id, _ISSUED, pending))
        effects.append(FallShort(unit, -made_up))
    paid = min(points - made_up, figures.debt)
    if paid:
        effects.append(Debit(unit, paid, lot_id, _DEBT, pending))
    return effects
