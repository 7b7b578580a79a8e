"""Twins of what customers reach, bring back, buy in parts, and pay with: at the edge of a flaw, or over it.

A good customer spends 250.00 eight times a month, for 24 months: what is assumed where nothing is said.
"""

from __future__ import annotations

from random import Random
from typing import Any

from tests.core.planted_programs import Document, sound

_ORDER, _ORDERS = 25_000, 8 * 24
_MARGIN = 30


# Tiers


def _with_tiers(draw: Random, *levels: Document) -> Document:
    program = sound(draw)
    spend = {"id": "spend", "measure": "orders.net"}
    visits = {"id": "visits", "measure": "orders.count"}
    program["tiers"] = {"metrics": [spend, visits], "levels": list(levels), "lasts": "life"}
    return program


def _level(name: str, **reach: int) -> Document:
    return {"id": name, "name": name.title(), "reach": reach}


def tier_is_reached_in_the_end(draw: Random, over: bool) -> Document:
    """The last tier takes all that a good customer spends; or one unit more."""
    return _with_tiers(
        draw,
        _level("silver", spend=draw.randint(1, 100) * _ORDER),
        _level("gold", spend=_ORDERS * _ORDER + over),
    )


def tier_above_another_is_reached(draw: Random, over: bool) -> Document:
    """Nobody reaches the lower tier, which asks for something else, but the one above it; or neither."""
    return _with_tiers(
        draw,
        _level("silver", visits=_ORDERS + draw.randint(1, 50)),
        _level("gold", spend=draw.randint(1, 100) * _ORDER if not over else _ORDERS * _ORDER + 1),
    )


def tier_is_lost_again(draw: Random, over: bool) -> Document:
    """Who reached a tier for a while has reached it, though a month of so much does not come again."""
    program = sound(draw)
    metric = {"id": "spend", "measure": "orders.net", "window": {"last": {"days": draw.randint(9, 20)}}}
    level = _level("gold", spend=_ORDER * 99 if over else 2 * _ORDER)
    program["tiers"] = {"metrics": [metric], "levels": [level], "lasts": "while_reached"}
    return program


# Rewards


def reward_takes_all_points(draw: Random, over: bool) -> Document:
    """The reward costs all points that a good customer earns; or one more."""
    program = sound(draw)
    per = program["earning_rules"][0]["per"]
    dear = {"id": "dear", "name": "Dear", "price": _ORDERS * (_ORDER // per) + over}
    program["rewards"].append(dear | {"gives": [{"type": "amount_off", "value": 100}]})
    return program


def reward_waits_for_more_than_points(draw: Random, over: bool) -> Document:
    """Not only points are missing for the reward, which is for members of a tier; or points alone."""
    program = reward_takes_all_points(draw, True)
    program["tiers"] = {
        "metrics": [{"id": "spend", "measure": "orders.net"}],
        "levels": [_level("gold", spend=2 * _ORDERS * _ORDER)],
        "lasts": "life",
    }
    if not over:
        program["rewards"][-1]["when"] = {"fact": "member.tier", "is": "gold"}
    return program


# Returns


def _with_refunds(draw: Random, refunds: str, **wallet: Any) -> Document:
    program = sound(draw)
    program["wallets"][0] |= {"refunds": refunds, **wallet}
    return program


def returns_while_points_wait(draw: Random, over: bool) -> Document:
    """Points wait until after the last return that is tried, 45 days later; or they were there before."""
    days = draw.randint(2, 44) if over else draw.randint(46, 90)
    return _with_refunds(draw, "only_pending", pending={"type": "period", "after": {"days": days}})


def returns_before_points_expire(draw: Random, over: bool) -> Document:
    """Points that expire soon were there at once, and are taken back by the policy; or are not."""
    expiry = {"type": "rolling", "after": {"days": draw.randint(2, 40)}}
    return _with_refunds(draw, "only_pending" if over else "within_balance", expiry=expiry)


def returns_of_what_was_sent(draw: Random, over: bool) -> Document:
    """What was sent away stands as a shortfall or a debt; or nobody asks for it."""
    policy = draw.choice(["within_balance", "unlimited"])
    return _with_refunds(draw, "only_pending" if over else policy)


# Parts


def visits_in_parts(draw: Random, over: bool) -> Document:
    """Points for a visit come once a day; or twice."""
    program = sound(draw)
    limits = [{"times": 2 if over else 1, "every": "day"}]
    visit = {"id": "visit", "type": "fixed", "points": draw.randint(1, 50), "limits": limits}
    program["earning_rules"].append(visit)
    program["rewards"] = []
    return program


def parts_are_rounded(draw: Random, over: bool) -> Document:
    """Points for an amount are rounded down; or half up, from half of an odd amount on."""
    program = sound(draw)
    per = draw.randint(150, 4_000) * 2
    program["earning_rules"] = [{"id": "base", "type": "per_amount", "points": 1, "per": per}]
    if over:
        program["earning_rules"][0]["rounding"] = "half_up"
    program["rewards"] = []
    return program


def parts_reach_a_tier(draw: Random, over: bool) -> Document:
    """A second order in a tier earns more, which is meant; or every order earns something, which is not."""
    program = _with_tiers(draw, _level("gold", visits=1))
    program["earning_rules"][0]["tiers"] = {"gold": draw.randint(2, 5)}
    program["rewards"] = []
    if over:
        program["tiers"]["levels"][0]["reach"]["visits"] = 99
        program["earning_rules"].append({"id": "visit", "type": "fixed", "points": draw.randint(1, 50)})
    return program


# Worth


def _worth(program: Document, price: int) -> int:
    """Return what may be given for so many points: the margin of what they were earned with."""
    worth: int = price * program["earning_rules"][0]["per"] * _MARGIN // 100
    return worth


def points_meet_the_margin(draw: Random, over: bool) -> Document:
    """What points buy is worth the margin on what they were earned with; or one unit more."""
    program = sound(draw)
    price = draw.randint(2, 150) * 10
    worth = price * program["earning_rules"][0]["per"] * _MARGIN // 100
    gives = {"type": "amount_off", "value": worth + over}
    program["rewards"][0] |= {"price": price, "gives": [gives]}
    return program


def payment_meets_the_margin(draw: Random, over: bool) -> Document:
    """Points pay the margin of what they were earned with; or one unit more."""
    program = sound(draw)
    points = draw.randint(2, 30) * 10
    pays = {"points": points, "amount": _worth(program, points) + over}
    program["wallets"][0]["pays"] = pays
    program["rewards"] = []
    return program


def another_price_meets_the_margin(draw: Random, over: bool) -> Document:
    """The lower price, in stars, buys the margin of what they were earned with; or one unit more."""
    program = sound(draw)
    base = program["earning_rules"][0] | {"wallet": "points"}
    program["wallets"].append({"id": "stars", "name": "Stars"})
    program["earning_rules"] = [base, base | {"id": "star", "wallet": "stars"}]
    price = draw.randint(5, 40) * 10
    gives = [{"type": "amount_off", "value": _worth(program, price) + over}]
    prices = [{"points": price + 10, "wallet": "points"}, {"points": price, "wallet": "stars"}]
    program["rewards"] = [{"id": "off", "name": "Money off", "prices": prices, "gives": gives}]
    return program


def points_that_wait_meet_the_margin(draw: Random, over: bool) -> Document:
    """Points that come some days later, or once the order was fulfilled, are worth the margin; or more."""
    program = sound(draw)
    days = draw.randint(1, 55)
    delay = {"type": "period", "after": {"days": days}}
    program["wallets"][0]["pending"] = draw.choice([delay, {"type": "fulfillment"}])
    price = draw.randint(2, 150) * 10
    gives = [{"type": "amount_off", "value": _worth(program, price) + over}]
    program["rewards"][0] |= {"price": price, "gives": gives}
    return program


def some_orders_meet_the_margin(draw: Random, over: bool) -> Document:
    """One category earns three times as much, and the margin of it is what points buy; or more."""
    program = sound(draw)
    coffee = {"fact": "line.categories", "contains": "coffee"}
    more = {**program["earning_rules"][0], "id": "more", "points": 2, "lines": coffee}
    program["earning_rules"].append(more)
    price = draw.randint(2, 50) * 30
    gives = [{"type": "amount_off", "value": _worth(program, price) // 3 + over}]
    program["rewards"][0] |= {"price": price, "gives": gives}
    return program


REACHED = (tier_is_reached_in_the_end, tier_above_another_is_reached, tier_is_lost_again)
AFFORDED = (reward_takes_all_points, reward_waits_for_more_than_points)
RETURNED = (returns_while_points_wait, returns_before_points_expire, returns_of_what_was_sent)
PARTED = (visits_in_parts, parts_are_rounded, parts_reach_a_tier)
WORTH = (
    points_meet_the_margin,
    payment_meets_the_margin,
    another_price_meets_the_margin,
    points_that_wait_meet_the_margin,
    some_orders_meet_the_margin,
)
"""The makers of twins, as :mod:`tests.core.near_misses` has them for each kind of flaw."""
