"""How generated source reads each built-in fact: the whitelist of everything it may say.

``READS`` maps a fact to an expression and the locals it needs; ``PRELUDE`` maps a local to the
expression that computes it once per function and the locals it needs; ``HELPERS`` are the functions
that these may call. ``{0}`` stands for the wallet or the attribute that is read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from perennial.core.conditions.scope import (
    date_or_none,
    date_text_or_none,
    fresh_or_none,
    instant_or_none,
    joining_date,
    now_at,
)
from perennial.core.customers.consents import consents_in
from perennial.core.dates.periods import falls_on, years_since
from perennial.core.facts import FactType
from perennial.core.orders.geography import place_or_none
from perennial.core.orders.order import Line
from perennial.core.terms.figures import READERS
from perennial.units import Minor

PRESENT: dict[FactType, tuple[str, str]] = {
    FactType.TEXT: ("{0}", "(type({0}) is str)"),
    FactType.INTEGER: ("{0}", "(type({0}) is int)"),
    FactType.BOOLEAN: ("{0}", "(type({0}) is bool)"),
    FactType.DATE: ("h_date_text({0})", "({0} is not None)"),
    FactType.INSTANT: ("h_instant({0})", "({0} is not None)"),
    FactType.PLACE: ("h_place({0})", "({0} is not None)"),
}
"""How an attribute of each type is read, and the test whether the result is a value of that type."""

READS: dict[str, tuple[str, tuple[str, ...]]] = {
    "order.total": ("f_total", ("f_total",)),
    "order.gross": ("f_gross", ("f_gross",)),
    "order.discount": ("(f_gross - f_total)", ("f_gross", "f_total")),
    "order.shipping": ("order.shipping", ("order",)),
    "order.tax": ("order.tax", ("order",)),
    "order.currency": ("f_currency", ("f_currency",)),
    "order.location": ("order.location", ("order",)),
    "order.channel": ("order.channel", ("order",)),
    "order.codes": ("order.codes", ("order",)),
    "order.line_count": ("len(f_lines)", ("f_lines",)),
    "order.quantity": ("f_quantity", ("f_quantity",)),
    **{
        f"redeemer.{name}": (f"(order.redeemer and order.redeemer.{name})", ("order",))
        for name in ("key", "staff", "role", "device")
    },
    "line.sku": ("line.sku", ()),
    "line.categories": ("line.categories", ()),
    "line.brand": ("line.brand", ()),
    "line.net": ("net", ()),
    "line.amount": ("line.amount", ()),
    "line.discount": ("(line.amount - net)", ()),
    "line.quantity": ("line.quantity", ()),
    "line.unit_price": ("(net // line.quantity if line.quantity else None)", ()),
    "line.cost": ("line.cost", ()),
    "member.joined": ("(snapshot.joined_at is not None)", ("snapshot",)),
    "member.joined_on": ("(f_joined and f_joined.isoformat())", ("f_joined",)),
    "member.joined_days": ("(f_joined and f_now.ordinal - f_joined.toordinal())", ("f_joined", "f_now")),
    "member.joined_years": ("(f_joined and h_years(f_joined, f_now.ordinal))", ("f_joined", "f_now")),
    "member.is_anniversary": ("(f_joined and h_falls_on(f_joined, f_now.ordinal))", ("f_joined", "f_now")),
    "member.tier": ("snapshot.tier", ("snapshot",)),
    "member.referral_count": ("snapshot.used[-1]", ("snapshot",)),
    "member.tier_level": ("h_levels.get(snapshot.tier, 0)", ("snapshot",)),
    "member.segments": ("snapshot.segments", ("snapshot",)),
    "member.consents": ("h_consents({0})", ()),
    "member.birthday_month": ("((d := h_date({0})) and d.month)", ()),
    "member.birthday_day": ("((d := h_date({0})) and d.day)", ()),
    "member.is_birthday": ("((d := h_date({0})) and h_falls_on(d, f_now.ordinal))", ("f_now",)),
    "member.age": ("((d := h_date({0})) and h_years(d, f_now.ordinal))", ("f_now",)),
    "wallet.balance": ("({0}.balance - {0}.debt)", ()),
    "wallet.available": ("({0}.balance - {0}.pending - {0}.debt)", ()),
    "wallet.pending": ("{0}.pending", ()),
    "wallet.debt": ("{0}.debt", ()),
    "wallet.earned": ("{0}.earned", ()),
    "now.date": ("f_now.date", ("f_now",)),
    "now.time": ("f_now.time", ("f_now",)),
    "now.weekday": ("f_now.weekday", ("f_now",)),
    "now.day": ("f_now.day", ("f_now",)),
    "now.month": ("f_now.month", ("f_now",)),
    "now.year": ("f_now.year", ("f_now",)),
    "now.hour": ("f_now.hour", ("f_now",)),
}

PRELUDE: dict[str, tuple[str, tuple[str, ...]]] = {
    "f_lines": ("order.lines", ("order",)),
    "f_total": ("sum(nets)", ("nets",)),
    "f_gross": ("sum([line.amount for line in f_lines])", ("f_lines",)),
    "f_quantity": ("sum([line.quantity for line in f_lines])", ("f_lines",)),
    "f_currency": ("order.currency or h_currency", ("order",)),
    "f_order_attributes": ("order.attributes", ("order",)),
    "f_attributes": ("snapshot.attributes", ("snapshot",)),
    "f_history": ("snapshot.history", ("snapshot",)),
    "f_location": ("snapshot.location", ("snapshot",)),
    "f_wallets": ("snapshot.wallets", ("snapshot",)),
    "f_variants": ("snapshot.variants", ("snapshot",)),
    "f_now": ("h_now(at, h_zone)", ("at",)),
    "f_joined": ("h_joined(snapshot.joined_at, h_zone)", ("snapshot",)),
    "f_by_sku": ("h_by_sku(f_lines)", ("f_lines",)),
    "f_by_brand": ("h_by_brand(f_lines)", ("f_lines",)),
    "f_by_category": ("h_by_category(f_lines)", ("f_lines",)),
    "f_cheapest": ("h_cheapest(f_lines, nets)", ("f_lines", "nets")),
    "f_most_expensive": ("h_most_expensive(f_lines, nets)", ("f_lines", "nets")),
}


def _by_sku(lines: Sequence[Line]) -> dict[str, list[int]]:
    positions: dict[str, list[int]] = {}
    for i, line in enumerate(lines):
        positions.setdefault(line.sku, []).append(i)
    return positions


def _by_brand(lines: Sequence[Line]) -> dict[str, list[int]]:
    positions: dict[str, list[int]] = {}
    for i, line in enumerate(lines):
        if line.brand is not None:
            positions.setdefault(line.brand, []).append(i)
    return positions


def _by_category(lines: Sequence[Line]) -> dict[str, list[int]]:
    positions: dict[str, list[int]] = {}
    for i, line in enumerate(lines):
        for category in line.categories:
            found = positions.setdefault(category, [])
            if not found or found[-1] != i:  # a category may be given twice
                found.append(i)
    return positions


def _cheapest(lines: Sequence[Line], nets: Sequence[Minor]) -> list[tuple[Line, Minor]]:
    return _extreme(lines, nets, 1)


def _most_expensive(lines: Sequence[Line], nets: Sequence[Minor]) -> list[tuple[Line, Minor]]:
    return _extreme(lines, nets, -1)


def _extreme(lines: Sequence[Line], nets: Sequence[Minor], sign: int) -> list[tuple[Line, Minor]]:
    """Return the first line with the lowest (``sign`` 1) or highest price per unit, or nothing."""
    pairs = [(line, net) for line, net in zip(lines, nets, strict=True) if line.quantity]
    if not pairs:
        return []
    return [min(pairs, key=lambda pair: sign * Fraction(pair[1], pair[0].quantity))]


HELPERS: dict[str, Callable[..., Any]] = {
    "h_now": now_at,
    "h_joined": joining_date,
    "h_years": years_since,
    "h_falls_on": falls_on,
    "h_date": date_or_none,
    "h_date_text": date_text_or_none,
    "h_instant": instant_or_none,
    "h_place": place_or_none,
    "h_fresh": fresh_or_none,
    "h_consents": consents_in,
    **{f"h_{name}": reader for name, reader in READERS.items()},
    "h_by_sku": _by_sku,
    "h_by_brand": _by_brand,
    "h_by_category": _by_category,
    "h_cheapest": _cheapest,
    "h_most_expensive": _most_expensive,
}
