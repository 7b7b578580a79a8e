"""One server and one browser for each file of tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from perennial.http.console import build_folder
from tests.e2e.browser import CHROMIUM, FLAGS, PATIENCE_MS
from tests.e2e.shop import Shop, found
from tests.http.process import process


@pytest.fixture(scope="module")
def shop(database_url: str) -> Iterator[Shop]:
    """A filled shop on a server of its own."""
    if not CHROMIUM.exists():
        pytest.skip("there is no Chromium here: .ci/run installs it")
    assert build_folder() is not None, "the console is not built: make setup"
    # By name: passkeys are bound to one, and an address is none.
    with process(database_url, 1) as (_, port):
        yield found(f"http://localhost:{port}")


@pytest.fixture(scope="module")
def browser(shop: Shop) -> Iterator[Browser]:
    """The browser; it ends before the server does."""
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield running
        running.close()
