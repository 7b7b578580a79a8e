"""Whom the commands of a batch concern."""

from __future__ import annotations

from uuid import UUID

from perennial.flows.batch import Batch
from perennial.flows.commands import (
    ApplyEntered,
    ChangeEntitlement,
    ChangeHold,
    Command,
    ConvertOwner,
    ExpireHold,
    MoveInSegment,
    PostEvent,
    PostReturn,
    PostRollback,
    PostTransfer,
    PutHousehold,
    PutOrder,
    RedeemHold,
    ReferralPair,
    ReviewReferral,
    RunTimers,
    TakeTurn,
)
from perennial.flows.loading.referred import sides_of
from perennial.units import bucket_of

_OF_INTERNAL_IDS = (
    ChangeEntitlement,
    TakeTurn,
    RunTimers,
    ReviewReferral,
    ConvertOwner,
    MoveInSegment,
    ApplyEntered,
)


def customers_of(batch: Batch, command: Command) -> list[tuple[UUID, str | None]]:
    """Return the internal and external ids of the batch's customers that a command concerns."""
    # First what is most: to ask of a struct whether it is any of a dozen others takes microseconds.
    if type(command) is PutOrder or type(command) is PostEvent:
        named = command.customer
        return [] if named is None else [(batch.name("customer", named), named)]
    if isinstance(command, _OF_INTERNAL_IDS):
        return [(UUID(hex=command.customer_id), None)]
    if isinstance(command, PostTransfer):
        row = batch.workspace.row
        return [
            (batch.name("customer", name), name)
            for name in (command.sender, command.receiver)
            if bucket_of(name, row.bucket_base, row.bucket_count) == batch.bucket
        ]
    if isinstance(command, ReferralPair):
        return sides_of(command, batch.bucket)
    if isinstance(command, PutHousehold) and command.household is not None:
        household = (batch.name("household", command.household), command.household)
        return [(batch.name("customer", command.customer), command.customer), household]
    if isinstance(command, ExpireHold):
        guest = command.customer_id == command.redemption_id
        return [] if guest else [(UUID(hex=command.customer_id), None)]
    if isinstance(command, PostReturn | ChangeHold | RedeemHold | PostRollback) and command.customer is None:
        owner = batch.returned.get(taken_back(batch, command))
        return [] if owner is None else [(owner, None)]
    if command.customer is None:
        return []
    return [(batch.name("customer", command.customer), command.customer)]


def taken_back(batch: Batch, command: PostReturn | ChangeHold | RedeemHold | PostRollback) -> UUID:
    """Return the internal id of the order or redemption that a command is about."""
    match command:
        case PostReturn(order=order):
            return batch.name("order", order)
        case ChangeHold(id=hold) | RedeemHold(id=hold):
            return batch.name("redemption", hold)
        case PostRollback(redemption=redemption):
            return batch.name("redemption", redemption)
