"""Twins of rules: one that can fire, if seldom, and one that never does."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any

from tests.core.planted_programs import Document, sound

_FIRST_DAY = date(2026, 12, 1)
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_ANY_ORDER: Document = {"fact": "order.total", "at_least": 1}


def _with_rule(draw: Random, when: Document | None, **fields: Any) -> Document:
    """Return a program with one more rule, in a campaign half the time, which then may ask for a part.

    What is asked for in ``when`` is asked of members of a tier that takes years, so that no order which is
    played can show that the rule fires: it has to be found in the words.
    """
    program = sound(draw)
    rule: Document = {"id": "rare", "type": "fixed", "points": draw.randint(1, 500), **fields}
    place: Document = rule
    if draw.random() < 0.5:
        campaign: Document = {"id": "time", "earning_rules": [rule]}
        program["campaigns"] = [campaign]
        place = draw.choice([rule, campaign])
    else:
        program["earning_rules"].append(rule)
    if when is None:
        return program
    program["tiers"] = {
        "metrics": [{"id": "spend", "measure": "orders.net"}],
        "levels": [{"id": "gold", "name": "Gold", "reach": {"spend": 90_000_000}}],
        "lasts": "life",
    }
    first, *rest = when.get("all", [when])
    rule["when"] = {"all": [{"fact": "member.tier", "is": "gold"}, *rest]}
    if place is rule:
        rule["when"]["all"].append(first)
    else:
        place["when"] = first
    return program


def amounts_meet(draw: Random, over: bool) -> Document:
    """Two bounds of one amount meet in one number; or pass each other by one."""
    amount = draw.randint(1_000, 60_000)
    beyond = amount + over
    bounds: list[tuple[Document, Document]] = [
        ({"at_least": beyond}, {"at_most": amount}),
        ({"more_than": beyond - 1}, {"at_most": amount}),
        ({"at_least": beyond}, {"less_than": amount + 1}),
        ({"is": beyond}, {"between": [draw.randint(1, 999), amount]}),
        ({"in": [beyond, beyond + 5]}, {"at_most": amount}),
        ({"between": [beyond, beyond + 7_000]}, {"is": amount}),
        ({"is": amount}, {"between": [amount - 700, amount - over]}),
    ]
    low, high = draw.choice(bounds)
    fact = draw.choice(["order.total", "order.gross"])
    both = [{"fact": fact} | bound for bound in (low, high)]
    draw.shuffle(both)
    return _with_rule(draw, {"all": both})


def texts_meet(draw: Random, over: bool) -> Document:
    """Two lists of names have one in common; or none."""
    name, other, third = draw.sample(["web", "till", "app", "phone", "post"], 3)
    asked: list[tuple[Document, Document]] = [
        ({"is": name}, {"is": other if over else name}),
        ({"in": [name, other]}, {"is": third if over else other}),
        ({"in": [name, other]}, {"in": [third, *([] if over else [name])]}),
        ({"is": name}, {"is_not": name if over else other}),
        ({"is": name}, {"not_in": [other, name if over else third]}),
        ({"in": [name, other]}, {"not_in": [third, name, *([other] if over else [])]}),
    ]
    one, two = draw.choice(asked)
    both = [{"fact": "order.channel"} | each for each in (one, two)]
    draw.shuffle(both)
    return _with_rule(draw, {"all": both})


def lists_hold_both(draw: Random, over: bool) -> Document:
    """A line is in two categories; or of two brands, which no line is."""
    one, two = draw.sample(["tea", "cups", "hats", "shoes"], 2)
    fact, operator = ("line.brand", "is") if over else ("line.categories", "contains")
    where = {"all": [{"fact": fact, operator: one}, {"fact": fact, operator: two}]}
    if draw.random() < 0.5:
        return _with_rule(draw, {"lines": "any", "where": where})
    return _with_rule(draw, None, lines=where)


def lines_differ(draw: Random, over: bool) -> Document:
    """Two lines are asked for, each of its own brand; or one line of both brands."""
    brands = [{"fact": "line.brand", "is": name} for name in draw.sample(["tea", "cups", "hats"], 2)]
    where = [{"all": brands}] if over else brands
    return _with_rule(draw, {"all": [{"lines": "any", "where": each} for each in where]})


def one_way_is_open(draw: Random, over: bool) -> Document:
    """Of several ways in which the rule could fire one is open; or none."""
    amount = draw.randint(1_000, 60_000)
    ways = [
        {"all": [{"fact": "order.total", "at_least": low}, {"fact": "order.total", "less_than": low - gap}]}
        for low, gap in ((amount, draw.randint(0, 900)), (draw.randint(1_000, 60_000), int(over) - 1))
    ]
    draw.shuffle(ways)
    return _with_rule(draw, {"any": ways})


def days_meet(draw: Random, over: bool) -> Document:
    """A rule for a day of the week meets the days on which it recurs; or misses them by one."""
    day = draw.randrange(7)
    recurs = (day + over) % 7
    rrule = f"FREQ=WEEKLY;BYDAY={_DAYS[recurs][:2].upper()}"
    return _with_rule(draw, _ANY_ORDER, schedule={"windows": [{"days": [_DAYS[day]]}], "rrule": rrule})


def lives_meet(draw: Random, over: bool) -> Document:
    """A rule begins on the last day of its campaign; or on the day after."""
    last = _FIRST_DAY + timedelta(days=draw.randint(3, 4_000))
    begins = last + timedelta(days=over)
    program = sound(draw)
    rule: Document = {"id": "rare", "type": "fixed", "points": 5, "schedule": {"starts": begins.isoformat()}}
    schedule = {"starts": "2026-11-01", "ends": last.isoformat()}
    program["campaigns"] = [{"id": "time", "schedule": schedule, "earning_rules": [rule]}]
    return program


def time_is_left(draw: Random, over: bool) -> Document:
    """A rule ends on the day from which on the program is searched; or on the day before."""
    ends = _FIRST_DAY - timedelta(days=over)
    return _with_rule(draw, _ANY_ORDER, schedule={"starts": "2026-01-01", "ends": ends.isoformat()})


def day_of_the_year_comes(draw: Random, over: bool) -> Document:
    """A rule for one day of the year ends on that day; or on the day before."""
    day = _FIRST_DAY + timedelta(days=draw.randint(30, 360))
    rrule = f"FREQ=YEARLY;BYMONTH={day.month};BYMONTHDAY={day.day}"
    ends = (day - timedelta(days=over)).isoformat()
    return _with_rule(draw, _ANY_ORDER, schedule={"starts": "2026-11-30", "ends": ends, "rrule": rrule})


def nothing_is_neither(draw: Random, over: bool) -> Document:
    """What is neither of one channel nor of others has none; or it must be both, which nothing is."""
    name = draw.choice(["web", "till", "app"])
    both: list[Document] = [{"fact": "order.channel", how: name} for how in ("is", "is_not")]
    return _with_rule(draw, {"all": both if over else [{"not": each} for each in both]})


RULES = (
    amounts_meet,
    texts_meet,
    lists_hold_both,
    lines_differ,
    one_way_is_open,
    days_meet,
    lives_meet,
    time_is_left,
    day_of_the_year_comes,
    nothing_is_neither,
)
"""The makers of twins, as :mod:`tests.core.near_misses` has them for each kind of flaw."""
