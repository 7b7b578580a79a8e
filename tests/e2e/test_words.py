"""What goes wrong in the console is told in the language spoken: provoked in Persian, nothing is English."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, expect

from tests.e2e.browser import Look, opened
from tests.e2e.shop import POOL, ROOT, SANDBOX, Shop

_PERSIAN = Look("desk", "light", "fa")
_DRAFT = f"/{SANDBOX}/programs/points"
_CASE = """
cases:
  - id: points
    title: "-"
    steps:
      - at: 2026-06-06 12:00
        order: {id: o1, lines: [{sku: shirt, amount: 1000}]}
        expect: {earned: 1, awards: {base: 1}, tier: gold}
"""


def _said(screen: str, english: str) -> str:
    """Return what the console says in Persian, from the catalog of a screen."""
    catalog = (ROOT / "web" / "apps" / "console" / "src" / screen / "locales" / "fa.po").read_text()
    found = re.search(rf'^msgid "{re.escape(english)}"\nmsgstr "(.+)"$', catalog, re.MULTILINE)
    assert found is not None, english
    return found[1]


def test_problems_of_a_draft_are_told(browser: Browser, shop: Shop) -> None:
    """Beside the text, each with its place."""
    before = shop.call("GET", "programs/points/draft")["document"]
    try:
        problems = shop.call("PUT", "programs/points/draft", yaml=f"{before}\nrate: 1\n")["problems"]
        assert problems
        watched = opened(browser, shop, _PERSIAN)
        watched.go(_DRAFT)
        expect(watched.page.get_by_text("فیلدی به نام")).to_be_visible()
        assert watched.english() == []
        watched.shoot("words-problems")
        watched.context.close()
    finally:
        shop.call("PUT", "programs/points/draft", yaml=before)


def test_misses_of_a_test_case_are_told(browser: Browser, shop: Shop) -> None:
    """What should be and what is, figure by figure."""
    before = shop.call("GET", "programs/points/draft")["document"]
    try:
        shop.call("PUT", "programs/points/draft", yaml=before + _CASE)
        watched = opened(browser, shop, _PERSIAN)
        page = watched.page
        watched.go(_DRAFT)
        page.get_by_role("button", name=re.compile(f"^{_said('editor', 'Test cases')}")).click()
        page.get_by_role("button", name=_said("editor", "Play the cases")).click()
        expect(page.get_by_text("کسب‌شده باید")).to_be_visible()
        expect(page.get_by_text("1 point for every dollar (base)")).to_be_visible()
        assert watched.english() == []
        watched.shoot("words-misses")
        watched.context.close()
    finally:
        shop.call("PUT", "programs/points/draft", yaml=before)


def test_what_is_not_there_is_told(browser: Browser, shop: Shop) -> None:
    """A refusal of the server in the place of the page, and again after the language is changed."""
    watched = opened(browser, shop, _PERSIAN)
    for address, told in (
        ("members/anna-9", "مشتری"),
        ("programs/points-9", "برنامهٔ"),
        (f"vouchers/{POOL}-not", "دستهٔ"),
    ):
        watched.go(f"/{SANDBOX}/{address}")
        expect(watched.page.get_by_role("main")).to_contain_text(told)
        assert watched.english() == [], address
    watched.speak("ko")
    expect(watched.page.get_by_role("main")).to_contain_text("없습니다")
    watched.context.close()
