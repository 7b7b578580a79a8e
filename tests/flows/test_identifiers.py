"""Identifiers: given to one customer, found before the batch, and an order that keeps its customer."""

from __future__ import annotations

import asyncio

import pytest

from perennial.core.customers.identifiers import CustomerIdentifier, IdentifierType
from perennial.flows import batcher, identifying
from perennial.flows.answers import Answer
from perennial.flows.commands import Identifiable, Identified, PostAdjustment, PostEvent, PutCustomer
from perennial.flows.reading import find_customer, read_customer
from tests.flows.shop import START, Shop, available, decided, put_order

PROGRAM = """
program: points
name: Points
time_zone: UTC
wallets:
  - {id: points, name: Points}
declarations:
  events:
    review.posted: {}
earning_rules:
  - {id: base, type: per_amount, points: 1, per: 100}
  - {id: review, type: fixed, trigger: review.posted, points: 50}
"""


def card(value: str) -> CustomerIdentifier:
    """Return a card."""
    return CustomerIdentifier(type=IdentifierType.CARD, value=value)


def email(value: str) -> CustomerIdentifier:
    """Return an e-mail address."""
    return CustomerIdentifier(type=IdentifierType.EMAIL, value=value)


def known_by(customer: str, *identifiers: CustomerIdentifier) -> PutCustomer:
    """Return the command that gives a customer exactly these identifiers."""
    return PutCustomer(customer=customer, identifiers=identifiers)


def order_by(identifier: CustomerIdentifier, name: str, customer: str | None = None) -> Identified:
    """Return an order of 10.00 whose customer is named by an identifier."""
    command = put_order(name, customer, 1_000)
    return Identified(command=command, identifier=identifier)


async def send(shop: Shop, *commands: PutCustomer | Identifiable | Identified) -> list[Answer]:
    """Send commands together and return their answers."""
    return await shop.intake.submit_many(shop.workspace_id, commands)


async def names(shop: Shop, *identifiers: CustomerIdentifier) -> list[list[str]]:
    """Return who is found by each identifier."""
    pages = [await find_customer(shop.handler, shop.workspace_id, each) for each in identifiers]
    return [[view.id for view in page.data] for page in pages]


async def identifiers_of(shop: Shop, customer: str) -> list[str]:
    """Return what a customer is known by."""
    view = await read_customer(shop.handler, shop.workspace_id, customer)
    return [f"{each.type}:{each.value}" for each in view.identifiers]


async def test_a_list_replaces_all_that_was_there(shop: Shop) -> None:
    """Without a list everything stays; a new one removes, adds and keeps; an empty one removes all."""
    await shop.do(known_by("anna", card("a1"), card("a2"), email("anna@x")))
    await shop.do(PutCustomer(customer="anna", attributes={"country": "DE"}))
    assert await identifiers_of(shop, "anna") == ["card:a1", "card:a2", "email:anna@x"]
    await shop.do(known_by("anna", card("A2"), card("a3"), card("a3")))
    assert await identifiers_of(shop, "anna") == ["card:A2", "card:a3"]
    assert await names(shop, card("a1"), card("a2"), card("a3")) == [[], ["anna"], ["anna"]]
    await shop.do(known_by("anna"))
    assert await identifiers_of(shop, "anna") == []
    assert await names(shop, card("a2")) == [[]]


async def test_nobody_takes_what_another_has(shop: Shop) -> None:
    """The refusal names the entry and changes nothing: no attribute, no other identifier."""
    await shop.do(known_by("anna", card("a1")))
    taking = PutCustomer(
        customer="ben", attributes={"country": "DE"}, identifiers=(email("ben@x"), card("A1"))
    )
    problem = await shop.refuse(taking)
    assert (problem.status, problem.code) == (409, "identifier_taken")
    assert [each.path for each in problem.errors] == ["$.identifiers[1].value"]
    view = await read_customer(shop.handler, shop.workspace_id, "ben")
    assert (view.attributes, view.identifiers) == ({}, ())
    assert await names(shop, card("a1"), email("ben@x")) == [["anna"], []]


async def test_within_a_batch_each_sees_the_one_before(shop: Shop) -> None:
    """One batch: a card is given up, taken, refused to a third, and given up again."""
    await shop.do(known_by("anna", card("a1")))
    answers = await send(
        shop,
        known_by("ben", card("a1")),
        known_by("anna", card("a2")),
        known_by("ben", card("a1"), card("b1")),
        known_by("cleo", card("a1")),
        known_by("ben", card("b1")),
        known_by("cleo", card("a1")),
    )
    assert [answer.status for answer in answers] == [409, 200, 200, 409, 200, 200]
    assert await names(shop, card("a1"), card("a2"), card("b1")) == [["cleo"], ["anna"], ["ben"]]


async def test_orders_and_events_find_their_customer(shop: Shop) -> None:
    """Named by card, by e-mail, or by both ways: one customer earns; the answer says who that is."""
    await shop.publish(PROGRAM)
    await shop.do(known_by("anna", card("a1"), email("anna@x")))
    event = PostEvent(id="e1", customer="", at=START, name="review.posted")
    answers = await send(
        shop,
        order_by(card("a1"), "o1"),
        Identified(command=event, identifier=email("anna@x")),
        order_by(card("a1"), "o2", "anna"),
        put_order("o3", "anna", 1_000),
    )
    assert [decided(answer).customer for answer in answers] == ["anna"] * 4
    assert available(decided(answers[-1])) == 80
    again = await send(shop, put_order("o1", "anna", 1_000), order_by(card("a1"), "o3"))
    assert [answer.replayed for answer in again] == [True, True]


async def test_who_is_not_found_is_refused(shop: Shop) -> None:
    """An unknown identifier is no guest; one of somebody else than the one who is named is refused."""
    await shop.publish(PROGRAM)
    await shop.do(known_by("anna", card("a1")))
    correction = PostAdjustment(
        id="a1", customer="", at=None, wallet="points", points=5, reason="r", actor="test"
    )
    answers = await send(
        shop,
        order_by(card("nobody's"), "o1"),
        order_by(card("a1"), "o2", "ben"),
        Identified(command=correction, identifier=card("nobody's")),
        order_by(card("nobody's"), "o3", "anna"),
    )
    assert [answer.status for answer in answers] == [422] * 4
    codes = ["identifier_unknown", "identifier_mismatch", "identifier_unknown", "identifier_unknown"]
    assert [code in answer.body.decode() for code, answer in zip(codes, answers, strict=True)] == [True] * 4
    async with shop.database.transaction(shop.workspace_id) as conn:
        assert await conn.fetchval("select count(*) from orders") == 0
        assert await conn.fetchval("select string_agg(external_id, ' ') from customers") == "anna"


async def test_an_order_keeps_its_customer(shop: Shop) -> None:
    """A card that nobody has any more changes nothing for what is known; one that moved is a conflict."""
    await shop.publish(PROGRAM)
    await shop.do(known_by("anna", card("a1")))
    first, event = order_by(card("a1"), "o1"), PostEvent(id="e1", customer="", at=START, name="review.posted")
    await send(shop, first, Identified(command=event, identifier=card("a1")))
    await shop.do(known_by("anna"))
    again = await send(shop, first, Identified(command=event, identifier=card("a1")))
    assert [(answer.status, answer.replayed) for answer in again] == [(200, True)] * 2
    await shop.do(known_by("ben", card("a1")))
    moved = await send(shop, first, Identified(command=event, identifier=card("a1")))
    assert [answer.status for answer in moved] == [422] * 2
    assert all(b"id_conflict" in answer.body for answer in moved)


async def test_a_guests_order_finds_its_customer_later(shop: Shop) -> None:
    """An order without a customer is a guest's; sent again with an identifier it is that customer's."""
    await shop.publish(PROGRAM)
    await shop.order("o1", None, 1_000)
    (refused,) = await send(shop, order_by(card("a1"), "o1"))
    assert b"identifier_unknown" in refused.body
    await shop.do(known_by("anna", card("a1")))
    (answer,) = await send(shop, order_by(card("a1"), "o1"))
    assert (decided(answer).customer, available(decided(answer))) == ("anna", 10)


async def test_those_who_wait_share_a_look_up(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred orders by card at once are two look-ups; a hundred by id are none."""
    await shop.publish(PROGRAM)
    for number in range(10):
        await shop.do(known_by(f"c{number}", card(f"card-{number}")))
    sizes: list[int] = []
    find_meant = identifying.find_meant

    async def counted(*args: object) -> object:
        sizes.append(len(args[2]))  # type: ignore[arg-type]
        return await find_meant(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(identifying, "find_meant", counted)
    monkeypatch.setattr(batcher, "find_meant", counted)
    orders = [order_by(card(f"card-{number % 10}"), f"o{number}") for number in range(100)]
    found = await asyncio.gather(*(shop.intake.submit(shop.workspace_id, order) for order in orders))
    assert [decided(answer).customer for answer in found] == [f"c{number % 10}" for number in range(100)]
    assert sum(sizes) == 100
    assert len(sizes) <= 2
    sizes.clear()
    await asyncio.gather(*(shop.order(f"by-id-{number}", "c1", 1_000) for number in range(100)))
    assert sizes == []


async def test_a_look_up_that_fails_is_heard_of(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody who waited for it gets the error, and the next look-up works."""
    await shop.publish(PROGRAM)
    await shop.do(known_by("anna", card("a1")))

    async def broken(*_: object) -> object:
        raise ConnectionError

    with monkeypatch.context() as patched:
        patched.setattr(identifying, "find_meant", broken)
        waiting = (shop.intake.submit(shop.workspace_id, order_by(card("a1"), f"o{n}")) for n in range(3))
        errors = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(error) for error in errors] == [ConnectionError] * 3
    answer = await shop.intake.submit(shop.workspace_id, order_by(card("a1"), "o1"))
    assert decided(answer).customer == "anna"
