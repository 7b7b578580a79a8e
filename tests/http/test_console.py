"""The console comes from the server itself: a page for every address, files for ever, nothing foreign."""

from __future__ import annotations

import re

import pytest

from perennial.http.console import build_folder
from tests.http.site import Site

pytestmark = pytest.mark.skipif(build_folder() is None, reason="the console is not built")


def _script(page: str) -> str:
    """The address of the library that draws everything, a large file."""
    found = re.search(r'href="(/console/assets/react-[^"]+\.js)"', page)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("address", ["/console", "/console/demo/members/a%2Fb?tab=ledger", "/console/setup"])
async def test_every_address_of_the_console_is_the_page(site: Site, address: str) -> None:
    """Whatever follows, the page draws it; no cache keeps the page itself."""
    answer = await site.client.get(address)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert '<div id="root">' in answer.text


async def test_the_bare_address_leads_to_the_page(site: Site) -> None:
    """Who opens what the server prints sees the console."""
    answer = await site.client.get("/")
    assert (answer.status_code, answer.headers["location"]) == (302, "/console")


async def test_the_page_allows_itself_nothing_but_its_own(site: Site) -> None:
    """No inline script, no other host; style elements need the nonce, which is new every time."""
    first = await site.client.get("/console")
    second = await site.client.get("/console")
    policy = first.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "connect-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    nonce = re.search(r"'nonce-([^']+)'", policy)
    assert nonce is not None
    assert f'nonce="{nonce[1]}"' in first.text
    assert nonce[1] not in second.text
    assert not re.search(r"<script(?![^>]*src=)", first.text)


async def test_a_file_with_a_hash_in_its_name_is_kept_for_ever_and_sent_small(site: Site) -> None:
    """Each browser gets the smallest encoding that it takes, and the plain file if it takes none."""
    address = _script((await site.client.get("/console")).text)
    plain = await site.client.get(address, headers={"Accept-Encoding": "identity, gzip;q=0"})
    assert plain.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "content-encoding" not in plain.headers
    assert plain.headers["vary"] == "Accept-Encoding"
    zipped = await site.client.get(address, headers={"Accept-Encoding": "gzip, deflate"})
    assert zipped.headers["content-encoding"] == "gzip"
    assert zipped.content == plain.content
    async with site.client.stream("GET", address, headers={"Accept-Encoding": "gzip, br"}) as answer:
        assert answer.headers["content-encoding"] == "br"
        assert int(answer.headers["content-length"]) < len(plain.content) / 2


async def test_a_file_of_an_older_build_is_gone_and_not_the_page(site: Site) -> None:
    """A script that is not there any more must not be answered with HTML."""
    answer = await site.client.get("/console/assets/index-gone.js")
    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"


@pytest.mark.parametrize("address", ["/console/../pyproject.toml", "/console/%2e%2e/%2e%2e/package.json"])
async def test_no_address_leads_out_of_the_build(site: Site, address: str) -> None:
    """Only files of the build are known; a path upwards is an address like any other."""
    answer = await site.client.get(address)
    assert "hatchling" not in answer.text
    assert "workspaces" not in answer.text
