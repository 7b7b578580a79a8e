"""The ledger's part of a merge: every lot, debt and card of the absorbed customer moves by postings."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from asyncpg import Connection

from perennial.core.effects import BeActive, Effect
from perennial.core.member import Member, Wallet
from perennial.core.version import Version
from perennial.core.wallets.lot_moves import activation, arriving, debts_arriving, debts_leaving, leaving
from perennial.core.wallets.spending import spend
from perennial.flows.batch import Batch, Operation
from perennial.flows.configuration import Workspace
from perennial.flows.problems import problem
from perennial.ledger.account import Account
from perennial.store.codes.vouchers import VoucherRow, VoucherState
from perennial.store.customers.customers import CustomerRow
from perennial.store.members import load_members


def move_wallets(giving: Batch, gone: Operation, taking: Batch, come: Operation) -> None:
    """Move all that the absorbed member's wallets hold to the survivor's, unit by unit.

    What comes in pays what the survivor owes, as every credit does, and so does what the survivor has for
    what the other one owed. Whoever shares one wallet of a household has nothing to move.
    """
    absorbed, survivor = gone.member, come.member
    if absorbed.owner == survivor.owner:
        return
    for unit, wallet in sorted(absorbed.wallets.items()):
        into = survivor.wallets.setdefault(unit, Wallet(lots={}))
        version = _version_of(giving.workspace, unit)
        out = [*leaving(unit, wallet), *debts_leaving(unit, wallet)]
        if not out and wallet.active_at is None:
            continue
        taking.apply(come, version, (activation(unit, into, come.at),))
        arrived: list[Effect] = [*arriving(unit, wallet, into), *debts_arriving(unit, wallet)]
        if wallet.active_at is not None:
            arrived.append(BeActive(unit, wallet.active_at))
        giving.apply(gone, version, tuple(out))
        taking.apply(come, version, tuple(arrived))
        if into.debt:
            paid, _ = spend(into, unit, into.debt, come.at, Account.DEBT)
            taking.apply(come, version, tuple(paid))


def _version_of(workspace: Workspace, unit: int) -> Version:
    """Return the last version that knows a unit."""
    return next(
        version
        for live in workspace.programs
        for version in reversed(live.versions)
        if any(compiled.unit == unit for compiled in version.wallets)
    )


async def move_cards(
    conn: Connection,
    giving: Batch,
    gone: Operation,
    taking: Batch,
    come: Operation,
    vouchers: Iterable[VoucherRow],
) -> list[UUID]:
    """Move the money of gift cards, which lies where the card is, to the survivor's bucket; return the cards.

    The vouchers are locked. Raises the 409 if something is held of a card for an order.
    """
    if giving is taking:
        return []
    moved: list[UUID] = []
    for row in vouchers:
        version = giving.workspace.program_by_id(row.program_id).version(row.version)
        compiled = version.rewards.get(row.reward)
        if row.state is VoucherState.ENDED or compiled is None or not compiled.card_for(row.tier):
            continue
        card, unit = await _load_card(conn, giving, row.voucher_id), version.card_unit
        wallet = card.wallets.get(unit, Wallet(lots={}))
        if wallet.held:
            raise problem(409, "card_held", "A gift card is being used for an order: try it again later.")
        there = Member(card.customer_id, card.owner, wallets={unit: Wallet(lots={})})
        brought = Operation(come.operation_id, come.source_id, there, come.at)
        taking.apply(brought, version, (activation(unit, there.wallets[unit], come.at),))
        out, into = leaving(unit, wallet), arriving(unit, wallet, there.wallets[unit])
        giving.apply(Operation(gone.operation_id, gone.source_id, card, gone.at), version, tuple(out))
        taking.apply(brought, version, tuple(into))
        moved.append(row.voucher_id)
    return moved


async def _load_card(conn: Connection, batch: Batch, card_id: UUID) -> Member:
    row = CustomerRow(customer_id=card_id, external_id="", created_at=batch.now)
    loaded = await load_members(
        conn, batch.workspace.workspace_id, batch.bucket, [row], lots_for={card_id}, reads=lambda _: ({}, {})
    )
    return loaded[card_id]
