"""The description of the API is whole, true, and checked in."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from perennial.flows.programs.life import Author, apply_document
from perennial.flows.staff.scopes import Scope
from perennial.http.app import ROUTES, api_document, api_document_text
from perennial.http.reference.examples import EXAMPLES
from perennial.http.reference.problem_codes import PROBLEM_CODES
from tests.http.site import Site

_ROOT = Path(__file__).parents[2]
_API = api_document()
_OPERATIONS = [
    (path, method, operation)
    for path, methods in _API["paths"].items()
    for method, operation in methods.items()
]
_OF_PEOPLE = {route.operation_id for route in ROUTES if route.opt["staff"]}
_PUBLIC = {route.operation_id for route in ROUTES if route.opt["needs"] is None and not route.opt["staff"]}


def references(node: Any) -> Iterator[str]:
    """Yield every ``$ref`` below a node."""
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def test_the_checked_in_document_is_the_one_that_is_served() -> None:
    """``make generate`` writes it; whoever changes a route sees the difference."""
    assert (_ROOT / "docs/reference/openapi.json").read_text() == api_document_text()


def test_every_reference_leads_somewhere() -> None:
    """No schema or answer is named that is not there, and none is there that nobody names."""
    named = set(references(_API))
    for reference in named:
        node = _API
        for step in reference.removeprefix("#/").split("/"):
            node = node[step]
    there = {
        f"#/components/{kind}/{name}"
        for kind in ("schemas", "responses")
        for name in _API["components"][kind]
    }
    assert named == there


def test_every_route_is_described() -> None:
    """The document holds each route with its name, its tag, its words, its scope and its problems."""
    assert {operation["operationId"] for _, _, operation in _OPERATIONS} == {
        route.operation_id for route in ROUTES
    }
    tags = {tag["name"] for tag in _API["tags"]}
    for path, method, operation in _OPERATIONS:
        assert re.fullmatch(r"[a-z]+_[a-z]+", operation["operationId"]), operation["operationId"]
        assert operation["tags"][0] in tags
        assert operation["summary"]
        assert operation["description"].endswith((".", "?")), operation["operationId"]
        if operation["operationId"] in _OF_PEOPLE:
            assert operation["security"] == [{"session": []}]
            assert {"401", "403", "503"} <= set(operation["responses"])
        elif operation["operationId"] not in _PUBLIC:
            assert path.startswith("/v1/") or path == "/metrics"
            scopes = [scope for need in operation["security"] for scope in need.get("api_key", ())]
            assert scopes
            assert set(scopes) <= set(Scope)
            assert {"401", "403", "503"} <= set(operation["responses"])
        if "requestBody" in operation:
            assert {"400", "413", "415", "422"} <= set(operation["responses"])
            assert method in {"put", "post"}


def test_every_body_with_fields_has_an_example() -> None:
    """A reader finds something to copy for each call that takes JSON."""
    without = [
        operation["operationId"]
        for _, _, operation in _OPERATIONS
        for media_type, media in operation.get("requestBody", {}).get("content", {}).items()
        if media_type == "application/json" and "$ref" in media["schema"] and "examples" not in media
    ]
    assert without == []


def test_unknown_fields_are_said_to_be_refused() -> None:
    """What the reader enforces stands in the schema of every body."""
    bodies = [name for name in _API["components"]["schemas"] if name.endswith(("Body", "Line"))]
    open_bodies = [
        name
        for name in bodies
        if name != "ProblemBody"
        and _API["components"]["schemas"][name].get("additionalProperties") is not False
    ]
    assert open_bodies == []


_numbers = itertools.count(1)
_PLACES = {
    "order_put": "1001",
    "merge_post": "ben",
    "return_post": "1001",
    "hold_put": "cart-9001",
    "redemption_rollback": "till-17",
    "allowance_post": "till-1",
    "upload_post": "till-1",
    "device_block": "till-1",
    "device_unblock": "till-1",
    "segment_put": "regulars",
    "segment_apply": "regulars",
    "apply_watch": "regulars",
    "segment_template": "dormant",
    "template_preview": "vip-tiers",
}
_SCENARIO = [
    "brand_put",
    "brand_preview",
    "attributes_put",
    "location_put",
    "location_push",
    "condition_check",
    "membership_join",
    "customer_put",
    "consent_post",
    "facts_push",
    "order_put",
    "return_post",
    "event_post",
    "adjustment_post",
    "quote_post",
    "hold_post",
    "hold_put",
    "redemption_post",
    "redemption_rollback",
    "scan_post",
    "device_post",
    "allowance_post",
    "upload_post",
    "device_block",
    "device_unblock",
    "claim_post",
    "entitlement_move",
    "wait_post",
    "batch_create",
    "batch_watch",
    "batch_check",
    "voucher_assign",
    "voucher_void",
    "card_sell",
    "card_topup",
    "card_transfer",
    "referral_post",
    "referral_approve",
    "referral_reject",
    "transfer_post",
    "tier_assign",
    "segment_put",
    "segment_preview",
    "segment_apply",
    "apply_watch",
    "segment_template",
    "template_preview",
    "switch_set",
    "program_cases",
    "program_check",
    "plan_put",
    "program_publish",
    "program_simulate",
    "program_rollback",
    "conversion_post",
    "conversion_reverse",
    "merge_post",
    "clock_advance",
    "message_preview",
]


_GIFTS = """
program: gifts
name: Gifts
wallets: [{id: gifts, name: Gifts}]
rewards:
  - {id: payout, name: A payout, price: 0, gives: [{type: cash_payout, value: 1000}]}
  - {id: card, name: A gift card, gives: [{type: gift_card, value: 2500}]}
  - id: tasting
    name: An evening
    price: 0
    waiting_list: {}
    gives: [{type: experience, event: wine-tasting, capacity: 1}]
"""


_CLUB = """
program: club
name: Club
wallets: [{id: stars, name: Stars}]
earning_rules:
  - {id: hello, trigger: segment.entered, type: fixed, points: 5, when: {fact: event.segment, is: regulars}}
"""


async def _club(site: Site) -> None:
    """Publish a program with a rule on entering a segment."""
    author = Author(actor="test", at=site.row.created_at)
    await apply_document(site.database, site.row.workspace_id, _CLUB, author)


async def _payout(site: Site) -> str:
    """Return the id of something that was handed out anew."""
    author = Author(actor="test", at=site.row.created_at)
    await apply_document(site.database, site.row.workspace_id, _GIFTS, author)
    await site.done("POST", "/v1/customers/gil/memberships", {"program": "gifts"})
    headers = {"idempotency-key": f"payout-{next(_numbers)}"}
    claim = await site.done("POST", "/v1/customers/gil/claims", {"reward": "gifts/payout"}, headers=headers)
    found: str = claim["entitlements"][0]["id"]
    return found


async def _full_house(site: Site) -> None:
    """Let somebody else take the last seat."""
    await _payout(site)
    await site.done("POST", "/v1/customers/anna/memberships", {"program": "gifts"})
    await site.done("POST", "/v1/customers/gil/claims", {"id": "seat", "reward": "gifts/tasting"})


async def _card(site: Site) -> str:
    """Return the code of a gift card that was sold anew."""
    author = Author(actor="test", at=site.row.created_at)
    await apply_document(site.database, site.row.workspace_id, _GIFTS, author)
    body = {"id": f"sale-{next(_numbers)}-x", "reward": "gifts/card", "reason": "sold"}
    sold = await site.done("POST", "/v1/gift-cards", body)
    code: str = sold["voucher"]["code"]
    return code


_FRIENDS = """
program: friends
name: Friends
wallets: [{id: hearts, name: Hearts}]
referrals:
  offers:
    - id: friends
      name: Friends
      advocate: {gets: {gives: [{type: points, points: 1}]}}
      checks: [{type: same_device, action: review}]
"""


async def _befriend(site: Site) -> None:
    """Publish a program in which anna refers others."""
    author = Author(actor="test", at=site.row.created_at)
    await apply_document(site.database, site.row.workspace_id, _FRIENDS, author)
    await site.done("POST", "/v1/customers/anna/memberships", {"program": "friends"})


_CAFE = """
program: cafe
name: Cafe
wallets: [{id: stars, name: Stars}, {id: points, name: Points}]
"""


async def _open_a_cafe(site: Site) -> None:
    """Publish a program with two wallets."""
    author = Author(actor="test", at=site.row.created_at)
    await apply_document(site.database, site.row.workspace_id, _CAFE, author)


async def _suspect(site: Site) -> str:
    """Return the id of a new referral that is in review."""
    await site.done("PUT", "/v1/customers/anna", {"context": {"device": "d-1"}})
    body = {"customer": f"suspect-{next(_numbers)}", "advocate": "anna", "program": "friends"}
    found = await site.done("POST", "/v1/referrals", {**body, "context": {"device": "d-1"}})
    assert found["state"] == "in_review"
    referral: str = found["id"]
    return referral


async def test_every_example_works(site: Site) -> None:
    """Each example, sent in order to the program of the quick start, is answered as described."""
    assert sorted(_SCENARIO) == sorted(EXAMPLES)
    text = (_ROOT / "examples/points.yaml").read_text()
    await apply_document(
        site.database, site.row.workspace_id, text, Author(actor="test", at=site.row.created_at)
    )
    await site.done(
        "PUT", "/v1/programs/points/draft", raw=text.encode(), headers={"content-type": "application/yaml"}
    )
    draft = await site.done("GET", "/v1/programs/points/draft")
    await site.done("POST", "/v1/customers/ben/memberships", {"program": "points"})
    described = {
        operation["operationId"]: (path, method, operation) for path, method, operation in _OPERATIONS
    }
    for name in _SCENARIO:
        path, method, operation = described[name]
        path = path.replace("{code}", "SHIP-2026-4711-A")
        place = path.replace("{id}", _PLACES.get(name, "points" if "programs" in path else "anna"))
        for example in EXAMPLES[name].values():
            if name == "entitlement_move":
                place = f"/v1/entitlements/{await _payout(site)}/state"
            if name == "wait_post":
                await _full_house(site)
            body = dict(example.request)
            if name.startswith("card_"):
                place = path.replace("SHIP-2026-4711-A", await _card(site))
            if name == "card_transfer":
                body["to"] = await _card(site)
            if name == "segment_apply":
                await _club(site)
            if name == "referral_post":
                await _befriend(site)
            if name.startswith("conversion_"):
                await _open_a_cafe(site)
                place = path.replace("{program}", "cafe").replace("{conversion}", "stars-2026")
            if name in ("referral_approve", "referral_reject"):
                place = path.replace("{id}", await _suspect(site))
            if name == "message_preview":
                await _add_message(site, text)
                place = path.replace("{id}", "thanks")
            if name == "program_publish":
                body["revision"] = draft["revision"]
            response = await site.call(method.upper(), place.replace("{program}", "points"), body)
            assert str(response.status_code) in operation["responses"], (name, response.text)
            assert response.status_code < 300, (name, response.text)


async def _add_message(site: Site, text: str) -> None:
    """Publish the program with a message besides."""
    message = "messages: [{id: thanks, type: email, subject: Thank you, body: 'Dear {{ customer.id }}'}]"
    author = Author(actor="test", at=site.row.created_at)
    await apply_document(site.database, site.row.workspace_id, f"{text}\n{message}\n", author)


@pytest.mark.parametrize("folder", ["flows", "http", "core"])
def test_every_code_of_a_problem_is_explained(folder: str) -> None:
    """What the source may answer with stands in the list of codes, and so in the reference."""
    found: set[str] = set()
    pattern = re.compile(
        r'(?:\bproblem|bad_request)\(\s*[0-9]{3},\s*"([a-z0-9_]+)"'
        r'|(?:field_problem|bad_query)\(\s*[^,()]+,\s*"([a-z0-9_]+)"'
        r'|(?:FieldProblem\(.*?code=|_wrong\(|_Refused\(|_malformed\()"([a-z0-9_]+)"'
        r'|^    [A-Z_]+ = "([a-z_]+)"$',
        re.MULTILINE,
    )
    files = (
        [_ROOT / "src/perennial/core/refusals.py"]
        if folder == "core"
        else sorted((_ROOT / "src/perennial" / folder).rglob("*.py"))
    )
    for file in files:
        if file.name == "scopes.py":
            continue
        for match in pattern.finditer(file.read_text()):
            found.add(next(group for group in match.groups() if group))
    assert found
    assert found - set(PROBLEM_CODES) == set()


async def test_the_reference_page_is_whole(site: Site) -> None:
    """The page names every operation, schema and code, and every link in it leads somewhere."""
    page = await site.client.get("/docs")
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert not re.search(r"<script|\son[a-z]+=|style=|javascript:", page.text)
    ids = re.findall(r'\bid="([^"]+)"', page.text)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', page.text)) <= set(ids)
    for _, _, operation in _OPERATIONS:
        assert operation["operationId"] in ids
    assert {f"schema-{name}" for name in _API["components"]["schemas"]} <= set(ids)
    assert {f"problem-{code}" for code in PROBLEM_CODES} <= set(ids)
    style = await site.client.get("/docs/style.css")
    assert (style.status_code, style.headers["content-type"]) == (200, "text/css; charset=utf-8")


async def test_the_served_document_is_the_same(site: Site) -> None:
    """``/openapi.json`` serves what is checked in."""
    assert (await site.client.get("/openapi.json")).json() == json.loads(api_document_text())
