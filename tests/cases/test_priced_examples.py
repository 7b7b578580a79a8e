"""The figures of public systems for discounts, and our own for what they leave out, to the minor unit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cases.priced_examples import PricedExample
from tests.cases.worked_examples import UnknownWord

DATA = Path(__file__).parent / "data"


def read(name: str) -> list[dict[str, Any]]:
    """The examples of a file."""
    found: list[dict[str, Any]] = json.loads((DATA / name).read_text(encoding="utf-8"))
    return found


CASES = read("priced-examples.json")
OURS = read("our-priced-examples.json")


def compare(expected: dict[str, Any], shown: dict[str, Any], case: str) -> None:
    """Every figure that the example states is what was shown."""
    for name, stated in expected.items():
        if name in ("after", "requested"):
            continue
        value, found = stated, shown[name]
        if name == "added_lines":
            value = [{key: one[key] for key in one if key != "id"} for one in stated]
            found = [{key: one[key] for key in value[0]} for one in found] if value else found
        elif isinstance(value, dict):
            found = {key: found.get(key, 0) for key in value}
        elif isinstance(found, dict):
            found = sum(found.values())
        assert found == value, (case, expected["after"], name)


@pytest.mark.parametrize("case", CASES + OURS, ids=lambda case: case["id"])
def test_priced_example(case: dict[str, Any]) -> None:
    """What an example states is what a quote says."""
    shown = PricedExample(case).run()
    assert len(case["then"]) > 0
    for expected in case["then"]:
        compare(expected, shown[expected["after"] - 1], case["id"])


def test_every_area_is_there() -> None:
    """No recommended example about prices was left out."""
    assert all(case["recommended"] for case in CASES)
    assert sorted(case["id"] for case in CASES) == [
        "AL-01", "AL-05", "AL-08", "BUD-01", "BUD-02", "BX-05", "BX-06", "BX-07", "CAP-04", "CAP-06", "CH-03",
        "CH-04", "DA-04", "DA-06", "DP-02", "DP-05", "DU-01", "DU-03", "FS-01", "FS-05", "MIN-01", "MIN-04",
        "PCL-03", "RFL-04", "ST-01", "ST-07", "ST-08", "ST-14", "ST-17", "ST-18", "TW-02",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "given",
    [
        {"effect": {"type": "teleport"}},
        {"effect": {"type": "amount_off", "target": "order", "amount": 1, "twice": True}},
        {"effect": {"type": "free_shipping"}, "conditions": [{"type": "moon_phase"}]},
        {"effect": {"type": "free_shipping"}, "limits": {"phases": 1}},
    ],
)
def test_an_unknown_word_is_no_pass(given: dict[str, Any]) -> None:
    """The adapter refuses what it cannot translate instead of passing over it."""
    step = {"op": "price", "order": {"lines": [{"id": "a", "sku": "a", "unit_price": 1, "qty": 1}]}}
    with pytest.raises(UnknownWord):
        PricedExample({"given": {"promotions": [{"id": "P1"} | given]}, "when": [step]}).run()
