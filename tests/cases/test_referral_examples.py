"""The worked example of a referral of oneself, translated into a program and played."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

from perennial.core.cases.case_file import Case, read_case
from perennial.core.cases.cases import run_case

CASES = json.loads((Path(__file__).parent / "data" / "referral-examples.json").read_text())
_ERRORS = {"self_referral": "same_email"}
"""Their words for why a referral is rejected, and ours."""


def _case_of(example: dict[str, Any]) -> Case:
    """Translate the example: both sides are known by their mail, the friend orders, nobody gets anything."""
    terms = example["given"]["referral"]
    referred, placed = example["when"]
    expected = example["then"][0]
    advocate, friend = referred["referrer"], referred["referee"]
    offer = {
        "id": "friends",
        "name": "Friends",
        "advocate": {"gets": {"gives": [{"type": "points", "points": terms["referrer_points"]}]}},
        "friend": {"gets": {"gives": [{"type": "points", "points": terms["referee_points"]}]}},
        "converts": {"on": "order", "min_order": terms["min_order"]},
        "checks": [{"type": "same_email", "action": "reject"}],
    }
    lines = [
        {"id": line["id"], "sku": line["sku"], "amount": line["unit_price"] * line["qty"]}
        for line in placed["order"]["lines"]
    ]
    at = "2026-03-02 10:00"
    seen = [
        {"at": at, "customer": each["id"], "seen": {"email": each["email"]}} for each in (advocate, friend)
    ]
    program = {
        "program": "friends",
        "name": "Friends",
        "wallets": [{"id": "points", "name": "Points"}],
        "referrals": {"offers": [offer]},
    }
    after = {"referral": expected["referral_status"], "referral_reason": _ERRORS[expected["error"]]}
    others = {name: {"balance": points} for name, points in expected["balance"].items()}
    steps = [
        {"at": at, "customer": advocate["id"], "join": True},
        *seen,
        {"at": at, "customer": advocate["id"], "refer": {"friend": friend["id"]}},
        {
            "at": at,
            "customer": placed["customer"],
            "order": {"id": "o1", "lines": lines},
            "expect": {**after, "balance": 0, "others": others},
        },
    ]
    file = {"case": example["id"], "title": example["title"], "program": program, "steps": steps}
    case = read_case(json.dumps(file))
    assert isinstance(case, Case), case
    return case


def _example() -> dict[str, Any]:
    found: dict[str, Any] = copy.deepcopy(next(each for each in CASES if each["id"] == "RFL-02"))
    return found


def test_rfl_02() -> None:
    """A mail alias is the same mailbox: the referral is rejected, and neither side gets a point."""
    assert run_case(_case_of(_example())).differences() == []


def test_it_is_the_alias_that_is_rejected() -> None:
    """With a mailbox of their own the same friend converts, and the example is not met."""
    example = _example()
    example["when"][0]["referee"]["email"] = "ben@example.com"
    found = run_case(_case_of(example)).differences()
    assert any("referral should be rejected but is converted" in words for words in found)
