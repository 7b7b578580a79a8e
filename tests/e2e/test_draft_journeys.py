"""What a marketer does with a draft before it runs: cases that must hold, and a time to publish it."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Browser, Page, expect

from tests.e2e.browser import LOOKS, expect_saved, opened
from tests.e2e.shop import CAMPAIGN, MEMBER, SANDBOX, Shop

_DRAFT = f"/{SANDBOX}/programs/points"
_WRITTEN = """
cases:
  # what the marketer has written is kept
  - id: twice
    title: Nothing comes of an order that comes back
    steps:
      - {at: 2026-06-06 12:00, order: {id: o1, lines: [{sku: shirt, amount: 1000}]}}
      - {at: 2026-06-07 12:00, cancel: o1, expect: {taken_back: 10, balance: 100}}
"""
_MESSAGES = """
messages:
  - {id: thanks, type: email, name: Thank you, trigger: order.paid, subject: Thanks, body: Come again.}
  - id: big
    type: email
    name: To big ones
    trigger: order.paid
    when: {fact: order.total, at_least: 50000}
    subject: Oh
    body: That was much.
"""


def _save(page: Page) -> None:
    page.get_by_role("button", name="Save the draft").click()
    expect_saved(page)


def test_a_case_must_hold_for_the_program_to_be_published(browser: Browser, shop: Shop) -> None:
    """Written by form, played, found wrong, refused, mended, published; what is text stays text."""
    before = shop.call("GET", "programs/points/draft")["document"]
    shop.call("PUT", "programs/points/draft", yaml=before + _WRITTEN)
    watched = opened(browser, shop)
    page = watched.page
    watched.go(_DRAFT)
    page.get_by_role("button", name=re.compile("^Test cases")).click()
    written = page.get_by_role("article", name="Nothing comes of an order that comes back")
    expect(written).to_contain_text("2 steps, written as text")
    page.get_by_role("button", name="Add a case").click()
    card = page.get_by_role("article", name=re.compile("^A member"))
    card.get_by_label("Day", exact=True).fill("2026-06-06")
    card.get_by_label("Tier of the member").select_option("gold")
    card.get_by_label("Price of line 1").fill("80")
    card.get_by_label("Earns: Points").fill("1")
    sentence = re.compile(r"^A member in tier Gold buys for \$80\.00 on Sat, Jun 6, 2026 → earns 1 Points$")
    expect(page.get_by_role("article", name=sentence)).to_be_visible()
    page.get_by_role("button", name="Play the cases").click()
    expect(page.get_by_text("1 does not hold.")).to_be_visible()
    expect(written).to_contain_text("Holds")
    miss = page.get_by_role("article", name=sentence).get_by_role("listitem")
    expect(miss).to_contain_text("earned should be 1 but is")
    earned = re.search(r"but is (\d+)", miss.inner_text())
    assert earned is not None
    watched.shoot("journey-cases")
    assert watched.barriers() == []
    _save(page)
    page.get_by_role("button", name="Publish…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Publish").click()
    expect(dialog).to_contain_text("Test cases do not hold")
    expect(dialog.get_by_label("Publish although they do not hold")).to_be_visible()
    watched.shoot("journey-cases-refused")
    dialog.get_by_role("button", name="Cancel").click()
    card.get_by_label("Earns: Points").fill(earned[1])
    _save(page)
    page.get_by_role("button", name="Publish…").click()
    dialog.get_by_role("button", name="Publish").click()
    expect(dialog).to_be_hidden()
    version = max(each["version"] for each in shop.call("GET", "programs/points/versions")["data"])
    assert version == 2
    kept = shop.call("GET", "programs/points/draft")["document"]
    assert "# what the marketer has written is kept" in kept
    assert f"earned: {earned[1]}" in kept
    assert [each for each in watched.wrong if "422" not in each] == []
    watched.context.close()


def test_a_case_expects_messages(browser: Browser, shop: Shop) -> None:
    """None at all, then those alone that are named; for a cart that is only priced nobody is asked."""
    before = shop.call("GET", "programs/points/draft")["document"]
    shop.call("PUT", "programs/points/draft", yaml=before + _MESSAGES)
    watched = opened(browser, shop)
    page = watched.page
    watched.go(f"{_DRAFT}?section=cases")
    page.get_by_role("button", name="Add a case").click()
    card = page.get_by_role("article").last
    sent = card.get_by_label("Messages that are sent")
    sent.select_option("None")
    expect(card).to_contain_text("→ gets no message")
    page.get_by_role("button", name="Play the cases").click()
    expect(card.get_by_role("listitem")).to_have_text(
        "Step 2: messages should be nothing but are Thank you (thanks)"
    )
    sent.select_option("These and no other")
    expect(card).to_contain_text("→ gets the message Thank you")
    which = card.get_by_role("combobox", name="Which messages")
    which.click()
    page.get_by_role("option", name="To big ones").click()
    which.press("Escape")
    expect(card).to_contain_text("→ gets the message Thank you and To big ones")
    card.get_by_label("Price of line 1").fill("900")
    page.get_by_role("button", name="Play the cases").click()
    expect(card).to_contain_text("Holds")
    for look in LOOKS:
        watched.look_as(look)
        assert watched.barriers(of_sight=True) == [], look
        watched.shoot(f"journey-case-of-messages-{look.name}")
    watched.look_as(LOOKS[0])
    _save(page)
    assert "messages: [thanks, big]" in shop.call("GET", "programs/points/draft")["document"]
    card.get_by_label("The member", exact=True).select_option("asks the price of a cart")
    expect(card).not_to_contain_text("gets the message")
    expect(sent).to_have_count(0)
    shop.call("PUT", "programs/points/draft", yaml=before)
    assert watched.wrong == []
    watched.context.close()


def test_a_draft_is_planned_canceled_and_published_at_its_time(browser: Browser, shop: Shop) -> None:
    """A banner says what comes, and that a change makes it void; the worker publishes; the history tells."""
    before = shop.call("GET", "programs/points/draft")["document"]
    doubled = before.replace("points: 250", "points: 260", 1)
    assert doubled != before
    shop.call("PUT", "programs/points/draft", yaml=doubled)
    versions = len(shop.call("GET", "programs/points/versions")["data"])
    watched = opened(browser, shop)
    page = watched.page
    watched.go(_DRAFT)
    _plan(page, "2031-11-28T09:00", "Black Friday")
    expect(page.get_by_text("The draft is published at")).to_be_visible()
    (planned,) = shop.call("GET", "programs/points/planned")["data"]
    assert planned["publish_at"].startswith("2031-11-28T")
    watched.shoot("journey-planned")
    shop.call("PUT", "programs/points/draft", yaml=before)
    page.reload()
    expect(page.get_by_text("The draft was changed after it was planned")).to_be_visible()
    watched.shoot("journey-planned-changed")
    assert watched.barriers() == []
    page.get_by_role("button", name="Do not publish it then…").click()
    page.get_by_role("dialog").get_by_role("button", name="Do not publish it").click()
    expect(page.get_by_text("The draft was changed after it was planned")).to_be_hidden()
    shop.call("PUT", "programs/points/draft", yaml=doubled)
    at = (datetime.now(UTC) + timedelta(seconds=3)).isoformat()
    shop.call("PUT", "programs/points/planned", {"publish_at": at, "note": "Black Friday"})
    ends = time.monotonic() + 60
    while len(shop.call("GET", "programs/points/versions")["data"]) == versions:
        assert time.monotonic() < ends, shop.call("GET", "programs/points/planned")
        time.sleep(0.3)
    watched.go(f"{_DRAFT}?tab=versions")
    newest = page.get_by_role("row").nth(1)
    expect(newest).to_contain_text("Black Friday")
    expect(newest).to_contain_text("planned")
    watched.shoot("journey-planned-history")
    assert [each for each in watched.wrong if "422" not in each] == []
    watched.context.close()


def _plan(page: Page, at: str, note: str) -> None:
    page.get_by_role("button", name="Publish…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("At a time").click()
    expect(dialog.get_by_role("button", name="Plan it")).to_be_disabled()
    dialog.get_by_label("Publish at").fill("2001-01-01T09:00")
    dialog.get_by_role("button", name="Plan it").click()
    expect(dialog).to_contain_text("is over already")
    dialog.get_by_label("Publish at").fill(at)
    dialog.get_by_label("Note for the history").fill(note)
    dialog.get_by_role("button", name="Plan it").click()
    expect(dialog).to_be_hidden()


def test_the_parts_of_a_draft_are_there_for_everybody(browser: Browser, shop: Shop) -> None:
    """Cases with their form open, a plan, and what is odd about what the program gives back: no barriers."""
    before = shop.call("GET", "programs/points/draft")["document"]
    if "cases:" not in before:
        shop.call("PUT", "programs/points/draft", yaml=before + _WRITTEN)
    shop.call("PUT", "programs/points/planned", {"publish_at": "2031-11-28T09:00", "note": "Black Friday"})
    watched = opened(browser, shop, LOOKS[1])
    watched.go(f"{_DRAFT}?section=cases")
    cards = watched.page.get_by_role("article")
    expect(cards.first).to_be_visible()
    cards.last.get_by_role("button").first.click()
    watched.settle()
    for look in LOOKS[1:]:
        watched.look_as(look)
        barriers = watched.barriers()
        watched.shoot(f"cases-{look.name}", wanted=bool(barriers))
        assert barriers == [], look
    assert watched.wrong == []
    watched.context.close()


def test_an_order_becomes_a_case_of_the_draft(browser: Browser, shop: Shop) -> None:
    """From why it gave what it did, after a look; it stands among the cases, and is taken back at once."""
    before = shop.call("GET", "programs/points/draft")["document"]
    watched = opened(browser, shop)
    page = watched.page
    watched.go(f"/{SANDBOX}/members/{MEMBER}?tab=timeline&why=order-2&of=order")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Make a test case").click()
    expect(dialog.get_by_role("listitem").filter(has_text="The member buys for")).to_have_count(2)
    expect(dialog).to_contain_text("Holds in the draft")
    dialog.get_by_role("button", name="Back to the reasons").click()
    dialog.get_by_role("button", name="Make a test case").click()
    dialog.get_by_label("What is tested").fill("The second order of somebody")
    dialog.get_by_role("button", name="Keep it in the draft").click()
    expect(page.get_by_role("article", name="The second order of somebody")).to_be_visible()
    kept = shop.call("GET", "programs/points/draft")
    assert ("The second order of somebody" in kept["document"], kept["problems"]) == (True, [])
    page.get_by_role("button", name="Undo").first.click()
    expect(page.get_by_role("article", name="The second order of somebody")).to_be_hidden()
    assert shop.call("GET", "programs/points/draft")["document"] == before
    assert watched.wrong == []
    watched.context.close()


def test_a_link_to_another_section_switches_the_forms_that_are_open(browser: Browser, shop: Shop) -> None:
    """As from a finding or a page beside it; what somebody chose stays until another link comes."""
    watched = opened(browser, shop)
    page = watched.page
    watched.go(f"{_DRAFT}?section=tiers")
    sections = page.get_by_role("navigation", name="Sections of the program")
    chosen = sections.locator("[aria-current=true]")
    expect(chosen).to_contain_text("Tiers")
    sections.get_by_role("button", name=re.compile("^Wallets")).click()
    expect(chosen).to_contain_text("Wallets")
    for section, name in (("rewards", "Rewards"), ("tiers", "Tiers")):
        page.evaluate(
            """(address) => {
              history.pushState(null, "", address);
              dispatchEvent(new PopStateEvent("popstate"));
            }""",
            f"/console{_DRAFT}?section={section}",
        )
        expect(chosen).to_contain_text(name)
    assert watched.wrong == []
    watched.context.close()


def test_the_calendar_says_that_a_draft_has_problems(browser: Browser, shop: Shop) -> None:
    """With its campaigns shown all the same, and with the way to it."""
    before = shop.call("GET", "programs/points/draft")["document"]
    broken = before.replace("trigger: member.birthday", "trigger: member.birth", 1)
    assert broken != before
    watched = opened(browser, shop)
    page = watched.page
    note = page.get_by_text("it cannot be published as it is")
    watched.go(f"/{SANDBOX}/campaigns")
    expect(note).to_have_count(0)
    shop.call("PUT", "programs/points/draft", yaml=broken)
    watched.go(f"/{SANDBOX}/campaigns")
    expect(note).to_be_visible()
    watched.shoot("journey-calendar-problems")
    note.get_by_role("link", name="See the draft").click()
    expect(page.get_by_text("to solve before publishing")).to_be_visible()
    shop.call("PUT", "programs/points/draft", yaml=before)
    assert watched.wrong == []
    watched.context.close()


def test_what_was_written_outlives_a_lost_connection_and_another_editor(browser: Browser, shop: Shop) -> None:
    """Both are told in words, what was typed stays, and who saves next knows what that replaces."""
    before = shop.call("GET", "programs/points/draft")["document"]
    watched = opened(browser, shop)
    page = watched.page
    watched.go(_DRAFT)
    page.get_by_role("button", name="Change").first.click()
    name = page.get_by_label("Name", exact=True).first
    name.fill("Mine")
    saving = "**/v1/programs/points/draft?*"
    page.route(saving, lambda route: route.abort() if route.request.method == "PUT" else route.continue_())
    page.get_by_role("button", name="Save the draft").click()
    expect(
        page.get_by_text("The server cannot be reached. Check the connection, and try again.")
    ).to_be_visible()
    expect(name).to_have_value("Mine")
    page.unroute(saving)
    shop.call("PUT", "programs/points/draft", yaml=before + "\n# theirs\n")
    page.get_by_role("button", name="Save the draft").click()
    expect(page.get_by_text("Saving replaces what was saved meanwhile")).to_be_visible()
    expect(name).to_have_value("Mine")
    _save(page)
    assert "Mine" in shop.call("GET", "programs/points/draft")["document"]
    assert [each for each in watched.wrong if "draft" not in each] == []
    shop.call("PUT", "programs/points/draft", yaml=before)
    watched.context.close()


def test_a_campaign_that_was_not_saved_is_there_again(browser: Browser, shop: Shop) -> None:
    """Who follows a link in between loses nothing; discarding ends it."""
    watched = opened(browser, shop)
    page = watched.page
    watched.go(f"/{SANDBOX}/campaigns/points/{CAMPAIGN}")
    name = page.get_by_label("Name", exact=True).first
    name.fill("Two hours on Thursday")
    expect(page.get_by_role("button", name="Save to the draft")).to_be_enabled()
    page.get_by_role("link", name="Home", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("shop")
    page.go_back()
    expect(page.get_by_text("Changes that were not saved are here again")).to_be_visible()
    expect(name).to_have_value("Two hours on Thursday")
    page.get_by_role("button", name="Discard").click()
    expect(name).to_have_value("Thursday gift")
    watched.go(f"/{SANDBOX}/campaigns/points/{CAMPAIGN}")
    expect(name).to_have_value("Thursday gift")
    expect(page.get_by_text("Changes that were not saved are here again")).to_be_hidden()
    assert watched.wrong == []
    watched.context.close()
