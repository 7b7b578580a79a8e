"""Every limit holds when many connections reach it at once; the same without its guard does not.

A negative control is the product's own statement with one guard removed, on a copy of the table
without its checks: it must break the limit, or the test above it proves nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import asyncpg
import pytest
from asyncpg import Connection

from perennial.core.effects import UseBudget, UseLimit
from perennial.store.budgets import BudgetKey, lock_budgets
from perennial.store.database import Database
from perennial.store.effects import TAKE_FROM_WALLETS, USE_BUDGET, GuardError, write_effects
from perennial.store.members import CustomerRow
from tests.store.book import DATED, UNIT, Book, given, taken

CLIENTS = 24

FLOOR = """\
    and known.balance + taken.balance >= 0
    and known.pending + taken.pending between 0 and known.balance + taken.balance
"""
BUDGET = 5


@pytest.fixture
async def crowd(database_url: str) -> AsyncIterator[Database]:
    """A pool with a connection for each of many clients."""
    async with await Database.connect(database_url, largest=CLIENTS) as database:
        yield database


async def _all_at_once(work: Callable[[int], Awaitable[bool]]) -> int:
    """Run the same work for every client from one starting shot; return how many succeeded."""
    start = asyncio.Event()

    async def run(number: int) -> bool:
        await start.wait()
        return await work(number)

    clients = [asyncio.create_task(run(number)) for number in range(CLIENTS)]
    await asyncio.sleep(0)
    start.set()
    return sum(await asyncio.gather(*clients))


async def _succeeds(work: Awaitable[None]) -> bool:
    try:
        await work
    except (GuardError, asyncpg.CheckViolationError):
        return False
    return True


async def _without_locks(book: Book, row: CustomerRow, *effects: object) -> None:
    """Write effects as a flow would that forgot to lock: only the guards at the write are left."""
    async with book.db.transaction(book.ws) as conn:
        change = book.change(row, *effects)  # type: ignore[arg-type]
        await write_effects(conn, book.ws, book.bucket, 0, [change], {})


async def test_the_last_points_are_spent_once(book: Book, crowd: Database) -> None:
    """100 points, 24 clients want 30 each and nobody locks: exactly 3 get them and 10 points are left."""
    row = await book.customer("c")
    await book.write(book.change(row, given(100)))
    rival = Book(crowd, book.ws)
    spent = await _all_at_once(lambda _: _succeeds(_without_locks(rival, row, taken(30))))
    assert spent == 3
    wallet = (await book.load(row))[row.customer_id].wallets[UNIT]
    assert (wallet.balance, wallet.spent) == (10, 90)
    assert wallet.lots is not None
    assert wallet.lots[DATED.lot_id].remaining == 10


async def test_a_budget_is_used_to_its_cap_and_no_further(book: Book, crowd: Database) -> None:
    """A budget of 10, 24 clients use 3 each: exactly 3 get it, and 9 are used."""
    row = await book.customer("c")
    async with book.db.transaction(book.ws) as conn:
        await lock_budgets(conn, book.ws, [BudgetKey(BUDGET, 0, 10)])
    rival = Book(crowd, book.ws)
    use = UseBudget(BUDGET, 0, 3, 10)
    assert await _all_at_once(lambda _: _succeeds(_without_locks(rival, row, use))) == 3
    async with book.db.transaction(book.ws) as conn:
        assert await lock_budgets(conn, book.ws, [BudgetKey(BUDGET, 0, 10)]) == {(BUDGET, 0): 9}


async def test_a_members_limit_is_used_to_its_cap(book: Book, crowd: Database) -> None:
    """A limit of 10 that nobody has used yet, 24 clients use 3 each: exactly 3 get it."""
    row = await book.customer("c")
    rival = Book(crowd, book.ws)
    use = UseLimit(7, 0, 3, 10)
    assert await _all_at_once(lambda _: _succeeds(_without_locks(rival, row, use))) == 3
    assert (await book.load(row, limits={7: 0}))[row.customer_id].limits == {7: {0: 9}}


async def test_a_locked_budget_makes_the_next_wait_and_see(book: Book, crowd: Database) -> None:
    """Who locks, reads and then writes never overspends, and nobody is refused before the cap is reached."""
    row = await book.customer("c")

    async def use(_: int) -> bool:
        async with crowd.transaction(book.ws) as conn:
            used = await lock_budgets(conn, book.ws, [BudgetKey(BUDGET, 0, 10)])
            if used[BUDGET, 0] + 1 > 10:
                return False
            change = book.change(row, UseBudget(BUDGET, 0, 1, 10))
            await write_effects(conn, book.ws, book.bucket, 0, [change], {})
            return True

    assert await _all_at_once(use) == 10


async def _unguarded_copy(superuser: Connection, table: str) -> None:
    """Make a copy of a table with its keys, without its checks, open to the worker."""
    await superuser.execute(f"drop table if exists unguarded_{table}")
    await superuser.execute(
        f"create table unguarded_{table} (like {table} including all excluding constraints)"
    )
    await superuser.execute(f"grant all on unguarded_{table} to perennial_worker")


def _without(statement: str, table: str, *guards: str) -> str:
    """Return the product's statement on the copy, with these guards removed."""
    for guard in guards:
        assert guard in statement, guard
        statement = statement.replace(guard, "")
    return statement.replace(f"update {table}", f"update unguarded_{table}")


def _thirty_less(book: Book, row: CustomerRow) -> tuple[object, ...]:
    """Return the values with which the product's statement takes 30 points from a wallet."""
    taken_from = (row.customer_id, UNIT, -30, 0, 0, 0, 0, 30, 0, 0, None, 0)
    return book.ws, book.bucket, [taken_from], [row.customer_id]


async def _run_each(crowd: Database, ws: int, sql: str, *values: object) -> int:
    async def run(_: int) -> bool:
        async with crowd.transaction(ws) as conn:
            return bool(await conn.fetchval(sql, *values) == 1)

    return await _all_at_once(run)


async def test_control_a_budget_without_its_guard_overspends(
    book: Book, crowd: Database, superuser: Connection
) -> None:
    """The same update without its cap, and without the check behind it, uses 72 of 10."""
    await _unguarded_copy(superuser, "budgets")
    await superuser.execute("insert into unguarded_budgets values ($1, $2, 0, 0, 10)", book.ws, BUDGET)
    guarded = _without(USE_BUDGET, "budgets")
    assert await _run_each(crowd, book.ws, guarded, book.ws, BUDGET, 0, 3, 10) == 3
    await superuser.execute("update unguarded_budgets set used = 0")
    sql = _without(USE_BUDGET, "budgets", "and ($4 <= 0 or used + $4 <= $5)")
    assert await _run_each(crowd, book.ws, sql, book.ws, BUDGET, 0, 3, 10) == CLIENTS
    assert await superuser.fetchval("select used from unguarded_budgets") == 3 * CLIENTS


async def test_control_a_wallet_without_its_guard_goes_below_zero(
    book: Book, crowd: Database, superuser: Connection
) -> None:
    """The same update without its floor, and without the checks behind it, takes 720 points out of 100."""
    row = await book.customer("c")
    await book.write(book.change(row, given(100)))
    await _unguarded_copy(superuser, "wallets")
    await superuser.execute(
        "insert into unguarded_wallets select * from wallets where bucket = $1", book.bucket
    )
    sql = _without(TAKE_FROM_WALLETS, "wallets", FLOOR)
    values = _thirty_less(book, row)
    assert await _run_each(crowd, book.ws, f"{sql}returning 1", *values) == CLIENTS
    assert await superuser.fetchval("select balance from unguarded_wallets") == 100 - 30 * CLIENTS


async def test_control_the_check_alone_also_holds(book: Book, crowd: Database) -> None:
    """On the real table the statement without its guard fails against the check: two walls, not one."""
    row = await book.customer("c")
    await book.write(book.change(row, given(100)))
    assert FLOOR in TAKE_FROM_WALLETS
    sql = TAKE_FROM_WALLETS.replace(FLOOR, "") + "returning 1"
    values = _thirty_less(book, row)

    async def run(_: int) -> bool:
        async with crowd.transaction(book.ws) as conn:
            return bool(await conn.fetchval(sql, *values) == 1)

    async def spend(number: int) -> bool:
        try:
            return await run(number)
        except asyncpg.CheckViolationError:
            return False

    assert await _all_at_once(spend) == 3


async def test_control_reading_first_and_writing_later_overspends(
    book: Book, crowd: Database, superuser: Connection
) -> None:
    """Without lock and guard, whoever reads the same rest spends it: more than the cap is given away."""
    await _unguarded_copy(superuser, "budgets")
    await superuser.execute("insert into unguarded_budgets values ($1, $2, 0, 0, 10)", book.ws, BUDGET)
    sql = _without(USE_BUDGET, "budgets", "and ($4 <= 0 or used + $4 <= $5)")

    async def naive(_: int) -> bool:
        async with crowd.transaction(book.ws) as conn:
            used = await conn.fetchval("select used from unguarded_budgets")
            await asyncio.sleep(0.05)
            if used + 3 > 10:
                return False
            return bool(await conn.fetchval(sql, book.ws, BUDGET, 0, 3, 10) == 1)

    assert await _all_at_once(naive) > 3
    assert await superuser.fetchval("select used from unguarded_budgets") > 10


async def test_an_id_is_claimed_once_among_many(book: Book, crowd: Database) -> None:
    """24 clients claim the same id at once: one succeeds, the others find the unique key."""
    row = await book.customer("c")

    async def claim(number: int) -> bool:
        rival = Book(crowd, book.ws)
        change = rival.change(row, given(1), source=book.id_of("order", "order"))
        try:
            await rival.write(change, orders=[rival.order(row, "order", change)])
        except asyncpg.UniqueViolationError:
            return False
        return True

    assert await _all_at_once(claim) == 1
    assert (await book.load(row))[row.customer_id].wallets[UNIT].balance == 1
