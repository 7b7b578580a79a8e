"""The worked example of segments by what somebody bought, translated into segments and played."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from perennial.core.cases.case_file import Case, read_case
from perennial.core.cases.cases import run_case

CASES = json.loads((Path(__file__).parent / "data" / "segment-examples.json").read_text())


def _minor(amount: int | str) -> int:
    return int(Decimal(amount) * 100)


def _condition(rule: dict[str, Any]) -> dict[str, Any]:
    """Translate a rule; bounds are inclusive on both sides."""
    ((word, given),) = rule.items()
    match word:
        case "bought_in_pos":
            where = {"fact": "order.location", "in": given}
            return {"history": "orders.count", "where": where, "at_least": 1}
        case "transaction_count":
            return {"fact": "member.orders", "between": given}
        case "average":
            return {"fact": "member.average_order", "between": [_minor(bound) for bound in given]}
        case "or" | "and":
            return {"any" if word == "or" else "all": [_condition(part) for part in given]}
    raise ValueError(f"unknown word {word}")


def _case_of(example: dict[str, Any]) -> Case:
    """Translate the example: each transaction is an order, then everybody is looked at."""
    customers = example["given"]["customers"]
    segments = [
        {"segment": f"s{number}", "name": f"Rule {number}", "when": _condition(asked["rule"])}
        for number, asked in enumerate(example["when"], 1)
    ]
    orders = [
        {
            "at": "2026-03-02 10:00",
            "customer": name,
            "order": {
                "id": f"{name}-{number}",
                "location": pos,
                "lines": [{"sku": "thing", "amount": _minor(amount)}],
            },
        }
        for name, customer in customers.items()
        for number, (amount, pos) in enumerate(zip(customer["transactions"], customer["pos"], strict=True))
    ]
    looks = [
        {
            "at": "2026-03-02 11:00",
            "customer": name,
            "expect": {"segments": {f"s{then['after']}": name in then["members"]}},
        }
        for then in example["then"]
        for name in customers
    ]
    program = {"program": "shop", "name": "Shop", "wallets": [{"id": "points", "name": "Points"}]}
    case = read_case(
        json.dumps(
            {
                "case": example["id"],
                "title": example["title"],
                "program": program,
                "segments": segments,
                "steps": [*orders, *looks],
            }
        )
    )
    assert isinstance(case, Case), case
    return case


@pytest.mark.parametrize("example", CASES, ids=lambda example: example["id"])
def test_segment_example(example: dict[str, Any]) -> None:
    """Exactly the named customers are in the segment of each rule."""
    assert run_case(_case_of(example)).differences() == []
