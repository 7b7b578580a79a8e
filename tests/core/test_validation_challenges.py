"""What cannot be published about challenges, each with the path of the field and a code."""

from __future__ import annotations

from typing import Any

import pytest

from perennial.core.document.document import program_of
from perennial.core.document.program import Program
from perennial.core.validation.validation import validate
from tests.core.challenge_stage import DECLARED, ORDERS

TIME = {"member_for": {"years": 1}}


def problems(*challenges: dict[str, Any], **parts: Any) -> list[tuple[str, str]]:
    """The problems of a program with these challenges, as path and code."""
    full = [{"id": f"c{number}", "name": "It", **each} for number, each in enumerate(challenges)]
    document = {
        "program": "shop",
        "name": "Shop",
        "wallets": [{"id": "points", "name": "Points"}],
        "declarations": DECLARED,
        "challenges": full,
        **parts,
    }
    program = program_of(document)
    assert isinstance(program, Program), program
    return [(found.path.removeprefix("challenges[0]."), found.code) for found in validate(program)]


@pytest.mark.parametrize(
    ("challenge", "path", "code"),
    [
        ({"goals": []}, "goals", "empty"),
        ({"goals": [{}]}, "goals[0]", "measure_or_time"),
        ({"goals": [{**ORDERS, **TIME}]}, "goals[0]", "measure_or_time"),
        ({"goals": [ORDERS, ORDERS]}, "goals[1].id", "duplicate_id"),
        ({"goals": [{"measure": "events.count"}]}, "goals[0].event", "required"),
        ({"goals": [{"measure": "events.count", "event": "no.such"}]}, "goals[0].event", "unknown_event"),
        (
            {"goals": [{"measure": "events.sum", "event": "walk.done", "attribute": "miles"}]},
            "goals[0].attribute",
            "unknown_attribute",
        ),
        ({"goals": [ORDERS], "each": "week", "within": {"days": 3}}, "within", "not_together"),
        ({"goals": [ORDERS], "within": {}}, "within", "empty_span"),
        (
            {"goals": [ORDERS], "each": "week", "streak": {"every": "day", "length": 3}},
            "streak",
            "not_together",
        ),
        (
            {"goals": [ORDERS, {"id": "b", **ORDERS}], "streak": {"every": "day", "length": 3}},
            "goals",
            "one_goal",
        ),
        (
            {"goals": [ORDERS], "each": "week", "repeat": {"cooldown": {"days": 1}}},
            "repeat",
            "not_together",
        ),
        ({"goals": [TIME], "repeat": {}}, "goals[0].member_for", "not_together"),
        ({"goals": [TIME], "complete": "in_order"}, "goals[0].member_for", "not_together"),
        ({"goals": [ORDERS], "when": {"fact": "order.total", "at_least": 1}}, "when.fact", "fact_not_here"),
        (
            {"goals": [ORDERS], "gives": [{"type": "coupon", "pool": "nowhere"}]},
            "gives[0].pool",
            "unknown_reference",
        ),
        (
            {"goals": [ORDERS], "returns": "take_back", "gives": [{"type": "badge", "name": "b"}]},
            "gives[0]",
            "not_taken_back",
        ),
        (
            {"goals": [ORDERS], "gives": [{"type": "points", "points": 1, "wallet": "miles"}]},
            "gives[0].wallet",
            "unknown_reference",
        ),
        ({"goals": [ORDERS], "shared_limits": ["none"]}, "shared_limits[0]", "unknown_reference"),
    ],
)
def test_what_cannot_be_published(challenge: dict[str, Any], path: str, code: str) -> None:
    """Every mistake has its field."""
    assert (path, code) in problems(challenge)


def test_what_a_challenge_gives_shares_its_names_with_rewards() -> None:
    """Its voucher says the challenge's id: no reward may have the same; one that gives nothing may."""
    gives = [{"type": "amount_off", "value": 100}]
    reward = {"id": "c0", "name": "R", "price": 1, "gives": gives}
    assert problems({"goals": [ORDERS], "gives": gives}, rewards=[reward]) == [("id", "duplicate_id")]
    assert problems({"goals": [ORDERS]}, rewards=[reward]) == []
