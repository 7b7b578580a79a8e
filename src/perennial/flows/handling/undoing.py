"""Taking an order back: the event that undoes what each program gave for it."""

from __future__ import annotations

from perennial.core.award import Award
from perennial.core.challenge_round import Contribution
from perennial.core.events import Event, OrderReturned
from perennial.flows.batch import Batch, Operation
from perennial.flows.configuration import LiveProgram
from perennial.flows.handling import won_vouchers
from perennial.flows.handling.decide_program import EventOf
from perennial.flows.handling.earned_rewards import is_unused, unused_of
from perennial.flows.stored import StoredDecision
from perennial.store.orders import OrderRow, decode_order


def undo_event(
    batch: Batch,
    known: OrderRow,
    stored: list[StoredDecision],
    operation: Operation,
    after: tuple[int, ...],
    *,
    canceled: bool,
    revised: bool = False,
) -> EventOf:
    """Return the ``event_of`` that takes units of an order back, each under its own version."""
    order = decode_order(known.body)
    before = tuple(known.returned or [0] * len(order.lines))
    awards: dict[int, tuple[Award, ...]] = {}
    contributions: dict[int, tuple[Contribution, ...]] = {}
    for decision in stored:
        if decision.trigger == "order.paid":
            awards[decision.program] = (*decision.awards, *awards.get(decision.program, ()))
            contributions[decision.program] = decision.contributions
        elif decision.given is not None and (not revised or is_unused(batch, decision.given)):
            awards[decision.program] = (*awards.get(decision.program, ()), *decision.awards)

    def event_of(live: LiveProgram) -> Event | None:
        return OrderReturned(
            id=known.order_id,
            at=operation.at,
            order=order,
            paid_at=known.paid_at if known.paid_at is not None else operation.at,
            awards=awards.get(live.program_id, ()),
            before=before,
            after=after,
            canceled=canceled,
            revised=revised,
            contributions=contributions.get(live.program_id, ()),
            given=unused_of(batch, stored, live.program_id),
            unused=won_vouchers.unused_of(batch, known.customer_id, live.program_id),
        )

    return event_of
