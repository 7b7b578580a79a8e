"""Gift cards: accounts of the ledger whose owner is the voucher itself, and which pay for orders.

A card lies in the bucket in which it was issued. Its row in ``vouchers`` is its lock: whoever has it may
read and change the wallet.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from asyncpg import Connection

from perennial.core.effects import Effect, IssueVoucher
from perennial.core.member import Member
from perennial.core.payments import CardPaid, card_credit, charge_card
from perennial.core.spending import spend
from perennial.core.used import UsedByProgram
from perennial.core.version import Version
from perennial.flows.batch import Batch, Operation
from perennial.ledger.account import Account
from perennial.store.customers import CustomerRow
from perennial.store.members import load_members
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


def fund_cards(batch: Batch, operation: Operation, version: Version, effects: Iterable[Effect]) -> None:
    """Put money on the gift cards that a decision issued.

    The card of a claim has the id of the claim, any other one that of its code, as its voucher has.
    """
    for effect in effects:
        if isinstance(effect, IssueVoucher):
            amount = version.rewards[effect.reward].card_for(effect.tier)
            card_id = operation.source_id if effect.claimed else effect.code.code_hash
            if amount:
                fund_card(batch, operation, version, Member(customer_id=card_id, owner=card_id), amount)


async def empty_card(
    conn: Connection, batch: Batch, operation: Operation, version: Version, card_id: UUID
) -> None:
    """Take back what is left on a card in the batch's bucket, into the account that issued it.

    The voucher of the card has to be locked: nobody pays with it meanwhile.
    """
    row = CustomerRow(customer_id=card_id, external_id="", created_at=batch.now)
    workspace_id = batch.workspace.workspace_id
    loaded = await load_members(
        conn, workspace_id, batch.bucket, [row], lots_for={card_id}, reads=lambda _: ({}, {})
    )
    card = loaded[card_id]
    wallet = card.wallets.get(version.card_unit)
    if wallet is not None and wallet.balance > 0:
        effects, _ = spend(wallet, version.card_unit, wallet.balance, operation.at, Account.ISSUED)
        own = Operation(operation.operation_id, operation.source_id, card, operation.at)
        batch.apply(own, version, tuple(effects))


def fund_card(batch: Batch, operation: Operation, version: Version, card: Member, amount: Minor) -> None:
    """Put money on a card that is issued or topped up, as it is issued by the program."""
    own = Operation(operation.operation_id, operation.source_id, card, operation.at)
    batch.apply(own, version, (card_credit(version.card_unit, amount, operation.at),))
