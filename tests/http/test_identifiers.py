"""Identifiers over HTTP: given, shown, found, and named in place of the customer's id."""

from __future__ import annotations

from typing import Any

import pytest

from tests.http.site import Site, order
from tests.http.test_batch import order_line, send

CARD = {"type": "card", "value": "0042 1234"}
GIVEN = [
    {"type": "email", "value": " Anna@Example.COM "},
    {"type": "phone", "value": "+49 (0)170 1234567"},
    CARD,
]
KEPT = [
    {"type": "card", "value": "00421234"},
    {"type": "email", "value": "anna@example.com"},
    {"type": "phone", "value": "+491701234567"},
]


async def find(site: Site, text: str) -> list[str]:
    """Return the ids of those who are found by an identifier as it stands in a query."""
    page = await site.done("GET", f"/v1/customers?identifier={text}")
    assert page["next_cursor"] is None
    return [customer["id"] for customer in page["data"]]


def by_card(*amounts: int, **fields: Any) -> dict[str, Any]:
    """Return the body of a paid order whose customer is named by the card."""
    body = order(*amounts, **fields)
    del body["customer"]
    return {**body, "identifier": CARD}


async def test_what_was_given_is_shown_and_found(site: Site) -> None:
    """In one way of writing it, and found in any; without the field it stays, an empty list removes it."""
    await site.done("PUT", "/v1/customers/anna", {"identifiers": GIVEN})
    shown = await site.done("GET", "/v1/customers/anna")
    assert shown["identifiers"] == KEPT
    await site.done("PUT", "/v1/customers/anna", {"identifiers": shown["identifiers"], "household": "h1"})
    for text in (
        "card:0042%201234",
        "email:ANNA@example.com",
        "phone:%2B49-170-1234567",
        "phone:+49-170-1234567",
        "phone:0049-170-1234567",
    ):
        assert await find(site, text) == ["anna"], text
    assert await find(site, "alias:00421234") == []
    page = await site.done("GET", "/v1/customers?identifier=card:00421234")
    assert page["data"] == [await site.done("GET", "/v1/customers/anna")]
    await site.done("PUT", "/v1/customers/anna", {"attributes": {"country": "DE"}})
    assert (await site.done("GET", "/v1/customers/anna"))["identifiers"] == KEPT
    await site.done("PUT", "/v1/customers/anna", {"identifiers": []})
    assert (await site.done("GET", "/v1/customers/anna"))["identifiers"] == []
    assert await find(site, "card:00421234") == []


async def test_another_customers_identifier_is_not_taken(site: Site) -> None:
    """409 with the entry, with a household as without, and nothing else of the body is kept."""
    await site.done("PUT", "/v1/customers/anna", {"identifiers": GIVEN})
    taking = {"identifiers": [{"type": "alias", "value": "ben"}, CARD], "attributes": {"n": 1}}
    for body in (taking, {**taking, "household": "h1"}):
        problem = await site.refused(409, "identifier_taken", "PUT", "/v1/customers/ben", body)
        assert [each["path"] for each in problem["errors"]] == ["$.identifiers[1].value"]
        assert "anna" not in str(problem)
    assert await find(site, "card:00421234") == ["anna"]
    assert await find(site, "alias:ben") == []


@pytest.mark.parametrize(
    ("identifiers", "code", "path"),
    [
        ([{"type": "ring", "value": "1"}], "not_allowed", "$.identifiers[0].type"),
        ([{"type": "card"}], "required", "$.identifiers[0].value"),
        ([{"type": "card", "value": "1", "label": "x"}], "unknown_field", "$.identifiers[0].label"),
        ([CARD, {"type": "card", "value": "x" * 255}], "too_long", "$.identifiers[1].value"),
        ([CARD, {"type": "card", "value": " "}], "invalid_format", "$.identifiers[1].value"),
        ([CARD, {"type": "email", "value": "anna"}], "invalid_format", "$.identifiers[1].value"),
        ([CARD, {"type": "phone", "value": "0170 1234567"}], "invalid_format", "$.identifiers[1].value"),
        ([CARD] * 21, "too_long", "$.identifiers"),
        (None, "wrong_type", "$.identifiers"),
        ({"card": "1"}, "wrong_type", "$.identifiers"),
    ],
)
async def test_a_bad_identifier_says_where(site: Site, identifiers: Any, code: str, path: str) -> None:
    """The path leads to the entry, and the customer is not created."""
    body = {"identifiers": identifiers}
    problem = await site.refused(422, code, "PUT", "/v1/customers/anna", body)
    assert [each["path"] for each in problem["errors"]] == [path]
    await site.refused(404, "customer_unknown", "GET", "/v1/customers/anna")


@pytest.mark.parametrize("text", ["card", "card:", "ring:1", "phone:0170", "email:x", "alias:%20"])
async def test_a_bad_query_says_what_is_wrong(site: Site, text: str) -> None:
    """A look-up for what identifies nobody is a 422 that names the parameter."""
    response = await site.call("GET", f"/v1/customers?identifier={text}")
    assert response.status_code == 422, response.text
    assert response.json()["errors"][0]["path"] == "query.identifier"


async def test_a_query_needs_its_parameter_and_the_scope(site: Site) -> None:
    """Customers are not listed, and a key that only writes finds nobody."""
    for query in ("", "?identifier="):
        problem = await site.refused(422, "identifier_or_search", "GET", f"/v1/customers{query}")
        assert problem["errors"][0]["path"] == "query.search"
    secret = await site.key("write")
    await site.refused(403, "scope_missing", "GET", "/v1/customers?identifier=card:1", secret=secret)


async def test_bodies_name_the_customer_by_an_identifier(site: Site) -> None:
    """Orders, events and adjustments; a return needs no customer; the answer and reads have the id."""
    await site.done("PUT", "/v1/customers/anna", {"identifiers": GIVEN})
    answer = await site.done("PUT", "/v1/orders/o1", by_card(10_000))
    assert (answer["customer"], answer["balances"][0]["available"]) == ("anna", 100)
    assert (await site.done("GET", "/v1/orders/o1"))["customer"] == "anna"
    mail = {"type": "email", "value": "anna@example.com"}
    event = {"id": "e1", "type": "review.posted", "identifier": mail, "customer": "anna"}
    assert (await site.done("POST", "/v1/events", event))["balances"][0]["available"] == 150
    given = {"id": "a1", "identifier": mail, "wallet": "points", "points": 5, "reason": "r"}
    assert (await site.done("POST", "/v1/adjustments", given))["balances"][0]["available"] == 155
    assert (await site.done("POST", "/v1/orders/o1/returns", {"id": "r1"}))["balances"][0]["available"] == 55
    again = await site.call("POST", "/v1/events", {**event, "identifier": CARD})
    assert again.headers["idempotency-replayed"] == "true"


@pytest.mark.parametrize(
    ("fields", "code", "path"),
    [
        ({"identifier": {"type": "card", "value": "nobody's"}}, "identifier_unknown", "$.identifier"),
        ({"identifier": CARD, "customer": "ben"}, "identifier_mismatch", "$.identifier"),
        ({"identifier": {"type": "card", "value": " "}}, "invalid_format", "$.identifier.value"),
        ({"identifier": {"type": "ring", "value": "1"}}, "not_allowed", "$.identifier.type"),
        ({"identifier": "card:1"}, "wrong_type", "$.identifier"),
    ],
)
async def test_who_is_not_clear_is_refused(site: Site, fields: Any, code: str, path: str) -> None:
    """An order, an event and an adjustment are refused alike, with the path, and change nothing."""
    await site.done("PUT", "/v1/customers/anna", {"identifiers": GIVEN})
    bodies: list[tuple[str, str, dict[str, Any]]] = [
        ("PUT", "/v1/orders/o1", {**by_card(100), **fields}),
        ("POST", "/v1/events", {"id": "e1", "type": "review.posted", **fields}),
        ("POST", "/v1/adjustments", {"id": "a1", "wallet": "points", "points": 5, "reason": "r", **fields}),
    ]
    for method, address, body in bodies:
        problem = await site.refused(422, code, method, address, body)
        assert [each["path"] for each in problem["errors"]] == [path]
    await site.refused(404, "order_unknown", "GET", "/v1/orders/o1")
    await site.refused(404, "customer_unknown", "GET", "/v1/customers/ben")


async def test_somebody_has_to_be_named(site: Site) -> None:
    """An event or an adjustment of nobody is refused as before; an order of nobody is a guest's."""
    event = {"id": "e1", "type": "review.posted"}
    adjusted = {"id": "a1", "wallet": "points", "points": 5, "reason": "r"}
    for path, body in (("/v1/events", event), ("/v1/adjustments", adjusted)):
        problem = await site.refused(422, "required", "POST", path, body)
        assert [each["path"] for each in problem["errors"]] == ["$.customer"]
    assert (await site.done("PUT", "/v1/orders/o1", order(100, customer=None)))["customer"] is None


async def test_lines_of_a_batch_see_the_lines_before(site: Site) -> None:
    """A card given by one line is known to the next, and moves when a line moves it; returns follow."""
    results = await send(
        site,
        {"op": "customer", "id": "anna", "identifiers": [CARD]},
        {"op": "order", "id": "o1", **by_card(10_000)},
        {"op": "return", "id": "r1", "order": "o1"},
        {"op": "event", "id": "e1", "type": "review.posted", "identifier": CARD},
        {
            "op": "adjustment",
            "id": "a1",
            "identifier": CARD,
            "wallet": "points",
            "points": 500,
            "reason": "r",
        },
        {"op": "claim", "id": "c1", "identifier": CARD, "reward": "five-off"},
        {"op": "customer", "id": "anna", "identifiers": []},
        {"op": "order", "id": "o2", **by_card(10_000)},
        {"op": "customer", "id": "ben", "identifiers": [CARD, {"type": "email", "value": "ben@x"}]},
        {"op": "order", "id": "o3", **by_card(10_000)},
        order_line("o4", 10_000, identifier=CARD),
        {"op": "claim", "id": "c2", "reward": "five-off"},
        {"op": "customer", "id": "cleo", "identifiers": [{"type": "phone", "value": "1"}]},
    )
    assert [(each["line"], each["status"], each.get("problem", {}).get("code")) for each in results] == [
        (1, 200, None),
        (2, 201, None),
        (3, 201, None),
        (4, 201, None),
        (5, 201, None),
        (6, 201, None),
        (7, 200, None),
        (8, 422, "identifier_unknown"),
        (9, 200, None),
        (10, 201, None),
        (11, 422, "identifier_mismatch"),
        (12, 422, "required"),
        (13, 422, "invalid_format"),
    ]
    assert [each["answer"]["customer"] for each in results[:6]] == ["anna"] * 6
    assert results[9]["answer"]["customer"] == "ben"
    balances = [each["answer"]["balances"][0]["available"] for each in results[1:6]]
    assert balances == [100, 0, 50, 550, 50]


async def test_workspaces_with_many_buckets_find_everybody(site: Site) -> None:
    """Customers in all buckets are found in one batch of lines, each by a card."""
    async with site.database.transaction(site.row.workspace_id) as conn:
        await conn.execute(
            "update workspaces set bucket_count = 8 where workspace_id = $1", site.row.workspace_id
        )
    cards = [{"type": "card", "value": f"card-{number}"} for number in range(40)]
    given = [
        {"op": "customer", "id": f"c{number}", "identifiers": [card]} for number, card in enumerate(cards)
    ]
    orders = [
        {"op": "order", "id": f"o{number}", **by_card(1_000), "identifier": card}
        for number, card in enumerate(cards)
    ]
    results = await send(site, *given, *orders)
    assert [each["answer"]["customer"] for each in results[40:]] == [f"c{number}" for number in range(40)]
    async with site.database.transaction(site.row.workspace_id) as conn:
        assert await conn.fetchval("select count(distinct bucket) from identifiers") == 8
