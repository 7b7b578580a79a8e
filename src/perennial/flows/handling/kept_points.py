"""What somebody who has left a household got there: its points stay where they were posted.

A return takes them back from the household's wallets, by the policy of these; a change is netted there, what
waited for the fulfillment is released there, what was paid for a claim comes back there when that is
canceled, and what a referral gave is taken back there. All else is the member's: tiers, limits, counters.
Of a household that was erased nothing can be taken, and nobody owes it.
"""

from __future__ import annotations

from uuid import UUID

import msgspec

from perennial.core.decision import Decision
from perennial.core.effects import BeActive, Credit, Debit, Effect, FallShort, GiveBack, Owe, Release
from perennial.core.events import (
    EntitlementCanceled,
    Event,
    OrderFulfilled,
    OrderPaid,
    OrderReturned,
    ReferralReversed,
    RewardEarned,
)
from perennial.core.fold import fold
from perennial.core.member import Member, Wallet
from perennial.core.version import Version
from perennial.flows.batch import Batch, Operation
from perennial.store.orders import OrderRow

_OF_EARLIER = frozenset(
    (OrderPaid, OrderReturned, OrderFulfilled, RewardEarned, EntitlementCanceled, ReferralReversed)
)
_OF_WALLETS = frozenset((Credit, Debit, Owe, FallShort, Release, BeActive, GiveBack))


def keeper_of(batch: Batch, known: OrderRow) -> Member | None:
    """Return the household that keeps the points of an order; None: they are where the buyer's are."""
    return keeper_with(batch, batch.members[known.customer_id], known.kept_by)


def keeper_with(batch: Batch, member: Member, household_id: UUID | None) -> Member | None:
    """Return the household as a keeper of points, if that is not where the member's are.

    One that was erased has nothing, and nothing that is done to it is written.
    """
    if household_id is None or household_id == member.owner:
        return None
    keeper = batch.members.get(household_id)
    if keeper is None:
        units = [compiled.unit for live in batch.workspace.programs for compiled in live.latest.wallets]
        wallets = {unit: Wallet(lots={}) for unit in units}
        keeper = Member(customer_id=household_id, owner=household_id, wallets=wallets)
    return keeper


def judged_by(operation: Operation, event: Event) -> Member:
    """Return the member as the event is decided for them: with the wallets in which its points are."""
    member, keeper = operation.member, operation.keeper
    if keeper is None or type(event) not in _OF_EARLIER:
        return member
    return msgspec.structs.replace(
        member, owner=keeper.customer_id, wallets=keeper.wallets, apart=member.wallets
    )


def apply_to_both(batch: Batch, operation: Operation, version: Version, effects: tuple[Effect, ...]) -> None:
    """Take the effects of such an event over: into the household's wallets what moves points."""
    keeper = operation.keeper
    assert keeper is not None
    moving = tuple(effect for effect in effects if type(effect) in _OF_WALLETS)
    if keeper.customer_id in batch.members:
        there = Operation(operation.operation_id, operation.source_id, keeper, operation.at)
        batch.apply(there, version, moving)
    else:
        fold(keeper, version, moving, operation.at)
    batch.apply(operation, version, tuple(effect for effect in effects if type(effect) not in _OF_WALLETS))


def without_claims(batch: Batch, operation: Operation, decision: Decision) -> Decision:
    """Return the decision as it is told: nothing was taken back where there was nobody to take it from."""
    keeper = operation.keeper
    if keeper is None or keeper.customer_id in batch.members:
        return decision
    return msgspec.structs.replace(decision, taken_back={})
