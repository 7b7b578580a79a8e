"""Staff or an import corrects a balance."""

from __future__ import annotations

from perennial.core.decision import Decision
from perennial.core.document.program import RefundPolicy
from perennial.core.effects import Credit, Debit, Effect, Owe
from perennial.core.events import PointsAdjusted
from perennial.core.member import Member, Wallet
from perennial.core.needs import snapshot_of
from perennial.core.refusals import Refusal
from perennial.core.settling import refuse, settle
from perennial.core.snapshot import Snapshot
from perennial.core.version import CompiledWallet, Version
from perennial.core.wallets.credit import is_pending
from perennial.core.wallets.dates import beginning_of_day, expiry_of, wallet_expiry
from perennial.core.wallets.spending import insufficient, not_a_member, spend, wallet_index, wallet_unknown
from perennial.ledger.account import Account
from perennial.ledger.lot import Lot, LotKey, Origin
from perennial.units import LATEST, Instant


def decide_adjustment(event: PointsAdjusted, version: Version, member: Member) -> Decision:
    """Decide a correction; the lots of the member's wallets have to be loaded.

    A positive amount enters a lot of its own origin, with the dates that it brings or those of points
    earned at that time. A negative one uses available lots, soonest expiry first; beyond them it is
    refused, or owed where the wallet's policy is ``unlimited``. One of pending points uses those lots, what
    waits longest first, and is refused beyond them. Corrections count for no tier, but the balance may.
    """
    snapshot = snapshot_of(event.at, version, member)
    index = wallet_index(version, event.wallet)
    if index is None:
        return refuse(version, wallet_unknown(version, event.wallet))
    if snapshot.joined_at is None:
        return refuse(version, not_a_member(version))
    wallet = member.wallets.get(version.wallets[index].unit) or Wallet(lots={})
    effects: list[Effect]
    if event.amount >= 0:
        effects = _credit(event, version, index, snapshot, wallet)
    else:
        taken = _debit(event, version, index, wallet)
        if isinstance(taken, Refusal):
            return refuse(version, taken)
        effects = taken
    return settle(event, version, member, snapshot, effects)


def _credit(
    event: PointsAdjusted, version: Version, index: int, snapshot: Snapshot, wallet: Wallet
) -> list[Effect]:
    if not event.amount:
        return []
    unit = version.wallets[index].unit
    available_at, expires_at = event.available_at, event.expires_at
    if expires_at is None:
        activation = event.at if available_at is None else available_at
        expires_at = expiry_of(version, wallet_expiry(version, index, snapshot.tier), activation)
    if available_at is None:
        available_at = beginning_of_day(version, event.at)
    key = LotKey(Origin.ADJUSTED, available_at, expires_at)
    pending = is_pending(key, event.at, wallet.activated_until)
    effects: list[Effect] = [Credit(unit, event.amount, key, Account.ADJUSTED, pending)]
    paid = min(event.amount, wallet.debt)
    if paid:
        effects.append(Debit(unit, paid, key.lot_id, Account.DEBT, pending))
    return effects


def _debit(event: PointsAdjusted, version: Version, index: int, wallet: Wallet) -> list[Effect] | Refusal:
    compiled = version.wallets[index]
    if event.pending:
        return _debit_pending(event, compiled, wallet)
    effects, available = spend(wallet, compiled.unit, -event.amount, event.at, Account.ADJUSTED)
    missing = -event.amount - available
    if missing and compiled.spec.refunds is not RefundPolicy.UNLIMITED:
        return insufficient(-event.amount, available, compiled.spec.decimals)
    if missing:
        effects.append(Owe(compiled.unit, missing, Account.ADJUSTED))
    return effects


def _debit_pending(event: PointsAdjusted, compiled: CompiledWallet, wallet: Wallet) -> list[Effect] | Refusal:
    lots = [lot for lot in (wallet.lots or {}).values() if wallet.counts_as_pending(lot.key)]
    effects: list[Effect] = []
    missing = -event.amount
    for lot in sorted(lots, key=_longest_wait):
        part = min(missing, lot.remaining)
        if part > 0:
            effects.append(Debit(compiled.unit, part, lot.lot_id, Account.ADJUSTED, pending=True))
            missing -= part
    if missing:
        return insufficient(-event.amount, -event.amount - missing, compiled.spec.decimals)
    return effects


def _longest_wait(lot: Lot) -> tuple[Instant, int]:
    """Order lots by the end of their wait, the last first; what waits for an event has none."""
    ends = LATEST + 1 if lot.key.available_at is None else lot.key.available_at
    return -ends, lot.lot_id
