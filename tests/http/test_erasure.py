"""``DELETE /v1/customers/{id}`` as a caller sees it."""

from __future__ import annotations

import pytest

from tests.http.site import Site, order


async def test_a_customer_is_erased_once_and_for_all(site: Site) -> None:
    """204 without a body, twice; then nothing is read and nothing is written under the id."""
    body = order(10_000, customer="anna")
    await site.done("PUT", "/v1/orders/o1", body)
    for _ in range(2):
        response = await site.call("DELETE", "/v1/customers/anna")
        assert (response.status_code, response.content) == (204, b"")
        assert response.headers["x-request-id"]
    for path in ("", "/ledger", "/timeline"):
        await site.refused(404, "customer_unknown", "GET", f"/v1/customers/anna{path}")
    await site.refused(404, "order_unknown", "GET", "/v1/orders/o1")
    await site.refused(404, "order_unknown", "GET", "/v1/orders/o1/explanation")
    await site.refused(410, "customer_erased", "PUT", "/v1/orders/o1", body)
    await site.refused(410, "customer_erased", "POST", "/v1/orders/o1/returns", {"id": "r1"})
    await site.refused(410, "customer_erased", "PUT", "/v1/customers/anna", {})
    await site.refused(
        410, "customer_erased", "POST", "/v1/customers/anna/memberships", {"program": "points"}
    )
    await site.refused(404, "customer_unknown", "DELETE", "/v1/customers/nobody")


async def test_why_somebody_was_erased_is_kept(site: Site) -> None:
    """In the audit log, for good; what is no reason is refused and erases nobody."""
    await site.done("PUT", "/v1/customers/anna", {})
    refused = {"%00": "control_character", "%1B": "invalid_parameter", "x" * 501: "invalid_parameter"}
    for wrong, code in refused.items():
        await site.refused(422, code, "DELETE", f"/v1/customers/anna?reason={wrong}")
    await site.done("GET", "/v1/customers/anna")
    assert (
        await site.call("DELETE", "/v1/customers/anna?reason=by%20law%0Aand%20by%20wish")
    ).status_code == 204
    (noted,) = (await site.done("GET", "/v1/audit?action=customer.erased"))["data"]
    assert noted["reason"] == "by law\nand by wish"


async def test_a_line_of_a_batch_is_refused_by_itself(site: Site) -> None:
    """The line of an erased customer carries the problem, the next one is done."""
    await site.done("PUT", "/v1/customers/anna", {})
    await site.call("DELETE", "/v1/customers/anna")
    lines = b'{"op":"customer","id":"anna"}\n{"op":"customer","id":"ben"}\n'
    response = await site.call(
        "POST", "/v1/batch", raw=lines, headers={"content-type": "application/x-ndjson"}
    )
    first, second = response.text.splitlines()
    assert '"customer_erased"' in first
    assert '"status":200' in second


@pytest.mark.parametrize("scope", ["write", "adjust", "read"])
async def test_erasing_needs_its_own_scope(site: Site, scope: str) -> None:
    """A key that writes cannot erase; one that erases can do nothing else."""
    await site.done("PUT", "/v1/customers/anna", {})
    other = await site.key(scope)
    await site.refused(403, "scope_missing", "DELETE", "/v1/customers/anna", secret=other)
    eraser = await site.key("erase")
    await site.refused(403, "scope_missing", "GET", "/v1/customers/anna", secret=eraser)
    assert (await site.call("DELETE", "/v1/customers/anna", secret=eraser)).status_code == 204


async def test_an_id_with_signs_in_it_is_erased(site: Site) -> None:
    """The id in the path is the customer's own, whatever it holds."""
    await site.done("PUT", "/v1/customers/anna%2Fb%40example.com", {})
    assert (await site.call("DELETE", "/v1/customers/anna%2Fb%40example.com")).status_code == 204
    await site.refused(404, "customer_unknown", "GET", "/v1/customers/anna%2Fb%40example.com")
