"""The fast lane is a shorter way to the same answers."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.http.site import Site, order

_CALLS: list[tuple[str, str, Any]] = [
    ("PUT", "/v1/orders/{}", order(10_000)),
    ("PUT", "/v1/orders/{}", order(10_000)),
    ("PUT", "/v1/orders/{}", order(12_000)),
    ("PUT", "/v1/orders/{}", {"status": "paid"}),
    ("PUT", "/v1/orders/{}?x=1", order(1)),
    ("PUT", "/v1/orders/{}?%78%5b%5d=1&y=2", order(1)),
    ("PUT", "/v1/orders/{}?&", order(10_000)),
    ("PUT", "/v1/orders/{}", {"customer": "x" * 1_000_000}),
    ("POST", "/v1/orders/{}/returns", {"id": "{}", "lines": [{"line": "1", "quantity": 1}]}),
    ("POST", "/v1/orders/{}/returns", {"id": "{}", "lines": [{"line": "1", "quantity": 1}]}),
    ("POST", "/v1/orders/{}/returns", {"id": "{}", "lines": [{"line": "9", "quantity": 1}]}),
    ("POST", "/v1/orders/no-{}/returns", {"id": "n{}"}),
    ("POST", "/v1/orders/{}/returns", {}),
    ("POST", "/v1/events", {"id": "{}", "type": "review.posted", "customer": "anna"}),
    ("POST", "/v1/events", {"id": "{}", "type": "review.posted", "customer": "anna"}),
    ("POST", "/v1/events", {"id": "{}", "type": "review.posted", "customer": "ben"}),
    ("POST", "/v1/events", {"id": "x{}", "type": "unheard.of", "customer": "anna"}),
    ("POST", "/v1/events", {"type": "review.posted", "customer": "anna"}),
]


def named(value: Any, name: str) -> Any:
    """Return a body with ``name`` in the place of ``{}``."""
    if isinstance(value, dict):
        return {key: named(each, name) for key, each in value.items()}
    return value.replace("{}", name) if isinstance(value, str) else value


def told(response: httpx.Response, name: str) -> tuple[Any, ...]:
    """Return what a caller is told, without what differs from request to request."""
    body = response.json()
    body.pop("request_id", None)
    text = str(body).replace(name, "{}")
    headers = ("content-type", "cache-control", "idempotency-replayed", "retry-after", "www-authenticate")
    return response.status_code, text, tuple(response.headers.get(each) for each in headers)


@pytest.mark.parametrize("secret", ["right", "wrong", "none"])
async def test_both_ways_lead_to_the_same_answer(site: Site, secret: str) -> None:
    """The application without its lane answers every hot call as the lane does: sound, broken, repeated."""
    headers = {
        "right": {"authorization": f"Bearer {site.secret}"},
        "wrong": {"authorization": "Bearer sk_test_" + "a" * 43},
        "none": {},
    }[secret]
    answers = []
    for name, app in (("fast", site.app), ("slow", site.app.app)):
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://shop.test") as client:
            # Each way has its own customer, so that both begin with nothing.
            found = []
            for method, path, body in _CALLS:
                text = {key: f"{value}-{name}" if key == "customer" else value for key, value in body.items()}
                response = await client.request(
                    method, path.replace("{}", name), json=named(text, name), headers=headers
                )
                found.append(told(response, name))
            answers.append(found)
    fast, slow = answers
    assert [each[:2] for each in fast] == [each[:2] for each in slow]
    assert [each[2][0] for each in fast] == [each[2][0] for each in slow]
    assert [each[2][2:] for each in fast] == [each[2][2:] for each in slow]
    if secret == "right":
        assert [status for status, *_ in fast] == [
            *(201, 200, 200, 422, 422, 422, 200, 413),
            *(201, 200, 422, 404, 422),
            *(201, 200, 422, 422, 422),
        ]


@pytest.mark.parametrize("path", ["/v1/orders/o", "/v1/customers/anna", "/v1/nowhere"])
@pytest.mark.parametrize(
    "name", ["Authorization", "Content-Type", "Content-Encoding", "Idempotency-Key", "Host"]
)
async def test_a_header_that_means_one_thing_comes_once(site: Site, path: str, name: str) -> None:
    """Twice, even with the same value, it is refused by name; headers that are lists may be repeated."""
    right = [("Authorization", f"Bearer {site.secret}")]
    once = right if name == "Authorization" else [*right, (name, "a")]
    response = await site.client.put(path, headers=[*once, once[-1]], content=b"{}")
    assert (response.status_code, response.json()["code"]) == (400, "duplicate_header")
    assert [each["path"] for each in response.json()["errors"]] == [f"header.{name}"]
    lists = [("Forwarded", "for=1"), ("Forwarded", "for=2")]
    assert (await site.client.put(path, headers=[*right, *lists], content=b"{}")).status_code != 400


@pytest.mark.parametrize(
    "path", ["/health/live", "/docs", "/v1/programs", "/v1/customers/nobody", "/v1/nowhere", "/metrics"]
)
async def test_what_can_be_read_can_be_asked_for_without_its_body(site: Site, path: str) -> None:
    """HEAD is answered as GET is, key and all, and the length is that of what would have come."""
    for headers in ({"authorization": f"Bearer {site.secret}"}, {}):
        whole = await site.client.get(path, headers=headers)
        head = await site.client.head(path, headers=headers)
        assert (head.status_code, head.content) == (whole.status_code, b"")
        for name in ("content-type", "content-length", "cache-control"):
            if (name, path) != ("content-length", "/metrics"):  # its figures grow
                assert head.headers[name] == whole.headers[name]


async def test_what_an_address_allows_is_said(site: Site) -> None:
    """HEAD among it where there is something to read."""
    for method, status in (("OPTIONS", 204), ("PATCH", 405)):
        readable = await site.client.request(method, "/v1/customers/anna")
        assert readable.status_code == status
        assert {"GET", "HEAD", "PUT"} <= set(readable.headers["allow"].split(", "))
        written = await site.client.request(method, "/v1/batch")
        assert "HEAD" not in written.headers["allow"]
    assert (await site.client.head("/v1/batch")).status_code == 405
