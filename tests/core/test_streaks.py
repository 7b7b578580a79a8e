"""Streaks: days, weeks and months in a row, what may be missed, and when they break."""

from __future__ import annotations

from typing import Any

import pytest

from perennial.core.rehearsal.rehearsal import Rehearsal
from tests.core.challenge_stage import ORDERS, STEPS, buy, completed, how, missed, play, seen, walk
from tests.core.ledger_stage import at, local


def streak(every: str, length: int, **more: Any) -> Rehearsal:
    """A streak of orders."""
    return play({"goals": [ORDERS], "streak": {"every": every, "length": length, **more}, "repeat": {}})


def bought(on: Rehearsal, *days: str) -> list[str]:
    """Anna buys on these days; what she completed."""
    return [name for day in days for name in completed(buy(on, day, f"2026-03-{day} 10:00", 500))]


def test_three_days_in_a_row() -> None:
    """Two orders on one day are one day; the next streak begins with the next day."""
    on = streak("day", 3)
    assert bought(on, "02", "03") == []
    buy(on, "again", "2026-03-03 20:00", 500)
    assert how(on, "2026-03-03 21:00") == ("active", 2, 0)
    assert seen(on, "2026-03-03 21:00").next_step == "1 more day in a row."
    assert bought(on, "04") == ["c1"]
    buy(on, "more", "2026-03-04 20:00", 500)
    assert how(on, "2026-03-04 21:00") == ("completed", 3, 1)
    assert bought(on, "05", "06", "07") == ["c1"]


def test_a_missed_day_breaks_it_at_midnight() -> None:
    """The third is missed: at the beginning of the fourth it is over, told once, and begins anew."""
    on = streak("day", 3)
    bought(on, "01", "02")
    assert local(seen(on, "2026-03-02 12:00").ends_at) == "2026-03-04"
    assert missed(on.run_timers("anna", at("2026-03-03 23:59"))) == []
    assert missed(on.run_timers("anna", at("2026-03-04"))) == ["c1"]
    assert how(on, "2026-03-04") == ("missed", 0, 0)
    assert bought(on, "05", "06") == []
    assert how(on, "2026-03-06 11:00") == ("active", 2, 0)
    assert bought(on, "07") == ["c1"]


def test_grace_forgives_every_time_and_freezes_in_all() -> None:
    """One missed day between two is free every time; two more may be frozen in the whole streak."""
    on = streak("day", 5, grace=1, freezes=2)
    bought(on, "01", "03", "05")
    assert how(on, "2026-03-05 11:00") == ("active", 3, 0)
    bought(on, "08")
    assert seen(on, "2026-03-08 11:00").next_step == "1 more day in a row, 1 of 2 freezes left."
    assert local(seen(on, "2026-03-08 11:00").ends_at) == "2026-03-12"
    assert bought(on, "10") == ["c1"]
    tight = streak("day", 5, grace=1, freezes=2)
    bought(tight, "01", "03", "08")
    assert how(tight, "2026-03-08 11:00") == ("active", 1, 0)


@pytest.mark.parametrize(
    ("every", "days", "length"),
    [
        ("week", ["2026-03-08", "2026-03-09", "2026-03-22"], 3),
        ("month", ["2026-01-31", "2026-02-01", "2026-03-31"], 3),
    ],
)
def test_weeks_and_months_follow_the_calendar(every: str, days: list[str], length: int) -> None:
    """Sunday and Monday are two weeks, the last and the first two months."""
    on = streak(every, length)
    found = [name for day in days for name in completed(buy(on, day, f"{day} 10:00", 500))]
    assert found == ["c1"]


def test_days_begin_at_local_midnight_when_clocks_change() -> None:
    """Berlin skips an hour on 29 March: that day has 23 hours, and the streak breaks at its local end."""
    on = streak("day", 3)
    buy(on, "o1", "2026-03-28 23:59", 500)
    assert local(seen(on, "2026-03-28 23:59").ends_at) == "2026-03-30"
    assert at("2026-03-30") - at("2026-03-29") == 23 * 3_600_000_000
    buy(on, "o2", "2026-03-29 00:01", 500)
    assert completed(buy(on, "o3", "2026-03-30 00:00", 500)) == ["c1"]


def test_a_late_day_mends_it() -> None:
    """The missing day is heard of after the streak broke, and makes it whole."""
    on = streak("day", 3)
    bought(on, "01", "03")
    on.run_timers("anna", at("2026-03-10"))
    assert completed(buy(on, "late", "2026-03-02 10:00", 500)) == ["c1"]


def test_a_return_takes_the_day_away() -> None:
    """The middle day comes back: the streak is one day long again; another order that day keeps it."""
    on = streak("day", 3)
    bought(on, "01", "02")
    on.cancel("02", at("2026-03-02 12:00"))
    assert how(on, "2026-03-02 13:00") == ("active", 1, 0)
    buy(on, "other", "2026-03-02 14:00", 500)
    assert bought(on, "03") == ["c1"]


def test_a_goal_a_day() -> None:
    """8,000 steps on two days in a row; what several walks of a day make together counts."""
    on = play({"goals": [{**STEPS, "target": 8_000}], "streak": {"every": "day", "length": 2}})
    walk(on, "2026-03-01 09:00", 5_000)
    walk(on, "2026-03-01 19:00", 3_000)
    walk(on, "2026-03-02 09:00", 7_999)
    assert how(on, "2026-03-02 10:00") == ("active", 1, 0)
    assert completed(walk(on, "2026-03-02 20:00", 1)) == ["c1"]
