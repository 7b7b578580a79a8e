"""Timers that are due are run; one that fails keeps nobody waiting."""

from __future__ import annotations

import asyncio

import pytest

from perennial.core.member import Member
from perennial.flows.batch import Batch
from perennial.flows.handling import handle_customer
from perennial.flows.handling.timers_due import run_timers_due
from perennial.flows.run_timers import run_due_timers
from perennial.units import DAY, Instant, named_id
from tests.flows.shop import START, Shop, available

PENDING = """\
program: points
name: Points
currency: USD
wallets:
  - {id: points, name: Points, pending: {type: period, after: {days: 2}}}
earning_rules:
  - {id: base, type: per_amount, points: 1, per: 100}
"""


async def test_a_timer_that_fails_stays_due(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The timers of all others run, the round ends, and the failed one runs in a later round."""
    await shop.publish(PENDING)
    for name in ("anna", "ben", "cleo"):
        await shop.order(f"o-{name}", name, 1_000)
    failing = named_id(shop.workspace_id, "customer", "anna")

    def fail_for_one(batch: Batch, member: Member, at: Instant) -> None:
        if member.customer_id == failing:
            raise RuntimeError("this timer fails")
        run_timers_due(batch, member, at)

    until = START + 5 * DAY
    async with shop.database.transaction(shop.workspace_id) as conn:
        await conn.execute("update workspaces set clock_at = $1", until)
    with monkeypatch.context() as patch:
        patch.setattr(handle_customer, "run_timers_due", fail_for_one)
        async with asyncio.timeout(20):
            assert await run_due_timers(shop.handler, shop.workspace_id, shop.workspace_id, until) == 2
    assert await run_due_timers(shop.handler, shop.workspace_id, shop.workspace_id, until) == 1
    for name in ("anna", "ben", "cleo"):
        assert available(await shop.order(f"late-{name}", name, 1, at=until)) == 10
