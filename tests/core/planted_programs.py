"""Programs with one planted flaw each; every amount is drawn, so that no search can know it beforehand."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

Document = dict[str, Any]


def sound(draw: Random) -> Document:
    """Return a program without any flaw, whose numbers are drawn."""
    per = draw.choice([100, 200, 250, 500])
    return {
        "program": "planted",
        "name": "Planted",
        "currency": draw.choice(["EUR", "USD", "GBP"]),
        "time_zone": draw.choice(["Europe/Berlin", "America/New_York", "Asia/Tehran", "UTC"]),
        "wallets": [{"id": "points", "name": "Points"}],
        "earning_rules": [{"id": "base", "type": "per_amount", "points": 1, "per": per}],
        "rewards": [
            {
                "id": "off",
                "name": "Money off",
                "price": 10_000 // per * draw.randint(1, 4),
                "gives": [{"type": "amount_off", "value": draw.randint(100, 1_500)}],
            }
        ],
    }


def gift_card_loop(draw: Random) -> Document:
    """Gift cards are sold by code, and the rule for spending leaves nothing out."""
    program = sound(draw)
    if draw.random() < 0.5:
        program["earning_rules"][0]["when"] = {"fact": "order.total", "at_least": draw.randint(500, 20_000)}
    value = draw.randint(1_000, 15_000)
    card = {
        "id": "card",
        "name": "A gift card",
        "gives": [{"type": "gift_card", "value": value}],
        "codes": {},
    }
    program["rewards"].append(card)
    return program


def returned_order_keeps(draw: Random) -> Document:
    """Points leave no wallet with a return, or a tier's gift stays."""
    program = sound(draw)
    if draw.random() < 0.5:
        program["wallets"][0]["refunds"] = "only_pending"
        return program
    least = draw.randint(5_000, 150_000)
    program["tiers"] = {
        "metrics": [{"id": "spend", "measure": "orders.net"}],
        "levels": [{"id": "gold", "name": "Gold", "reach": {"spend": least}}],
        "lasts": "life",
    }
    gift = {"id": "gift", "type": "fixed", "trigger": "tier.entered", "points": draw.randint(1, 900)}
    program["earning_rules"].append(gift | {"multiplied": False})
    return program


def stacks_below_cost(draw: Random) -> Document:
    """Two discounts, each within the margin of 30 percent, and together above it."""
    program: Document = sound(draw)
    first, second = draw.randint(16, 29), draw.randint(22, 29)
    spring: Document = {
        "id": "spring",
        "name": "Spring",
        "gives": [{"type": "percent_off", "percent": str(first)}],
    }
    if draw.random() < 0.5:
        program["campaigns"] = [
            {"id": "spring", "schedule": {"windows": [{"days": [draw.choice(["mon", "thu", "sun"])]}]}}
        ]
        program["campaigns"][0]["rewards"] = [spring | {"automatic": True}]
    else:
        spring["usable_when"] = {"fact": "order.total", "at_least": draw.randint(500, 90_000)}
        program["rewards"].append(spring | {"automatic": True})
    letter = {"id": "letter", "name": "Letter", "gives": [{"type": "percent_off", "percent": str(second)}]}
    program["rewards"].append(letter | {"codes": draw.choice([{"shared": "LETTER"}, {}])})
    program["stacking"] = {"percent_base": draw.choice(["initial", "reduced"])}
    return program


def unreachable_tier(draw: Random) -> Document:
    """A tier by the month, by points under a cap, or by visits, that no good customer reaches."""
    program = sound(draw)
    way = draw.randrange(3)
    if way == 0:
        metric = {"id": "m", "measure": "orders.net", "window": {"calendar": "month"}}
        least = draw.randint(450_000, 9_000_000)
    elif way == 1:
        metric = {"id": "m", "measure": "points.earned", "window": {"calendar": "year"}}
        cap = draw.randint(50, 200)
        program["wallets"][0]["caps"] = [{"points": cap, "every": "month"}]
        program["rewards"][0]["price"] = cap
        least = cap * 13
    else:
        metric = {"id": "m", "measure": "orders.count", "window": {"calendar": "week"}}
        least = draw.randint(6, 40)
    program["tiers"] = {
        "metrics": [metric],
        "levels": [
            {"id": "silver", "name": "Silver", "reach": {"m": 1}},
            {"id": "gold", "name": "Gold", "reach": {"m": least}},
        ],
    }
    return program


def unaffordable_reward(draw: Random) -> Document:
    """Points live for days, and a reward costs more than anybody can save in them."""
    program = sound(draw)
    days = draw.randint(5, 60)
    program["wallets"][0]["expiry"] = {"type": "rolling", "after": {"days": days}}
    per = program["earning_rules"][0]["per"]
    most = 200_000 // per * (days // 30 + 2)
    bike = {"id": "bike", "name": "A bicycle", "price": most + draw.randint(1, most)}
    program["rewards"].append(bike | {"gives": [{"type": "physical", "sku": "bike"}]})
    return program


def transfer_prolongs(draw: Random) -> Document:
    """Points expire by inactivity: with somebody who is active they live on."""
    program = sound(draw)
    after = draw.choice([{"days": draw.randint(20, 300)}, {"months": draw.randint(1, 18)}])
    program["wallets"][0]["expiry"] = {"type": "inactivity", "after": after, "activities": ["earning"]}
    if draw.random() < 0.5:
        program["wallets"][0]["pending"] = {"type": "period", "after": {"days": draw.randint(1, 14)}}
    return program


def worth_more_than_margin(draw: Random) -> Document:
    """What a reward takes off, or points pay, is more than 30 percent of what they were earned with."""
    program = sound(draw)
    rule = program["earning_rules"][0]
    price = draw.randint(10, 2_000)
    spent = price * rule["per"]
    if draw.random() < 0.5:
        program["rewards"][0] |= {
            "price": price,
            "gives": [{"type": "amount_off", "value": spent * 35 // 100}],
        }
    else:
        program["wallets"][0]["pays"] = {"points": price, "amount": spent * draw.randint(32, 90) // 100}
    return program


def rule_never_fires(draw: Random) -> Document:
    """A rule whose conditions exclude each other, or whose time never comes."""
    program = sound(draw)
    amount = draw.randint(1_000, 60_000)
    rule: Document = {"id": "never", "type": "fixed", "points": draw.randint(1, 500)}
    less = {"fact": "order.total", "less_than": amount - draw.randint(0, 900)}
    match draw.randrange(4):
        case 0:
            rule["when"] = {"all": [{"fact": "order.total", "at_least": amount}, less]}
        case 1:
            rule["when"] = {
                "all": [{"fact": "order.channel", "is": "web"}, {"fact": "order.channel", "is": "till"}]
            }
        case 2:
            rule["schedule"] = {"windows": [{"days": ["sat"]}], "rrule": "FREQ=WEEKLY;BYDAY=TU"}
        case 3:
            rule["when"] = {"fact": "order.total", "at_least": amount}
            program["campaigns"] = [{"id": "dead", "when": less, "earning_rules": [rule]}]
            return program
    program["earning_rules"].append(rule)
    return program


def splitting_earns_more(draw: Random) -> Document:
    """Rounding up or half up, points for every order, or a rate that falls with the amount."""
    program = sound(draw)
    rule = program["earning_rules"][0]
    match draw.randrange(4):
        case 0:
            rule |= {"rounding": "up", "per": draw.randint(150, 4_000)}
        case 1:
            rule |= {"rounding": "half_up", "per": draw.randint(150, 4_000)}
        case 2:
            when = {"fact": "order.total", "at_least": draw.randint(100, 30_000)}
            visit = {"id": "visit", "type": "fixed", "points": draw.randint(1, 50), "when": when}
            program["earning_rules"].append(visit)
        case 3:
            small = {"fact": "order.total", "at_most": draw.randint(1_000, 30_000)}
            program["earning_rules"].append(
                {"id": "small", "type": "per_amount", "points": 1, "per": 100} | {"when": small}
            )
    program["rewards"] = []
    return program


def self_referral_ring(draw: Random) -> Document:
    """Referrals that let one person through, or that leave what they gave when the order comes back."""
    program = sound(draw)
    value = draw.randint(300, 3_000)
    benefit: Document = draw.choice(
        [{"type": "amount_off", "value": value}, {"type": "gift_card", "value": value}]
    )
    offer: Document = {
        "id": "friends",
        "name": "Give and get",
        "advocate": {"gets": {"gives": [benefit]}},
        "friend": {"gets": {"gives": [{"type": "points", "points": draw.randint(10, 900)}]}},
        "checks": draw.choice([[], [{"type": "same_email"}], [{"type": "same_device", "action": "ignore"}]]),
    }
    if draw.random() < 0.5:
        offer["waits"] = {"days": draw.randint(1, 60)}
    match draw.randrange(4):
        case 0:
            offer["converts"] = {"on": "order", "min_order": draw.randint(100, value * 3)}
        case 1:
            offer["converts"] = {"on": "joining"}
        case 2:
            name = draw.choice(["app.installed", "letter.read"])
            program["declarations"] = {"events": {name: {}}}
            offer["converts"] = {"on": "event", "event": name, "number": draw.randint(1, 3)}
        case 3:
            offer["converts"] = {"on": "order", "min_order": draw.randint(10_000, 90_000)}
            offer |= {"on_return": "keep"}
            del offer["checks"]
    if draw.random() < 0.5:
        offer["chain"] = False
    program["referrals"] = {"offers": [offer]}
    return program


def household_gives(draw: Random) -> Document:
    """A tier follows the balance, which people of a household share, and reaching it gives something."""
    program = sound(draw)
    program["tiers"] = {
        "metrics": [{"id": "held", "balance": "points"}],
        "levels": [{"id": "gold", "name": "Gold", "reach": {"held": draw.randint(50, 1_500)}}],
        "lasts": "while_reached",
        "gifts_again": draw.random() < 0.5,
    }
    hello: Document = {"id": "hello", "trigger": "tier.entered"}
    if draw.random() < 0.7:
        hello |= {"type": "fixed", "points": draw.randint(1, 900)}
    else:
        hello |= {"type": "gives_reward", "reward": "off"}
    program["earning_rules"].append(hello)
    return program


PLANTS: dict[str, Callable[[Random], Document]] = {
    plant.__name__: plant
    for plant in (
        gift_card_loop,
        returned_order_keeps,
        stacks_below_cost,
        unreachable_tier,
        unaffordable_reward,
        transfer_prolongs,
        worth_more_than_margin,
        rule_never_fires,
        splitting_earns_more,
        self_referral_ring,
        household_gives,
    )
}
