"""Every page, as everybody sees it: no errors, no barriers, nothing foreign, nothing too wide."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.e2e.browser import LOOKS, Look, Watched, opened
from tests.e2e.layout import Box, boxes_of, compare, differences
from tests.e2e.pages import DIALOGS, PAGES, made
from tests.e2e.shop import SANDBOX, Shop
from tests.e2e.trials import tried

_FILLED = """
() => {
  const { style } = document.body.appendChild(document.createElement("i"));
  style.color = "var(--mantine-primary-color-filled)";
  const channels = getComputedStyle(document.body.lastChild).color.match(/\\d+/g);
  document.body.lastChild.remove();
  return `#${channels.map((each) => Number(each).toString(16).padStart(2, "0")).join("")}`;
}
"""

_PLANT = """
() => {
  const main = document.querySelector("main");
  main.insertAdjacentHTML("beforeend", `<img src="data:,"><p class="planted">shown thing</p>
    <input value="typed thing"><input placeholder="hinted thing" aria-label="1"><select aria-label="2">
    <option>never thing</option><option selected>chosen thing</option></select>`);
  main.querySelector(".planted").style.cssText = "color: #777; background: #888";
}
"""

_TORN = r"""
() => {
  const torn = new Set();
  const range = document.createRange();
  for (const table of document.querySelectorAll("main table")) {
    const { parentElement: place, offsetWidth } = table;
    const fits = getComputedStyle(place).overflowX === "auto" || offsetWidth <= place.clientWidth + 1;
    if (!fits) torn.add(`cut off: ${table.ariaLabel}, ${offsetWidth}`);
    const walker = document.createTreeWalker(table, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const node = walker.currentNode;
      for (const word of node.textContent.matchAll(/(?<![^\s\/@.:_-])[^\s\/@.:_-]{2,16}(?![^\s\/@.:_-])/g)) {
        range.setStart(node, word.index);
        range.setEnd(node, word.index + word[0].length);
        const lines = new Set([...range.getClientRects()].map(({ top }) => Math.round(top)));
        if (lines.size > 1) torn.add(word[0]);
      }
    }
  }
  return [...torn];
}
"""
"""Words and figures of tables that stand in two lines, and tables that are wider than their place."""


@pytest.fixture(scope="module")
def page_of_all(browser: Browser, shop: Shop) -> Iterator[Watched]:
    """One page for all of them: it changes its look as that of a person does who turns the phone."""
    tried(shop)
    watched = opened(browser, shop)
    watched.go(f"/{SANDBOX}")
    yield watched
    watched.context.close()


@pytest.mark.parametrize("name", [*PAGES, *DIALOGS])
def test_every_page_is_free_of_errors_and_barriers(
    browser: Browser, shop: Shop, page_of_all: Watched, name: str
) -> None:
    """In four looks, with axe's rules up to WCAG 2.2 AA, and laid out as is kept; what fails is pictured."""
    watched = page_of_all
    watched.turn(LOOKS[0])
    made(shop, name)
    address, buttons = DIALOGS.get(name) or (PAGES[name], [])
    watched.go(f"/{SANDBOX}{address}")
    for button in buttons:
        watched.page.get_by_text(button, exact=True).first.click()
        watched.settle()
    problems = {}
    for look in LOOKS:
        watched.look_as(look)
        # A phone and a desk, English and Persian are read in the light; the dark is another sight of them.
        seen = watched.barriers(of_sight=look.scheme == "dark")
        problems[look.name] = [*seen, *compare(watched.page, name, look.name)]
        watched.shoot(f"{name}-{look.name}", wanted=bool(problems[look.name]))
    # The last looks are Persian: nothing is left in English but what the shop has typed. What a form began
    # with stays in it when the language is changed: that page is opened anew.
    problems["words"] = watched.english()
    if problems["words"] and not buttons:
        persian = opened(browser, shop, LOOKS[-1])
        persian.go(f"/{SANDBOX}{address}")
        problems["words"] = persian.english()
        persian.context.close()
    wrong = watched.wrong.copy()
    watched.wrong.clear()
    assert wrong == []
    assert {look: each for look, each in problems.items() if each} == {}


def test_words_and_figures_of_tables_stay_whole(browser: Browser, shop: Shop, page_of_all: Watched) -> None:
    """Also where a table has little room, beside the rail of a small desk; ids of any length are broken."""
    del page_of_all  # what it has made is looked at
    watched = opened(browser, shop)
    page = watched.page
    torn = {}
    for name in ("member", "statement", "versions", "experiments", "experiment", "staff"):
        page.set_viewport_size({"width": 1024, "height": 860})
        watched.go(f"/{SANDBOX}{PAGES[name]}")
        for width in (1024, 790, 360):
            page.set_viewport_size({"width": width, "height": 860})
            watched.settle()
            torn[f"{name} at {width}"] = page.evaluate(_TORN)
    first = page.locator("tbody td > div").first
    first.evaluate("(node) => { node.innerHTML = `<bdi>${'x'.repeat(99)}</bdi>`; }")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    page.set_viewport_size({"width": 1024, "height": 860})
    torn["an id"] = page.evaluate(_TORN)
    assert {where: each for where, each in torn.items() if each} == {}
    first.evaluate(
        """(node) => {
          node.textContent = "Advertising";
          Object.assign(node.style, { inlineSize: "3ch", overflowWrap: "anywhere" });
        }"""
    )
    assert page.evaluate(_TORN) == ["Advertising"]
    watched.context.close()


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
def test_the_door_is_free_of_errors_and_barriers(browser: Browser, shop: Shop, look: Look) -> None:
    """Whoever is not signed in comes to the door, from wherever."""
    watched = opened(browser, shop, look, signed_in=False)
    watched.go(f"/{SANDBOX}/members")
    watched.page.wait_for_url("**/console/sign-in*")
    moved = compare(watched.page, "sign-in", look.name)
    watched.shoot(f"sign-in-{look.name}", wanted=bool(moved))
    assert moved == []
    refused = "Failed to load resource: the server responded with a status of 401"
    assert [each for each in watched.wrong if refused not in each] == []
    assert watched.barriers() == []
    watched.context.close()


@pytest.fixture
def branded(shop: Shop) -> Iterator[None]:
    """The sandbox in a blue of its own, until the end of a test."""
    shop.call("PUT", "brand", {"color": "#1f4fa3"})
    yield
    shop.call("PUT", "brand", {"color": None})


@pytest.mark.usefixtures("branded")
def test_the_console_in_other_colors_is_free_of_barriers(browser: Browser, shop: Shop) -> None:
    """Buttons, links and bars wear what the workspace has chosen, and can be read in both themes.

    A color is a matter of sight: what else axe knows of these pages, it has said of them in our own color.
    """
    colors = {"light": "#1f4fa3", "dark": shop.call("GET", "brand")["dark"]["color"]}
    watched = opened(browser, shop)
    for name in ("brand", "member", "draft"):
        watched.turn(LOOKS[0])
        watched.go(f"/{SANDBOX}{PAGES[name]}")
        for look in LOOKS:
            watched.look_as(look)
            barriers = watched.barriers(of_sight=True)
            watched.shoot(f"branded-{name}-{look.name}", wanted=bool(barriers))
            assert barriers == [], (name, look)
            assert watched.page.evaluate(_FILLED) == colors[look.scheme], (name, look)
    assert watched.wrong == []
    watched.context.close()


def test_what_moved_on_a_page_is_found(page_of_all: Watched) -> None:
    """The negative control: a panel that moved or is gone, one button more; a few pixels are nothing."""
    watched = page_of_all
    watched.turn(LOOKS[0])
    watched.go(f"/{SANDBOX}/experiments")
    kept = boxes_of(watched.page)
    (panel,) = [box for box in kept if box.name == "section All experiments"]

    def with_panel(*instead: Box) -> list[Box]:
        return [each for box in kept for each in (instead if box is panel else (box,))]

    assert differences(kept, with_panel(panel._replace(y=panel.y + 5))) == []
    moved = differences(kept, with_panel(panel._replace(y=panel.y + 40)))
    assert moved == [f"section All experiments: y is {panel.y + 40}, was {panel.y}"]
    assert differences(kept, with_panel()) == ["missing: section All experiments"]
    assert differences(kept, [*kept, Box("button One more", 0, 0, 90, 30)]) == ["new: button One more"]


def test_what_is_wrong_with_a_page_is_found(page_of_all: Watched) -> None:
    """The negative control: barriers, an error, a foreign request, and English that is read or chosen."""
    watched = page_of_all
    watched.go(f"/{SANDBOX}/experiments")
    watched.look_as(LOOKS[-1])
    assert (watched.barriers(), watched.english(), watched.wrong) == ([], [], [])
    watched.page.evaluate(_PLANT)
    assert {each["id"] for each in watched.barriers()} >= {"image-alt", "color-contrast", "label"}
    assert watched.english() == ["chosen thing", "hinted thing", "shown thing", "typed thing"]
    watched.page.evaluate("fetch('http://foreign.invalid/').catch(() => console.error('planted'))")
    told = "\n".join(watched.wrong)
    assert "foreign.invalid" in told
    assert "planted" in told
    watched.wrong.clear()


@pytest.mark.parametrize(("language", "direction"), [("fa", "rtl"), ("ko", "ltr"), ("zh-Hans", "ltr")])
def test_the_page_tells_its_language_and_direction(
    browser: Browser, shop: Shop, language: str, direction: str
) -> None:
    """Screen readers and the browser itself read them from the root; Korean is broken between words alone."""
    watched = opened(browser, shop, Look("desk", "light", language))
    watched.go(f"/{SANDBOX}")
    root = watched.page.locator("html")
    assert root.get_attribute("lang") == language
    assert root.get_attribute("dir") == direction
    broken = watched.page.evaluate("getComputedStyle(document.querySelector('main')).wordBreak")
    assert broken == ("keep-all" if language == "ko" else "normal")
    watched.context.close()
