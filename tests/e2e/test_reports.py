"""What is told of the past: reports, and what came of experiments."""

from __future__ import annotations

import json
import re

import yaml
from playwright.sync_api import Browser, Route, expect

from tests.e2e.browser import opened
from tests.e2e.shop import SANDBOX, Shop
from tests.e2e.trials import PROGRAM, tried

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

    watched.page.route(re.compile(r"/v1/reports(\?|$)"), listed)
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


def test_charts_of_home_come_as_they_are_scrolled_to(browser: Browser, shop: Shop) -> None:
    """In a browser that is never idle: those near the window, and the others when they are."""
    watched = opened(browser, shop)
    watched.context.add_init_script("window.requestIdleCallback = () => 0")
    asked: list[str] = []
    watched.page.on("request", lambda request: asked.append(request.url))
    watched.page.goto(f"{shop.url}/console/{SANDBOX}")
    points = watched.page.get_by_role("img", name="Points issued, used, and expired")
    last = watched.page.get_by_role("img", name="Repeat purchase rate")
    expect(points).to_be_visible()
    watched.page.wait_for_load_state("networkidle")
    expect(last).to_have_count(0)
    assert not any("/v1/reports/repeat-orders" in url for url in asked)
    watched.page.get_by_role("heading", name="Repeat purchase rate").scroll_into_view_if_needed()
    expect(last).to_be_visible()
    assert watched.wrong == []
    watched.context.close()


def test_charts_of_home_are_there_where_the_browser_cannot_tell_what_is_near(
    browser: Browser, shop: Shop
) -> None:
    """All of them, without a step of the reader, and whether it is idle or not."""
    watched = opened(browser, shop)
    watched.context.add_init_script(
        "delete window.IntersectionObserver; window.requestIdleCallback = () => 0"
    )
    watched.go(f"/{SANDBOX}")
    expect(watched.page.get_by_role("img", name="Repeat purchase rate")).to_have_count(1)
    assert watched.wrong == []
    watched.context.close()


def test_a_marketer_tries_a_rule_and_rolls_out_the_winner(browser: Browser, shop: Shop) -> None:
    """A verdict in words beside its interval; the winner is a change of the draft, and can be undone."""
    tried(shop)
    before = shop.call("GET", f"programs/{PROGRAM}/draft")["document"]
    watched = opened(browser, shop)
    page = watched.page
    watched.go(f"/{SANDBOX}")
    page.keyboard.press("g")
    page.keyboard.press("x")
    page.get_by_role("link", name="Two stars").click()
    expect(page.get_by_text("Orders: “Two stars” brings more than “One star”, by 0.")).to_be_visible()
    expect(page.get_by_text("The split is as the shares say")).to_be_visible()
    drawn = page.get_by_role("table", name="Orders: difference from “One star” for each customer")
    expect(drawn.get_by_role("row", name="Two stars")).to_contain_text("+0.")
    watched.shoot_everywhere("journey-winner")
    page.get_by_role("button", name="Roll out the winner…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Everybody gets from then on")).to_have_value("doubled")
    dialog.get_by_role("button", name="Put it into the draft").click()
    changes = page.get_by_role("region", name="What would change").get_by_role("listitem")
    expect(changes).to_have_text(["rule “A star for every dollar” removed", "experiment “Two stars” removed"])
    after = shop.call("GET", f"programs/{PROGRAM}/draft")["document"]
    assert "id: base" not in after
    assert "experiments" not in after
    assert "  # What is tried:\n  - {id: twice" in after
    page.get_by_role("button", name="Undo").click()
    expect(changes).to_have_count(0)
    assert shop.call("GET", f"programs/{PROGRAM}/draft")["document"] == before
    assert watched.wrong == []
    watched.context.close()


def test_a_marketer_plans_an_experiment_and_a_holdout(browser: Browser, shop: Shop) -> None:
    """What is missing is said first; another figure is a copy of the rule; both wait for the publication."""
    watched = opened(browser, shop)
    page = watched.page
    watched.go(f"/{SANDBOX}/experiments")
    page.get_by_role("link", name="New experiment").click()
    page.get_by_role("button", name="Add to the draft").click()
    expect(page.get_by_text("Give it a name.")).to_have_count(2)
    page.get_by_label("Name", exact=True).fill("More for birthdays")
    page.get_by_label("Name of the variant").fill("Twice")
    page.get_by_label("Which one").select_option("birthday")
    expect(page.get_by_text("The control has 250.")).to_be_visible()
    page.get_by_label("Points", exact=True).fill("500")
    page.get_by_label("First day").fill("2027-02-01")
    watched.shoot_everywhere("journey-new-experiment")
    page.get_by_role("button", name="Add to the draft").click()
    changes = page.get_by_role("region", name="What would change").get_by_role("listitem")
    expect(changes.filter(has_text="rule “Happy birthday” (birthday-twice) added")).to_have_count(1)
    watched.go(f"/{SANDBOX}/new-experiment")
    page.get_by_label("Name", exact=True).fill("What it brings")
    page.get_by_text("A holdout", exact=True).click()
    page.get_by_label("Held back").select_option("thursday-gift")
    page.get_by_role("button", name="Add to the draft").click()
    expect(changes.filter(has_text="holdout")).to_have_count(1)
    draft = shop.call("GET", "programs/points/draft")
    assert draft["problems"] == []
    (experiment,) = yaml.safe_load(draft["document"])["experiments"]
    assert experiment["variants"][1]["replace"] == {"rules": {"birthday": "birthday-twice"}}
    watched.go(f"/{SANDBOX}/experiments")
    expect(page.get_by_text("Not published yet")).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text="More for birthdays")).to_be_visible()
    assert watched.wrong == []
    watched.context.close()
