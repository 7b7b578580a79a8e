"""Codes that completing a challenge gave, when an order that helped to complete it comes back.

They are vouchers of the challenge, gift cards among them, or codes of a pool. Whatever nobody used is locked
when the order comes back, and only then: which of them was given for which completion makes no difference.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from asyncpg import Connection

from perennial.core.challenges.returns import gives_vouchers
from perennial.core.effects import Effect, Entitle, IssueVoucher, VoidVoucher
from perennial.core.events import ChallengeCompleted, Event, OrderReturned
from perennial.core.orders.order import OrderStatus
from perennial.core.version import CompiledChallenge, Version
from perennial.flows.batch import Batch, Operation
from perennial.flows.commands import Command, PostReturn, PutOrder
from perennial.flows.handling.gift_cards import load_full, take_full
from perennial.flows.loading.drawn_codes import pools_of
from perennial.flows.stored import decode_decisions
from perennial.store.codes.vouchers import lock_unused
from perennial.store.orders import OrderRow


async def load_won(conn: Connection, batch: Batch, commands: Sequence[Command]) -> None:
    """Lock the codes that may have to be taken back with the orders that come back."""
    if not batch.orders:
        return
    for row in [found for command in commands if (found := _coming_back(batch, command)) is not None]:
        for decision in decode_decisions(row.decision):
            version = batch.workspace.program_by_id(decision.program).version(decision.version)
            counted = {each.challenge for each in decision.contributions}
            won = batch.won.setdefault((row.customer_id, decision.program), {})
            for compiled in version.challenges:
                name = compiled.challenge.id
                if compiled.number in counted and name not in won and gives_vouchers(compiled.challenge):
                    won[name] = await _lock(conn, batch, row.customer_id, version, compiled)


async def _lock(
    conn: Connection, batch: Batch, customer_id: UUID, version: Version, compiled: CompiledChallenge
) -> list[UUID]:
    """Return what a challenge gave a customer and nobody used, the latest first, and lock it."""
    name = compiled.challenge.id
    reward = version.rewards[name]
    found = await lock_unused(
        conn,
        batch.workspace.workspace_id,
        batch.bucket,
        customer_id,
        version.program_id,
        name,
        drawn=bool(pools_of(reward)),
    )
    money = reward.card_for(None)
    if not found or not money:
        return [*found]
    # A code that is a card and takes something off as well is worth more than what is on it.
    alone = money == reward.reward.claim_value()
    cards = {code: worth if alone else money for code, worth in found.items()}
    touched = await load_full(conn, batch, version.program_id, cards)
    return [voucher_id for voucher_id in found if voucher_id not in touched]


def unused_of(batch: Batch, customer_id: UUID, program_id: int) -> dict[str, tuple[UUID, ...]]:
    """Return the codes of challenges that a customer has not used, by the challenge, the latest first."""
    won = batch.won.get((customer_id, program_id), {})
    return {name: tuple(vouchers) for name, vouchers in won.items()}


def note_won(
    batch: Batch, operation: Operation, version: Version, event: Event, effects: Sequence[Effect]
) -> None:
    """Note what a challenge gave in this batch, and what a return took back, with the money on cards."""
    key = (operation.member.customer_id, version.program_id)
    if isinstance(event, ChallengeCompleted):
        for effect in effects:
            code = _code_given(effect)
            if code is not None:
                batch.won.setdefault(key, {}).setdefault(event.challenge, []).insert(0, code)
    elif isinstance(event, OrderReturned):
        voided = {effect.voucher_id for effect in effects if isinstance(effect, VoidVoucher)}
        for vouchers in batch.won.get(key, {}).values() if voided else ():
            vouchers[:] = [each for each in vouchers if each not in voided]
        for voucher_id in sorted(voided & batch.full_cards.keys()):
            take_full(batch, operation, version, voucher_id)


def _code_given(effect: Effect) -> UUID | None:
    if isinstance(effect, IssueVoucher):
        return effect.code.code_hash
    return effect.voucher_id if isinstance(effect, Entitle) else None


def _coming_back(batch: Batch, command: Command) -> OrderRow | None:
    if isinstance(command, PostReturn):
        return batch.orders.get(batch.name("order", command.order))
    if type(command) is PutOrder and command.order.status is OrderStatus.CANCELED:
        return batch.orders.get(batch.name("order", command.id))
    return None
