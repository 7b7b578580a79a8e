"""A caller who hangs up as soon as there is something to read."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from tests.http.site import Site


async def hang_up(site: Site, path: str, body: Any) -> list[dict[str, Any]]:
    """Send a body with POST, hang up at the first piece of the answer, and return all that was sent."""
    sent: list[dict[str, Any]] = []
    gone = asyncio.Event()
    said = [{"type": "http.request", "body": msgspec.json.encode(body), "more_body": False}]

    async def receive() -> dict[str, Any]:
        if said:
            return said.pop()
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)
        if message["type"] == "http.response.body":
            gone.set()

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [
            (b"authorization", f"Bearer {site.secret}".encode()),
            (b"content-type", b"application/json"),
        ],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "state": {},
    }
    await asyncio.wait_for(site.app(scope, receive, send), 30)
    return sent
