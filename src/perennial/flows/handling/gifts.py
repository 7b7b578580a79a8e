"""What a claim handed out, in its answer; and the codes of pools that go to the member with it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from perennial.core.effects import Entitle, IssueVoucher
from perennial.flows.answers import Decided, EntitlementAnswer, VoucherAnswer
from perennial.flows.batch import Batch, Operation
from perennial.flows.configuration import LiveProgram
from perennial.flows.handling.decide_program import Outcome
from perennial.flows.loading.drawn_codes import hand_over
from perennial.store.codes.entitlements import entitlement_id
from perennial.units import Instant, format_instant


def drawn_pools(batch: Batch, live: LiveProgram) -> tuple[str, ...]:
    """Return the pools of a program of which a code is still set aside."""
    return tuple(
        pool
        for (program_id, pool), free in batch.free_codes.items()
        if program_id == live.program_id and free
    )


def with_gifts(batch: Batch, operation: Operation, answer: Decided, outcomes: Sequence[Outcome]) -> Decided:
    """Return the answer with what the outcomes handed out; hand over the codes of pools among it."""
    voucher: VoucherAnswer | None = None
    entitlements: list[EntitlementAnswer] = []
    for outcome in outcomes:
        for effect in outcome.decision.effects:
            if isinstance(effect, IssueVoucher):
                # What completing a challenge gave with it is found among the customer's vouchers.
                voucher = _issued(operation, outcome, effect) if effect.claimed else voucher
            elif isinstance(effect, Entitle):
                number = len(entitlements)
                entitlements.append(_entitled(batch, operation, outcome, effect, number))
                if effect.pool is not None and outcome.caused is None:
                    voucher = _handed_over(batch, operation, outcome, effect.pool)
    if voucher is None and not entitlements:
        return answer
    return msgspec.structs.replace(answer, voucher=voucher, entitlements=tuple(entitlements))


def _issued(operation: Operation, outcome: Outcome, effect: IssueVoucher) -> VoucherAnswer:
    return VoucherAnswer(
        id=str(operation.source_id if effect.claimed else effect.code.code_hash),
        code=effect.code.text,
        reward=f"{outcome.live.code}/{effect.reward}",
        value=effect.value,
        currency=effect.currency,
        points=effect.points,
        expires_at=_text(effect.expires_at),
    )


def _entitled(
    batch: Batch, operation: Operation, outcome: Outcome, effect: Entitle, number: int
) -> EntitlementAnswer:
    return EntitlementAnswer(
        id=str(entitlement_id(batch.workspace.workspace_id, operation.operation_id, number)),
        kind=effect.kind,
        reward=f"{outcome.live.code}/{effect.reward}",
        state=effect.state.word,
        name=effect.name,
        quantity=effect.quantity,
        amount=effect.amount,
        currency=effect.currency,
        starts_at=_text(effect.starts_at),
        expires_at=_text(effect.expires_at),
    )


def _handed_over(batch: Batch, operation: Operation, outcome: Outcome, pool: str) -> VoucherAnswer:
    """Give the member a code that was set aside."""
    row = hand_over(batch, operation, batch.free_codes[outcome.live.program_id, pool].pop(0))
    return VoucherAnswer(
        id=str(row.voucher_id),
        code=batch.codebook.open(batch.workspace.workspace_id, row.sealed),
        reward=f"{outcome.live.code}/{row.reward}",
        value=row.value,
        currency=row.currency,
        points=0,
        expires_at=_text(row.expires_at),
    )


def _text(instant: Instant | None) -> str | None:
    return None if instant is None else format_instant(instant)
