"""A rule on entering a segment is given to those inside: what it costs, how far it is, what it came to."""

from __future__ import annotations

from playwright.sync_api import Browser, Route, expect

from tests.e2e.browser import opened
from tests.e2e.shop import MEMBER, SANDBOX, SEGMENT, Shop

RULE = """  - id: for-buyers
    name: Welcome, buyers
    trigger: segment.entered
    type: fixed
    points: 75
"""
"""Of which a member of the silver tier gets a quarter more: 93."""


def test_a_marketer_gives_a_new_rule_to_those_inside(browser: Browser, shop: Shop) -> None:
    """Nothing is shown before there is a rule; stopped as it begins it gives nothing, then once to each."""
    watched = opened(browser, shop)
    page = watched.page
    watched.go(f"/{SANDBOX}/segments/{SEGMENT}")
    expect(page.get_by_role("link", name=MEMBER)).to_be_visible()
    expect(page.get_by_role("heading", name="A rule for those inside")).to_be_hidden()
    draft = shop.call("GET", "programs/points/draft")["document"]
    more = draft.replace("\nearning_rules:\n", f"\nearning_rules:\n{RULE}")
    shop.call("PUT", "programs/points/draft", yaml=more)
    shop.call("POST", "programs/points/publish", {"note": "for those inside"})
    had = _points(shop)
    watched.go(f"/{SANDBOX}/segments/{SEGMENT}")
    cost = page.get_by_role("button", name="See what it costs")
    cost.click()
    expect(page.get_by_text("1 customer would be given it. Points in all: 93")).to_be_visible()
    watched.shoot_everywhere("journey-rule-cost")
    page.route("**/apply/watched", _hold)
    page.get_by_role("button", name="Give it to them").click()
    expect(page.get_by_text("0 of 1 customers")).to_be_visible()
    watched.shoot_everywhere("journey-rule-running")
    page.get_by_role("button", name="Stop: whoever has it keeps it").click()
    expect(page.get_by_text("1 customer would be given it. Points in all: 93")).to_be_visible()
    assert _points(shop) == had
    page.unroute("**/apply/watched")
    page.get_by_role("button", name="Give it to them").click()
    expect(page.get_by_text("1 customer was given it. Points in all: 93")).to_be_visible()
    assert _points(shop) == had + 93
    cost.click()
    expect(page.get_by_text("0 customers would be given it. Points in all: 0")).to_be_visible()
    expect(page.get_by_text("1 customer had it before, or gets nothing by it.")).to_be_visible()
    expect(page.get_by_role("button", name="Give it to them")).to_be_hidden()
    watched.go(f"/{SANDBOX}/audit")
    expect(page.get_by_role("article", name="Rule applied to those inside a segment")).to_be_visible()
    assert watched.wrong == []
    watched.context.close()


def _hold(route: Route) -> None:
    """Let the server hear nothing of it."""


def _points(shop: Shop) -> int:
    """What the member may spend."""
    wallets = shop.call("GET", f"customers/{MEMBER}")["wallets"]
    return sum(wallet["available"] for wallet in wallets)
