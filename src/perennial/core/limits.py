"""Limits on what a rule may give: per member or in total, per period, in points or in times."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from perennial.core.periods import Period
from perennial.units import MAX_AMOUNT

Cap = Annotated[int, Meta(ge=0, le=MAX_AMOUNT)]


class Holder(StrEnum):
    """Whose use counts against a limit."""

    MEMBER = "member"
    TOTAL = "total"


class AtCap(StrEnum):
    """What happens to an award that does not fit: cut to the room left, or rejected whole."""

    CUT = "cut"
    REJECT = "reject"


class Limit(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """At most ``points`` (or ``times``) per ``every`` period. Exactly one of the two is given."""

    per: Holder = Holder.MEMBER
    points: Cap | None = None
    times: Cap | None = None
    every: Period = Period.EVER
    at_cap: AtCap = AtCap.CUT


class Use(msgspec.Struct, frozen=True):
    """What one award, claim or redemption counts against limits.

    ``discount`` is what it took off, ``order_value`` what the lines cost before it, in minor units.
    """

    times: int = 1
    points: int = 0
    discount: int = 0
    order_value: int = 0
