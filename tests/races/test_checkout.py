"""One code, one gift card, one budget at 200 checkouts at once: it is used as often as it may be."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from tests.races.caller import Call, Caller, all_at_once, hang_up
from tests.races.served import Served
from tests.races.shop import CLIENTS, Shop, open_shop, statuses

pytestmark = pytest.mark.torture

CODE_USES, CARD, PAYS, BUDGET, DISCOUNT = 50, 1_000, 30, 777, 20
PROGRAM = f"""\
program: points
name: Points
currency: USD
wallets:
  - {{id: points, name: Points}}
rewards:
  - id: coupon
    name: One off
    codes: {{pattern: "C-############", uses: {CODE_USES}}}
    gives: [{{type: amount_off, value: {DISCOUNT}}}]
  - {{id: card, name: A gift card, price: 1, gives: [{{type: gift_card, value: {CARD}}}]}}
  - id: spring
    name: Spring
    codes: {{shared: SPRING}}
    gives: [{{type: amount_off, value: {DISCOUNT}}}]
    limits: [{{discount: {BUDGET}, per: total, every: year}}]
"""

_numbers = itertools.count(1)


def who(number: int) -> dict[str, str]:
    """Return whose the cart is: a member's, or with an even number a guest's."""
    return {"customer": f"c{number}"} if number % 2 else {}


async def redeem_at_once(
    callers: list[Caller], name: str, code: str, amount: int, expects: int
) -> dict[tuple[int, str | None], int]:
    """Let every client use a code on a cart of its own, and return the answers."""

    def body(number: int) -> dict[str, Any]:
        cart = {"lines": [{"id": "1", "sku": "tea", "amount": amount}]}
        return who(number) | {
            "id": f"{name}-{number}",
            "cart": cart,
            "redeem": [{"code": code}],
            "expects": expects,
        }

    calls = [Call("POST", "/v1/redemptions", body(number)) for number in range(CLIENTS)]
    replies = await all_at_once(callers, calls)
    assert len({reply.worker for reply in replies}) == 2
    return statuses(replies)


def so_many(granted: int) -> dict[tuple[int, str | None], int]:
    """Return the answers when so many are granted and the others hear that it costs more now."""
    return {(201, None): granted, (409, "price_changed"): CLIENTS - granted}


@pytest.fixture(params=[1, 4], ids=["one bucket", "four buckets"])
async def shop(request: pytest.FixtureRequest, two_workers: Served) -> Shop:
    """A shop with a coupon, gift cards, and a budget for discounts."""
    return await open_shop(two_workers, f"checkout-{next(_numbers)}", PROGRAM, buckets=request.param)


async def test_two_hundred_use_one_code(shop: Shop, rounds: int) -> None:
    """A code with 50 uses takes something off 50 carts, in every round."""
    callers = await shop.callers()
    for round_ in range(rounds):
        code = f"round-{round_}"
        batch = {"id": f"b{round_}", "reward": "coupon", "codes": [code], "allow_weak": True}
        await shop.do("POST", "/v1/vouchers/batches", batch)
        answers = await redeem_at_once(callers, f"r{round_}", code, 100, 100 - DISCOUNT)
        assert answers == so_many(CODE_USES)
    await hang_up(callers)
    assert await shop.count("vouchers", "used = uses") == rounds == await shop.count("vouchers")
    assert await shop.audit() == []


async def test_two_hundred_pay_with_one_card(shop: Shop, rounds: int) -> None:
    """A card of 10.00 pays 33 carts of 0.30 whole; what is left of it pays for none of them."""
    callers = await shop.callers()
    await shop.give("anna", rounds)
    for round_ in range(rounds):
        claim = {"id": f"card-{round_}", "reward": "card"}
        code = (await shop.do("POST", "/v1/customers/anna/claims", claim))["voucher"]["code"]
        answers = await redeem_at_once(callers, f"r{round_}", code, PAYS, 0)
        assert answers == so_many(CARD // PAYS)
    await hang_up(callers)
    of_cards = "balance = $1 and customer_id in (select voucher_id from vouchers)"
    assert await shop.count("wallets", of_cards, CARD % PAYS) == rounds
    assert await shop.audit() == []


async def test_two_hundred_share_one_budget(shop: Shop, rounds: int) -> None:
    """Of 7.77 for discounts 38 times 0.20 are given, and come back when they are rolled back."""
    given = BUDGET // DISCOUNT
    callers = await shop.callers()
    for round_ in range(rounds):
        answers = await redeem_at_once(callers, f"r{round_}", "SPRING", 100, 100 - DISCOUNT)
        assert answers == so_many(given)
        assert await shop.ask("select used from budgets") == given * DISCOUNT
        undone = [
            Call(
                "POST",
                f"/v1/redemptions/r{round_}-{number}/rollback",
                who(number) | {"id": f"u{round_}-{number}"},
            )
            for number in range(CLIENTS)
        ]
        done = statuses(await all_at_once(callers, undone))
        assert done == {
            (201, None): BUDGET // DISCOUNT,
            (404, "redemption_unknown"): CLIENTS - BUDGET // DISCOUNT,
        }
        assert await shop.ask("select used from budgets") == 0
    await hang_up(callers)
    assert await shop.audit() == []
