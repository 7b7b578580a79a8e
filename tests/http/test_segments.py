"""Segments over HTTP: defined, previewed, listed page by page, filled by lists, and removed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from perennial.flows.segments import apply
from perennial.http.customers import applying
from tests.http.hanging import hang_up
from tests.http.site import Site, order

BIG = {"name": "Big", "when": {"fact": "member.spent", "at_least": 5_000}}
PROGRAM = """
program: club
name: Club
wallets: [{id: stars, name: Stars}]
earning_rules:
  - {id: hello, trigger: segment.entered, type: fixed, points: 5, when: {fact: event.segment, is: vip}}
"""


async def test_a_live_segment_is_previewed_defined_and_listed(site: Site) -> None:
    """The preview says what the definition then holds; pages name everybody once."""
    for number in range(5):
        await site.done("PUT", f"/v1/orders/o{number}", {**order(2_000 * number), "customer": f"c{number}"})
    preview = await site.done("POST", "/v1/segments/preview", {"when": BIG["when"]})
    assert preview == {
        "count": 2,
        "of": 5,
        "exact": True,
        "margin": 0,
        "sample": ["c3", "c4"],
        "warnings": [],
    }
    view = await site.done("PUT", "/v1/segments/big", BIG)
    assert (view["size"], view["live"], view["filled"], view["version"]) == (2, True, True, 1)
    assert (await site.done("PUT", "/v1/segments/big", BIG))["version"] == 1
    assert await site.done("GET", "/v1/segments/big") == view
    assert (await site.done("GET", "/v1/segments"))["data"] == [view]
    first = await site.done("GET", "/v1/segments/big/members?limit=1")
    cursor = first["next_cursor"]
    second = await site.done("GET", f"/v1/segments/big/members?limit=1&cursor={cursor}")
    found = {row["customer"] for row in (*first["data"], *second["data"])}
    assert (found, second["next_cursor"]) == ({"c3", "c4"}, None)
    history = (await site.done("GET", "/v1/segments/big/history"))["data"]
    assert [(day["entered"], day["left"], day["size"]) for day in history] == [(2, 0, 2)]
    customer = await site.done("GET", "/v1/customers/c4")
    assert list(customer["segments"]) == ["big"]
    await site.done("DELETE", "/v1/segments/big")
    await site.refused(404, "segment_unknown", "GET", "/v1/segments/big")
    assert (await site.done("GET", "/v1/customers/c4"))["segments"] == {}


async def test_wrong_definitions_are_told_apart(site: Site) -> None:
    """What a segment cannot ask about, circles, and what is in use."""
    for when, code in (
        ({"fact": "order.total", "at_least": 1}, "fact_not_here"),
        ({"fact": "now.hour", "is": 9}, "fact_not_here"),
        ({"fact": "member.segments", "contains": "nobody"}, "segment_unknown"),
        ({"fact": "member.segments", "contains": "a"}, "segment_circle"),
    ):
        response = await site.call("PUT", "/v1/segments/a", {"name": "A", "when": when})
        assert response.status_code == 422, response.text
        assert response.json()["errors"][0]["code"] == code
    await site.refused(422, "invalid_condition", "PUT", "/v1/segments/a", {"name": "A", "when": {}})
    await site.done("PUT", "/v1/segments/big", BIG)
    asking = {"name": "Asking", "when": {"fact": "member.segments", "contains": "big"}}
    await site.done("PUT", "/v1/segments/asking", asking)
    await site.refused(409, "segment_in_use", "DELETE", "/v1/segments/big")


async def test_a_list_is_put_in_row_by_row(site: Site) -> None:
    """Wrong rows are told with their numbers; sent again nobody enters twice; a live one takes no list."""
    for name in ("ann", "ben", "cem"):
        await site.done("PUT", f"/v1/customers/{name}", {"attributes": {}})
    await site.done("PUT", "/v1/segments/vip", {"name": "VIP"})
    table = "customer,note\nann,x\nnobody,y\n,z\nben,\n"
    result = await _put_in(site, table, "text/csv")
    assert (result["entered"], result["already"], result["left"]) == (2, 0, 0)
    assert [(error["row"], error["code"]) for error in result["errors"]] == [
        (2, "customer_unknown"),
        (3, "invalid_customer"),
    ]
    lines = '{"customer": "ben"}\n{"customer": 7}\nnot json\n{"customer": "cem"}\n'
    result = await _put_in(site, lines, "application/x-ndjson", "?replace=true")
    assert (result["entered"], result["already"], result["left"]) == (1, 1, 1)
    assert [error["code"] for error in result["errors"]] == ["invalid_customer", "invalid_json"]
    members = (await site.done("GET", "/v1/segments/vip/members"))["data"]
    assert sorted(row["customer"] for row in members) == ["ben", "cem"]
    types = [entry["type"] for entry in (await site.done("GET", "/v1/customers/ann/timeline"))["data"]]
    assert types == ["segment_left", "segment_entered"]
    await site.done("PUT", "/v1/segments/big", BIG)
    headers = {"content-type": "text/csv"}
    response = await site.call("POST", "/v1/segments/big/import", raw=table.encode(), headers=headers)
    assert (response.status_code, response.json()["code"]) == (409, "segment_live")


async def test_a_rule_reaches_those_who_are_inside_once(site: Site) -> None:
    """The preview says what it costs and gives nothing; applied twice, everybody gets it once."""
    for name in ("ann", "ben"):
        await site.done("PUT", f"/v1/customers/{name}", {"attributes": {}})
        await site.done("PUT", f"/v1/orders/{name}-1", {**order(100), "customer": name})
    await site.done("PUT", "/v1/segments/vip", {"name": "VIP"})
    await _put_in(site, "customer\nann\nben\n", "text/csv")
    await site.done("PUT", "/v1/programs/club/draft", raw=PROGRAM.encode())
    await site.done("POST", "/v1/programs/club/publish", {})
    for name in ("ann", "ben"):
        await site.done("POST", f"/v1/customers/{name}/memberships", {"program": "club"})
    asked = {"program": "club", "rule": "hello"}
    cost = await site.done("POST", "/v1/segments/vip/apply", asked)
    assert cost == {"customers": 2, "points": 10, "already": 0, "exact": True, "applied": False}
    assert await _stars(site, "ann") == 0
    done = await site.done("POST", "/v1/segments/vip/apply", {**asked, "preview": False})
    assert (done["customers"], done["points"], done["applied"]) == (2, 10, True)
    again = await site.done("POST", "/v1/segments/vip/apply", {**asked, "preview": False})
    assert (again["customers"], again["already"]) == (0, 2)
    assert [await _stars(site, name) for name in ("ann", "ben")] == [5, 5]
    wrong = await site.call("POST", "/v1/segments/vip/apply", {**asked, "rule": "base"})
    assert wrong.json()["errors"][0]["code"] == "rule_unknown"


async def _club(site: Site, count: int) -> list[str]:
    """So many members of the club are on the list of VIPs, and the rule for entering came after them."""
    names = [f"m{number}" for number in range(count)]
    await site.done("PUT", "/v1/segments/vip", {"name": "VIP"})
    for name in names:
        await site.done("PUT", f"/v1/customers/{name}", {"attributes": {}})
    await _put_in(site, "\n".join(["customer", *names]), "text/csv")
    await site.done("PUT", "/v1/programs/club/draft", raw=PROGRAM.encode())
    await site.done("POST", "/v1/programs/club/publish", {})
    for name in names:
        await site.done("POST", f"/v1/customers/{name}/memberships", {"program": "club"})
    return names


async def test_a_rule_that_is_applied_is_watched(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Progress after each part, then the result as the plain call gives it; a problem is the last line."""
    monkeypatch.setattr(apply, "AT_ONCE", 2)
    names = await _club(site, 5)
    body = {"program": "club", "rule": "hello"}
    response = await site.call("POST", "/v1/segments/vip/apply/watched", body)
    assert response.headers["content-type"] == "application/x-ndjson"
    *steps, last = [json.loads(line) for line in response.text.splitlines()]
    assert steps[-1] == {"type": "progress", "done": 5, "of": 5, "customers": 5, "points": 25}
    result = {"customers": 5, "points": 25, "already": 0, "exact": True, "applied": True}
    assert last == {"type": "result", "result": result}
    assert [await _stars(site, name) for name in names] == [5] * 5
    (entry,) = (await site.done("GET", "/v1/audit?action=segment.applied"))["data"]
    assert (entry["object"], entry["after"]) == ("segment/vip", body)
    refused = await site.call("POST", "/v1/segments/vip/apply/watched", {**body, "rule": "base"})
    problem = json.loads(refused.text.splitlines()[-1])["problem"]
    assert (problem["status"], problem["errors"][0]["path"]) == (422, "$.rule")


async def test_hanging_up_stops_it_and_the_next_run_goes_on(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever had it by then keeps it; the others get it by the next run, and nobody gets it twice."""
    monkeypatch.setattr(apply, "AT_ONCE", 1)
    monkeypatch.setattr(applying, "PROGRESS_SECONDS", 0)
    names = await _club(site, 12)
    body = {"program": "club", "rule": "hello"}
    sent = await hang_up(site, "/v1/segments/vip/apply/watched", body)
    assert b'"progress"' in sent[1]["body"]
    assert not any(b'"result"' in message.get("body", b"") for message in sent)
    had = sum([await _stars(site, name) == 5 for name in names])
    assert had < len(names)
    rest = await site.done("POST", "/v1/segments/vip/apply", {**body, "preview": False})
    assert (rest["customers"], rest["already"]) == (len(names) - had, had)
    assert [await _stars(site, name) for name in names] == [5] * len(names)


async def test_a_segment_tells_which_rules_can_be_applied(site: Site) -> None:
    """Those on entering, of every program, with the wallet into which they give; others are none of them."""
    await site.done("PUT", "/v1/segments/vip", {"name": "VIP"})
    assert "rules" not in await site.done("GET", "/v1/segments/vip")
    more = "  - {id: base, type: per_amount, points: 1, per: 100}\n"
    await site.done("PUT", "/v1/programs/club/draft", raw=(PROGRAM + more).encode())
    await site.done("POST", "/v1/programs/club/publish", {})
    view = await site.done("GET", "/v1/segments/vip")
    assert view["rules"] == [{"program": "club", "rule": "hello", "wallet": "stars"}]


async def test_ready_made_segments_can_be_saved(site: Site) -> None:
    """Every template is written for the program of the quick start, previewed, and saved."""
    settings = {"bought": {"sku": "mug"}, "high_value": {"amount": 1}}
    await site.done("PUT", "/v1/orders/o1", {**order(2_000), "customer": "ann"})
    for template in (await site.done("GET", "/v1/segment-templates"))["data"]:
        name = template["id"]
        body = {"program": "points", "settings": settings.get(name, {})}
        response = await site.call("POST", f"/v1/segment-templates/{name}", body)
        if response.status_code == 422:
            assert response.json()["errors"][0]["path"] == "$.program", response.text
            continue
        when = response.json()["when"]
        preview = await site.done("POST", "/v1/segments/preview", {"when": when})
        stored = await site.done("PUT", f"/v1/segments/{name}", {"name": template["name"], "when": when})
        assert stored["size"] == preview["count"], name
    missing = await site.call("POST", "/v1/segment-templates/bought", {"program": "points"})
    assert missing.json()["errors"][0]["path"] == "$.settings.sku"


async def _put_in(site: Site, text: str, kind: str, query: str = "") -> dict[str, Any]:
    headers = {"content-type": kind}
    response = await site.call("POST", f"/v1/segments/vip/import{query}", raw=text.encode(), headers=headers)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


async def _stars(site: Site, name: str) -> int:
    customer = await site.done("GET", f"/v1/customers/{name}")
    return sum(row["available"] for row in customer["wallets"] if row["wallet"] == "stars")


ODD = {"all": [{"fact": "member.orders", "at_least": 5}, {"fact": "member.orders", "at_most": 2}]}


async def test_what_is_odd_about_a_condition_is_told_with_it(site: Site) -> None:
    """A segment in which nobody can ever be is saved, and said to be one, in the language of the caller."""
    preview = await site.done("POST", "/v1/segments/preview", {"when": ODD})
    put = await site.done("PUT", "/v1/segments/odd", {"name": "Odd", "when": ODD})
    for told in (preview["warnings"], put["warnings"]):
        assert [(each["path"], each["code"], each["other"]) for each in told] == [
            ("when.all[1]", "contradicts", "when.all[0]")
        ]
    spoken = {"accept-language": "ko"}
    korean = await site.done("POST", "/v1/segments/preview", {"when": ODD}, headers=spoken)
    assert "contradicts" not in korean["warnings"][0]["words"]
    put = await site.done("PUT", "/v1/segments/fine", BIG)
    assert "warnings" not in put
    assert (await site.done("POST", "/v1/segments/preview", {"when": BIG["when"]}))["warnings"] == []


@pytest.mark.parametrize(
    ("asked", "code", "path"),
    [
        ({"fact": "now.hour", "is": 3}, "fact_not_here", "fact"),
        ({"fact": "member.tier", "matches": "^g"}, "pattern_not_here", "matches"),
        ({"fact": "member.segments", "in": ["fine", "nobody"]}, "segment_unknown", "in"),
    ],
)
async def test_what_a_segment_cannot_ask_is_named_where_it_stands(
    site: Site, asked: dict[str, object], code: str, path: str
) -> None:
    """In the preview, when it is put, and while it is written."""
    await site.done("PUT", "/v1/segments/fine", BIG)
    when = {"any": [BIG["when"], {"not": asked}]}
    for method, address, body in (
        ("POST", "/v1/segments/preview", {"when": when}),
        ("PUT", "/v1/segments/late", {"name": "Late", "when": when}),
    ):
        found = await site.refused(422, code, method, address, body)
        assert [each["path"] for each in found["errors"]] == [f"$.when.any[1].not.{path}"]
    if code != "segment_unknown":
        question = {"program": "points", "where": "segment", "condition": when}
        told = await site.done("POST", "/v1/conditions/check", question)
        assert [(each["path"], each["code"]) for each in told["problems"]] == [(f"any[1].not.{path}", code)]
