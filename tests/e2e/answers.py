"""``python -m tests.e2e.answers``: what the server answers to each page, for the checks that have no server.

Opens the pages of :mod:`tests.e2e.pages` on a server of its own with the shop of the tests on it, and writes
``web/tools/axe/answers.json``: the pages, and each answer that one of them asked for. Wanted when a page is
new or asks for something new (``web/tools/axe.mjs`` tells), or an answer has changed its form
(``tests/house/test_axe.py`` does).
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Response, expect, sync_playwright

from tests.e2e.browser import CHROMIUM, FLAGS, PATIENCE_MS, Watched, opened
from tests.e2e.pages import DIALOGS, PAGES, made
from tests.e2e.shop import ROOT, SANDBOX, Shop, found
from tests.e2e.trials import tried
from tests.http.process import process_of_its_own

KEPT = ROOT / "web" / "tools" / "axe" / "answers.json"
_LATE_MS = 2_000
"""How long a page that seems to stand still may take to ask for more: nothing is tested here."""


def main() -> None:
    """Record and write."""
    with process_of_its_own() as port:
        answers = _recorded(found(f"http://localhost:{port}"))
    KEPT.parent.mkdir(exist_ok=True)
    pages = {name: {"address": address, "buttons": buttons} for name, (address, buttons) in pages_of_all()}
    lines = [f"{json.dumps(asked)}: {json.dumps(answer)}" for asked, answer in sorted(answers.items())]
    KEPT.write_text(
        f'{{"pages": {json.dumps(pages, indent=1)},\n"answers": {{\n' + ",\n".join(lines) + "\n}}\n"
    )


def pages_of_all() -> list[tuple[str, tuple[str, list[str]]]]:
    """Return each page and dialog: its name, its address below ``/console``, the buttons to press."""
    pages = {name: (address, list[str]()) for name, address in PAGES.items()} | DIALOGS
    return [(name, (f"/{SANDBOX}{address}", buttons)) for name, (address, buttons) in pages.items()]


def _recorded(shop: Shop) -> dict[str, Any]:
    tried(shop)
    answers: dict[str, Any] = {}
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        for name, (address, buttons) in pages_of_all():
            made(shop, name)
            watched = opened(browser, shop)
            heard = _heard(watched)
            watched.go(address)
            # What is drawn once it is near is asked for, too.
            watched.page.evaluate("scrollTo({ top: document.body.scrollHeight, behavior: 'instant' })")
            watched.page.wait_for_timeout(_LATE_MS)
            for button in buttons:
                watched.page.get_by_text(button, exact=True).first.click()
                watched.settle()
            for response in heard:
                answers.setdefault(_asked(response), _answer(response))
            watched.context.close()
        browser.close()
    return answers


def _heard(watched: Watched) -> list[Response]:
    heard: list[Response] = []
    watched.page.on("response", lambda each: heard.append(each) if "/v1/" in each.url else None)
    return heard


def _asked(response: Response) -> str:
    """The request in a line: method, path, query, and the body of one that has one."""
    url = urlsplit(response.url)
    query = f"?{url.query}" if url.query else ""
    return " ".join([response.request.method, url.path + query, *filter(None, [response.request.post_data])])


def _answer(response: Response) -> Any:
    kind = response.headers.get("content-type", "")
    return {"status": response.status, "type": kind, "body": response.text()}


if __name__ == "__main__":
    main()
