"""A counter that was read and has no row is inserted; any other is looked for and added to."""

from __future__ import annotations

from uuid import UUID

import pytest
from asyncpg import Connection

from perennial.core.segments.segment import Segment
from perennial.flows.batch import Batch
from perennial.flows.commands import PostReturn
from perennial.flows.segments.segments import put
from perennial.units import DAY, named_id
from tests.flows.shop import START, Shop, put_order
from tests.flows.sound import is_sound
from tests.flows.test_segments import AUTHOR, segment

PROGRAM = """\
program: points
name: Points
currency: USD
wallets: [{id: points, name: Points}]
earning_rules:
  - {id: base, type: per_amount, points: 1, per: 100}
"""


def by_day(days: int) -> Segment:
    """Return a segment that makes orders be counted by day, and be read so many days back."""
    return segment("lately", {"fact": f"member.spent_{days}_days", "at_least": 50_000})


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Return a list that receives, for every counter that is written, whether it began."""
    found: list[bool] = []
    begins = Batch.begins

    def noted(batch: Batch, customer_id: UUID, metric: int, period: int, amount: int) -> bool:
        found.append(begins(batch, customer_id, metric, period, amount))
        return found[-1]

    monkeypatch.setattr(Batch, "begins", noted)
    return found


async def counted(shop: Shop, owner: Connection, name: str) -> list[int]:
    """Return what is counted of a customer, by day."""
    customer_id = named_id(shop.workspace_id, "customer", name)
    rows = await owner.fetch(
        "select value from counters where workspace_id = $1 and customer_id = $2 order by period",
        shop.workspace_id,
        customer_id,
    )
    return [value for (value,) in rows]


async def test_a_counter_begins_once(shop: Shop, owner: Connection, begun: list[bool]) -> None:
    """With the first order of a day; with those that follow it is added to, in its batch and behind it."""
    await shop.publish(PROGRAM)
    await put(shop.handler, shop.workspace_id, by_day(30), AUTHOR)
    await shop.order("o1", "anna", 1_000)
    assert begun == [True]
    await shop.order("o2", "anna", 200)
    assert begun == [True, False]
    row = await shop.handler.read_workspace(shop.workspace_id)
    two = [put_order("o3", "bert", 10), put_order("o4", "bert", 20), put_order("o5", "anna", 30)]
    await shop.handler.handle_batch(shop.workspace_id, row.bucket_base, two)
    assert begun[2:] == [True, False]
    assert await counted(shop, owner, "anna") == [1_230]
    assert await counted(shop, owner, "bert") == [30]
    await is_sound(shop, owner)


async def test_what_was_taken_away_again_is_still_there(
    shop: Shop, owner: Connection, begun: list[bool]
) -> None:
    """A counter that stands at nothing has a row, which the next order of the day adds to."""
    await shop.publish(PROGRAM)
    await put(shop.handler, shop.workspace_id, by_day(30), AUTHOR)
    await shop.order("o1", "anna", 1_000)
    await shop.do(PostReturn(id="r1", order="o1", customer="anna", at=START, lines=()))
    assert await counted(shop, owner, "anna") == [0]
    await shop.order("o2", "anna", 200)
    assert begun == [True, False, False]
    assert await counted(shop, owner, "anna") == [200]
    await is_sound(shop, owner)


async def test_what_lies_before_all_that_is_read_is_looked_for(
    shop: Shop, owner: Connection, begun: list[bool]
) -> None:
    """Late orders of a day that no window reaches: whether they are read or not, both are counted."""
    await shop.publish(PROGRAM)
    await put(shop.handler, shop.workspace_id, by_day(30), AUTHOR)
    long_ago = START - 200 * DAY
    await shop.order("o1", "anna", 1_000, at=long_ago)
    await shop.order("o2", "anna", 200, at=long_ago)
    await shop.do(PostReturn(id="r1", order="o1", customer="anna", at=START, lines=()))
    assert await counted(shop, owner, "anna") == [200]
    assert begun[-1] is False, "a return now reads thirty days back"
    await shop.order("o3", "anna", 30)
    assert await counted(shop, owner, "anna") == [200, 30]
    await is_sound(shop, owner)


async def test_who_relies_on_it_in_vain_looks_for_it(
    shop: Shop, owner: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a counter is there although it should not be, the batch is tried again and adds to it."""
    await shop.publish(PROGRAM)
    await put(shop.handler, shop.workspace_id, by_day(30), AUTHOR)
    tries: list[bool] = []

    def mistaken(batch: Batch, *_counter: object) -> bool:
        tries.append(batch.again)
        return not batch.again

    monkeypatch.setattr(Batch, "begins", mistaken)
    await shop.order("o1", "anna", 1_000)
    await shop.order("o2", "anna", 200)
    assert tries == [False, False, True]
    assert await counted(shop, owner, "anna") == [1_200]
    await is_sound(shop, owner)
