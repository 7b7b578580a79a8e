"""Referrals between people who live together: before it is told, and by the time that something is given."""

from __future__ import annotations

import pytest
from asyncpg import Connection

from perennial.flows.commands import JoinProgram, PutCustomer, PutHousehold
from perennial.flows.customers.household import put_household
from perennial.flows.referring.refer import Refer, refer
from tests.flows.shop import Shop
from tests.flows.sound import is_sound
from tests.flows.test_referrals import PROGRAM, balance, order, referral, settle


async def at_home(shop: Shop, customer: str) -> None:
    """Let a customer pool the wallets with those at home."""
    command = PutHousehold(customer=customer, household="home")
    assert (await put_household(shop.handler, shop.workspace_id, command)).status == 200


async def test_a_household_and_a_chain(shop: Shop) -> None:
    """Who pools the wallets refers each other only where the offer says so; nor does who was referred."""
    offers = {"plain": "chain: false", "open": "same_household: true"}
    await shop.publish(PROGRAM.replace("name: Friends", f"name: Friends\n      {offers['plain']}"))
    for name in ("anna", "ben", "cora"):
        await shop.do(JoinProgram(customer=name, program="shop", at=None, source="test"))
        if name != "cora":
            await at_home(shop, name)
    home = await refer(shop.handler, shop.workspace_id, Refer(friend="ben", advocate="anna"))
    assert (home.view.state, home.view.reason) == ("rejected", "same_household")
    first = await refer(shop.handler, shop.workspace_id, Refer(friend="cora", advocate="anna"))
    assert first.view.state == "pending"
    chained = await refer(shop.handler, shop.workspace_id, Refer(friend="dan", advocate="cora"))
    assert (chained.view.state, chained.view.reason) == ("rejected", "chain")
    await shop.publish(PROGRAM.replace("name: Friends", f"name: Friends\n      {offers['open']}"))
    await shop.do(PutCustomer(customer="eve"))
    await at_home(shop, "eve")
    allowed = await refer(shop.handler, shop.workspace_id, Refer(friend="eve", advocate="anna"))
    assert allowed.view.state == "pending"
    linked = await refer(shop.handler, shop.workspace_id, Refer(friend="fay", advocate="cora"))
    assert linked.view.state == "pending"


@pytest.mark.parametrize("allowed", [False, True])
async def test_who_moves_together_meanwhile(shop: Shop, owner: Connection, allowed: bool) -> None:
    """A friend who lives with the advocate when it is due is as one who did when referred."""
    offer = f"name: Friends\n      same_household: {str(allowed).lower()}"
    await shop.publish(PROGRAM.replace("name: Friends", offer))
    await shop.do(JoinProgram(customer="anna", program="shop", at=None, source="test"))
    for friend in ("ben", "cora"):
        await refer(shop.handler, shop.workspace_id, Refer(friend=friend, advocate="anna"))
        await shop.do(order(f"o-{friend}", friend, 5000))
        if friend == "ben":
            await at_home(shop, "anna")
            await at_home(shop, "ben")
        assert await settle(shop) == 1
    ended = await referral(shop, "ben")
    expected = ("converted", None) if allowed else ("rejected", "same_household")
    assert (ended.state, ended.reason) == expected
    assert (await referral(shop, "cora")).state == "converted"
    assert await balance(shop, "anna") == 507 * (1 + allowed)
    await is_sound(shop, owner)
