"""What a challenge asks for next: whole, with names as they were typed, and told in every language."""

from __future__ import annotations

import re
from typing import Any

import pytest

from perennial.core.explaining.retelling import retell
from perennial.core.language import Language
from perennial.core.languages import ENGLISH, LANGUAGES
from tests.core.challenge_stage import COFFEES, ORDERS, STEPS, buy, coffees, play, seen
from tests.core.ledger_stage import at

OTHERS = [language for language in LANGUAGES.values() if language is not ENGLISH]
_LATIN = re.compile(r"[A-Za-z]{2,}")
WALLETS = [{"id": "points", "name": "Points"}, {"id": "cash", "name": "Cash", "decimals": 2}]
NET = {"measure": "orders.net"}
EARNED = {"measure": "points.earned", "wallet": "points"}
REVIEWS = {"measure": "events.count", "event": "review.posted"}
ONCE, TWICE = {"target": 1}, {"target": 2}

STEPS_TOLD: tuple[tuple[dict[str, Any], str, str], ...] = (
    ({"goals": [{**ORDERS, **ONCE}]}, "1 more order.", ""),
    ({"goals": [{**ORDERS, **TWICE}]}, "2 more orders.", ""),
    ({"goals": [{**COFFEES, **ONCE}]}, "1 more item.", ""),
    ({"goals": [{**COFFEES, **TWICE, "name": "Flat White"}]}, "2 more items (Flat White).", "Flat White"),
    ({"goals": [{**EARNED, **ONCE}]}, "1 more point.", ""),
    ({"goals": [{**EARNED, "target": 50, "wallet": "cash"}]}, "0.50 more points.", ""),
    ({"goals": [{**NET, "target": 1_250}]}, "12.50 USD more.", "USD"),
    ({"goals": [{**REVIEWS, **TWICE}]}, "2 more review.posted.", "review.posted"),
    ({"goals": [{**STEPS, **TWICE, "name": "Steps"}]}, "2 more Steps.", "Steps"),
    ({"goals": [ORDERS], "streak": {"every": "day", "length": 2}}, "2 more days in a row.", ""),
    ({"goals": [ORDERS], "streak": {"every": "week", "length": 3}}, "3 more weeks in a row.", ""),
    ({"goals": [ORDERS], "streak": {"every": "month", "length": 2}}, "2 more months in a row.", ""),
    ({"goals": [ORDERS], "start": "on_request"}, "Start it to take part.", ""),
    (
        {"goals": [{"member_for": {"years": 1}}]},
        "Be a member for 1 year (on 2027-03-01 10:00).",
        "",
    ),
    (
        {
            "goals": [
                {**NET, "id": "net", "target": 1_000, "name": "Rye and Tea"},
                {"id": "time", "member_for": {"days": 1}},
                {**ORDERS, "id": "orders", **TWICE},
            ],
            "complete": "all",
        },
        "10.00 USD more (Rye and Tea) and be a member for 1 day (on 2026-03-02 10:00) and 2 more orders.",
        "USD Rye and Tea",
    ),
    (
        {
            "goals": [{**ORDERS, "id": "orders", **TWICE}, {**REVIEWS, "id": "reviews", **TWICE}],
            "complete": "any",
        },
        "2 more orders or 2 more review.posted.",
        "review.posted",
    ),
)
"""A challenge, what it asks of who joined this morning, and the names in it, which every language keeps."""


@pytest.mark.parametrize(("challenge", "said", "names"), STEPS_TOLD, ids=lambda part: str(part)[:40])
def test_a_step_is_said_and_told(challenge: dict[str, Any], said: str, names: str) -> None:
    """In English as it stands here; of that nothing is left in the other languages but names."""
    on = play(challenge, wallets=WALLETS, earning_rules=[])
    on.join("anna", at("2026-03-01 10:00"))
    assert seen(on, "2026-03-01 11:00").next_step == said
    for language in OTHERS:
        told = retell(said, language)
        assert set(_LATIN.findall(told)) == set(_LATIN.findall(names)), told


@pytest.mark.parametrize("language", OTHERS, ids=lambda language: language.code)
def test_what_was_done_is_told(language: Language) -> None:
    """Completed for good, for now, until it rests no more; a streak with what it forgives."""
    once = {"goals": [{**COFFEES, "target": 1}]}
    streak = {"goals": [ORDERS], "streak": {"every": "day", "length": 3, "freezes": 2}}
    said = []
    for challenge in (
        once,
        {**once, "each": "month", "repeat": {}},
        {**once, "repeat": {"cooldown": {"days": 7}}},
        streak,
    ):
        on = play(challenge)
        buy(on, "o1", "2026-03-02 10:00", coffees(1))
        said.append(seen(on, "2026-03-02 11:00").next_step)
    assert said[0] == "Completed."
    assert said[2:] == [
        "Completed. It begins again at 2026-03-09 10:00.",
        "2 more days in a row, 2 of 2 freezes left.",
    ]
    for step in said:
        assert set(_LATIN.findall(retell(step, language))) == set(), step


def test_what_somebody_typed_is_no_step() -> None:
    """The negative control: only what begins as a step does is told as one."""
    assert retell("Closed (until spring).", LANGUAGES["ko"]) == "Closed (until spring)."
    assert retell("Tea and 2 more orders.", LANGUAGES["ko"]) == "Tea and 2 more orders."
