"""The races again, on the product with its walls taken down: then they must be lost.

A wall is a lock, a guard at the write, or a key or check of a table. The statements are the product's
own with one guard removed from each; every client is a worker's handler with a connection of its own,
and all of them read before the first one writes. One wall that stands is enough.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any, NamedTuple

import msgspec
import pytest
from asyncpg import Connection

from perennial.core.orders.order import Line, Order, OrderStatus
from perennial.flows import handle_events
from perennial.flows.answers import Answer
from perennial.flows.batch import Batch
from perennial.flows.commands import (
    Asked,
    ChangeHold,
    Command,
    JoinProgram,
    PostAdjustment,
    PostClaim,
    PostEvent,
    PostRedemption,
    PostRollback,
    PutOrder,
)
from perennial.flows.handle_events import Handler
from perennial.flows.handling import write_batch
from perennial.flows.referring import pairs as referral_pairs
from perennial.flows.referring.refer import Refer, refer
from perennial.flows.referring.settle_referrals import settle_one
from perennial.store import budgets, effects
from perennial.store.codes import redemptions as holds
from perennial.store.codes import vouchers
from perennial.store.customers import customers
from perennial.store.database import Database, connect
from perennial.units import bucket_of
from tests.codebook import CODEBOOK
from tests.races.shop import LIMITED, PROGRAM, open_workspace

CLIENTS = 12
ANNAS = "customer_id = (select customer_id from customers where external_id = 'anna')"
LONG_SECONDS = 20.0
"""How long the meeting waits for all; they come, so that it never does."""

BRIEF_SECONDS = 0.3
"""How long the first one waits in vain where a lock keeps the others out."""


class Wall(NamedTuple):
    """What keeps a race from being lost: guards in statements (module, statement, guard), constraints."""

    guards: tuple[tuple[Any, str, str], ...] = ()
    constraints: tuple[tuple[str, str], ...] = ()


LOCK = Wall(((customers, "_LOCK_CUSTOMERS", "    for update\n"),))
KEYS = Wall(constraints=(("external_ids", "external_ids_pkey"), ("events", "events_pkey")))
FLOORS = Wall(
    (
        (
            effects,
            "TAKE_FROM_WALLETS",
            """\
    and known.balance + taken.balance >= 0
    and known.pending + taken.pending between 0 and known.balance + taken.balance
""",
        ),
        (effects, "_TAKE_FROM_LOTS", "    and known.remaining + taken.remaining >= 0\n"),
    )
)
CHECKS = Wall(
    constraints=(
        ("wallets", "wallets_balance_check"),
        ("wallets", "wallets_check"),
        ("lots", "lots_remaining_check"),
    )
)
BUDGET_LOCK = Wall(((budgets, "_LOCK_BUDGETS", "    for update\n"),))
BUDGET_CAP = Wall(((effects, "USE_BUDGET", " and ($4 <= 0 or used + $4 <= $5)"),))
HOLD_LOCK = Wall(((holds, "_LOAD_REDEMPTIONS", "    for update\n"),))
CODE_LOCK = Wall(((vouchers, "_LOCK_VOUCHERS", "    for update\n"),))
CODE_CAP = Wall(((effects, "USE_VOUCHER", " and (uses is null or used + $5 <= uses)"),))
ROUNDS = Wall(((effects, "PUT_CHALLENGE_ROUNDS", "where challenge_rounds.revision = excluded.revised\n"),))
LIMIT_CAP = Wall(((effects, "_USE_LIMITS", "where limit_uses.used + excluded.used <= excluded.cap\n"),))
LIMIT_CHECK = Wall(constraints=(("limit_uses", "limit_uses_check"),))
CODE_CHECK = Wall(constraints=(("vouchers", "vouchers_used_uses_check"),))

CODES = f"""\
{PROGRAM}\
  - {{id: start, type: fixed, trigger: member.joined, points: 10}}
campaigns:
  - id: incentives
    name: Incentives
    rewards:
      - id: coupon
        name: One off
        price: 1
        codes: {{pattern: "C-############", uses: 5}}
        gives: [{{type: amount_off, value: 100}}]
      - {{id: card, name: A gift card, price: 1, gives: [{{type: gift_card, value: 1000}}]}}
"""

CARD = f"""\
{PROGRAM}\
challenges:
  - id: card
    name: Twelve gifts
    goals: [{{measure: events.count, event: gift.asked, target: 12}}]
    repeat: {{}}
    gives: [{{type: points, points: 100}}]
"""


FRIENDS = """\
program: points
name: Points
currency: USD
wallets: [{id: points, name: Points}]
referrals:
  offers:
    - id: friends
      name: Friends
      advocate: {gets: {gives: [{type: points, points: 100}]}, limits: [{times: 3}]}
      converts: {on: order}
"""


class Rivals:
    """Clients of one workspace, each with a worker of its own."""

    def __init__(self, handlers: Sequence[Handler], owner: Connection, workspace_id: int) -> None:
        self.handlers = handlers
        self._owner = owner
        self.workspace_id = workspace_id

    async def do(self, *commands: Command) -> None:
        """Do something before the race."""
        for command in commands:
            bucket = await self.bucket_of(command)
            (answer,) = await self.handlers[0].handle_batch(self.workspace_id, bucket, [command])
            assert answer.status in (200, 201), answer.body

    async def claim(self, reward: str) -> str:
        """Let Anna claim a reward and return its code."""
        claim = PostClaim(id=reward, customer="anna", at=None, reward=reward)
        (answer,) = await self.handlers[0].handle_batch(self.workspace_id, await self.bucket_of(), [claim])
        code: str = json.loads(answer.body)["voucher"]["code"]
        return code

    async def race(self, commands: Sequence[Command]) -> int:
        """Do one thing per client, all at once; return how many were done anew."""
        return sum(answer.status == 201 for answer in await self.answers(commands))

    async def answers(self, commands: Sequence[Command]) -> list[Answer]:
        """Do one thing per client, all at once; return the answers."""
        buckets = [await self.bucket_of(command) for command in commands]
        work = zip(self.handlers, buckets, commands, strict=True)
        answers = await asyncio.gather(
            *(each.handle_batch(self.workspace_id, bucket, [command]) for each, bucket, command in work)
        )
        return [answer for (answer,) in answers]

    async def refer(self, friend: str) -> None:
        """Let a friend be referred by Anna, and pay the order that converts it."""
        await refer(self.handlers[0], self.workspace_id, Refer(friend=friend, advocate="anna"))
        order = Order(status=OrderStatus.PAID, lines=(Line(id="1", sku="tea", amount=500),), currency="USD")
        await self.do(PutOrder(id=f"of-{friend}", customer=friend, at=None, order=order))

    async def settle(self) -> None:
        """Let every client settle a referral of its own, all at once."""
        bucket = await self.bucket_of()
        rows = await self._owner.fetch("select customer_id, referral_id, due_at from referrals order by 2")
        work = zip(self.handlers, rows, strict=True)
        settling = (settle_one(handler, self.workspace_id, bucket, *row) for handler, row in work)
        await asyncio.gather(*settling, return_exceptions=True)

    async def take_down(self, wall: Wall, monkeypatch: pytest.MonkeyPatch) -> None:
        """Remove a wall from the product and from its database."""
        for module, statement, guard in wall.guards:
            text = getattr(module, statement)
            assert guard in text, f"{statement} has another guard now"
            monkeypatch.setattr(module, statement, text.replace(guard, ""))
        for table, constraint in wall.constraints:
            await self._owner.execute(f"alter table {table} drop constraint {constraint}")

    async def rows(self, sql: str) -> list[Any]:
        """Return the rows that a query gives."""
        return list(await self._owner.fetch(sql))

    async def ask(self, sql: str) -> int:
        """Return the number that a query gives."""
        return int(await self._owner.fetchval(sql))

    async def bucket_of(self, command: Command | None = None) -> int:
        """Return the bucket of whom a command is about, the first one for nobody's."""
        ((first, count),) = await self.rows("select bucket_base, bucket_count from workspaces")
        return bucket_of(getattr(command, "customer", None) or "", first, count)


@pytest.fixture
async def rivals(url: str) -> AsyncIterator[Rivals]:
    """Twelve clients; Anna is a member with 1,250 points."""
    async with connected_rivals(url, PROGRAM) as rivals:
        await rivals.do(JoinProgram(customer="anna", program="points", source="test", at=None))
        await rivals.do(adjustment("start", 1_250))
        yield rivals


@pytest.fixture
async def limited(url: str) -> AsyncIterator[Rivals]:
    """Twelve clients; of 777 points for gifts 27 are left."""
    async with connected_rivals(url, LIMITED) as rivals:
        await rivals.do(*(gift(f"before-{number}", "early") for number in range(75)))
        yield rivals


@pytest.fixture
async def first_five(url: str) -> AsyncIterator[Rivals]:
    """Twelve clients; gifts are for the first five customers, of whom one has come."""
    program = LIMITED.replace("{points: 777, per: total}", "{customers: 5, per: total}")
    async with connected_rivals(url, program) as rivals:
        await rivals.do(gift("before", "early"))  # else all would wait for whoever enters the budget
        yield rivals


@pytest.fixture
async def holders(url: str) -> AsyncIterator[Rivals]:
    """Twelve clients; Anna has points for a coupon with five uses and for a gift card of 10.00."""
    async with connected_rivals(url, CODES) as rivals:
        await rivals.do(JoinProgram(customer="anna", program="points", source="test", at=None))
        yield rivals


@pytest.fixture
async def friends(url: str) -> AsyncIterator[Rivals]:
    """Twelve clients; Anna has referred twelve friends, who have paid, and three may count."""
    async with connected_rivals(url, FRIENDS) as rivals:
        await rivals.do(JoinProgram(customer="anna", program="points", source="test", at=None))
        for number in range(CLIENTS):
            await rivals.refer(f"c{number}")
        yield rivals


@pytest.fixture
async def punched(url: str) -> AsyncIterator[Rivals]:
    """Twelve clients; eleven of the twelve punches of Anna's card are there."""
    async with connected_rivals(url, CARD) as rivals:
        await rivals.do(*(gift(f"before-{number}", "anna") for number in range(11)))
        yield rivals


@asynccontextmanager
async def connected_rivals(url: str, program: str, buckets: int = 1) -> AsyncIterator[Rivals]:
    """Connect a worker of its own for each client of a new workspace with a program."""
    async with AsyncExitStack() as stack:
        owner = await connect(url)
        stack.push_async_callback(owner.close)
        databases = [
            await stack.enter_async_context(await Database.connect(url, largest=1)) for _ in range(CLIENTS)
        ]
        workspace_id = await open_workspace(databases[0], "rivals", program, buckets)
        yield Rivals([Handler(database, CODEBOOK) for database in databases], owner, workspace_id)


def meet(monkeypatch: pytest.MonkeyPatch, down: tuple[Wall, ...]) -> None:
    """Let nobody write before all have read; where a lock stands the others cannot come to the meeting."""
    patience = BRIEF_SECONDS if {LOCK, BUDGET_LOCK, CODE_LOCK, HOLD_LOCK}.isdisjoint(down) else LONG_SECONDS
    write, over, come = write_batch.write, asyncio.Event(), []

    async def write_together(conn: Connection, batch: Batch, generation: int) -> None:
        come.append(batch)
        if len(come) == CLIENTS:
            over.set()
        with suppress(TimeoutError):
            await asyncio.wait_for(over.wait(), patience)
        over.set()
        await write(conn, batch, generation)

    monkeypatch.setattr(handle_events, "write", write_together)
    monkeypatch.setattr(referral_pairs, "write", write_together)


def adjustment(name: str, points: int) -> PostAdjustment:
    """Return a correction of Anna's balance."""
    return PostAdjustment(
        id=name, customer="anna", at=None, wallet="points", points=points, reason="test", actor="test"
    )


def gift(name: str, customer: str) -> PostEvent:
    """Return a wish for a gift of 10 points."""
    return PostEvent(id=name, customer=customer, at=None, name="gift.asked")


def redemptions(code: str, amount: int, expects: int) -> list[PostRedemption]:
    """Return one redemption per client, of carts of this amount, which must cost what is expected."""
    cart = Order(status=OrderStatus.CREATED, lines=(Line(id="1", sku="tea", amount=amount),), currency="USD")
    return [
        PostRedemption(
            id=f"r{n}", customer=f"c{n}", at=None, order=cart, redeem=(Asked(code=code),), expects=expects
        )
        for n in range(CLIENTS)
    ]


@pytest.mark.parametrize(
    ("down", "done"),
    [((), 1), ((LOCK,), 1), ((KEYS,), 1), ((LOCK, KEYS), CLIENTS)],
    ids=["all stand", "the keys stand", "the lock stands", "none stands"],
)
async def test_one_id(
    rivals: Rivals, monkeypatch: pytest.MonkeyPatch, down: tuple[Wall, ...], done: int
) -> None:
    """One id, twelve times 7 points: once behind the lock or the keys; twelve times behind neither."""
    for wall in down:
        await rivals.take_down(wall, monkeypatch)
    meet(monkeypatch, down)
    assert await rivals.race([adjustment("x", 7)] * CLIENTS) == done
    assert await rivals.ask(f"select balance from wallets where {ANNAS}") == 1_250 + 7 * done


@pytest.mark.parametrize(
    ("down", "done"),
    [
        ((), 2),
        ((FLOORS, CHECKS), 2),
        ((LOCK, CHECKS), 2),
        ((LOCK, FLOORS), 2),
        ((LOCK, FLOORS, CHECKS), CLIENTS),
    ],
    ids=["all stand", "the lock stands", "the floors stand", "the checks stand", "none stands"],
)
async def test_last_points(
    rivals: Rivals, monkeypatch: pytest.MonkeyPatch, down: tuple[Wall, ...], done: int
) -> None:
    """1,250 points, twelve claims of 500: two behind any wall; twelve, and minus 4,750, behind none."""
    for wall in down:
        await rivals.take_down(wall, monkeypatch)
    meet(monkeypatch, down)
    claims = [PostClaim(id=f"c{n}", customer="anna", at=None, reward="five-off") for n in range(CLIENTS)]
    assert await rivals.race(claims) == done
    left = 1_250 - 500 * done
    assert await rivals.ask(f"select balance from wallets where {ANNAS}") == left
    assert await rivals.ask(f"select sum(remaining) from lots where {ANNAS}") == left
    assert await rivals.ask("select count(*) from vouchers") == done


@pytest.mark.parametrize(
    ("down", "granted"),
    [((), 777), ((BUDGET_CAP,), 777), ((BUDGET_LOCK,), 770), ((BUDGET_LOCK, BUDGET_CAP), 750 + 10 * CLIENTS)],
    ids=["all stand", "the lock stands", "the cap stands", "none stands"],
)
async def test_total_limit(
    limited: Rivals, monkeypatch: pytest.MonkeyPatch, down: tuple[Wall, ...], granted: int
) -> None:
    """Of 777 points 27 are left when twelve members want 10 each: 120 are given away behind no wall.

    The cap alone refuses who read a stale rest, so that 7 points stay; the lock gives out all of them.
    """
    for wall in down:
        await limited.take_down(wall, monkeypatch)
    meet(monkeypatch, down)
    await limited.race([gift(f"gift-{number}", f"c{number}") for number in range(CLIENTS)])
    assert await limited.ask("select max(used) from budgets") == granted
    assert await limited.ask("select sum(balance) from wallets") == granted


@pytest.mark.parametrize(
    ("down", "customers_in"),
    [((), 5), ((BUDGET_CAP,), 5), ((BUDGET_LOCK,), 5), ((BUDGET_LOCK, BUDGET_CAP), 1 + CLIENTS)],
    ids=["all stand", "the lock stands", "the cap stands", "none stands"],
)
async def test_first_customers(
    first_five: Rivals, monkeypatch: pytest.MonkeyPatch, down: tuple[Wall, ...], customers_in: int
) -> None:
    """Of twelve customers at once four more are in behind any wall; all twelve are behind none."""
    for wall in down:
        await first_five.take_down(wall, monkeypatch)
    meet(monkeypatch, down)
    await first_five.race([gift(f"gift-{number}", f"c{number}") for number in range(CLIENTS)])
    assert await first_five.ask("select max(used) from budgets") == customers_in
    assert await first_five.ask("select count(*) from limit_uses where used > 0") == customers_in
    assert await first_five.ask("select sum(balance) from wallets") == 10 * customers_in


@pytest.mark.parametrize(
    ("down", "uses"),
    [
        ((), 5),
        ((CODE_CAP, CODE_CHECK), 5),
        ((CODE_LOCK, CODE_CHECK), 5),
        ((CODE_LOCK, CODE_CAP), 5),
        ((CODE_LOCK, CODE_CAP, CODE_CHECK), CLIENTS),
    ],
    ids=["all stand", "the lock stands", "the cap stands", "the check stands", "none stands"],
)
async def test_one_code(
    holders: Rivals, monkeypatch: pytest.MonkeyPatch, down: tuple[Wall, ...], uses: int
) -> None:
    """A code with five uses, twelve carts: five get 1.00 off behind any wall; all twelve behind none."""
    code = await holders.claim("coupon")
    for wall in down:
        await holders.take_down(wall, monkeypatch)
    meet(monkeypatch, down)
    assert await holders.race(redemptions(code, 500, 400)) == uses
    assert await holders.ask("select used from vouchers") == uses


@pytest.mark.parametrize(
    ("down", "used"), [((), 3), ((HOLD_LOCK,), 0)], ids=["the lock stands", "none stands"]
)
async def test_one_hold(
    holders: Rivals, monkeypatch: pytest.MonkeyPatch, down: tuple[Wall, ...], used: int
) -> None:
    """Twelve want a guest's one use back: behind the lock once; else what others used comes back as well."""
    code = await holders.claim("coupon")
    three = redemptions(code, 500, 400)[:3]
    held = msgspec.structs.replace(three[0], id="h", customer=None, hold_for=60_000_000)
    await holders.do(*three, held)
    for wall in down:
        await holders.take_down(wall, monkeypatch)
    meet(monkeypatch, down)
    ends: list[Command] = [ChangeHold(id="h", customer=None, at=None, order=held.order)] * 6
    ends += [PostRollback(id=f"b{n}", redemption="h", customer=None, at=None) for n in range(6)]
    await holders.answers(ends)
    assert await holders.ask("select used from vouchers") == used


@pytest.mark.parametrize(
    ("down", "paid"),
    [
        ((), 3),
        ((FLOORS, CHECKS), 3),
        ((CODE_LOCK, CHECKS), 3),
        ((CODE_LOCK, FLOORS), 3),
        ((CODE_LOCK, FLOORS, CHECKS), CLIENTS),
    ],
    ids=["all stand", "the lock stands", "the floors stand", "the checks stand", "none stands"],
)
async def test_one_card(
    holders: Rivals, monkeypatch: pytest.MonkeyPatch, down: tuple[Wall, ...], paid: int
) -> None:
    """A card of 10.00, twelve carts of 3.00: three are paid behind any wall; all behind none."""
    code = await holders.claim("card")
    for wall in down:
        await holders.take_down(wall, monkeypatch)
    meet(monkeypatch, down)
    assert await holders.race(redemptions(code, 300, 0)) == paid
    of_card = "where customer_id = (select voucher_id from vouchers)"
    assert await holders.ask(f"select balance from wallets {of_card}") == 1_000 - 300 * paid


@pytest.mark.parametrize(
    ("down", "times"),
    [((), 1), ((ROUNDS,), 1), ((LOCK,), 1), ((LOCK, ROUNDS), CLIENTS)],
    ids=["all stand", "the lock stands", "the revisions stand", "none stands"],
)
async def test_the_last_punch(
    punched: Rivals, monkeypatch: pytest.MonkeyPatch, down: tuple[Wall, ...], times: int
) -> None:
    """Twelve clients punch a card that lacks one: full once behind any wall, twelve times behind none."""
    for wall in down:
        await punched.take_down(wall, monkeypatch)
    meet(monkeypatch, down)
    await punched.race([gift(f"gift-{number}", "anna") for number in range(CLIENTS)])
    assert await punched.ask(f"select balance from wallets where {ANNAS}") == 100 * times
    assert await punched.ask("select given from challenge_rounds") == 1


@pytest.mark.parametrize(
    ("down", "counted"),
    [
        ((), 3),
        ((LIMIT_CAP, LIMIT_CHECK), 3),
        ((LOCK, LIMIT_CHECK), 3),
        ((LOCK, LIMIT_CAP), 3),
        ((LOCK, LIMIT_CAP, LIMIT_CHECK), CLIENTS),
    ],
    ids=["all stand", "the lock stands", "the cap stands", "the check stands", "none stands"],
)
async def test_friends_at_a_limit(
    friends: Rivals, monkeypatch: pytest.MonkeyPatch, down: tuple[Wall, ...], counted: int
) -> None:
    """Twelve friends are settled at once, and three may count: three do behind any wall, all behind none."""
    for wall in down:
        await friends.take_down(wall, monkeypatch)
    meet(monkeypatch, down)
    await friends.settle()
    assert await friends.ask(f"select balance from wallets where {ANNAS}") == 100 * counted
