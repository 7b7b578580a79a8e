"""Holds, redemptions and rollbacks through the whole path: what is used once is used once, and comes back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import pytest
from asyncpg import Connection

from perennial.core.orders.order import OrderStatus, ReturnedLine
from perennial.flows.commands import (
    JoinProgram,
    PostRedemption,
    PostReturn,
    PostRollback,
    PutOrder,
    RedeemHold,
)
from perennial.store.audits.audit import audit
from perennial.store.database import WORKER_ROLE, connect
from perennial.units import HOUR, MINUTE
from tests.flows.checkout import PROGRAM, Checkout, a_cart, redeem
from tests.flows.shop import START, Shop, available
from tests.flows.sound import is_sound


@pytest.fixture
async def checkout(shop: Shop) -> Checkout:
    """A shop whose customer anna has 10,000 points."""
    await shop.publish(PROGRAM)
    await shop.order("seed", "anna", 10_000)
    return Checkout(shop)


async def balance(checkout: Checkout) -> int:
    """Return what anna can spend: what an answer shows to something that changes nothing."""
    again = JoinProgram(customer="anna", program="points", at=START, source="test")
    return available(await checkout.shop.do(again))


async def test_what_was_quoted_is_redeemed(checkout: Checkout) -> None:
    """The quote and the redemption of one cart show the same, and only the redemption takes points."""
    command = redeem("r1", "anna", 8_000, 2_000, codes=("ten",), rewards=("five-off",), points=2_000)
    before = await checkout.books()
    quoted = await checkout.quote(command)
    assert await checkout.books() == before
    sums = quoted.subtotal, quoted.discount_total, quoted.total, quoted.to_pay
    assert sums == (10_000, 1_500, 8_500, 6_500)
    assert [one.status for one in quoted.redeemables] == ["applicable", "applicable"]
    assert [(line.discount, line.total) for line in quoted.lines] == [(1_200, 6_800), (300, 1_700)]
    assert quoted.earns[0].points == 8_500
    redeemed = await checkout.redeem(command)
    assert redeemed.quote == quoted
    assert (redeemed.state, redeemed.balances[0].available) == ("redeemed", 10_000 - 500 - 2_000)


async def test_a_redemption_sent_twice_is_done_once(checkout: Checkout) -> None:
    """The same id with the same body replays the answer; with another body it is refused."""
    command = redeem("r1", "anna", 8_000, rewards=("five-off",))
    first, second = await checkout.shop.send(command), await checkout.shop.send(command)
    assert (first.status, second.status, second.replayed) == (201, 200, True)
    assert first.body == second.body
    other = await checkout.shop.refuse(redeem("r1", "anna", 9_000, rewards=("five-off",)))
    assert (other.status, other.code) == (422, "id_conflict")
    assert await balance(checkout) == 9_500


async def test_the_id_of_what_was_refused_is_free(checkout: Checkout) -> None:
    """An id is taken by the redemption, not by the attempt; a neighbor in the batch is not held up."""
    unknown, good = redeem("r1", "anna", 8_000, rewards=("nothing",)), redeem("r2", "anna", 8_000)
    refused, done = await asyncio.gather(checkout.shop.send(unknown), checkout.shop.send(good))
    assert (refused.status // 100, done.status) == (4, 201)
    assert (await checkout.redeem(redeem("r1", "anna", 8_000))).state == "redeemed"


async def test_a_redemption_inserts_with_two_statements(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its id is claimed by the one that looks it up, and all else is written by another."""
    statements: list[str] = []
    transaction = checkout.shop.database.transaction

    @asynccontextmanager
    async def heard(workspace_id: int) -> AsyncIterator[Connection]:
        async with transaction(workspace_id) as conn:
            with conn.query_logger(lambda query: statements.append(query.query)):
                yield conn

    code = await checkout.claim("c1", "anna", "five-off")
    monkeypatch.setattr(checkout.shop.database, "transaction", heard)
    await checkout.redeem(redeem("r1", "anna", 8_000, codes=(code,)))
    monkeypatch.undo()
    claiming, writing = [each for each in statements if "insert into" in each]
    assert "insert into external_ids" in claiming
    assert all(f"insert into {table} " in writing for table in ("events", "redemptions"))


async def test_another_price_than_expected_is_refused(checkout: Checkout) -> None:
    """What is left to pay has to be what was quoted; both amounts are said, and nothing is used."""
    before = await checkout.books()
    problem = await checkout.shop.refuse(redeem("r1", "anna", 8_000, codes=("TEN",), expects=7_000))
    assert (problem.status, problem.code) == (409, "price_changed")
    assert problem.details == {"expected": 7_000, "to_pay": 7_200}
    assert await checkout.books() == before


async def test_a_hold_reserves_and_redeeming_it_takes(checkout: Checkout) -> None:
    """Held points can be spent by nobody else; redeemed, they are spent; twice is once."""
    held = await checkout.redeem(redeem("h1", "anna", 8_000, points=4_000, minutes=10))
    assert (held.state, held.balances[0].available, held.balances[0].held) == ("held", 6_000, 4_000)
    redeemed = await checkout.redeem_hold("h1", "anna", START + MINUTE)
    assert (redeemed.state, redeemed.held_until, redeemed.quote) == ("redeemed", None, held.quote)
    assert await checkout.redeem_hold("h1", "anna", START + MINUTE) == redeemed
    wallets = (await checkout.books())["wallets"]
    assert [(held, spent) for *_, held, spent in wallets] == [(0, 4_000)]


async def test_a_hold_that_is_over_gives_everything_back(checkout: Checkout) -> None:
    """At its end a hold releases points, limits and budgets to the byte, and cannot be redeemed."""
    before = await checkout.books()
    await checkout.redeem(
        redeem("h1", "anna", 8_000, codes=("FEW",), rewards=("five-off",), points=2_000, minutes=10)
    )
    assert await checkout.books() != before
    shop = checkout.shop
    await shop.advance(START + 9 * MINUTE)
    assert await checkout.books() != before
    await shop.advance(START + 10 * MINUTE)
    assert await checkout.books() == before
    refused = await shop.refuse(RedeemHold(id="h1", customer="anna", at=None))
    assert (refused.status, refused.code) == (409, "hold_over")


async def test_a_rollback_restores_everything_to_the_byte(checkout: Checkout) -> None:
    """Lots, limits, budgets and vouchers are as they were; a second rollback has nothing to do."""
    code = await checkout.claim("c1", "anna", "five-off")
    before = await checkout.books()
    await checkout.redeem(redeem("r1", "anna", 8_000, codes=(code, "FEW"), points=2_000))
    used = await checkout.books()
    assert used["vouchers"] != before["vouchers"]
    assert used["budgets"] != before["budgets"]
    back = await checkout.roll_back("b1", "r1", "anna")
    assert (back.state, back.points) == ("rolled_back", {"points/points": 2_000})
    assert await checkout.books() == before
    assert await checkout.roll_back("b1", "r1", "anna") == back
    again = await checkout.shop.send(PostRollback(id="b2", redemption="r1", customer="anna", at=START))
    assert again.status == 409


async def test_parts_that_come_back_sum_to_the_whole(checkout: Checkout) -> None:
    """Returned unit by unit, points come back in proportion to what was paid, and with the last all."""
    await checkout.redeem(redeem("r1", "anna", 5_000, 1_000, points=1_000))
    first = await checkout.roll_back("b1", "r1", "anna", l1=1)
    second = await checkout.roll_back("b2", "r1", "anna", l1=1)
    third = await checkout.roll_back("b3", "r1", "anna", l2=2)
    back = [part.points["points/points"] for part in (first, second, third)]
    assert (back, sum(back)) == ([416, 417, 167], 1_000)
    assert third.state == "rolled_back"


async def test_a_returned_order_gives_back_what_was_redeemed_on_it(checkout: Checkout) -> None:
    """A return by line gives back its share of the points that paid, and canceling the order the rest."""
    shop = checkout.shop
    await checkout.redeem(redeem("r1", "anna", 6_000, points=3_000, order_id="o1"))
    paid = msgspec.structs.replace(a_cart(6_000), status=OrderStatus.PAID)
    await shop.do(PutOrder(id="o1", customer="anna", at=START, order=paid))
    after = await balance(checkout)
    await shop.do(
        PostReturn(
            id="x1", order="o1", customer="anna", at=START, lines=(ReturnedLine(line="l1", quantity=1),)
        )
    )
    assert await balance(checkout) == after - 3_000 + 1_500
    await shop.give_back("x2", "o1", "anna")
    assert await balance(checkout) == 10_000


async def test_a_gift_card_pays_in_parts_and_never_more_than_it_holds(checkout: Checkout) -> None:
    """A card of 25.00 pays 20.00, then the 5.00 that are left; a rollback fills it again."""
    code = await checkout.claim("c1", "anna", "card")
    first = await checkout.redeem(redeem("r1", None, 2_000, codes=(code,)))
    assert (first.quote.to_pay, first.quote.cards[0].amount, first.quote.cards[0].left) == (0, 2_000, 500)
    second = await checkout.redeem(redeem("r2", None, 2_000, codes=(code.lower(),)))
    assert (second.quote.to_pay, second.quote.cards[0].amount) == (1_500, 500)
    back = await checkout.roll_back("b1", "r1", None)
    assert back.cards == 2_000
    assert (await checkout.quote(redeem("q", None, 9_000, codes=(code,)))).cards[0].amount == 2_000


async def test_a_voucher_is_used_once_however_many_try(checkout: Checkout) -> None:
    """Twenty parallel redemptions of one code: one applies, the others say that it was used."""
    code = await checkout.claim("c1", "anna", "five-off")
    answers = await asyncio.gather(
        *(checkout.redeem(redeem(f"r{number}", "anna", 8_000, codes=(code,))) for number in range(20))
    )
    reasons = [answer.quote.redeemables[0].reason for answer in answers]
    assert sorted(reasons, key=str) == [None] + ["used_up"] * 19


async def test_ten_holds_are_open_at_most_however_many_come_at_once(checkout: Checkout) -> None:
    """Those of one batch count as well, and what was redeemed or given back in it makes room."""
    shop = checkout.shop

    async def statuses(*commands: PostRedemption | RedeemHold | PostRollback) -> list[int]:
        return sorted(answer.status for answer in await asyncio.gather(*map(shop.send, commands)))

    many = [redeem(f"h{number}", "anna", 100, points=10, minutes=10) for number in range(15)]
    assert await statuses(*many) == [201] * 10 + [409] * 5
    redeemed = RedeemHold(id="h0", customer="anna", at=START)
    given_back = PostRollback(id="b1", redemption="h1", customer="anna", at=START)
    more = [redeem(f"m{number}", "anna", 100, points=10, minutes=10) for number in range(5)]
    assert await statuses(redeemed, given_back, *more) == [200, 201] + [201] * 2 + [409] * 3


async def test_no_code_is_kept_in_plain_text(checkout: Checkout) -> None:
    """What is stored of a redemption names a code by its hash and its last characters only."""
    code = await checkout.claim("c1", "anna", "card")
    await checkout.redeem(redeem("r1", "anna", 2_000, codes=(code,)))
    async with checkout.shop.database.transaction(checkout.shop.workspace_id) as conn:
        bodies = await conn.fetch("select body || decision || answer as said from events")
        answers = await conn.fetch("select answer || taken as said from redemptions")
    plain = code.replace("-", "").encode()
    for row in [*bodies, *answers]:
        assert code.encode() not in row["said"]
        assert plain not in row["said"]


async def test_the_books_are_sound_after_all_of_it(checkout: Checkout, database_url: str) -> None:
    """Holds, redemptions, cards and rollbacks leave an audit without a finding."""
    card = await checkout.claim("c1", "anna", "card")
    await checkout.redeem(redeem("h1", "anna", 8_000, codes=("TEN",), points=1_000, minutes=10))
    await checkout.redeem(redeem("h2", "anna", 8_000, rewards=("five-off",), minutes=10))
    await checkout.redeem(redeem("r1", "anna", 8_000, codes=(card,), points=500))
    await checkout.redeem_hold("h1", "anna")
    await checkout.roll_back("b1", "h1", "anna", l1=1)
    await checkout.shop.advance(START + HOUR)
    conn = await connect(database_url, role=WORKER_ROLE)
    try:
        report = await audit(conn, checkout.shop.workspace_id)
    finally:
        await conn.close()
    assert report.checks
    assert [f"{check.name}: {found.words}" for check in report.broken for found in check.findings] == []


FIRST_ONE = """
  - id: first
    name: For the first customer
    gives: [{type: amount_off, value: 100}]
    codes: {shared: FIRST}
    limits: [{customers: 1, per: total, every: month}]
"""


@pytest.mark.parametrize("order", [("r1", "r2"), ("r2", "r1")])
async def test_a_place_is_kept_until_the_last_use_comes_back(shop: Shop, order: tuple[str, str]) -> None:
    """Who took part twice stays among the first customers until both are rolled back, in any order."""
    await shop.publish(PROGRAM + FIRST_ONE)
    checkout = Checkout(shop)
    for customer in ("anna", "berta"):
        await shop.order(f"seed-{customer}", customer, 10_000)
    before = await checkout.books()

    async def status(customer: str) -> str:
        quoted = await checkout.quote(redeem("q", customer, 5_000, codes=("FIRST",)))
        return quoted.redeemables[0].status

    for name in ("r1", "r2"):
        await checkout.redeem(redeem(name, "anna", 5_000, codes=("FIRST",)))
    assert (await status("anna"), await status("berta")) == ("applicable", "inapplicable")
    await shop.advance(START + 40 * 24 * HOUR)  # another month: what was used is looked for in its own
    await checkout.roll_back("b1", order[0], "anna")
    left = {tuple(row[1:]) for row in (await checkout.books())["budgets"]}
    assert {used for _, used in left} == {1}
    await checkout.roll_back("b2", order[1], "anna")
    books = await checkout.books()
    assert (books["budgets"], books["limits"]) == (before["budgets"], before["limits"])


async def test_a_partial_return_frees_units_of_a_product(shop: Shop, owner: Connection) -> None:
    """Two cheaper units of a product are all there are; one that comes back is there for the next."""
    half = """
  - id: half
    name: Half
    gives: [{type: percent_off, percent: "50", target: units}]
    codes: {shared: HALF}
    limits:
      - {units: 2, per: total, by_product: true}
      - {units: 2, per: member, by_product: true}
"""
    await shop.publish(PROGRAM + half)
    checkout = Checkout(shop)
    first = await checkout.redeem(redeem("r1", "anna", 2_000, 400, codes=("HALF",)))
    assert first.quote.discount_total == 1_000 + 200
    await checkout.roll_back("b1", "r1", "anna", l1=1)
    assert (await checkout.quote(redeem("q1", "ben", 2_000, 400, codes=("HALF",)))).discount_total == 500
    assert (await checkout.quote(redeem("q2", "anna", 2_000, 400, codes=("HALF",)))).discount_total == 500
    await checkout.roll_back("b2", "r1", "anna", l1=1)
    assert (await checkout.quote(redeem("q3", "ben", 2_000, 400, codes=("HALF",)))).discount_total == 1_000
    await checkout.roll_back("b3", "r1", "anna")
    assert (await checkout.quote(redeem("q4", "ben", 2_000, 400, codes=("HALF",)))).discount_total == 1_200
    await is_sound(shop, owner)
