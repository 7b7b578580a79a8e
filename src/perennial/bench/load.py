"""The load generator: a process of its own, so that its CPU is counted apart.

It reads one :class:`Plan` from standard input, builds every request beforehand, sends them over raw
sockets on loopback (each connection has one request in flight), and writes one :class:`Report`.
"""

from __future__ import annotations

import asyncio
import sys
import time
from random import Random
from typing import cast

import msgspec
import uvloop

from perennial.units import format_instant

LINES = 5
RETURN_EVERY = 20
EVENT_EVERY = 20
LOOPBACK = "127.0.0.1"


class Plan(msgspec.Struct, kw_only=True):
    """What to send: ``connections`` at once for ``seconds``, at most ``requests`` of them in all.

    ``prefix`` makes the ids of one run its own; customers are ``c1`` to ``c<members>``. Of twenty
    requests eighteen are new orders, one returns a line of an earlier order, one is a custom event. The
    other ``kind``s are ``quotes`` and ``redemptions`` of carts (see ``bench/carts.py``), with the codes in
    the file ``codes``.
    """

    port: int
    key: str
    prefix: str
    connections: int
    seconds: float
    requests: int
    members: int
    now: int
    kind: str = "orders"
    codes: str = ""


class Report(msgspec.Struct, kw_only=True):
    """What came back: requests answered, orders among them, failures, and latencies in milliseconds."""

    requests: int
    orders: int
    failures: int
    seconds: float
    p50_ms: float
    p99_ms: float
    cpu_seconds: float
    first_failure: str = ""


def customer_name(random: Random, members: int) -> str:
    """Return one of the customers ``c1`` to ``c<members>``."""
    return f"c{random.randrange(members) + 1}"


def order_body(random: Random, members: int, at: str) -> dict[str, object]:
    """Return the body of an order of five lines, paid at ``at``."""
    lines = [
        {
            "sku": f"sku-{random.randrange(400)}",
            "quantity": random.choice((1, 1, 1, 2, 3)),
            "amount": random.randrange(100, 4000),
            "categories": [f"department-{random.randrange(40)}"],
            "brand": f"brand-{random.randrange(40)}",
        }
        for _ in range(LINES)
    ]
    return {
        "customer": customer_name(random, members),
        "status": "paid",
        "occurred_at": at,
        "currency": "USD",
        "location": f"store-{random.randrange(20)}",
        "channel": random.choice(("app", "web", "store")),
        "lines": lines,
    }


class OrderRequests:
    """The prebuilt requests of one connection, as bytes, and whether each is an order."""

    def __init__(self, plan: Plan, connection: int, count: int) -> None:
        self._plan = plan
        self._random = Random(f"{plan.prefix}-{connection}")
        self._at = format_instant(plan.now)
        self.built: list[tuple[bytes, bool]] = []
        placed: list[str] = []
        for number in range(count):
            name = f"{plan.prefix}-{connection}-{number}"
            turn = number % RETURN_EVERY
            if turn == RETURN_EVERY - 1 and placed:
                self._add("POST", f"/v1/orders/{placed.pop(0)}/returns", self._return(name), False)
            elif turn == EVENT_EVERY // 2:
                self._add("POST", "/v1/events", self._event(name), False)
            else:
                placed.append(name)
                body = order_body(self._random, plan.members, self._at)
                self._add("PUT", f"/v1/orders/{name}", body, True)

    def _return(self, name: str) -> dict[str, object]:
        line = str(self._random.randrange(LINES) + 1)
        return {"id": name, "occurred_at": self._at, "lines": [{"line": line, "quantity": 1}]}

    def _event(self, name: str) -> dict[str, object]:
        return {
            "id": name,
            "type": "review.posted",
            "customer": customer_name(self._random, self._plan.members),
            "occurred_at": self._at,
            "attributes": {"rating": self._random.randrange(1, 6)},
        }

    def _add(self, method: str, path: str, body: dict[str, object], order: bool) -> None:
        self.built.append((request_bytes(self._plan.key, method, path, body), order))


def request_bytes(key: str, method: str, path: str, body: dict[str, object]) -> bytes:
    """Return a whole request as it is sent."""
    content = msgspec.json.encode(body)
    head = (
        f"{method} {path} HTTP/1.1\r\nhost: {LOOPBACK}\r\nauthorization: Bearer {key}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


class _Connection(asyncio.Protocol):
    """One connection: sends the next request when the answer to the last one is complete."""

    def __init__(self, requests: list[tuple[bytes, bool]], end: float) -> None:
        self.latencies: list[int] = []
        self.orders = 0
        self.failures = 0
        self.first_failure = ""
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._requests = requests
        self._next = 0
        self._end = end
        self._received = b""
        self._sent_at = 0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast(asyncio.Transport, transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        """Collect one answer."""
        self._received = self._received + data if self._received else data
        head = self._received.find(b"\r\n\r\n")
        if head < 0:
            return
        start = self._received.lower().find(b"content-length:", 0, head)
        length = int(self._received[start + 15 : self._received.find(b"\r\n", start)])
        if len(self._received) < head + 4 + length:
            return
        self.latencies.append(time.perf_counter_ns() - self._sent_at)
        status = self._received[9:12]
        if status in (b"200", b"201"):
            self.orders += self._requests[self._next - 1][1]
        else:
            self.failures += 1
            self.first_failure = self.first_failure or self._received[:600].decode(errors="replace")
        self._received = b""
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        """Count a connection that ended early as a failure."""
        if not self.done.done():
            self.failures += 1
            self.first_failure = self.first_failure or f"connection lost: {exc}"
            self.done.set_result(None)

    def _send(self) -> None:
        assert self._transport is not None
        if self._next == len(self._requests) or time.perf_counter() >= self._end:
            self.done.set_result(None)
            self._transport.close()
            return
        self._sent_at = time.perf_counter_ns()
        self._transport.write(self._requests[self._next][0])
        self._next += 1


async def run(plan: Plan, prebuilt: list[list[tuple[bytes, bool]]]) -> Report:
    """Send the requests of each connection once the word comes, and report what came back."""
    print("ready", file=sys.stderr, flush=True)
    sys.stdin.buffer.readline()
    loop = asyncio.get_running_loop()
    cpu, start = time.process_time(), time.perf_counter()
    connections: list[_Connection] = []
    for requests in prebuilt:
        protocol = _Connection(requests, start + plan.seconds)
        await loop.create_connection(lambda protocol=protocol: protocol, LOOPBACK, plan.port)  # type: ignore[misc]
        connections.append(protocol)
    await asyncio.gather(*(connection.done for connection in connections))
    seconds = time.perf_counter() - start
    latencies = sorted(latency for connection in connections for latency in connection.latencies)
    return Report(
        requests=len(latencies),
        orders=sum(connection.orders for connection in connections),
        failures=sum(connection.failures for connection in connections),
        seconds=seconds,
        p50_ms=latencies[len(latencies) // 2] / 1e6 if latencies else 0.0,
        p99_ms=latencies[len(latencies) * 99 // 100] / 1e6 if latencies else 0.0,
        cpu_seconds=time.process_time() - cpu,
        first_failure=next((c.first_failure for c in connections if c.first_failure), ""),
    )


def main() -> None:
    """Read the plan, wait for the word to start (a second line), and print the report."""
    plan = msgspec.json.decode(sys.stdin.buffer.readline(), type=Plan)
    each = -(-plan.requests // plan.connections)
    prebuilt = [OrderRequests(plan, number, each).built for number in range(plan.connections)]
    report = uvloop.run(run(plan, prebuilt))
    sys.stdout.buffer.write(msgspec.json.encode(report) + b"\n")


if __name__ == "__main__":
    main()
