"""Reports in the console: drawn from what the server says of them, whatever they are."""

from __future__ import annotations

import json

from playwright.sync_api import Browser, Route, expect

from tests.e2e.browser import opened
from tests.e2e.shop import SANDBOX, Shop

_ADDED = {
    "name": "umbrellas",
    "title": "Umbrellas",
    "description": "How many were lent.",
    "chart": "bars",
    "columns": [
        {"name": "period", "title": "Period", "kind": "period", "formula": "", "names": None},
        {"name": "lent", "title": "Lent", "kind": "count", "formula": "umbrellas that left", "names": None},
    ],
    "parameters": ["program", "from", "to", "step"],
}


def test_a_report_that_the_console_has_never_heard_of_shows(browser: Browser, shop: Shop) -> None:
    """The server adds one; list, chart, figures and formula come from its description alone."""
    watched = opened(browser, shop)

    def listed(route: Route) -> None:
        answer = route.fetch()
        body = answer.json()
        body["data"].append(_ADDED)
        route.fulfill(response=answer, body=json.dumps(body))

    def read(route: Route) -> None:
        body = shop.call("GET", "reports/members")
        rows = [{"period": "2026-01-01", "lent": 4_711}, {"period": "2026-02-01", "lent": 12}]
        answer = {**body, "report": _ADDED, "data": rows, "names": {}}
        route.fulfill(status=200, content_type="application/json", body=json.dumps(answer))

    watched.page.route("**/v1/reports", listed)
    watched.page.route("**/v1/reports/umbrellas*", read)
    watched.go(f"/{SANDBOX}/reports")
    watched.page.get_by_role("link", name="Umbrellas").click()
    expect(watched.page.get_by_role("heading", name="Umbrellas", level=1)).to_be_visible()
    expect(watched.page.get_by_role("img", name="Umbrellas: Lent")).to_be_visible()
    expect(watched.page.get_by_text("4,711")).to_be_visible()
    expect(watched.page.get_by_text("umbrellas that left")).to_be_visible()
    assert watched.wrong == []
    watched.context.close()


def test_figures_are_there_without_the_picture(browser: Browser, shop: Shop) -> None:
    """The numbers of a chart as a table, and the whole report as a file."""
    watched = opened(browser, shop)
    watched.go(f"/{SANDBOX}/reports/members?step=week")
    watched.page.get_by_role("button", name="Show the numbers").first.click()
    expect(watched.page.get_by_role("columnheader", name="Joined", exact=True).first).to_be_visible()
    with watched.page.expect_download() as saved:
        watched.page.get_by_role("button", name="Save as CSV").click()
    assert saved.value.path().read_text().startswith("period,members,joined,left,net\n")
    assert watched.wrong == []
    watched.context.close()
