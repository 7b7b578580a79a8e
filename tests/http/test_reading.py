"""What was written can be read: customers, orders, statements, timelines, explanations, page by page."""

from __future__ import annotations

from typing import Any

import pytest

from perennial.flows.staff.keys import create_key
from perennial.flows.workspaces import create_workspace
from tests.http.site import Site, fresh_code, order


async def pages(site: Site, path: str, limit: int) -> list[list[Any]]:
    """Return all pages of a list."""
    found = []
    cursor: str | None = ""
    while cursor is not None:
        page = await site.done("GET", f"{path}?limit={limit}&cursor={cursor}")
        found.append(page["data"])
        cursor = page["next_cursor"]
    return found


async def test_a_customer_is_read_back(site: Site) -> None:
    """Attributes, memberships and balances, as of now."""
    await site.done("PUT", "/v1/customers/anna", {"attributes": {"country": "DE", "old": 1}})
    await site.done("PUT", "/v1/customers/anna", {"attributes": {"old": None, "birthday": "1990-02-28"}})
    await site.done("PUT", "/v1/orders/o1", order(10_000))
    found = await site.done("GET", "/v1/customers/anna")
    assert (found["id"], found["attributes"], found["household"]) == (
        "anna",
        {"country": "DE", "birthday": "1990-02-28"},
        None,
    )
    [membership], [wallet] = found["memberships"], found["wallets"]
    assert (membership["program"], membership["tier"]) == ("points", "bronze")
    assert (wallet["wallet"], wallet["available"], wallet["earned"]) == ("points", 100, 100)
    await site.refused(404, "customer_unknown", "GET", "/v1/customers/nobody")


async def test_a_household_pools_its_points(site: Site) -> None:
    """Two customers of a household see one balance; who leaves goes with empty hands."""
    for name in ("anna", "ben"):
        await site.done("PUT", f"/v1/orders/{name}", order(10_000, customer=name))
        await site.done("PUT", f"/v1/customers/{name}", {"household": "h1"})
    for name in ("anna", "ben"):
        found = await site.done("GET", f"/v1/customers/{name}")
        assert (found["household"], found["wallets"][0]["available"]) == ("h1", 200)
    await site.done("PUT", "/v1/customers/ben", {"attributes": {"n": 1}})
    assert (await site.done("GET", "/v1/customers/ben"))["household"] == "h1"
    await site.done("PUT", "/v1/customers/ben", {"household": None})
    found = await site.done("GET", "/v1/customers/ben")
    assert (found["household"], [wallet["available"] for wallet in found["wallets"]]) == (None, [0])


async def test_a_household_and_attributes_change_together_or_not_at_all(site: Site) -> None:
    """What is refused for one of the two has changed neither."""
    for name, household in (("anna", "h1"), ("ben", "h2")):
        await site.done("PUT", f"/v1/customers/{name}", {"household": household, "attributes": {"n": 1}})
    moving = {"household": "h2", "attributes": {"n": 2}}
    await site.refused(409, "has_household", "PUT", "/v1/customers/anna", moving)
    unborn = {"household": None, "attributes": {"birthday": "never"}}
    await site.refused(422, "attribute_type", "PUT", "/v1/customers/anna", unborn)
    found = await site.done("GET", "/v1/customers/anna")
    assert (found["household"], found["attributes"]) == ("h1", {"n": 1})


async def test_an_order_is_read_back_and_explained(site: Site) -> None:
    """The order with what was returned, and why it earned what it did."""
    sent = order(10_000, 5_000)
    answer = await site.done("PUT", "/v1/orders/o1", sent)
    await site.done("POST", "/v1/orders/o1/returns", {"id": "r1", "lines": [{"line": "2", "quantity": 1}]})
    found = await site.done("GET", "/v1/orders/o1")
    assert (found["id"], found["customer"], found["revision"], found["returned"]) == (
        "o1",
        "anna",
        1,
        {"2": 1},
    )
    assert found["order"]["lines"] == sent["lines"]
    assert found["answer"] == answer
    explained = await site.done("GET", "/v1/orders/o1/explanation")
    decision = explained["decisions"][-1]
    assert (explained["id"], decision["program"], decision["trigger"]) == ("o1", "points", "order.paid")
    assert explained["words"].startswith("points: Earned 150 points.")
    assert explained["words"].endswith(" points: Taken back since: 50 points.")
    assert explained["taken_back"] == {"points/points": 50}
    await site.done("PUT", "/v1/orders/o1", {**sent, "status": "canceled"})
    canceled = await site.done("GET", "/v1/orders/o1/explanation?language=ko")
    assert canceled["words"].endswith(" points: 이후 회수: 150포인트.")
    assert canceled["taken_back"] == {"points/points": 150}
    await site.done("PUT", "/v1/orders/o2", sent)
    assert "taken_back" not in await site.done("GET", "/v1/orders/o2/explanation")
    await site.refused(404, "order_unknown", "GET", "/v1/orders/o9")
    await site.refused(404, "order_unknown", "GET", "/v1/orders/o9/explanation")


async def test_an_event_is_explained(site: Site) -> None:
    """Why a review earned its points."""
    await site.done("POST", "/v1/events", {"id": "e1", "type": "review.posted", "customer": "anna"})
    explained = await site.done("GET", "/v1/events/e1/explanation")
    triggers = [decision["trigger"] for decision in explained["decisions"]]
    assert triggers == ["member.joined", "review.posted"]
    await site.refused(404, "event_unknown", "GET", "/v1/events/e9/explanation")


@pytest.mark.parametrize("limit", [1, 3, 50])
async def test_a_statement_adds_up_across_its_pages(site: Site, limit: int) -> None:
    """Newest first; each balance is the one below it plus the points, down to nothing."""
    for number in range(1, 6):
        await site.done("PUT", f"/v1/orders/o{number}", order(number * 1_000))
    await site.done("POST", "/v1/orders/o5/returns", {"id": "r5"})
    found = await pages(site, "/v1/customers/anna/ledger", limit)
    lines = [line for page in found for line in page]
    assert [len(page) for page in found[:-1]] == [limit] * (len(found) - 1)
    assert [(line["points"], line["balance"]) for line in lines] == [
        (-50, 100),
        (50, 150),
        (40, 100),
        (30, 60),
        (20, 30),
        (10, 10),
    ]
    assert [(line["because"], line["source_type"], line["source"]) for line in lines] == [
        ("issued", "return", "r5"),
        *(("issued", "order", f"o{number}") for number in (5, 4, 3, 2, 1)),
    ]


@pytest.mark.parametrize("limit", [1, 2, 50])
async def test_a_timeline_has_everything_once(site: Site, limit: int) -> None:
    """Orders, events, returns and joining, the latest first, whatever the size of a page."""
    await site.done("PUT", "/v1/orders/o1", order(1_000, occurred_at="2026-01-02T00:00:00Z"))
    await site.done("POST", "/v1/events", {"id": "e1", "type": "review.posted", "customer": "anna"})
    await site.done("POST", "/v1/orders/o1/returns", {"id": "r1"})
    items = [item for page in await pages(site, "/v1/customers/anna/timeline", limit) for item in page]
    named = [(item["type"], item["id"]) for item in items if "id" in item]
    assert named == [("return", "r1"), ("event", "e1"), ("order", "o1")]


@pytest.mark.parametrize("path", ["ledger", "timeline"])
@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("cursor=abc", "invalid_cursor"),
        ("cursor=AAAA", "invalid_cursor"),
        ("cursor=%C3%A4", "invalid_parameter"),
        ("limit=0", "invalid_parameter"),
        ("limit=201", "invalid_parameter"),
        ("limit=-1", "invalid_parameter"),
        ("limit=9223372036854775808", "invalid_parameter"),
        ("limit=ten", "invalid_parameter"),
        ("limit=%EF%BC%91", "invalid_parameter"),
        ("limit=", "invalid_parameter"),
        ("offset=1", "unknown_parameter"),
    ],
)
async def test_a_page_is_asked_for_correctly(site: Site, path: str, query: str, code: str) -> None:
    """Cursors of nobody and limits out of bounds are refused."""
    await site.done("PUT", "/v1/customers/anna", {})
    await site.refused(422, code, "GET", f"/v1/customers/anna/{path}?{query}")


async def test_a_cursor_is_one_of_its_list_alone(site: Site) -> None:
    """Not of another list, customer or workspace, and not as anybody changed it."""
    other = await create_workspace(site.database, fresh_code(), "Other", sandbox=True)
    theirs = (await create_key(site.database, other.code, "k", ["admin"], actor="test")).secret
    said = [{"channel": "email", "purpose": f"news-{number}", "state": "given"} for number in range(3)]
    for secret in (None, theirs):
        for customer in ("anna", "bert"):
            for number in range(3):
                body = order(1_000, customer=customer)
                await site.done("PUT", f"/v1/orders/{customer}-{number}", body, secret=secret)
            path = f"/v1/customers/{customer}/consents"
            await site.done("POST", path, {"consents": said}, secret=secret)
    lists = [
        f"/v1/customers/{customer}/{name}"
        for customer in ("anna", "bert")
        for name in ("timeline", "consents")
    ]
    lists += ["/v1/customers/anna/ledger", "/v1/audit"]
    given = {}
    for path in lists:
        for secret in (None, theirs):
            page = await site.call("GET", f"{path}?limit=1", secret=secret)
            given[path, secret] = page.json().get("next_cursor")
    for path in lists:
        own = given[path, None]
        assert own is not None
        await site.done("GET", f"{path}?cursor={own}")
        changed = own[:9] + ("B" if own[9] == "A" else "A") + own[10:]
        foreign = [cursor for at, cursor in given.items() if at != (path, None) and cursor is not None]
        for cursor in [changed, *foreign]:
            await site.refused(422, "invalid_cursor", "GET", f"{path}?cursor={cursor}")


async def test_programs_live_through_the_api(site: Site) -> None:
    """Draft, problems, publication, comparison and the way back, all over HTTP."""
    yaml = {"content-type": "application/yaml"}
    draft = await site.done("GET", "/v1/programs/points/draft")
    better = draft["document"].replace("points: 50", "points: 70").encode()
    await site.refused(
        409,
        "draft_changed",
        "PUT",
        f"/v1/programs/points/draft?revision={draft['revision'] + 1}",
        raw=better,
        headers=yaml,
    )
    broken = await site.done(
        "PUT", "/v1/programs/points/draft", raw=b"program: points\nname: 5\n", headers=yaml
    )
    assert {problem["path"] for problem in broken["problems"]} >= {"name", "wallets"}
    found = await site.refused(422, "program_invalid", "POST", "/v1/programs/points/publish", {})
    assert {problem["path"] for problem in found["errors"]} >= {"name", "wallets"}
    saved = await site.done("PUT", "/v1/programs/points/draft", raw=better, headers=yaml)
    assert saved["problems"] == []
    changes = (await site.done("GET", "/v1/programs/points/diff?old=1"))["changes"]
    assert [change["path"] for change in changes] == ["earning_rules[review].points"]
    published = await site.done("POST", "/v1/programs/points/publish", {"revision": saved["revision"]})
    assert (published["version"], published["changes"]) == (2, changes)
    event = {"type": "review.posted", "customer": "anna"}
    assert (await site.done("POST", "/v1/events", {**event, "id": "e1"}))["balances"][0]["available"] == 70
    back = await site.done("POST", "/v1/programs/points/rollback", {"version": 1, "note": "too generous"})
    assert back["version"] == 3
    assert (await site.done("POST", "/v1/events", {**event, "id": "e2"}))["balances"][0]["available"] == 120
    versions = (await site.done("GET", "/v1/programs/points/versions"))["data"]
    assert [version["version"] for version in versions] == [3, 2, 1]
    assert versions[0]["digest"] == versions[2]["digest"] != versions[1]["digest"]
    assert versions[0]["note"] == "too generous"
    text = await site.call("GET", "/v1/programs/points/versions/1")
    assert (text.status_code, text.headers["content-type"].partition(";")[0]) == (200, "application/yaml")
    await site.refused(404, "version_unknown", "GET", "/v1/programs/points/versions/9")
    await site.refused(404, "program_unknown", "GET", "/v1/programs/nothing/versions")


@pytest.mark.parametrize("raw", [b"", b"\xff", b"a: \x00", b"\xef\xbb\xbfprogram: points"])
async def test_a_document_is_text(site: Site, raw: bytes) -> None:
    """What is no text is refused at the door, or is a problem of the draft; it is never a 500."""
    response = await site.call(
        "PUT", "/v1/programs/points/draft", raw=raw, headers={"content-type": "application/yaml"}
    )
    assert response.status_code in {200, 400}, response.text


async def test_a_sandbox_has_a_clock(site: Site) -> None:
    """It moves forward only, and orders follow it; in a live workspace there is none."""
    moved = await site.done("POST", "/v1/clock", {"advance_to": "2030-01-01T00:00:00Z"})
    assert moved == {"now": "2030-01-01T00:00:00Z"} == await site.done("GET", "/v1/clock")
    await site.refused(422, "clock_backward", "POST", "/v1/clock", {"advance_to": "2029-01-01T00:00:00Z"})
    await site.done("PUT", "/v1/orders/o1", order(100, occurred_at="2029-12-31T00:00:00Z"))
    await site.refused(
        422, "in_the_future", "PUT", "/v1/orders/o2", order(100, occurred_at="2030-01-02T00:00:00Z")
    )
