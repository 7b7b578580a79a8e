"""A reward that is paid with points in part: what the other points cost in money."""

from __future__ import annotations

import msgspec

from perennial.core.terms.money import MoneyGiven, PointsAsked
from perennial.units import Minor, Points, Rounding, divide


class InPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Members may pay a part of the price with points, ``least`` at least, and the rest with money.

    ``points`` that are not paid cost ``amount``, in minor units of the program's currency; a part of that is
    rounded up.
    """

    points: PointsAsked
    amount: MoneyGiven
    least: PointsAsked = 1

    def rest(self, points: Points) -> Minor:
        """Return what so many points that are not paid cost, in minor units."""
        return divide(points * self.amount, self.points, Rounding.UP)
