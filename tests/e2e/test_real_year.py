"""What people come for, on a real year of shopping: 24 households, with ``--torture`` all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from perennial.connectors.complete_journey import Statistics, read_baskets
from perennial.connectors.complete_journey_coupons import read_coupons
from perennial.flows.batcher import Intake
from perennial.flows.handle_events import Handler
from perennial.flows.replay import PROGRAM, ReplaySummary, replay, sample_program
from perennial.flows.workspaces import create_workspace
from perennial.http.console import build_folder
from perennial.store.database import Database
from tests.codebook import CODEBOOK
from tests.e2e.browser import CHROMIUM, opened
from tests.e2e.shop import ROOT, Shop, founded
from tests.http.process import process

YEAR = "the-year"
HOUSEHOLDS = 24


@pytest.fixture(scope="module")
def year(database_url: str, request: pytest.FixtureRequest) -> ReplaySummary:
    """The year, sent through the live path into a sandbox of its own."""
    if not CHROMIUM.exists():
        pytest.skip("there is no Chromium here: .ci/run installs it")
    members = None if request.config.getoption("--torture") else HOUSEHOLDS
    return asyncio.run(_replayed(database_url, members))


async def _replayed(url: str, members: int | None) -> ReplaySummary:
    async with await Database.connect(url, largest=8) as database:
        sandbox = await create_workspace(database, YEAR, "The real year", sandbox=True, buckets=2)
        intake, read = Intake(Handler(database, CODEBOOK)), Statistics()
        baskets = read_baskets(read, members=members)
        document = sample_program(ROOT / "examples")
        summary = await replay(intake, sandbox.workspace_id, document, baskets, read, None, read_coupons())
        await intake.close()
    return summary


@pytest.fixture(scope="module")
def shop(database_url: str, year: ReplaySummary) -> Iterator[Shop]:
    """A server on the year, whose owner owns that sandbox as well."""
    assert build_folder() is not None, "the console is not built: make setup"
    with process(database_url, 1) as (_, port):
        yield founded(f"http://127.0.0.1:{port}", YEAR)


def test_home_tells_of_the_year(browser: Browser, shop: Shop, year: ReplaySummary) -> None:
    """Its figures are those that the books hold."""
    watched = opened(browser, shop)
    page = watched.page
    watched.go(f"/{YEAR}")
    figures = page.get_by_role("group", name="How the program does")
    expect(figures).to_contain_text(f"{year.totals.members:,}")
    watched.shoot_everywhere("journey-year-home")
    assert [*watched.wrong, *watched.barriers()] == []
    watched.context.close()


def test_a_household_is_found_and_its_last_basket_explained(browser: Browser, shop: Shop) -> None:
    """Lots, tier and a year of baskets; each rule says what it gave, and for what."""
    watched = opened(browser, shop)
    page = watched.page
    household = next(read_baskets(Statistics(), limit=1, members=HOUSEHOLDS)).customer
    watched.go(f"/{YEAR}/members")
    page.get_by_role("textbox", name="Find a member").fill(household)
    page.keyboard.press("Enter")
    page.get_by_role("link", name=household, exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(household)
    watched.shoot_everywhere("journey-year-member")
    page.get_by_role("tab", name="Timeline").click()
    page.get_by_role("link", name="Why?").first.click()
    expect(page.get_by_role("dialog")).to_contain_text("1 point per dollar")
    assert [*watched.wrong, *watched.barriers()] == []
    watched.context.close()


def test_a_rule_is_changed_on_the_year_published_and_rolled_back(browser: Browser, shop: Shop) -> None:
    """Twice as many points: what the year would have cost, then published, then as before."""
    before = shop.call("GET", f"programs/{PROGRAM}/draft")["document"]
    watched = opened(browser, shop)
    page = watched.page
    watched.go(f"/{YEAR}/programs/{PROGRAM}")
    page.get_by_role("button", name="Change: 1 point per dollar").click()
    page.get_by_role("article", name="1 point per dollar").get_by_label("Points", exact=True).fill("2")
    page.get_by_role("button", name="Save the draft").click()
    page.get_by_role("link", name="What if…").click()
    page.get_by_role("button", name="See what it costs").click()
    rules = page.get_by_role("table", name="Points by rule").get_by_role("row")
    expect(rules.filter(has_text="1 point per dollar")).to_contain_text("+")
    expect(page.get_by_role("table", name="Who gains most").get_by_role("row")).not_to_have_count(1)
    watched.shoot_everywhere("journey-year-what-if")
    page.get_by_role("link", name="Back to the draft, to change or publish it").click()
    page.get_by_role("button", name="Publish…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Publish").click()
    expect(dialog).to_be_hidden()
    page.get_by_role("tab", name="Versions").click()
    page.get_by_role("button", name="Roll back to version 1").click()
    dialog.get_by_role("button", name="Roll back").click()
    expect(dialog).to_be_hidden()
    versions = shop.call("GET", f"programs/{PROGRAM}/versions")["data"]
    digests = {each["version"]: each["digest"] for each in versions}
    assert digests[3] == digests[1] != digests[2]
    assert watched.wrong == []
    watched.context.close()
    shop.call("PUT", f"programs/{PROGRAM}/draft", yaml=before)


def test_a_segment_a_happy_hour_and_its_end(browser: Browser, shop: Shop, year: ReplaySummary) -> None:
    """Those who came lately, double points for some hours, published, and stopped with two clicks."""
    watched = opened(browser, shop)
    page = watched.page
    watched.go(f"/{YEAR}/new-segment")
    page.get_by_label("Name", exact=True).fill("Came at all")
    expect(page.get_by_text(f"{year.totals.members:,} customers of")).to_be_visible()
    page.get_by_role("button", name="Save the segment").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Came at all")
    watched.go(f"/{YEAR}/new-campaign")
    page.get_by_label("Name", exact=True).fill("Happy hour")
    page.get_by_label("From", exact=True).fill("17:00")
    page.get_by_label("To", exact=True).fill("19:00")
    page.get_by_role("button", name="Add to the draft").click()
    page.get_by_role("link", name="See the draft and publish it").click()
    page.get_by_role("button", name="Publish…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Publish").click()
    expect(dialog).to_be_hidden()
    watched.go(f"/{YEAR}/switches")
    page.get_by_role("button", name="Stop Happy hour").click()
    dialog.get_by_label("Reason").fill("it is too loud")
    dialog.get_by_role("button", name="Stop now").click()
    expect(page.get_by_role("button", name="Go on with Happy hour")).to_be_visible()
    watched.shoot_everywhere("journey-year-stopped")
    assert shop.call("GET", f"campaigns/{PROGRAM}/happy-hour")["campaign"]["state"] == "paused"
    assert watched.wrong == []
    watched.context.close()
