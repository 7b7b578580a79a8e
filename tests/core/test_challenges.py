"""Challenges: punch cards, milestones, missions, periods and times, each by an example."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from perennial.core.effects import Entitle, IssueVoucher
from perennial.core.rehearsal.rehearsal import RehearsalRefused
from perennial.core.switches import SwitchKind, SwitchObject
from tests.core.challenge_stage import (
    COFFEES,
    ORDERS,
    STEPS,
    buy,
    coffees,
    completed,
    how,
    missed,
    play,
    seen,
    walk,
)
from tests.core.ledger_stage import at, local

CARD: dict[str, Any] = {"goals": [{**COFFEES, "target": 5}], "repeat": {}}
GERMAN = {"fact": "member.country", "is": "DE"}
HUNDRED = {"type": "points", "points": 100}


def test_a_punch_card_goes_on_with_what_is_more() -> None:
    """Twelve coffees on a card of five: two are complete, two punches remain; three more make the third."""
    on = play({**CARD, "gives": [{"type": "amount_off", "value": 300}]})
    found = buy(on, "o1", "2026-03-02 10:00", coffees(12))
    assert completed(found) == ["c1", "c1"]
    assert sum(isinstance(e, IssueVoucher) for d in found for e in d.effects) == 2
    assert how(on, "2026-03-02 11:00") == ("active", 2, 2)
    assert seen(on, "2026-03-02 11:00").next_step == "3 more items."
    assert completed(buy(on, "o2", "2026-03-03 10:00", coffees(3))) == ["c1"]
    assert how(on, "2026-03-03 11:00") == ("active", 0, 3)


def test_a_card_that_is_full_counts_no_more() -> None:
    """Twice is all: what comes after it changes nothing."""
    on = play({**CARD, "repeat": {"times": 2}})
    assert completed(buy(on, "o1", "2026-03-02 10:00", coffees(14))) == ["c1", "c1"]
    assert how(on, "2026-03-02 11:00") == ("completed", 5, 2)
    assert completed(buy(on, "o2", "2026-03-03 10:00", coffees(5))) == []
    assert how(on, "2026-03-03 11:00") == ("completed", 5, 2)


def test_a_return_takes_away_what_the_order_counted() -> None:
    """Three of twelve come back: nine are left, and the second free one is not given again with the tenth."""
    on = play(CARD)
    buy(on, "o1", "2026-03-02 10:00", coffees(12))
    on.give_back("o1", at("2026-03-03 10:00"), {"1": 3})
    assert how(on, "2026-03-03 11:00") == ("active", 0, 2)
    assert completed(buy(on, "o2", "2026-03-04 10:00", coffees(5))) == []
    assert how(on, "2026-03-04 11:00") == ("active", 4, 2)
    assert completed(buy(on, "o3", "2026-03-05 10:00", coffees(1))) == ["c1"]


def test_points_of_a_completed_challenge_are_taken_back() -> None:
    """With take_back the points go again, and can be got again."""
    on = play({**CARD, "gives": [HUNDRED], "returns": "take_back"}, earning_rules=[])
    buy(on, "o1", "2026-03-02 10:00", coffees(12))
    assert on.wallet("anna", "points").balance == 200
    [back] = on.give_back("o1", at("2026-03-03 10:00"), {"1": 3})
    assert sum(back.taken_back.values()) == 100
    assert on.wallet("anna", "points").balance == 100
    assert how(on, "2026-03-03 11:00") == ("active", 4, 1)
    assert completed(buy(on, "o2", "2026-03-04 10:00", coffees(1))) == ["c1"]
    assert seen(on, "2026-03-04 11:00").completed_at == at("2026-03-04 10:00")
    on.cancel("o1", at("2026-03-05 10:00"))
    assert (on.wallet("anna", "points").balance, how(on, "2026-03-05 11:00")) == (0, ("active", 1, 0))
    assert seen(on, "2026-03-05 11:00").completed_at is None


def test_an_order_and_its_cancellation_change_nothing() -> None:
    """A goal of orders, of money and of points, each taken away in whole; partial returns keep the order."""
    on = play(
        {"goals": [{**ORDERS, "target": 3}]},
        {"goals": [{"measure": "orders.net", "target": 10_000}]},
        {"goals": [{"measure": "points.earned", "target": 100}]},
    )
    buy(on, "o1", "2026-03-02 10:00", 4_000, 1_001)
    assert [how(on, "2026-03-02 11:00", name)[1] for name in ("c1", "c2", "c3")] == [1, 5_001, 50]
    on.give_back("o1", at("2026-03-03 10:00"), {"1": 1})
    assert [how(on, "2026-03-03 11:00", name)[1] for name in ("c1", "c2", "c3")] == [1, 1_001, 10]
    on.give_back("o1", at("2026-03-04 10:00"), {"2": 1})
    assert [how(on, "2026-03-04 11:00", name)[1] for name in ("c1", "c2", "c3")] == [0, 0, 0]


def test_steps_count_within_a_month() -> None:
    """10,000 steps in a calendar month: a badge for each month, and a new beginning at local midnight."""
    goal = {**STEPS, "target": 10_000}
    on = play({"goals": [goal], "each": "month", "gives": [{"type": "badge", "name": "walker"}]})
    walk(on, "2026-03-30 10:00", 6_000)
    found = walk(on, "2026-03-31 23:59", 4_000)
    [badge] = [e for d in found for e in d.effects if isinstance(e, Entitle)]
    assert (badge.kind, badge.name, badge.expires_at) == ("badge", "walker", None)
    walk(on, "2026-04-01 00:00", 500)
    assert how(on, "2026-04-01 00:00") == ("active", 500, 1)
    assert local(seen(on, "2026-04-01 01:00").ends_at) == "2026-05-01"
    assert missed(on.run_timers("anna", at("2026-05-01"))) == ["c1"]
    assert how(on, "2026-05-02") == ("open", 0, 1)


def test_a_late_event_counts_for_the_month_of_its_own_time() -> None:
    """What happened in March is heard of in April, after March was missed, and completes March."""
    on = play({"goals": [{**STEPS, "target": 1_000}], "each": "month"})
    walk(on, "2026-03-30", 600)
    assert missed(on.run_timers("anna", at("2026-04-02"))) == ["c1"]
    assert completed(walk(on, "2026-03-31", 400)) == ["c1"]
    assert how(on, "2026-04-02") == ("open", 0, 1)


def test_a_challenge_on_request_counts_from_its_start() -> None:
    """Orders before the start count nothing; it has to be done within seven days, and can be tried again."""
    on = play(
        {"goals": [{**ORDERS, "target": 2}], "start": "on_request", "within": {"days": 7}, "repeat": {}}
    )
    buy(on, "o1", "2026-03-02 10:00", 500)
    view = seen(on, "2026-03-02 11:00")
    assert (view.state, view.can_start, view.next_step) == ("open", True, "Start it to take part.")
    on.start_challenge("anna", at("2026-03-03 10:00"), "c1")
    assert on.start_challenge("anna", at("2026-03-03 11:00"), "c1")[-1].effects == ()
    buy(on, "o2", "2026-03-04 10:00", 500)
    assert how(on, "2026-03-04 11:00") == ("active", 1, 0)
    assert local(seen(on, "2026-03-04 11:00").ends_at) == "2026-03-11"
    assert missed(on.run_timers("anna", at("2026-03-11"))) == ["c1"]
    buy(on, "o3", "2026-03-12 10:00", 500)
    assert how(on, "2026-03-12 11:00") == ("missed", 1, 0)
    on.start_challenge("anna", at("2026-03-13 10:00"), "c1")
    buy(on, "o4", "2026-03-14 10:00", 500)
    assert completed(buy(on, "o5", "2026-03-14 11:00", 500)) == ["c1"]


@pytest.mark.parametrize(
    ("challenge", "reason"),
    [
        ({"goals": [ORDERS]}, "begins by itself"),
        (
            {"goals": [ORDERS], "start": "on_request", "when": GERMAN},
            "not offered",
        ),
    ],
)
def test_starts_are_refused_with_the_reason(challenge: dict[str, Any], reason: str) -> None:
    """What begins by itself is not started, nor what is not for the member."""
    on = play(challenge)
    on.join("anna", at("2026-03-01"))
    with pytest.raises(RehearsalRefused) as refused:
        on.start_challenge("anna", at("2026-03-02"), "c1")
    assert reason in refused.value.refusal.words


def test_a_cooldown_lets_it_rest() -> None:
    """After a completion nothing counts for a week; then it begins anew."""
    on = play({"goals": [{**ORDERS, "target": 2}], "repeat": {"cooldown": {"days": 7}}})
    for day in ("02", "03"):
        buy(on, day, f"2026-03-{day} 10:00", 500)
    assert how(on, "2026-03-03 11:00") == ("completed", 2, 1)
    assert seen(on, "2026-03-03 11:00").next_step.startswith("Completed. It begins again at 2026-03-10 10:00")
    buy(on, "09", "2026-03-09 10:00", 500)
    assert how(on, "2026-03-09 11:00") == ("completed", 2, 1)
    buy(on, "10", "2026-03-10 10:00", 500)
    assert how(on, "2026-03-10 11:00") == ("active", 1, 1)


@pytest.mark.parametrize("heard", [*permutations(["05", "12", "20"])], ids="-".join)
def test_after_a_rest_the_order_in_which_it_is_heard_changes_nothing(heard: tuple[str, ...]) -> None:
    """The orders of the 12th and the 20th make the second round, that of the 5th lies in the rest."""
    on = play({"goals": [{**ORDERS, "target": 2}], "repeat": {"cooldown": {"days": 7}}})
    for day in ("02", "03"):
        buy(on, day, f"2026-03-{day} 10:00", 500)
    done = [completed(buy(on, day, f"2026-03-{day} 10:00", 500)) for day in heard]
    assert sum(map(len, done)) == 1
    assert how(on, "2026-03-20 11:00") == ("completed", 2, 2)


@pytest.mark.parametrize(
    ("time", "counted"), [("09:59", 1), ("10:00", 2)], ids=["in the rest", "when the rest is over"]
)
def test_what_is_late_counts_from_the_end_of_a_rest_on(time: str, counted: int) -> None:
    """The second round has begun on the 20th; an order of the 10th is heard of after it."""
    on = play({"goals": [{**ORDERS, "target": 3}], "repeat": {"cooldown": {"days": 7}}})
    for day in ("01", "02", "03"):
        buy(on, day, f"2026-03-{day} 10:00", 500)
    buy(on, "20", "2026-03-20 10:00", 500)
    buy(on, "10", f"2026-03-10 {time}", 500)
    assert how(on, "2026-03-20 11:00") == ("active", counted, 1)


def test_what_is_heard_of_late_completes_a_challenge_when_it_was_reached() -> None:
    """The order of the 3rd, heard of last, makes two with that of the 5th: with that it was completed.

    What it gives, and the rest, go by that day.
    """
    week = {"type": "rolling", "after": {"days": 7}}
    wallets = [{"id": "points", "name": "Points", "expiry": week}]
    two = {"goals": [{**ORDERS, "target": 2}], "repeat": {"cooldown": {"days": 7}}, "gives": [HUNDRED]}
    on = play(two, earning_rules=[], wallets=wallets)
    buy(on, "05", "2026-03-05 10:00", 500)
    assert completed(buy(on, "03", "2026-03-03 10:00", 500)) == ["c1"]
    assert seen(on, "2026-03-05 11:00").completed_at == at("2026-03-05 10:00")
    buy(on, "10", "2026-03-10 10:00", 500)
    assert how(on, "2026-03-10 11:00") == ("completed", 2, 1)
    buy(on, "12", "2026-03-12 10:00", 500)
    assert how(on, "2026-03-12 11:00") == ("active", 1, 1)
    on.run_timers("anna", at("2026-03-12 12:00"))
    assert on.wallet("anna", "points").balance == 100
    on.run_timers("anna", at("2026-03-13 00:00"))
    assert on.wallet("anna", "points").balance == 0


@pytest.mark.parametrize("heard", [*permutations(["02", "05", "09"])], ids="-".join)
def test_a_challenge_is_completed_with_the_last_order_whichever_is_heard_of_last(
    heard: tuple[str, ...],
) -> None:
    """Three orders are there on the 9th, in whatever order they are heard of, and not before."""
    on = play({"goals": [{**ORDERS, "target": 3}], "repeat": {"cooldown": {"days": 7}}, "gives": [HUNDRED]})
    for day in heard:
        done = completed(buy(on, day, f"2026-03-{day} 10:00", 500))
    assert done == ["c1"]
    assert seen(on, "2026-03-10 10:00").completed_at == at("2026-03-09 10:00")


@pytest.mark.parametrize("heard", [*permutations(["01", "02", "05", "09"])], ids="-".join)
def test_a_card_is_full_with_the_last_order_that_fills_it(heard: tuple[str, ...]) -> None:
    """Of four orders the last that is heard of fills the card a second time, on the 9th."""
    on = play({"goals": [{**ORDERS, "target": 2}], "repeat": {}, "gives": [HUNDRED]})
    for day in heard:
        buy(on, day, f"2026-03-{day} 10:00", 500)
    assert how(on, "2026-03-10 10:00") == ("active", 0, 2)
    assert seen(on, "2026-03-10 10:00").completed_at == at("2026-03-09 10:00")


def test_what_a_goal_did_not_need_completes_nothing_later() -> None:
    """Both orders were there on the 3rd; that of the 9th is one more, and the review was of the 4th."""
    on = play({"goals": [{**ORDERS, "id": "order", "target": 2}, {**MISSION[1], "target": 1}]})
    for day in ("02", "03", "09"):
        buy(on, day, f"2026-03-{day} 10:00", 500)
    assert completed(on.report("anna", at("2026-03-04 10:00"), "review.posted", {})) == ["c1"]
    assert seen(on, "2026-03-10 10:00").completed_at == at("2026-03-04 10:00")


def test_any_goal_completes_a_challenge_with_what_that_goal_needed() -> None:
    """The review of the 4th is enough, whatever was ordered on the 9th."""
    on = play(
        {"goals": [{**ORDERS, "id": "order", "target": 5}, {**MISSION[1], "target": 1}], "complete": "any"}
    )
    buy(on, "09", "2026-03-09 10:00", 500)
    assert completed(on.report("anna", at("2026-03-04 10:00"), "review.posted", {})) == ["c1"]
    assert seen(on, "2026-03-10 10:00").completed_at == at("2026-03-04 10:00")


@pytest.mark.parametrize("heard", [*permutations(["02", "03", "04", "05"])], ids="-".join)
def test_a_streak_is_completed_on_the_day_that_completes_it(heard: tuple[str, ...]) -> None:
    """Three days in a row end on the third of them, whichever is heard of last."""
    on = play({"goals": [{**ORDERS, "target": 1}], "streak": {"every": "day", "length": 3}})
    on.join("anna", at("2026-03-01"))
    days = []
    for day in heard:
        days.append(int(day))
        if completed(buy(on, day, f"2026-03-{day} 10:00", 500)):
            break
    first = next(day for day in sorted(days) if {day, day + 1, day + 2} <= set(days))
    done_at = local(seen(on, "2026-03-05 11:00").completed_at)
    assert done_at is not None
    assert done_at.startswith(f"2026-03-0{first + 2} ")


MISSION = [
    {"id": "order", **ORDERS, "target": 1},
    {"id": "review", "measure": "events.count", "event": "review.posted", "target": 2},
]


@pytest.mark.parametrize(
    ("complete", "after_order", "after_reviews"),
    [("all", [], ["c1"]), ("any", ["c1"], []), ("in_order", [], ["c1"])],
)
def test_missions_have_several_goals(complete: str, after_order: list[str], after_reviews: list[str]) -> None:
    """All of them, any of them, or one after the other."""
    on = play({"goals": MISSION, "complete": complete})
    assert completed(buy(on, "o1", "2026-03-02 10:00", 500)) == after_order
    found = on.report("anna", at("2026-03-03"), "review.posted", {})
    found += on.report("anna", at("2026-03-04"), "review.posted", {})
    assert completed(found) == after_reviews


def test_goals_in_order_wait_for_those_before() -> None:
    """A review before the first order counts nothing."""
    on = play({"goals": MISSION, "complete": "in_order"})
    on.report("anna", at("2026-03-01"), "review.posted", {})
    buy(on, "o1", "2026-03-02 10:00", 500)
    assert how(on, "2026-03-02 11:00") == ("active", 1, 0)
    assert seen(on, "2026-03-02 11:00").next_step == "2 more review.posted."


def test_a_year_of_membership_is_reached_by_time_alone() -> None:
    """At the hour of joining, a year later, once; who was a member longer reaches it at the next timer."""
    year = {"id": "year", "name": "A year", "goals": [{"member_for": {"years": 1}}], "gives": [HUNDRED]}
    on = play(year, earning_rules=[])
    on.join("anna", at("2026-03-02 10:00"))
    assert completed(on.run_timers("anna", at("2027-03-02 09:59"))) == []
    assert completed(on.run_timers("anna", at("2027-03-02 10:00"))) == ["year"]
    assert on.wallet("anna", "points").balance == 100
    assert completed(on.run_timers("anna", at("2029-03-02 10:00"))) == []
    late = play({**year, "goals": [{"member_for": {"years": 3}}]})
    late.join("anna", at("2020-03-02 10:00"))
    late.member("anna").due_at = at("2026-03-02")
    assert completed(late.run_timers("anna", at("2026-03-02"))) == ["year"]


def test_rules_and_conditions_know_of_challenges() -> None:
    """A rule fires on the completion, and another asks how often and how far."""
    rules = [
        {
            "id": "bonus",
            "type": "fixed",
            "trigger": "challenge.completed",
            "when": {"fact": "event.challenge", "is": "c1"},
            "points": 50,
        },
        {
            "id": "thanks",
            "type": "fixed",
            "points": 7,
            "when": {
                "all": [
                    {"fact": "challenge.c1.completed_count", "at_least": 1},
                    {"fact": "challenge.c1.progress", "is": 2},
                ]
            },
        },
    ]
    on = play(CARD, earning_rules=rules)
    found = buy(on, "o1", "2026-03-02 10:00", coffees(7))
    assert [(a.rule, a.points) for d in found for a in d.awards] == [("bonus", 50)]
    found = buy(on, "o2", "2026-03-03 10:00", 100)
    assert [(a.rule, a.points) for d in found for a in d.awards] == [("thanks", 7)]


def test_a_budget_ends_what_it_gives_and_not_the_challenge() -> None:
    """One for everybody: the second who completes it is told so, and gets nothing."""
    on = play({**CARD, "gives": [HUNDRED], "limits": [{"times": 1, "per": "total"}]}, earning_rules=[])
    buy(on, "o1", "2026-03-02 10:00", coffees(10))
    assert (on.wallet("anna", "points").balance, how(on, "2026-03-02 11:00")[2]) == (100, 2)


def test_points_of_a_completion_count_for_other_challenges() -> None:
    """The rule on the completion earns points, and these reach a milestone of points."""
    rule = {"id": "bonus", "type": "fixed", "trigger": "challenge.completed", "points": 50}
    on = play(CARD, {"goals": [{"measure": "points.earned", "target": 100}]}, earning_rules=[rule])
    assert completed(buy(on, "o1", "2026-03-02 10:00", coffees(10))) == ["c1", "c1", "c2"]


def test_what_is_off_counts_nothing() -> None:
    """Before its start, after its end, and for those whom it is not for."""
    dated = {"goals": [ORDERS], "schedule": {"starts": "2026-03-05", "ends": "2026-03-06"}, "repeat": {}}
    on = play(dated, {"goals": [ORDERS], "when": {"fact": "member.country", "is": "DE"}, "repeat": {}})
    for day in ("04", "05", "06", "07"):
        buy(on, day, f"2026-03-{day} 10:00", 500)
    assert how(on, "2026-03-07 11:00")[2] == 2
    on.describe("anna", {"country": "DE"}, at("2026-03-08"))
    assert how(on, "2026-03-08 11:00", "c2") == ("open", 0, 0)


def test_a_reward_may_be_for_those_who_completed_a_challenge() -> None:
    """The catalogue asks the same figures as rules do, by the walk of the condition."""
    reward = {
        "id": "regulars",
        "name": "For regulars",
        "price": 1,
        "when": {"fact": "challenge.c1.completed_count", "at_least": 1},
        "gives": [{"type": "amount_off", "value": 100}],
    }
    on = play(CARD, rewards=[reward])
    buy(on, "o1", "2026-03-02 10:00", coffees(4))
    assert on.catalogue("anna", at("2026-03-02 11:00"))[0].reasons != ()
    buy(on, "o2", "2026-03-03 10:00", coffees(1))
    assert on.catalogue("anna", at("2026-03-03 11:00"))[0].reasons == ()


def test_what_is_switched_off_counts_and_gives_nothing() -> None:
    """While the program is off nothing counts; while the challenge's gift is off, it counts all the same."""
    on = play({**CARD, "gives": [HUNDRED]}, earning_rules=[])
    gift = SwitchObject(kind=SwitchKind.REWARD, program="shop", id="c1")
    on.turn_off(gift, at("2026-03-01"), "leaked")
    assert completed(buy(on, "o1", "2026-03-02 10:00", coffees(5))) == ["c1"]
    assert on.wallet("anna", "points").balance == 0
    on.turn_on(gift)
    on.turn_off(SwitchObject(kind=SwitchKind.PROGRAM, program="shop", id=None), at("2026-03-03"), "broken")
    assert completed(buy(on, "o2", "2026-03-03 10:00", coffees(5))) == []
    assert how(on, "2026-03-03 11:00") == ("active", 0, 1)


WORDS_OF_THE_END: list[tuple[dict[str, Any], str]] = [
    ({}, "Completed."),
    ({"repeat": {}, "complete": "all", "within": {"days": 9}}, "Completed. It can be done again."),
    ({"repeat": {"times": 1}}, "Completed."),
    ({"repeat": {"times": 1, "cooldown": {"days": 3}}}, "Completed."),
    ({"repeat": {"times": 2, "cooldown": {"days": 3}}}, "Completed. It begins again at 2026-03-06 10:00."),
    ({"each": "week"}, "Completed. It begins again at 2026-03-09 00:00."),
    ({"each": "month", "repeat": {"times": 1}}, "Completed. It begins again at 2026-04-01 00:00."),
    ({"each": "month", "schedule": {"ends": "2026-03-20"}}, "Completed."),
    ({"repeat": {"cooldown": {"days": 30}}, "schedule": {"ends": "2026-03-20"}}, "Completed."),
]


@pytest.mark.parametrize(("times", "words"), WORDS_OF_THE_END)
def test_what_is_completed_says_whether_it_begins_again(times: dict[str, Any], words: str) -> None:
    """It is done for good, can be done again, or begins again: with the next period, or after its rest."""
    on = play({"goals": [{**ORDERS, "target": 2}], **times})
    buy(on, "o1", "2026-03-02 10:00", 500)
    buy(on, "o2", "2026-03-03 10:00", 500)
    view = seen(on, "2026-03-03 11:00")
    assert (view.state, view.next_step) == ("completed", words)


def test_what_was_started_on_request_and_undone_goes_on() -> None:
    """An order that comes back undoes it: it is not over, and says what is missing until its time is."""
    on = play(
        {
            "goals": [{**ORDERS, "target": 2}],
            "start": "on_request",
            "within": {"days": 5},
            "returns": "take_back",
            "gives": [HUNDRED],
        }
    )
    on.join("anna", at("2026-03-01 10:00"))
    on.start_challenge("anna", at("2026-03-01 10:00"), "c1")
    buy(on, "o1", "2026-03-02 10:00", 500)
    buy(on, "o2", "2026-03-02 11:00", 500)
    on.give_back("o1", at("2026-03-03 10:00"), {})
    assert seen(on, "2026-03-03 11:00").next_step == "1 more order."
    assert seen(on, "2026-03-08 11:00").next_step == "It is over."
