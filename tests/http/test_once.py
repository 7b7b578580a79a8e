"""Sent twice is done once, whatever names the request."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.http.site import Site, order

_CART = {"lines": [{"sku": "s", "amount": 1}]}
_ONCE: list[tuple[str, dict[str, Any], str, Any]] = [
    ("/v1/events", {"type": "review.posted", "customer": "anna"}, "attributes", {"rating": 4}),
    ("/v1/orders/o1/returns", {"lines": [{"line": "1", "quantity": 1}]}, "reason", "broken"),
    ("/v1/customers/anna/claims", {"reward": "five-off"}, "occurred_at", "2026-01-01T00:00:00Z"),
    ("/v1/adjustments", {"customer": "anna", "wallet": "points", "points": 5, "reason": "r"}, "points", 6),
    (
        "/v1/transfers",
        {"from": "anna", "to": "ben", "wallet": "points", "points": 5, "reason": "r"},
        "points",
        6,
    ),
    (
        "/v1/transfers",
        {"from": "anna", "to": "ben", "wallet": "points", "points": 5, "reason": "r"},
        "to",
        "cleo",
    ),
    (
        "/v1/transfers",
        {"from": "anna", "to": "ben", "wallet": "points", "points": 5, "reason": "r"},
        "from",
        "cleo",
    ),
    ("/v1/redemptions", {"customer": "anna", "cart": _CART}, "cart", {"lines": [{"sku": "s", "amount": 2}]}),
    ("/v1/redemptions", {"customer": "anna", "cart": _CART}, "order", "o7"),
    ("/v1/holds", {"customer": "anna", "cart": _CART}, "seconds", 60),
    ("/v1/customers/anna/memberships/points/tier", {"tier": "gold", "reason": "r"}, "tier", None),
]


async def prepare(site: Site) -> None:
    """Give anna an order and points, and ben a membership."""
    await site.done("PUT", "/v1/orders/o1", order(100_000, 50_000))
    await site.done("PUT", "/v1/orders/o2", order(100, customer="ben"))
    await site.done("PUT", "/v1/orders/o3", order(1_000, customer="cleo"))


@pytest.mark.parametrize(("path", "body", "field", "other"), _ONCE, ids=lambda value: str(value)[:40])
@pytest.mark.parametrize("named_by", ["body", "header"])
async def test_the_same_again_is_the_same_answer(
    site: Site, path: str, body: dict[str, Any], field: str, other: Any, named_by: str
) -> None:
    """Byte for byte, marked as replayed; with another body 422 names what differs."""
    await prepare(site)

    async def send(sent: dict[str, Any]) -> Any:
        if named_by == "body":
            return await site.call("POST", path, {**sent, "id": "k-1"})
        return await site.call("POST", path, sent, headers={"idempotency-key": "k-1"})

    first, second = await send(body), await send(body)
    assert first.status_code == 201, first.text
    assert (second.status_code, second.content) == (200, first.content)
    assert (first.headers.get("idempotency-replayed"), second.headers["idempotency-replayed"]) == (
        None,
        "true",
    )
    conflict = await send({**body, field: other})
    assert (conflict.status_code, conflict.json()["code"]) == (422, "id_conflict")
    assert [each["path"] for each in conflict.json()["errors"]] == [f"$.{field}"]


@pytest.mark.parametrize(("path", "body", "field", "other"), _ONCE, ids=lambda value: str(value)[:40])
async def test_without_an_id_nothing_is_done(
    site: Site, path: str, body: dict[str, Any], field: str, other: Any
) -> None:
    """A write that could not be repeated safely is refused."""
    await prepare(site)
    found = await site.refused(422, "idempotency_key_required", "POST", path, body)
    assert [each["path"] for each in found["errors"]] == ["$.id"]


async def test_twenty_at_once_are_one(site: Site) -> None:
    """Sent in parallel, one is done and nineteen are replays; no 409, no 500."""
    await prepare(site)
    body = {"customer": "anna", "wallet": "points", "points": 5, "reason": "r", "id": "k"}
    responses = await asyncio.gather(*(site.call("POST", "/v1/adjustments", body) for _ in range(20)))
    assert sorted(response.status_code for response in responses) == [200] * 19 + [201]
    assert len({response.content for response in responses}) == 1
    wallet = (await site.done("GET", "/v1/customers/anna"))["wallets"][0]
    assert wallet["available"] == 1_500 + 5


@pytest.mark.parametrize("key", ["", " ", "x" * 201, "caf\u00e9", "a b", "a\tb"])
async def test_an_idempotency_key_is_visible_ascii(site: Site, key: str) -> None:
    """1 to 200 visible characters, compared exactly; anything else is refused by name."""
    await prepare(site)
    body = {"type": "review.posted", "customer": "anna"}
    found = await site.refused(
        422,
        "invalid_format",
        "POST",
        "/v1/events",
        body,
        headers={"idempotency-key": key.encode()},
    )
    assert [each["path"] for each in found["errors"]] == ["header.Idempotency-Key"]


async def test_keys_differ_by_case_and_the_body_goes_first(site: Site) -> None:
    """``a`` and ``A`` are two requests; an id in the body wins over the header."""
    body = {"type": "review.posted", "customer": "anna"}
    for key, status in (("a", 201), ("A", 201), ("a", 200)):
        response = await site.call("POST", "/v1/events", body, headers={"idempotency-key": key})
        assert response.status_code == status
    mixed = await site.done("POST", "/v1/events", {**body, "id": "b"}, headers={"idempotency-key": "a"})
    assert mixed["id"] == "b"


async def test_an_order_is_a_revision_and_no_conflict(site: Site) -> None:
    """An equal body replays, another body is the next revision."""
    first = await site.call("PUT", "/v1/orders/o1", order(1_000))
    again = await site.call("PUT", "/v1/orders/o1", order(1_000))
    assert (first.status_code, again.status_code, again.content) == (201, 200, first.content)
    assert again.headers["idempotency-replayed"] == "true"
    changed = await site.done("PUT", "/v1/orders/o1", order(2_000))
    assert (changed["revision"], changed["balances"][0]["available"]) == (2, 20)
