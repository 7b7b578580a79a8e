"""Vouchers that completing a challenge gave, when an order that helped to complete it comes back."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from asyncpg import Connection

from perennial.core.challenge_returns import gives_vouchers
from perennial.core.effects import Effect, IssueVoucher, VoidVoucher
from perennial.core.events import ChallengeCompleted, Event, OrderReturned
from perennial.core.member import Member
from perennial.core.order import OrderStatus
from perennial.flows.batch import Batch
from perennial.flows.commands import Command, PostReturn, PutOrder
from perennial.flows.stored import decode_decisions
from perennial.store.orders import OrderRow
from perennial.store.vouchers import lock_unused


async def load_won(conn: Connection, batch: Batch, commands: Sequence[Command]) -> None:
    """Lock the vouchers that may have to be taken back with the orders that come back."""
    for row in [found for command in commands if (found := _coming_back(batch, command)) is not None]:
        for decision in decode_decisions(row.decision):
            version = batch.workspace.program_by_id(decision.program).version(decision.version)
            counted = {each.challenge for each in decision.contributions}
            won = batch.won.setdefault((row.customer_id, decision.program), {})
            for compiled in version.challenges:
                name = compiled.challenge.id
                if compiled.number in counted and name not in won and gives_vouchers(compiled.challenge):
                    won[name] = await lock_unused(
                        conn,
                        batch.workspace.workspace_id,
                        batch.bucket,
                        row.customer_id,
                        decision.program,
                        name,
                    )


def unused_of(batch: Batch, customer_id: UUID, program_id: int) -> dict[str, tuple[UUID, ...]]:
    """Return the vouchers of challenges that a customer has not used, by the challenge, the latest first."""
    won = batch.won.get((customer_id, program_id), {})
    return {name: tuple(vouchers) for name, vouchers in won.items()}


def note_won(batch: Batch, member: Member, program_id: int, event: Event, effects: Sequence[Effect]) -> None:
    """Note what a challenge gave in this batch, and what a return took back."""
    if isinstance(event, ChallengeCompleted):
        for effect in effects:
            if isinstance(effect, IssueVoucher):
                won = batch.won.setdefault((member.customer_id, program_id), {})
                won.setdefault(effect.reward, []).insert(0, effect.code.code_hash)
    elif isinstance(event, OrderReturned):
        voided = {effect.voucher_id for effect in effects if isinstance(effect, VoidVoucher)}
        for vouchers in batch.won.get((member.customer_id, program_id), {}).values() if voided else ():
            vouchers[:] = [each for each in vouchers if each not in voided]


def _coming_back(batch: Batch, command: Command) -> OrderRow | None:
    if isinstance(command, PostReturn):
        return batch.orders.get(batch.name("order", command.order))
    if isinstance(command, PutOrder) and command.order.status is OrderStatus.CANCELED:
        return batch.orders.get(batch.name("order", command.id))
    return None
