"""From nothing to the first points, click by click, on the real server."""

from __future__ import annotations

from playwright.sync_api import Browser, Locator, expect

from tests.e2e.browser import opened
from tests.e2e.shop import SANDBOX, Shop

MOST_CLICKS = 20
LIVE = "shop"
"""The live workspace of the shop, in which there is nothing yet."""


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
    watched = opened(browser, shop)
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
    answer = shop.call("GET", "customers/carla")
    light = shop.call("GET", "brand")["light"]["color"]
    worn = page.evaluate("getComputedStyle(document.body).getPropertyValue('--mantine-color-anchor')")
    assert light == worn != "#ffd400"
    assert any(each["program"] == "money-back" for each in answer["memberships"])
    hand.click(page.get_by_role("link", name="Go on in the live workspace"))
    expect(page.get_by_role("heading", name="7 steps are left")).to_be_visible()
    assert watched.wrong == []
    watched.context.close()


def test_a_marketer_sees_what_a_rule_costs_publishes_and_rolls_back(browser: Browser, shop: Shop) -> None:
    """The past again beside what runs: figures, a chart, who gains; then publish, and go back."""
    watched = opened(browser, shop)
    page = watched.page
    text = shop.call("GET", "programs/points/draft")["document"]
    dearer = text.replace("every dollar\n    points: 1\n", "every dollar\n    points: 2\n", 1)
    assert dearer != text
    shop.call("PUT", "programs/points/draft", yaml=dearer)
    watched.go(f"/{SANDBOX}/programs/points")
    page.get_by_role("link", name="What if…").click()
    page.get_by_role("button", name="See what it costs").click()
    gains = page.get_by_role("table", name="Who gains most")
    expect(gains.get_by_role("link", name="anna")).to_be_visible()
    rules = page.get_by_role("table", name="Points by rule").get_by_role("row")
    expect(rules.filter(has_text="1 point for every dollar")).to_contain_text("+")
    page.get_by_role("button", name="Show the numbers: Points by month").click()
    expect(page.get_by_role("table", name="Points by month")).to_be_visible()
    expect(page.get_by_role("heading", name="How far to trust it")).to_be_visible()
    watched.settle()
    watched.shoot_everywhere("journey-what-if")
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
    versions = shop.call("GET", "programs/points/versions")["data"]
    digests = {each["version"]: each["digest"] for each in versions}
    assert digests[3] == digests[1] != digests[2]
    assert watched.wrong == []
    watched.context.close()
