"""``PUT /v1/holds/{id}``: the cart changes while it is held.

What was held comes back and the new cart is priced in one transaction, so that nobody else can take in
between what still applies. The hold ends when it would have ended.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from perennial.core.checkout.redemption import grace_of, hold_over, hold_redeemed, price_changed
from perennial.core.checkout.used import give_back
from perennial.core.pricing.redeemables import Status
from perennial.flows.answers import Answer
from perennial.flows.asked import find_asked
from perennial.flows.batch import Batch, Operation
from perennial.flows.commands import ChangeHold, PostRedemption
from perennial.flows.handling.decide_program import event_row
from perennial.flows.handling.enrolling import enroll_automatically
from perennial.flows.handling.event_types import check_order_attributes
from perennial.flows.handling.giving_back import apply_returning, holder_of, redemption_of
from perennial.flows.handling.quote_answers import (
    HoldChangeAnswer,
    QuoteAnswer,
    RedeemableAnswer,
    decode_redemption,
    encode_redemption,
    redemption_answer,
)
from perennial.flows.handling.redeeming import checked_out, use_checkout, without_codes
from perennial.flows.handling.timers_due import run_timers_due
from perennial.flows.once import body_of
from perennial.flows.problems import refused
from perennial.ledger.account import Account
from perennial.store.codes.redemptions import RedemptionRow, RedemptionState
from perennial.store.events import EventKind


def handle_change_hold(batch: Batch, command: ChangeHold) -> Answer:
    """Let the hold be of another cart; the same change again changes nothing."""
    row = redemption_of(batch, command.id, command.customer)
    body = body_of(without_codes(batch, command))
    at = command.at if command.at is not None else batch.now
    if row.state is RedemptionState.REDEEMED:
        raise refused(hold_redeemed(command.id))
    if row.state is not RedemptionState.HELD or (row.held_until is not None and row.held_until <= at):
        raise refused(hold_over(command.id))
    if row.asked == body:
        return Answer(status=200, body=row.answer, replayed=True)
    check_order_attributes(batch.workspace, command.order)
    member = holder_of(batch, row)
    guest = row.customer_id == row.redemption_id
    operation = Operation(batch.ids.next(), row.redemption_id, member, at)
    if not guest:
        run_timers_due(batch, member, at)
        for live in batch.workspace.programs:
            enroll_automatically(batch, operation, live)
    _give_all_back(batch, operation, row)
    return _price_anew(batch, command, row, operation, body)


def _give_all_back(batch: Batch, operation: Operation, row: RedemptionRow) -> None:
    _, returning = give_back(
        row.used,
        row.used.quantities,
        operation.at,
        grace_of((live.latest for live in batch.workspace.programs), operation.at),
        (batch.bucket, row.customer_id),
        operation.member.limits,
        void=True,
    )
    apply_returning(batch, operation, returning)


def _price_anew(
    batch: Batch, command: ChangeHold, row: RedemptionRow, operation: Operation, body: bytes
) -> Answer:
    """Hold what the new cart uses, and say what became of what was held."""
    # A gift card holds again what the hold had taken out of it.
    found = find_asked(batch.workspace, command.redeem, command.points, batch.entered)
    before = decode_redemption(row.answer)
    cart = PostRedemption(
        id=command.id,
        customer=before.customer,
        at=operation.at,
        order=command.order,
        redeem=command.redeem,
        points=command.points,
        order_id=command.order_id or before.order,
    )
    checkout = checked_out(batch, operation, found, cart, Account.HELD, tell_near=False)
    changed = price_changed(command.expects, checkout.to_pay)
    if changed is not None:
        raise refused(changed)
    used, outcomes = use_checkout(batch, operation, checkout, found, Account.HELD)
    answer = redemption_answer(batch, cart, operation.member, checkout, RedemptionState.HELD, row.held_until)
    answer = msgspec.structs.replace(answer, changes=tuple(what_changed(before.quote, answer.quote)))
    order_id = batch.name("order", command.order_id) if command.order_id is not None else row.order_id
    changed_row = msgspec.structs.replace(
        row, order_id=order_id, used=used, answer=encode_redemption(answer), asked=body
    )
    batch.put_redemption(changed_row)
    batch.note_on_order(changed_row)
    source = row.redemption_id
    event = event_row(
        batch, operation, EventKind.HOLD, outcomes, source=source, body=body, answer=changed_row.answer
    )
    batch.put_event(msgspec.structs.replace(event, event_id=batch.ids.next()))
    return Answer(status=200, body=changed_row.answer)


def what_changed(before: QuoteAnswer, now: QuoteAnswer) -> Iterator[HoldChangeAnswer]:
    """Tell of everything that was held before, or is now, what became of it."""
    asked = {_key(one): one for one in now.redeemables}
    held = [one for one in before.redeemables if _applied(one)]
    for one, other in _pairs(held, [one for one in now.redeemables if _applied(one)]):
        yield _of_reward(one, other, asked.get(_key(one)) if one is not None else None)
    for kind, name, one_amount, other_amount in _payments(before, now):
        yield HoldChangeAnswer(
            kind=kind, name=name, what=_what(one_amount, other_amount), before=one_amount, now=other_amount
        )


def _of_reward(
    one: RedeemableAnswer | None, other: RedeemableAnswer | None, asked: RedeemableAnswer | None
) -> HoldChangeAnswer:
    """Tell what became of one redeemable; one that is asked for still and not held any more says why."""
    shown = other or one
    assert shown is not None
    lost = asked if other is None else None
    return HoldChangeAnswer(
        kind="reward",
        name=shown.name,
        reward=f"{shown.program}/{shown.reward}",
        what="kept" if one and other else "taken" if other else "given_back",
        before=one.discount if one else 0,
        now=other.discount if other else 0,
        reason=lost.reason if lost else None,
        message=lost.message if lost else None,
        by=lost.by if lost else None,
    )


def _payments(before: QuoteAnswer, now: QuoteAnswer) -> Iterator[tuple[str, str, int, int]]:
    """Yield what wallets (in points) and gift cards (in money) paid before and pay now."""
    points = [{one.wallet: one.points for one in quote.points} for quote in (before, now)]
    cards = [{one.card: one.amount for one in quote.cards} for quote in (before, now)]
    for kind, (was, is_now) in (("points", points), ("card", cards)):
        for name in {**was, **is_now}:
            if was.get(name) or is_now.get(name):
                yield kind, name, was.get(name, 0), is_now.get(name, 0)


def _what(before: int, now: int) -> str:
    return "given_back" if not now else "kept" if before else "taken"


def _key(one: RedeemableAnswer) -> tuple[str, str, str, str]:
    return (one.program, one.reward, one.source, one.name)


def _applied(one: RedeemableAnswer) -> bool:
    return one.status == Status.APPLICABLE.value


def _pairs(
    before: Sequence[RedeemableAnswer], now: Sequence[RedeemableAnswer]
) -> Iterator[tuple[RedeemableAnswer | None, RedeemableAnswer | None]]:
    """Yield what stands on both sides by its key, then what stands on one alone."""
    left = list(now)
    for one in before:
        place = next((place for place, other in enumerate(left) if _key(other) == _key(one)), None)
        yield one, None if place is None else left.pop(place)
    yield from ((None, other) for other in left)
