"""Gift cards: accounts of the ledger whose owner is the voucher itself, and which pay for orders.

A card lies in the bucket in which it was issued. Its row in ``vouchers`` is its lock: whoever has it may
read and change the wallet.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from perennial.core.effects import Credit, Debit, Effect, IssueVoucher
from perennial.core.member import Member, Wallet
from perennial.core.payments import CardPaid
from perennial.core.spending import spend
from perennial.core.used import UsedByProgram, UsedLot
from perennial.core.version import Version
from perennial.flows.batch import Batch, Operation
from perennial.flows.decide_program import Outcome
from perennial.ledger.account import Account
from perennial.ledger.lot import LotKey, Origin
from perennial.units import Minor


def charge_cards(
    batch: Batch, operation: Operation, paid: Sequence[CardPaid], target: Account
) -> list[UsedByProgram]:
    """Take what cards pay out of them; ``target`` is HELD or REDEEMED. Return what was used."""
    parts = []
    for payment in paid:
        if not payment.amount:
            continue
        found = next(one for one in batch.entered.values() if one.row.voucher_id == payment.card_id)
        card = batch.cards[payment.card_id]
        wallet = card.wallets[found.unit]
        effects, _ = spend(wallet, found.unit, payment.amount, operation.at, target)
        version = batch.workspace.program_by_id(found.row.program_id).version(found.row.version)
        lots = _lots(wallet, effects, found.bucket, payment.card_id)
        own = Operation(operation.operation_id, operation.source_id, card, operation.at)
        bucket = None if found.bucket == batch.bucket else found.bucket
        batch.apply(own, version, tuple(effects), bucket)
        found.balance = wallet.balance
        parts.append(UsedByProgram(version.program_id, version.number, lots=lots))
    return parts


def _lots(wallet: Wallet, effects: Sequence[Effect], bucket: int, card_id: UUID) -> tuple[UsedLot, ...]:
    assert wallet.lots is not None, "the lots of an entered card are loaded"
    return tuple(
        UsedLot(bucket, card_id, effect.unit, wallet.lots[effect.lot_id].key, effect.amount)
        for effect in effects
        if isinstance(effect, Debit)
    )


def fund_cards(batch: Batch, operation: Operation, outcomes: Sequence[Outcome]) -> None:
    """Put money on the gift cards that were issued: the card of a claim has the id of the claim."""
    for outcome in outcomes:
        for effect in outcome.decision.effects:
            if isinstance(effect, IssueVoucher) and (
                amount := outcome.version.rewards[effect.reward].card_for(effect.tier)
            ):
                card = Member(customer_id=operation.source_id, owner=operation.source_id)
                fund_card(batch, operation, outcome.version, card, amount)


def fund_card(batch: Batch, operation: Operation, version: Version, card: Member, amount: Minor) -> None:
    """Put money on a card that is issued or topped up, as it is issued by the program."""
    key = LotKey(Origin.EARNED, operation.at, None)
    own = Operation(operation.operation_id, operation.source_id, card, operation.at)
    credit = Credit(version.card_unit, amount, key, Account.ISSUED, pending=False)
    batch.apply(own, version, (credit,))
