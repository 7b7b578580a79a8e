"""Programs at the edge of a flaw, in pairs: one without it, and its twin one step further that has it.

The twins of a pair differ by one parameter. A maker is called twice with the same draw, once with ``over``;
every number is drawn, so that no search can know it beforehand. The finder must stay silent on the first and
speak of the second.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from tests.core.near_buying import AFFORDED, PARTED, REACHED, RETURNED, WORTH
from tests.core.near_households import MOVED
from tests.core.near_rules import RULES
from tests.core.planted_programs import Document, sound

Maker = Callable[[Random, bool], Document]

_MARGIN = 30
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _round_amount(draw: Random) -> int:
    """Return an amount of whole tens, so that the margin of it is a whole number as well."""
    return draw.randint(50, 9_000) * 10


# Gift cards


def _with_cards(draw: Random, value: int) -> Document:
    program = sound(draw)
    card = {"type": "gift_card", "value": value}
    program["rewards"].append({"id": "card", "name": "A gift card", "gives": [card], "codes": {}})
    return program


def cards_are_left_out(draw: Random, over: bool) -> Document:
    """The rule leaves out the lines of gift cards, however it calls them; or something else."""
    program = _with_cards(draw, draw.randint(1_000, 15_000))
    number = draw.randint(1, 99)
    named: list[tuple[str, Document]] = [
        ("line.categories", {"contains": f"Gift {number}"}),
        ("line.sku", {"is": f"GIFT-{number}"}),
        ("line.sku", {"in": [f"gift-{number}"]}),
        ("line.brand", {"is": "Gifts and more"}),
    ]
    fact, names = draw.choice(named)
    others: Document = {how: ["hats"] if isinstance(name, list) else "hats" for how, name in names.items()}
    rule = program["earning_rules"][0]
    rule["lines"] = {
        "not": {"all": [{"fact": fact, "exists": True}, {"fact": fact} | (others if over else names)]}
    }
    return program


def cards_earn_so_often(draw: Random, over: bool) -> Document:
    """The rule gives points once in a life, which buying the card uses up; or twice."""
    program = _with_cards(draw, draw.randint(1_000, 15_000))
    program["earning_rules"][0]["limits"] = [{"times": 2 if over else 1}]
    return program


def cards_cost_so_much(draw: Random, over: bool) -> Document:
    """Only orders up to an amount earn, and a card costs one unit more; or just that amount."""
    value = draw.randint(1_000, 15_000)
    program = _with_cards(draw, value)
    program["earning_rules"][0]["when"] = {"fact": "order.total", "at_most": value if over else value - 1}
    return program


def cards_earn_of_each_kind(draw: Random, over: bool) -> Document:
    """The first card earns stars when it is bought, and what it pays for earns nothing; or points."""
    program = _with_cards(draw, draw.randint(1_000, 15_000))
    program["wallets"].append({"id": "stars", "name": "Stars"})
    program["rewards"][0]["wallet"] = "points"
    cards = {"lines": "any", "where": {"fact": "line.categories", "contains": "gift-cards"}}
    rule: Document = {"type": "fixed", "points": draw.randint(1, 50)}
    sold = {"id": "sold", "wallet": "stars", "limits": [{"times": 1}], "when": cards}
    used = {"id": "used", "wallet": "points", "trigger": "order.paid" if over else "member.birthday"}
    program["earning_rules"] = [rule | sold, rule | used]
    return program


def cards_are_claimed(draw: Random, over: bool) -> Document:
    """Nobody can buy a gift card: members claim it for points. Or a code is sold as well."""
    program = _with_cards(draw, draw.randint(1_000, 15_000))
    card = program["rewards"][1]
    card["price"] = draw.randint(100_000, 900_000)
    if not over:
        del card["codes"]
    return program


# Rings of referrals


def _with_offer(draw: Random, least: int, **fields: Any) -> Document:
    program = sound(draw)
    offer: Document = {"id": "friends", "name": "Give and get", "checks": []}
    offer["converts"] = {"on": "order", "min_order": least}
    if draw.random() < 0.5:
        offer["waits"] = {"days": draw.randint(1, 60)}
    program["referrals"] = {"offers": [offer | fields]}
    return program


def _off(value: int) -> Document:
    return {"gets": {"gives": [{"type": "amount_off", "value": value}]}}


def ring_costs_its_margin(draw: Random, over: bool) -> Document:
    """Both sides together get what the shop earns on the orders that are asked for; or one unit more."""
    least, number = _round_amount(draw) // 4 // 10 * 10 + 400, draw.randint(1, 3)
    room = least * number * _MARGIN // 100
    friend = draw.randint(1, room - 1)
    sides = {"advocate": _off(room - friend + over), "friend": _off(friend)}
    program = _with_offer(draw, least, **sides)
    program["referrals"]["offers"][0]["converts"]["number"] = number
    return program


def ring_gets_points(draw: Random, over: bool) -> Document:
    """Points are given that are worth the margin at most; or one more, with which they are worth more."""
    program = _with_offer(draw, 0)
    price, value = draw.randint(20, 400), draw.randint(500, 2_000)
    program["rewards"][0] |= {"price": price, "gives": [{"type": "amount_off", "value": value}]}
    least = _round_amount(draw)
    points = least * _MARGIN // 100 * price // value + 1
    while points * value // price > least * _MARGIN // 100:
        points -= 1
    while over and points * value // price <= least * _MARGIN // 100:
        points += 1
    offer = program["referrals"]["offers"][0]
    offer["converts"]["min_order"] = least
    offer["friend"] = {"gets": {"gives": [{"type": "points", "points": max(points, 1)}]}}
    return program


def ring_is_seen(draw: Random, over: bool) -> Document:
    """One of the signals of one person is looked at; or it is ignored."""
    signal: Document = {"type": draw.choice(["same_device", "same_address", "same_payment"])}
    program = _with_offer(draw, draw.randint(100, 900), advocate=_off(draw.randint(300, 3_000)))
    program["referrals"]["offers"][0]["checks"] = [signal | ({"action": "ignore"} if over else {})]
    return program


def ring_gives_back(draw: Random, over: bool) -> Document:
    """What was given is taken back when the order comes back; or it is kept."""
    least = draw.randint(10_000, 90_000)
    program = _with_offer(draw, least, advocate=_off(draw.randint(300, 2_000)))
    offer = program["referrals"]["offers"][0]
    del offer["checks"]
    offer["on_return"] = "keep" if over else "reverse"
    return program


def ring_grows(draw: Random, over: bool) -> Document:
    """A gift begins with the third friend, and costs the margin on three; or one unit more."""
    least = _round_amount(draw) // 2 // 10 * 10 + 100
    advocate = {"tiers": [_off(least * 3 * _MARGIN // 100 + over)["gets"] | {"after": 2}]}
    return _with_offer(draw, least, advocate=advocate, chain=False)


def ring_joins(draw: Random, over: bool) -> Document:
    """Whoever joins only gets a gift with the first order; or with joining."""
    least = draw.randint(50_000, 90_000)
    converts: Document = {"on": "joining"} if over else {"on": "order", "min_order": least}
    return _with_offer(draw, least, friend=_off(draw.randint(300, 3_000)), converts=converts)


def ring_gets_something(draw: Random, over: bool) -> Document:
    """Points that buy nothing come with an order; or with joining, for nothing at all."""
    least = draw.randint(100, 900)
    points = {"gets": {"gives": [{"type": "points", "points": draw.randint(10, 900)}]}}
    converts: Document = {"on": "joining"} if over else {"on": "order", "min_order": least}
    program = _with_offer(draw, least, friend=points, converts=converts)
    program["rewards"] = []
    return program


# Discounts that stack


def _automatic(name: str, gives: Document, **fields: Any) -> Document:
    return {"id": name, "name": name.title(), "gives": [gives], "automatic": True} | fields


def _amount_off(value: int) -> Document:
    return {"type": "amount_off", "value": value}


def discounts_meet_the_cost(draw: Random, over: bool) -> Document:
    """Two amounts off take the whole margin; or one unit more."""
    least = _round_amount(draw)
    room = least * _MARGIN // 100
    first = draw.randint(1, room - 1)
    asked = {"fact": "order.total", "at_least": least}
    program = sound(draw)
    for name, value in (("spring", first), ("letter", room - first + over)):
        program["rewards"].append(
            _automatic(name, _amount_off(value), usable_when=asked, judged_on="initial")
        )
    return program


def percents_meet_the_cost(draw: Random, over: bool) -> Document:
    """Two percentages take the whole margin, rounded as they are; or one percent more."""
    program = sound(draw)
    first = draw.randint(3, 27)
    for name, percent in (("spring", first), ("letter", _MARGIN - first + over)):
        reward = _automatic(name, {"type": "percent_off", "percent": str(percent)})
        program["rewards"].append(reward)
    program["stacking"] = {"percent_base": "initial"}
    return program


def one_is_meant(draw: Random, over: bool) -> Document:
    """One reward sells below cost by itself, which was meant; or it takes just the margin."""
    least = draw.randint(10, 3_000) * 60  # in up to three lines, each with a margin of whole units
    most = least * _MARGIN // 100 + (0 if over else 1)
    lines = {"fact": "order.line_count", "at_least": draw.randint(1, 3)}
    asked = {"all": [{"fact": "order.total", "is": least}, lines]}
    program = sound(draw)
    for name, value in (("spring", most), ("letter", draw.randint(1, 5))):
        program["rewards"].append(
            _automatic(name, _amount_off(value), usable_when=asked, judged_on="initial")
        )
    program["stacking"] = {"sequence": "requested"}
    return program


def days_of_discounts(draw: Random, over: bool) -> Document:
    """Two campaigns have no day in common; or they share one, on which neither of them begins."""
    one, shared, two, three = draw.sample(_DAYS, 4)
    program = sound(draw)
    program["campaigns"] = [
        {
            "id": name,
            "schedule": {"windows": [{"days": [*days, *([shared] if over else [])]}]},
            "rewards": [_automatic(name, {"type": "percent_off", "percent": str(draw.randint(18, 29))})],
        }
        for name, days in (("spring", [one, three]), ("letter", [two]))
    ]
    return program


def carts_of_discounts(draw: Random, over: bool) -> Document:
    """Two rewards never hold for one cart; or they do for one of several lines, which neither asks for."""
    one, two = draw.sample(["tea", "cups", "hats"], 2)
    program = sound(draw)
    conditions: list[Document] = [
        {"lines": "any", "where": {"fact": "line.sku", "is": one}},
        {"lines": "any" if over else "every", "where": {"fact": "line.sku", "is": two}},
    ]
    for name, asked in zip(("spring", "letter"), conditions, strict=True):
        gives = {"type": "percent_off", "percent": str(draw.randint(18, 29))}
        program["rewards"].append(_automatic(name, gives, usable_when=asked))
    return program


def lines_of_discounts(draw: Random, over: bool) -> Document:
    """Two discounts are for lines of two brands; or for a brand and a category, and a line may be of both."""
    brand, other = draw.sample(["tea", "cups", "hats"], 2)
    asked: list[Document] = [
        {"fact": "line.brand", "is": brand},
        {"fact": "line.categories", "contains": other} if over else {"fact": "line.brand", "is": other},
    ]
    program = sound(draw)
    for name, lines in zip(("spring", "letter"), asked, strict=True):
        gives = {
            "type": "percent_off",
            "percent": str(draw.randint(18, 29)),
            "target": "lines",
            "lines": lines,
        }
        program["rewards"].append(_automatic(name, gives))
    return program


def one_excludes(draw: Random, over: bool) -> Document:
    """A reward keeps all others out; or one that is common goes with it."""
    program = sound(draw)
    for name, combines in (("spring", "exclusive"), ("letter", "joint" if over else "common")):
        gives = {"type": "percent_off", "percent": str(draw.randint(18, 29))}
        program["rewards"].append(_automatic(name, gives, combines=combines))
    return program


def codes_are_one(draw: Random, over: bool) -> Document:
    """A code beside a claim for points, which no code brings; or beside another code."""
    program = sound(draw)
    first, second = draw.randint(18, 29), draw.randint(18, 29)
    shared: list[Document] = [{"shared": "LETTER"}, {}]
    letter: Document = {"id": "letter", "name": "Letter", "codes": draw.choice(shared)}
    price = draw.randint(90_000, 900_000)
    spring: Document = {"id": "spring", "name": "Spring"}
    come_by: Document = {"codes": {}} if over else {"price": price}
    spring |= come_by
    for reward, percent in ((spring, first), (letter, second)):
        gives = {"type": "percent_off", "percent": str(percent)}
        program["rewards"].append(reward | {"gives": [gives]})
    return program


# Transfers


def transfers_of_lots(draw: Random, over: bool) -> Document:
    """Lots keep their dates when they are sent; or the balance expires by inactivity."""
    program = sound(draw)
    span = {"days": draw.randint(20, 390)}
    program["declarations"] = {"events": {"visit": {}}}
    activities = draw.choice([["earning"], ["earning", "spending"], ["visit", "earning"]])
    expiry = {"type": "inactivity", "activities": activities} if over else {"type": "rolling"}
    program["wallets"][0]["expiry"] = expiry | {"after": span}
    return program


def transfers_of_a_tier(draw: Random, over: bool) -> Document:
    """A tier of its own has another life for lots, or the only one; or one by inactivity."""
    program = sound(draw)
    span = {"after": {"days": draw.randint(20, 200)}}
    if draw.random() < 0.5:
        program["wallets"][0]["expiry"] = {"type": "rolling"} | span
    of_tier = ({"type": "inactivity"} if over else {"type": "rolling"}) | span
    program["wallets"][0]["tiers"] = {"gold": {"expiry": of_tier}}
    gold = {"id": "gold", "name": "Gold", "reach": {"spend": draw.randint(100, 100_000)}}
    program["tiers"] = {
        "metrics": [{"id": "spend", "measure": "orders.net"}],
        "levels": [gold],
        "lasts": "life",
    }
    return program


def _with_life(draw: Random, over: bool, days: int, **inactivity: Any) -> Document:
    """Return a program whose points live for so many days: each lot, or the balance without activity."""
    program = sound(draw)
    expiry = {"type": "inactivity", **inactivity} if over else {"type": "rolling"}
    program["wallets"][0]["expiry"] = expiry | {"after": {"days": days}}
    return program


def transfers_of_short_lives(draw: Random, over: bool) -> Document:
    """Points live for a few days, or one: what is sent on the last of them lives for a day more at most."""
    return _with_life(draw, over, draw.choice([1, draw.randint(2, 9)]))


def transfers_of_a_point(draw: Random, over: bool) -> Document:
    """Nobody ever has more than one point, and that in the second wallet."""
    program = _with_life(draw, over, draw.randint(1, 60))
    program["wallets"].insert(0, {"id": "stars", "name": "Stars"})
    hello = {"id": "hello", "type": "fixed", "points": 1, "wallet": "points", "limits": [{"times": 1}]}
    program["earning_rules"] = [hello]
    program["rewards"] = []
    return program


def transfers_of_some_orders(draw: Random, over: bool) -> Document:
    """Only some orders earn: those of a channel, of a category, or of a kind of members."""
    program = _with_life(draw, over, draw.randint(1, 60))
    name = f"n{draw.randint(1, 99)}"
    program["declarations"] = {"member": {"kind": {"type": "text"}}}
    program["earning_rules"][0]["when"] = draw.choice(
        [
            {"fact": "order.channel", "is": name},
            {"lines": "any", "where": {"fact": "line.categories", "contains": name}},
            {"fact": "member.kind", "in": [name]},
        ]
    )
    return program


def transfers_of_fulfilled_orders(draw: Random, over: bool) -> Document:
    """Points wait until their order is fulfilled: everybody's, or those of who has ordered before."""
    program = _with_life(draw, over, draw.randint(1, 60))
    wait = {"type": "fulfillment"}
    if draw.random() < 0.5:
        program["wallets"][0]["pending"] = wait
    else:
        _with_gold_after_an_order(program, wait)
        program["earning_rules"][0]["when"] = {"fact": "member.tier", "is": "gold"}
    return program


def _with_gold_after_an_order(program: Document, pending: Document) -> None:
    """Let the first order lead to gold, whose points wait."""
    program["wallets"][0]["tiers"] = {"gold": {"pending": pending}}
    program["tiers"] = {
        "metrics": [{"id": "orders", "measure": "orders.count"}],
        "levels": [{"id": "gold", "name": "Gold", "reach": {"orders": 1}}],
        "lasts": "life",
    }


def _with_points_that_wait(draw: Random, over: bool, **inactivity: Any) -> Document:
    """Return a program in which the first order leads to gold, whose points wait longer than others live."""
    days = draw.randint(1, 30)
    program = _with_life(draw, over, days, **inactivity)
    wait = {"type": "period", "after": {"days": days + draw.randint(2, 20)}}
    _with_gold_after_an_order(program, wait)
    return program


def transfers_beside_points_that_wait(draw: Random, over: bool) -> Document:
    """Some points can be sent before they expire while others wait still."""
    return _with_points_that_wait(draw, over)


def transfers_that_leave_points(draw: Random, over: bool) -> Document:
    """Who sends what can be sent keeps what waits, and for longer: a visit, and no order, is activity.

    One member has more that waits than another ever gets.
    """
    program = _with_points_that_wait(draw, over, activities=["visit"])
    program["declarations"] = {"events": {"visit": {}}}
    more = {"id": "more", "type": "fixed", "points": draw.randint(2_001, 9_000)}
    more["when"] = {"fact": "member.tier", "is": "gold"}
    program["earning_rules"].append(more | {"limits": [{"per": "total", "times": 1}]})
    return program


def transfers_of_a_budget(draw: Random, over: bool) -> Document:
    """Points come out of a budget that is enough for two orders of a month's spending, and not for six."""
    program = _with_life(draw, over, draw.randint(1, 60))
    rule = program["earning_rules"][0]
    of_order = 200_000 // rule["per"]
    rule["limits"] = [{"per": "total", "points": draw.randint(2 * of_order + 1, 6 * of_order)}]
    return program


NEAR_MISSES: dict[str, tuple[Maker, ...]] = {
    "gift_card_loop": (
        cards_are_left_out,
        cards_earn_so_often,
        cards_cost_so_much,
        cards_earn_of_each_kind,
        cards_are_claimed,
    ),
    "rule_never_fires": RULES,
    "self_referral_ring": (
        ring_costs_its_margin,
        ring_gets_points,
        ring_is_seen,
        ring_gives_back,
        ring_grows,
        ring_joins,
        ring_gets_something,
    ),
    "stacks_below_cost": (
        discounts_meet_the_cost,
        percents_meet_the_cost,
        one_is_meant,
        days_of_discounts,
        carts_of_discounts,
        lines_of_discounts,
        one_excludes,
        codes_are_one,
    ),
    "transfer_prolongs": (
        transfers_of_lots,
        transfers_of_a_tier,
        transfers_of_short_lives,
        transfers_of_a_point,
        transfers_of_some_orders,
        transfers_of_fulfilled_orders,
        transfers_beside_points_that_wait,
        transfers_that_leave_points,
        transfers_of_a_budget,
    ),
    "household_gives": MOVED,
    "worth_more_than_margin": WORTH,
    "splitting_earns_more": PARTED,
    "returned_order_keeps": RETURNED,
    "unaffordable_reward": AFFORDED,
    "unreachable_tier": REACHED,
}
"""The makers of twins for each kind of flaw."""
