"""Currencies: how many decimals they have, and orders brought into a program's currency."""

from __future__ import annotations

import msgspec

from perennial.core.document.program import Program
from perennial.core.orders.order import Line, Order
from perennial.units import Minor, Rounding, divide, format_units

# The currencies of ISO 4217 whose minor unit is not a hundredth.
_WITHOUT_DECIMALS = frozenset(
    (
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "ISK",
        "JPY",
        "KMF",
        "KRW",
        "PYG",
        "RWF",
        "UGX",
        "UYI",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    )
)
_WITH_THREE = frozenset(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"))


def decimals(currency: str) -> int:
    """Return how many decimals amounts in ``currency`` have (ISO 4217)."""
    if currency in _WITHOUT_DECIMALS:
        return 0
    return 3 if currency in _WITH_THREE else 2


def in_program_currency(order: Order, program: Program) -> Order | None:
    """Return ``order`` with all amounts in the program's currency, or None if it has no rate for it.

    A rate says how much one whole unit of the order's currency is worth in the program's. Every
    amount of the order is converted by itself and rounded half up once; an order without a currency
    is in the program's.
    """
    if order.currency is None or order.currency == program.currency:
        return order
    rate = program.rates.get(order.currency)
    if rate is None:
        return None
    whole, _, fraction = rate.partition(".")
    numerator = int(whole + fraction) * 10 ** decimals(program.currency)
    denominator = 10 ** (len(fraction) + decimals(order.currency))

    def convert(amount: Minor) -> Minor:
        return divide(amount * numerator, denominator, Rounding.HALF_UP)

    def convert_line(line: Line) -> Line:
        cost = None if line.cost is None else convert(line.cost)
        floor = None if line.floor is None else convert(line.floor)
        changes = {
            "amount": convert(line.amount),
            "discount": convert(line.discount),
            "cost": cost,
            "floor": floor,
        }
        return msgspec.structs.replace(line, **changes)

    return msgspec.structs.replace(
        order,
        lines=tuple(convert_line(line) for line in order.lines),
        currency=program.currency,
        discount=convert(order.discount),
        shipping=convert(order.shipping),
        tax=convert(order.tax),
    )


def format_money(amount: Minor, currency: str) -> str:
    """Write ``amount`` minor units of ``currency`` as a decimal, without the currency (``45.99``)."""
    return format_units(amount, decimals(currency))
