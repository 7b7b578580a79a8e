"""What every earning rule has, whatever its kind. The kinds are files of ``core/earning/``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from perennial.core.dates.schedule import Schedule, Span
from perennial.core.orders.order import Scalar
from perennial.core.terms.conditions import Condition
from perennial.core.terms.limits import Limit
from perennial.core.terms.money import PointsCap
from perennial.units import Minor, Points, Rounding, format_units

Identifier = Annotated[str, Meta(pattern="^[a-z][a-z0-9_-]{0,62}$", description="a short name in lower case")]
Multiplier = Annotated[
    str, Meta(pattern=r"^\d{1,4}(\.\d{1,4})?$", description='a factor as text, such as "1.5"')
]
Percent = Annotated[str, Meta(pattern=r"^\d{1,3}(\.\d{1,4})?$", description='percent as text, such as "2.5"')]
ExchangeRate = Annotated[
    str, Meta(pattern=r"^\d{1,6}(\.\d{1,8})?$", description='a rate of exchange as text, such as "0.0067"')
]
Rate = PointsCap

ONE = 10_000
"""Factors and percents are exact whole numbers of ten-thousandths."""


class Basis(StrEnum):
    """The amount that a rule looks at.

    ``net``: after all discounts, the line's share of the order's discount included; ``line_net``:
    after the line's own discount only; ``gross``: before all discounts.
    """

    NET = "net"
    LINE_NET = "line_net"
    GROSS = "gross"


class Basket(msgspec.Struct, frozen=True, gc=False):
    """What a kind's ``earn`` sees of an event: the matching lines of an order, or its attributes.

    ``indexes`` are the positions of the lines that the rule's filter chose; ``amounts`` (by the
    rule's basis, in the program's currency) and ``quantities`` belong to all lines of the order.
    ``total`` is the sum of the chosen amounts, ``shares`` what each line of the order counts in it: a
    line with a negative amount lowers the total but takes no share of the points. An event that is
    no order has no lines; its ``attributes`` are the declared ones.
    """

    indexes: Sequence[int] = ()
    amounts: Sequence[Minor] = ()
    quantities: Sequence[int] = ()
    total: Minor = 0
    shares: Sequence[Minor] = ()
    attributes: Mapping[str, Scalar] = {}


class Earned(msgspec.Struct, frozen=True, gc=False):
    """What a kind gives: whole points, and in which proportion the lines of the order earned them.

    ``weights`` has one number per line of the order, or is empty where no line earned the points.
    """

    points: Points
    weights: Sequence[int] = ()


class Writing(msgspec.Struct, frozen=True):
    """How a rule's explanation writes figures for a person.

    ``money`` writes an amount of the program's currency (``45.99``), ``points`` says a number of points of
    the rule's wallet (``2 points``).
    """

    money: Callable[[Minor], str]
    points: Callable[[Points], str]


class EarningRule(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    kw_only=True,
    tag_field="type",
):
    """The fields that every kind shares.

    ``trigger`` is ``order.paid``, ``member.joined``, ``member.birthday``, ``member.anniversary``,
    ``tier.entered`` or the name of a declared event. ``when`` must hold for the rule to fire;
    ``lines`` chooses the lines that count (at least one must). ``multiplied`` says whether tier and
    campaign multipliers apply. ``limits`` are the rule's own; ``shared_limits`` names limits of the
    program. ``wallet`` may be left out where the program has one wallet only. After it gave something the
    rule gives a member nothing for its ``cooldown``: anywhere, or in the same store (``cooldown_per:
    location``, where orders without a location are of one store).
    """

    id: Identifier
    name: str | None = None
    trigger: str = "order.paid"
    wallet: Identifier | None = None
    when: Condition | None = None
    lines: Condition | None = None
    schedule: Schedule | None = None
    limits: tuple[Limit, ...] = ()
    shared_limits: tuple[Identifier, ...] = ()
    cooldown: Span | None = None
    cooldown_per: Literal["member", "location"] = "member"
    multiplied: bool = True

    example: ClassVar[str] = ""
    """A rule of this kind as it stands in a document; every kind has one."""

    def earn(self, basket: Basket, tier: str | None) -> Earned:
        """Return what the rule gives for ``basket`` to a member whose tier is ``tier``."""
        raise NotImplementedError

    def always(self) -> Earned | None:
        """Return what the rule gives if it is the same for everybody and every event, else None."""
        return None

    def looks_at(self) -> Basis:
        """Return the basis by which the basket's amounts are taken."""
        return Basis.NET

    def describe(self, basket: Basket, tier: str | None, write: Writing) -> str:
        """Return the arithmetic of :meth:`earn` in words; ``write`` writes what it counts for a person."""
        raise NotImplementedError

    def number_attributes(self) -> tuple[str, ...]:
        """Return the attributes of the event that the rule calculates with: declared, and integers."""
        return ()

    def gives(self) -> str | None:
        """Return the reward of the program that the rule gives, besides points or instead."""
        return None

    def per_money(self, tier: str | None) -> tuple[Points, Minor] | None:
        """Return the points for so many minor units spent, where the rule gives points for money."""
        return None

    def needs_lines(self) -> bool:
        """Whether the rule only makes sense for an order, because it counts amounts or units."""
        return False


def count_points(points: Points, decimals: int = 0) -> str:
    """Say a number of points with the decimals of their wallet (``1 point``, ``0.49 points``)."""
    written = format_units(points, decimals)
    return "1 point" if written == "1" else f"{written} points"


def rounded(rounding: Rounding) -> str:
    """Say how a fraction is rounded."""
    return {Rounding.DOWN: "rounded down", Rounding.HALF_UP: "rounded half up", Rounding.UP: "rounded up"}[
        rounding
    ]


@lru_cache(maxsize=4096)
def ten_thousandths(text: str) -> int:
    """Return the decimal ``text`` of at most four decimals as a whole number of ten-thousandths."""
    whole, _, decimals = text.partition(".")
    return int(whole) * ONE + int(decimals.ljust(4, "0") or "0")


__all__ = [
    "ONE",
    "Basis",
    "Basket",
    "Earned",
    "EarningRule",
    "ExchangeRate",
    "Identifier",
    "Multiplier",
    "Percent",
    "Rate",
    "Rounding",
    "Writing",
    "count_points",
    "rounded",
    "ten_thousandths",
]
