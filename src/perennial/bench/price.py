"""How many quotes the pure core prices per second on one core, with many automatic rewards live.

The program has as many campaigns as asked for, each with dates and one automatic reward: off the order
from some total on, off one product, brand or department, for one channel, store or country, on some
weekdays. Most are over, not begun, or for other orders. Every cart has ten lines and five codes, of
which one is not for the cart. A quote is everything after loading: what applies, in which order, what
it takes off which line, what the order would earn, and what it just misses.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from random import Random
from time import process_time_ns
from typing import Any
from uuid import UUID

from perennial.bench.program import DEPARTMENTS
from perennial.core.checkout.quote import Priced, price
from perennial.core.compiling.compile import compile_version
from perennial.core.document.document import program_of
from perennial.core.document.program import Program
from perennial.core.document.stacking import Sequence
from perennial.core.member import Member, Membership
from perennial.core.needs import snapshot_of
from perennial.core.orders.order import Line, Order, OrderStatus
from perennial.core.pricing.price import Offer
from perennial.core.pricing.redeemables import Voucher, Wanted
from perennial.core.version import Version
from perennial.units import DAY, parse_instant

_AT = parse_instant("2026-11-23T12:00:00Z")
_TODAY = date(2026, 11, 23)
_CARTS = 256


def run(
    rewards: int = 1_000,
    codes: int = 5,
    lines: int = 10,
    seconds: float = 5.0,
    sequence: Sequence = Sequence.LEVELS,
) -> dict[str, Any]:
    """Measure for about ``seconds``; times are in microseconds of one core.

    ``quote_us`` is the median of a quote over passes through all carts, ``slowest_us`` that of the cart
    which takes longest; ``applied`` says how many rewards apply on average, ``compile_ms`` how long the
    version takes to compile.
    """
    begun = process_time_ns()
    version = priced_version(rewards, codes, sequence)
    compile_ms = (process_time_ns() - begun) / 1e6
    quotes = [_quote_of(version, order, codes) for order in priced_orders(lines)]
    applied = sum(len(quote().applied) for quote in quotes)
    passes: list[list[int]] = []
    end = process_time_ns() + int(seconds * 1e9)
    while process_time_ns() < end or len(passes) < 3:
        times = []
        for quote in quotes:
            start = process_time_ns()
            quote()
            times.append(process_time_ns() - start)
        passes.append(times)
    totals = sorted(sum(times) for times in passes)
    quote_us = totals[len(totals) // 2] / 1_000 / _CARTS
    slowest = max(sorted(times)[len(times) // 2] for times in zip(*passes, strict=True))
    return {
        "rewards": rewards,
        "codes": codes,
        "lines": lines,
        "sequence": sequence,
        "applied": round(applied / _CARTS, 2),
        "quotes_per_s": round(1e6 / quote_us),
        "quote_us": round(quote_us, 1),
        "slowest_us": round(slowest / 1_000, 1),
        "compile_ms": round(compile_ms, 1),
    }


def _quote_of(version: Version, order: Order, codes: int) -> Callable[[], Priced]:
    """Return the pricing of one cart for a member, the snapshot included."""
    joined_at = _AT - 300 * DAY
    member = Member(
        customer_id=UUID(int=1),
        owner=UUID(int=1),
        attributes={"country": "DE"},
        memberships={version.program_id: Membership(joined_at=joined_at)},
    )
    wanted = [
        Wanted(
            name=f"CODE{number}",
            program=version.program_id,
            reward=f"code-{number}",
            voucher=Voucher(voucher_id=UUID(int=number + 1), gives=version.rewards[f"code-{number}"].gives),
        )
        for number in range(codes)
    ]

    def quote() -> Priced:
        offer = Offer(version, snapshot_of(_AT, version, member), member.customer_id)
        return price(order, wanted, [offer], _AT, UUID(int=7))

    return quote


def priced_orders(lines: int) -> list[Order]:
    """Return carts of so many lines; the same in every run."""
    random = Random(20261123)
    return [
        Order(
            status=OrderStatus.CREATED,
            lines=tuple(
                Line(
                    sku=f"sku-{random.randrange(400)}",
                    amount=random.randrange(300, 6_000),
                    quantity=random.choice((1, 1, 1, 2, 3)),
                    categories=(random.choice(DEPARTMENTS),),
                    brand=f"brand-{random.randrange(40)}",
                )
                for _ in range(lines)
            ),
            shipping=490,
            location=f"store-{random.randrange(20)}",
            channel=random.choice(("app", "web", "store")),
        )
        for _ in range(_CARTS)
    ]


def priced_document(rewards: int, codes: int, sequence: Sequence, today: date = _TODAY) -> dict[str, Any]:
    """Return a program with so many campaigns of one automatic reward each around a day, and with codes."""
    return {
        "program": "bench",
        "name": "Bench",
        "time_zone": "Europe/Berlin",
        "wallets": [{"id": "points", "name": "Points"}],
        "declarations": {"member": {"country": {"type": "text"}}},
        "earning_rules": [{"id": "base", "type": "per_amount", "points": 1, "per": 100}],
        "stacking": {"sequence": sequence},
        "campaigns": [_campaign(number, today) for number in range(rewards)],
        "rewards": [_code(number) for number in range(codes)],
    }


def priced_version(rewards: int, codes: int, sequence: Sequence) -> Version:
    """Return the program of :func:`priced_document`, compiled."""
    program = program_of(priced_document(rewards, codes, sequence))
    if not isinstance(program, Program):
        raise TypeError(f"the benchmark's program is malformed: {program}")
    return compile_version(program, 1, 1, _AT - 30 * DAY, {"points": 1})


def _code(number: int) -> dict[str, Any]:
    """Return a reward for a code; every fifth is not for the carts."""
    gives: list[dict[str, Any]] = [
        {"type": "percent_off", "percent": str(5 + number)},
        {"type": "amount_off", "value": 500},
        {"type": "free_shipping"},
        {"type": "percent_off", "percent": "20", "target": "lines", "lines": _in(DEPARTMENTS[:10])},
        {"type": "amount_off", "value": 2_000},
    ]
    reward = {"id": f"code-{number}", "name": f"Code {number}", "codes": {}, "gives": [gives[number % 5]]}
    if number % 5 == 4:
        reward["usable_when"] = {"fact": "order.total", "at_least": 10_000_000}
    return reward


def _in(departments: tuple[str, ...]) -> dict[str, Any]:
    return {"fact": "line.categories", "in": list(departments)}


def _campaign(number: int, today: date) -> dict[str, Any]:
    """Return the campaign with this number. Of ten, three are over, three not begun, and four live."""
    turn = number // 10
    life = [(-50, -20), (-20, 10), (10, 40)]
    starts, ends = (
        (today + timedelta(days=days)).isoformat()
        for days in life[(0, 1, 2, 0, 1, 2, 1, 0, 1, 2)[number % 10]]
    )
    gives: dict[str, Any] = {"type": "percent_off", "percent": str(1 + number % 9)}
    conditions: list[dict[str, Any]] = [{"fact": "order.total", "at_least": 2_000 + 1_000 * turn}]
    match number % 7:
        case 0:
            gives |= {"target": "lines", "lines": {"fact": "line.sku", "is": f"sku-{number}"}}
            conditions.append({"lines": "any", "where": {"fact": "line.sku", "is": f"sku-{number}"}})
        case 1:
            brand = {"fact": "line.brand", "is": f"brand-{turn}"}
            gives |= {"target": "lines", "lines": brand}
            conditions.append({"lines": "any", "where": brand})
        case 2:
            conditions.append({"fact": "order.location", "is": f"store-{turn}"})
        case 3:
            conditions.append({"fact": "member.country", "is": ("AT", "CH", "FR")[number % 3]})
        case 4:
            conditions.append({"fact": "order.channel", "is": ("app", "web", "kiosk")[number % 3]})
            conditions.append({"fact": "now.weekday", "in": ["sat", "sun"]})
        case 5:
            coffee = {"fact": "line.categories", "contains": DEPARTMENTS[turn % len(DEPARTMENTS)]}
            conditions.append({"lines": "quantity", "where": coffee, "at_least": 2})
        case _:
            gives = {"type": "free_shipping"}
            conditions = [{"fact": "order.total", "at_least": 20_000 + 100 * number}]
    reward = {
        "id": f"offer-{number}",
        "name": f"Offer {number}",
        "automatic": True,
        "gives": [gives],
        "usable_when": {"all": conditions},
    }
    return {"id": f"campaign-{number}", "schedule": {"starts": starts, "ends": ends}, "rewards": [reward]}
