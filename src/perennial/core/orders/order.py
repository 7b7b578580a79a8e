"""Orders, lines and returns, as the caller sends them and as the core judges them.

All amounts are in the minor unit of the order's currency.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta

from perennial.units import MAX_AMOUNT, Minor, Rounding, allocate, divide

Scalar: TypeAlias = (
    Annotated[str, Meta(max_length=2_000)] | Annotated[int, Meta(ge=-MAX_AMOUNT, le=MAX_AMOUNT)] | bool | None
)

Amount = Annotated[int, Meta(ge=-MAX_AMOUNT, le=MAX_AMOUNT)]
NonNegative = Annotated[int, Meta(ge=0, le=MAX_AMOUNT)]
Name = Annotated[str, Meta(min_length=1, max_length=200)]
Attributes = Annotated[dict[Name, Scalar], Meta(max_length=100)]


class OrderStatus(StrEnum):
    """The life of an order. It moves forward only, and ``canceled`` is final."""

    CREATED = "created"
    PAID = "paid"
    FULFILLED = "fulfilled"
    CANCELED = "canceled"


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """One line of an order.

    ``amount`` is the price of the whole line before ``discount``; it may be zero or negative (a
    manual discount line). ``id`` names the line for returns and defaults to its position, from 1.
    ``cost`` is what the whole line costs the shop; rewards never bring a unit below ``floor``.
    """

    sku: Name
    amount: Amount
    quantity: NonNegative = 1
    id: Name | None = None
    discount: NonNegative = 0
    categories: Annotated[tuple[Name, ...], Meta(max_length=100)] = ()
    brand: Name | None = None
    cost: NonNegative | None = None
    floor: NonNegative | None = None
    attributes: Attributes = {}

    @property
    def net(self) -> Minor:
        """What the line costs after its own discount, before its share of the order's discount."""
        return self.amount - self.discount


class Redeemer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Who brings a cart or an order: the name of an API key, or who of the staff is signed in.

    ``staff`` is the person's e-mail address and ``role`` the role in the workspace. ``device`` is the till
    that the caller names, or that signed what it let happen offline.
    """

    key: Name | None = None
    staff: Name | None = None
    role: Name | None = None
    device: Name | None = None


class SentOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """What a caller says of an order.

    ``discount`` is order-wide and is allocated to the lines by largest remainder.
    """

    status: OrderStatus
    lines: Annotated[tuple[Line, ...], Meta(max_length=1_000)]
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")] | None = None
    discount: NonNegative = 0
    shipping: NonNegative = 0
    tax: NonNegative = 0
    location: Name | None = None
    channel: Name | None = None
    codes: Annotated[tuple[Name, ...], Meta(max_length=100)] = ()
    attributes: Attributes = {}


class Order(SentOrder, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """An order as it is judged; ``redeemer`` is who brought it, as far as that is known."""

    redeemer: Redeemer | None = None


def line_ids(order: Order) -> list[str]:
    """Return the id of every line: its own, or its position counted from 1."""
    return [line.id or str(position) for position, line in enumerate(order.lines, 1)]


def net_amounts(order: Order) -> list[Minor]:
    """Return what each line costs after its own discount and its share of the order's discount.

    The order's discount is shared over the lines with a positive net by largest remainder and takes
    no more than they cost together; the other lines keep their own net.
    """
    nets = [line.amount - line.discount for line in order.lines]
    if order.discount:
        weights = [max(net, 0) for net in nets]
        shares = allocate(min(order.discount, sum(weights)), weights) if weights else []
        return [net - share for net, share in zip(nets, shares, strict=True)]
    return nets


def cost_of(order: Order) -> Minor | None:
    """Return what the order costs the shop, or None where it does not say so of every line."""
    costs = [line.cost for line in order.lines]
    return None if None in costs else sum(costs)  # type: ignore[arg-type]


def returned_parts(order: Order, returned: Sequence[int]) -> tuple[Minor, Minor | None]:
    """Return what came back of an order's net and of its cost, by the share of each line's units.

    Parts round towards zero, and together they are the whole once everything is back.
    """
    shares = [
        (back, line.quantity) if line.quantity else (0, 1)
        for back, line in zip(returned, order.lines, strict=True)
    ]
    nets = zip(net_amounts(order), shares, strict=True)
    net = sum(divide(amount * back, of, Rounding.DOWN) for amount, (back, of) in nets)
    if cost_of(order) is None:
        return net, None
    return net, sum(
        (line.cost or 0) * back // of for line, (back, of) in zip(order.lines, shares, strict=True)
    )


def value_of(nets: Sequence[Minor]) -> Minor:
    """Return what an order is worth for limits on the value of orders: its lines together, never below 0."""
    return max(sum(nets), 0)


class ReturnedLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How many of an order's line came back; ``line`` is the line's id."""

    line: Name
    quantity: Annotated[int, Meta(ge=1, le=MAX_AMOUNT)]
