"""Codes of pools that are handed over with something that nobody asked for: a completed challenge.

A claim says beforehand of which pool it wants a code. That a challenge is completed is known only once
the order is decided: then the batch is decided again, with codes set aside.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from perennial.core.effects import Effect, Entitle
from perennial.core.version import CompiledReward
from perennial.flows.batch import Batch, Operation
from perennial.flows.handed_out import FreeCode
from perennial.store.codes.vouchers import VoucherRow

FIRST_ASKED = 4
"""So many codes are set aside at first; each time they do not suffice, four times as many."""


class CodesNeeded(Exception):
    """A decision hands over a code of a pool, and none is set aside; ``count`` are to be, in all."""

    def __init__(self, program_id: int, pool: str, count: int) -> None:
        super().__init__(pool)
        self.key = (program_id, pool)
        self.count = count


def pools_of(compiled: CompiledReward) -> set[str]:
    """Return the rewards of whose codes one may be handed over, whatever the member's tier."""
    every = [compiled.gives, *compiled.gives_by_tier.values()]
    handed = [given.benefit.hands_out() for gives in every for given in gives]
    return {out.pool for out in handed if out is not None and out.pool is not None}


def pools_with_codes(batch: Batch, program_id: int, compiled: CompiledReward) -> tuple[str, ...]:
    """Return the pools of a reward of which a code is set aside for what is caused.

    What was set aside for claims is left to them. Raises :class:`CodesNeeded` where nobody has looked for
    one yet, or as many were found as were looked for.
    """
    found = []
    for pool in sorted(pools_of(compiled)):
        key = (program_id, pool)
        if batch.caused_codes.get(key):
            found.append(pool)
        elif batch.codes_asked is not None:
            asked = batch.codes_asked.get(key, 0)
            if batch.codes_found.get(key, 0) == asked:
                raise CodesNeeded(program_id, pool, max(FIRST_ASKED, 4 * asked))
    return tuple(found)


def hand_over(batch: Batch, operation: Operation, free: FreeCode) -> VoucherRow:
    """Give the member a code that was set aside."""
    free.row.customer_id = operation.member.customer_id
    free.row.issued_at = operation.at
    batch.given_codes.append(free)
    return free.row


def hand_over_all(
    batch: Batch, operation: Operation, program_id: int, effects: Iterable[Effect]
) -> tuple[Effect, ...]:
    """Give the member the codes that a decision hands over which nobody asked for; say which these are."""
    told: list[Effect] = []
    for effect in effects:
        if isinstance(effect, Entitle) and effect.pool is not None:
            row = hand_over(batch, operation, batch.caused_codes[program_id, effect.pool].pop(0))
            told.append(msgspec.structs.replace(effect, voucher_id=row.voucher_id))
        else:
            told.append(effect)
    return tuple(told)
