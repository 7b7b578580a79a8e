"""What a till may give while it is offline: bounds on the risk, which the workspace signs.

A device that holds an allowance may let vouchers and points be used without asking, and uploads what it
did later. Whatever it uploads, no more is granted than its allowance says.
"""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

import msgspec

from perennial.units import Instant, Minor, Points


class Overspend(StrEnum):
    """What happens to what was given offline but was no longer there: it becomes a debt, or is refused."""

    ACCEPT = "accept"
    REFUSE = "refuse"


class EntryState(StrEnum):
    """What became of an entry of an upload."""

    REDEEMED = "redeemed"
    OVERSPENT = "overspent"
    REFUSED = "refused"


class EntryReason(StrEnum):
    """Why an entry is refused or overspent: a closed list, part of the API. Never rename one."""

    BEFORE_ALLOWANCE = "before_allowance"
    ALLOWANCE_EXPIRED = "allowance_expired"
    MEMBER_NOT_ALLOWED = "member_not_allowed"
    MEMBER_UNKNOWN = "member_unknown"
    DEVICE_BLOCKED = "device_blocked"
    TOKEN_INVALID = "token_invalid"  # noqa: S105  no secret
    CUSTOMER_REQUIRED = "customer_required"
    TOO_MANY_REDEMPTIONS = "too_many_redemptions"
    TOO_MANY_POINTS = "too_many_points"
    TOO_MUCH_MONEY = "too_much_money"
    WORTH_MORE = "worth_more"
    NOT_REDEEMABLE = "not_redeemable"
    OVERSPENT = "overspent"


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """What an allowance allows from ``issued_at`` up to ``expires_at``.

    ``members`` are internal ids; None: anybody. ``max_points`` is for each member, ``max_points_total``
    for all together, ``max_amount`` bounds everything that is given, in minor units.
    """

    issued_at: Instant
    expires_at: Instant
    members: tuple[UUID, ...] | None
    max_points: Points
    max_points_total: Points
    max_amount: Minor
    max_redemptions: int
    overspend: Overspend


class Granted(msgspec.Struct, frozen=True, kw_only=True):
    """What was granted under an allowance so far; ``member_points`` to one member."""

    redemptions: int = 0
    points: Points = 0
    amount: Minor = 0
    member_points: Points = 0


class Spent(msgspec.Struct, frozen=True, kw_only=True):
    """What one entry says was given: ``points`` paid for a part of the ``amount``."""

    at: Instant
    member: UUID | None
    points: Points
    amount: Minor


def why_refused(bounds: Bounds, granted: Granted, spent: Spent) -> EntryReason | None:
    """Return why an entry lies outside of the bounds, given what was granted before; None: it does not."""
    if spent.at < bounds.issued_at:
        return EntryReason.BEFORE_ALLOWANCE
    if spent.at >= bounds.expires_at:
        return EntryReason.ALLOWANCE_EXPIRED
    if bounds.members is not None and spent.member not in bounds.members:
        return EntryReason.MEMBER_NOT_ALLOWED
    if spent.points and spent.member is None:
        return EntryReason.CUSTOMER_REQUIRED
    if granted.redemptions + 1 > bounds.max_redemptions:
        return EntryReason.TOO_MANY_REDEMPTIONS
    if spent.points and granted.member_points + spent.points > bounds.max_points:
        return EntryReason.TOO_MANY_POINTS
    if granted.points + spent.points > bounds.max_points_total:
        return EntryReason.TOO_MANY_POINTS
    if granted.amount + spent.amount > bounds.max_amount:
        return EntryReason.TOO_MUCH_MONEY
    return None
