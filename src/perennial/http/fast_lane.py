"""The fast lane: the few hot routes on bare ASGI, in front of the application that declares them all.

Every request passes here: it gets its id, its path is cleaned, and what goes wrong becomes a problem.
The hot routes are answered at once, by the same functions as the routes of the application; the rest
goes on to the application.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, cast

from litestar import Litestar
from litestar.routes import HTTPRoute

from perennial.flows.answers import Answer
from perennial.flows.problems import answer_problem
from perennial.flows.staff.keys import Key
from perennial.flows.staff.scopes import Scope as KeyScope
from perennial.http.checkout.checkout import QuoteBody, RedemptionBody, post_quote, post_redemption
from perennial.http.door.asgi import Connection, Message, Receive, Send
from perennial.http.door.door import Door
from perennial.http.door.exchange import (
    WHOLE,
    ClientGoneError,
    Headers,
    check_json,
    headers_of,
    idempotency_key,
    read_body,
    receive_chunk,
    refuse_query,
    refuse_repeated,
    request_id,
    send_answer,
)
from perennial.http.door.language import spoken_to
from perennial.http.door.metrics import count_answer
from perennial.http.door.paths import path_segments, routed_path
from perennial.http.door.problems import bad_request, problem_of
from perennial.http.door.sessions import admit
from perennial.http.door.strict_json import Reader
from perennial.http.events import post_event
from perennial.http.orders import post_return, put_order
from perennial.http.requests import EventBody, OrderBody, ReturnBody

MAX_IN_FLIGHT = 2_000
"""Beyond so many requests at once a worker sheds load: a quick no is better than a late yes."""


class Call(NamedTuple):
    """One request on a hot route."""

    door: Door
    caller: Key
    segments: list[str]
    headers: Headers
    body: bytes


_read_order = Reader(OrderBody).read
_read_return = Reader(ReturnBody).read
_read_event = Reader(EventBody).read
_read_quote = Reader(QuoteBody).read
_read_redemption = Reader(RedemptionBody).read


async def _order(call: Call) -> Answer:
    return await put_order(call.door, call.caller, call.segments[2], _read_order(call.body))


async def _return(call: Call) -> Answer:
    key = idempotency_key(call.headers)
    return await post_return(call.door, call.caller, call.segments[2], key, _read_return(call.body))


async def _event(call: Call) -> Answer:
    return await post_event(call.door, call.caller, idempotency_key(call.headers), _read_event(call.body))


async def _quote(call: Call) -> Answer:
    return await post_quote(call.door, call.caller, _read_quote(call.body), spoken_to(call.headers))


async def _redemption(call: Call) -> Answer:
    key = idempotency_key(call.headers)
    return await post_redemption(
        call.door, call.caller, key, _read_redemption(call.body), spoken_to(call.headers)
    )


class Hot(NamedTuple):
    """A hot route: the name of its operation, of which scopes a key needs one, and what answers it."""

    operation: str
    needs: tuple[KeyScope, ...]
    serve: Callable[[Call], Awaitable[Answer]]


_WRITE = (KeyScope.WRITE,)
_ORDER = Hot("order_put", _WRITE, _order)
_RETURN = Hot("return_post", _WRITE, _return)
_EVENT = Hot("event_post", _WRITE, _event)
_QUOTE = Hot("quote_post", (KeyScope.READ, KeyScope.TILL), _quote)
_REDEMPTION = Hot("redemption_post", (KeyScope.WRITE, KeyScope.TILL), _redemption)


def hot_route(method: str, segments: list[str]) -> Hot | None:
    """Return a hot route, or None for all others."""
    match segments:
        case ["v1", "orders", order] if method == "PUT" and order:
            return _ORDER
        case ["v1", "orders", order, "returns"] if method == "POST" and order:
            return _RETURN
        case ["v1", "events"] if method == "POST":
            return _EVENT
        case ["v1", "quotes"] if method == "POST":
            return _QUOTE
        case ["v1", "redemptions"] if method == "POST":
            return _REDEMPTION
    return None


class FastLane:
    """The outermost ASGI application of a worker."""

    def __init__(self, app: Litestar) -> None:
        self.app = app
        self._methods = _methods_of(app)
        self._app = cast(Callable[[Connection, Receive, Send], Awaitable[None]], app)
        self._door: Door | None = None
        self._in_flight = 0

    @property
    def door(self) -> Door:
        """The door, which is open once the application has started."""
        if self._door is None:
            self._door = Door.of(self.app.state)
        return self._door

    def close(self) -> None:
        """Answer from now on that this process is about to stop, should the platform ask."""
        door = getattr(self.app.state, "door", None)
        if door is not None:
            door.open = False

    async def __call__(self, scope: Connection, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        headers = headers_of(scope)
        identity = request_id(headers.get(b"x-request-id"))
        answering = _Answering(scope, headers, send, identity)
        self._in_flight += 1
        try:
            await self._serve(scope, headers, receive, answering, identity)
        except ClientGoneError:
            return
        except Exception as error:
            if answering.status:
                raise
            await answering.send_answer(answer_problem(problem_of(error, identity)))
        finally:
            self._in_flight -= 1
            # It holds the exchange, which holds the scope: a ring only the search for garbage would find.
            scope.pop(WHOLE, None)
            if answering.status:
                count_answer(answering.operation, answering.status, started)

    async def _serve(
        self, scope: Connection, headers: Headers, receive: Receive, answering: _Answering, identity: str
    ) -> None:
        if self._in_flight > MAX_IN_FLIGHT:
            raise bad_request(503, "overloaded", "Too many requests are in flight; try again soon.")
        if len(headers) != len(scope["headers"]):
            refuse_repeated(scope)
        segments = path_segments(scope)
        method = scope["method"]
        hot = hot_route(method, segments)
        if hot is not None:
            answering.operation = hot.operation
            answer = await self._hot(scope, headers, receive, segments, hot)
            await answering.send_answer(answer)
        else:
            routed = {**scope, "method": "GET"} if method == "HEAD" else scope
            answering.allows = lambda: self._methods.get(routed.get("path_template", ""), frozenset())
            await self._forward(routed, receive, answering, segments, identity)
            answering.operation = _operation_of(routed)

    async def _hot(
        self, scope: Connection, headers: Headers, receive: Receive, segments: list[str], hot: Hot
    ) -> Answer:
        door = self.door
        caller = await admit(door, scope, headers, *hot.needs)
        check_json(headers, b"application/json")
        body = await read_body(scope, headers, receive, door.max_body_bytes)
        refuse_query(scope)
        return await hot.serve(Call(door, caller, segments, headers, body))

    async def _forward(
        self, scope: Connection, receive: Receive, answering: _Answering, segments: list[str], identity: str
    ) -> None:
        if b"%" in scope["raw_path"] or not scope["path"].isascii():
            scope["path"] = routed_path(segments)
        scope["request_id"] = identity
        await self._app(scope, _timed(receive), answering.send)


def _operation_of(scope: Any) -> str:
    handler = scope.get("route_handler")
    return getattr(handler, "operation_id", None) or "unrouted"


def _methods_of(app: Litestar) -> dict[str, frozenset[str]]:
    """Return the methods of every address by the pattern that it is routed by."""
    found: dict[str, frozenset[str]] = {}
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            methods = frozenset(str(method) for method in route.methods)
            found[route.path_format] = found.get(route.path_format, frozenset()) | methods
    return found


def _timed(receive: Receive) -> Receive:
    """Return ``receive`` with a bound on how long one piece of a body may take."""
    ended = False

    async def receive_in_time() -> Any:
        nonlocal ended
        if ended:
            return await receive()
        body, more = await receive_chunk(receive)
        ended = not more
        return {"type": "http.request", "body": body, "more_body": more}

    return receive_in_time


class _Answering:
    """Sends an answer with the id of its request, and knows the status once it is on its way."""

    def __init__(self, scope: Connection, headers: Headers, send: Send, identity: str) -> None:
        self._scope = scope
        self._headers = headers
        self._send = send
        self._identity = identity
        self.status = 0
        self.operation = "unrouted"
        self.allows: Callable[[], frozenset[str]] = frozenset

    async def send_answer(self, answer: Answer) -> None:
        """Send the answer of a flow."""
        self.status = answer.status
        await send_answer(self._scope, self._headers, self._send, answer, self._identity)

    def _allowed(self, said: bytes) -> bytes:
        """Return an ``Allow`` header: the router says all methods or the first, and knows of no HEAD."""
        allowed = {*said.decode().split(", "), *self.allows()}
        return ", ".join(sorted({*allowed, "HEAD"} if "GET" in allowed else allowed)).encode()

    async def send(self, message: Message) -> None:
        """Send what the application sends, with the headers that every answer has."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = list(message["headers"])
            names = {name for name, _ in headers}
            if b"allow" in names:
                headers = [each for each in headers if each[0] != b"allow"]
                headers.append((b"allow", self._allowed(dict(message["headers"])[b"allow"])))
            if b"x-request-id" not in names:
                headers.append((b"x-request-id", self._identity.encode()))
            if b"cache-control" not in names:
                headers.append((b"cache-control", b"no-store"))
            message["headers"] = headers
        elif self._scope["method"] == "HEAD":  # asked for without its body: it is made, and stays here
            message = {**message, "body": b""}
        await self._send(message)
