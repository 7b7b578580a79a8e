"""A reward that is paid with points in part: what the other points cost in money."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from perennial.core.money import MoneyGiven
from perennial.units import MAX_AMOUNT, Minor, Points, Rounding, divide

Some = Annotated[int, Meta(ge=1, le=MAX_AMOUNT)]


class InPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Members may pay a part of the price with points, ``least`` at least, and the rest with money.

    ``points`` that are not paid cost ``amount``, in minor units of the program's currency; a part of that is
    rounded up.
    """

    points: Some
    amount: MoneyGiven
    least: Some = 1

    def rest(self, points: Points) -> Minor:
        """Return what so many points that are not paid cost, in minor units."""
        return divide(points * self.amount, self.points, Rounding.UP)
