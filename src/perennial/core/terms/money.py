"""Amounts in a program document: which of them are money, and which points, is marked in its JSON Schema.

Documents hold minor units of the program's currency. ``x-money`` tells whoever draws a form from the
schema to show and take them as money; ``x-money-if`` says of which other field that depends:
``{"field": ..., "in": [...]}``, where ``null`` stands for a field that was left out. The field is that of
the part itself or of the nearest part around it; with ``list`` it is that of the entry of this list, in a
part around it, whose id is the name of the number. ``x-points`` says that the number is points of a wallet,
which are shown with as many decimals as the wallet has: of the ``wallet`` that the part itself or the nearest
part around it names, of the wallet that the part stands in, or of the only one.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from perennial.units import MAX_AMOUNT

_MARK = {"x-money": True}
_POINTS = {"x-points": True}
_MEASURED = {"field": "measure", "in": ["lines.net", "orders.net"]}

Cap = Annotated[int, Meta(ge=0, le=MAX_AMOUNT)]
MoneyCap = Annotated[Cap, Meta(extra_json_schema=_MARK)]
PointsCap = Annotated[Cap, Meta(extra_json_schema=_POINTS)]
PointsAsked = Annotated[int, Meta(ge=1, le=MAX_AMOUNT, extra_json_schema=_POINTS)]
MoneyGiven = Annotated[int, Meta(ge=1, le=MAX_AMOUNT, extra_json_schema=_MARK)]

Measured = Annotated[int, Meta(ge=1, le=MAX_AMOUNT, extra_json_schema={"x-money-if": _MEASURED})]
"""A figure of the ``measure`` beside it."""

OfMetric = Annotated[Cap, Meta(extra_json_schema={"x-money-if": {**_MEASURED, "list": "metrics"}})]
"""A figure of the metric that it is named after."""

OfTotal = Annotated[Cap, Meta(extra_json_schema={"x-money-if": {"field": "total", "in": [None, "amount"]}})]
"""A figure of the ``total`` that the part around it counts."""
