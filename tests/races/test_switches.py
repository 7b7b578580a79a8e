"""A switch that one worker is told is obeyed by all of them at once, under load too."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from tests.races.caller import Call, Caller, Reply, all_at_once, hang_up
from tests.races.shop import Shop, order, statuses

ORDERS = 200


def everything(*, off: bool) -> dict[str, Any]:
    """Return the body that switches everything."""
    return {"object": {"kind": "everything"}, "off": off, "reason": "fraud"}


def points_given(reply: Reply) -> int:
    """Return the points that an order was given, by its answer."""
    awards = [award for program in reply.json["programs"] for award in program.get("awards", ())]
    return sum(award["points"] for award in awards)


async def earned(caller: Caller, name: str) -> int:
    """Send an order of 1.00 as one worker sees it, and return the points that it was given."""
    reply = await caller.ask("PUT", f"/v1/orders/{name}", order("anna", 100))
    assert reply.status == 201, reply.body
    return points_given(reply)


async def test_the_other_worker_obeys_within_a_second(shop: Shop) -> None:
    """Off and on through one worker: the next order through the other one knows."""
    one, other = await shop.callers(2)
    assert (await one.ask("GET", "/health/live")).worker != (await other.ask("GET", "/health/live")).worker
    usual = await earned(other, "before")
    assert usual > 0
    for round_ in range(5):
        for off, points in ((True, 0), (False, usual)):
            assert (await one.ask("POST", "/v1/switches", everything(off=off))).status == 200
            switched = time.monotonic()
            assert await earned(other, f"{round_}-{off}") == points
            assert await earned(one, f"{round_}-{off}-again") == points
            assert time.monotonic() - switched < 1
    await hang_up([one, other])


async def test_no_order_that_was_sent_after_the_answer_earns(shop: Shop) -> None:
    """While 200 orders are in flight everything is switched off: those sent after the answer give nothing."""
    callers = await shop.callers(ORDERS)
    during = asyncio.create_task(
        all_at_once(
            callers,
            [Call("PUT", f"/v1/orders/during-{n}", order(f"c-{n}", 100)) for n in range(ORDERS)],
        )
    )
    await shop.do("POST", "/v1/switches", everything(off=True))
    await during
    replies = await all_at_once(
        callers, [Call("PUT", f"/v1/orders/after-{n}", order(f"d-{n}", 100)) for n in range(ORDERS)]
    )
    assert statuses(replies) == {(201, None): ORDERS}
    assert [points for reply in replies if (points := points_given(reply))] == []
    assert await shop.audit() == []
    await hang_up(callers)


async def test_many_hands_on_one_button(shop: Shop) -> None:
    """200 callers switch the same thing off and on at once: no error, and one row or none at the end."""
    callers = await shop.callers(ORDERS)
    replies = await all_at_once(
        callers, [Call("POST", "/v1/switches", everything(off=n % 2 == 0)) for n in range(ORDERS)]
    )
    assert statuses(replies) == {(200, None): ORDERS}
    rows = await shop.count("switches")
    off = await shop.count("audit_entries", "action = 'switch.turned_off'")
    on = await shop.count("audit_entries", "action = 'switch.turned_on'")
    assert off - on == rows in {0, 1}
    await hang_up(callers)
