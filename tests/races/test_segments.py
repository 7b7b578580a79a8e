"""Segments under many hands: whoever enters does so once, with one event, whatever comes at once."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pytest

from perennial.flows.programs.life import Author, apply_document
from perennial.store.database import Database
from tests.races.caller import Call, all_at_once, hang_up
from tests.races.served import Served
from tests.races.shop import CLIENTS, PROGRAM, Shop, open_shop, order
from tests.store.every_move import EVERY_MOVE

CLUB = f"""\
{PROGRAM}\
  - id: welcome
    type: fixed
    trigger: segment.entered
    points: 1000
    when: {{fact: event.segment, is: big}}
  - id: bye
    type: fixed
    trigger: segment.left
    points: 100000
    when: {{fact: event.segment, is: big}}
  - id: listed
    type: fixed
    trigger: segment.entered
    points: 1000000
    when: {{fact: event.segment, is: press}}
"""
SECOND = """\
program: second
name: Second
currency: USD
enrollment: {mode: segment, segment: big}
wallets: [{id: stars, name: Stars}]
earning_rules: [{id: hello, type: fixed, trigger: member.joined, points: 7}]
"""
BIG = {"name": "Big", "when": {"history": "orders.net", "at_least": 10_000}}
_MOVES = f"select count(*) from {EVERY_MOVE} where entered = {{entered}}"
_OF_STARS = "wallets join units using (workspace_id, unit_id)"


@pytest.fixture
async def club(two_workers: Served, request: pytest.FixtureRequest) -> Shop:
    """A shop with a segment of big spenders, which enrolls in a second program, and a list."""
    shop = await open_shop(two_workers, request.node.name.replace("_", "-")[:40], CLUB)
    async with await Database.connect(two_workers.url) as database:
        author = Author(actor="test", at=time.time_ns() // 1_000)
        await apply_document(database, shop.workspace_id, SECOND, author)
    await shop.do("PUT", "/v1/segments/big", BIG)
    await shop.do("PUT", "/v1/segments/press", {"name": "The press"})
    return shop


def orders(customers: Sequence[str], each: int, amount: int = 100) -> list[Call]:
    """Return orders of customers, by turns."""
    return [
        Call("PUT", f"/v1/orders/{name}-{number}", order(name, amount))
        for number in range(each)
        for name in customers
    ]


async def test_many_orders_enter_once_and_many_returns_leave_once(club: Shop) -> None:
    """200 orders of one member at once: the 100th enters, alone; 200 returns at once: one leaves."""
    callers = await club.callers()
    calls = orders(["anna"], CLIENTS)
    replies = await all_at_once(callers, calls)
    assert {reply.status for reply in replies} == {201}
    assert await club.count("segment_members") == 1
    assert await club.ask(_MOVES.format(entered=True)) == 1
    assert await club.balance("anna") == CLIENTS + 1_000
    assert await club.ask(f"select balance from {_OF_STARS} where code = 'stars'") == 7
    again = await all_at_once(callers, calls)
    assert [reply.body for reply in again] == [reply.body for reply in replies]
    back = [Call("POST", f"{call.path}/returns", {"id": f"r{n}"}) for n, call in enumerate(calls)]
    assert {reply.status for reply in await all_at_once(callers, back)} == {201}
    await hang_up(callers)
    assert await club.count("segment_members") == 0
    assert await club.ask(_MOVES.format(entered=False)) == 1
    assert await club.balance("anna") == 101_000
    assert await club.audit() == []


async def test_one_list_imported_many_times_at_once(club: Shop) -> None:
    """Eight imports of the same 40 names, who also order their way into another segment: each enters once."""
    names = [f"m{number}" for number in range(40)]
    for name in names:
        await club.give(name, 0)
    callers = await club.callers(48)
    rows = "".join(f'{{"customer": "{name}"}}\n' for name in names).encode()
    imports = [Call("POST", "/v1/segments/press/import", rows)] * 8
    replies = await all_at_once(callers, [*imports, *orders(names, 1, 10_000)])
    await hang_up(callers)
    told = [reply.json for reply in replies[:8]]
    assert sum(each["entered"] for each in told) == len(names)
    assert sum(each["already"] for each in told) == 7 * len(names)
    assert {reply.status for reply in replies[8:]} == {201}
    assert await club.ask(_MOVES.format(entered=True)) == 2 * len(names)
    assert await club.ask("select count(distinct balance) from wallets where balance > 7") == 1
    assert await club.balance("m0") == 100 + 1_000 + 1_000_000
    assert await club.audit() == []


async def test_a_definition_and_a_rule_for_those_inside_while_orders_come(club: Shop) -> None:
    """Defined anew and applied while customers enter: each gets the welcome once, by event or by hand."""
    names = [f"n{number}" for number in range(60)]
    callers = await club.callers(66)
    half = await all_at_once(callers[:30], orders(names[:30], 1, 6_000))
    assert {reply.status for reply in half} == {201}
    lower = {**BIG, "when": {"history": "orders.net", "at_least": 6_000}}
    apply = {"program": "points", "rule": "welcome", "preview": False}
    defined = [Call("PUT", "/v1/segments/big", lower)]
    applied = [Call("POST", "/v1/segments/big/apply", apply)] * 5
    late = [Call("PUT", f"/v1/orders/late-{name}", order(name, 6_000)) for name in names]
    replies = await all_at_once(callers, [*defined, *applied, *late])
    assert {reply.status for reply in replies} <= {200, 201}
    (last,) = await all_at_once(callers[:1], applied[:1])
    await hang_up(callers)
    assert last.status == 200
    assert await club.count("segment_members") == 60
    assert await club.ask(_MOVES.format(entered=True)) == 60
    balances = [await club.balance(name) for name in ("n0", "n29", "n30", "n59")]
    assert balances == [1_120, 1_120, 1_060, 1_060]
    assert await club.ask("select sum(balance) from wallets where balance >= 1000") == 30 * 1_120 + 30 * 1_060
    assert await club.audit() == []


async def test_put_and_removed_again_and_again_while_orders_come(club: Shop) -> None:
    """Whoever comes last wins, whole: everybody is inside or nobody is, and nobody is left behind."""
    names = [f"p{number}" for number in range(20)]
    callers = await club.callers(36)
    define, drop = Call("PUT", "/v1/segments/tall", BIG), Call("DELETE", "/v1/segments/tall")
    replies = await all_at_once(callers, [*orders(names, 1, 10_000), *[define, drop] * 8])
    assert {reply.status for reply in replies[:20]} == {201}
    assert {reply.status for reply in replies[20:]} <= {200, 204, 404}
    inside = "select count(*) from segment_members join segments using (workspace_id, segment_id)"
    tall = f"{inside} where code = 'tall'"
    put, removed = await all_at_once(callers[:1], [define]), await club.ask(tall)
    assert [reply.status for reply in put] == [200]
    assert removed == len(names) == put[0].json["size"]
    await all_at_once(callers[:1], [drop])
    await hang_up(callers)
    assert await club.ask(tall) == 0
    assert await club.audit() == []
