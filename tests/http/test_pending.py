"""Points that wait, and what staff may do to them."""

from __future__ import annotations

import time
from typing import Any

import pytest

from perennial.flows.programs.life import Author, apply_document
from tests.http.site import PROGRAM, Site, order

WAITING = PROGRAM.replace("name: Points}", "name: Points, pending: {type: period, after: {days: 14}}}")


@pytest.fixture
async def shop(site: Site) -> Site:
    """A site where anna has 20 points that wait for two weeks."""
    author = Author(actor="test", at=time.time_ns() // 1_000)
    await apply_document(site.database, site.row.workspace_id, WAITING, author)
    await site.done("PUT", "/v1/orders/o1", order(2_000))
    return site


def less(points: int, name: str, **more: Any) -> dict[str, Any]:
    """Return the body of a correction."""
    return {"id": name, "customer": "anna", "wallet": "points", "points": points, "reason": "r", **more}


async def test_a_correction_of_what_waits(shop: Site) -> None:
    """It takes pending points alone, never more than wait, and is another request than one of the others."""
    await shop.refused(409, "insufficient_points", "POST", "/v1/adjustments", less(-5, "a"))
    done = await shop.done("POST", "/v1/adjustments", less(-5, "b", pending=True))
    assert done["balances"] == [{"program": "points", "wallet": "points", "available": 0, "pending": 15}]
    found = await shop.refused(
        409, "insufficient_points", "POST", "/v1/adjustments", less(-16, "c", pending=True)
    )
    assert found["details"] == {"required": 16, "available": 15, "missing": 1}
    found = await shop.refused(422, "id_conflict", "POST", "/v1/adjustments", less(-5, "b"))
    assert [each["path"] for each in found["errors"]] == ["$.pending"]


async def test_pending_points_are_not_given_by_it(shop: Site) -> None:
    """Points that shall wait bring the instant from which they can be spent."""
    found = await shop.refused(422, "not_allowed", "POST", "/v1/adjustments", less(5, "d", pending=True))
    assert [(each["path"], each["code"]) for each in found["errors"]] == [("$.pending", "not_allowed")]
    later = less(5, "e", available_at="2199-01-01T00:00:00Z")
    done = await shop.done("POST", "/v1/adjustments", later)
    assert done["balances"] == [{"program": "points", "wallet": "points", "available": 0, "pending": 25}]
