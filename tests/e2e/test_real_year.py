"""What people come for, on a real year of shopping: 24 households, with ``--torture`` all of them.

A launch from nothing, a rule and what it costs, a segment and its happy hour, ten thousand codes, a member
and an order explained, a campaign stopped, a sign-in with two steps, and a cashier who may do none of it.
"""

from __future__ import annotations

import asyncio
import csv
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pyotp
import pytest
import yaml
from playwright.sync_api import Browser, Locator, Route, expect

from perennial.connectors.complete_journey import Statistics, read_baskets
from perennial.connectors.complete_journey_coupons import read_coupons
from perennial.flows.batcher import Intake
from perennial.flows.handle_events import Handler
from perennial.flows.replaying.replay import PROGRAM, ReplaySummary, replay, sample_program
from perennial.flows.staff.scopes import Scope
from perennial.flows.workspaces import create_workspace
from perennial.http.app import ROUTES
from perennial.http.console import build_folder
from perennial.store.database import Database
from tests.codebook import CODEBOOK
from tests.e2e.browser import CHROMIUM, opened
from tests.e2e.shop import PASSWORD, ROOT, SANDBOX, Shop, founded
from tests.http.process import process

YEAR = "the-year"
HOUSEHOLDS = 24
MOST_CLICKS = 20
LIVE = "shop"
"""The live workspace beside the year, in which there is nothing yet."""

_MAILED = {
    "id": "free-shipping",
    "name": "Free shipping",
    "codes": {"pattern": "SHIP-########", "valid_for": {"days": 30}},
    "gives": [{"type": "free_shipping"}],
}
"""A reward of the year's program with a code for each."""

_ADDRESSES = (
    *("members", "segments", "new-segment", "programs", f"programs/{PROGRAM}", "campaigns", "new-campaign"),
    *(f"campaigns/{PROGRAM}/happy-hour", "vouchers", "vouchers/summer-mailing", "new-codes", "import-codes"),
    *("switches", "approvals", "audit", "staff", "api-keys"),
)


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


def test_home_tells_of_the_year(
    browser: Browser, shop: Shop, year: ReplaySummary, request: pytest.FixtureRequest
) -> None:
    """Its figures are those that the books hold; with every household its tables have more rows."""
    watched = opened(browser, shop)
    page = watched.page
    watched.go(f"/{YEAR}")
    figures = page.get_by_role("group", name="How the program does")
    expect(figures).to_contain_text(f"{year.totals.members:,}")
    whole = request.config.getoption("--torture")
    watched.shoot_everywhere("journey-whole-year-home" if whole else "journey-year-home")
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
    watched.shoot_everywhere("journey-year-explanation")
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
    page.get_by_role("button", name="Show the numbers: Points by month").click()
    expect(page.get_by_role("table", name="Points by month")).to_be_visible()
    expect(page.get_by_role("heading", name="How far to trust it")).to_be_visible()
    watched.shoot_everywhere("journey-year-what-if")
    assert watched.barriers() == []
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
    off = page.get_by_role("region", name="Off at this moment")
    expect(off.get_by_role("button", name="Go on with Happy hour")).to_be_visible()
    watched.shoot_everywhere("journey-year-stopped")
    assert shop.call("GET", f"campaigns/{PROGRAM}/happy-hour")["campaign"]["state"] == "paused"
    off.get_by_role("button", name="Go on with Happy hour").click()
    dialog.get_by_label("Reason").fill("it was Sunday")
    dialog.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("button", name="Stop Happy hour")).to_be_visible()
    assert watched.wrong == []
    watched.context.close()


def test_the_calendar_opens_where_the_clock_of_the_sandbox_is(browser: Browser, shop: Shop) -> None:
    """The year is over there; today is marked, and it is not the day of the device."""
    today = str(shop.call("GET", "clock")["now"])[:10]
    watched = opened(browser, shop)
    page = watched.page
    with page.expect_request(re.compile("/v1/calendar")) as asked:
        watched.go(f"/{YEAR}/campaigns")
    assert f"from={today[:7]}-01" in asked.value.url
    marked = page.locator("[data-today]")
    expect(marked).to_have_count(1)
    expect(marked).to_contain_text(str(int(today[8:])))
    assert watched.wrong == []
    watched.context.close()


def test_a_marketer_makes_ten_thousand_codes(browser: Browser, shop: Shop) -> None:
    """What is missing is said first; progress while they are made; no code comes twice; one is voided."""
    document = yaml.safe_load(shop.call("GET", f"programs/{PROGRAM}/draft")["document"])
    document["rewards"].append(_MAILED)
    shop.call("PUT", f"programs/{PROGRAM}/draft", yaml=yaml.safe_dump(document))
    shop.call("POST", f"programs/{PROGRAM}/publish", {"note": "for the summer"})
    watched = opened(browser, shop)
    page = watched.page
    watched.go(f"/{YEAR}")
    page.keyboard.press("g")
    page.keyboard.press("v")
    page.get_by_role("link", name="Make codes").click()
    page.get_by_role("button", name="Make the codes").click()
    expect(page.get_by_text("Choose one.")).to_be_visible()
    page.get_by_label("What the codes are good for").select_option(f"{PROGRAM}/free-shipping")
    page.get_by_label("How many").fill("10000")
    page.get_by_label("Name of the pool").fill("Summer mailing")
    # Held back, for a fast server has made them before anybody has looked.
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/v1/vouchers/batches/watched", hold)
    page.get_by_role("button", name="Make the codes").click()
    making = page.get_by_role("region", name="The codes are being made")
    expect(making).to_be_visible()
    expect(making.get_by_role("progressbar", name="Codes made")).to_have_attribute("aria-valuenow", "0")
    while not held:
        page.wait_for_timeout(10)  # what holds it back is told a moment after the request is on its way
    held[0].continue_()
    expect(page.get_by_text("10,000 codes are ready")).to_be_visible()
    watched.shoot_everywhere("journey-codes")
    with page.expect_download() as download:
        page.get_by_role("button", name="Export them").click()
    assert download.value.suggested_filename == "summer-mailing.csv"
    codes = [row["code"] for row in csv.DictReader(Path(download.value.path()).read_text().splitlines())]
    assert len(set(codes)) == len(codes) == 10_000
    page.get_by_role("link", name="Look at the pool").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("summer-mailing")
    expect(page.get_by_text("10,000", exact=True)).to_be_visible()
    expect(page.get_by_role("row")).to_have_count(21)
    page.get_by_role("button", name="Show more").click()
    expect(page.get_by_role("row")).to_have_count(41)
    page.get_by_role("link", name="Vouchers").first.click()
    page.get_by_label("Code", exact=True).fill(codes[0].lower())
    page.keyboard.press("Enter")
    expect(page.get_by_text("Ready to use")).to_be_visible()
    page.get_by_role("button", name="Take it back…").click()
    page.get_by_role("dialog").get_by_label("Reason").fill("printed twice")
    page.get_by_role("dialog").get_by_role("button", name="Take it back").click()
    expect(page.get_by_text("Taken back", exact=True)).to_be_visible()
    assert shop.call("GET", "vouchers/batches/summer-mailing")["voided"] == 1
    assert watched.wrong == []
    watched.context.close()


class _Hand:
    """Clicks, and counts the clicks."""

    def __init__(self) -> None:
        self.clicks = 0

    def click(self, what: Locator) -> None:
        """One more click."""
        self.clicks += 1
        what.click()


def test_a_program_from_nothing_to_first_points(browser: Browser, shop: Shop) -> None:
    """A template, seen on made-up members, published, a key, the first order: in fewer than 20 clicks."""
    mine = shop._replace(workspace=SANDBOX)
    watched = opened(browser, mine)
    page, hand = watched.page, _Hand()
    watched.go(f"/{LIVE}")
    hand.click(page.get_by_role("link", name="Begin with a template"))
    hand.click(page.get_by_role("link", name="Try it in the sandbox first"))
    hand.click(page.get_by_role("radio", name="Cashback"))
    story = page.get_by_role("list", name="What happens")
    expect(story).to_contain_text("Bert")
    hand.click(page.get_by_label("Name of the program"))
    page.keyboard.type("Money back")
    hand.click(page.get_by_role("combobox", name="Currency"))
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("EUR")
    hand.click(page.get_by_role("option", name="EUR"))
    expect(story).to_contain_text("€")
    hand.click(page.get_by_role("textbox", name="Color", exact=True))
    page.keyboard.type("#ffd400")
    card = page.get_by_role("group", name="What a member sees")
    expect(card).to_contain_text("Money back")
    hand.click(page.get_by_role("button", name="Take the nearest that works"))
    expect(page.get_by_text("This color is too pale")).to_be_hidden()
    watched.settle()
    watched.shoot("journey-first-run")
    hand.click(page.get_by_role("button", name="Create and publish in the sandbox"))
    expect(page.get_by_role("heading", level=1)).to_have_text("The way to launch")
    steps = page.get_by_role("listitem")
    hand.click(page.get_by_role("button", name="Make a key"))
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("sk_test_")
    hand.click(dialog.get_by_role("button", name="I have it"))
    expect(steps.filter(has_text="A key for the shop")).to_contain_text("Done")
    hand.click(page.get_by_role("link", name="Look at the stop button"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Stop button")
    page.go_back()
    hand.click(page.get_by_label("Customer"))
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("carla")
    hand.click(page.get_by_role("button", name="Send the order"))
    expect(page.get_by_text("The first points are there")).to_be_visible()
    expect(steps.filter(has_text="The first points")).to_contain_text("Done")
    expect(page.get_by_role("heading", name="Everything is there")).to_be_visible()
    watched.shoot_everywhere("journey-first-points")
    assert hand.clicks < MOST_CLICKS, hand.clicks
    answer = mine.call("GET", "customers/carla")
    light = mine.call("GET", "brand")["light"]["color"]
    worn = page.evaluate("getComputedStyle(document.body).getPropertyValue('--mantine-color-anchor')")
    assert light == worn != "#ffd400"
    assert any(each["program"] == "money-back" for each in answer["memberships"])
    hand.click(page.get_by_role("link", name="Go on in the live workspace"))
    expect(page.get_by_role("heading", name="7 steps are left")).to_be_visible()
    assert watched.wrong == []
    watched.context.close()


def test_a_marketer_signs_in_with_an_app(browser: Browser, shop: Shop) -> None:
    """Invited, adds an app, keeps the recovery codes, signs in with both steps; another session is ended."""
    link = shop.call("POST", "invitations", {"email": "mara@shop.test", "role": "marketer"})["link"]
    watched = opened(browser, shop, signed_in=False)
    page = watched.page
    watched.go(f"/invitation#{link.partition('#')[2]}")
    page.get_by_label("Your name").fill("Mara")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Come in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The real year")
    page.get_by_role("button", name="Your account").click()
    page.get_by_role("menuitem", name="My account").click()
    page.get_by_role("button", name="Add an app…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Your password, once more").fill("not this one at all")
    dialog.get_by_role("button", name="Go on").click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    dialog.get_by_label("Your password, once more").fill(PASSWORD)
    dialog.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("img", name="QR code for the app")).to_be_visible()
    watched.shoot("journey-app")
    secret = page.locator("code").first.inner_text().replace(" ", "")
    app = pyotp.TOTP(secret)
    page.get_by_label("The code that it shows now").fill(app.now())
    page.get_by_role("button", name="Turn it on").click()
    codes = page.get_by_role("list", name="Recovery codes").get_by_role("listitem")
    expect(codes).to_have_count(10)
    recovery, another = codes.nth(0).inner_text(), codes.nth(1).inner_text()
    watched.shoot_everywhere("journey-recovery-codes")
    page.get_by_role("button", name="Your account").click()
    page.get_by_role("menuitem", name="Sign out").click()
    page.get_by_label("E-mail address").fill("mara@shop.test")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Second step")).to_be_visible()
    page.get_by_label("Code").fill("000000")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Code").fill(recovery)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The real year")
    body = {"email": "mara@shop.test", "password": PASSWORD}
    ticket = httpx.post(f"{shop.url}/v1/sign-in", json=body, timeout=60).json()["ticket"]
    shown = {"ticket": ticket, "code": another}
    answer = httpx.post(f"{shop.url}/v1/sign-in/code", json=shown, timeout=60)
    elsewhere = Shop(shop.url, answer.cookies["perennial_session"], YEAR)
    assert elsewhere.status_of("GET", "me") == 200
    watched.go(f"/{YEAR}/account")
    expect(page.get_by_text("8 recovery codes are left.")).to_be_visible()
    page.get_by_role("button", name="Sign out python-httpx").click()
    expect(page.get_by_role("button", name="Sign out python-httpx")).to_have_count(0)
    assert elsewhere.status_of("GET", "me") == 401
    watched.context.close()


def test_a_cashier_may_not_do_any_of_it(browser: Browser, shop: Shop) -> None:
    """No place is offered, each address says so kindly, and the API refuses every call but the till's own."""
    cashier = shop.invited("carl@shop.test", "cashier")
    watched = opened(browser, cashier)
    page = watched.page
    watched.go(f"/{YEAR}")
    expect(page.get_by_text("This is not part of your role")).to_be_visible()
    expect(page.get_by_role("navigation", name="Places").get_by_role("link")).to_have_count(0)
    watched.shoot_everywhere("journey-cashier")
    for address in _ADDRESSES:
        watched.go(f"/{YEAR}/{address}")
        expect(page.get_by_text("This is not part of your role")).to_be_visible()
        expect(page.locator("main").get_by_role("button")).to_have_count(0)
    assert watched.barriers() == []
    page.keyboard.press("g")
    page.keyboard.press("m")
    expect(page.get_by_text("This is not part of your role")).to_be_visible()
    page.get_by_role("link", name="My account").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("My account")
    assert watched.wrong == []
    watched.context.close()
    refused = 0
    for route in ROUTES:
        needs = {route.opt.get("needs"), *route.opt.get("instead", ())}
        where = next(iter(route.paths))
        if None in needs or Scope.TILL in needs or not where.startswith("/v1/"):
            continue
        path = re.sub(r"{\w+:\w+}", "1", where).removeprefix("/v1/")
        for method in route.http_methods:
            if method in {"GET", "POST", "PUT", "DELETE"}:
                assert cashier.status_of(method, path) == 403, (method, path)
                refused += 1
    assert refused > 100
