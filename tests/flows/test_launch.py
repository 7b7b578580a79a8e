"""How far a workspace is, whichever of its buckets the first member is in."""

from __future__ import annotations

import pytest

from perennial.flows.programs.launch import read_workspace_launch
from perennial.units import bucket_of
from tests.flows.pool import open_pool
from tests.flows.shop import Shop


@pytest.mark.parametrize("place", [0, 1, 2, 3])
async def test_the_first_member_is_found_in_every_bucket(wide_shop: Shop, place: int) -> None:
    """A member, an order and points are seen in the first bucket, in the last, and in between."""
    shop = wide_shop
    await open_pool(shop)
    before = await read_workspace_launch(shop.database, shop.workspace_id)
    assert (before.member, before.order, before.points) == (False, False, False)
    row = await shop.handler.read_workspace(shop.workspace_id)
    name = next(
        name
        for name in (f"c{number}" for number in range(100))
        if bucket_of(name, row.bucket_base, row.bucket_count) == row.bucket_base + place
    )
    await shop.order("o1", name, 100)
    after = await read_workspace_launch(shop.database, shop.workspace_id)
    assert (after.member, after.order, after.points) == (True, True, True)
