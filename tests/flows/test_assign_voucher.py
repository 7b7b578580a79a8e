"""Codes of a pool for members: each once, to one of them, however many ask at the same moment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from asyncpg import Connection

from perennial.flows.customers.statements import timeline_of
from perennial.flows.handle_events import Handler
from perennial.flows.problems import ProblemError
from perennial.flows.vouchers import assign_voucher as flow
from perennial.flows.vouchers.assign_voucher import AssignVoucher, assign_voucher
from perennial.flows.vouchers.card_money import TopUpCard, top_up_card
from perennial.flows.vouchers.vouchers import read_voucher, void_voucher, vouchers_of
from perennial.store.codes import pools
from perennial.store.codes.vouchers import VoucherRow
from perennial.store.database import Database
from perennial.store.one_statement import GuardError
from perennial.units import DAY, parse_instant
from tests.codebook import CODEBOOK
from tests.flows.erasing import audited, erase
from tests.flows.pool import PROGRAM, assigned, exported, made, open_pool, problem_of
from tests.flows.shop import START, Shop

CLIENTS = 200
RIVALS = 6


def _ask(shop: Shop, name: str, customer: str, reward: str = "summer", **more: Any) -> Any:
    command = AssignVoucher(id=name, customer=customer, reward=reward, **more)
    return assign_voucher(shop.handler, shop.workspace_id, command)


async def test_a_member_is_given_a_code_once(shop: Shop) -> None:
    """The same id gives the same code; another id another one; another body is refused by its field."""
    await open_pool(shop, "anna", "ben")
    await made(shop, "b1", count=5)
    first = await _ask(shop, "a1", "anna")
    again = await _ask(shop, "a1", "anna")
    assert (first.status, again.status, again.replayed) == (201, 200, True)
    assert again.body == first.body
    code = await assigned(shop, "a1", "anna")
    assert await assigned(shop, "a2", "anna") != code
    assert (await read_voucher(shop.handler, shop.workspace_id, code)).customer == "anna"
    assert await problem_of(_ask(shop, "a1", "anna", "tiny")) == (422, "id_conflict", ["$.reward"])
    assert await problem_of(_ask(shop, "a1", "ben")) == (422, "id_conflict", ["$.customer"])
    timeline = await timeline_of(shop.handler, shop.workspace_id, "anna")
    assert sorted((item.type, item.id) for item in timeline.data) == [("voucher", "a1"), ("voucher", "a2")]
    await audited(shop)


async def test_validity_begins_when_the_code_is_given(shop: Shop) -> None:
    """Ten days from the assignment to the end of that day in Berlin, however old the pool is."""
    await open_pool(shop, "anna", "ben")
    await made(shop, "b1", "mail", count=2)
    await shop.advance(START + 60 * DAY)
    code = await assigned(shop, "a1", "anna", "mail")
    view = await read_voucher(shop.handler, shop.workspace_id, code)
    assert (view.issued_at, view.expires_at) == ("2026-05-01T12:00:00Z", "2026-05-11T22:00:00Z")
    assert (view.state, view.bound, view.uses_left, view.batch) == ("issued", True, 3, "b1")


async def test_what_cannot_be_given_is_passed_over(shop: Shop) -> None:
    """Neither voided nor expired codes, nor those of another batch or reward; then the pool is empty."""
    await open_pool(shop, "anna")
    await made(shop, "old", count=3, expires_at=START + DAY)
    await made(shop, "new", codes=("SUMMER-AAAABBBBCCCC", "SUMMER-AAAABBBBDDDD"))
    await shop.advance(START + DAY)
    await void_voucher(shop.handler, shop.workspace_id, "SUMMER-AAAABBBBDDDD", "lost", "key test")
    assert await problem_of(_ask(shop, "a0", "anna", batch="old")) == (409, "pool_empty", [])
    assert await assigned(shop, "a1", "anna", batch="new") == "SUMMER-AAAABBBBCCCC"
    assert await problem_of(_ask(shop, "a2", "anna")) == (409, "pool_empty", [])
    await made(shop, "more", count=1)
    await assigned(shop, "a2", "anna")
    await audited(shop)


async def test_who_cannot_be_given_a_code(shop: Shop) -> None:
    """Strangers, the erased, rewards without a pool and batches of another reward are refused."""
    await open_pool(shop, "anna", "gone")
    await made(shop, "b1", count=5)
    await made(shop, "b2", "mail", count=5)
    await erase(shop, "gone")
    assert await problem_of(_ask(shop, "a1", "nobody")) == (404, "customer_unknown", [])
    assert await problem_of(_ask(shop, "a1", "gone")) == (410, "customer_erased", [])
    assert await problem_of(_ask(shop, "a1", "anna", "nothing")) == (422, "reward_unknown", ["$.reward"])
    assert await problem_of(_ask(shop, "a1", "anna", "plain")) == (409, "pool_empty", [])
    assert await problem_of(_ask(shop, "a1", "anna", batch="b2")) == (422, "batch_unknown", ["$.batch"])
    assert await problem_of(_ask(shop, "a1", "anna", batch="b9")) == (422, "batch_unknown", ["$.batch"])
    await assigned(shop, "a1", "anna")


async def test_two_hundred_at_once_share_sixty_codes(shop: Shop) -> None:
    """Sixty of two hundred members are given a code each, every code goes to one, the others hear why."""
    customers = [f"c{number}" for number in range(CLIENTS)]
    await open_pool(shop, *customers)
    for name in ("b1", "b2"):
        await made(shop, name, count=30)

    async def ask(customer: str) -> str | None:
        try:
            return await assigned(shop, f"for {customer}", customer)
        except ProblemError as error:
            refused.append(error.problem.code)
            return None

    refused: list[str] = []
    codes = [code for code in await asyncio.gather(*map(ask, customers)) if code is not None]
    assert refused == ["pool_empty"] * 140
    assert len(codes) == len(set(codes)) == 60
    held = [code for name in ("b1", "b2") for code in await exported(shop, name)]
    assert {code.code for code in held} == set(codes)
    assert len({code.customer for code in held} - {None}) == 60
    await audited(shop)


async def test_one_id_many_times_at_once_gives_one_code(shop: Shop) -> None:
    """Fifty times the same request: one code is gone from the pool, and all are answered with it."""
    await open_pool(shop, "anna")
    await made(shop, "b1", count=100)
    codes = await asyncio.gather(*(assigned(shop, "a1", "anna") for _ in range(50)))
    assert len(set(codes)) == 1
    assert len((await vouchers_of(shop.handler, shop.workspace_id, "anna")).data) == 1
    await audited(shop)


@pytest.fixture
async def rivals(database_url: str, shop: Shop) -> AsyncIterator[list[Shop]]:
    """Workers of their own on the workspace of the shop, which has one code left and a member for each."""
    await open_pool(shop, *(f"c{number}" for number in range(RIVALS)))
    await made(shop, "b1", count=1)
    async with AsyncExitStack() as stack:
        databases = [
            await stack.enter_async_context(await Database.connect(database_url, largest=1))
            for _ in range(RIVALS)
        ]
        yield [_Rival(database, shop) for database in databases]


class _Rival(Shop):
    def __init__(self, database: Database, shop: Shop) -> None:
        super().__init__(database, shop.workspace_id, shop.intake)
        self.handler = Handler(database, CODEBOOK)


def _meet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody give a code before all have one, or have waited long enough for it."""
    give, over, come = pools.give_free, asyncio.Event(), []

    async def give_together(conn: Connection, ws: int, places: tuple[int, int], row: VoucherRow) -> None:
        come.append(row)
        if len(come) == RIVALS:
            over.set()
        with suppress(TimeoutError):
            await asyncio.wait_for(over.wait(), 0.5)
        over.set()
        await give(conn, ws, places, row)

    monkeypatch.setattr(flow, "give_free", give_together)


def _take_down(monkeypatch: pytest.MonkeyPatch, wall: str) -> None:
    if wall == "lock":
        for name in ("TAKE_FREE_OR_SKIP", "TAKE_FREE_OR_WAIT"):
            sql = getattr(pools, name)
            monkeypatch.setattr(pools, name, sql.replace("for update", "--"))
    else:
        done = pools.DELETE_FREE.replace("returning 1", "returning 1) select 1")
        monkeypatch.setattr(pools, "DELETE_FREE", f"with gone as ({done}")


@pytest.mark.parametrize(
    ("down", "given"),
    [((), 1), (("lock",), 1), (("guard",), 1), (("lock", "guard"), RIVALS)],
    ids=["both stand", "the guard stands", "the lock stands", "none stands"],
)
async def test_the_last_code(
    rivals: list[Shop], monkeypatch: pytest.MonkeyPatch, down: tuple[str, ...], given: int, owner: Connection
) -> None:
    """One code, six who want it: one has it behind the lock or the guard; all of them behind neither."""
    for wall in down:
        _take_down(monkeypatch, wall)
    _meet(monkeypatch)

    async def ask(number: int, rival: Shop) -> UUID | None:
        try:
            await assigned(rival, f"a{number}", f"c{number}")
        except (ProblemError, GuardError, asyncpg.PostgresError):
            return None
        return UUID(int=number)

    won = await asyncio.gather(*(ask(number, rival) for number, rival in enumerate(rivals)))
    assert sum(each is not None for each in won) == given
    held = "select count(*) from vouchers where workspace_id = $1 and customer_id <> voucher_id"
    assert await owner.fetchval(held, rivals[0].workspace_id) == given


def test_the_dates_of_these_tests() -> None:
    """The clock of the shop stands where the expected dates say."""
    assert parse_instant("2026-03-02T12:00:00Z") == START


async def test_a_card_that_somebody_paid_for_is_given_to_nobody(shop: Shop) -> None:
    """Of two printed gift cards one was topped up: it belongs to whoever bought it."""
    card = "rewards:\n  - {id: card, name: Card, codes: {}, gives: [{type: gift_card, value: 1000}]}"
    await open_pool(shop, "anna", "ben")
    await shop.publish(PROGRAM.replace("rewards:", card))
    await made(shop, "cards", "card", codes=("K7MNP2QRST47", "K7MNP2QRST48"), allow_weak=True)
    command = TopUpCard(id="t1", code="K7MNP2QRST47", amount=500, reason="bought", actor="till")
    assert (await top_up_card(shop.handler, shop.workspace_id, command)).status == 201
    assert await assigned(shop, "a1", "anna", "card") == "K7MNP2QRST48"
    assert await problem_of(_ask(shop, "a2", "ben", "card")) == (409, "pool_empty", [])
    await audited(shop)
