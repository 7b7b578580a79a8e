"""Vouchers in the database: used no more often than they may, locked, voided, and moved."""

from __future__ import annotations

import asyncio
from uuid import UUID

import asyncpg
import pytest
from asyncpg import Connection

from perennial.core.effects import IssueVoucher
from perennial.store.codes import vouchers
from perennial.store.codes.vouchers import (
    Place,
    VoucherState,
    find_vouchers,
    list_vouchers,
    load_vouchers,
    set_voucher_state,
    use_vouchers,
)
from perennial.store.customers.customers import CustomerRow
from perennial.store.one_statement import GuardError
from perennial.store.server.installation import keep_fingerprint, read_fingerprint
from tests.store.book import UNIT, Book, given, taken

CLIENTS = 8


async def _issue(book: Book, text: str, uses: int = 1) -> tuple[CustomerRow, Place]:
    """Issue a voucher to a customer of its own; return both."""
    row = await book.customer(f"holder of {text}")
    code = book.code(text)
    issued = IssueVoucher(code, "off", 500, "USD", None, 10, UNIT, uses=uses)
    await book.write(book.change(row, given(10), taken(10), issued))
    async with book.db.transaction(book.ws) as conn:
        place = (await find_vouchers(conn, book.ws, [code.code_hash]))[code.code_hash]
    return row, place


async def _use(book: Book, place: Place, times: int) -> None:
    async with book.db.transaction(book.ws) as conn:
        await use_vouchers(conn, book.ws, place[0], [(place[1], place[2], times)])


async def _used(book: Book, place: Place) -> int:
    async with book.db.transaction(book.ws) as conn:
        found = await load_vouchers(conn, book.ws, place[0], [place[1:]], lock=False)
    return found[place[2]].used


async def test_a_voucher_is_used_as_often_as_it_may(book: Book) -> None:
    """Three uses: the fourth is refused, what is given back can be used again, and no more than was used."""
    _, place = await _issue(book, "THREE", uses=3)
    for times in (1, 2):
        await _use(book, place, times)
    for times in (1, -4):
        with pytest.raises(GuardError):
            await _use(book, place, times)
    await _use(book, place, -2)
    await _use(book, place, 1)
    assert await _used(book, place) == 2


async def test_a_voucher_without_end_is_always_used(book: Book, superuser: Connection) -> None:
    """Where there is no number of uses, nothing ends it."""
    _, place = await _issue(book, "EVER")
    await superuser.execute("update vouchers set uses = null where workspace_id = $1", book.ws)
    await _use(book, place, 1_000_000)
    assert await _used(book, place) == 1_000_000


async def _moves(book: Book, superuser: Connection, like: Place) -> bool:
    """Write a pool of vouchers at once, use one in the midst of it, and return whether it left its page."""
    await superuser.execute(
        """
        insert into vouchers
        select (jsonb_populate_record(vouchers, jsonb_build_object('customer_id', id, 'voucher_id', id))).*
        from vouchers, (select gen_random_uuid() as id from generate_series(1, 600)) as ids
        where voucher_id = $1
        """,
        like[2],
    )
    page = "(ctid::text::point)[0]::int"
    pages = await superuser.fetch(
        f"select voucher_id, {page} from vouchers where workspace_id = $1 and customer_id = voucher_id"
        " order by xmin::text::bigint desc, ctid limit 600",
        book.ws,
    )
    used, before = pages[300]
    await _use(book, (like[0], used, used), 1)
    return bool(
        await superuser.fetchval(f"select {page} from vouchers where voucher_id = $1", used) != before
    )


async def test_a_voucher_of_a_pool_stays_on_its_page_when_it_is_used(
    book: Book, superuser: Connection
) -> None:
    """There is room for that, so that no index is written; without that room it goes elsewhere."""
    _, place = await _issue(book, "ROOM")
    assert not await _moves(book, superuser, place)
    await superuser.execute("alter table vouchers set (fillfactor = 100)")
    try:
        assert await _moves(book, superuser, place)
    finally:
        await superuser.execute("alter table vouchers set (fillfactor = 90)")


async def test_a_voided_voucher_is_given_back_to_but_not_used(book: Book) -> None:
    """A rollback still works on it; a new use does not. It is voided once, from where it was."""
    _, place = await _issue(book, "VOID", uses=2)
    await _use(book, place, 1)
    for done in (True, False):
        async with book.db.transaction(book.ws) as conn:
            moved = await set_voucher_state(conn, book.ws, place, VoucherState.ISSUED, VoucherState.VOIDED)
        assert moved is done
    with pytest.raises(GuardError):
        await _use(book, place, 1)
    await _use(book, place, -1)
    assert await _used(book, place) == 0


async def test_one_refused_voucher_refuses_all(book: Book) -> None:
    """Two vouchers in one go, of which one is used up: neither is used."""
    _, one = await _issue(book, "ONE")
    _, two = await _issue(book, "TWO")
    await _use(book, two, 1)
    with pytest.raises(GuardError):
        async with book.db.transaction(book.ws) as conn:
            await use_vouchers(conn, book.ws, book.bucket, [(*one[1:], 1), (*two[1:], 1)])
    assert (await _used(book, one), await _used(book, two)) == (0, 1)


async def test_vouchers_are_locked_until_the_transaction_ends(book: Book) -> None:
    """A second transaction that wants the row waits for the first, and sees what it did."""
    _, place = await _issue(book, "LOCK")
    seen: list[int] = []

    async def rival() -> None:
        async with book.db.transaction(book.ws) as conn:
            found = await load_vouchers(conn, book.ws, place[0], [place[1:]])
            seen.append(found[place[2]].used)

    async with book.db.transaction(book.ws) as conn:
        assert place[2] in await load_vouchers(conn, book.ws, place[0], [place[1:]])
        task = asyncio.create_task(rival())
        await asyncio.sleep(0.2)
        assert seen == []
        await use_vouchers(conn, book.ws, place[0], [(*place[1:], 1)])
    await task
    assert seen == [1]


async def _race(book: Book, place: Place) -> int:
    """Let clients use a voucher at once, without having locked it; return how many could."""

    async def use() -> bool:
        try:
            await _use(book, place, 1)
        except (GuardError, asyncpg.CheckViolationError):
            return False
        return True

    return sum(await asyncio.gather(*(use() for _ in range(CLIENTS))))


async def test_of_many_clients_as_many_win_as_there_are_uses(book: Book) -> None:
    """Eight clients, five uses: five, every time."""
    for number in range(5):
        _, place = await _issue(book, f"RACE{number}", uses=5)
        assert await _race(book, place) == 5
        assert await _used(book, place) == 5


async def test_the_check_stands_behind_the_guard(
    book: Book, superuser: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the condition of the update the table's CHECK holds; without both everybody wins."""
    naive = """
update vouchers set used = used + $5
where bucket = $2 and workspace_id = $1 and customer_id = $3 and voucher_id = $4 returning 1
"""
    monkeypatch.setattr(vouchers, "USE_VOUCHER", naive)
    _, place = await _issue(book, "CHECKED", uses=5)
    assert await _race(book, place) == 5
    await superuser.execute("alter table vouchers drop constraint vouchers_used_uses_check")
    try:
        assert await _race(book, place) == CLIENTS
    finally:
        await superuser.execute("update vouchers set used = 0")
        await superuser.execute(
            "alter table vouchers add constraint vouchers_used_uses_check check (used <= uses)"
        )


async def test_a_list_goes_on_where_its_page_ended(book: Book) -> None:
    """Three vouchers of one customer in pages of two: none twice, none missing."""
    row = await book.customer("c")
    issued = [IssueVoucher(book.code(f"PAGE{n}"), "off", 5, "USD", None, 10, UNIT) for n in range(3)]
    await book.write(book.change(row, given(30), taken(30), *issued))
    async with book.db.transaction(book.ws) as conn:
        first = await list_vouchers(conn, book.ws, book.bucket, row.customer_id, 2)
        before = (first[-1].issued_at, first[-1].voucher_id)
        rest = await list_vouchers(conn, book.ws, book.bucket, row.customer_id, 2, before)
    ids = [voucher.voucher_id for voucher in (*first, *rest)]
    assert (len(first), len(rest), len(set(ids))) == (2, 1, 3)


async def test_only_what_is_nobodys_can_be_deleted(book: Book) -> None:
    """The database itself keeps a worker from deleting a customer's voucher."""
    _, place = await _issue(book, "KEPT")
    async with book.db.transaction(book.ws) as conn:
        done = await conn.execute("delete from vouchers where bucket = $1", book.bucket)
    assert done == "DELETE 0"
    assert await _used(book, place) == 0


async def test_the_fingerprint_is_kept_once(superuser: Connection) -> None:
    """The first secret stays: another one is told from it."""
    assert await read_fingerprint(superuser) is None
    assert await keep_fingerprint(superuser, b"one")
    assert not await keep_fingerprint(superuser, b"two")
    assert await keep_fingerprint(superuser, b"one")
    await superuser.execute("update installation set secret_fingerprint = null")


def test_what_a_row_says() -> None:
    """A bearer's voucher is its own customer; a bound one is for its customer alone."""
    bearer = _row(UUID(int=1))
    assert (bearer.is_bearers, bearer.holder, bearer.uses_left) == (True, None, 1)
    bound = _row(UUID(int=2), bound=True, uses=None)
    assert (bound.is_bearers, bound.holder, bound.uses_left) == (False, UUID(int=2), None)


def _row(customer: UUID, *, bound: bool = False, uses: int | None = 1) -> vouchers.VoucherRow:
    return vouchers.VoucherRow(
        customer_id=customer,
        voucher_id=UUID(int=1),
        operation_id=UUID(int=3),
        program_id=1,
        version=1,
        reward="off",
        sealed=b"",
        last4="",
        value=0,
        currency="USD",
        unit_id=0,
        points=0,
        state=VoucherState.ISSUED,
        issued_at=0,
        starts_at=None,
        expires_at=None,
        uses=uses,
        bound=bound,
    )
