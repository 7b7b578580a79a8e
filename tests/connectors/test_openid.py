"""A provider of single sign-on that is slow or away: nobody waits in a row, and nobody waits for long."""

from __future__ import annotations

import asyncio
import time
from threading import Event

import pytest

from perennial.config import OidcSettings
from perennial.connectors import openid
from perennial.connectors.openid import FAILED_SECONDS, Provider, ProviderError, read_in_time
from tests.http.provider import CLIENT, SECRET, SmallProvider, small_provider


def _provider(issuer: str) -> Provider:
    return Provider(OidcSettings(issuer=issuer, client_id=CLIENT, client_secret=SECRET, name="Firm"))


async def _sign_in(provider: Provider, there: SmallProvider) -> None:
    address = await provider.address("https://shop.test/back", "state", "nonce", "verifier")
    code = there.approve(address, {})["code"]
    await provider.identify(code, None, "https://shop.test/back", "nonce", "verifier")


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/keys"])
async def test_a_failure_is_told_to_all_who_wait(path: str) -> None:
    """Of many who come at once one asks; for a moment nobody asks again, and then somebody does."""
    with small_provider() as there:
        provider, now = _provider(there.issuer), time.time()
        provider.clock = lambda: now
        there.broken[path] = b""
        found = await asyncio.gather(*(_sign_in(provider, there) for _ in range(8)), return_exceptions=True)
        assert [type(each) for each in found] == [ProviderError] * 8
        there.broken.clear()
        now += FAILED_SECONDS - 1
        with pytest.raises(ProviderError, match="just now"):
            await _sign_in(provider, there)
        assert there.asked.count(path) == 1
        now += 1
        await _sign_in(provider, there)
        assert there.asked.count(path) == 2


async def test_a_clock_that_is_set_back_keeps_no_failure() -> None:
    """What failed later than now is no failure of just now."""
    with small_provider() as there:
        provider, now = _provider(there.issuer), time.time()
        provider.clock = lambda: now
        there.says_it_is = "https://evil.test"
        with pytest.raises(ProviderError, match=r"evil\.test"):
            await provider.describe()
        there.says_it_is = there.issuer
        now -= 3600
        assert (await provider.describe()).issuer == there.issuer


async def test_a_call_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the thread that asks is waiting for, the person is told."""
    hung = Event()
    monkeypatch.setattr(openid, "_TIMEOUT", 0.01)
    monkeypatch.setattr(openid, "_fetched", lambda *_: hung.wait(10) and b"{}")
    try:
        with pytest.raises(ProviderError, match="in time"):
            await _provider("https://login.test").describe()
        assert not hung.is_set()
    finally:
        hung.set()


class _Drops:
    """An answer that never ends, a byte at a time."""

    def read1(self, _: int, /) -> bytes:
        return b"x"


@pytest.mark.parametrize(("seconds", "words"), [(-1, "in time"), (3600, "too much")])
def test_an_answer_drop_by_drop_ends(seconds: float, words: str) -> None:
    """By its time, which is that of the whole, or by its size."""
    with pytest.raises(ProviderError, match=words):
        read_in_time(_Drops(), time.monotonic() + seconds)
