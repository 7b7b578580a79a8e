"""Conditions over HTTP: said as a sentence, checked, and weighed; facts with labels in every language."""

from __future__ import annotations

from typing import Any

import pytest

from perennial.core.languages import LANGUAGES
from tests.http.site import Site


async def _check(site: Site, condition: dict[str, Any], **more: Any) -> dict[str, Any]:
    body = {"program": "points", "condition": condition, **more}
    checked: dict[str, Any] = await site.done("POST", "/v1/conditions/check", body)
    return checked


async def test_a_condition_is_said_and_weighed(site: Site) -> None:
    """An editor gets the sentence, no problems, and what the condition costs."""
    condition = {"fact": "order.total", "at_least": 5000}
    checked = await _check(site, condition, where="rule")
    assert checked["sentence"] == "What the order costs after all discounts is at least 50.00 USD."
    assert (checked["problems"], checked["warnings"], checked["right_to_left"]) == ([], [], False)
    assert checked["cost"]["comparisons"] == 1
    assert [each["path"] for each in checked["not_for_all_members"]] == ["fact"]
    lines = await _check(site, {"fact": "line.net", "at_least": 1}, where="rule_lines")
    assert lines["cost"]["comparisons"] == 1_000


async def test_tiers_and_segments_are_called_by_their_names(site: Site) -> None:
    """A sentence says what people call them, and the list of facts says it beside the ids."""
    await site.done("PUT", "/v1/segments/big", {"name": "Big spenders", "when": {"all": []}})
    asked = [{"fact": "member.tier", "is": "gold"}, {"fact": "member.segments", "contains": "big"}]
    checked = await _check(site, {"all": asked}, where="rule")
    assert checked["sentence"] == (
        "The tier is “Gold” and “Big spenders” is one of the segments that the customer is in."
    )
    entered = await _check(site, {"fact": "event.tier", "is": "gold"}, where="rule", trigger="tier.entered")
    assert entered["sentence"] == "The tier entered is “Gold”."
    never = await _check(site, {"fact": "event.tier", "is": "golden"}, where="rule", trigger="tier.entered")
    assert [each["code"] for each in never["problems"]] == ["unknown_value"]
    facts = (await site.done("GET", "/v1/facts?program=points"))["data"]
    named = {each["name"]: dict(zip(each["values"], each["value_labels"], strict=True)) for each in facts}
    assert named["member.tier"]["gold"] == named["event.tier"]["gold"] == "Gold"


async def test_what_is_wrong_and_what_is_odd_are_told_apart(site: Site) -> None:
    """A problem keeps a condition from being used, a warning does not; both lead to the part."""
    wrong = await _check(site, {"any": [{"fact": "member.hat", "is": "red"}]})
    assert [(each["path"], each["code"]) for each in wrong["problems"]] == [("any[0].fact", "unknown_fact")]
    assert wrong["sentence"]
    parts = [{"fact": "now.month", "is": 2}, {"fact": "now.day", "at_least": 30}]
    odd = await _check(site, {"all": parts})
    assert odd["problems"] == []
    assert [(each["path"], each["code"], each["other"]) for each in odd["warnings"]] == [
        ("all[1]", "contradicts", "all[0]")
    ]


async def test_what_cannot_be_read_is_refused_with_its_path(site: Site) -> None:
    """The path of a refusal leads into the condition."""
    body = {"program": "points", "condition": {"all": [{"fact": "order.total", "at_leest": 1}]}}
    response = await site.call("POST", "/v1/conditions/check", body)
    assert response.status_code == 422
    assert response.json()["errors"][0]["path"] == "$.condition.all[0].at_leest"
    unknown = {"program": "points", "condition": {"all": []}, "trigger": "hat.lost"}
    response = await site.call("POST", "/v1/conditions/check", unknown)
    assert response.json()["errors"][0]["path"] == "$.trigger"
    response = await site.call("POST", "/v1/conditions/check", {"program": "none", "condition": {"all": []}})
    assert response.status_code == 404


async def test_a_draft_that_was_never_published_has_conditions(site: Site) -> None:
    """Its facts are listed and its conditions are said; a draft that cannot be read is refused."""
    draft = {
        "program": "planned",
        "name": "Planned",
        "currency": "USD",
        "time_zone": "UTC",
        "declarations": {"member": {"hat": {"type": "text", "values": ["red", "green"]}}},
        "wallets": [{"id": "stars", "name": "Stars"}],
    }
    await site.done("PUT", "/v1/programs/planned/draft", draft)
    listed = await site.done("GET", "/v1/facts?program=planned")
    assert "member.hat" in [fact["name"] for fact in listed["data"]]
    body = {"program": "planned", "condition": {"fact": "member.hat", "is": "red"}}
    checked = await site.done("POST", "/v1/conditions/check", body)
    assert (checked["problems"], checked["not_for_all_members"]) == ([], [])
    assert "red" in checked["sentence"]
    await site.done("PUT", "/v1/programs/planned/draft", draft | {"wallets": 7})
    for response in (
        await site.call("GET", "/v1/facts?program=planned"),
        await site.call("POST", "/v1/conditions/check", body),
    ):
        assert (response.status_code, response.json()["code"]) == (422, "program_invalid")
    missing = await site.call("GET", "/v1/facts?program=none")
    assert (missing.status_code, missing.json()["code"]) == (404, "program_unknown")


@pytest.mark.parametrize("code", LANGUAGES)
async def test_every_language_is_served(site: Site, code: str) -> None:
    """Sentence and labels come in the language that was asked for."""
    checked = await _check(site, {"fact": "now.weekday", "is": "sat"}, language=code)
    facts = await site.done("GET", f"/v1/facts?program=points&language={code}")
    assert checked["language"] == facts["language"] == code
    assert checked["right_to_left"] is facts["right_to_left"] is (code == "fa")
    weekday = next(fact for fact in facts["data"] if fact["name"] == "now.weekday")
    saturday = weekday["value_labels"][weekday["values"].index("sat")]
    assert saturday in checked["sentence"]
    assert saturday == LANGUAGES[code].values["now.weekday=sat"]
    total = next(fact for fact in facts["data"] if fact["name"] == "order.total")
    assert (total["money"], "between" in total["operators"]) == (True, True)


async def test_an_author_is_warned(site: Site) -> None:
    """A draft and its publication carry warnings and the cost of the dearest event."""
    document = b"""
program: odd
name: Odd
wallets: [{id: points, name: Points}]
earning_rules:
  - id: never
    type: fixed
    points: 5
    when: {all: [{fact: order.total, at_least: 9}, {fact: order.total, is: 3}]}
"""
    draft = await site.done("PUT", "/v1/programs/odd/draft", raw=document)
    assert draft["problems"] == []
    (warning,) = draft["assessment"]["warnings"]
    assert (warning["path"], warning["code"]) == ("earning_rules[0].when.all[1]", "contradicts")
    assert draft["assessment"]["cost"]["comparisons"] == 4
    published = await site.done("POST", "/v1/programs/odd/publish", {})
    assert published["assessment"] == draft["assessment"]
