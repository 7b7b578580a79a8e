"""Conditions in SQL, as texts: constants stay parameters, and what cannot be answered is refused in words."""

from __future__ import annotations

from bisect import bisect_right
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from perennial.core.conditions.sql import SqlConditions, compile_sql, kept_by
from perennial.core.conditions.sql_values import Bind
from perennial.core.dates.periods import Period, offset_at
from perennial.core.dates.zone_offsets import offsets_of
from perennial.core.problems import Problem
from perennial.core.terms.condition_document import decode_condition
from perennial.units import DAY, EARLIEST, LATEST, format_instant
from tests.core.earning_stage import NOON, version_of

VERSION = version_of(
    rules=[
        {
            "id": "coffee",
            "type": "fixed",
            "points": 1,
            "when": {
                "all": [
                    {"history": "orders.net", "window": {"last": {"days": 30}}, "at_least": 1},
                    {"fact": "member.orders_90_days", "at_least": 1},
                ]
            },
        }
    ],
    declarations={
        "member": {"city": {"type": "text"}, "home": {"type": "place"}},
        "order": {"weather": {"type": "text"}},
    },
    experiments=[{"id": "half", "variants": [{"id": "a", "weight": 500}, {"id": "b", "weight": 500}]}],
    challenges=[
        {
            "id": "run",
            "name": "Run",
            "goals": [{"id": "g", "measure": "orders.count", "target": 3}],
            "gives": [],
        }
    ],
)
KEPT = kept_by(VERSION, NOON)


def sql_of(plain: Any, **changes: Any) -> SqlConditions:
    found = compile_sql([decode_condition(plain)], msgspec.structs.replace(KEPT, **changes))
    assert isinstance(found, SqlConditions), found
    return found


def refused(plain: Any, **changes: Any) -> list[tuple[str, str]]:
    found = compile_sql([decode_condition(plain)], msgspec.structs.replace(KEPT, **changes))
    assert isinstance(found, list)
    assert all(isinstance(problem, Problem) and problem.words for problem in found)
    return [(problem.path, problem.code) for problem in found]


def test_no_constant_becomes_text() -> None:
    """Neither operands nor the names of attributes are ever part of the text."""
    evil = "'; drop table customers; --"
    sql = sql_of({"any": [{"fact": "member.city", "is": evil}, {"fact": "member.city", "in": [evil, "b"]}]})
    assert evil not in "".join(sql.tests)
    assert "city" not in "".join(sql.tests)
    assert evil in sql.parameters
    assert "city" in sql.parameters


def test_what_the_calendar_says_is_decided_beforehand() -> None:
    """A condition on now asks the server nothing."""
    sql = sql_of(
        {"all": [{"fact": "now.weekday", "is": "tue"}, {"fact": "now.date", "more_than": "2026-11-24"}]}
    )
    assert sql.tests == ("(true and false)",)
    assert sql.parameters == ()


@pytest.mark.parametrize(
    ("plain", "path", "code"),
    [
        ({"fact": "member.city", "matches": "^B"}, "matches", "not_for_all_members"),
        ({"not": {"fact": "member.home", "within": ["0,0", 5]}}, "not.within", "not_for_all_members"),
        ({"fact": "order.total", "at_least": 5}, "fact", "fact_not_here"),
        ({"fact": "order.attributes.weather", "is": "rain"}, "fact", "fact_not_here"),
        ({"lines": "any", "where": {"fact": "line.sku", "is": "a"}}, "lines", "lines_not_here"),
        ({"fact": "experiment.half", "is": "a"}, "fact", "not_for_all_members"),
        ({"fact": "challenge.run.progress", "at_least": 1}, "fact", "not_for_all_members"),
        ({"fact": "member.spent", "at_least": 1}, None, None),
        ({"fact": "member.visits", "at_least": 1}, None, None),
        ({"history": "orders.count", "window": "ever", "at_least": 1}, None, None),
        (
            {"any": [{"history": "orders.net", "where": {"fact": "order.tax", "is": 1}, "at_least": 1}]},
            "any[0].history",
            "not_counted",
        ),
        ({"history": "points.earned", "at_least": 1}, "history", "not_counted"),
        ({"fact": "member.city", "is": "a\x00b"}, "is", "not_for_all_members"),
        ({"fact": "member.town", "is": "a"}, "fact", "unknown_fact"),
    ],
)
def test_what_cannot_be_answered_is_refused(plain: Any, path: str | None, code: str | None) -> None:
    """A problem leads to the part that cannot be asked; a finer counter serves a coarser one."""
    if path is None:
        sql_of(plain)
    else:
        assert refused(plain) == [(path, code)]


def test_a_counter_by_day_serves_months() -> None:
    """A window over calendar months is added up of days where only these are counted."""
    sql = sql_of({"history": "orders.count", "window": {"calendar": "month", "offset": -1}, "at_least": 1})
    (figure,) = sql.figures
    first, last = (sql.parameters[int(place.split("::")[0][1:]) - 4] for place in (figure.first, figure.last))
    assert [metric.period for metric in VERSION.metrics] == [Period.DAY, Period.DAY]
    assert (first, last) == (739_890, 739_920)  # 1 to 31 October 2026


def test_equal_parameters_are_one() -> None:
    """The same value of the same type is sent once; true is not one."""
    bind = Bind(4)
    assert [bind(1, "int"), bind(1, "int"), bind(True, "int"), bind(1, "bigint")] == [
        "$4::int",
        "$4::int",
        "$5::int",
        "$6::bigint",
    ]


def test_offsets_change_when_the_clocks_do() -> None:
    """The list of offsets holds both changes of a year, to the microsecond."""
    instants, offsets = offsets_of(VERSION.zone)
    changes = {
        format_instant(at): offset // 3_600_000_000 for at, offset in zip(instants, offsets, strict=True)
    }
    assert changes["2026-03-29T01:00:00Z"] == 2
    assert changes["2026-10-25T01:00:00Z"] == 1


@pytest.mark.parametrize("name", ["Africa/Casablanca", "Pacific/Apia", "Asia/Tehran", "UTC"])
def test_between_two_changes_the_offset_is_that_of_the_zone(name: str) -> None:
    """From 1900 to 2199, also where clocks change for a month, a day is skipped, or nothing changes."""
    zone = ZoneInfo(name)
    instants, offsets = offsets_of(zone)
    for instant in (*range(EARLIEST, LATEST, 97 * DAY + 1), *instants, *(each - 1 for each in instants[1:])):
        assert offsets[bisect_right(instants, instant) - 1] == offset_at(instant, zone)
