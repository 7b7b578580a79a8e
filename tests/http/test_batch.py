"""Batches: a result line per input line, in order, whatever the lines hold."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

import httpx
import pytest

from perennial.flows.answers import Answer
from perennial.flows.batcher import Intake
from perennial.flows.commands import Command
from perennial.http import batch
from tests.http.site import Site, order


async def send(site: Site, *lines: Any, secret: str | None = None) -> list[Any]:
    """Send lines (JSON, or raw bytes) and return the result lines."""
    raw = b"\n".join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines)
    response = await site.call(
        "POST", "/v1/batch", raw=raw, secret=secret, headers={"content-type": "application/x-ndjson"}
    )
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in response.text.splitlines()]


def order_line(name: str, *amounts: int, **fields: Any) -> dict[str, Any]:
    """Return the line of a paid order."""
    return {"op": "order", "id": name, **order(*amounts, **fields)}


async def test_each_kind_of_line_is_what_the_single_call_is(site: Site) -> None:
    """Every operation works in a batch, in order, and answers as it does alone."""
    results = await send(
        site,
        {"op": "customer", "id": "anna", "attributes": {"country": "DE"}},
        order_line("o1", 100_000),
        {"op": "event", "id": "e1", "type": "review.posted", "customer": "anna", "attributes": {"rating": 5}},
        {
            "op": "adjustment",
            "id": "a1",
            "customer": "anna",
            "wallet": "points",
            "points": 10,
            "reason": "r",
        },
        {"op": "claim", "id": "c1", "customer": "anna", "reward": "five-off"},
        {"op": "return", "id": "r1", "order": "o1"},
    )
    assert [(result["line"], result["status"]) for result in results] == [
        (1, 200),
        (2, 201),
        (3, 201),
        (4, 201),
        (5, 201),
        (6, 201),
    ]
    balances = [result["answer"].get("balances", [{}])[0].get("available") for result in results]
    assert balances == [None, 1_000, 1_050, 1_060, 560, 0]
    alone = await site.call("PUT", "/v1/orders/o1", order(100_000))
    assert alone.headers["idempotency-replayed"] == "true"
    assert alone.json() == results[1]["answer"]


async def test_a_wrong_line_leaves_the_others_alone(site: Site) -> None:
    """Each line that is refused has its problem with the path, and its number counts blank lines too."""
    results = await send(
        site,
        order_line("o1", 100),
        b"",
        b"not json",
        {"op": "order", "id": "o2", "status": "paid", "lines": [{"sku": "a", "amount": True}]},
        {"op": "dance"},
        {"id": "o3"},
        {"op": "return", "id": "r1", "order": "nobody's"},
        {"op": "order", "id": "o4", "id ": 1, "status": "paid", "lines": []},
        b'{"op": "event", "id": "e", "id": "f", "type": "a.b", "customer": "anna"}',
        b"   ",
        order_line("o5", 200),
    )
    assert [(each["line"], each["status"], each.get("problem", {}).get("code")) for each in results] == [
        (1, 201, None),
        (3, 400, "malformed_json"),
        (4, 422, "wrong_type"),
        (5, 422, "not_allowed"),
        (6, 422, "required"),
        (7, 404, "order_unknown"),
        (8, 422, "unknown_field"),
        (9, 400, "duplicate_key"),
        (11, 201, None),
    ]
    assert results[2]["problem"]["errors"][0]["path"] == "$.lines[0].amount"
    assert results[0]["id"] == "o1"


async def test_a_batch_sent_twice_is_replayed_line_by_line(site: Site) -> None:
    """A batch whose answer was lost may be sent again whole."""
    lines = [order_line(f"o{n}", 100 * n) for n in range(1, 6)]
    first, second = await send(site, *lines), await send(site, *lines)
    assert [each["status"] for each in first] == [201] * 5
    assert [(each["status"], each["replayed"]) for each in second] == [(200, True)] * 5
    assert [each["answer"] for each in first] == [each["answer"] for each in second]


async def test_a_line_needs_the_scope_of_the_single_call(site: Site) -> None:
    """A key that may write may not adjust, not even in a batch."""
    adjustment = {
        "op": "adjustment",
        "id": "a",
        "customer": "anna",
        "wallet": "points",
        "points": 1,
        "reason": "r",
    }
    results = await send(site, order_line("o1", 100), adjustment, secret=await site.key("write"))
    assert [each["status"] for each in results] == [201, 403]
    assert results[1]["problem"]["code"] == "scope_missing"


async def test_a_line_that_is_too_long_is_skipped(site: Site) -> None:
    """Two megabytes in one line cost one problem; the next line is read from its beginning."""
    results = await send(site, b'{"op": "' + b"x" * 2_000_000 + b'"}', order_line("o1", 100))
    assert [(each["line"], each["status"]) for each in results] == [(1, 413), (2, 201)]


async def test_long_lines_are_handled_in_fewer_at_once(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is in memory at once is bounded by its bytes as well, and every line has its result in order."""
    monkeypatch.setattr(batch, "CHUNK_BYTES", 600)
    chunks: list[int] = []
    submit_many = Intake.submit_many

    async def noted(intake: Intake, workspace_id: int, commands: Sequence[Command]) -> list[Answer]:
        chunks.append(len(commands))
        return await submit_many(intake, workspace_id, commands)

    monkeypatch.setattr(Intake, "submit_many", noted)
    lines = [order_line(f"o{number}", 100) for number in range(20)]
    results = await send(site, *lines)
    assert [(result["line"], result["status"]) for result in results] == [(n, 201) for n in range(1, 21)]
    longest = max(len(json.dumps(line)) for line in lines)
    assert len(chunks) >= 20 * longest // (600 + longest)
    assert max(chunks) <= 600 // min(len(json.dumps(line)) for line in lines) + 1


async def test_lines_may_come_in_any_pieces(site: Site) -> None:
    """Where the network cuts the body does not matter, and a last line needs no line break."""
    body = "\r\n".join(json.dumps(order_line(f"o{n}", 100)) for n in range(20)).encode()

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 37):
            yield body[start : start + 37]
            if start % 370 == 0:
                await asyncio.sleep(0)

    response = await site.client.post(
        "/v1/batch",
        content=pieces(),
        headers={"authorization": f"Bearer {site.secret}", "content-type": "application/x-ndjson"},
    )
    results = [json.loads(line) for line in response.text.splitlines()]
    assert [(each["line"], each["status"], each["id"]) for each in results] == [
        (n + 1, 201, f"o{n}") for n in range(20)
    ]


async def test_results_come_while_lines_are_sent(site: Site) -> None:
    """The first result is there before the second line is sent: nothing waits for the end."""
    seen: asyncio.Queue[bytes] = asyncio.Queue()
    more: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def receive() -> dict[str, Any]:
        return await more.get()

    async def sent(message: Any) -> None:
        if message["type"] == "http.response.body" and message["body"]:
            await seen.put(message["body"])

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "path": "/v1/batch",
        "raw_path": b"/v1/batch",
        "query_string": b"",
        "root_path": "",
        "scheme": "http",
        "headers": [
            (b"authorization", f"Bearer {site.secret}".encode()),
            (b"content-type", b"application/x-ndjson"),
        ],
        "client": None,
        "server": None,
        "state": {},
    }
    task = asyncio.create_task(site.app(scope, receive, sent))
    for n in range(3):
        line = json.dumps(order_line(f"o{n}", 100)).encode() + b"\n"
        await more.put({"type": "http.request", "body": line, "more_body": True})
        async with asyncio.timeout(5):
            assert json.loads(await seen.get())["id"] == f"o{n}"
    await more.put({"type": "http.request", "body": b"", "more_body": False})
    await task


async def test_an_empty_batch_is_an_empty_answer(site: Site) -> None:
    """No lines, no results."""
    assert await send(site) == []


async def test_a_batch_is_no_json(site: Site) -> None:
    """JSON that is announced as JSON is refused: it would be one line at best."""
    response: httpx.Response = await site.call("POST", "/v1/batch", {})
    assert (response.status_code, response.json()["code"]) == (415, "unsupported_media_type")
