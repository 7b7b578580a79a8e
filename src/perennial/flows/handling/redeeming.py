"""``POST /v1/holds`` and ``/v1/redemptions``: codes, rewards and points are used on an order.

A hold takes everything that the redemption would take; redeeming it only says so. What was held comes
back when it is released, or by itself when its time is over.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar
from uuid import UUID

import msgspec

from perennial.core.checkout.checkout import Basket, Checkout, check_out, offers_of
from perennial.core.checkout.redemption import (
    hold_over,
    price_changed,
    settle_checkout,
    switched_off_since,
    too_many_holds,
    used_by_program,
    used_on,
    used_places,
)
from perennial.core.checkout.used import Used, UsedByProgram, capture
from perennial.core.customers.blocks import WHY_NOTHING_SPENT, Block
from perennial.core.decision import Decision
from perennial.core.effects import Effect, UseVoucher
from perennial.core.events import CartRedeemed
from perennial.core.member import Member
from perennial.core.orders.order import Order
from perennial.core.pricing.price import Offer
from perennial.core.refusals import Refusal
from perennial.core.wallets.spending import customer_blocked
from perennial.flows.answers import Answer
from perennial.flows.asked import Found, find_asked
from perennial.flows.batch import Batch, Operation
from perennial.flows.commands import Asked, ChangeHold, PostRedemption, RedeemHold
from perennial.flows.configuration import LiveProgram, Workspace
from perennial.flows.handling.decide_program import Outcome, decide_follow_ups, event_row
from perennial.flows.handling.enrolling import enroll_automatically
from perennial.flows.handling.event_types import check_order_attributes
from perennial.flows.handling.gift_cards import charge_cards
from perennial.flows.handling.giving_back import apply_returning, holder_of, redemption_of
from perennial.flows.handling.quote_answers import encode_redemption, redemption_answer, with_state
from perennial.flows.handling.timers_due import run_timers_due
from perennial.flows.once import body_of, replayed
from perennial.flows.problems import problem, refused
from perennial.ledger.account import Account
from perennial.store.codes.redemptions import RedemptionRow, RedemptionState
from perennial.store.events import EventKind
from perennial.store.external_ids import IdKind

_Asks = TypeVar("_Asks", PostRedemption, ChangeHold)


def handle_redemption(batch: Batch, command: PostRedemption) -> Answer:
    """Use what was asked for on the order, or hold it; what cannot be used is said, and costs nothing."""
    event_id = batch.name("redemption", command.id)
    member = _customer_of(batch, command.customer, event_id)
    body = body_of(without_codes(batch, command))
    earlier = replayed(batch, IdKind.REDEMPTION, event_id, member.customer_id, command.id, body)
    if earlier is not None:
        return earlier
    holds = command.hold_for is not None
    if holds and command.customer is not None:
        _refuse(too_many_holds(batch.held.get(member.customer_id, 0)))
    check_order_attributes(batch.workspace, command.order)
    found = find_asked(batch.workspace, command.redeem, command.points, batch.entered)
    at = command.at if command.at is not None else batch.now
    guest = command.customer is None
    if not guest:
        run_timers_due(batch, member, at)
    operation = batch.operation(member, event_id, at)
    if not guest:
        for live in batch.workspace.programs:
            enroll_automatically(batch, operation, live)
    target = Account.HELD if holds else Account.REDEEMED
    checkout = checked_out(batch, operation, found, command, target, tell_near=False)
    _refuse(price_changed(command.expects, checkout.to_pay))
    used, outcomes = use_checkout(batch, operation, checkout, found, target)
    held_until = at + command.hold_for if command.hold_for is not None else None
    state = RedemptionState.HELD if holds else RedemptionState.REDEEMED
    answer = redemption_answer(batch, command, member, checkout, state, held_until)
    row = RedemptionRow(
        customer_id=member.customer_id,
        redemption_id=event_id,
        order_id=batch.name("order", command.order_id) if command.order_id is not None else None,
        held_until=held_until,
        state=state,
        used=used,
        answer=encode_redemption(answer),
    )
    batch.put_redemption(row)
    batch.note_on_order(row)
    batch.claim(IdKind.REDEMPTION, event_id, member.customer_id)
    kind = EventKind.HOLD if holds else EventKind.REDEMPTION
    batch.put_event(
        event_row(batch, operation, kind, outcomes, external_id=command.id, body=body, answer=row.answer)
    )
    return Answer(status=201, body=row.answer)


def handle_redeem_hold(batch: Batch, command: RedeemHold) -> Answer:
    """Redeem what was held, exactly as it was priced."""
    row = redemption_of(batch, command.id, command.customer)
    if row.state is RedemptionState.REDEEMED:
        return Answer(status=200, body=row.answer, replayed=True)
    at = command.at if command.at is not None else batch.now
    if row.state is not RedemptionState.HELD or (row.held_until is not None and row.held_until <= at):
        raise refused(hold_over(command.id))
    _refuse_switched_off(batch.workspace, row.used)
    holder = holder_of(batch, row)
    if holder.blocked & Block.SPENDING:
        raise refused(customer_blocked(WHY_NOTHING_SPENT))
    operation = batch.operation(holder, batch.ids.next(), at)
    used, returning = capture(row.used)
    apply_returning(batch, operation, returning)
    answer = with_state(row.answer, RedemptionState.REDEEMED)
    order_id = batch.name("order", command.order_id) if command.order_id is not None else row.order_id
    redeemed = msgspec.structs.replace(
        row,
        state=RedemptionState.REDEEMED,
        held_until=None,
        used=used,
        order_id=order_id,
        answer=answer,
    )
    batch.put_redemption(redeemed)
    batch.note_on_order(redeemed)
    body = body_of(command)
    batch.put_event(
        event_row(batch, operation, EventKind.REDEMPTION, source=row.redemption_id, body=body, answer=answer)
    )
    return Answer(status=200, body=answer)


def _refuse_switched_off(workspace: Workspace, used: Used) -> None:
    """Refuse to redeem a hold on something that was switched off since; it can only be released."""
    for part in used.programs:
        version = workspace.program_by_id(part.program).version(part.version)
        _refuse(switched_off_since(part, version, workspace.switches))


def _refuse(refusal: Refusal | None) -> None:
    if refusal is not None:
        raise refused(refusal)


def _customer_of(batch: Batch, customer: str | None, event_id: UUID) -> Member:
    """Return the member, or for a guest somebody with nothing, who goes by the redemption's own id."""
    if customer is not None:
        return batch.member_of(customer)
    return Member(customer_id=event_id, owner=event_id)


def without_codes(batch: Batch, command: _Asks) -> _Asks:
    """Return the command as it may be stored: a code is named by its hash, and not who sends it.

    The same cart is the same whoever sends it again.
    """
    redeem = tuple(
        asked if asked.code is None else Asked(code=_hash_of(batch, asked.code)) for asked in command.redeem
    )
    order = msgspec.structs.replace(command.order, codes=(), redeemer=None)
    return msgspec.structs.replace(command, redeem=redeem, order=order)


def _hash_of(batch: Batch, code: str) -> str:
    known = batch.entered_hashes.get(code)
    return (known[0] if known else batch.codebook.likeliest_hash_of(batch.workspace.workspace_id, code)).hex


def checked_out(
    batch: Batch,
    operation: Operation,
    found: Found,
    command: PostRedemption,
    target: Account,
    *,
    tell_near: bool,
) -> Checkout:
    """Price the command's cart for the member as it stands in the batch."""
    basket = Basket(
        id=operation.source_id,
        at=operation.at,
        order=command.order,
        wanted=found.wanted,
        points=found.points,
        cards=found.cards,
    )
    offers = live_offers(batch, operation, command.order, guest=command.customer is None)
    return check_out(basket, offers, operation.member, target, tell_near=tell_near)


def live_offers(batch: Batch, operation: Operation, order: Order, *, guest: bool) -> list[Offer]:
    """Return what the valid programs offer on an order; a workspace without one has no checkout."""
    member, at = operation.member, operation.at
    versions = [version for live in batch.workspace.programs if (version := live.version_at(at)) is not None]
    if not versions:
        raise problem(409, "no_program", "There is no program yet that could price a cart.")
    return offers_of(versions, member, at, batch.spent, order, batch.workspace.switches, guest=guest)


def use_checkout(
    batch: Batch, operation: Operation, checkout: Checkout, found: Found, target: Account
) -> tuple[Used, list[Outcome]]:
    """Take over what every program decided, and return what was used."""
    uses, order = _voucher_uses(checkout, found), checkout.quote.order
    outcomes: list[Outcome] = []
    parts: list[UsedByProgram] = []
    for live in batch.workspace.programs:
        version = live.version_at(operation.at)
        if version is None:
            continue
        effects = (*checkout.effects.get(live.program_id, ()), *uses.get(live.program_id, ()))
        owner = operation.member.owner
        place = batch.place_of(owner)
        part = used_by_program(checkout, version, effects, owner, place, operation.at)
        if part is None:
            continue
        outcome, decision = _settle(batch, operation, live, effects, order)
        outcomes.append(outcome)
        outcomes += decide_follow_ups(batch, operation, live, decision.follow_ups)
        parts.append(part)
    parts += charge_cards(batch, operation, checkout.cards, target)
    used = used_on(order, parts, target, operation.at)
    return used, outcomes


def _settle(
    batch: Batch, operation: Operation, live: LiveProgram, effects: Sequence[Effect], order: Order
) -> tuple[Outcome, Decision]:
    version = live.version_at(operation.at)
    assert version is not None
    member = operation.member
    membership = member.memberships.get(live.program_id)
    before = membership.tier if membership else None
    event = CartRedeemed(id=operation.source_id, at=operation.at)
    decision = settle_checkout(event, version, member, batch.spent, order, batch.workspace.switches, effects)
    batch.apply(operation, version, decision.effects)
    membership = member.memberships.get(live.program_id)
    after = membership.tier if membership else None
    return Outcome(live, version, "cart.redeemed", decision, before, after), decision


def _voucher_uses(checkout: Checkout, found: Found) -> dict[int, list[UseVoucher]]:
    """Return what uses the vouchers that were applied, by program."""
    uses: dict[int, list[UseVoucher]] = {}
    for place in used_places(checkout, len(found.wanted)):
        voucher = found.vouchers.get(place)
        if voucher is None:
            continue
        row = voucher.row
        row.used += 1
        use = UseVoucher(voucher.bucket, row.customer_id, row.voucher_id, 1)
        uses.setdefault(row.program_id, []).append(use)
    return uses
