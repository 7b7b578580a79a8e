"""``POST /v1/redemptions/{id}/rollback``, and what comes back by itself: with returns, and when holds end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

import msgspec

from perennial.core.checkout.redemption import grace_of, nothing_to_roll_back, returned_with_order
from perennial.core.checkout.used import Returning, Used, give_back
from perennial.core.effects import Capture, Credit, Debit, Effect, GiveBack, UseVoucher
from perennial.core.member import Member
from perennial.core.version import Version
from perennial.flows.answers import Answer
from perennial.flows.batch import Batch, Operation
from perennial.flows.commands import ExpireHold, PostRollback
from perennial.flows.handling.gift_cards import closes
from perennial.flows.handling.quote_answers import RollbackAnswer, encode_redemption, wallet_names, with_state
from perennial.flows.once import body_of, replayed
from perennial.flows.problems import field_problem, problem, refused
from perennial.ledger.account import Account
from perennial.store.codes.redemptions import RedemptionRow, RedemptionState
from perennial.store.events import EventKind, EventRow
from perennial.store.external_ids import IdKind
from perennial.units import Minor, Points


def handle_rollback(batch: Batch, command: PostRollback) -> Answer:
    """Give back what a redemption or hold used, whole or what the returned lines share of it."""
    row = redemption_of(batch, command.redemption, command.customer)
    event_id = batch.name("rollback", command.id)
    body = body_of(command)
    earlier = replayed(batch, IdKind.ROLLBACK, event_id, row.customer_id, command.id, body)
    if earlier is not None:
        return earlier
    if row.used.over:
        raise refused(nothing_to_roll_back(command.redemption))
    held = row.state is RedemptionState.HELD
    if held and command.lines:
        raise field_problem("$.lines", "not_redeemed", "a hold is released as a whole")
    at = command.at if command.at is not None else batch.now
    operation = batch.operation(holder_of(batch, row), event_id, at)
    returned = _returned(row.used, command)
    changed, returning = undo(batch, operation, row, returned, void=not command.lines)
    answer = encode_redemption(
        RollbackAnswer(
            id=command.id,
            redemption=command.redemption,
            state=changed.state.name.lower(),
            points=points_back(batch, returning),
            cards=cards_back(batch, returning),
        )
    )
    batch.claim(IdKind.ROLLBACK, event_id, row.customer_id)
    batch.put_event(_row(batch, operation, command.id, body, answer, row))
    return Answer(status=201, body=answer)


def handle_expired_hold(batch: Batch, command: ExpireHold) -> Answer:
    """Release a hold whose time is over; one that was redeemed or released meanwhile stays as it is."""
    row = batch.redemptions.get(UUID(hex=command.redemption_id))
    if row is None or row.state is not RedemptionState.HELD or not _is_over(row, command):
        return Answer(status=200, body=b"{}", replayed=True)
    operation = batch.operation(holder_of(batch, row), batch.ids.next(), command.at)
    undo(batch, operation, row, row.used.quantities, void=True)
    batch.put_event(_row(batch, operation, "", b"", b"", row))
    return Answer(status=200, body=b"{}")


def _is_over(row: RedemptionRow, command: ExpireHold) -> bool:
    return command.early or (row.held_until or 0) <= command.at


def give_back_with_order(
    batch: Batch, operation: Operation, order_id: UUID, units: Mapping[str, int], *, canceled: bool
) -> None:
    """Give back what was redeemed on an order as ``units`` of its lines (by their ids) have come back.

    The units are all that came back so far. Without units to compare, only a canceled order gives back.
    What guests used on it comes back as well, whoever has the order now.
    """
    mine = operation.member.customer_id
    for row in list(batch.redemptions.values()):
        if row.order_id != order_id or row.used.over or row.customer_id not in (mine, row.redemption_id):
            continue
        used = row.used
        returned = returned_with_order(used, units)
        if canceled or returned != used.returned:
            undo(batch, operation, row, used.quantities if canceled else returned, void=canceled)


def undo(
    batch: Batch, operation: Operation, row: RedemptionRow, returned: tuple[int, ...], *, void: bool
) -> tuple[RedemptionRow, list[Returning]]:
    """Give back what ``returned`` units share, and store the redemption as it is then."""
    used, returning = give_back(
        row.used,
        returned,
        operation.at,
        grace_of((live.latest for live in batch.workspace.programs), operation.at),
        (batch.bucket_of_redemption(row), row.customer_id),
        holder_of(batch, row).limits,
        void=void,
    )
    apply_returning(batch, operation, returning)
    state = row.state
    if used.over:
        state = RedemptionState.ROLLED_BACK if row.used.captured else RedemptionState.RELEASED
    changed = msgspec.structs.replace(
        row,
        used=used,
        state=state,
        held_until=row.held_until if state is RedemptionState.HELD else None,
        answer=with_state(row.answer, state),
    )
    batch.put_redemption(changed)
    return changed, returning


def apply_returning(batch: Batch, operation: Operation, returning: Sequence[Returning]) -> None:
    """Take over what came back, or was captured, owner by owner."""
    for part in returning:
        version = batch.workspace.program_by_id(part.program).version(part.version)
        member = operation.member
        if part.owner == member.customer_id != member.owner:
            _through_own_wallet(batch, operation, version, part.effects)
            continue
        if part.owner not in (member.owner, member.customer_id):
            member = batch.cards.get(part.owner) or Member(customer_id=part.owner, owner=part.owner)
        own = Operation(operation.operation_id, operation.source_id, member, operation.at)
        effects = closes(part.effects) if part.owner in batch.closed_cards else part.effects
        # What is the member's own is written with the member, and the points with the wallets.
        here = part.bucket == batch.bucket or member.owner in batch.places
        batch.apply(own, version, effects, None if here else part.bucket)
        if batch.entered:
            _note_entered(batch, part)


def _through_own_wallet(
    batch: Batch, operation: Operation, version: Version, effects: tuple[Effect, ...]
) -> None:
    """Take over what comes back to the own wallet of a member who has entered a household since.

    The wallet that it left gets it back, or redeems what it held, and passes it on at once to where
    everything else of the member went: with its dates, and in the lots that returns name.
    """
    member = operation.member
    mine = tuple(effect for effect in effects if isinstance(effect, GiveBack | Capture))
    back = [effect for effect in mine if isinstance(effect, GiveBack)]
    own = Member(customer_id=member.customer_id, owner=member.customer_id)
    leaving = tuple(
        Debit(each.unit, each.amount, each.key.lot_id, Account.IN_TRANSIT, each.pending) for each in back
    )
    arriving = tuple(
        Credit(each.unit, each.amount, each.key, Account.IN_TRANSIT, each.pending) for each in back
    )
    rest = tuple(effect for effect in effects if not isinstance(effect, GiveBack | Capture))
    apart = Operation(operation.operation_id, operation.source_id, own, operation.at)
    batch.apply(apart, version, (*mine, *leaving))
    batch.apply(operation, version, (*arriving, *rest))


def _note_entered(batch: Batch, part: Returning) -> None:
    """Let what was entered in this batch be as it is now: codes that may be used again, filled cards."""
    entered = {found.row.voucher_id: found for found in batch.entered.values()}
    for effect in part.effects:
        if isinstance(effect, UseVoucher) and effect.voucher_id in entered:
            entered[effect.voucher_id].row.used += effect.uses
    card = entered.get(part.owner)
    if card is not None and card.balance is not None:
        card.balance = batch.cards[part.owner].wallets[card.unit].balance


def redemption_of(batch: Batch, name: str, customer: str | None) -> RedemptionRow:
    """Return the loaded redemption or hold that the caller names ``name``, or raise the 404.

    Where the caller says whose it is, that must be so: somebody else was locked otherwise.
    That of a ``customer`` who was merged is where the survivor is.
    """
    row = batch.redemptions.get(batch.name("redemption", name))
    whose = batch.name("customer", customer) if customer is not None else None
    if whose in batch.erased:
        raise batch.gone(whose)
    if row is None:
        raise problem(404, "redemption_unknown", f"There is no hold or redemption {name!r}.")
    if row.customer_id in batch.erased:
        raise batch.gone(row.customer_id)
    if whose is not None and row.customer_id != whose:
        raise field_problem("$.customer", "id_conflict", "it belongs to somebody else")
    return row


def holder_of(batch: Batch, row: RedemptionRow) -> Member:
    """Return the member of a redemption; a guest is somebody with nothing."""
    member = batch.members.get(row.customer_id)
    return member if member is not None else Member(customer_id=row.customer_id, owner=row.customer_id)


def points_back(batch: Batch, returning: Sequence[Returning]) -> dict[str, int]:
    """Return the points that came back to the member's own wallets, by ``program/wallet``."""
    names = wallet_names(batch.workspace)
    points: dict[str, Points] = {}
    for unit, amount in _amounts(returning):
        if unit in names:
            points[names[unit]] = points.get(names[unit], 0) + amount
    return points


def cards_back(batch: Batch, returning: Sequence[Returning]) -> Minor:
    """Return how much money came back to gift cards that may still pay, in minor units."""
    names = wallet_names(batch.workspace)
    open_ones = [part for part in returning if part.owner not in batch.closed_cards]
    return sum(amount for unit, amount in _amounts(open_ones) if unit not in names)


def _amounts(returning: Sequence[Returning]) -> Iterator[tuple[int, int]]:
    """Return the unit and amount of everything that came back into a lot."""
    for part in returning:
        for effect in part.effects:
            if isinstance(effect, GiveBack):
                yield effect.unit, effect.amount


def _returned(used: Used, command: PostRollback) -> tuple[int, ...]:
    if not command.lines:
        return used.quantities
    places = {line: place for place, line in enumerate(used.ids)}
    returned = list(used.returned)
    for number, line in enumerate(command.lines):
        place = places.get(line.line)
        if place is None:
            words = f"the redemption has no line {line.line!r}"
            raise field_problem(f"$.lines[{number}].line", "line_unknown", words)
        returned[place] += line.quantity
        left = used.quantities[place] - used.returned[place]
        if returned[place] > used.quantities[place]:
            words = f"only {left} can still come back"
            raise field_problem(f"$.lines[{number}].quantity", "too_many_returned", words)
    return tuple(returned)


def _row(
    batch: Batch, operation: Operation, external_id: str, body: bytes, answer: bytes, row: RedemptionRow
) -> EventRow:
    return EventRow(
        customer_id=row.customer_id,
        event_id=operation.source_id,
        operation_id=operation.operation_id,
        kind=EventKind.ROLLBACK,
        external_id=external_id,
        source_id=row.redemption_id,
        occurred_at=operation.at,
        recorded_at=batch.now,
        body=body,
        decision=b"",
        answer=answer,
    )
