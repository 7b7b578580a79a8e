"""What a door may ask a flow to do: parsed, typed, in words of the caller.

A command names its customer and itself by the caller's own ids. ``at`` is the business instant at
which it happened (UTC microseconds), ``None`` for now. Commands of one customer are handled in the
order in which they were submitted.
"""

from __future__ import annotations

from typing import Annotated, TypeAlias
from uuid import UUID

import msgspec

from perennial.core.customers.consents import SaidConsent
from perennial.core.customers.identifiers import CustomerIdentifier
from perennial.core.orders.order import Order, ReturnedLine, Scalar
from perennial.units import Instant, Minor, Points, named_id


class _Command(msgspec.Struct, frozen=True, kw_only=True):
    pass


class PutOrder(_Command, frozen=True):
    """Create or change the order ``id``; an order without a customer is a guest's."""

    id: str
    customer: str | None
    at: Instant | None
    order: Order


class PostReturn(_Command, frozen=True):
    """Units of lines of an order came back; no lines means everything that is left.

    Without a ``customer`` it is whoever the order belongs to; a workspace of several buckets needs it.
    """

    id: str
    order: str
    customer: str | None
    at: Instant | None
    lines: tuple[ReturnedLine, ...]
    reason: str | None = None


class PostEvent(_Command, frozen=True):
    """A custom event of declared type ``name``."""

    id: str
    customer: str
    at: Instant | None
    name: str
    attributes: dict[str, Scalar] = {}


class PostClaim(_Command, frozen=True, omit_defaults=True):
    """Exchange points for a reward; ``reward`` is ``program/reward`` or unique without a program.

    ``points`` pay for it, None is its whole price; out of ``wallet`` (of the same program, with or without
    its name), None is that of the first price for the member.
    """

    id: str
    customer: str
    at: Instant | None
    reward: str
    points: Points | None = None
    wallet: str | None = None


class Giver(msgspec.Struct, frozen=True):
    """A person who gives points by hand, and how many whole ones the role allows: at a time and in a day."""

    staff_id: UUID
    most: int | None
    per_day: int | None


class Adjustment(_Command, frozen=True):
    """What is corrected; ``wallet`` is ``program/wallet`` or unique without a program.

    With ``pending`` the points, a negative number, are taken from those that wait.
    """

    id: str
    customer: str
    at: Instant | None
    wallet: str
    points: Points
    reason: str
    actor: str
    available_at: Instant | None = None
    expires_at: Instant | None = None
    pending: bool = False


class PostAdjustment(Adjustment, frozen=True):
    """Correct a balance. ``giver`` is who does, if a role bounds it; ``approved``: a second person agreed."""

    giver: Giver | None = None
    approved: bool = False

    def content(self) -> Adjustment:
        """Return what is corrected, which a repeated id must bring again, without who may do it."""
        return Adjustment(
            id=self.id,
            customer=self.customer,
            at=self.at,
            wallet=self.wallet,
            points=self.points,
            reason=self.reason,
            actor=self.actor,
            available_at=self.available_at,
            expires_at=self.expires_at,
            pending=self.pending,
        )


class PostTransfer(_Command, frozen=True):
    """Move points from one member to another, with the dates that they have."""

    id: str
    sender: str
    receiver: str
    at: Instant | None
    wallet: str
    points: Points
    reason: str | None = None


class MergeCustomers(_Command, frozen=True):
    """Merge ``customer`` into another one, who is the same person; ``actor`` is who says so.

    ``most`` is how many whole points of a wallet the actor's role may move (None: any), ``approved``: a
    second person agreed.
    """

    id: str
    customer: str
    into: str
    reason: str
    actor: str
    most: int | None = None
    approved: bool = False

    def content(self) -> MergeCustomers:
        """Return what is merged, which a repeated id must bring again, without who may do it."""
        return msgspec.structs.replace(self, most=None, approved=False)


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """One thing to be used on an order: a ``code`` that was entered, or a ``reward`` to be claimed for it.

    ``reward`` is ``program/reward`` or unique without a program. ``points`` pay for it, None is its whole
    price; out of ``wallet``, None is that of the first price for the member.
    """

    code: str | None = None
    reward: str | None = None
    points: Points | None = None
    wallet: str | None = None


class PointsAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Points that shall pay: ``points`` None is as many as possible; ``wallet`` is ``program/wallet``."""

    wallet: str
    points: Points | None = None


class PostRedemption(_Command, frozen=True):
    """Use codes, rewards and points on an order, or with ``hold_for`` (microseconds) reserve them for it.

    ``order_id`` names the order that it is for, ``expects`` is the amount that was quoted as left to pay:
    another one is refused.
    """

    id: str
    customer: str | None
    at: Instant | None
    order: Order
    redeem: tuple[Asked, ...] = ()
    points: tuple[PointsAsked, ...] = ()
    order_id: str | None = None
    hold_for: Instant | None = None
    expects: Minor | None = None


class ChangeHold(_Command, frozen=True):
    """Price the hold ``id`` anew for another cart and what shall be used on it; its time stays.

    ``order_id`` names its order, None leaves the one that it had; ``expects`` as in :class:`PostRedemption`.
    """

    id: str
    customer: str | None
    at: Instant | None
    order: Order
    redeem: tuple[Asked, ...] = ()
    points: tuple[PointsAsked, ...] = ()
    order_id: str | None = None
    expects: Minor | None = None


class RedeemHold(_Command, frozen=True):
    """Redeem what the hold ``id`` reserved, as it was priced then; ``order_id`` names its order."""

    id: str
    customer: str | None
    at: Instant | None
    order_id: str | None = None


class PostRollback(_Command, frozen=True):
    """Give back what a hold or redemption used, or what ``lines`` of it share; no lines is all of it."""

    id: str
    redemption: str
    customer: str | None
    at: Instant | None
    lines: tuple[ReturnedLine, ...] = ()
    reason: str | None = None


class ExpireHold(_Command, frozen=True):
    """Release a hold whose time is over, or ``early``; both ids are internal ones, in hex."""

    customer_id: str
    redemption_id: str
    bucket: int
    at: Instant
    early: bool = False


class ChangeEntitlement(_Command, frozen=True):
    """Let something that was handed out be paid, sent, used or canceled; both ids are internal, in hex.

    ``state`` is the number of an :class:`~perennial.core.entitlements.EntitlementState`.
    """

    customer_id: str
    entitlement_id: str
    bucket: int
    state: int
    actor: str
    reference: str | None = None
    reason: str | None = None
    at: Instant | None = None


class TakeTurn(_Command, frozen=True):
    """It is the turn of somebody who waits for a reward; both ids are internal, in hex."""

    customer_id: str
    wait_id: str
    bucket: int
    at: Instant | None = None


class ReferralPair(_Command, frozen=True):
    """The two sides of a referral, for what concerns both: internal ids in hex, each with its bucket.

    ``friend`` is the caller's id of a friend who may be new. ``at`` is when it happens, ``given_at`` are the
    instants at which something was given that may come back, ``kept_by`` the households that keep some of it,
    each behind its bucket.
    """

    friend_id: str
    friend_bucket: int
    advocate_id: str
    advocate_bucket: int
    friend: str | None = None
    at: Instant | None = None
    given_at: tuple[Instant, ...] = ()
    kept_by: tuple[tuple[int, str], ...] = ()


class ReviewReferral(_Command, frozen=True):
    """Let a referral in review go on, or reject it; both ids are internal ones, in hex.

    ``advocate`` is the caller's id of who referred, of whom the bucket of the friend knows nothing.
    """

    customer_id: str
    referral_id: str
    bucket: int
    approve: bool
    actor: str
    reason: str
    advocate: str | None = None
    at: Instant | None = None


class ConvertOwner(_Command, frozen=True):
    """Carry over what an owner of wallets has, or with ``back`` take it back; ids are internal, in hex."""

    customer_id: str
    bucket: int
    conversion_id: str
    back: bool = False
    at: Instant | None = None


class AssignTier(_Command, frozen=True):
    """Set (or lift, with ``None``) the manual tier floor of a member."""

    id: str
    customer: str
    at: Instant | None
    program: str
    tier: str | None
    reason: str
    actor: str


class OutsideFact(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A fact from outside: its value (null removes it), and for how many seconds it is known."""

    value: Scalar
    seconds: Annotated[int, msgspec.Meta(ge=1, le=31_622_400)] = 86_400


class PutCustomer(_Command, frozen=True):
    """Create a customer or change attributes; a given attribute replaces, ``None`` removes it.

    ``identifiers`` are all that the customer has from now on; without them everything stays. ``facts`` are
    attributes from outside. ``consents`` were said by the customer, and are recorded by ``actor``.
    """

    customer: str
    attributes: dict[str, Scalar] = {}
    identifiers: tuple[CustomerIdentifier, ...] | None = None
    facts: dict[str, OutsideFact] = {}
    consents: tuple[SaidConsent, ...] = ()
    actor: str = ""


class PutHousehold(_Command, frozen=True):
    """Pool the customer's wallets with a household's; ``None`` leaves the household.

    ``attributes``, ``identifiers`` and ``consents`` come with it, as in :class:`PutCustomer`: all or nothing.
    """

    customer: str
    household: str | None
    at: Instant | None = None
    attributes: dict[str, Scalar] = {}
    identifiers: tuple[CustomerIdentifier, ...] | None = None
    consents: tuple[SaidConsent, ...] = ()
    actor: str = ""


class JoinProgram(_Command, frozen=True):
    """Become a member of ``program``; joining twice changes nothing."""

    customer: str
    program: str
    at: Instant | None
    source: str


class LeaveProgram(_Command, frozen=True):
    """Stop being a member of ``program``; the balance stays until it is closed."""

    customer: str
    program: str
    at: Instant | None


class StartChallenge(_Command, frozen=True):
    """Take part in a challenge that begins on request; starting one that is under way changes nothing."""

    customer: str
    challenge: str
    at: Instant | None
    program: str | None = None


class RunTimers(_Command, frozen=True):
    """Run what is due for a customer (by its internal id, in hex, and bucket) up to ``at``.

    ``judges`` asks for the customer's segments to be judged besides.
    """

    customer_id: str
    bucket: int
    at: Instant
    judges: bool = False


class MoveInSegment(_Command, frozen=True):
    """Let a customer (by its internal id, in hex, and bucket) into a static segment, or out of it."""

    customer_id: str
    bucket: int
    segment: str
    entered: bool
    at: Instant


class ApplyEntered(_Command, frozen=True):
    """Let one rule on ``segment.entered`` decide for a customer who is inside already; once, ever."""

    customer_id: str
    bucket: int
    segment: str
    program: str
    rule: str
    at: Instant


def applied_id(workspace_id: int, command: ApplyEntered) -> UUID:
    """Return the id under which it is kept that a rule was applied to somebody."""
    name = f"{command.segment}/{command.program}/{command.rule}/{command.customer_id}"
    return named_id(workspace_id, "applied to a segment", name)


Command: TypeAlias = (
    PutOrder
    | PostReturn
    | PostEvent
    | PostClaim
    | PostAdjustment
    | PostTransfer
    | PostRedemption
    | ChangeHold
    | RedeemHold
    | PostRollback
    | ExpireHold
    | ChangeEntitlement
    | TakeTurn
    | ReferralPair
    | ReviewReferral
    | ConvertOwner
    | AssignTier
    | PutCustomer
    | PutHousehold
    | JoinProgram
    | LeaveProgram
    | StartChallenge
    | RunTimers
    | MoveInSegment
    | ApplyEntered
)


Identifiable: TypeAlias = PutOrder | PostEvent | PostClaim | PostAdjustment


class Identified(_Command, frozen=True):
    """A command that names its customer by an identifier, alone or (the same one) beside the id.

    Who that is has to be looked up before the command can join a batch. ``command.customer`` is empty
    where the caller gave no id.
    """

    command: Identifiable
    identifier: CustomerIdentifier


class Introduced(_Command, frozen=True):
    """A command with where its customer came from: by whose ``code``, and in which ``context``."""

    command: PutOrder | PutCustomer | Identified
    code: str | None = None
    context: msgspec.Struct | None = None
