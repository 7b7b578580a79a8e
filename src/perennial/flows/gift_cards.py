"""Gift cards: accounts of the ledger whose owner is the voucher itself, and which pay for orders.

A card lies in the bucket in which it was issued. Its row in ``vouchers`` is its lock: whoever has it may
read and change the wallet.
"""

from __future__ import annotations

from collections.abc import Sequence

from perennial.core.effects import IssueVoucher
from perennial.core.member import Member
from perennial.core.payments import CardPaid, card_credit, charge_card
from perennial.core.used import UsedByProgram
from perennial.core.version import Version
from perennial.flows.batch import Batch, Operation
from perennial.flows.decide_program import Outcome
from perennial.ledger.account import Account
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
        effects, lots = charge_card(card, found.unit, payment.amount, operation.at, target, found.bucket)
        version = batch.workspace.program_by_id(found.row.program_id).version(found.row.version)
        own = Operation(operation.operation_id, operation.source_id, card, operation.at)
        bucket = None if found.bucket == batch.bucket else found.bucket
        batch.apply(own, version, effects, bucket)
        found.balance = card.wallets[found.unit].balance
        parts.append(UsedByProgram(version.program_id, version.number, lots=lots))
    return parts


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
    own = Operation(operation.operation_id, operation.source_id, card, operation.at)
    batch.apply(own, version, (card_credit(version.card_unit, amount, operation.at),))
