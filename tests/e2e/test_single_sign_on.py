"""Signing in by a provider on another site, in a browser that keeps its rules for cookies."""

from __future__ import annotations

from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.sync_api import Route, expect, sync_playwright

from perennial.config import OidcSettings
from perennial.http.console import build_folder
from tests.e2e.browser import CHROMIUM, FLAGS, PATIENCE_MS, SCREENSHOTS
from tests.e2e.shop import OWNER, found
from tests.http.process import process
from tests.http.provider import CLIENT, SECRET, small_provider


def test_the_owner_signs_in_by_the_provider(database_url: str) -> None:
    """There and back, between two sites: the session stays, and a state that is no one's does not let in."""
    if not CHROMIUM.exists():
        pytest.skip("there is no Chromium here: .ci/run installs it")
    assert build_folder() is not None, "the console is not built: make setup"
    expect.set_options(timeout=PATIENCE_MS)
    with small_provider() as provider:
        oidc = OidcSettings(issuer=provider.issuer, client_id=CLIENT, client_secret=SECRET, name="Example ID")
        with process(database_url, 1, oidc) as (_, port), sync_playwright() as playwright:
            found(f"http://127.0.0.1:{port}")

            def page_of_provider(route: Route) -> None:
                asked = parse_qs(urlsplit(route.request.url).query)
                back = provider.approve(route.request.url, {"email": OWNER, "name": "Ada"})
                address = f"{asked['redirect_uri'][0]}?{urlencode(back)}"
                route.fulfill(
                    content_type="text/html", body=f'<a href="{address.replace("&", "&amp;")}">Yes, me</a>'
                )

            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
            page = browser.new_context(locale="en-US", viewport={"width": 1280, "height": 860}).new_page()
            page.set_default_timeout(PATIENCE_MS)
            page.route(f"{provider.issuer}/authorize?*", page_of_provider)
            page.goto(f"http://localhost:{port}/console/")
            button = page.get_by_role("button", name="Sign in with Example ID")
            expect(button).to_be_visible()
            SCREENSHOTS.mkdir(exist_ok=True)
            page.screenshot(path=SCREENSHOTS / "journey-provider.png", full_page=True)
            button.click()
            page.get_by_role("link", name="Yes, me").click()
            expect(page.get_by_role("navigation", name="Places")).to_be_visible()
            assert urlsplit(page.url).netloc == f"localhost:{port}"
            page.reload()
            expect(page.get_by_role("navigation", name="Places")).to_be_visible()
            page.context.clear_cookies()
            page.goto(f"http://localhost:{port}/v1/sign-in/callback?code=code-9&state={'x' * 43}")
            expect(page.get_by_role("alert")).to_contain_text("Example ID has not signed you in.")
            browser.close()
