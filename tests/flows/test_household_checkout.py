"""What was redeemed before a member entered a household, or while in it, and comes back after that changed."""

from __future__ import annotations

import pytest
from asyncpg import Connection

from perennial.flows.answers import Answer
from perennial.flows.commands import PutHousehold
from perennial.flows.household import put_household
from tests.flows.checkout import PROGRAM, keep, redeem, redeemed, rollback, rolled_back
from tests.flows.shop import START, Shop
from tests.flows.sound import is_sound


async def _home(shop: Shop, customer: str, household: str | None = "home") -> Answer:
    command = PutHousehold(customer=customer, household=household)
    answer = await put_household(shop.handler, shop.workspace_id, command)
    assert answer.status == 200, answer.body
    return answer
