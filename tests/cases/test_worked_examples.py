"""The figures of public systems for earning, tiers, expiry, returns and transfers, to the point."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cases.worked_examples import Example, UnknownWord

CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "data" / "worked-examples.json").read_text(encoding="utf-8")
)


def compare(expected: dict[str, Any], shown: dict[str, Any], case: dict[str, Any]) -> None:
    """Every figure that the example states is what was shown."""
    for name, value in expected.items():
        if name == "after":
            continue
        if name == "lots":
            for lot in value:
                assert shown["lots"].get(lot["earned"], 0) == lot["left"], (case["id"], lot)
        elif name == "balance" and isinstance(value, dict) and not isinstance(shown["balance"], dict):
            assert list(value.values()) == [shown["balance"]], case["id"]
        else:
            assert shown[name] == value, (case["id"], expected["after"], name)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_worked_example(case: dict[str, Any]) -> None:
    """What a public system asserts or documents, under the recommended conventions, is what we get."""
    assert case["recommended"]
    shown = Example(case).run()
    assert len(case["then"]) > 0
    for expected in case["then"]:
        compare(expected, shown[expected["after"] - 1], case)


def test_every_area_is_there() -> None:
    """No example of the loyalty areas was left out."""
    assert sorted(case["id"] for case in CASES) == [
        "EEV-03", "EPI-02", "EPS-01", "EPS-06", "EXP-01", "EXP-04", "EXP-05",
        "REF-01", "REF-03", "TD-03", "TD-04", "TM-01", "TRF-01", "TU-01",
    ]  # fmt: skip


def test_an_unknown_word_is_no_pass() -> None:
    """The adapter refuses what it cannot translate instead of passing over it."""
    case = {"given": {}, "when": [{"op": "teleport"}], "then": []}
    with pytest.raises(UnknownWord):
        Example(case).run()
