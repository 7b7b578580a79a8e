"""Entitlements as the API shows them."""

from __future__ import annotations

import msgspec

from perennial.flows.configuration import Workspace
from perennial.store.codes.entitlements import EntitlementRow
from perennial.units import Instant, Points, format_instant


class EntitlementView(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What a customer was given besides a voucher, by the ``kind`` of the benefit, and where it stands.

    ``amount`` is money in minor units of ``currency``; ``quantity`` counts pieces, seats or points;
    ``points`` were paid for it and all that came with it. ``reference`` names a payment or a parcel.
    ``expired`` says that its time was over before it was done.
    """

    id: str
    customer: str | None
    kind: str
    reward: str
    state: str
    name: str
    quantity: int
    amount: int = 0
    currency: str | None = None
    points: Points = 0
    issued_at: str
    changed_at: str
    starts_at: str | None = None
    expires_at: str | None = None
    expired: bool = False
    reference: str | None = None


def view_entitlement(
    workspace: Workspace, row: EntitlementRow, customer: str | None, at: Instant
) -> EntitlementView:
    """Return an entitlement as it is at ``at``; ``customer`` is its holder's own id."""
    return EntitlementView(
        id=str(row.entitlement_id),
        customer=customer,
        kind=row.kind,
        reward=f"{workspace.program_by_id(row.program_id).code}/{row.reward}",
        state=row.state.word,
        name=row.name,
        quantity=row.quantity,
        amount=row.amount,
        currency=row.currency,
        points=row.points,
        issued_at=format_instant(row.issued_at),
        changed_at=format_instant(row.changed_at),
        starts_at=_text(row.starts_at),
        expires_at=_text(row.expires_at),
        expired=is_expired(row, at),
        reference=row.reference,
    )


def is_expired(row: EntitlementRow, at: Instant) -> bool:
    """Whether an entitlement was still to be paid or used when its time was over."""
    return row.state.expires and row.expires_at is not None and at >= row.expires_at


def _text(instant: Instant | None) -> str | None:
    return None if instant is None else format_instant(instant)
