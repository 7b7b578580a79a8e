"""200 callers give the same identifiers to different customers at once: each goes to one of them.

Beside it the same race with the unique key of the table taken down, in which one card gets many owners.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from perennial.core.customers.identifiers import CustomerIdentifier, IdentifierType
from perennial.flows.answers import Answer, Problem
from perennial.flows.commands import PutCustomer
from tests.races.caller import Call, Caller, all_at_once, hang_up
from tests.races.shop import CLIENTS, PROGRAM, Shop, order, statuses
from tests.races.test_controls import CLIENTS as RIVALS
from tests.races.test_controls import LOCK, Rivals, Wall, connected_rivals, meet

KEY = Wall(constraints=(("identifiers", "identifiers_pkey"),))
WORDS = Wall(constraints=(("customer_words", "customer_words_pkey"),))


def card(value: str) -> dict[str, str]:
    """Return a card as a body names it."""
    return {"type": "card", "value": value}


async def owners(shop: Shop, value: str) -> list[str]:
    """Return who is found by a card."""
    page: Any = await shop.do("GET", f"/v1/customers?identifier=card:{value}")
    return [view["id"] for view in page["data"]]


async def test_one_card_for_many_customers(wide_shop: Shop) -> None:
    """200 customers in eight buckets want one card: one gets it, the others hear so, nobody of a 5xx."""
    shop = wide_shop
    callers = await shop.callers()
    calls = [
        Call("PUT", f"/v1/customers/c{number}", {"identifiers": [card("X"), card(f"own-{number}")]})
        for number in range(CLIENTS)
    ]
    replies = await all_at_once(callers, calls)
    await hang_up(callers)
    assert statuses(replies) == {(200, None): 1, (409, "identifier_taken"): CLIENTS - 1}
    winner = next(number for number, reply in enumerate(replies) if reply.status == 200)
    assert await owners(shop, "x") == [f"c{winner}"]
    assert await shop.count("identifiers") == 2
    assert await shop.audit() == []


async def test_many_cards_in_opposite_orders(wide_shop: Shop) -> None:
    """Two cards at a time, named in either order, in all buckets: each has one owner, and no deadlock."""
    shop = wide_shop
    before = await shop.deadlocks()
    callers = await shop.callers()
    calls = []
    for number in range(CLIENTS):
        pair = [card(f"X{number % 10}"), card(f"X{(number + 1) % 10}")]
        body = {"identifiers": pair if number % 2 else pair[::-1]}
        calls.append(Call("PUT", f"/v1/customers/c{number}", body))
    replies = await all_at_once(callers, calls)
    await hang_up(callers)
    assert set(statuses(replies)) == {(200, None), (409, "identifier_taken")}
    given = sum(2 for reply in replies if reply.status == 200)
    assert await shop.count("identifiers") == given
    assert given in {8, 10}  # no card is left free beside another free one
    assert await shop.deadlocks() == before
    assert await shop.audit() == []


async def test_a_card_moves_while_it_is_used(shop: Shop, callers: list[Caller]) -> None:
    """Orders by card while it goes from one customer to the other: each is one customer's, none is lost."""
    await shop.do("PUT", "/v1/customers/anna", {"identifiers": [card("X")]})
    calls = []
    for number in range(CLIENTS):
        if number % 50 == 25:
            calls.append(Call("PUT", "/v1/customers/anna", {"identifiers": []}))
        elif number % 50 == 26:
            calls.append(Call("PUT", "/v1/customers/ben", {"identifiers": [card("X")]}))
        else:
            body = order("", 1_000)
            del body["customer"]
            calls.append(Call("PUT", f"/v1/orders/o{number}", {**body, "identifier": card("X")}))
    replies = await all_at_once(callers, calls)
    codes = {reply.code for reply in replies}
    assert codes <= {None, "identifier_unknown", "identifier_taken"}
    stored = [
        reply.json["customer"]
        for call, reply in zip(calls, replies, strict=True)
        if call.path.startswith("/v1/orders/") and reply.code is None
    ]
    assert set(stored) <= {"anna", "ben"}
    assert await shop.count("orders") == len(stored)
    for name in ("anna", "ben"):
        mine = stored.count(name)
        if mine:
            assert await shop.balance(name) == 10 * mine
    assert await shop.audit() == []


@pytest.fixture
async def rivals(url: str) -> AsyncIterator[Rivals]:
    """Twelve clients, each with a worker of its own."""
    async with connected_rivals(url, PROGRAM) as rivals:
        yield rivals


def known_by(customer: str, *cards: str) -> PutCustomer:
    """Return the command that gives a customer exactly these cards."""
    given = (CustomerIdentifier(type=IdentifierType.CARD, value=each) for each in cards)
    return PutCustomer(customer=customer, identifiers=tuple(given))


def codes_of(answers: list[Answer]) -> list[str | None]:
    """Return the code of each answer, None for those that succeeded."""
    return [
        msgspec.json.decode(answer.body, type=Problem).code if answer.status >= 400 else None
        for answer in answers
    ]


@pytest.mark.parametrize(("down", "done"), [((), 1), ((KEY,), RIVALS)], ids=["the key stands", "none stands"])
async def test_one_card(
    rivals: Rivals, monkeypatch: pytest.MonkeyPatch, down: tuple[Wall, ...], done: int
) -> None:
    """Twelve customers want one card and all saw it free: one owner behind the key, twelve without it."""
    for wall in down:
        await rivals.take_down(wall, monkeypatch)
    meet(monkeypatch, (LOCK,))  # they lock different customers: all of them come to the meeting
    answers = await rivals.answers([known_by(f"c{number}", "X") for number in range(RIVALS)])
    assert sorted(codes_of(answers), key=str) == [None] * done + ["identifier_taken"] * (RIVALS - done)
    assert await rivals.ask("select count(*) from identifiers") == done


@pytest.mark.parametrize(
    ("down", "kept"),
    [((), 1), ((WORDS,), 1), ((LOCK, WORDS), RIVALS)],
    ids=["both stand", "the lock stands", "none stands"],
)
async def test_one_list(
    rivals: Rivals, monkeypatch: pytest.MonkeyPatch, down: tuple[Wall, ...], kept: int
) -> None:
    """Twelve lists for one customer: behind the lock the last one replaces all, without it none does."""
    await rivals.do(known_by("anna", "first"))
    for wall in down:
        await rivals.take_down(wall, monkeypatch)
    meet(monkeypatch, down)
    answers = await rivals.answers([known_by("anna", f"card-{number}") for number in range(RIVALS)])
    assert codes_of(answers) == [None] * RIVALS
    assert await rivals.ask("select count(*) from identifiers") == kept
