"""The 50 live segments of the benchmark: 10 look at the last days, 40 at everything else."""

from __future__ import annotations

from typing import Any

from perennial.core.segments.segment import Segment
from perennial.core.terms.condition_document import decode_condition


def bench_segments() -> list[Segment]:
    """Return 50 live segments."""
    conditions: dict[str, dict[str, Any]] = {}
    for days, spent, orders in ((30, 20_000, 2), (90, 40_000, 4), (365, 80_000, 8)):
        conditions[f"spent-{days}"] = {"fact": f"member.spent_{days}_days", "at_least": spent}
        conditions[f"orders-{days}"] = {"fact": f"member.orders_{days}_days", "at_least": orders}
    conditions["dormant"] = {"fact": "member.days_since_last_order", "at_least": 90}
    conditions["at-risk"] = {"fact": "member.lifecycle", "is": "at_risk"}
    conditions["lapsed"] = {"fact": "member.is_lapsed", "is": True}
    conditions["large-baskets"] = {"fact": "member.average_order_90_days", "at_least": 15_000}
    for country in ("DE", "AT", "CH", "FR", "US"):
        conditions[f"from-{country.lower()}"] = {"fact": "member.country", "is": country}
    for tier in ("bronze", "silver", "gold"):
        conditions[f"tier-{tier}"] = {"fact": "member.tier", "is": tier}
    for step in range(1, 9):
        conditions[f"balance-{step}"] = {"fact": "wallet.points.balance", "at_least": 500 * step}
    for step in range(1, 5):
        conditions[f"earned-{step}"] = {"fact": "wallet.points.earned", "at_least": 1_000 * step}
    for step in range(1, 6):
        conditions[f"value-{step}"] = {"fact": "member.spent", "at_least": 30_000 * step}
        conditions[f"loyal-{step}"] = {"fact": "member.orders", "at_least": 3 * step}
    for step, country in enumerate(("DE", "AT", "CH", "FR", "US", "DE"), 1):
        both = [
            {"fact": "member.country", "is": country},
            {"fact": "member.spent", "at_least": 20_000 * step},
        ]
        conditions[f"good-{step}"] = {"all": both}
    for step in range(1, 5):
        both = [
            {"fact": "member.segments", "contains": f"value-{step}"},
            {"fact": "member.segments", "not_in": ["dormant"]},
        ]
        conditions[f"awake-{step}"] = {"all": both}
    return [
        Segment(segment=code, name=code, when=decode_condition(when)) for code, when in conditions.items()
    ]


def preview_conditions(count: int) -> list[dict[str, Any]]:
    """Return conditions as somebody might try them, each a little different."""
    kinds: list[dict[str, Any]] = [
        {"fact": "member.spent_365_days", "at_least": 50_000},
        {"fact": "member.days_since_last_order", "at_least": 60},
        {"fact": "member.country", "is": "AT"},
        {"fact": "wallet.points.balance", "at_least": 100},
        {
            "all": [
                {"fact": "member.country", "in": ["DE", "FR"]},
                {"fact": "member.orders_90_days", "at_least": 2},
            ]
        },
    ]
    return [kinds[number % len(kinds)] for number in range(count)]
