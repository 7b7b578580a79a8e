"""What people read comes in the language that was asked for, call by call."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from perennial.core.languages import LANGUAGES
from tests.http.site import Site

_TOLD = {"words", "title", "description", "formula", "cut_by", "why_not"}
_ENGLISH = re.compile(r"\b(?:the|of|did not|each|members|per|fired)\b", re.IGNORECASE)
CALLS = ("orders/o-told/explanation", "reports", "budgets", "campaigns", "segment-templates", "templates")


def _sentences(answer: Any) -> Iterator[str]:
    """Yield everything in an answer that people read as words."""
    if isinstance(answer, list):
        for each in answer:
            yield from _sentences(each)
    elif isinstance(answer, dict):
        for name, value in answer.items():
            if name in _TOLD and isinstance(value, str):
                yield value
            else:
                yield from _sentences(value)


async def _paid(site: Site) -> None:
    line = {"id": "1", "sku": "lamp", "amount": 2_000, "quantity": 1}
    order = {"customer": "told", "status": "paid", "currency": "USD", "lines": [line]}
    await site.done("PUT", "/v1/orders/o-told", order)


@pytest.mark.parametrize("code", LANGUAGES)
async def test_every_call_speaks_every_language(site: Site, code: str) -> None:
    """No sentence falls back to English; in English every one has English words."""
    await _paid(site)
    for call in CALLS:
        said = list(_sentences(await site.done("GET", f"/v1/{call}?language={code}")))
        left = [words for words in said if _ENGLISH.search(words)]
        assert bool(left) is (code == "en" and bool(said)), (call, left)


async def test_a_language_that_does_not_ship_is_refused(site: Site) -> None:
    """The refusal names the parameter."""
    response = await site.call("GET", "/v1/reports?language=tlh")
    assert response.status_code == 422
    assert "language" in response.text
