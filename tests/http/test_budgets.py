"""``GET /v1/budgets``: one list of all limits, for whoever may read."""

from __future__ import annotations

import time

from perennial.flows.programs.life import Author, apply_document
from tests.http.site import PROGRAM, Site, order

LIMITED = PROGRAM.replace(
    "  - {id: base, type: per_amount, points: 1, per: 100}\n",
    """\
  - id: base
    type: per_amount
    points: 1
    per: 100
    limits:
      - {points: 1000, per: total}
      - {order_value: 50000, per: location, every: day}
""",
)


async def test_budgets_are_read_as_they_are_used(site: Site) -> None:
    """What an order used is shown at once, with the currency, the location and a forecast."""
    author = Author(actor="test", at=time.time_ns() // 1_000)
    assert LIMITED != PROGRAM
    await apply_document(site.database, site.row.workspace_id, LIMITED, author)
    await site.done("PUT", "/v1/orders/o1", order(10_000, location="berlin"))
    secret = await site.key("read")
    total, part = (await site.done("GET", "/v1/budgets", secret=secret))["data"]
    [day] = total.pop("days")
    assert (total["used"], total["left"], day["used"], total["forecast"]["per_day"]) == (100, 900, 100, 100)
    assert (total["part"], total["id"], total["programs"]) == ("rule", "base", ["points"])
    assert total["words"] == "rule base: 1000 points in all, all members together"
    assert (total["starts_at"], total["ends_at"], total["currency"], total["holders"]) == (None,) * 4
    assert (part["counts"], part["cap"], part["currency"], part["used"]) == (
        "order_value",
        50_000,
        "USD",
        None,
    )
    assert part["holders"] == {
        "count": 1,
        "full": 0,
        "most_used": [{"holder": "berlin", "used": 10_000, "left": 40_000}],
    }


async def test_budgets_need_a_key_that_may_read(site: Site) -> None:
    """A key without the scope is refused; a workspace without limits has an empty list."""
    await site.refused(403, "scope_missing", "GET", "/v1/budgets", secret=await site.key("write"))
    assert await site.done("GET", "/v1/budgets") == {"data": []}
