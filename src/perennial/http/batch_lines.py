"""The lines of a batch: the bodies of the single calls, each with its ``op`` and its id."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from perennial.core.customers.identifiers import CustomerIdentifier
from perennial.core.orders.order import Attributes, Name
from perennial.flows.commands import Command, Identified, Introduced
from perennial.flows.staff.keys import Key
from perennial.flows.staff.scopes import Scope
from perennial.flows.traces import Context
from perennial.http.consent_bodies import Consents
from perennial.http.requests import (
    AdjustmentBody,
    ClaimBody,
    CustomerBody,
    EventBody,
    Identifiers,
    OnceId,
    OrderBody,
    ReferralCode,
    ReturnBody,
    adjustment_command,
    claim_command,
    customer_command,
    event_command,
    order_command,
    return_command,
)


class OrderLine(OrderBody, frozen=True, kw_only=True, tag_field="op", tag="order"):
    """An order, as in ``PUT /v1/orders/{id}``."""

    id: Name


class ReturnLine(ReturnBody, frozen=True, kw_only=True, tag_field="op", tag="return"):
    """A return of ``order``, as in ``POST /v1/orders/{id}/returns``."""

    id: OnceId
    order: Name


class EventLine(EventBody, frozen=True, kw_only=True, tag_field="op", tag="event"):
    """An event, as in ``POST /v1/events``."""

    id: OnceId


class ClaimLine(ClaimBody, frozen=True, kw_only=True, tag_field="op", tag="claim"):
    """A claim of ``customer`` (or of who has ``identifier``), as in ``POST /v1/customers/{id}/claims``."""

    id: OnceId
    customer: Name | None = None
    identifier: CustomerIdentifier | None = None


class AdjustmentLine(AdjustmentBody, frozen=True, kw_only=True, tag_field="op", tag="adjustment"):
    """An adjustment, as in ``POST /v1/adjustments``; the key needs the scope for it."""

    id: OnceId


class CustomerLine(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    kw_only=True,
    tag_field="op",
    tag="customer",
):
    """What is known of the customer ``id``, as in ``PUT /v1/customers/{id}``; households are set there."""

    id: Name
    attributes: Attributes = {}
    identifiers: Identifiers | msgspec.UnsetType = msgspec.UNSET
    consents: Consents = ()
    referral_code: ReferralCode | None = None
    context: Context | None = None

    @property
    def identifies(self) -> bool:
        """Whether lines after this one may mean somebody else by an identifier than before."""
        return not isinstance(self.identifiers, msgspec.UnsetType)


BatchLine: TypeAlias = OrderLine | ReturnLine | EventLine | ClaimLine | AdjustmentLine | CustomerLine


def needed_scope(line: BatchLine) -> Scope:
    """Return what a key needs for a line."""
    return Scope.ADJUST if isinstance(line, AdjustmentLine) else Scope.WRITE


def identifier_in(line: BatchLine) -> CustomerIdentifier | None:
    """Return the identifier by which a line names its customer."""
    return None if isinstance(line, ReturnLine | CustomerLine) else line.identifier


def command_of(
    line: BatchLine, caller: Key, returned_by: str | None = None
) -> Command | Identified | Introduced:
    """Return the command of a line of ``caller``; ``returned_by`` is whose order comes back, where known."""
    match line:
        case OrderLine():
            return order_command(line.id, line, caller)
        case ReturnLine():
            return return_command(line.order, returned_by, line.id, line)
        case EventLine():
            return event_command(line.id, line)
        case ClaimLine():
            return claim_command(line.customer, line.identifier, line.id, line)
        case AdjustmentLine():
            return adjustment_command(line.id, caller.actor, line)
        case CustomerLine():
            body = CustomerBody(
                attributes=line.attributes,
                identifiers=line.identifiers,
                consents=line.consents,
                referral_code=line.referral_code,
                context=line.context,
            )
            return customer_command(line.id, caller.actor, body)
