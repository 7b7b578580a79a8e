"""Gift cards and codes of pools that challenges gave: taken back with orders, unless they were used."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from asyncpg import Connection

from perennial.core.document.program import GIFT_CARDS
from perennial.flows.commands import Command
from perennial.flows.vouchers.card_money import TopUpCard, top_up_card
from perennial.flows.vouchers.vouchers import vouchers_of
from perennial.units import HOUR
from tests.flows.checkout import Checkout, redeem
from tests.flows.pool import made
from tests.flows.shop import START, Shop
from tests.flows.sound import is_sound
from tests.flows.test_won_vouchers import back, books, lattes

CARD = "{type: gift_card, value: 2500}"
CODE = "{type: coupon, pool: partner}"
PROGRAM = """
program: coffee
name: Coffee
currency: USD
time_zone: UTC
wallets: [{id: points, name: Points, refunds: unlimited}]
rewards:
  - {id: partner, name: Partner, codes: {pattern: "P-############"}, gives: [{type: amount_off, value: 100}]}
challenges:
  - id: card
    name: Five coffees
    goals: [{measure: lines.quantity, target: 5}]
    repeat: {}
    returns: take_back
    gives: [GIVEN, {type: points, points: 50}]
  - id: second
    name: Seven coffees
    goals: [{measure: lines.quantity, target: 7}]
    returns: keep
    gives: [{type: coupon, pool: partner}]
"""


async def publish(shop: Shop, given: str) -> Checkout:
    """Publish the program whose challenge gives this, long ago, and put codes into the pool."""
    await shop.publish(PROGRAM.replace("GIVEN", given), START - 2_000 * HOUR)
    await made(shop, "b1", reward="partner", count=60)
    return Checkout(shop)


async def codes(shop: Shop, customer: str = "anna") -> dict[str, str]:
    """The codes of a customer and what became of them, the latest first."""
    page = await vouchers_of(shop.handler, shop.workspace_id, customer, cursor=None, limit=50)
    return {each.code or "": each.state for each in page.data}


async def states(shop: Shop, customer: str = "anna") -> Counter[str]:
    """How many codes a customer has in each state."""
    return Counter((await codes(shop, customer)).values())


async def on_cards(shop: Shop, owner: Connection) -> int:
    """What all gift cards of the shop hold."""
    total: int | None = await owner.fetchval(
        """
        select sum(balance)::bigint from wallets join units using (workspace_id, unit_id)
        where workspace_id = $1 and units.code = $2
        """,
        shop.workspace_id,
        GIFT_CARDS,
    )
    return total or 0


@pytest.mark.parametrize("given", [CARD, CODE])
async def test_they_go_with_what_they_were_given_for(shop: Shop, owner: Connection, given: str) -> None:
    """As many go as the card is less full, the money on them as well; what other deeds gave stays."""
    await publish(shop, given)
    await shop.do(lattes("o1", 4))
    before = await books(owner, shop, "anna")
    await shop.do(lattes("o2", 6))
    assert await states(shop) == {"issued": 3}
    await shop.do(back("r1", "o2", 3))
    assert await states(shop) == {"issued": 2, "voided": 1}
    assert await on_cards(shop, owner) == (2500 if given is CARD else 0)
    await shop.do(back("r2", "o2", 0))
    assert await states(shop) == {"issued": 1, "voided": 2}
    after = await books(owner, shop, "anna")
    assert (after["lots"], after["counters"]) == (before["lots"], before["counters"])
    assert await on_cards(shop, owner) == 0
    await shop.do(lattes("o3", 1))
    assert await states(shop) == {"issued": 2, "voided": 2}
    await is_sound(shop, owner)


@pytest.mark.parametrize(("given", "how"), [(CARD, "used"), (CARD, "held"), (CARD, "more"), (CODE, "used")])
async def test_what_was_used_stays(shop: Shop, owner: Connection, given: str, how: str) -> None:
    """One that paid, is held or has more on it by now stays, and is not given again for the same count."""
    checkout = await publish(shop, given)
    await shop.do(lattes("o1", 5))
    [code] = await codes(shop)
    if how == "more":
        more = TopUpCard(id="t1", code=code, amount=100, reason="gift", actor="eve")
        assert (await top_up_card(shop.handler, shop.workspace_id, more)).status == 201
    else:
        minutes = 30 if how == "held" else None
        await checkout.redeem(redeem("u1", "anna", 1_000, codes=(code,), minutes=minutes))
    await shop.do(lattes("o1", 5, status="canceled"))
    assert "voided" not in await states(shop)
    if how == "more":
        assert await on_cards(shop, owner) == 2600
    await shop.do(lattes("o2", 4))
    await shop.do(lattes("o3", 1))
    assert len(await codes(shop)) == 1
    await shop.do(lattes("o4", 5))
    assert len(await codes(shop)) == 3
    await is_sound(shop, owner)


@pytest.mark.parametrize("given", [CARD, CODE])
async def test_none_is_both_used_and_taken_back(shop: Shop, owner: Connection, given: str) -> None:
    """The order comes back while its code is used: one of both happens, and the books are right."""
    await publish(shop, given)
    for number in range(3):
        name = f"c{number}"
        await shop.do(lattes(f"o{name}", 5, name))
        [code] = await codes(shop, name)
        answers = await asyncio.gather(
            shop.send(back(f"r{name}", f"o{name}", 0, name)),
            shop.send(redeem(f"u{name}", None, 5_000, codes=(code,))),
        )
        assert answers[0].status == 201, answers[0].body
        assert len(await codes(shop, name)) == 1
    await is_sound(shop, owner)


@pytest.mark.parametrize("given", [CARD, CODE])
async def test_a_life_is_the_same_however_it_is_cut_into_batches(
    shop: Shop, owner: Connection, given: str
) -> None:
    """One by one and all at once: codes that are given and taken back in one batch leave the same books."""
    await publish(shop, given)
    lives: dict[str, list[Command]] = {"single": [], "whole": []}
    for number, (count, gone) in enumerate(
        [(4, False), (6, True), (3, False), (5, True), (7, True), (2, False)]
    ):
        for name, commands in lives.items():
            commands.append(lattes(f"{name}-{number}", count, name, number * 100 - 1_200))
            if gone:
                commands.append(back(f"{name}-{number}", f"{name}-{number}", 0, name))
    bucket = (await shop.handler.read_workspace(shop.workspace_id)).bucket_base
    for name, size in {"single": 1, "whole": 99}.items():
        for done in range(0, len(lives[name]), size):
            part = lives[name][done : done + size]
            answers = await shop.handler.handle_batch(shop.workspace_id, bucket, part)
            assert {answer.status for answer in answers} == {201}
    single, whole = await books(owner, shop, "single"), await books(owner, shop, "whole")
    assert whole == single
    assert await states(shop, "whole") == await states(shop, "single")
    assert (await states(shop, "single"))["voided"] > 1
    await is_sound(shop, owner)
