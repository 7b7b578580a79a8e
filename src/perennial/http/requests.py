"""What the API takes: one struct per body, and how each becomes a command for a flow.

The structs are the only description of a body: the strict reader decodes into them, and the OpenAPI
document is drawn from them. Amounts are whole numbers in the minor unit, instants RFC 3339 text.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from perennial.core.customers.identifiers import (
    MAX_IDENTIFIERS,
    CustomerIdentifier,
    IdentifierType,
    normalized,
)
from perennial.core.flaws.flaw import Assumptions
from perennial.core.kinds.rule import Identifier
from perennial.core.orders.order import Attributes, Line, Name, Order, ReturnedLine, SentOrder
from perennial.core.switches import SwitchObject
from perennial.flows.answers import FieldProblem
from perennial.flows.commands import (
    AssignTier,
    Identifiable,
    Identified,
    Introduced,
    JoinProgram,
    PostAdjustment,
    PostClaim,
    PostEvent,
    PostReturn,
    PostTransfer,
    PutCustomer,
    PutHousehold,
    PutOrder,
)
from perennial.flows.staff.keys import Key
from perennial.flows.traces import Context
from perennial.http.consent_bodies import Consents, said_in
from perennial.http.door.instants import read_instant
from perennial.http.door.problems import bad_fields
from perennial.units import MAX_AMOUNT, Instant

When = Annotated[
    str,
    Meta(
        min_length=20,
        max_length=35,
        description="an RFC 3339 instant with an offset, between the years 1900 and 2199",
        examples=["2026-03-04T10:15:00Z"],
        extra_json_schema={"format": "date-time"},
    ),
]
Reason = Annotated[str, Meta(min_length=1, max_length=1_000, description="why, for the audit log")]
EventType = Annotated[
    str,
    Meta(pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$", max_length=100, examples=["review.posted"]),
]
Reference = Annotated[
    str,
    Meta(
        pattern=r"^([a-z][a-z0-9_-]{0,62}/)?[a-z][a-z0-9_-]{0,62}$",
        description="`program/name`, or the name alone where only one program has it",
        examples=["points"],
    ),
]
PointsChange = Annotated[int, Meta(ge=-MAX_AMOUNT, le=MAX_AMOUNT)]
PositivePoints = Annotated[int, Meta(ge=1, le=MAX_AMOUNT)]
OnceId = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=200,
        description="your own id; sending it again with the same body replays the first answer. "
        "Without it the `Idempotency-Key` header is the id",
    ),
]
DeviceName = Annotated[str, Meta(min_length=1, max_length=100, description="your own id of the device")]

ReferralCode = Annotated[
    str, Meta(min_length=1, max_length=200, description="the code by which a member refers others")
]
Identifiers = Annotated[tuple[CustomerIdentifier, ...], Meta(max_length=MAX_IDENTIFIERS)]


class OrderBody(SentOrder, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """An order, whole: sending it again with another body is a new revision.

    ``customer`` is your own id of the customer, ``identifier`` another way to say who that is; without
    either it is a guest's order. All amounts are in the minor unit of ``currency``, which defaults to
    the program's. ``referral_code`` is the code by which a member referred the customer, ``context`` says
    from where the order came; neither is part of the order, and a code that is not good stops nothing.
    ``device`` is your own id of the till device that sends it.
    """

    customer: Name | None = None
    identifier: CustomerIdentifier | None = None
    occurred_at: When | None = None
    referral_code: ReferralCode | None = None
    context: Context | None = None
    device: DeviceName | None = None


class ReturnBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Units of lines that came back. Without ``lines`` everything that is left came back."""

    id: OnceId | None = None
    occurred_at: When | None = None
    lines: Annotated[tuple[ReturnedLine, ...], Meta(max_length=1_000)] = ()
    reason: Reason | None = None


class EventBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Something that a customer did; ``type`` is an event that a program declares.

    ``customer`` is your own id of the customer, ``identifier`` another way to say who that is.
    """

    type: EventType
    customer: Name | None = None
    identifier: CustomerIdentifier | None = None
    id: OnceId | None = None
    occurred_at: When | None = None
    attributes: Attributes = {}


class ClaimBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Points to be exchanged for a reward: ``points`` of its price, or all of it.

    ``wallet`` is the one that pays, where the reward has prices in several; otherwise it is that of the first
    price for the member.
    """

    reward: Reference
    points: PositivePoints | None = None
    wallet: Reference | None = None
    id: OnceId | None = None
    occurred_at: When | None = None


class AdjustmentBody(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True
):
    """A correction of a balance by hand. ``actor`` says who made it; it defaults to the API key.

    ``customer`` is your own id of the customer, ``identifier`` another way to say who that is. A negative
    number of ``points`` is taken from those that can be spent, or with ``pending`` from those that wait,
    what waits longest first.
    """

    customer: Name | None = None
    identifier: CustomerIdentifier | None = None
    wallet: Reference
    points: PointsChange
    reason: Reason
    id: OnceId | None = None
    actor: Name | None = None
    available_at: When | None = None
    expires_at: When | None = None
    pending: bool = False


class TransferBody(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    kw_only=True,
    rename={"sender": "from", "receiver": "to"},
):
    """Points that move from one customer to another, with the dates that they have."""

    sender: Name
    receiver: Name
    wallet: Reference
    points: PositivePoints
    reason: Reason
    id: OnceId | None = None


class CustomerBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """What is known of a customer. A given attribute replaces, ``null`` removes, others stay.

    ``identifiers`` are all by which the customer is known besides the id: those that are not in the list
    are removed. ``household`` pools the wallets with those of the household's other members; ``null``
    leaves it. Without one of these fields what it says stays as it is. ``referral_code`` is the code by which
    a member referred the customer, ``context`` says from where the customer came. ``consents`` are what the
    customer said about channels and purposes; what was said before stays readable.
    """

    attributes: Attributes = {}
    identifiers: Identifiers | msgspec.UnsetType = msgspec.UNSET
    consents: Consents = ()
    household: Name | msgspec.UnsetType | None = msgspec.UNSET
    referral_code: ReferralCode | None = None
    context: Context | None = None


class MembershipBody(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True
):
    """The program to join; ``source`` says where from (a campaign, a till, a page)."""

    program: Identifier
    source: Name = "api"


class TierBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """A manual floor under a member's tier; ``null`` lifts it."""

    tier: Identifier | None
    reason: Reason
    id: OnceId | None = None
    actor: Name | None = None


class PublishBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """``revision``: of the draft that you have seen; refused if somebody changed it since.

    ``valid_from`` dates the version back, so that what arrives late is judged by it. With ``check`` the
    draft is searched for flaws first, for at most 10 seconds; what is found is told, and stops nothing.
    ``despite_cases`` publishes although test cases of the program do not hold, and takes the scope `approve`
    as well.
    """

    revision: Annotated[int, Meta(ge=0, le=2**31 - 1)] | None = None
    valid_from: When | None = None
    note: Annotated[str, Meta(max_length=1_000)] = ""
    check: bool = False
    despite_cases: bool = False


class CasesBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Whose test cases are played: those of ``document``, or of the stored draft without one."""

    document: Annotated[str, Meta(min_length=1, max_length=1_048_576)] | None = None


class CheckBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """What is searched for flaws, and how long: a ``version``, or the draft without one.

    ``kinds`` are the kinds of flaw (all of them if left out). ``assumptions`` are about the shop: its margin,
    and what a good customer spends.
    """

    version: Annotated[int, Meta(ge=1, le=2**31 - 1)] | None = None
    assumptions: Assumptions = Assumptions()
    kinds: Annotated[tuple[Name, ...], Meta(max_length=50)] | None = None
    seconds: Annotated[int, Meta(ge=1, le=60)] = 20


SideName = Annotated[str, Meta(pattern="^(draft|history|[1-9][0-9]{0,8})$", max_length=9)]
"""A side of a simulation."""


class RollbackBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """The version whose content is published again, as a new version."""

    version: Annotated[int, Meta(ge=1, le=2**31 - 1)]
    note: Annotated[str, Meta(max_length=1_000)] = ""


class SimulateBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """What to try, beside what, on which period.

    A side is `draft`, the number of a version, or `history`: what was in force at each time. ``against`` is
    the version in force if nothing is given. ``document`` is tried in the place of the stored draft. The
    period goes up to and including ``until`` (now), and begins with the first event if nothing is given.
    """

    version: SideName = "draft"
    against: SideName | None = None
    begins: When | None = msgspec.field(name="from", default=None)
    until: When | None = None
    document: Annotated[str, Meta(min_length=1, max_length=1_048_576)] | None = None


class ClockBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The instant to which the sandbox's clock moves; everything due until then happens."""

    advance_to: When


class SwitchBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is switched off (or, with ``off`` false, on again), and why."""

    object: SwitchObject
    off: bool
    reason: Reason


def _when(text: str | None, path: str = "$.occurred_at") -> Instant | None:
    return None if text is None else read_instant(text, path)


def once_id(body_id: str | None, idempotency_key: str | None) -> str:
    """Return the id of a once-only request: the body's own, or the ``Idempotency-Key``."""
    chosen = body_id if body_id is not None else idempotency_key
    if chosen is None:
        words = "give the body an id, or send an Idempotency-Key header"
        raise bad_fields(422, FieldProblem(path="$.id", code="idempotency_key_required", message=words))
    return chosen


def identifier_of(given: CustomerIdentifier, path: str) -> CustomerIdentifier:
    """Return an identifier as it is kept, or raise the 422 for its value."""
    try:
        return normalized(given)
    except ValueError as error:
        raise bad_fields(422, FieldProblem(path=path, code="invalid_format", message=str(error))) from None


def read_identifier(text: str) -> CustomerIdentifier:
    """Return the identifier that a query names as ``type:value``."""
    type_, _, value = text.partition(":")
    if type_ == IdentifierType.PHONE and value.startswith(" "):
        value = f"+{value[1:]}"  # in a query a bare plus sign means a space
    given = CustomerIdentifier(type=IdentifierType(type_), value=value)
    return identifier_of(given, "query.identifier")


def identifiers_of(given: Identifiers | msgspec.UnsetType) -> tuple[CustomerIdentifier, ...] | None:
    """Return the identifiers of a customer as they are kept, or None where the body has none."""
    if isinstance(given, msgspec.UnsetType):
        return None
    return tuple(identifier_of(each, f"$.identifiers[{i}].value") for i, each in enumerate(given))


def _meant(command: Identifiable, identifier: CustomerIdentifier | None) -> Identifiable | Identified:
    """Return a command that may name its customer by an identifier; only an order may name none."""
    if identifier is not None:
        return Identified(command=command, identifier=identifier_of(identifier, "$.identifier.value"))
    if command.customer == "":
        words = "name the customer, by your own id or by an identifier"
        raise bad_fields(422, FieldProblem(path="$.customer", code="required", message=words))
    return command


def distinct(lines: tuple[Line, ...], path: str = "$.lines") -> tuple[Line, ...]:
    """Return the lines of an order, each with an id of its own, or raise the 422 for the first that has none.

    A line without an id has its position, from 1, as one.
    """
    if all(line.id is None for line in lines):
        return lines
    seen: set[str] = set()
    for position, line in enumerate(lines, 1):
        name = line.id or str(position)
        if name in seen:
            words = f"another line has the id {name!r}; a line without an id has its position as one"
            field = FieldProblem(path=f"{path}[{position - 1}].id", code="line_twice", message=words)
            raise bad_fields(422, field)
        seen.add(name)
    return lines


def order_command(order_id: str, body: OrderBody, caller: Key) -> Identifiable | Identified | Introduced:
    """Return the command that stores an order which the caller brings."""
    order = Order(
        status=body.status,
        lines=distinct(body.lines),
        currency=body.currency,
        discount=body.discount,
        shipping=body.shipping,
        tax=body.tax,
        location=body.location,
        channel=body.channel,
        codes=body.codes,
        attributes=body.attributes,
        redeemer=caller.redeemer(body.device),
    )
    command = PutOrder(id=order_id, customer=body.customer, at=_when(body.occurred_at), order=order)
    meant = _meant(command, body.identifier)
    if body.referral_code is None and body.context is None:
        return meant
    assert isinstance(meant, PutOrder | Identified), "it is an order"
    return Introduced(command=meant, code=body.referral_code, context=body.context)


def return_command(order_id: str, customer: str | None, return_id: str, body: ReturnBody) -> PostReturn:
    """Return the command for a return of an order of ``customer``."""
    return PostReturn(
        id=return_id,
        order=order_id,
        customer=customer,
        at=_when(body.occurred_at),
        lines=body.lines,
        reason=body.reason,
    )


def event_command(event_id: str, body: EventBody) -> Identifiable | Identified:
    """Return the command for a custom event."""
    command = PostEvent(
        id=event_id,
        customer=body.customer or "",
        at=_when(body.occurred_at),
        name=body.type,
        attributes=body.attributes,
    )
    return _meant(command, body.identifier)


def claim_command(
    customer: str | None, identifier: CustomerIdentifier | None, claim_id: str, body: ClaimBody
) -> Identifiable | Identified:
    """Return the command for a claim of the customer who is named in one way or the other."""
    command = PostClaim(
        id=claim_id,
        customer=customer or "",
        at=_when(body.occurred_at),
        reward=body.reward,
        points=body.points,
        wallet=body.wallet,
    )
    return _meant(command, identifier)


def adjustment_command(adjustment_id: str, actor: str, body: AdjustmentBody) -> Identifiable | Identified:
    """Return the command for a correction; ``actor`` counts where the body names none."""
    if body.pending and body.points > 0:
        words = "only what is taken away can be pending: make points negative, or give available_at"
        raise bad_fields(422, FieldProblem(path="$.pending", code="not_allowed", message=words))
    command = PostAdjustment(
        id=adjustment_id,
        customer=body.customer or "",
        at=None,
        wallet=body.wallet,
        points=body.points,
        reason=body.reason,
        actor=body.actor or actor,
        available_at=_when(body.available_at, "$.available_at"),
        expires_at=_when(body.expires_at, "$.expires_at"),
        pending=body.pending,
    )
    return _meant(command, body.identifier)


def tier_command(customer: str, program: str, assignment_id: str, actor: str, body: TierBody) -> AssignTier:
    """Return the command for a manual tier floor."""
    return AssignTier(
        id=assignment_id,
        customer=customer,
        at=None,
        program=program,
        tier=body.tier,
        reason=body.reason,
        actor=body.actor or actor,
    )


def transfer_command(transfer_id: str, body: TransferBody) -> PostTransfer:
    """Return the command that moves points between two customers."""
    return PostTransfer(
        id=transfer_id,
        sender=body.sender,
        receiver=body.receiver,
        at=None,
        wallet=body.wallet,
        points=body.points,
        reason=body.reason,
    )


def customer_command(customer: str, actor: str, body: CustomerBody) -> PutCustomer | Introduced:
    """Return the command that creates or changes a customer; ``actor`` records the consents."""
    command = PutCustomer(
        customer=customer,
        attributes=body.attributes,
        identifiers=identifiers_of(body.identifiers),
        consents=said_in(body.consents),
        actor=actor,
    )
    if body.referral_code is None and body.context is None:
        return command
    return Introduced(command=command, code=body.referral_code, context=body.context)


def household_command(customer: str, household: str | None, actor: str, body: CustomerBody) -> PutHousehold:
    """Return the command that enters or leaves a household, and changes what else is known with it."""
    return PutHousehold(
        customer=customer,
        household=household,
        attributes=body.attributes,
        identifiers=identifiers_of(body.identifiers),
        consents=said_in(body.consents),
        actor=actor,
    )


def membership_command(customer: str, body: MembershipBody) -> JoinProgram:
    """Return the command to join a program."""
    return JoinProgram(customer=customer, program=body.program, at=None, source=body.source)
