"""``GET /v1/orders/{id}/case``: a test case of a real order begins as the member was then, and holds."""

from __future__ import annotations

import re
from typing import Any

import yaml

from tests.http.site import Site

PROGRAM = """\
program: points
name: Points
currency: USD
time_zone: Europe/Berlin
wallets:
  - {id: points, name: Points}
declarations:
  member:
    country: {type: text}
    nickname: {type: text}
  order:
    weather: {type: text}
earning_rules:
  - {id: base, type: per_amount, points: 1, per: 100, limits: [{points: 100000, per: total}]}
  - id: home
    type: fixed
    points: 7
    multiplied: false
    when: {all: [{fact: member.country, is: DE}, {fact: order.attributes.weather, is: rain}]}
  - id: third
    type: fixed
    points: 30
    multiplied: false
    when: {history: orders.count, at_least: 2}
  - {id: friend, type: fixed, points: 11, multiplied: false, when: {fact: member.segments, contains: friends}}
  - {id: joined, type: fixed, trigger: member.joined, points: 5}
tiers:
  metrics:
    - {id: spend, measure: orders.net, window: {calendar: year}}
  levels:
    - {id: bronze, name: Bronze, reach: {spend: 0}}
    - {id: gold, name: Gold, reach: {spend: 100000}, multiplier: {by: "2"}}
"""


def _order(amount: int, customer: str = "anna", **more: Any) -> dict[str, Any]:
    lines = [{"sku": "shirt", "amount": amount, "attributes": {"engraving": "for Anna"}}]
    return {"customer": customer, "status": "paid", "lines": lines, **more}


async def _published(site: Site, document: str = PROGRAM) -> None:
    await site.done("PUT", "/v1/segments/friends", {"name": "Friends"})
    headers = {"content-type": "application/yaml"}
    await site.done("PUT", "/v1/programs/points/draft", raw=document.encode(), headers=headers)
    await site.done("POST", "/v1/programs/points/publish", {})


async def _told(site: Site, order: str) -> tuple[dict[str, Any], list[tuple[str, str | None]]]:
    """Return the case of an order that holds, and what it could not carry."""
    made = await site.done("GET", f"/v1/orders/{order}/case")
    assert made["outcome"]["passed"], made["outcome"]
    return made, [(each["state"], each.get("id")) for each in made["uncarried"]]


async def test_a_case_begins_as_the_member_was_and_expects_what_came_of_the_order(site: Site) -> None:
    """Attributes, joining, earlier orders, segment, tier and balance are steps; nothing personal is."""
    await site.done("PUT", "/v1/customers/anna", {"attributes": {"country": "DE", "nickname": "Annie"}})
    await _published(site)
    await site.done("PUT", "/v1/orders/o1", _order(90_000))
    await site.done("PUT", "/v1/orders/o2", _order(20_000))
    gift = {"id": "a1", "customer": "anna", "wallet": "points", "points": 40, "reason": "sorry"}
    await site.done("POST", "/v1/adjustments", gift)
    await site.done("POST", "/v1/segments/friends/import", raw=b'{"customer": "anna"}')
    rainy: dict[str, Any] = {
        "attributes": {"weather": "rain", "note": "for my Anna"},
        "codes": ["ANNA-SECRET"],
    }
    await site.done("PUT", "/v1/orders/o3", _order(8_000, **rainy))
    made, left = await _told(site, "o3")
    *before, last = made["case"]["steps"]
    deeds = [next(name for name in step if name != "at") for step in before]
    assert deeds == ["attributes", "order", "order", "import", "adjust"]
    assert before[0]["attributes"] == {"country": "DE"}, "the nickname was not read"
    assert before[-1]["adjust"] == {"points": 40}
    assert last["expect"] == {
        "earned": 208,
        "awards": {"base": 160, "home": 7, "third": 30, "friend": 11},
        "tier": "gold",
    }
    assert (last["order"]["attributes"], left) == ({"weather": "rain"}, [("codes", None)])
    assert made["attributes"] == ["country"]
    korean = await site.done("GET", "/v1/orders/o3/case", headers={"accept-language": "ko"})
    assert re.fullmatch(r"\d{4}년 \d+월 \d+일의 80\.00 USD 주문", korean["case"]["title"]), korean["case"][
        "title"
    ]
    for personal in ("o1", "anna", "Anna", "Annie", "SECRET", "note"):
        assert personal not in yaml.safe_dump(made["case"]), personal
    document = yaml.safe_load(PROGRAM) | {"cases": [made["case"]]}
    drafted = {"document": yaml.safe_dump(document)}
    assert (await site.done("POST", "/v1/programs/points/cases", drafted))["passed"]
    document["tiers"]["levels"][1].pop("multiplier")
    drafted = {"document": yaml.safe_dump(document)}
    [missed] = (await site.done("POST", "/v1/programs/points/cases", drafted))["cases"]
    assert missed["misses"][0]["words"] == "earned should be 208 but is 128"


async def test_who_brought_an_order_is_in_its_case_where_something_asks(site: Site) -> None:
    """The till that a rule asks about is part of the case; the name of the key is not."""
    till = (
        "  - {id: till, type: fixed, points: 3, multiplied: false, when: {fact: redeemer.device, is: desk}}\n"
    )
    await _published(site, PROGRAM.replace("tiers:\n", f"{till}tiers:\n", 1))
    await site.done("PUT", "/v1/orders/o1", _order(1_000, device="desk"))
    made, _ = await _told(site, "o1")
    [only] = made["case"]["steps"]
    assert only["order"]["redeemer"] == {"device": "desk"}
    assert only["expect"]["awards"]["till"] == 3


async def test_what_a_case_cannot_carry_is_told_by_name_and_value(site: Site) -> None:
    """What others used of a budget, and orders beyond the latest twenty."""
    await _published(site)
    await site.done("PUT", "/v1/orders/others", _order(50_000, customer="ben"))
    for number in range(23):
        await site.done("PUT", f"/v1/orders/o{number}", _order(1_000))
    made, _ = await _told(site, "o22")
    told = {(each["state"], each.get("id")): (each["was"], each["in_case"]) for each in made["uncarried"]}
    assert told[("earlier_orders", None)] == (22, 20)
    assert ("history", "orders.count, ever") in told
    [budget] = [values for (state, _), values in told.items() if state == "budget"]
    assert budget[0] - budget[1] > 500
    assert all(each["why"] for each in made["uncarried"])


async def test_the_first_order_joins_by_itself_and_who_may_not_earn_is_blocked_in_the_case(
    site: Site,
) -> None:
    """Joining is part of such an order; a block and a switch are steps."""
    await _published(site)
    await site.done("PUT", "/v1/orders/o1", _order(8_000))
    made, left = await _told(site, "o1")
    [only] = made["case"]["steps"]
    assert (only["expect"]["awards"], left) == ({"base": 80, "joined": 5}, [])
    assert "redeemer" not in only["order"]
    await site.done("PUT", "/v1/customers/anna/block", {"earning": True, "spending": False, "reason": "x"})
    off = {"object": {"kind": "rule", "program": "points", "id": "home"}, "off": True, "reason": "leaked"}
    await site.done("POST", "/v1/switches", off)
    await site.done("PUT", "/v1/orders/o2", _order(8_000))
    made, left = await _told(site, "o2")
    assert made["case"]["steps"][-1]["expect"]["earned"] == 0
    assert [step for step in made["case"]["steps"] if "block" in step or "switch" in step]
    assert left == []


async def test_what_was_judged_by_no_program_makes_no_case(site: Site) -> None:
    """Orders of guests, orders that are not paid, unknown orders and unknown programs."""
    await site.done("PUT", "/v1/orders/o1", _order(8_000) | {"status": "created"})
    await site.refused(409, "order_not_judged", "GET", "/v1/orders/o1/case")
    await site.done("PUT", "/v1/orders/o1", _order(8_000))
    await site.done("GET", "/v1/orders/o1/case?program=points")
    await site.refused(409, "order_not_judged", "GET", "/v1/orders/o1/case?program=other")
    await site.refused(404, "order_unknown", "GET", "/v1/orders/o9/case")
