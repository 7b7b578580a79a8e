"""Points move from one member to another, as the lots that they are: dates travel with them.

The two sides are two decisions of one operation: the sender's lots go into transit, the receiver's come
out of it. Points that are pending, or whose time has passed, cannot be sent.
"""

from __future__ import annotations

from perennial.core.customers.blocks import WHY_NOTHING_EARNED, WHY_NOTHING_SPENT, Block
from perennial.core.decision import Decision
from perennial.core.effects import Credit, Debit, Effect
from perennial.core.events import TransferReceived, TransferSent
from perennial.core.member import Member, Wallet
from perennial.core.needs import snapshot_of
from perennial.core.settling import refuse, settle
from perennial.core.version import Version
from perennial.core.wallets.spending import (
    customer_blocked,
    insufficient,
    not_a_member,
    spend,
    wallet_index,
    wallet_unknown,
)
from perennial.ledger.account import Account
from perennial.ledger.lot import LotKey, Origin
from perennial.units import Points


def decide_sending(event: TransferSent, version: Version, member: Member) -> Decision:
    """Decide the sender's side: one debit per lot into transit, soonest expiry first, or a refusal.

    The lots of the sender's wallet have to be loaded.
    """
    snapshot = snapshot_of(event.at, version, member)
    index = wallet_index(version, event.wallet)
    if index is None:
        return refuse(version, wallet_unknown(version, event.wallet))
    if snapshot.joined_at is None:
        return refuse(version, not_a_member(version))
    if member.blocked & Block.SPENDING:
        return refuse(version, customer_blocked(WHY_NOTHING_SPENT))
    compiled = version.wallets[index]
    unit = compiled.unit
    wallet = member.wallets.get(unit) or Wallet(lots={})
    effects, available = spend(wallet, unit, event.amount, event.at, Account.IN_TRANSIT)
    if available < event.amount:
        return refuse(version, insufficient(event.amount, available, compiled.spec.decimals))
    return settle(event, version, member, snapshot, effects)


def sent_lots(decision: Decision, sender: Member) -> tuple[tuple[LotKey, Points], ...]:
    """Return the lots that a decision of :func:`decide_sending` sends, as the receiver gets them.

    To be called before the decision is folded or after; ``sender`` is only asked for the lots' keys.
    """
    lots = []
    for effect in decision.effects:
        if isinstance(effect, Debit) and effect.target is Account.IN_TRANSIT:
            key = (sender.wallets[effect.unit].lots or {})[effect.lot_id].key
            lots.append((LotKey(Origin.RECEIVED, key.available_at, key.expires_at), effect.amount))
    return tuple(lots)


def decide_receiving(event: TransferReceived, version: Version, member: Member) -> Decision:
    """Decide the receiver's side: every lot arrives with the dates that it had."""
    snapshot = snapshot_of(event.at, version, member)
    index = wallet_index(version, event.wallet)
    if index is None:
        return refuse(version, wallet_unknown(version, event.wallet))
    if snapshot.joined_at is None:
        return refuse(version, not_a_member(version))
    if member.blocked & Block.EARNING:
        return refuse(version, customer_blocked(WHY_NOTHING_EARNED))
    unit = version.wallets[index].unit
    wallet = member.wallets.get(unit) or Wallet(lots={})
    effects: list[Effect] = []
    debt = wallet.debt
    for key, points in event.lots:
        received = LotKey(Origin.RECEIVED, key.available_at, key.expires_at)
        effects.append(Credit(unit, points, received, Account.IN_TRANSIT, False))
        paid = min(points, debt)
        if paid:
            debt -= paid
            effects.append(Debit(unit, paid, received.lot_id, Account.DEBT, False))
    return settle(event, version, member, snapshot, effects)
