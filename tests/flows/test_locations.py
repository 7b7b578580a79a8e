"""Locations are configuration: whoever is deciding goes on with them as they were."""

from __future__ import annotations

from perennial.core.version import Version
from perennial.flows.programs.life import Author
from perennial.flows.surroundings import write_location
from tests.flows.shop import START, Shop

PROGRAM = """\
program: points
name: Points
wallets: [{id: points, name: Points}]
earning_rules:
  - {id: near, type: fixed, points: 5, when: {fact: location.place, within: ["52.52,13.40", 5000]}}
"""


async def current(shop: Shop) -> Version:
    """Return the only version as a batch would have it now."""
    async with shop.database.transaction(shop.workspace_id) as conn:
        workspace = await shop.handler.configurations.current(conn, shop.workspace_id)
    return workspace.programs[0].latest


async def test_a_new_location_changes_no_version_that_is_in_use(shop: Shop) -> None:
    """The next batch has the location, in a copy that shares what was compiled; nothing new is another."""
    await shop.publish(PROGRAM)
    before = await current(shop)
    await write_location(
        shop.database,
        shop.handler.configurations,
        shop.workspace_id,
        "mitte",
        {"place": "52.53,13.41"},
        Author(actor="test", at=START),
    )
    after = await current(shop)
    assert (dict(before.locations), dict(after.locations)) == ({}, {"mitte": {"place": "52.53,13.41"}})
    assert after.triggers is before.triggers
    assert await current(shop) is after
