"""What a rehearsal keeps of a checkout: the codes that somebody has, and what is held or was redeemed."""

from __future__ import annotations

from uuid import UUID

import msgspec

from perennial.core.checkout.checkout import Checkout
from perennial.core.checkout.used import Used
from perennial.core.member import Member
from perennial.units import Instant


class PlayedVoucher(msgspec.Struct):
    """A code that somebody has, under a name. ``holder`` is whose it is, the voucher itself if nobody's.

    ``version`` is the number of the version that issued it, ``card`` the account of a gift card, ``tier``
    that of the claim where it gives something else than others have.
    """

    voucher_id: UUID
    reward: str
    version: int
    holder: UUID
    uses: int | None
    bound: bool
    expires_at: Instant | None
    claimed: bool
    card: Member | None = None
    tier: str | None = None
    used: int = 0
    voided: bool = False


class PlayedRedemption(msgspec.Struct):
    """A hold or redemption as it stands; ``state`` is held, redeemed, released or rolled_back."""

    customer: str | None
    member_id: UUID
    order_name: str | None
    checkout: Checkout
    used: Used
    state: str
    held_until: Instant | None
