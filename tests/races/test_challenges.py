"""A punch card is filled by many tills at the same moment: every punch counts, and each card is full once."""

from __future__ import annotations

import pytest

from tests.races.caller import Call, all_at_once, hang_up
from tests.races.served import Served
from tests.races.shop import CLIENTS, PROGRAM, Shop, open_shop, order

CARD = f"""\
{PROGRAM}\
challenges:
  - id: card
    name: Every seventh order
    goals: [{{measure: orders.count, target: 7}}]
    repeat: {{}}
    gives: [{{type: amount_off, value: 500}}, {{type: badge, name: regular}}]
"""


@pytest.fixture
async def cards(two_workers: Served) -> Shop:
    """A shop with a punch card."""
    return await open_shop(two_workers, "cards", CARD)


async def test_orders_fill_a_card_exactly(cards: Shop) -> None:
    """200 orders of one member at once: 28 cards are full, each gives one code, four punches remain."""
    callers = await cards.callers()
    calls = [Call("PUT", f"/v1/orders/o{number}", order("anna", 100)) for number in range(CLIENTS)]
    replies = await all_at_once(callers, calls)
    assert {reply.status for reply in replies} == {201}
    told = [reply.json["programs"][0]["challenges"][0] for reply in replies]
    assert sum(each.get("completed", 0) for each in told) == 28
    assert max(each["completed_count"] for each in told) == 28
    assert await cards.count("vouchers") == 28
    assert await cards.count("voucher_codes") == 28
    assert await cards.count("entitlements") == 28
    (shown,) = (await cards.do("GET", "/v1/customers/anna/challenges"))["data"]
    assert (shown["progress"], shown["missing"], shown["completed_count"]) == (4, 3, 28)
    again = await all_at_once(callers, calls)
    await hang_up(callers)
    assert [reply.body for reply in again] == [reply.body for reply in replies]
    assert await cards.ask("select given from challenge_rounds") == 28
    assert await cards.audit() == []
