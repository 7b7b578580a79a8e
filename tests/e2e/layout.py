"""Where things stand on a page, kept beside the tests and compared with a tolerance.

Pictures do not survive an update of the browser; the places of what has a role and a name do. Kept are the
boxes of headings, panels, tables, buttons, links that look like buttons, and fields. Digits are masked,
dates are the same on every day (``STEADY``), and what lists live data counts as a whole. After a wanted
change: ``REWRITE_LAYOUT=1 pytest tests/e2e``, and look at what it changes.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import Page

KEPT = Path(__file__).parent / "layout"
REWRITE = "REWRITE_LAYOUT"
PIXELS, SHARE = 8, 0.05
"""A box may differ by so many pixels, or by this share of its figure where that is more."""

STEADY = """
const dates = Intl.DateTimeFormat.prototype;
const written = Object.getOwnPropertyDescriptor(dates, "format").get;
const sameDay = () => "Jan 1, 2027, 12:00 PM";
const noon = new Date("2026-11-30T12:00:00Z");
const lately = (instant) => Math.abs(Date.now() - instant) < 7 * 86_400_000;
Object.defineProperty(dates, "format", {
  get() {
    const { year, dateStyle } = this.resolvedOptions();
    const format = written.call(this);
    return year ? sameDay : dateStyle ? (instant) => format(lately(instant) ? noon : instant) : format;
  },
});
dates.formatRange = () => "Jan 1 - 31, 2027";
Intl.RelativeTimeFormat.prototype.format = () => "3 days ago";
"""
"""What is written of dates, for every day on which the tests run; days of the week keep their names.

In their short form these days are one day, and others stay.
"""

PATIENCE = 12
"""How often a page that differs is looked at again, four times a second."""

_BOXES = r"""
() => {
  const wanted = ["h1, h2, h3, section, table, button, a.mantine-Button-root, [role=tab], [role=dialog]",
    "input, select, textarea"].join();
  const lists = "tbody, [role=menu], .cm-editor, svg";
  const named = (node) => {
    const by = node.getAttribute("aria-labelledby");
    const label = by ? document.getElementById(by.split(" ")[0])?.textContent : undefined;
    const own = node.matches("section, table, [role=dialog]") ? "" : node.textContent;
    return node.getAttribute("aria-label") ?? label ?? node.labels?.[0]?.textContent ?? own;
  };
  const found = [];
  for (const root of document.querySelectorAll("main, [role=dialog]")) {
    for (const node of [root, ...root.querySelectorAll(wanted)]) {
      if (node !== root && node.closest(lists) && !node.matches("table")) continue;
      if (root.tagName === "MAIN" && node.closest("[role=dialog]")) continue;
      const { x, y, width, height } = node.getBoundingClientRect();
      if (width < 2 || height < 2) continue;
      const role = node.getAttribute("role") ?? node.tagName.toLowerCase();
      const words = role === "main" ? "" : (named(node) ?? "");
      const name = words.replace(/\p{Nd}+([.,:\u066b\u066c]\p{Nd}+)*/gu, "#");
      found.push([`${role} ${name.trim().slice(0, 60)}`.trim(), x + scrollX, y + scrollY, width, height]);
    }
  }
  return found.map(([name, ...box]) => [name, ...box.map(Math.round)]);
}
"""


class Box(NamedTuple):
    """An element by its role and name, and where it stands on the page, in pixels."""

    name: str
    x: int
    y: int
    width: int
    height: int


def boxes_of(page: Page) -> list[Box]:
    """Return what stands where, in the order of the page."""
    return [Box(*each) for each in page.evaluate(_BOXES)]


def differences(kept: list[Box], found: list[Box]) -> list[str]:
    """Return in words what is missing, new, or elsewhere by more than the tolerance."""
    wrong: list[str] = []
    rest = list(found)
    for box in kept:
        here = next((each for each in rest if each.name == box.name), None)
        if here is None:
            wrong.append(f"missing: {box.name}")
            continue
        rest.remove(here)
        for what in ("x", "y", "width", "height"):
            before, now = getattr(box, what), getattr(here, what)
            if abs(now - before) > max(PIXELS, SHARE * abs(before)):
                wrong.append(f"{box.name}: {what} is {now}, was {before}")
    return wrong + [f"new: {box.name}" for box in rest]


def compare(page: Page, name: str, look: str) -> list[str]:
    """Compare a page with what is kept for this look; with ``REWRITE_LAYOUT`` keep it instead."""
    path = KEPT / f"{name}.json"
    kept: dict[str, list[Any]] = json.loads(path.read_text()) if path.exists() else {}
    # Fields that grow with their text measure it again: while a phone was turned they may have been narrow.
    page.evaluate("dispatchEvent(new Event('resize'))")
    page.wait_for_timeout(50)
    found = boxes_of(page)
    if os.environ.get(REWRITE):
        kept[look] = [list(box) for box in found]
        _keep(path, kept)
    if look not in kept:
        return [f"nothing is kept: {REWRITE}=1"]
    wanted = [Box(*each) for each in kept[look]]
    wrong = differences(wanted, found)
    for _ in range(PATIENCE):
        if not wrong:
            break
        page.wait_for_timeout(250)  # something may still be on its way
        wrong = differences(wanted, boxes_of(page))
    return wrong


def _keep(path: Path, kept: dict[str, list[Any]]) -> None:
    """Write one line for each box, so that a change of the layout is read as one."""
    KEPT.mkdir(exist_ok=True)
    looks = []
    for look, boxes in sorted(kept.items()):
        lines = ",\n".join(f"  {json.dumps(box, ensure_ascii=False)}" for box in boxes)
        looks.append(f"{json.dumps(look)}: [\n{lines}\n]")
    path.write_text("{\n" + ",\n".join(looks) + "\n}\n")
