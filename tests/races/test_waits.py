"""A line for twelve seats: whoever is in line gets them, in order, once, however many ask at once."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator

import pytest

from perennial.flows.claims.waiting import wait_for
from perennial.flows.commands import JoinProgram, PostClaim, TakeTurn
from perennial.flows.programs.life import Author, apply_document
from perennial.store.codes import waits
from perennial.store.database import Database
from tests.races.caller import PATIENCE_SECONDS, Call, all_at_once, hang_up
from tests.races.served import Served
from tests.races.shop import CLIENTS, open_shop
from tests.races.test_controls import (
    BUDGET_LOCK,
    KEYS,
    LOCK,
    Rivals,
    Wall,
    adjustment,
    connected_rivals,
    meet,
)
from tests.races.test_controls import CLIENTS as RIVALS

PROGRAM = """\
program: points
name: Points
currency: USD
wallets: [{id: points, name: Points}]
earning_rules:
  - {id: start, type: fixed, trigger: member.joined, points: 100}
rewards:
  - id: tasting
    name: A tasting
    price: 5
    waiting_list: {places: 40}
    gives: [{type: experience, event: wine-tasting, capacity: 12}]
"""
SEATS, PLACES = 12, 40
_numbers = itertools.count(1)


async def test_two_hundred_clients_and_a_line(two_workers: Served) -> None:
    """Twelve sit, 40 of 188 get into the line; twelve seats come free, and the first twelve get them."""
    shop = await open_shop(two_workers, f"waits-{next(_numbers)}", PROGRAM, buckets=4)
    callers = await shop.callers()
    joining = [Call("POST", f"/v1/customers/c{n}/memberships", {"program": "points"}) for n in range(CLIENTS)]
    assert {reply.status for reply in await all_at_once(callers, joining)} <= {200, 201}
    seats = []
    for n in range(SEATS):
        body = {"id": f"seat-{n}", "reward": "tasting"}
        seats.append((await shop.do("POST", f"/v1/customers/c{n}/claims", body))["entitlements"][0]["id"])
    calls = [
        Call("POST", f"/v1/customers/c{n}/waits", {"id": "w", "reward": "tasting"})
        for n in range(SEATS, CLIENTS)
    ]
    replies = await all_at_once(callers[SEATS:], calls)
    answers = [(reply.status, reply.code) for reply in replies]
    assert set(answers) == {(201, None), (409, "line_full")}
    assert answers.count((201, None)) == PLACES
    assert await shop.ask("select array_agg(ticket order by ticket) from waits") == [*range(1, PLACES + 1)]
    freeing = [
        Call("POST", f"/v1/entitlements/{seat}/state", {"state": "canceled", "reason": "ill"})
        for seat in seats
    ]
    claiming = [
        Call("POST", f"/v1/customers/c{n}/claims", {"id": f"push-{n}", "reward": "tasting"})
        for n in range(SEATS, CLIENTS)
    ]
    replies = await all_at_once(callers, [*freeing, *claiming])
    assert {reply.status for reply in replies[:SEATS]} == {200}
    assert {(reply.status, reply.code) for reply in replies[SEATS:]} <= {
        (409, "out_of_stock"),
        (409, "others_wait"),
    }
    await hang_up(callers)
    until = time.monotonic() + PATIENCE_SECONDS
    while await shop.count("waits", "state = 2") < SEATS and time.monotonic() < until:
        await asyncio.sleep(0.05)
    served = await shop.ask("select array_agg(ticket order by ticket) from waits where state = 2")
    assert served == [*range(1, SEATS + 1)]
    assert await shop.count("entitlements", "state = 7") == SEATS
    assert await shop.ask("select sum(used) from budgets") == SEATS
    assert await shop.ask("select sum(balance) from wallets") == 100 * CLIENTS - 5 * SEATS
    assert await shop.audit() == []


GUARD = Wall(((waits, "_UPDATE_WAIT", " and state = 1"),))


@pytest.fixture
async def waiting(url: str) -> AsyncIterator[Rivals]:
    """Twelve clients; Anna waits with 1,250 points, and 99 seats have been set out."""
    async with connected_rivals(url, PROGRAM) as rivals, await Database.connect(url, largest=1) as database:
        for name in ("anna", "ben"):
            await rivals.do(JoinProgram(customer=name, program="points", source="test", at=None))
        await rivals.do(adjustment("start", 1_150))
        few = PROGRAM.replace("capacity: 12", "capacity: 1")
        author = Author(actor="test", at=time.time_ns() // 1_000)
        await apply_document(database, rivals.workspace_id, few, author)
        await rivals.do(PostClaim(id="seat", customer="ben", at=None, reward="tasting"))
        await wait_for(rivals.handlers[0], rivals.workspace_id, "anna", "w", "tasting")
        many = PROGRAM.replace("capacity: 12", "capacity: 100")
        await apply_document(database, rivals.workspace_id, many, author)
        yield rivals


@pytest.mark.parametrize(
    ("down", "served"),
    [
        ((), 1),
        ((GUARD, KEYS), 1),
        ((LOCK, BUDGET_LOCK, KEYS), 1),
        ((LOCK, BUDGET_LOCK, GUARD), 1),
        ((LOCK, BUDGET_LOCK, GUARD, KEYS), RIVALS),
    ],
    ids=["all stand", "the locks stand", "the guard stands", "the keys stand", "none stands"],
)
async def test_one_turn(
    waiting: Rivals, monkeypatch: pytest.MonkeyPatch, down: tuple[Wall, ...], served: int
) -> None:
    """Twelve workers take Anna's turn at once: one seat behind any wall; twelve behind none."""
    for wall in down:
        await waiting.take_down(wall, monkeypatch)
    meet(monkeypatch, down)
    [turn] = await waiting.rows("select bucket, customer_id, wait_id from waits where state = 1")
    bucket, customer_id, wait_id = turn
    command = TakeTurn(customer_id=customer_id.hex, wait_id=wait_id.hex, bucket=bucket)
    assert await waiting.race([command] * RIVALS) == served
    assert await waiting.ask("select count(*) from entitlements") == 1 + served
    assert await waiting.ask("select sum(balance) from wallets") == 1_345 - 5 * served
