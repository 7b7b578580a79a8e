"""Who brings a cart or an order: what only some keys, people and tills may use, and what is kept of it."""

from __future__ import annotations

import msgspec
import pytest

from perennial.core.orders.order import Redeemer
from perennial.flows.commands import PostRedemption, PutOrder
from perennial.flows.explaining import explain_order
from perennial.flows.handling.quote_answers import QuoteAnswer
from perennial.flows.order_views import read_order
from tests.flows.checkout import PROGRAM, Checkout, change, redeem
from tests.flows.shop import Shop, put_order

TILL, WEB = Redeemer(key="till", device="till-7"), Redeemer(key="web")
MORE = """
  - id: at-the-till
    name: 3.00 off at a till
    gives: [{type: amount_off, value: 300}]
    codes: {shared: HERE}
    usable_when: {fact: redeemer.key, is: till}
"""
RULE = """
  - {id: welcome, type: fixed, points: 50, when: {fact: redeemer.device, exists: true}}
"""


@pytest.fixture
async def checkout(shop: Shop) -> Checkout:
    """A shop whose code HERE is good at a till alone, where every order also gives 50 points."""
    await shop.publish(PROGRAM.replace("rewards:", RULE.strip("\n") + "\nrewards:") + MORE)
    return Checkout(shop)


def by(redeemer: Redeemer | None, command: PostRedemption) -> PostRedemption:
    """Return the command as ``redeemer`` sends it."""
    return msgspec.structs.replace(command, order=msgspec.structs.replace(command.order, redeemer=redeemer))


def here(name: str, redeemer: Redeemer | None, minutes: int | None = None) -> PostRedemption:
    """Use HERE on a cart of 20.00."""
    return by(redeemer, redeem(name, "anna", 2_000, codes=("HERE",), minutes=minutes))


def order_by(redeemer: Redeemer | None, *amounts: int, status: str = "paid") -> PutOrder:
    """Put the order o1 of anna."""
    put = put_order("o1", "anna", *amounts, status=status)
    return msgspec.structs.replace(put, order=msgspec.structs.replace(put.order, redeemer=redeemer))


def taken(quote: QuoteAnswer) -> tuple[int, str | None]:
    """Return what was taken off, and why the code was not good."""
    return quote.discount_total, quote.redeemables[0].reason


@pytest.mark.parametrize(
    ("redeemer", "told"),
    [
        (TILL, (300, None)),
        (WEB, (0, "conditions_not_met")),
        (Redeemer(staff="anna@example.com", role="cashier", device="till-7"), (0, "conditions_not_met")),
        (None, (0, "conditions_not_met")),
    ],
)
async def test_a_code_for_one_key(
    checkout: Checkout, redeemer: Redeemer | None, told: tuple[int, str | None]
) -> None:
    """A quote, a hold and a redemption of the same caller say the same."""
    assert taken(await checkout.quote(here("q1", redeemer))) == told
    assert taken((await checkout.redeem(here("h1", redeemer, minutes=5))).quote) == told
    assert taken((await checkout.redeem(here("r1", redeemer))).quote) == told


async def test_a_hold_is_redeemed_as_it_was_priced(checkout: Checkout) -> None:
    """Whoever redeems it, it is what the one who held it could use; who changes it is judged anew."""
    await checkout.redeem(here("h1", TILL, minutes=5))
    redeemed = await checkout.redeem_hold("h1", "anna")
    assert taken(redeemed.quote) == (300, None)
    await checkout.redeem(here("h2", TILL, minutes=5))
    changed = await checkout.change_hold(change("h2", "anna", 2_000, codes=("HERE",)))
    assert taken(changed.quote) == (0, "conditions_not_met")


async def test_sent_again_by_another_it_is_the_same(checkout: Checkout) -> None:
    """An id that was used once replays its answer, whoever asks."""
    first = await checkout.shop.send(here("r1", TILL))
    again = await checkout.shop.send(here("r1", WEB))
    assert (again.status, again.replayed, again.body) == (200, True, first.body)


async def test_an_order_keeps_who_sent_it_first(checkout: Checkout) -> None:
    """Sent again by another it is the same order; what another changes is judged as of the first."""
    shop = checkout.shop
    first = await shop.do(order_by(TILL, 1_000))
    assert [award.points for award in first.programs[0].awards] == [1_000, 50]
    assert (await shop.send(order_by(WEB, 1_000))).replayed
    await shop.do(order_by(WEB, 2_000))
    stored = (await read_order(shop.handler, shop.workspace_id, "o1")).order
    assert stored.redeemer == TILL
    explained = await explain_order(shop.handler, shop.workspace_id, "o1")
    assert "welcome" in explained.words or explained.decisions


async def test_an_order_of_nobody_known(checkout: Checkout) -> None:
    """What came before callers were kept, or in a replay, meets no condition on them."""
    decided = await checkout.shop.do(order_by(None, 1_000))
    assert [award.points for award in decided.programs[0].awards] == [1_000]


async def test_a_guests_order_keeps_it_too(checkout: Checkout) -> None:
    """Who brought it as a guest's is who brought it when a customer is attached."""
    shop = checkout.shop
    await shop.do(msgspec.structs.replace(order_by(TILL, 1_000), customer=None))
    assert [award.points for award in (await shop.do(order_by(WEB, 1_000))).programs[0].awards] == [1_000, 50]
