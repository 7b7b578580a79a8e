"""What people read comes in the language that was asked for, call by call."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from perennial.core.languages import LANGUAGES
from perennial.http.door.language import spoken_to
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


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ("fa", "fa"),
        ("fa-IR, en;q=0.5", "fa"),
        ("de, ko;q=0.8, fa;q=0.3", "ko"),
        ("en;q=0.2, zh-TW;q=0.9", "zh-Hant"),
        ("zh-Hant-HK", "zh-Hant"),
        ("zh", "zh-Hans"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-Hans"),
        ("de-DE, de", "en"),
        ("*", "en"),
        ("fa;q=0", "en"),
        ("fa;q=nothing", "en"),
        ("", "en"),
        (", ".join(["xx"] * 5_000) + ", fa", "en"),
    ],
)
def test_the_language_that_is_liked_best(wanted: str, code: str) -> None:
    """By its weight, with or without a region; what is written wrong counts for nothing."""
    assert spoken_to({b"accept-language": wanted.encode()}).code == code


def test_without_the_header_it_is_english() -> None:
    """As machines call."""
    assert spoken_to({}).code == "en"


async def test_a_refusal_speaks_the_language_of_its_caller(site: Site) -> None:
    """Title, detail and every field, on the fast lane and off it; codes and paths stay."""
    speaks = {"accept-language": "fa"}
    for method, path, body in (
        (
            "PUT",
            "/v1/orders/o-refused",
            {"customer": "told", "status": "lost", "currency": "USD", "lines": []},
        ),
        ("GET", "/v1/customers/nobody", None),
        ("GET", "/v1/nothing", None),
        ("GET", "/v1/reports?step=never", None),
    ):
        plain = (await site.call(method, path, body)).json()
        told = (await site.call(method, path, body, headers=speaks)).json()
        said = [told["title"], told["detail"], *(each["message"] for each in told.get("errors", ()))]
        assert [words for words in said if _ENGLISH.search(words)] == []
        assert told["title"] != plain["title"]
        assert told["detail"] != plain["detail"]
        assert (told["code"], told["status"]) == (plain["code"], plain["status"])
        assert [each["path"] for each in told.get("errors", ())] == [
            each["path"] for each in plain.get("errors", ())
        ]


async def test_a_draft_speaks_the_language_of_its_author(site: Site) -> None:
    """What is wrong with it, and what is odd about it with the condition in words, published or not."""
    speaks = {"accept-language": "fa"}
    draft = {
        "program": "worded",
        "name": "Worded",
        "currency": "USD",
        "time_zone": "UTC",
        "wallets": [{"id": "points", "name": "Points"}],
        "earning_rules": [{"id": "base", "type": "per_amount", "points": 1, "per": 100, "wallet": "other"}],
    }
    put = await site.call("PUT", "/v1/programs/worded/draft", draft, headers=speaks)
    (problem,) = put.json()["problems"]
    assert (problem["path"], problem["code"]) == ("earning_rules[0].wallet", "unknown_reference")
    assert not _ENGLISH.search(problem["words"])
    assert "\u2068other\u2069" in problem["words"]
    never = {"all": [{"fact": "order.total", "at_least": 5_000}, {"fact": "order.total", "less_than": 4_000}]}
    draft["earning_rules"] = [{"id": "base", "type": "per_amount", "points": 1, "per": 100, "when": never}]
    put = await site.call("PUT", "/v1/programs/worded/draft", draft, headers=speaks)
    (warning,) = put.json()["assessment"]["warnings"]
    assert warning["code"] == "contradicts"
    assert not _ENGLISH.search(warning["words"])
    assert not re.search(r"\b(?:at least|less than|total)\b", warning["words"])
    published = await site.call("POST", "/v1/programs/worded/publish", {}, headers=speaks)
    assert published.json()["assessment"]["warnings"] == [warning]
    # An older version is published again by somebody who speaks another language.
    draft["name"] = "Worded anew"
    await site.call("PUT", "/v1/programs/worded/draft", draft)
    await site.call("POST", "/v1/programs/worded/publish", {})
    back = await site.call(
        "POST", "/v1/programs/worded/rollback", {"version": 1}, headers={"accept-language": "ko"}
    )
    (again,) = back.json()["assessment"]["warnings"]
    assert again["words"] != warning["words"]
    assert not re.search(r"\b(?:at least|less than|total)\b", again["words"])


async def test_a_cart_speaks_the_language_of_its_caller(site: Site) -> None:
    """Why a reward takes nothing off, with its limit: quoted, held and redeemed, and read again."""
    document = {
        "program": "worded-cart",
        "name": "Worded",
        "currency": "USD",
        "time_zone": "UTC",
        "wallets": [{"id": "points", "name": "Points"}],
        "rewards": [
            {
                "id": "half",
                "name": "Half",
                "codes": {"shared": "HALF"},
                "gives": [{"type": "percent_off", "percent": "50", "target": "units"}],
                "limits": [{"units": 1, "per": "total"}],
            }
        ],
    }
    await site.done("PUT", "/v1/programs/worded-cart/draft", document)
    await site.done("POST", "/v1/programs/worded-cart/publish", {})
    speaks = {"accept-language": "ko"}
    body = {"cart": {"lines": [{"sku": "tea", "amount": 200, "quantity": 2}]}, "redeem": [{"code": "HALF"}]}

    def redeemable(answer: Any) -> dict[str, Any]:
        found: dict[str, Any] = answer.get("quote", answer)["redeemables"][0]
        return found

    def message(answer: Any) -> str:
        words: str = redeemable(answer)["message"]
        return words

    limit = "리워드 half: 총 1개, 모든 회원 합산"
    first = await site.done("POST", "/v1/redemptions", {"id": "said-1", **body}, headers=speaks)
    assert message(first) == f"남은 만큼만 적용됨: {limit}: 1 남음"
    assert message(await site.done("GET", "/v1/redemptions/said-1", headers=speaks)) == message(first)
    english = message(await site.done("GET", "/v1/redemptions/said-1"))
    assert english == "takes only what is left: reward half: 1 unit in all, all members together: 1 left"
    told = [
        await site.done("POST", "/v1/quotes", body, headers=speaks),
        await site.done("POST", "/v1/holds", {"id": "said-2", **body}, headers=speaks),
        await site.done("PUT", "/v1/holds/said-2", body, headers=speaks),
        await site.done("POST", "/v1/redemptions", {"hold": "said-2"}, headers=speaks),
    ]
    assert {message(each) for each in told} == {f"half는 지금 사용할 수 없음: {limit}: 모두 사용됨"}
    assert {redeemable(each)["details"]["limit"] for each in told} == {f"{limit}: 모두 사용됨"}


async def test_the_next_step_of_a_challenge_speaks_the_language_of_its_caller(site: Site) -> None:
    """Read, in the answer to an order, in that of a line of a batch, and replayed; names are kept."""
    document = {
        "program": "worded-steps",
        "name": "Worded",
        "currency": "USD",
        "time_zone": "UTC",
        "wallets": [{"id": "points", "name": "Points"}],
        "challenges": [
            {
                "id": "card",
                "name": "Card",
                "goals": [{"measure": "orders.count", "target": 5, "name": '"next_step":"Tea"'}],
                "gives": [{"type": "points", "points": 10}],
            }
        ],
    }
    await site.done("PUT", "/v1/programs/worded-steps/draft", document)
    await site.done("POST", "/v1/programs/worded-steps/publish", {})
    speaks = {"accept-language": "ko"}
    bought = {"customer": "steps", "status": "paid", "lines": [{"id": "1", "sku": "tea", "amount": 100}]}

    def steps(answer: Any) -> list[str]:
        programs = (each for each in answer["programs"] if each["program"] == "worded-steps")
        return [each["next_step"] for program in programs for each in program["challenges"]]

    async def put(number: int, **headers: str) -> list[str]:
        return steps(await site.done("PUT", f"/v1/orders/steps-{number}", bought, headers=headers))

    name = '"next_step":"Tea"'
    assert await put(1, **speaks) == [f"주문 4건 더({name})."]
    assert await put(1) == [f"4 more orders ({name})."]
    assert await put(2) == [f"3 more orders ({name})."]
    assert await put(2, **speaks) == [f"주문 3건 더({name})."]
    line = msgspec.json.encode({"op": "order", "id": "steps-3", **bought})
    lines = {"content-type": "application/x-ndjson", **speaks}
    batch = await site.call("POST", "/v1/batch", raw=line, headers=lines)
    assert steps(batch.json()["answer"]) == [f"주문 2건 더({name})."]
    seen = await site.done("GET", "/v1/customers/steps/challenges", headers=speaks)
    assert [each["next_step"] for each in seen["data"]] == [f"주문 2건 더({name})."]
