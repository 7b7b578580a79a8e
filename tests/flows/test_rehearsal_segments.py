"""The rehearsal and the live path agree on segments: the same life, the same moves, the same points.

The rehearsal judges everybody by everything after every deed; the live path only what may have changed.
"""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from perennial.core.document.document import read_program
from perennial.core.document.program import Program
from perennial.core.orders.order import Line, Order, OrderStatus
from perennial.core.rehearsal.rehearsal import Rehearsal
from perennial.core.segments.segment import Segment
from perennial.flows.commands import PutCustomer
from perennial.flows.programs.life import Author
from perennial.flows.segments.lists import ListedRow, import_list
from perennial.flows.segments.segments import put
from perennial.store.database import Database
from perennial.units import DAY, HOUR, Instant, named_id
from tests.flows.shop import START, Shop
from tests.flows.test_segments import segment
from tests.store.every_move import EVERY_MOVE

PROGRAM = """\
program: club
name: Club
currency: USD
time_zone: Europe/Berlin
enrollment: {mode: segment, segment: started}
declarations: {member: {city: {type: text}}}
wallets: [{id: points, name: Points, expiry: {type: rolling, after: {days: 20}}}]
earning_rules:
  - {id: base, type: per_amount, points: 1, per: 100}
  - {id: entered, trigger: segment.entered, type: fixed, points: 30, when: {fact: event.segment, is: week}}
  - {id: left, trigger: segment.left, type: fixed, points: 7, when: {fact: event.segment, is: week}}
  - {id: big, type: gives_reward, reward: hundred, when: {fact: order.total, at_least: 10000}}
rewards:
  - {id: hundred, name: A hundred points, gives: [{type: points, points: 100}]}
"""
SEGMENTS: dict[str, dict[str, Any]] = {
    "started": {"fact": "member.orders", "at_least": 1},
    "week": {"history": "orders.net", "window": {"last": {"days": 7}}, "at_least": 5_000},
    "month": {"history": "orders.count", "window": {"calendar": "month"}, "at_least": 2},
    "quiet": {"fact": "member.days_since_last_order", "at_least": 9},
    "earner": {"history": "points.earned", "window": {"last": {"days": 30}}, "at_least": 200},
    "rich": {"fact": "wallet.points.balance", "at_least": 100},
    "fresh": {"fact": "member.joined_days", "at_most": 5},
    "berlin": {"fact": "member.city", "is": "Berlin"},
    "both": {
        "all": [
            {"fact": "member.segments", "contains": "rich"},
            {"not": {"fact": "member.segments", "contains": "listed"}},
        ]
    },
}
PEOPLE = ("anna", "bert", "cleo")
MOVES = f"""
select customer_id, code, entered, at from {EVERY_MOVE}
join segments using (workspace_id, segment_id)
where workspace_id = $1 order by move_id
"""


def program() -> Program:
    """Read the program."""
    read = read_program(PROGRAM)
    assert isinstance(read, Program)
    return read


class BothShops:
    """A shop and its rehearsal, which live the same life."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.rehearsal = Rehearsal(program())
        self.at: Instant = START
        self.orders: list[tuple[str, str]] = []
        self.count = 0

    async def begin(self) -> None:
        """Publish the program, and define the segments."""
        await self.shop.publish(PROGRAM)
        given = [Segment(segment="listed", name="Listed")]
        given += [segment(code, when) for code, when in SEGMENTS.items()]
        for each in given:
            await put(self.shop.handler, self.shop.workspace_id, each, Author(actor="mara", at=START))
        self.rehearsal.put_segments(given, START)

    async def wait(self, until: Instant) -> None:
        """Let time pass on both sides."""
        await self.shop.advance(until)
        for name in list(self.rehearsal.members):
            self.rehearsal.run_timers(name, until)
        self.at = until

    async def step(self, random: Random) -> None:
        """Let one thing happen on both sides."""
        who = random.choice(PEOPLE)
        match random.choice(["order", "order", "order", "return", "describe", "list", "wait", "wait"]):
            case "order":
                name, amount = f"o{self.count}", random.choice([900, 3_000, 6_000, 12_000])
                order = Order(
                    status=OrderStatus.PAID, lines=(Line(sku="sku-1", amount=amount),), currency="USD"
                )
                await self.shop.order(name, who, amount, at=self.at)
                self.rehearsal.pay(who, name, self.at, order)
                self.orders.append((name, who))
                self.count += 1
            case "return" if self.orders:
                name, whose = self.orders.pop(random.randrange(len(self.orders)))
                await self.shop.give_back(f"r-{name}", name, whose, at=self.at)
                self.rehearsal.give_back(name, self.at, {})
            case "describe":
                city = random.choice(["Berlin", "Rome"])
                await self.shop.do(PutCustomer(customer=who, attributes={"city": city}))
                self.rehearsal.run_timers(who, self.at)
                self.rehearsal.describe(who, {"city": city}, self.at)
            case "list":
                known = [name for name in PEOPLE if name in self.rehearsal.members]
                picked = random.sample(known, random.randint(0, len(known)))
                rows = [ListedRow(number, name) for number, name in enumerate(picked, 1)]
                await import_list(self.shop.handler, self.shop.workspace_id, "listed", rows, replaces=True)
                self.rehearsal.import_segment("listed", picked, self.at, replaces=True)
            case _:
                await self.wait(self.at + random.choice([HOUR, 13 * HOUR, DAY, 4 * DAY]))
        self.rehearsal.judge_everybody(self.at)

    async def compare(self, database: Database) -> None:
        """Demand that everybody is in the same segments since the same instants, and has the same points."""
        workspace_id = self.shop.workspace_id
        async with database.transaction(workspace_id) as conn:
            moves = await conn.fetch(MOVES, workspace_id)
            points = await conn.fetch(
                "select customer_id, balance from wallets where workspace_id = $1", workspace_id
            )
        balances = {row[0]: row[1] for row in points}
        for name, member in self.rehearsal.members.items():
            who = named_id(workspace_id, "customer", name)
            last = {code: (entered, at) for customer, code, entered, at in moves if customer == who}
            inside = {code: at for code, (entered, at) in last.items() if entered}
            left = {code: at for code, (entered, at) in last.items() if not entered}
            assert inside == member.segments, name
            ours = {
                code: at for (owner, code), at in self.rehearsal.left.items() if owner == member.customer_id
            }
            assert left == {code: at for code, at in ours.items() if code not in member.segments}, name
            assert balances.get(who, 0) == self.rehearsal.wallet(name, "points").balance, name


@pytest.mark.parametrize("seed", range(4))
async def test_the_same_life_moves_the_same_people(shop: Shop, db: Database, seed: int) -> None:
    """Orders, returns, attributes, lists and time: after each, both sides agree."""
    both, random = BothShops(shop), Random(seed)
    await both.begin()
    for _ in range(40):
        await both.step(random)
        await both.compare(db)
    assert any(member.segments for member in both.rehearsal.members.values())
