"""Gift cards: accounts of the ledger whose owner is the voucher itself, and which pay for orders.

A card lies in the bucket in which it was issued. Its row in ``vouchers`` is its lock: whoever has it may
read and change the wallet.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from asyncpg import Connection

from perennial.core.checkout.payments import CardPaid, card_credit, charge_card, is_full
from perennial.core.checkout.used import UsedByProgram
from perennial.core.effects import Debit, Effect, GiveBack, IssueVoucher
from perennial.core.member import Member
from perennial.core.version import Version
from perennial.core.wallets.spending import spend
from perennial.flows.batch import Batch, Operation
from perennial.ledger.account import Account
from perennial.store.codes.cards import find_closed, lock_cards
from perennial.store.customers.customers import CustomerRow
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
                card = batch.full_cards[card_id] = Member(customer_id=card_id, owner=card_id)
                fund_card(batch, operation, version, card, amount)


async def load_full(
    conn: Connection, batch: Batch, program_id: int, cards: Mapping[UUID, Minor]
) -> frozenset[UUID]:
    """Lock these gift cards, whose vouchers are locked, and load those that nobody has touched.

    ``cards`` says of each what it was given with: one is untouched if it holds that and never held anything
    else. Returns the others.
    """
    workspace_id = batch.workspace.workspace_id
    await lock_cards(conn, workspace_id, batch.bucket, cards)
    rows = [CustomerRow(customer_id=card, external_id="", created_at=batch.now) for card in cards]
    loaded = await load_members(
        conn, workspace_id, batch.bucket, rows, lots_for=set(cards), reads=lambda _: ({}, {})
    )
    unit = batch.workspace.program_by_id(program_id).latest.card_unit
    full = {card_id: card for card_id, card in loaded.items() if is_full(card, unit, cards[card_id])}
    batch.full_cards |= full
    return frozenset(cards.keys() - full.keys())


def take_full(batch: Batch, operation: Operation, version: Version, card_id: UUID) -> None:
    """Take what is on a card that nobody has touched back to where it came from, as if never given."""
    card = batch.full_cards.pop(card_id)
    unit = version.card_unit
    lots = list((card.wallets[unit].lots or {}).values())
    effects = tuple(Debit(unit, lot.remaining, lot.lot_id, Account.ISSUED, False) for lot in lots)
    own = Operation(operation.operation_id, operation.source_id, card, operation.at)
    batch.apply(own, version, effects)


async def empty_card(
    conn: Connection,
    batch: Batch,
    operation: Operation,
    version: Version,
    card_id: UUID,
    target: Account = Account.ISSUED,
) -> Minor:
    """Take what is left on a card in the batch's bucket into ``target``, and return how much that was.

    ISSUED takes it back to where it came from, CLOSED closes what is nobody's any more. The voucher of the
    card has to be locked: nobody pays with it meanwhile.
    """
    row = CustomerRow(customer_id=card_id, external_id="", created_at=batch.now)
    workspace_id = batch.workspace.workspace_id
    await lock_cards(conn, workspace_id, batch.bucket, [card_id])
    loaded = await load_members(
        conn, workspace_id, batch.bucket, [row], lots_for={card_id}, reads=lambda _: ({}, {})
    )
    card = loaded[card_id]
    wallet = card.wallets.get(version.card_unit)
    if wallet is None or wallet.balance <= 0:
        return 0
    effects, taken = spend(wallet, version.card_unit, wallet.balance, operation.at, target)
    own = Operation(operation.operation_id, operation.source_id, card, operation.at)
    batch.apply(own, version, tuple(effects))
    return taken


async def load_closed(conn: Connection, batch: Batch) -> None:
    """Find out which gift cards are closed of those that redemptions of the batch may give money back to."""
    cards: dict[int, set[UUID]] = {}
    for row in batch.redemptions.values():
        for part in () if row.used.over else row.used.programs:
            unit = batch.workspace.program_by_id(part.program).version(part.version).card_unit
            for lot in part.lots:
                if lot.unit == unit:
                    cards.setdefault(lot.bucket, set()).add(lot.owner)
    workspace_id = batch.workspace.workspace_id
    for bucket, owners in sorted(cards.items()):
        await lock_cards(conn, workspace_id, bucket, owners)
        batch.closed_cards |= await find_closed(conn, workspace_id, bucket, owners)


def closes(effects: Iterable[Effect]) -> tuple[Effect, ...]:
    """Return the effects on a card that is closed: whatever comes back is closed as well."""
    closed: list[Effect] = []
    for effect in effects:
        closed.append(effect)
        if isinstance(effect, GiveBack):
            closed.append(
                Debit(effect.unit, effect.amount, effect.key.lot_id, Account.CLOSED, effect.pending)
            )
    return tuple(closed)


def fund_card(batch: Batch, operation: Operation, version: Version, card: Member, amount: Minor) -> None:
    """Put money on a card that is issued or topped up, as it is issued by the program."""
    own = Operation(operation.operation_id, operation.source_id, card, operation.at)
    holder = operation.member.customer_id
    # A card lies with whom it was given to.
    where = batch.places.get(holder)
    batch.apply(own, version, (card_credit(version.card_unit, amount, operation.at),), where)
