"""Challenges beside a naive model that counts everything anew from what happened, with plain numbers."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.core.challenge_stage import COFFEES, ORDERS, buy, coffees, how, play
from tests.core.ledger_stage import at

FIRST = date(2026, 3, 1)

Happening = tuple[int, int, bool]
"""The day, how many coffees, and whether the order is canceled at the end of that day."""

HISTORIES = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 9), st.booleans()), max_size=25)


def card(target: int, most: int | None, returns: str) -> dict[str, Any]:
    """A punch card of coffees that gives ten points."""
    return {
        "goals": [{**COFFEES, "target": target}],
        "repeat": {} if most is None else {"times": most},
        "returns": returns,
        "gives": [{"type": "points", "points": 10}],
    }


def day(number: int, time: str = "10:00") -> str:
    """A local time on a day."""
    return f"{FIRST + timedelta(days=number)} {time}"


@given(HISTORIES, st.integers(1, 6), st.sampled_from([None, 1, 3]))
@settings(max_examples=60, deadline=None)
def test_a_card_that_takes_back_is_what_is_left_divided(
    history: list[Happening], target: int, most: int | None
) -> None:
    """At any moment the card is full as often as the coffees that were kept allow, and so are the points."""
    on = play(card(target, most, "take_back"), earning_rules=[])
    kept = 0
    for number, (when, count, canceled) in enumerate(sorted(history)):
        buy(on, str(number), day(when), coffees(count))
        kept += count
        if canceled:
            on.cancel(str(number), at(day(when, "11:00")))
            kept -= count
        times = kept // target if most is None else min(kept // target, most)
        assert how(on, day(when, "12:00"))[2] == times
        assert on.wallet("anna", "points").balance == 10 * times


@given(HISTORIES, st.integers(1, 6))
@settings(max_examples=60, deadline=None)
def test_a_card_that_keeps_gives_nothing_twice(history: list[Happening], target: int) -> None:
    """What was given is the most that ever was full: what comes back has to be bought again first."""
    on = play(card(target, None, "keep"), earning_rules=[])
    kept = most = 0
    for number, (when, count, canceled) in enumerate(sorted(history)):
        buy(on, str(number), day(when), coffees(count))
        kept += count
        most = max(most, kept // target)
        if canceled:
            on.cancel(str(number), at(day(when, "11:00")))
            kept -= count
        state, progress, times = how(on, day(when, "12:00"))
        assert (state, times) == ("active", most)
        assert progress == max(kept - most * target, 0)
        assert on.wallet("anna", "points").balance == 10 * most


def naive_streak(days: set[int], length: int, grace: int, freezes: int) -> tuple[int, int]:
    """Return how often a streak is complete, and how long the last one is: day by day, by the book."""
    times = run = missed = left = 0
    for today in range(min(days, default=0), max(days, default=-1) + 1):
        if today in days:
            run += 1
            missed = 0
            if run == 1:
                left = freezes
            if run == length:
                times, run = times + 1, 0
        elif run:
            missed += 1
            if missed > grace:
                left -= 1
            if left < 0:
                run, missed = 0, 0
    return times, run


@given(
    st.lists(st.integers(0, 40), max_size=25),
    st.integers(2, 5),
    st.integers(0, 2),
    st.integers(0, 3),
)
@example([0, 1, 3, 6, 7, 10, 13, 15, 16, 22], 4, 0, 3)  # a run that is cut would be complete
@settings(max_examples=120, deadline=None)
def test_a_streak_is_what_counting_days_says(days: list[int], length: int, grace: int, freezes: int) -> None:
    """In order of time, with the timers running between: as often, and as far, as by the book."""
    streak = {"every": "day", "length": length, "grace": grace, "freezes": freezes}
    on = play({"goals": [ORDERS], "streak": streak, "repeat": {}}, earning_rules=[])
    for number, when in enumerate(sorted(days)):
        buy(on, str(number), day(when), 100)
    times, run = naive_streak(set(days), length, grace, freezes)
    if days:
        state, progress, count = how(on, day(max(days), "12:00"))
        assert count == times
        assert progress == (run if run or state != "completed" else length)


@given(HISTORIES, st.sampled_from(["keep", "take_back"]), st.integers(1, 6))
@settings(max_examples=60, deadline=None)
def test_an_order_and_its_reversal_change_nothing(
    history: list[Happening], returns: str, target: int
) -> None:
    """One more order leaves all as it was once it is undone, as long as nothing is kept that it completed."""
    on = play(card(target, None, returns), {"goals": [{**ORDERS, "target": 100}]}, earning_rules=[])
    on.join("anna", at(day(0, "00:00")))
    for number, (when, count, _) in enumerate(sorted(history)):
        buy(on, str(number), day(when), coffees(count))
    before = [how(on, day(50), name)[1:] for name in ("c1", "c2")]
    balance = on.wallet("anna", "points").balance
    more = 3 * target if returns == "take_back" else target - 1 - before[0][0]
    buy(on, "last", day(50), coffees(more), 100)
    assert [how(on, day(50), name)[1:] for name in ("c1", "c2")] != before
    on.give_back("last", at(day(51)), {})
    assert [how(on, day(52), name)[1:] for name in ("c1", "c2")] == before
    assert on.wallet("anna", "points").balance == balance


@st.composite
def shuffled_lives(draw: st.DrawFn) -> list[tuple[int, int, bool]]:
    """What is heard of, in any order: orders (a day, how many coffees), and parts of them that come back.

    A part that comes back is (which order, how many of its coffees, True); of late orders it is heard late.
    """
    heard: list[tuple[int, int, bool]] = []
    left: list[int] = []
    for _ in range(draw(st.integers(1, 14))):
        open_ones = [place for place, units in enumerate(left) if units]
        is_return = draw(st.booleans()) if open_ones else False
        if is_return:
            place = draw(st.sampled_from(open_ones))
            units = draw(st.integers(1, left[place]))
            left[place] -= units
            heard.append((place, units, True))
        else:
            left.append(draw(st.integers(1, 9)))
            heard.append((draw(st.integers(0, 70)), left[-1], False))
    return heard


REPEATED: dict[str, tuple[dict[str, Any], int]] = {
    "card": ({"repeat": {}}, 1_000),
    "card, twice": ({"repeat": {"times": 2}}, 2),
    "once": ({}, 1),
    "each month": ({"each": "month"}, 1),
}
"""How often something can be completed, in all or in a month."""


@given(shuffled_lives(), st.integers(1, 8), st.sampled_from([*REPEATED]))
@settings(max_examples=120, deadline=None)
def test_progress_is_a_recount_in_whatever_order_it_is_heard(
    heard: list[tuple[int, int, bool]], target: int, kind: str
) -> None:
    """Late orders and partial returns in any order: what stands completed, and what it gave, is a recount.

    Only what was kept matters: of the month for a challenge of each month, else of all orders together.
    """
    times, most = REPEATED[kind]
    challenge = {"goals": [{**COFFEES, "target": target}], "returns": "take_back", **times}
    on = play({**challenge, "gives": [{"type": "points", "points": 10}]}, earning_rules=[])
    on.join("anna", at(day(0, "00:00")))
    months: dict[int, int] = {}
    of_order: list[int] = []
    for number, (first, count, is_return) in enumerate(heard):
        if is_return:
            months[of_order[first]] -= count
            on.give_back(str(first), at(day(80 + number)), {"1": count})
        else:
            of_order.append((FIRST + timedelta(days=first)).month if kind == "each month" else 0)
            months[of_order[-1]] = months.get(of_order[-1], 0) + count
            buy(on, str(len(of_order) - 1), day(first), coffees(count))
        full = sum(min(units // target, most) for units in months.values())
        assert on.wallet("anna", "points").balance == 10 * full
        if kind == "card":
            assert how(on, day(100 + number))[1:] == (months[0] % target, full)
