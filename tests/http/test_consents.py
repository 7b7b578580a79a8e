"""Consents over HTTP: recorded with a customer and by themselves, read, and refused where they are wrong."""

from __future__ import annotations

from typing import Any

import msgspec

from tests.http.people import hire, signed_in
from tests.http.site import Site

_PATH = "/v1/customers/anna/consents"


def _said(state: str = "given", **more: Any) -> dict[str, Any]:
    return {"channel": "email", "purpose": "marketing", "state": state, **more}


async def test_consents_come_with_a_customer(site: Site) -> None:
    """They stand beside what else is known, and those that are not named are left alone."""
    given = _said(at="2026-03-04T10:15:00Z", source="web", wording="2026-03", proof="form-8812")
    await site.done("PUT", "/v1/customers/anna", {"attributes": {"name": "Anna"}, "consents": [given]})
    await site.done("PUT", "/v1/customers/anna", {"attributes": {"name": "Anne"}})
    (view,) = (await site.done("GET", "/v1/customers/anna"))["consents"]
    assert {name: view[name] for name in given} == given
    assert set(view) - set(given) == {"actor", "recorded_at"}
    assert view["actor"].startswith("key ")
    await site.done("PUT", "/v1/customers/anna", {"household": "h", "consents": [_said("withdrawn")]})
    (view,) = (await site.done("GET", "/v1/customers/anna"))["consents"]
    assert (view["state"], view["source"]) == ("withdrawn", "api")


async def test_consents_come_in_a_batch(site: Site) -> None:
    """A line of a customer takes them as the single call does, and tells what is wrong with one."""
    lines = [
        {"op": "customer", "id": "anna", "consents": [_said(), _said(channel="sms")]},
        {"op": "customer", "id": "ben", "consents": [_said(), _said(at="2199-01-01T00:00:00Z")]},
    ]
    raw = b"\n".join(msgspec.json.encode(line) for line in lines)
    response = await site.call("POST", "/v1/batch", raw=raw, headers={"content-type": "application/x-ndjson"})
    first, second = (msgspec.json.decode(line) for line in response.text.splitlines())
    assert (first["status"], second["status"]) == (200, 422)
    assert "$.consents[1].at" in str(second)
    assert len((await site.done("GET", "/v1/customers/anna"))["consents"]) == 2


async def test_consents_are_recorded_and_read_page_by_page(site: Site) -> None:
    """All or nothing; the answer is what stands; the history begins with what was said last."""
    await site.done("PUT", "/v1/customers/anna", {})
    words = [_said(("given", "withdrawn")[n % 2], at=f"2026-03-0{n + 1}T10:00:00Z") for n in range(5)]
    answer = await site.done("POST", _PATH, {"consents": words})
    assert [each["at"] for each in answer["consents"]] == ["2026-03-05T10:00:00Z"]
    assert await site.done("POST", _PATH, {"consents": words}) == answer
    found: list[str] = []
    cursor = ""
    while cursor is not None:
        page = await site.done("GET", f"{_PATH}?limit=2&cursor={cursor}")
        found += [each["at"][8:10] for each in page["data"]]
        cursor = page["next_cursor"]
    assert found == ["05", "04", "03", "02", "01"]
    await site.refused(422, "invalid_cursor", "GET", f"{_PATH}?cursor=x")


async def test_wrong_consents_are_refused_by_their_fields(site: Site) -> None:
    """A channel that there is not, a purpose in capitals, an instant ahead, nothing at all, nobody there."""
    await site.done("PUT", "/v1/customers/anna", {})
    for path, wrong in (
        ("$.consents[0].channel", _said(channel="pigeon")),
        ("$.consents[0].purpose", _said(purpose="Marketing")),
        ("$.consents[0].state", _said("maybe")),
        ("$.consents[0].at", _said(at="2199-01-01T00:00:00Z")),
        ("$.consents[0].proof", _said(proof="x" * 301)),
    ):
        response = await site.call("POST", _PATH, {"consents": [wrong]})
        assert (response.status_code, response.json()["errors"][0]["path"]) == (422, path)
    assert (await site.call("POST", _PATH, {"consents": []})).status_code == 422
    assert (await site.done("GET", _PATH))["data"] == []
    body = {"consents": [_said()]}
    await site.refused(404, "customer_unknown", "POST", "/v1/customers/nobody/consents", body)
    await site.refused(404, "customer_unknown", "GET", "/v1/customers/nobody/consents")


async def test_who_may_record(site: Site) -> None:
    """Support and keys that write, also of who is blocked; no cashier, no analyst and no key that reads."""
    await site.done("PUT", "/v1/customers/anna", {})
    await site.done("PUT", "/v1/customers/anna/block", {"reason": "odd"})
    body = {"consents": [_said("withdrawn")]}
    person = await hire(site, "support")
    answer = await site.done("POST", _PATH, body, session=await signed_in(site, person))
    assert answer["consents"][0]["actor"] == f"staff {person.email}"
    await site.done("POST", _PATH, body, secret=await site.key("write"))
    for role in ("cashier", "analyst"):
        session = await signed_in(site, await hire(site, role))
        assert (await site.call("POST", _PATH, body, session=session)).status_code == 403
    assert (await site.call("POST", _PATH, body, secret=await site.key("read"))).status_code == 403
    await site.done("GET", _PATH, secret=await site.key("read"))
    await site.done("GET", _PATH, secret=await site.key("members"))


async def test_builders_are_told_what_may_be_asked(site: Site) -> None:
    """Every channel for the purposes in use, in words; before anybody said something, for advertising."""

    async def offered(language: str) -> dict[str, str]:
        facts = (await site.done("GET", f"/v1/facts?program=points&language={language}"))["data"]
        (fact,) = [each for each in facts if each["name"] == "member.consents"]
        assert fact["operators"] == ["in", "not_in", "contains", "exists"]
        return dict(zip(fact["values"], fact["value_labels"], strict=True))

    assert (await offered("en"))["email.marketing"] == "marketing (e-mail)"
    await site.done("PUT", "/v1/customers/anna", {"consents": [_said(purpose="news")]})
    assert (await offered("ko"))["sms.news"] == "news (문자 메시지)"
    assert "email.marketing" not in await offered("fa")
    asked = {"fact": "member.consents", "contains": "emial.news"}
    body = {"program": "points", "where": "segment", "condition": asked}
    (found,) = (await site.done("POST", "/v1/conditions/check", body))["problems"]
    assert (found["code"], found["path"]) == ("unknown_value", "contains")
    assert "did you mean email.news?" in str(found)
