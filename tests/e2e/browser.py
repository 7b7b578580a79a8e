"""A browser that watches: what the console logs, whom it calls, and whether everybody can use it."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect

from tests.e2e.layout import STEADY, compare
from tests.e2e.shop import ROOT, Shop

_CHROMIUMS = (Path("/usr/bin/chromium-headless-shell"), Path("/usr/bin/chromium"))
CHROMIUM = next((path for path in _CHROMIUMS if path.exists()), _CHROMIUMS[0])
"""The one without windows if it is there: a page in a context of its own costs less than half."""

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A page lives for seconds: to compile it once more for speed, or to collect often, never pays.
    "--js-flags=--no-opt --no-maglev --min-semi-space-size=32 --max-semi-space-size=64",
)
_OWN_DATA = (
    "examples/points.yaml",
    "templates/vip-tiers.yaml",
    "tests/e2e/everything.yaml",
    "tests/e2e/shop.py",
    "tests/e2e/trials.py",
)
_SAME_EVERYWHERE = """
3 days ago. Jan 1, 2027, 12:00 PM. Jan 1 - 31, 2027. Ctrl K. Perennial. Anna. Ada. staff. rfm.
autosize measurement. English.
"""
DATA = " ".join(
    " ".join([*(ROOT.joinpath(name).read_text() for name in _OWN_DATA), _SAME_EVERYWHERE]).split()
)
"""What is English in every language: what the shop of the tests has typed, and a few names of things."""

_SHOWN = """
() => {
  const skipped = ".cm-editor, code, kbd, pre, option, textarea";
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const shown = [];
  while (walker.nextNode()) {
    const { parentElement, textContent } = walker.currentNode;
    if (parentElement.closest(`${skipped}, script, style`) || !parentElement.checkVisibility()) continue;
    shown.push(textContent);
  }
  for (const node of document.querySelectorAll("[aria-label], [title], [placeholder]")) {
    if (node.closest(skipped)) continue;
    for (const name of ["aria-label", "title", "placeholder"]) shown.push(node.getAttribute(name) ?? "");
  }
  for (const node of document.querySelectorAll("input:not([type=hidden], [type=password]), select")) {
    if (!node.checkVisibility() || ["checkbox", "radio"].includes(node.type)) continue;
    if (node.tagName === "SELECT") for (const option of node.selectedOptions) shown.push(option.text);
    else shown.push(node.value);
  }
  return shown;
}
"""
_MOVES = "document.getAnimations().some((each) => each.playState === 'running')"
_CODED = re.compile(r"\S*[./_@:#\d-]\S*|[A-Z]{2,}")
"""Names of events, ids, addresses, codes: nobody reads them as words."""

_PHRASE = re.compile(r"[A-Za-z]*[a-z]{3}[A-Za-z]*(?:[ ,'-]+[A-Za-z]+)*")
PATIENCE_MS = 60_000
"""A browser on a busy machine is slow, and no test here is about speed."""

_PAUSE_MS = 20

SCREENSHOTS = Path(__file__).parent / "screenshots"
PICTURES = bool(os.environ.get("PICTURES"))
"""Whether pictures of all pages are wanted: no test reads them, and each costs as much as loading a page."""
_AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_RULES_OF_SIGHT = ["color-contrast", "link-in-text-block", "target-size", "scrollable-region-focusable"]
"""What a look can change; the other rules read the tree, which is the same in every theme."""

# What passes is not asked for; style sheets are not loaded anew: only an experimental rule reads them.
_RUN_AXE = """
axe.run(document, {{
  runOnly: {rules}, resultTypes: ["violations"], preload: {{ assets: ["media"] }}
}}).then((found) => JSON.stringify(
  found.violations.map(({{ id, nodes }}) => ({{ id, where: nodes.map((node) => node.target.join(" ")) }}))
))
"""


class Look(NamedTuple):
    """How somebody sees the console."""

    device: str
    scheme: str
    language: str

    @property
    def name(self) -> str:
        """The name in file names."""
        return f"{self.device}-{self.scheme}-{self.language}"


DESK = Look("desk", "light", "en")
LOOKS = (DESK, Look("phone", "dark", "en"), Look("phone", "light", "fa"), Look("desk", "dark", "fa"))
"""Each pair of device, scheme and direction is in one of them."""

_SIZES = {"desk": {"width": 1280, "height": 860}, "phone": {"width": 360, "height": 780}}


class Watched:
    """A page whose errors and foreign requests are kept; ``context`` is closed by whoever opened it."""

    def __init__(self, context: BrowserContext, shop: Shop) -> None:
        self.context = context
        self.page: Page = context.new_page()
        self.wrong: list[str] = []
        self._url = shop.url
        self.page.on("console", self._logged)
        self.page.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        self.page.on("request", self._requested)

    def go(self, address: str) -> None:
        """Open an address of the console, and wait until it stands still."""
        self.page.goto(f"{self._url}/console{address}")
        self.settle()

    def settle(self) -> None:
        """Wait until nothing is on its way and nothing moves."""
        self.page.wait_for_load_state("networkidle")
        expect(self.page.locator("main")).to_be_visible()
        expect(self.page.locator("[role=status] .mantine-Skeleton-root")).to_have_count(0)
        for _ in range(PATIENCE_MS // _PAUSE_MS):
            if not self.page.evaluate(_MOVES):
                return
            self.page.wait_for_timeout(_PAUSE_MS)
        raise AssertionError("something on the page moves without end")

    def shoot(self, name: str, *, wanted: bool = False) -> None:
        """Go to the top of the page, and leave a picture of it if that is ``wanted``, or all are.

        What stays in place while the page scrolls is at the top of the picture, too.
        """
        self.page.evaluate("scrollTo({ top: 0, behavior: 'instant' })")
        if PICTURES or wanted:
            SCREENSHOTS.mkdir(exist_ok=True)
            self.page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)

    def shoot_everywhere(self, name: str) -> None:
        """Fail where the layout is not the kept one, and leave a picture of it.

        If all pictures are wanted, they are those of both themes, and of Persian.
        """
        self.settle()
        wrong = {"en": compare(self.page, name, "en")}
        self.shoot(f"{name}-light", wanted=bool(wrong["en"]))
        self.page.emulate_media(color_scheme="dark")
        self.shoot(f"{name}-dark")
        self.page.emulate_media(color_scheme="light")
        self.speak("fa")
        wrong["fa"] = compare(self.page, name, "fa")
        self.shoot(f"{name}-fa", wanted=bool(wrong["fa"]))
        self.speak("en")
        assert not any(wrong.values()), f"{name} has another layout: {wrong}"

    def look_as(self, look: Look) -> None:
        """Change device, theme and language of the page that is open."""
        self.turn(look)
        self.speak(look.language)

    def turn(self, look: Look) -> None:
        """Change device and theme alone, as for a page that is opened next: it speaks the first language."""
        self.page.set_viewport_size(_SIZES[look.device])  # type: ignore[arg-type]
        self.page.emulate_media(color_scheme=look.scheme)  # type: ignore[arg-type]

    def speak(self, language: str) -> None:
        """Switch the language, unless it is spoken, as another tab does, so that nothing here is touched."""
        self.page.evaluate(
            """(newValue) => {
              if (document.documentElement.lang === newValue) return;
              localStorage.setItem("perennial.language", newValue);
              dispatchEvent(new StorageEvent("storage", { key: "perennial.language", newValue }));
            }""",
            language,
        )
        expect(self.page.locator("html")).to_have_attribute("lang", language)
        self.settle()

    def barriers(self, *, of_sight: bool = False) -> list[Any]:
        """Return what axe finds, by all rules or those ``of_sight``, and whether the page is too wide."""
        session = self.context.new_cdp_session(self.page)
        if not self.page.evaluate("'axe' in window"):
            session.send("Runtime.evaluate", {"expression": _AXE.read_text()})
        run = _RUN_AXE.format(rules=json.dumps(_RULES_OF_SIGHT if of_sight else _RULES))
        answer = session.send("Runtime.evaluate", {"expression": run, "awaitPromise": True})
        found: list[Any] = json.loads(answer["result"]["value"])
        session.detach()
        wider = self.page.evaluate(
            "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        )
        return [*found, *(["wider than the window"] if wider else [])]

    def english(self) -> list[str]:
        """Return every English phrase that the page shows or tells, but for those of :data:`DATA`."""
        shown: list[str] = self.page.evaluate(_SHOWN)
        plain = (_CODED.sub(" ", text) for text in shown)
        found = {found[0].strip() for text in plain for found in _PHRASE.finditer(text)}
        return sorted(phrase for phrase in found if phrase not in DATA)

    def _logged(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.wrong.append(f"{message.type}: {message.text} ({message.location.get('url')})")

    def _requested(self, request: Request) -> None:
        if not request.url.startswith((f"{self._url}/", "data:", "blob:")):
            self.wrong.append(f"foreign request: {request.url}")


def opened(browser: Browser, shop: Shop, look: Look = DESK, *, signed_in: bool = True) -> Watched:
    """Return a page in a context of its own, as the owner sees it with this look."""
    context = browser.new_context(
        viewport=_SIZES[look.device],  # type: ignore[arg-type]
        color_scheme=look.scheme,  # type: ignore[arg-type]
        locale="en-US",
        reduced_motion="reduce",
    )
    context.set_default_timeout(PATIENCE_MS)
    context.add_init_script(f"localStorage.setItem('perennial.language', '{look.language}')")
    context.add_init_script(STEADY)
    if signed_in:
        context.add_cookies([{"name": "perennial_session", "value": shop.cookie, "url": shop.url}])
    return Watched(context, shop)


def expect_saved(page: Page) -> None:
    """Wait until the draft is saved: the button rests, and not because it is still under way."""
    save = page.get_by_role("button", name="Save the draft")
    expect(save).to_be_disabled()
    expect(save).not_to_have_attribute("data-loading", "true")
    expect(save).to_be_disabled()
