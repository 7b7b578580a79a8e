"""Our own examples of points, in the words of the worked ones: each figure worked out on paper beside it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.cases.ledger_examples import LedgerExample
from tests.cases.test_worked_examples import compare
from tests.cases.worked_examples import Plain, UnknownWord

OURS: list[Plain] = yaml.safe_load(
    (Path(__file__).parent / "data" / "our-ledger-examples.yaml").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("case", OURS, ids=lambda case: case["id"])
def test_our_example(case: Plain) -> None:
    """What the arithmetic of an example gives is what we get."""
    assert case["arithmetic"]
    shown = LedgerExample(case).run()
    assert case["then"]
    for expected in case["then"]:
        compare(expected, shown[expected["after"] - 1], case)


@pytest.mark.parametrize(
    ("given", "step"),
    [
        ({}, {"op": "teleport"}),
        ({"weather": "rain"}, {"op": "daily_run"}),
        ({"points_policy": {"weather": "rain"}}, {"op": "daily_run"}),
        ({"points_policy": {"expires": {"after": "sometimes"}}}, {"op": "daily_run"}),
        ({"rewards": [{"id": "r", "points": 1, "amount": 1, "stock": 1}]}, {"op": "daily_run"}),
        ({}, {"op": "adjust_balance", "points": 1, "because": "of it"}),
        ({}, {"op": "expire", "at": "2026-01-01", "lot": 1}),
    ],
)
def test_an_unknown_word_is_no_pass(given: Plain, step: Plain) -> None:
    """The adapter refuses what it cannot translate instead of passing over it."""
    with pytest.raises(UnknownWord):
        LedgerExample({"given": given, "when": [step], "then": []}).run()
