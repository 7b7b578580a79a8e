"""Declared attributes, facts from outside, locations and the list of facts, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from tests.http.site import Site, order

WEATHER = {"type": "text", "values": ["rain", "sun"], "outside": True, "label": "the weather"}
DECLARED: dict[str, Any] = {"member": {"weather": WEATHER}, "location": {"region": {"type": "text"}}}
PROGRAM = """
program: rainy
name: Rainy
wallets: [{id: drops, name: Drops}]
earning_rules:
  - {id: rain, type: fixed, points: 5, when: {fact: member.weather, is: rain}}
  - {id: south, type: fixed, points: 7, when: {fact: location.region, is: south}}
  - {id: near, type: fixed, points: 9, when: {fact: location.place, within: ["48.1,11.5", 9000]}}
"""


async def _publish(site: Site) -> None:
    await site.done("PUT", "/v1/attributes", DECLARED)
    await site.done("PUT", "/v1/programs/rainy/draft", raw=PROGRAM.encode())
    await site.done("POST", "/v1/programs/rainy/publish", {})


async def test_declared_attributes_are_facts_of_every_program(site: Site) -> None:
    """A version is made only of what changed; what is used keeps its type."""
    assert (await site.done("GET", "/v1/attributes"))["version"] == 0
    await _publish(site)
    assert (await site.done("PUT", "/v1/attributes", DECLARED))["version"] == 1
    facts = (await site.done("GET", "/v1/facts?program=points"))["data"]
    weather = next(fact for fact in facts if fact["name"] == "member.weather")
    assert weather["label"] == "the weather"
    assert weather["values"] == ["rain", "sun"]
    assert weather["outside"]
    changed = {**DECLARED, "location": {"region": {"type": "integer"}}}
    await site.refused(409, "attribute_in_use", "PUT", "/v1/attributes", changed)
    await site.refused(409, "attribute_in_use", "PUT", "/v1/attributes", {})
    more = {**DECLARED, "order": {"gift": {"type": "boolean"}}}
    assert (await site.done("PUT", "/v1/attributes", more))["version"] == 2


async def test_facts_from_outside_and_locations(site: Site) -> None:
    """They reach the very next order, are shown, and never pass for attributes."""
    await _publish(site)
    facts = {"facts": {"weather": {"value": "rain", "seconds": 3600}}}
    await site.done("PUT", "/v1/customers/anna/facts", facts)
    view = await site.done("GET", "/v1/customers/anna")
    assert view["attributes"] == {}
    assert view["facts"]["weather"]["value"] == "rain"
    assert not view["facts"]["weather"]["stale"]
    body = {"place": "48.12,11.52", "attributes": {"region": "south"}}
    stored = await site.done("PUT", "/v1/locations/m1", body)
    assert stored == await site.done("GET", "/v1/locations/m1")
    paid = await site.done("PUT", "/v1/orders/r1", {**order(1000), "location": "m1"})
    rainy = next(one for one in paid["programs"] if one["program"] == "rainy")
    earned = {award["rule"]: award["points"] for award in rainy["awards"]}
    assert earned == {"rain": 5, "south": 7, "near": 9}
    await site.refused(404, "location_unknown", "GET", "/v1/locations/m2")


@pytest.mark.parametrize(
    ("path", "body", "field", "code"),
    [
        ("customers/anna/facts", {"facts": {"mood": {"value": 1}}}, "$.facts.mood", "attribute_undeclared"),
        (
            "customers/anna/facts",
            {"facts": {"weather": {"value": "hail"}}},
            "$.facts.weather.value",
            "attribute_type",
        ),
        (
            "customers/anna",
            {"attributes": {"weather": "rain"}},
            "$.attributes.weather",
            "attribute_from_outside",
        ),
        ("locations/m1", {"place": "north"}, "$.place", "invalid_place"),
        ("locations/m1", {"attributes": {"x": 1}}, "$.attributes.x", "attribute_undeclared"),
        ("attributes", {"member": {"visits": {"type": "integer"}}}, "$.member.visits", "reserved"),
        (
            "attributes",
            {"order": {"a": {"type": "text", "outside": True}}},
            "$.order.a.outside",
            "not_outside",
        ),
    ],
)
async def test_mistakes_name_their_field(
    site: Site, path: str, body: dict[str, Any], field: str, code: str
) -> None:
    """What is not declared, or not as it was declared, is refused where it stands."""
    await _publish(site)
    response = await site.call("PUT", f"/v1/{path}", body)
    assert response.status_code == 422, response.text
    answer = response.json()
    assert (answer["errors"][0]["path"], answer["errors"][0]["code"]) == (field, code)
