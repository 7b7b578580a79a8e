"""Simulations of a small shop: what they say, that they write nothing, and that they can be stopped."""

from __future__ import annotations

import asyncio
import contextlib
import os
from pathlib import Path

import asyncpg
import msgspec
import pytest
from asyncpg import Connection

from perennial.core.orders.order import ReturnedLine
from perennial.flows.commands import PostAdjustment, PostClaim, PostReturn, PostTransfer
from perennial.flows.problems import ProblemError
from perennial.flows.simulation.result import SideResult, SimulationResult
from perennial.flows.simulation.simulate import Progress, Simulate, prepare, simulate
from perennial.flows.transfer import transfer
from perennial.store.past import reading
from perennial.units import DAY, HOUR, format_instant
from tests.flows.conftest import owner, shop
from tests.flows.shop import START, Shop, put_order
from tests.simulation.agreement import played, state, stored

__all__ = ["owner", "shop"]

PROGRAM = """
program: points
name: Points
currency: USD
wallets:
  - id: points
    name: Points
    pending: {type: period, after: {days: 3}}
    expiry: {type: rolling, after: {days: 20}}
earning_rules:
  - {id: base, type: per_amount, points: 1, per: 100}
tiers:
  metrics: [{id: spend, measure: orders.net, window: {calendar: year}}]
  levels:
    - {id: bronze, name: Bronze, reach: {spend: 0}}
    - {id: gold, name: Gold, reach: {spend: 30000}, multiplier: {by: "1.5"}}
rewards:
  - {id: five-off, name: 5.00 off, price: 100, gives: [{type: amount_off, value: 500}]}
"""

DOUBLE = PROGRAM.replace("points: 1,", "points: 2,")


TWO_WALLETS = """
program: points
name: Points
currency: USD
wallets:
  - {id: stars, name: Stars}
  - {id: cash, name: Cash, decimals: 2}
earning_rules:
  - {type: per_amount, id: stars, points: 1, per: 100, wallet: stars}
  - {type: per_amount, id: cents, points: 1, per: 50, wallet: cash}
rewards:
  - id: pen
    name: A pen
    wallet: stars
    price: 10
    prices: [{points: 20, wallet: cash}]
    gives: [{type: physical, sku: pen}]
"""


async def live(shop: Shop, database_url: str) -> None:
    """Let a month go by: orders, a late one, returns, claims, an adjustment and a transfer."""
    await shop.publish(PROGRAM)
    for number in range(12):
        at = START + number * 2 * DAY
        await shop.advance(at)
        for name in ("anna", "ben", "cleo"):
            await shop.order(f"{name}-{number}", name, 4_000 + 100 * number, 1_500, at=at)
    await shop.order("late", "ben", 25_000, at=START + DAY + HOUR)
    await shop.advance(START + 23 * DAY)
    await shop.do(
        PostReturn(
            id="back",
            order="anna-3",
            customer="anna",
            at=START + 23 * DAY,
            lines=(ReturnedLine(line="1", quantity=1),),
        )
    )
    await shop.do(put_order("cleo-11", "cleo", 4_000 + 1_100, 1_500, at=START + 22 * DAY, status="canceled"))
    await shop.do(put_order("anna-11", "anna", 9_000, 1_500, at=START + 22 * DAY))
    await shop.do(PostClaim(id="claim", customer="ben", at=START + 23 * DAY, reward="five-off"))
    await shop.do(
        PostAdjustment(
            id="sorry",
            customer="cleo",
            at=START + 23 * DAY,
            wallet="points",
            points=70,
            reason="r",
            actor="a",
        )
    )
    at = START + 23 * DAY
    gift = PostTransfer(id="gift", sender="cleo", receiver="anna", at=at, wallet="points", points=20)
    assert (await transfer(shop.handler, shop.workspace_id, gift)).status == 201
    await shop.advance(START + 30 * DAY)


async def run(shop: Shop, url: str, asked: Simulate, processes: int = 1) -> SimulationResult:
    """Run a simulation to its end."""
    prepared = await prepare(shop.database, url, shop.workspace_id, "points", asked)
    steps = [step async for step in simulate(prepared, processes)]
    assert isinstance(steps[0], Progress)
    result = steps[-1]
    assert isinstance(result, SimulationResult)
    return result


def plain(result: SimulationResult) -> SimulationResult:
    """Leave out how long it took."""
    return msgspec.structs.replace(result, seconds="")


def awarded(side: SideResult) -> int:
    """Return the points that a side awarded."""
    return sum(wallet.awarded for wallet in side.wallets)


async def test_the_same_version_gives_what_was_given(shop: Shop, database_url: str) -> None:
    """Late, returned, changed, canceled, claimed, transferred, expired: every figure of every member."""
    await live(shop, database_url)
    assert await lives_as_stored(shop, database_url) == 3


async def lives_as_stored(shop: Shop, database_url: str) -> int:
    """Play the lives by the version that is live, demand what is stored, and return how many they were."""
    lives, compiled = await played(
        shop.database, database_url, shop.workspace_id, "points", Simulate(version="history")
    )
    version = compiled.sides[0][-1]
    async with shop.database.snapshot(shop.workspace_id) as conn:
        row = await conn.fetchrow(
            "select bucket_base, bucket_count from workspaces where workspace_id = $1", shop.workspace_id
        )
        assert row is not None
        known = await stored(conn, shop.workspace_id, range(row[0], row[0] + row[1]), version)
    assert len(lives) == len(known)
    for life in lives:
        for playing in life:
            [member] = playing.members
            assert state(member, version.program_id) == state(known[member.customer_id], version.program_id)
    return len(lives)


async def test_a_draft_beside_what_is_published(shop: Shop, database_url: str) -> None:
    """A draft with twice the points from the middle on gives twice the points from then on."""
    await live(shop, database_url)
    asked = Simulate(document=DOUBLE, begins=START + 13 * DAY)
    before, after = (await run(shop, database_url, asked)).sides
    assert (before.name, after.name, before.version) == ("version 1", "draft", 1)
    assert before.orders == after.orders == 3 * 5
    assert awarded(after) > awarded(before) > 0
    assert [rule.rule for rule in after.rules] == ["base"]
    whole = await run(shop, database_url, Simulate(document=DOUBLE))
    assert awarded(whole.sides[1]) > awarded(after)
    assert whole.gained == 3
    assert {group.kind for group in whole.groups} == {"tier"}
    assert whole.sides[0].months == await _months(shop)


async def _months(shop: Shop) -> object:
    return (await run(shop, shop.database.url, Simulate(version="1"))).sides[1].months


async def test_points_of_two_wallets_are_never_mixed(shop: Shop, database_url: str) -> None:
    """Rules and months are by wallet; who gains is told in all of them, with the finest decimals."""
    await shop.publish(TWO_WALLETS)
    await shop.order("one", "anna", 4_000, 0, at=START)
    await shop.order("two", "ben", 1_000, 0, at=START)
    for number, wallet in enumerate((None, "points/stars")):
        claim = PostClaim(id=f"pen-{number}", customer="anna", at=START, reward="pen", wallet=wallet)
        await shop.do(claim)
    assert await lives_as_stored(shop, database_url) == 2
    more = TWO_WALLETS.replace("id: cents, points: 1", "id: cents, points: 2")
    assert more != TWO_WALLETS
    result = await run(shop, database_url, Simulate(document=more))
    before, after = result.sides
    assert [(rule.rule, rule.wallet, rule.points) for rule in before.rules] == [
        ("stars", "stars", 50),
        ("cents", "cash", 100),
    ]
    assert [(month.wallet, month.points) for month in after.months] == [("stars", 50), ("cash", 200)]
    assert result.decimals == 2
    gained = [(mover.customer, mover.change, mover.points) for mover in result.gainers]
    # 40 stars and 0.80 in cash; 40 stars and 1.60.
    assert gained == [("anna", 80, (4_080, 4_160)), ("ben", 20, (1_020, 1_040))]
    assert [group.points for group in result.groups] == [(5_100, 5_200)]


async def test_nothing_is_written(shop: Shop, database_url: str, owner: Connection) -> None:
    """Not one row of any table is added, changed or taken away."""
    await live(shop, database_url)
    before = await _rows(owner)
    await run(shop, database_url, Simulate(document=DOUBLE), 2)
    assert await _rows(owner) == before
    assert before["orders"][0] > 0


async def _rows(owner: Connection) -> dict[str, tuple[int, str | None]]:
    tables = await owner.fetch("select tablename from pg_tables where schemaname = 'public' order by 1")
    found: dict[str, tuple[int, str | None]] = {}
    for (table,) in tables:
        row = await owner.fetchrow(
            "select count(*), md5(string_agg(row, '|' order by row)) from"
            f' (select xmin::text || each::text as row from "{table}" each) rows'
        )
        assert row is not None
        found[table] = (row[0], row[1])
    return found


async def test_the_server_refuses_to_write(shop: Shop, database_url: str) -> None:
    """The transaction of a simulation cannot write at all."""
    async with reading(database_url, shop.workspace_id) as conn:
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await conn.execute("update customers set external_id = 'x'")


async def test_two_processes_give_what_one_gives(shop: Shop, database_url: str) -> None:
    """How the work is split makes no difference to any figure."""
    await live(shop, database_url)
    asked = Simulate(document=DOUBLE, begins=START + 7 * DAY)
    assert plain(await run(shop, database_url, asked, 1)) == plain(await run(shop, database_url, asked, 3))


async def test_leaving_cancels(shop: Shop, database_url: str) -> None:
    """Whoever stops listening ends the processes, and the server has no transaction left of them."""
    await live(shop, database_url)
    prepared = await prepare(
        shop.database, database_url, shop.workspace_id, "points", Simulate(document=DOUBLE)
    )
    async with contextlib.aclosing(simulate(prepared, 2)) as steps:
        assert await anext(steps) == Progress(0, 3, 0)
        children = _children()
        assert len(children) >= 2
    assert _children() & children == set()
    async with shop.database.unbound() as conn:
        for _ in range(100):
            left = await conn.fetchval(
                "select count(*) from pg_stat_activity where application_name = 'perennial simulate'"
                " and datname = current_database()"
            )
            if not left:
                break
            await asyncio.sleep(0.05)
    assert left == 0


def _children() -> set[int]:
    """Return the processes of simulations that this process has started."""
    own = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
    found = set()
    for pid in own:
        command = Path(f"/proc/{pid}/cmdline")
        if command.exists() and b"simulation.process" in command.read_bytes():
            found.add(int(pid))
    return found


PLAIN = """
program: points
name: Points
currency: USD
wallets: [{id: points, name: Points, pending: {type: period, after: {days: 3}}}]
earning_rules: [{id: base, type: per_amount, points: 1, per: 100}]
"""


async def test_nothing_stays_pending_that_a_later_version_gives_at_once(
    shop: Shop, database_url: str
) -> None:
    """Points that wait are available in their time, also where others came that did not wait."""
    await shop.publish(PLAIN)
    await shop.order("anna-1", "anna", 1_000, at=START)
    await shop.advance(START + DAY)
    await shop.publish(PLAIN.replace(", pending: {type: period, after: {days: 3}}", ""))
    await shop.advance(START + 9 * DAY)
    await shop.order("anna-2", "anna", 5_000, at=START + 9 * DAY)
    result = await run(shop, database_url, Simulate(version="history", document=None), 1)
    [wallet] = next(side for side in result.sides if side.name == "history").wallets
    assert (wallet.liability, wallet.pending) == (60, 0)


GIFTS = """
program: points
name: Points
currency: USD
wallets: [{id: points, name: Points}]
earning_rules:
  - {id: base, type: per_amount, points: 1, per: 100}
  - {id: done, type: fixed, points: 5, trigger: challenge.completed}
challenges:
  - id: second
    name: Second
    goals: [{measure: orders.count, target: 2}]
    gives: [{type: points, points: 20}]
rewards:
  - {id: swap, name: Swap, price: 10, gives: [{type: points, points: 3}]}
"""


async def test_what_challenges_and_rewards_give_was_awarded_too(shop: Shop, database_url: str) -> None:
    """Points of a completed challenge, of a rule for it, and of a reward; and what a return took back."""
    await shop.publish(GIFTS)
    await shop.advance(START + 5 * DAY)
    for number in (1, 2):
        await shop.order(f"anna-{number}", "anna", 5_000, at=START + number * DAY)
    await shop.do(PostClaim(id="claim", customer="anna", at=START + 3 * DAY, reward="swap"))
    await shop.give_back("back", "anna-1", "anna", at=START + 4 * DAY)
    result = await run(shop, database_url, Simulate(version="history", document=None), 1)
    for side in result.sides:
        [wallet] = side.wallets
        assert (wallet.awarded, wallet.taken_back, wallet.used) == (50 + 50 + 20 + 5 + 3, 50, 10)
        assert wallet.liability == wallet.awarded - wallet.taken_back - wallet.used
    async with shop.database.snapshot(shop.workspace_id) as conn:
        assert await conn.fetchval("select sum(balance) from wallets") == wallet.liability


CAPPED = PROGRAM.replace(
    "points: 1, per: 100}",
    "points: 1, per: 100, limits: [{points: 700, per: total}]}",
)


async def test_a_budget_runs_out_when_it_did(shop: Shop, database_url: str) -> None:
    """Who comes first gets what is left, and the last of it goes at the same instant as it went live."""
    await shop.publish(CAPPED)
    ran_out_at = None
    for number in range(8):
        for place, name in enumerate(("dora", "carl", "bill", "anna")):
            at = START + number * DAY + place * HOUR
            await shop.advance(at)
            await shop.order(f"{name}-{number}", name, 4_000 + 100 * number, at=at)
            async with shop.database.transaction(shop.workspace_id) as conn:
                used = await conn.fetchval("select sum(used) from budgets")
            if used == 700 and ran_out_at is None:
                ran_out_at = at
    assert ran_out_at is not None
    await shop.advance(START + 12 * DAY)
    for processes in (1, 2):
        result = await run(shop, database_url, Simulate(version="1", document=None), processes)
        for side in result.sides:
            [budget] = side.budgets
            assert (budget.used, budget.cap) == (700, 700)
            assert budget.asked > 700
            assert budget.ran_out_at == format_instant(ran_out_at)
            assert awarded(side) == 700
            assert sum(rule.cut for rule in side.rules) > 0
    async with shop.database.snapshot(shop.workspace_id) as conn:
        held = await conn.fetchval("select sum(balance) from wallets")
    assert [wallet.liability for wallet in result.sides[0].wallets] == [held]


@pytest.mark.parametrize("early", [False, True])
async def test_a_budget_runs_out_where_the_past_begins_before_the_program(
    shop: Shop, database_url: str, early: bool
) -> None:
    """Orders from before the first version are recorded only, and one of its very instant counts.

    A second version doubles what is given. Tried from the start on, the first one gives for all of them.
    """
    await shop.publish(CAPPED, START)
    if early:
        await shop.order("bill-0", "bill", 90_000, at=START - 20 * DAY)
    for name in ("anna", "bill", "cleo"):
        await shop.order(f"{name}-1", name, 10_000, at=START)
    await shop.advance(START + 2 * DAY)
    await shop.publish(CAPPED.replace("points: 1,", "points: 2,"))
    for name in ("anna", "bill", "cleo"):
        await shop.order(f"{name}-2", name, 10_000, at=START + 2 * DAY)
    result = await run(shop, database_url, Simulate(version="history", document=None, against="1"), 1)
    sides = {side.name: side for side in result.sides}
    assert awarded(sides["history"]) == 700
    assert awarded(sides["version 1"]) == (700 if early else 600)
    assert [budget.used for budget in sides["history"].budgets] == [700]
    async with shop.database.snapshot(shop.workspace_id) as conn:
        held = await conn.fetchval("select sum(balance) from wallets")
    assert [wallet.liability for wallet in sides["history"].wallets] == [held]


async def test_a_budget_says_what_it_counts(shop: Shop, database_url: str) -> None:
    """Points with the decimals of their wallet, money with its currency; and each in words."""
    await shop.publish(
        TWO_WALLETS.replace(
            "wallet: stars}", "wallet: stars, limits: [{order_value: 9000, per: total}]}"
        ).replace("wallet: cash}\n", "wallet: cash, limits: [{points: 250, per: total}]}\n", 1)
    )
    await shop.order("anna-1", "anna", 8_000, at=START)
    await shop.advance(START + DAY)
    result = await run(shop, database_url, Simulate(version="1", document=None), 1)
    for side in result.sides:
        told = {each.words: (each.currency, each.decimals, each.used, each.cap) for each in side.budgets}
        assert told == {
            ("rule stars: 90.00 USD of order value in all, all members together",): ("USD", 0, 8_000, 9_000),
            ("rule cents: 2.50 points in all, all members together",): (None, 2, 160, 250),
        }


async def test_what_cannot_be_simulated_is_refused(shop: Shop, database_url: str) -> None:
    """Problems of a draft, a version that is not there, and a period without time are told beforehand."""
    await shop.publish(PROGRAM)
    for asked, code in (
        (Simulate(version="7"), "version_unknown"),
        (Simulate(document="program: points"), "program_invalid"),
        (Simulate(version="1", begins=START, until=START - DAY), "period_empty"),
    ):
        with pytest.raises(ProblemError) as refused:
            await prepare(shop.database, database_url, shop.workspace_id, "points", asked)
        assert refused.value.problem.code == code
