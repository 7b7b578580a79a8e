"""Every line of an order has an id of its own: returns go by it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.http.site import Site

TWICE = [{"sku": "tea", "amount": 500, "id": "a"}, {"sku": "mug", "amount": 900, "id": "a"}]
POSITION = [{"sku": "tea", "amount": 500, "id": "2"}, {"sku": "mug", "amount": 900}]
OTHERS = [{"sku": "tea", "amount": 500, "id": "2"}, {"sku": "mug", "amount": 900, "id": "1"}]


def order(lines: list[dict[str, Any]]) -> dict[str, Any]:
    """A paid order of anna's."""
    return {"customer": "anna", "status": "paid", "lines": lines}


@pytest.mark.parametrize("lines", [TWICE, POSITION])
async def test_an_id_that_is_taken_is_refused(site: Site, lines: list[dict[str, Any]]) -> None:
    """Given twice, or what another line has by its position: a return could not say which line it is of."""
    refused = await site.refused(422, "line_twice", "PUT", "/v1/orders/o1", order(lines))
    assert [each["path"] for each in refused["errors"]] == ["$.lines[1].id"]
    await site.refused(404, "order_unknown", "GET", "/v1/orders/o1")
    cart = {"cart": {"lines": lines}}
    for method, path, body in (
        ("POST", "/v1/quotes", cart),
        ("POST", "/v1/holds", {"id": "h1", **cart}),
        ("POST", "/v1/redemptions", {"id": "r1", **cart}),
    ):
        refused = await site.refused(422, "line_twice", method, path, body)
        assert [each["path"] for each in refused["errors"]] == ["$.cart.lines[1].id"]


async def test_a_batch_refuses_that_line_alone(site: Site) -> None:
    """The others of a batch are taken."""
    sent = [{"op": "order", "id": f"o{i}", **order(lines)} for i, lines in enumerate((TWICE, OTHERS))]
    raw = b"\n".join(msgspec.json.encode(each) for each in sent)
    answered = await site.call("POST", "/v1/batch", raw=raw, headers={"content-type": "application/x-ndjson"})
    statuses = [msgspec.json.decode(line)["status"] for line in answered.content.splitlines()]
    assert statuses == [422, 201]


async def test_ids_may_stand_in_any_order(site: Site) -> None:
    """What counts is that each is there once; a return goes by it."""
    await site.done("PUT", "/v1/orders/o1", order(OTHERS))
    lines = [{"line": "2", "quantity": 1}]
    await site.done("POST", "/v1/orders/o1/returns", {"id": "b1", "lines": lines})
    again = {"id": "b2", "lines": lines}
    refused = await site.refused(422, "too_many_returned", "POST", "/v1/orders/o1/returns", again)
    assert refused["errors"][0]["path"] == "$.lines[0].quantity"


async def test_a_line_that_a_return_names_twice_comes_back_twice(site: Site) -> None:
    """Together they may be no more than was bought."""
    await site.done("PUT", "/v1/orders/o1", order([{"sku": "tea", "amount": 600, "quantity": 3}]))
    twice = [{"line": "1", "quantity": 1}, {"line": "1", "quantity": 1}]
    await site.done("POST", "/v1/orders/o1/returns", {"id": "b1", "lines": twice})
    await site.refused(
        422, "too_many_returned", "POST", "/v1/orders/o1/returns", {"id": "b2", "lines": twice}
    )
    await site.done("POST", "/v1/orders/o1/returns", {"id": "b3", "lines": twice[:1]})
