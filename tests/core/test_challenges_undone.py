"""Challenges of which orders come back: what is undone, what stays, and what has to be made up for."""

from __future__ import annotations

from typing import Any

from tests.core.challenge_stage import COFFEES, ORDERS, buy, coffees, completed, how, play, seen
from tests.core.ledger_stage import at

CARD: dict[str, Any] = {"goals": [{**COFFEES, "target": 5}], "repeat": {}}
HUNDRED = {"type": "points", "points": 100}


def test_what_rules_gave_for_completing_it_is_taken_back_as_well() -> None:
    """Order after order completes the challenge again and comes back: the rule gives its five points once."""
    rule = {"id": "applause", "type": "fixed", "trigger": "challenge.completed", "points": 5}
    challenge = {"goals": [{**ORDERS, "target": 2}], "returns": "take_back", "gives": [HUNDRED]}
    on = play(challenge, earning_rules=[rule])
    buy(on, "o0", "2026-03-01 10:00", 500)
    for day in range(2, 5):
        buy(on, f"o{day}", f"2026-03-{day:02} 10:00", 500)
        assert on.wallet("anna", "points").balance == 105
        on.give_back(f"o{day}", at(f"2026-03-{day:02} 12:00"), {})
        assert on.wallet("anna", "points").balance == 0


def test_of_a_card_each_completion_gives_back_what_rules_gave_for_it() -> None:
    """A card that is full three times, and of which one coffee comes back, loses what it earned once."""
    rule = {"id": "applause", "type": "fixed", "trigger": "challenge.completed", "points": 5}
    on = play({**CARD, "returns": "take_back"}, earning_rules=[rule])
    buy(on, "o1", "2026-03-02 10:00", coffees(15))
    assert on.wallet("anna", "points").balance == 15
    on.give_back("o1", at("2026-03-03 10:00"), {"1": 1})
    assert on.wallet("anna", "points").balance == 10
    on.give_back("o1", at("2026-03-04 10:00"), {"1": 14})
    assert on.wallet("anna", "points").balance == 0


def test_what_comes_back_is_taken_off_the_figures_of_the_past_once() -> None:
    """Five coffees are bought and come back: the next order is one of somebody who has had none."""
    none = {"history": COFFEES["measure"], "where": COFFEES["where"], "is": 0}
    rules = [{"id": "first", "type": "fixed", "points": 7, "when": none}]
    on = play({**CARD, "returns": "take_back"}, earning_rules=rules)
    buy(on, "o1", "2026-03-02 10:00", coffees(5))
    assert on.wallet("anna", "points").balance == 7
    on.give_back("o1", at("2026-03-03 10:00"), {"1": 5})
    assert on.wallet("anna", "points").balance == 0
    buy(on, "o2", "2026-03-04 10:00", coffees(1))
    assert on.wallet("anna", "points").balance == 7


def test_what_was_bought_while_it_rested_counts_when_an_order_returns() -> None:
    """Two orders complete it, a third one follows in its rest: one that comes back undoes nothing."""
    again = {"repeat": {"cooldown": {"days": 7}}, "returns": "take_back", "gives": [HUNDRED]}
    on = play({"goals": [{**ORDERS, "target": 2}], **again}, earning_rules=[])
    for day in (2, 3, 4):
        buy(on, f"o{day}", f"2026-03-{day:02} 10:00", 500)
    on.give_back("o2", at("2026-03-05 10:00"), {})
    assert how(on, "2026-03-05 11:00")[2] == 1
    assert on.wallet("anna", "points").balance == 100
    on.give_back("o3", at("2026-03-05 12:00"), {})
    assert how(on, "2026-03-05 13:00") == ("reversed", 1, 0)


def test_what_was_bought_before_it_was_started_again_counts_when_an_order_returns() -> None:
    """On request: a third order after the two that completed it keeps it completed when one comes back."""
    on = play(
        {
            "goals": [{**ORDERS, "target": 2}],
            "start": "on_request",
            "repeat": {},
            "within": {"days": 20},
            "returns": "take_back",
            "gives": [HUNDRED],
        }
    )
    on.join("anna", at("2026-03-01 10:00"))
    on.start_challenge("anna", at("2026-03-01 10:00"), "c1")
    for day in (2, 3, 4):
        buy(on, f"o{day}", f"2026-03-{day:02} 10:00", 500)
    on.give_back("o2", at("2026-03-05 10:00"), {})
    assert how(on, "2026-03-05 11:00") == ("completed", 2, 1)
    on.start_challenge("anna", at("2026-03-06 10:00"), "c1")
    assert how(on, "2026-03-06 11:00") == ("active", 0, 1)


def test_a_card_says_what_has_to_be_made_up_for() -> None:
    """Six of four were bought and three came back: the next one is full with five more, not with four."""
    on = play({"goals": [{**COFFEES, "target": 4}], "repeat": {}})
    buy(on, "o1", "2026-03-02 10:00", coffees(6))
    on.give_back("o1", at("2026-03-03 10:00"), {"1": 3})
    view = seen(on, "2026-03-03 11:00")
    assert (view.progress, view.missing, view.next_step) == (0, 5, "5 more items.")
    buy(on, "o2", "2026-03-04 10:00", coffees(4))
    assert seen(on, "2026-03-04 11:00").next_step == "1 more item."
    assert completed(buy(on, "o3", "2026-03-05 10:00", coffees(1))) == ["c1"]
