"""RFM scores: how recently, how often, and for how much a customer buys, each from 1 to 5.

The bounds stand in the program, so that the same customer has the same scores until somebody publishes
others: nobody's score moves because other customers bought. The report ``rfm-scale`` says where they would
have to lie today to cut the customers into five equal parts.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated

import msgspec
from msgspec import Meta

from perennial.core.dates.schedule import Span
from perennial.core.terms.conditions import HistoryWindow, Measure
from perennial.core.terms.figures import ALL_DAYS, Computed, Figure, Take
from perennial.units import MAX_AMOUNT

Bounds = Annotated[
    tuple[Annotated[int, Meta(ge=0, le=MAX_AMOUNT)], ...],
    Meta(min_length=4, max_length=4, description="four ascending numbers"),
]
NAMES = ("rfm_recency", "rfm_frequency", "rfm_monetary")
"""The names of the scores below ``member``."""

_YEAR = HistoryWindow(last=Span(days=365))


class RfmScale(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """The bounds between the scores 1 to 5.

    ``recency`` is in days since the last order: who is at most at the first bound scores 5, who is past the
    last one 1. ``frequency`` is in orders and ``monetary`` in minor units, of the last 365 days: who is at
    most at the first bound scores 1, who is past the last one 5.
    """

    recency: Bounds
    frequency: Bounds
    monetary: Bounds


def scores_of(scale: RfmScale) -> dict[str, tuple[str, Computed]]:
    """Return the label and the making of every score, by its name below ``member``."""
    since = Figure(Take.DAYS_SINCE, Measure.ORDERS_COUNT, ALL_DAYS)
    orders = Figure(Take.SUM, Measure.ORDERS_COUNT, _YEAR)
    spent = Figure(Take.SUM, Measure.ORDERS_NET, _YEAR)
    return {
        "rfm_recency": (
            "how recently the customer bought, from 1 to 5",
            Computed((since,), "recency", scale.recency),
        ),
        "rfm_frequency": (
            "how often the customer buys, from 1 to 5",
            Computed((orders,), "score", scale.frequency),
        ),
        "rfm_monetary": (
            "for how much the customer buys, from 1 to 5",
            Computed((spent,), "score", scale.monetary),
        ),
    }


def is_ascending(bounds: tuple[int, ...]) -> bool:
    """Whether no bound lies below the one before it."""
    return all(low <= high for low, high in pairwise(bounds))
