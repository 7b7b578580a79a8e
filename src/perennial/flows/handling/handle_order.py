"""``PUT /v1/orders/{id}``: an order is created, paid, changed, fulfilled, or canceled."""

from __future__ import annotations

from uuid import UUID

import msgspec

from perennial.core.customers.blocks import blocked_by
from perennial.core.events import OrderFulfilled, OrderPaid
from perennial.core.member import Member
from perennial.core.needs import place_of
from perennial.core.orders.order import Order, OrderStatus, cost_of, net_amounts
from perennial.core.switches import Switches, recorded
from perennial.core.tiers.tier_then import go_back, go_on
from perennial.flows.answers import Answer, Decided, FieldProblem
from perennial.flows.batch import Batch, Operation
from perennial.flows.commands import PutOrder
from perennial.flows.handling.answering import decided, encode_answer
from perennial.flows.handling.decide_event import decide_event
from perennial.flows.handling.decide_program import EventOf, Outcome, carried, sent_of, store_outcomes
from perennial.flows.handling.earned_rewards import keep, settle_kept
from perennial.flows.handling.event_types import check_order_attributes
from perennial.flows.handling.giving_back import give_back_with_order
from perennial.flows.handling.guest_orders import put_guest_order
from perennial.flows.handling.kept_points import keeper_of
from perennial.flows.handling.order_steps import as_brought, content_of, is_same, refuse_backward
from perennial.flows.handling.undoing import undo_event
from perennial.flows.problems import problem
from perennial.flows.stored import StoredDecision, decode_decisions
from perennial.store.events import EventKind, EventRow
from perennial.store.external_ids import IdKind
from perennial.store.orders import OrderRow, decode_order, encode_order
from perennial.units import Instant

_EARNING = (OrderStatus.PAID, OrderStatus.FULFILLED)


def handle_put_order(batch: Batch, command: PutOrder) -> Answer:
    """Create or change an order; an equal order answers as before and changes nothing."""
    order_id = batch.name("order", command.id)
    if command.customer is None:
        return put_guest_order(batch, command)
    member = batch.member_of(command.customer)
    owner = batch.external.get((IdKind.ORDER, order_id))
    if owner is not None and owner not in (member.customer_id, order_id):
        raise problem(
            422,
            "id_conflict",
            f"Order {command.id!r} belongs to another customer.",
            FieldProblem(path="$.customer", code="id_conflict", message="the order has another customer"),
        )
    known = batch.orders.get(order_id)
    if known is not None:
        command = as_brought(known, command)
    if known is None or known.customer_id == order_id:
        return _create(batch, command, member, order_id, guest=known)
    if is_same(known, command):
        return Answer(status=200, body=known.answer, replayed=True)
    return _change(batch, command, member, known)


def _create(
    batch: Batch, command: PutOrder, member: Member, order_id: UUID, guest: OrderRow | None
) -> Answer:
    at = command.at if command.at is not None else (guest.occurred_at if guest else batch.now)
    operation = batch.operation(member, order_id, at)
    order = command.order
    if guest is not None and guest.returned:
        raise problem(422, "order_has_returns", f"Order {command.id!r} has returns: it stays a guest's.")
    check_order_attributes(batch.workspace, order)
    outcomes: list[Outcome] = []
    if order.status in _EARNING:
        outcomes = decide_event(batch, operation, _paid(operation, order), enrolls=True)
    if guest is None:
        batch.claim(IdKind.ORDER, order_id, member.customer_id)
    else:
        batch.adopt_guest_order(guest, member.customer_id)
    if order.status is OrderStatus.CANCELED:
        give_back_with_order(batch, operation, order_id, {}, canceled=True)
    answer = decided(batch, member, command.id, outcomes, status=order.status.value, revision=1)
    batch.put_order(
        OrderRow(
            customer_id=member.customer_id,
            order_id=order_id,
            operation_id=operation.operation_id,
            status=order.status,
            revision=1,
            external_id=command.id,
            net=sum(net_amounts(order)),
            occurred_at=at,
            paid_at=at if order.status in _EARNING else None,
            recorded_at=batch.now,
            body=encode_order(order),
            decision=store_outcomes(outcomes),
            answer=(body := encode_answer(answer)),
            currency=order.currency,
            cost=cost_of(order),
            location=order.location,
        )
    )
    return Answer(status=201, body=body)


def _paid(operation: Operation, order: Order) -> EventOf:
    event = OrderPaid(id=operation.source_id, at=operation.at, order=order)
    return lambda _: event


def _change(batch: Batch, command: PutOrder, member: Member, known: OrderRow) -> Answer:
    """Move a known order to a new status, or judge its new content; never backward."""
    before, after = known.status, command.order.status
    refuse_backward(known, command)
    moved = command.at if command.at not in (None, known.occurred_at) else batch.now
    operation = batch.operation(member, known.order_id, max(moved or batch.now, known.occurred_at))
    operation.keeper = keeper_of(batch, known)
    stored = decode_decisions(known.decision)
    changes = _content(known) != content_of(command.order) and after is not OrderStatus.CANCELED
    outcomes: list[Outcome] = []
    paid_at, decisions = known.paid_at, known.decision
    if after is OrderStatus.CANCELED:
        if known.paid_at is not None:
            outcomes = _cancel(batch, operation, known, stored)
        give_back_with_order(batch, operation, known.order_id, {}, canceled=True)
    elif known.paid_at is None:
        if after in _EARNING:
            outcomes = decide_event(batch, operation, _paid(operation, command.order), enrolls=True)
            paid_at, decisions = operation.at, store_outcomes(outcomes)
    elif changes:
        outcomes = _judge_anew(batch, member, command.order, known, stored)
        decisions = store_outcomes(outcomes)
    if after is OrderStatus.FULFILLED and known.paid_at is not None and before is not after:
        event = OrderFulfilled(id=known.order_id, at=operation.at, waits_for=known.order_id.hex)
        decide_event(batch, operation, lambda _: event)
    order = decode_order(known.body) if after is OrderStatus.CANCELED else command.order
    order = msgspec.structs.replace(order, status=after)
    return _save_change(batch, command, member, known, operation, order, outcomes, paid_at, decisions)


def _save_change(
    batch: Batch,
    command: PutOrder,
    member: Member,
    known: OrderRow,
    operation: Operation,
    order: Order,
    outcomes: list[Outcome],
    paid_at: Instant | None,
    decisions: bytes,
) -> Answer:
    revision = known.revision + 1
    answer: Decided = decided(
        batch, member, command.id, outcomes, status=order.status.value, revision=revision
    )
    body = encode_answer(answer)
    batch.put_event(_revision_row(batch, known))
    batch.put_order(
        msgspec.structs.replace(
            known,
            operation_id=operation.operation_id,
            status=order.status,
            revision=revision,
            net=sum(net_amounts(order)),
            paid_at=paid_at,
            body=encode_order(command.order),
            decision=decisions,
            answer=body,
            currency=order.currency,
            cost=cost_of(order),
            location=order.location,
        )
    )
    return Answer(status=200, body=body)


def _revision_row(batch: Batch, known: OrderRow) -> EventRow:
    """Keep what the order was: its body, decision and answer before this change."""
    return EventRow(
        customer_id=known.customer_id,
        event_id=batch.name("revision", f"{known.order_id}/{known.revision}"),
        operation_id=known.operation_id,
        kind=EventKind.ORDER_REVISION,
        external_id=known.external_id,
        source_id=known.order_id,
        occurred_at=known.occurred_at,
        recorded_at=batch.now,
        body=known.body,
        decision=known.decision,
        answer=known.answer,
    )


def _content(known: OrderRow) -> Order:
    return content_of(decode_order(known.body))


def _cancel(
    batch: Batch,
    operation: Operation,
    known: OrderRow,
    stored: list[StoredDecision],
    *,
    revised: bool = False,
) -> list[Outcome]:
    everything = tuple(line.quantity for line in decode_order(known.body).lines)
    undo = undo_event(batch, known, stored, operation, everything, canceled=True, revised=revised)
    return decide_event(batch, operation, undo, settles=not revised)


def _judge_anew(
    batch: Batch, member: Member, order: Order, known: OrderRow, stored: list[StoredDecision]
) -> list[Outcome]:
    """Undo the old decision and decide the changed order at its original time and version.

    So are switches and blocks: by what was off when it was decided first, whatever is off now. The tier is
    the one from before the order, which may have been what reached the present one.
    """
    if known.returned:
        raise problem(
            422, "order_has_returns", f"Order {known.external_id!r} has returns and cannot be changed."
        )
    assert known.paid_at is not None
    operation = Operation(batch.ids.next(), known.order_id, member, known.paid_at)
    operation.keeper = keeper_of(batch, known)
    _cancel(batch, operation, known, stored, revised=True)
    then, now = _switches_then(batch, stored), member.blocked
    keep(operation, stored)
    operation.sent = sent_of(stored)
    member.blocked = _blocked_then(stored)
    put_to_rest = _wake(batch, member, stored, known)
    went_back = go_back(member, _tiers_then(stored))
    outcomes = decide_event(batch, operation, _paid(operation, order), enrolls=True, switches=then)
    go_on(member, went_back)
    for number, place in put_to_rest:
        member.limits[number][place] = known.paid_at
    member.blocked = now
    used = settle_kept(batch, operation)
    return outcomes + [carried(operation, batch.workspace.program_by_id(each.program), each) for each in used]


def _wake(
    batch: Batch, member: Member, stored: list[StoredDecision], known: OrderRow
) -> list[tuple[int, int]]:
    """Let rules with a cooldown that an order itself put to rest be as before it; return numbers and places.

    Otherwise a changed order would lose what these rules gave it. They rest from then again afterwards,
    whether they give once more or not: as after a cancellation.
    """
    numbers: list[tuple[int, int]] = []
    for decision in stored:
        if decision.trigger != "order.paid" or decision.snapshot is None:
            continue
        version = batch.workspace.program_by_id(decision.program).version(decision.version)
        gave = {award.rule for award in decision.awards if award.points}
        for rule in version.rules:
            if rule.cooldown is None or rule.rule.id not in gave:
                continue
            limit = version.limits[rule.cooldown]
            place = place_of(limit, decode_order(known.body).location) if limit.by_place else 0
            instants = member.limits.get(limit.number, {})
            if instants.get(place) == known.paid_at:
                instants[place] = decision.snapshot.used[rule.cooldown]
                numbers.append((limit.number, place))
    return numbers


def _tiers_then(stored: list[StoredDecision]) -> dict[int, str | None]:
    """Return the tier by which each program had judged an order of a member."""
    return {
        decision.program: decision.snapshot.tier
        for decision in stored
        if decision.trigger == "order.paid"
        and decision.snapshot is not None
        and decision.snapshot.joined_at is not None
    }


def _switches_then(batch: Batch, stored: list[StoredDecision]) -> Switches:
    """Return what was off when an order was decided first: a change costs nobody what a stop left alone."""
    return Switches(
        switch
        for decision in stored
        if decision.trigger == "order.paid" and decision.snapshot is not None
        for switch in recorded(batch.workspace.program_by_id(decision.program).code, decision.snapshot.off)
    )


def _blocked_then(stored: list[StoredDecision]) -> int:
    """Return from what the customer was blocked when an order was decided first."""
    return blocked_by(
        key
        for decision in stored
        if decision.trigger == "order.paid" and decision.snapshot is not None
        for key in decision.snapshot.off
    )
