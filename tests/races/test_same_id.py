"""200 callers send the same request at once, to two workers: it is done once, and all hear the same."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from tests.races.caller import Call, Caller, all_at_once
from tests.races.shop import CLIENTS, Shop, adjustment, order

START = 2_000


class Case(NamedTuple):
    """A request, the kind of id that it has, and the points that Anna and Ben have after it."""

    call: Call
    kind: str
    name: str
    anna: int
    ben: int = START


CASES = {
    "adjustment": Case(Call("POST", "/v1/adjustments", adjustment("x", "anna", 7)), "adjustment", "x", 2_007),
    "event": Case(
        Call("POST", "/v1/events", {"type": "review.posted", "customer": "anna"}, key="k-1"),
        "event",
        "k-1",
        2_050,
    ),
    "order": Case(Call("PUT", "/v1/orders/o-1", order("anna", 1_000, 250)), "order", "o-1", 2_012),
    "claim": Case(
        Call("POST", "/v1/customers/anna/claims", {"reward": "five-off"}, key="k-1"), "claim", "k-1", 1_500
    ),
    "return": Case(
        Call("POST", "/v1/orders/before/returns", {"lines": [{"line": "1", "quantity": 1}]}, key="k-1"),
        "return",
        "k-1",
        2_000,
    ),
    "transfer": Case(
        Call(
            "POST",
            "/v1/transfers",
            {"id": "x", "from": "anna", "to": "ben", "wallet": "points", "points": 30, "reason": "r"},
        ),
        "transfer",
        "x",
        1_970,
        2_030,
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
async def test_one_id_is_one_effect(shop: Shop, callers: list[Caller], case: Case) -> None:
    """One 201, 199 replays with the same bytes from both workers, and one operation in the ledger."""
    await shop.give("anna", START)
    await shop.give("ben", START)
    if case.kind == "return":
        await shop.do("PUT", "/v1/orders/before", order("anna", 600))
        assert await shop.balance("anna") == START + 6
    replies = await all_at_once(callers, [case.call] * CLIENTS)
    assert sorted(reply.status for reply in replies) == [200] * (CLIENTS - 1) + [201], replies[0]
    assert all(reply.replayed == (reply.status == 200) for reply in replies)
    assert len({reply.body for reply in replies}) == 1
    assert len({reply.worker for reply in replies}) == 2
    assert (await shop.balance("anna"), await shop.balance("ben")) == (case.anna, case.ben)
    operations = "select count(distinct (customer_id, operation_id)) from postings where source_id = $1"
    sides = 2 if case.kind == "transfer" else 1
    assert await shop.ask(operations, shop.id_of(case.kind, case.name)) == sides
    assert await shop.audit() == []


async def test_the_first_event_of_a_customer(shop: Shop, callers: list[Caller]) -> None:
    """200 first events of somebody unknown: one customer, who joins once, and every event counts."""
    calls = [
        Call("POST", "/v1/events", {"type": "review.posted", "customer": "new", "id": f"e-{number}"})
        for number in range(CLIENTS)
    ]
    replies = await all_at_once(callers, calls)
    assert [reply.status for reply in replies] == [201] * CLIENTS
    assert await shop.balance("new") == 50 * CLIENTS
    assert await shop.count("customers") == 1
    assert await shop.count("memberships") == 1
    assert await shop.audit() == []


async def test_one_id_with_two_bodies(shop: Shop, callers: list[Caller]) -> None:
    """Half of the callers send 5 points, half send 6, under one id: one is done, the others hear so."""
    await shop.give("anna", 0)
    calls = [
        Call("POST", "/v1/adjustments", adjustment("x", "anna", 5 + number % 2)) for number in range(CLIENTS)
    ]
    replies = await all_at_once(callers, calls)
    done = [reply for reply in replies if reply.status == 201]
    assert len(done) == 1
    given = done[0].json["balances"][0]["available"]
    assert given in {5, 6}
    for number, reply in enumerate(replies):
        if 5 + number % 2 == given:
            assert reply.body == done[0].body
        else:
            assert (reply.status, reply.code) == (422, "id_conflict")
            assert [each["path"] for each in reply.json["errors"]] == ["$.points"]
    assert await shop.balance("anna") == given


@pytest.mark.parametrize("kind", ["adjustments", "transfers", "orders"])
async def test_one_id_for_many_customers(shop: Shop, callers: list[Caller], kind: str) -> None:
    """200 customers and one id: it belongs to one of them, the others hear of the conflict, none of a 5xx."""
    names = [f"c{number}" for number in range(20)]
    for name in names:
        await shop.give(name, 100)
        await shop.give(f"bank-{name}", 0)
    calls = []
    for number in range(CLIENTS):
        name = names[number % len(names)]
        moved = {
            "id": "x",
            "from": name,
            "to": f"bank-{name}",
            "wallet": "points",
            "points": 10,
            "reason": "r",
        }
        calls.append(
            {
                "adjustments": Call("POST", "/v1/adjustments", adjustment("x", name, -10)),
                "transfers": Call("POST", "/v1/transfers", moved),
                "orders": Call("PUT", "/v1/orders/x", order(name, 1_000)),
            }[kind]
        )
    replies = await all_at_once(callers, calls)
    done = [number for number, reply in enumerate(replies) if reply.status == 201]
    assert len(done) == 1, [reply.body for reply in replies][:3]
    owner = done[0] % len(names)
    for number, reply in enumerate(replies):
        same = number % len(names) == owner
        expected = (422, "id_conflict") if not same else (201 if number == done[0] else 200, None)
        assert (reply.status, reply.code) == expected
    changed = 110 if kind == "orders" else 90
    for number, name in enumerate(names):
        assert await shop.balance(name) == (changed if number == owner else 100)
    assert await shop.audit() == []
