"""Rewards that rules gave for an order, when it comes back or is judged anew: unused, they are taken back.

An order that is judged anew keeps what it gave, as long as the same rule still gives it: nobody gets a
second code by changing an order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from asyncpg import Connection

from perennial.core.decision import Decision
from perennial.core.effects import IssueVoucher, VoidVoucher
from perennial.core.events import RewardEarned
from perennial.core.given_reward import GivenReward
from perennial.flows.batch import Batch, Operation
from perennial.flows.commands import Command, PostReturn, PutOrder
from perennial.flows.configuration import LiveProgram
from perennial.flows.stored import REWARD_EARNED, StoredDecision, decode_decisions
from perennial.store.codes.vouchers import VoucherState, load_vouchers


async def load_earned(conn: Connection, batch: Batch, commands: Sequence[Command]) -> None:
    """Lock the vouchers that rules gave for the orders that commands take back or change."""
    keys = []
    for command in commands if batch.orders else ():
        if not isinstance(command, PutOrder | PostReturn):
            continue
        known = batch.orders.get(
            batch.name("order", command.id if isinstance(command, PutOrder) else command.order)
        )
        if known is None or REWARD_EARNED.encode() not in known.decision:
            continue
        keys += [
            (known.customer_id, decision.given.voucher_id)
            for decision in decode_decisions(known.decision)
            if decision.given is not None and decision.given.voucher_id is not None
        ]
    if keys:
        batch.earned = await load_vouchers(conn, batch.workspace.workspace_id, batch.bucket, keys)


def unused_of(batch: Batch, stored: Iterable[StoredDecision], program_id: int) -> tuple[GivenReward, ...]:
    """Return what one program's rules gave for an order and nobody used, held codes counting as used."""
    return tuple(
        decision.given
        for decision in stored
        if decision.given is not None and decision.program == program_id and is_unused(batch, decision.given)
    )


def is_unused(batch: Batch, given: GivenReward) -> bool:
    """Return whether nobody used what a rule gave, and it can be taken back."""
    if given.stays:
        return False
    if given.voucher_id is None or given.voucher_id in batch.issued:
        return True
    row = batch.earned.get(given.voucher_id)
    return row is not None and row.state is VoucherState.ISSUED and not row.used


def keep(operation: Operation, stored: Iterable[StoredDecision]) -> None:
    """Let an order that is judged anew keep what its rules gave before."""
    operation.kept = {
        (decision.program, decision.given.rule): decision for decision in stored if decision.given is not None
    }


def kept_for(
    batch: Batch, operation: Operation, live: LiveProgram, event: RewardEarned
) -> RewardEarned | StoredDecision:
    """Return the event with what is kept for it; or what was used already, which stays as it is."""
    kept = None if operation.kept is None else operation.kept.get((live.program_id, event.rule))
    if kept is None or kept.given is None or kept.given.reward != event.reward:
        return event
    if is_unused(batch, kept.given):
        return msgspec.structs.replace(event, kept=kept.given)
    assert operation.kept is not None
    del operation.kept[live.program_id, event.rule]
    return kept


def note_given(
    batch: Batch, operation: Operation, live: LiveProgram, event: RewardEarned, decision: Decision
) -> None:
    """Note what a rule gave: vouchers issued in this batch nobody can have used, and what was kept is kept.

    What was to be kept and is refused now stays among what :func:`settle_kept` takes back.
    """
    batch.issued.update(
        effect.code.code_hash for effect in decision.effects if isinstance(effect, IssueVoucher)
    )
    if event.kept is not None and decision.given is not None and operation.kept is not None:
        del operation.kept[live.program_id, event.rule]


def settle_kept(batch: Batch, operation: Operation) -> list[StoredDecision]:
    """Take back what an order that was judged anew gives no more; return what was used and stays noted."""
    used = []
    for decision in (operation.kept or {}).values():
        assert decision.given is not None
        if not is_unused(batch, decision.given):
            used.append(decision)
        elif decision.given.voucher_id is not None:
            version = batch.workspace.program_by_id(decision.program).version(decision.version)
            batch.apply(operation, version, (VoidVoucher(decision.given.voucher_id),))
    return used
