"""How the tests talk to the API: one caller with a key, and few words."""

from __future__ import annotations

import asyncio
import functools
import itertools
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import httpx
import msgspec
from litestar import Litestar

from perennial.flows.staff.keys import create_key
from perennial.http.app import OpenDoor, build_routed
from perennial.http.door.door import Door
from perennial.http.fast_lane import FastLane
from perennial.store.database import Database
from perennial.store.workspaces import WorkspaceRow

PROGRAM = """\
program: points
name: Points
currency: USD
wallets:
  - {id: points, name: Points}
declarations:
  member:
    birthday: {type: date}
  events:
    review.posted:
      attributes:
        rating: {type: integer}
earning_rules:
  - {id: base, type: per_amount, points: 1, per: 100}
  - {id: review, type: fixed, trigger: review.posted, points: 50}
tiers:
  metrics:
    - {id: spend, measure: orders.net, window: {calendar: year}}
  levels:
    - {id: bronze, name: Bronze, reach: {spend: 0}}
    - {id: gold, name: Gold, reach: {spend: 100000}}
rewards:
  - {id: five-off, name: 5.00 off, price: 500, gives: [{type: amount_off, value: 500}]}
"""

_numbers = itertools.count(1)


def fresh_code() -> str:
    """Return the code of a workspace that no other test has."""
    return f"shop-{next(_numbers)}"


_doors: list[OpenDoor] = []


def application(open_door: OpenDoor) -> FastLane:
    """Return an application with this door; one runs at a time.

    What the router has read from the routes, most of the work, is shared by all tests of a process;
    the door and the lane, which have all the state, are those of one module, or of one test.
    """
    _doors[:] = [open_door]
    return FastLane(_routed())


def _open_door() -> AbstractAsyncContextManager[Door]:
    return _doors.pop()()


@functools.cache
def _routed() -> Litestar:
    return build_routed(_open_door)


@asynccontextmanager
async def running(app: FastLane) -> AsyncIterator[None]:
    """Start and stop an application as a server does, in a task of its own."""
    said: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    answers: asyncio.Queue[Any] = asyncio.Queue()
    task = asyncio.create_task(app({"type": "lifespan", "asgi": {}, "state": {}}, said.get, answers.put))
    for step in ("startup", "shutdown"):
        await said.put({"type": f"lifespan.{step}"})
        answer = await answers.get()
        assert answer["type"] == f"lifespan.{step}.complete", answer
        if step == "startup":
            yield
    await task


class Site:
    """An application, a client that calls it, and a key that may do everything."""

    def __init__(
        self, app: FastLane, client: httpx.AsyncClient, database: Database, row: WorkspaceRow, secret: str
    ) -> None:
        self.app = app
        self.client = client
        self.database = database
        self.row = row
        self.secret = secret

    async def key(self, *scopes: str) -> str:
        """Return the secret of a new key with these scopes."""
        return (await create_key(self.database, self.row.code, "a key", scopes, actor="test")).secret

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        raw: bytes | None = None,
        secret: str | None = None,
        headers: dict[str, str] | None = None,
        session: dict[str, str] | None = None,
    ) -> httpx.Response:
        """Call the API with JSON (or with ``raw`` bytes) and the key that may do everything.

        With the headers of a ``session`` it is a person who calls, and no key.
        """
        content = raw if raw is not None else None if body is None else msgspec.json.encode(body)
        given = {"authorization": f"Bearer {secret or self.secret}"} if session is None else dict(session)
        if content is not None:
            given["content-type"] = "application/json"
        sent = httpx.Headers(given | (headers or {}), encoding="latin-1")
        return await self.client.request(method, path, content=content, headers=sent)

    async def done(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        """Call the API, demand success and return the JSON."""
        response = await self.call(method, path, body, **more)
        assert response.status_code in {200, 201}, response.text
        return response.json()

    async def refused(self, status: int, code: str, method: str, path: str, *args: Any, **more: Any) -> Any:
        """Call the API, demand this problem and return it."""
        response = await self.call(method, path, *args, **more)
        problem = response.json()
        assert (response.status_code, problem.get("code")) == (status, code), response.text
        assert response.headers["content-type"] == "application/problem+json"
        assert problem["request_id"] == response.headers["x-request-id"]
        return problem


def order(*amounts: int, customer: str | None = "anna", **fields: Any) -> dict[str, Any]:
    """Return the body of a paid order with one line per amount."""
    lines = [{"sku": f"sku-{number}", "amount": amount} for number, amount in enumerate(amounts, 1)]
    return {"customer": customer, "status": "paid", "lines": lines, **fields}


def order_status(status: str, *amounts: int, customer: str | None = "anna") -> dict[str, Any]:
    """Return the body of an order in this status, with one line of 1.00 if no amount is given."""
    return order(*(amounts or (100,)), customer=customer, status=status)
