"""What people come for, click by click, on the real server."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Browser, expect

from tests.e2e.browser import Look, expect_saved, opened
from tests.e2e.shop import MEMBER, OWNER, PASSWORD, SANDBOX, Shop

_ORDER = {
    "customer": "bea",
    "status": "paid",
    "currency": "USD",
    "lines": [{"id": "1", "sku": "lamp", "amount": 9_000}],
}


def test_somebody_signs_in_and_out(browser: Browser, shop: Shop) -> None:
    """A wrong password says so; the right one leads where the person wanted to go."""
    watched = opened(browser, shop, signed_in=False)
    page = watched.page
    watched.go(f"/{SANDBOX}/switches")
    page.get_by_label("E-mail address").fill(OWNER)
    page.get_by_label("Password", exact=True).fill("not this one at all")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Stop button")
    page.get_by_role("button", name="Your account").click()
    page.get_by_role("menuitem", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    watched.go(f"/{SANDBOX}")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    watched.context.close()


def test_support_finds_a_member_and_explains_an_order(browser: Browser, shop: Shop) -> None:
    """By the e-mail address, from the keyboard, to every rule with its arithmetic."""
    watched = opened(browser, shop)
    page = watched.page
    watched.go(f"/{SANDBOX}")
    page.keyboard.press("g")
    page.keyboard.press("m")
    page.get_by_role("textbox", name="Find a member").fill("anna@example.org")
    page.keyboard.press("Enter")
    page.get_by_role("link", name=MEMBER).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(MEMBER)
    page.get_by_role("tab", name="Timeline").click()
    page.get_by_role("listitem").filter(has_text="order-1").get_by_role("link", name="Why?").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("1 point for every dollar")
    expect(dialog).to_contain_text("210 points")
    watched.shoot_everywhere("journey-explanation")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    assert watched.wrong == []
    watched.context.close()


def test_somebody_stops_everything_and_goes_on(browser: Browser, shop: Shop) -> None:
    """Two clicks and a reason; every screen says what is off; the next order earns nothing, then again."""
    watched = opened(browser, shop)
    page = watched.page
    watched.go(f"/{SANDBOX}/switches")
    page.get_by_role("button", name="Stop everything").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Stop now").click()
    expect(dialog).to_contain_text("Say why")
    dialog.get_by_label("Reason").fill("a code has leaked")
    dialog.get_by_role("button", name="Stop now").click()
    expect(page.get_by_role("heading", name="Everything is off")).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("h")
    expect(page.get_by_role("link", name="Look at the stop button")).to_be_visible()
    watched.shoot_everywhere("journey-stopped")
    answer = shop.call("PUT", "orders/while-off", _ORDER)
    assert sum(answer["programs"][0].get("points", {}).values()) == 0
    page.get_by_role("link", name="Look at the stop button").click()
    page.get_by_role("button", name="Go on with everything").click()
    dialog.get_by_label("Reason").fill("the code is void")
    dialog.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", name="Everything runs")).to_be_visible()
    expect(page.get_by_role("link", name="Look at the stop button")).to_be_hidden()
    answer = shop.call("PUT", "orders/on-again", _ORDER)
    assert answer["programs"][0]["points"]["points"] > 0
    assert watched.wrong == []
    watched.context.close()


def test_a_marketer_changes_publishes_and_rolls_back(browser: Browser, shop: Shop) -> None:
    """A problem is shown before anything can be published; the difference is in words; the old runs again."""
    watched = opened(browser, shop)
    page = watched.page
    watched.go(f"/{SANDBOX}/programs/points?view=text")
    text = shop.call("GET", "programs/points/draft")["document"]
    editor = page.get_by_role("textbox", name="Program document")

    def write(document: str) -> None:
        editor.click()
        page.keyboard.press("ControlOrMeta+a")
        page.keyboard.insert_text(document)
        page.get_by_role("button", name="Save the draft").click()

    write(re.sub(r"^currency: USD$", "currency: nothing", text, count=1, flags=re.MULTILINE))
    expect(page.get_by_text("problem to solve before publishing")).to_be_visible()
    expect(page.get_by_role("button", name="Publish…")).to_be_disabled()
    watched.shoot_everywhere("journey-problem")
    write(
        text.replace(
            "name: Happy birthday\n    trigger: member.birthday\n    points: 250",
            "name: Happy birthday\n    trigger: member.birthday\n    points: 300",
        )
    )
    change = page.get_by_role("region", name="What would change").get_by_role("listitem")
    expect(change).to_contain_text("300")
    page.get_by_role("button", name="Publish…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Note for the history").fill("more for birthdays")
    dialog.get_by_role("button", name="Publish").click()
    expect(dialog).to_be_hidden()
    page.get_by_role("tab", name="Versions").click()
    expect(page.get_by_role("row").nth(1)).to_contain_text("more for birthdays")
    page.get_by_role("button", name="Roll back to version 1").click()
    expect(dialog).to_contain_text("250")
    dialog.get_by_role("button", name="Roll back").click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("row").nth(1)).to_contain_text("3")
    versions = shop.call("GET", "programs/points/versions")["data"]
    digests = {each["version"]: each["digest"] for each in versions}
    assert digests[3] == digests[1] != digests[2]
    assert watched.wrong == []
    watched.context.close()
    shop.call("PUT", "programs/points/draft", yaml=text)


def test_a_marketer_changes_a_rule_by_form(browser: Browser, shop: Shop) -> None:
    """With a condition built as a sentence; what was not saved is still there; comments of the text stay."""
    watched = opened(browser, shop)
    page = watched.page
    before = shop.call("GET", "programs/points/draft")["document"]
    watched.go(f"/{SANDBOX}/programs/points")
    page.get_by_role("button", name="Change: Happy birthday").click()
    card = page.get_by_role("article", name="Happy birthday")
    card.get_by_label("Points", exact=True).fill("275")
    card.get_by_role("button", name="Add a part").click()
    page.get_by_role("menuitem", name="A comparison").click()
    card.get_by_role("combobox", name="What is asked").click()
    page.get_by_role("option", name="the tier", exact=True).click()
    card.get_by_role("combobox", name="Value").click()
    page.get_by_role("option", name="Gold", exact=True).click()
    expect(card).to_contain_text("The tier is")
    watched.shoot_everywhere("journey-form")
    page.get_by_role("button", name="Take back").click()
    page.get_by_role("button", name="Do again").click()
    page.reload()
    expect(page.get_by_text("Changes that were not saved are here again")).to_be_visible()
    page.get_by_role("button", name="Save the draft").click()
    change = page.get_by_role("region", name="What would change").get_by_role("listitem")
    expect(change.first).to_contain_text("275")
    after = shop.call("GET", "programs/points/draft")["document"]
    assert before.splitlines()[0] == after.splitlines()[0]
    assert "points: 275" in after
    page.get_by_role("button", name="Publish…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Publish").click()
    expect(dialog).to_be_hidden()
    page.get_by_role("tab", name="Versions").click()
    newest = max(each["version"] for each in shop.call("GET", "programs/points/versions")["data"])
    page.get_by_role("button", name=f"Roll back to version {newest - 1}").click()
    expect(dialog).to_contain_text("250")
    dialog.get_by_role("button", name="Roll back").click()
    expect(dialog).to_be_hidden()
    digests = {
        each["version"]: each["digest"] for each in shop.call("GET", "programs/points/versions")["data"]
    }
    assert digests[newest + 1] == digests[newest - 1] != digests[newest]
    assert watched.wrong == []
    watched.context.close()
    shop.call("PUT", "programs/points/draft", yaml=before)


def test_what_is_typed_stays_when_somebody_else_saves(browser: Browser, shop: Shop) -> None:
    """It says so, and takes what was saved if that is wanted; the keyboard saves also while typing."""
    watched = opened(browser, shop)
    page = watched.page
    before = shop.call("GET", "programs/points/draft")["document"]
    watched.go(f"/{SANDBOX}/programs/points")
    page.get_by_role("button", name="Change: Happy birthday").click()
    points = page.get_by_role("article", name="Happy birthday").get_by_label("Points", exact=True)
    points.fill("260")
    shop.call(
        "PUT", "programs/points/draft", yaml=re.sub(r"(birthday\n    points: )\d+", r"\g<1>251", before)
    )
    page.clock.set_fixed_time(datetime.now(UTC) + timedelta(minutes=1))
    page.evaluate("window.dispatchEvent(new Event('visibilitychange'))")
    expect(page.get_by_text("The draft was saved by somebody else meanwhile")).to_be_visible()
    expect(points).to_have_value("260")
    watched.shoot_everywhere("journey-meanwhile")
    page.get_by_role("button", name="Discard").click()
    expect(points).to_have_value("251")
    points.fill("270")
    page.keyboard.press("ControlOrMeta+s")
    expect_saved(page)
    assert "points: 270" in shop.call("GET", "programs/points/draft")["document"]
    page.get_by_role("button", name=re.compile("^Tiers")).click()
    page.get_by_role("button", name="Change: Silver").click()
    silver = page.get_by_role("article", name="Silver")
    expect(silver.get_by_label("spend")).to_have_value("500.00")
    watched.shoot("journey-tier")
    silver.get_by_label("spend").fill("600")
    page.keyboard.press("ControlOrMeta+s")
    expect_saved(page)
    assert "reach: {spend: 60000}" in shop.call("GET", "programs/points/draft")["document"]
    assert watched.wrong == []
    watched.context.close()
    shop.call("PUT", "programs/points/draft", yaml=before)


def test_a_marketer_makes_a_segment_and_a_happy_hour(browser: Browser, shop: Shop) -> None:
    """Who it would choose is shown first; the campaign is in the draft and gives nothing yet."""
    watched = opened(browser, shop)
    page = watched.page
    watched.go(f"/{SANDBOX}/segments")
    page.get_by_role("link", name="New first ordered").click()
    expect(page.get_by_text(re.compile(r"\d+ customers? of \d+"))).to_be_visible()
    page.get_by_role("button", name="Save the segment").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("New")
    expect(page.get_by_role("link", name=MEMBER)).to_be_visible()
    watched.shoot("journey-segment")
    watched.go(f"/{SANDBOX}/campaigns?month=2027-01")
    page.get_by_role("link", name="New campaign").click()
    page.get_by_role("button", name="Add to the draft").click()
    expect(page.get_by_text("Give it a name.")).to_be_visible()
    page.get_by_label("Name", exact=True).fill("Friday happy hour")
    page.get_by_text("Fri", exact=True).click()
    page.get_by_label("From", exact=True).fill("17:00")
    page.get_by_label("To", exact=True).fill("19:00")
    page.get_by_role("button", name="Add to the draft").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Friday happy hour")
    expect(page.get_by_text("gives nothing until the program is published")).to_be_visible()
    watched.shoot_everywhere("journey-happy-hour")
    kept = shop.call("GET", "campaigns/points/friday-happy-hour")
    window = {"days": ["fri"], "start": "17:00", "end": "19:00"}
    assert kept["document"]["schedule"] == {"windows": [window]}
    assert kept["document"]["multiplier"] == {"by": "2"}
    assert kept["campaign"]["version"] is None
    page.get_by_role("button", name="Remove from the draft").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Campaigns")
    expect(page.get_by_role("link", name="Friday happy hour")).to_have_count(0)
    assert watched.wrong == []
    watched.context.close()


def test_a_ready_made_segment_asks_for_what_it_needs_and_says_what_is_missing(
    browser: Browser, shop: Shop
) -> None:
    """Nothing is asked before an amount is there; a setting that does not fit says so where it is typed."""
    watched = opened(browser, shop)
    page = watched.page
    watched.go(f"/{SANDBOX}/new-segment?template=high_value")
    expect(page.get_by_role("button", name="Save the segment")).to_be_disabled()
    page.get_by_label("Amount").fill("50")
    expect(page.get_by_text(re.compile(r"\d+ customers? of \d+"))).to_be_visible()
    assert watched.wrong == []
    watched.go(f"/{SANDBOX}/new-segment?template=points_expiring")
    page.get_by_label("Days").fill("8")
    expect(page.get_by_text("points are looked at 7, 30 or 90 days ahead")).to_be_visible()
    watched.context.close()


def test_an_explanation_says_what_came_back_since(browser: Browser, shop: Shop) -> None:
    """A return stands before what the order gave, in the unit of the wallet."""
    shop.call("PUT", "orders/order-back", {**_ORDER, "customer": "cleo"})
    shop.call("POST", "orders/order-back/returns", {"id": "back-1"})
    watched = opened(browser, shop)
    page = watched.page
    watched.go(f"/{SANDBOX}/members/cleo?tab=timeline&why=order-back&of=order")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("alert")).to_contain_text("Taken back since")
    expect(dialog.get_by_role("alert")).to_contain_text("-90 Points")
    assert watched.wrong == []
    watched.context.close()


def test_a_long_id_fits_on_a_phone(browser: Browser, shop: Shop) -> None:
    """Among those who were looked at lately, too: an id may have no place to break."""
    name = "household-" + "7" * 70
    shop.call("PUT", f"customers/{name}", {})
    watched = opened(browser, shop, Look("phone", "light", "en"))
    page = watched.page
    for address in (f"/{SANDBOX}/members/{name}", f"/{SANDBOX}/members"):
        watched.go(address)
        expect(page.get_by_text(name).first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert watched.wrong == []
    watched.context.close()


def test_what_a_proxy_says_is_not_shown(browser: Browser, shop: Shop) -> None:
    """A dialog keeps what was typed, and says in words that there was no answer."""
    watched = opened(browser, shop)
    page = watched.page
    watched.go(f"/{SANDBOX}/members/{MEMBER}")
    page.route(
        "**/v1/adjustments",
        lambda route: route.fulfill(status=502, content_type="text/html", body="<html>Bad gateway</html>"),
    )
    page.get_by_role("button", name="Correct points…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Points").fill("5")
    dialog.get_by_label("Reason").fill("a complaint")
    dialog.get_by_role("button", name="Correct", exact=True).click()
    expect(dialog).to_contain_text("The server could not answer (502). Try again in a moment.")
    expect(dialog.get_by_label("Reason")).to_have_value("a complaint")
    expect(dialog).not_to_contain_text("html")
    watched.context.close()


def test_an_example_stays_one_where_something_is_wrong(browser: Browser, shop: Shop) -> None:
    """In the color of what is wrong an example is taken for what was typed, and for refused."""
    watched = opened(browser, shop)
    page = watched.page
    watched.go(f"/{SANDBOX}/new-codes")
    number = page.get_by_label("How many")
    color = "(field) => getComputedStyle(field, '::placeholder').color"
    before = number.evaluate(color)
    page.get_by_role("button", name="Make the codes").click()
    expect(page.get_by_text("A whole number from 1 to 1,000,000.")).to_be_visible()
    assert number.evaluate(color) == before
    watched.context.close()


_CARDS = """
program: cards
name: Cards
currency: USD
wallets: [{id: stars, name: Stars}]
earning_rules: [{id: hello, type: fixed, trigger: member.joined, points: 100}]
rewards: [{id: card, name: A gift card, price: 50, gives: [{type: gift_card, value: 2500}]}]
"""


def test_a_gift_card_is_worth_what_is_on_it(browser: Browser, shop: Shop) -> None:
    """On the page of its member: less once a part is spent, and nothing at the end."""
    shop.call("PUT", "programs/cards/draft", yaml=_CARDS)
    shop.call("POST", "programs/cards/publish", {})
    shop.call("PUT", "orders/dora-1", {**_ORDER, "customer": "dora"})
    claim = {"id": "dora-card", "reward": "cards/card"}
    code = shop.call("POST", "customers/dora/claims", claim)["voucher"]["code"]
    watched = opened(browser, shop)
    worth = watched.page.get_by_role("table", name="Vouchers").get_by_role("row", name="A gift card")
    for name, amount, left in (("dora-2", 900, "$16.00"), ("dora-3", 1_600, "$0.00")):
        lines = [{"sku": "tea", "amount": amount}]
        shop.call("POST", "redemptions", {"id": name, "cart": {"lines": lines}, "redeem": [{"code": code}]})
        watched.go(f"/{SANDBOX}/members/dora?tab=vouchers")
        expect(worth).to_contain_text(left)
    assert watched.wrong == []
    watched.context.close()
