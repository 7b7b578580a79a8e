"""The program that the benchmarks run: as many earning rules as asked for, tiers, and campaigns."""

from __future__ import annotations

from typing import Any

DEPARTMENTS = tuple(f"department-{number}" for number in range(40))

_REVIEW = {"id": "review", "type": "fixed", "points": 20, "trigger": "review.posted"}


def bench_document(rules: int) -> dict[str, Any]:
    """Return a program of so many rules (the second is for reviews), three tiers and two campaigns."""
    levels = [
        {"id": "bronze", "name": "Bronze", "reach": {"metric": 0}},
        {"id": "silver", "name": "Silver", "reach": {"metric": 50000}, "multiplier": {"by": "1.25"}},
        {"id": "gold", "name": "Gold", "reach": {"metric": 200000}, "multiplier": {"by": "1.5"}},
    ]
    metrics = [{"measure": "orders.net", "window": {"calendar": "year"}}]
    friday = {"days": ["fri"], "start": "17:00", "end": "19:00"}
    return {
        "program": "bench",
        "name": "Bench",
        "time_zone": "Europe/Berlin",
        "wallets": [
            {
                "id": "points",
                "name": "Points",
                "pending": {"type": "period", "after": {"days": 14}},
                "expiry": {"type": "rolling", "after": {"months": 6}},
            }
        ],
        "declarations": {
            "member": {"country": {"type": "text"}},
            "events": {"review.posted": {"attributes": {"rating": {"type": "integer"}}}},
        },
        "earning_rules": [_rule(0), _REVIEW, *(_rule(number) for number in range(1, rules - 1))][:rules],
        "campaigns": [
            {
                "id": "happy-hour",
                "schedule": {"windows": [friday]},
                "multiplier": {"by": "3", "rules": ["rule-0"]},
            },
            {
                "id": "season",
                "schedule": {"starts": "2026-12-01", "ends": "2026-12-26"},
                "multiplier": {"by": "2"},
            },
        ],
        "tiers": {"metrics": metrics, "levels": levels},
    }


def _rule(number: int) -> dict[str, Any]:
    """Return the earning rule with this number.

    The kinds and conditions come round every ten; the first ten hold everywhere, the others are for
    one store, brand, department, product or code each.
    """
    rule: dict[str, Any] = {"id": f"rule-{number}", "type": "fixed", "points": 5}
    kind, turn = number % 10, number // 10
    department = DEPARTMENTS[turn % len(DEPARTMENTS)]
    if kind == 0 and turn == 0:
        return rule | {"type": "per_amount", "points": 1, "per": 100}
    match kind:
        case 0:
            lines = {"fact": "line.brand", "is": f"brand-{turn}"}
            return rule | {"type": "per_amount", "points": 1, "per": 50, "lines": lines}
        case 1:
            lines = {"fact": "line.categories", "contains": department}
            return rule | {"type": "per_item", "points": 3, "lines": lines}
        case 2:
            lines = {"fact": "line.sku", "is": f"sku-{number}"}
            return rule | {"type": "per_item", "points": 50, "once": True, "lines": lines}
        case 3:
            rule["limits"] = [{"points": 500, "every": "month"}]
            when = [{"fact": "order.total", "at_least": 5000 + 1000 * turn}]
        case 4:
            when = [
                {"fact": "order.channel", "is": ("app", "web")[turn % 2]},
                {"fact": "now.weekday", "in": ["mon", "tue"]},
            ]
        case 5:
            when = [
                {"fact": "now.time", "between": ["17:00", "19:00"]},
                {"fact": "member.country", "is": "DE"},
            ]
        case 6:
            when = [
                {"fact": "member.tier", "in": ["silver", "gold"]},
                {"fact": "order.total", "more_than": 10000},
            ]
        case 7:
            history = {
                "history": "orders.net",
                "window": {"calendar": "year"},
                "at_least": 20000 * (turn + 1),
            }
            when = [history, {"fact": "order.location", "is": f"store-{turn}"}]
        case 8:
            when = [{"lines": "any", "where": {"fact": "line.categories", "contains": department}}]
            when.append({"fact": "order.codes", "contains": f"code-{turn}"})
        case _:
            where = {
                "all": [
                    {"fact": "line.categories", "contains": department},
                    {"fact": "line.net", "at_least": 500},
                ]
            }
            when = [{"lines": "quantity", "where": where, "at_least": 2 + turn}]
    if turn and 3 <= kind <= 6:
        when.append({"fact": "order.location", "is": f"store-{turn}"})
    return rule | {"when": {"all": when}}
