"""Units that a reward adds to the cart."""

from __future__ import annotations

import msgspec

from perennial.core.kinds.percentage import part_of
from perennial.core.kinds.picks import Units
from perennial.core.kinds.rule import ONE
from perennial.core.orders.cart import Cart
from perennial.core.orders.order import Line
from perennial.units import Minor

WHOLE = 100 * ONE
"""All of it, in ten-thousandths of a percent."""


def add_units(cart: Cart, sku: str, quantity: int, unit_price: Minor | None, percent: int) -> Units:
    """Add a line of ``quantity`` units to the cart on behalf of the reward at work; return its units.

    Without a ``unit_price`` they cost what a unit of the product in the cart costs, or nothing.
    ``percent`` (in ten-thousandths of it) of that is a gift, which counts against no cap of the order.
    """
    known = next((line for line in cart.lines if line.sku == sku and line.quantity > 0), None)
    if unit_price is None:
        unit_price = max(known.amount // known.quantity, 0) if known is not None else 0
    line = Line(sku=sku, amount=unit_price * quantity, quantity=quantity)
    if known is not None:
        line = msgspec.structs.replace(line, categories=known.categories, brand=known.brand)
    return Units(cart.add(line, min(part_of(line.amount, percent), line.amount)), unit_price, quantity)
