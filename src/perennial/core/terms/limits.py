"""Limits on what a rule, a reward or a campaign may give: what they count, whose, in which period.

A limit counts exactly one thing: ``times`` (awards, claims, uses), ``points`` given, ``discount`` (the sum
of what rewards take off), ``units`` (how many units of products rewards make cheaper), ``order_value`` (the
sum of the orders that take part), or ``customers`` (distinct ones: who is in may go on). Money is in minor
units of the program's currency.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

import msgspec

from perennial.core.dates.periods import Period
from perennial.core.orders.order import Name
from perennial.core.terms.money import Cap, MoneyCap, PointsCap
from perennial.units import Minor, Points


class Holder(StrEnum):
    """Whose use counts against a limit.

    ``member``: each member's by itself; ``total``: that of all together; ``location``: that of all orders
    of one store; ``attribute``: that of everything that carries the same value of an attribute, such as a
    device or the hash of an address.
    """

    MEMBER = "member"
    TOTAL = "total"
    LOCATION = "location"
    ATTRIBUTE = "attribute"


class Counted(StrEnum):
    """What a limit counts."""

    POINTS = "points"
    TIMES = "times"
    DISCOUNT = "discount"
    UNITS = "units"
    ORDER_VALUE = "order_value"
    CUSTOMERS = "customers"


MONEY = (Counted.DISCOUNT, Counted.ORDER_VALUE)
"""What is counted in minor units."""

ON_ORDERS = (Counted.DISCOUNT, Counted.UNITS, Counted.ORDER_VALUE)
"""What is counted where a reward is used on an order, and not where it is claimed."""


class AtCap(StrEnum):
    """What happens to what does not fit: cut to the room left, or rejected whole."""

    CUT = "cut"
    REJECT = "reject"


class Limit(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """At most so many points (times, ...) per ``every`` period, for each of those whom ``per`` names.

    Exactly one of ``points``, ``times``, ``discount``, ``units``, ``order_value`` and ``customers`` is given.
    ``attribute`` names the declared attribute of orders or events that ``per: attribute`` looks at; where
    an order brings no value for it (or no location), nothing is given. Where ``at_cap`` is left out, points
    and units are cut and money is refused whole. Points, units and discounts can be cut; the others fit or
    do not. Unless it ``comes_back``, what was used stays used when an order is canceled or returned, or a
    redemption rolled back; what was only held comes back all the same. Units counted ``by_product`` have the
    cap for each product (its sku) by itself.
    """

    per: Holder = Holder.MEMBER
    points: PointsCap | None = None
    times: Cap | None = None
    every: Period = Period.EVER
    at_cap: AtCap | None = None
    attribute: Name | None = None
    discount: MoneyCap | None = None
    units: Cap | None = None
    order_value: MoneyCap | None = None
    customers: Cap | None = None
    comes_back: bool = True
    by_product: bool = False

    def caps(self) -> dict[Counted, int]:
        """Return what the limit counts, with its cap; a valid limit counts one thing."""
        caps = {counted: getattr(self, counted.value) for counted in Counted}
        return {counted: cap for counted, cap in caps.items() if cap is not None}

    def counted(self) -> tuple[Counted, int]:
        """Return the one thing that a valid limit counts, and its cap."""
        return next(iter(self.caps().items()))

    def when_full(self) -> AtCap:
        """Return what happens at the cap, said or by default; of times there is nothing to cut."""
        if self.at_cap is not None:
            return self.at_cap
        cut = (Counted.POINTS, Counted.TIMES, Counted.UNITS)
        return AtCap.CUT if self.counted()[0] in cut else AtCap.REJECT


_NO_PRODUCTS: Mapping[str, int] = MappingProxyType({})


class Use(msgspec.Struct, frozen=True):
    """What one award, claim or redemption counts against limits.

    ``points`` is what it gave, ``discount`` what it took off how many ``units``, ``products`` these units by
    sku, ``order_value`` what the lines cost before it, in minor units. What was counted as a time before,
    such as a reward that was claimed, has no ``times``: then its customer was counted before as well.
    """

    times: int = 1
    points: Points = 0
    discount: Minor = 0
    order_value: Minor = 0
    units: int = 0
    products: Mapping[str, int] = _NO_PRODUCTS

    def of(self, counted: Counted) -> int:
        """Return how much it is of what a limit counts; for customers, whether one took part."""
        match counted:
            case Counted.POINTS:
                return self.points
            case Counted.TIMES:
                return self.times
            case Counted.DISCOUNT:
                return self.discount
            case Counted.UNITS:
                return self.units
            case Counted.ORDER_VALUE:
                return self.order_value
            case Counted.CUSTOMERS:
                return min(self.times, 1)
