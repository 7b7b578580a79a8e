"""The statement and the timeline of a customer, page by page."""

from __future__ import annotations

import pytest

from perennial.flows.commands import PostClaim
from perennial.flows.customers.statements import StatementEntry, statement_of, timeline_of
from perennial.flows.problems import ProblemError
from tests.flows.shop import START, Shop

PROGRAM = """
program: points
name: Points
time_zone: UTC
wallets:
  - {id: points, name: Points, expiry: {type: rolling, after: {days: 30}}}
earning_rules:
  - {id: base, type: per_amount, points: 1, per: 100}
rewards:
  - {id: five-off, name: 5.00 off, price: 100, gives: [{type: amount_off, value: 500}]}
"""


async def test_the_statement_runs_backward_page_by_page(shop: Shop) -> None:
    """Every line shows the balance right after it; the pages join without a gap."""
    await shop.publish(PROGRAM)
    await shop.order("o1", "c1", 20_000)
    await shop.do(PostClaim(id="k1", customer="c1", at=START, reward="five-off"))
    await shop.give_back("r1", "o1", "c1")
    lines: list[StatementEntry] = []
    cursor = None
    while True:
        page = await statement_of(shop.handler, shop.workspace_id, "c1", cursor=cursor, limit=2)
        lines += page.data
        cursor = page.next_cursor
        if cursor is None:
            break
    lines.reverse()
    assert [line.because for line in lines[:2]] == ["issued", "redeemed"]
    running = 0
    for line in lines:
        running += line.points
        assert line.balance == running
    assert (lines[0].source_type, lines[0].source, running) == ("order", "o1", 0)


async def test_a_foreign_cursor_is_refused(shop: Shop) -> None:
    """A cursor that we did not write is a problem of its field."""
    await shop.publish(PROGRAM)
    await shop.order("o1", "c1", 100)
    with pytest.raises(ProblemError) as refused:
        await statement_of(shop.handler, shop.workspace_id, "c1", cursor="abc")
    assert refused.value.problem.errors[0].path == "$.cursor"


async def test_the_timeline_has_everything_newest_first(shop: Shop) -> None:
    """An order, a claim, a return; each with the points that came of it."""
    await shop.publish(PROGRAM)
    await shop.order("o1", "c1", 20_000)
    await shop.do(PostClaim(id="k1", customer="c1", at=START + 1, reward="five-off"))
    await shop.give_back("r1", "o1", "c1", at=START + 2)
    page = await timeline_of(shop.handler, shop.workspace_id, "c1")
    found = [(item.type, item.id) for item in page.data]
    assert found == [("return", "r1"), ("claim", "k1"), ("order", "o1")]
    assert page.data[-1].points == {"points/points": 200}
