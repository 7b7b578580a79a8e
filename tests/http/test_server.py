"""The server as a process: it starts, finishes what it began, and replaces a worker that died."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import re
import signal
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from perennial import application
from perennial.application import create_app, server_of
from perennial.config import Settings
from perennial.http.door import protocol
from perennial.main import bind
from tests.codebook import SECRET
from tests.http.process import process
from tests.http.site import Site, order, order_status


@asynccontextmanager
async def served(site: Site, database_url: str, *, buffer: int | None = None) -> AsyncIterator[int]:
    """Serve in this process, on sockets, and hand out the port; ``buffer`` bounds what waits to be sent."""
    async with serving(database_url, buffer=buffer) as (_, port):
        yield port


@asynccontextmanager
async def serving(
    database_url: str, *, buffer: int | None = None
) -> AsyncIterator[tuple[uvicorn.Server, int]]:
    """Run a server in this process; hand out it and its port."""
    listener = bind("127.0.0.1", 0)
    if buffer is not None:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, buffer)
    port: int = listener.getsockname()[1]
    server = server_of(create_app(Settings(database_url=database_url, secret=SECRET.hex()), jobs=False))
    task = asyncio.create_task(server.serve(sockets=[listener]))
    async with asyncio.timeout(60):
        while not server.started:
            await asyncio.sleep(0.01)
    try:
        yield server, port
    finally:
        server.should_exit = True
        await task


async def spoken(port: int, *pieces: bytes, pause: float = 0.0) -> bytes:
    """Say the pieces on a new connection and return everything that is answered until it closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)
        async with asyncio.timeout(5):
            return await reader.read()
    finally:
        writer.close()


async def test_a_head_is_bounded_in_size(site: Site, database_url: str) -> None:
    """Endless headers, in one header or in many, are cut off; a head of 8 kB is served."""
    async with served(site, database_url) as port:
        start = b"GET /health/live HTTP/1.1\r\nhost: a\r\nconnection: close\r\n"
        many = b"".join(b"x-%d: y\r\n" % number for number in range(5_000))
        assert (await spoken(port, start, many)).startswith(b"HTTP/1.1 431 ")
        assert (await spoken(port, start, b"x: " + b"y" * 40_000)).startswith(b"HTTP/1.1 431 ")
        at_once = await spoken(port, start + b"x: " + b"y" * 40_000 + b"\r\n\r\n")
        assert at_once.startswith(b"HTTP/1.1 431 ")
        assert b'"code":"head_too_large"' in at_once
        fair = await spoken(port, start + b"x: " + b"y" * 8_000 + b"\r\n\r\n")
        assert fair.startswith(b"HTTP/1.1 200 OK")


async def test_a_request_is_gone_when_it_is_answered(site: Site, database_url: str) -> None:
    """Nothing of answered requests is left for the search for garbage, hot ones or not, sound or broken."""
    headers = {"authorization": f"Bearer {site.secret}"}
    async with (
        served(site, database_url) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers) as client,
    ):
        await client.get("/v1/customers/anna")
        gc.collect()
        gc.disable()
        try:
            for number in range(20):
                assert (await client.put(f"/v1/orders/gone-{number}", json=order(1_000))).status_code == 201
                assert (await client.put(f"/v1/orders/gone-{number}", json={})).status_code == 422
                assert (await client.get("/v1/customers/anna")).status_code == 200
            # The connection itself keeps the latest.
            left = [each for each in gc.get_objects() if isinstance(each, RequestResponseCycle)]
        finally:
            gc.enable()
    assert len(left) <= 2


async def test_a_head_is_bounded_in_time(
    site: Site, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who drips headers, or says nothing at all, is let go."""
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.2)
    async with served(site, database_url) as port:
        started = time.monotonic()
        drips = [b"GET /health/live HTTP/1.1\r\n", *(b"x: y\r\n" for _ in range(8))]
        try:
            answer = await spoken(port, *drips, pause=0.05)
        except ConnectionError:
            answer = b"HTTP/1.1 408 "
        assert answer.startswith(b"HTTP/1.1 408 ")
        silent = await spoken(port)
        assert silent.startswith(b"HTTP/1.1 408 ")
        assert b'"code":"too_slow"' in silent
        assert time.monotonic() - started < 3


async def test_a_slow_body_is_let_go(site: Site, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A body whose next piece does not come is a 408, and the connection closes."""
    monkeypatch.setattr("perennial.http.door.exchange.BODY_SECONDS", 0.2)
    head = "PUT {} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {}\r\ncontent-length: 100\r\n\r\n"
    async with served(site, database_url) as port:
        for path in ("/v1/orders/o1", "/v1/customers/anna"):
            answer = await spoken(port, head.format(path, site.secret).encode(), b'{"customer"')
            assert answer.startswith(b"HTTP/1.1 408 "), path
            assert b'"code":"too_slow"' in answer


async def test_what_is_no_http_is_a_400(site: Site, database_url: str) -> None:
    """Noise is answered with a problem and the connection closed."""
    async with served(site, database_url) as port:
        answer = await spoken(port, b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"content-type: application/problem+json" in head
    assert json.loads(body)["code"] == "bad_request"


@pytest.mark.parametrize("path", ["/v1/orders/o", "/v1/customers/anna"])
async def test_noise_behind_a_request_is_no_answer_to_it(site: Site, database_url: str, path: str) -> None:
    """What was whole is done and answered, as the last thing on its connection."""
    request = f"PUT {path} HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\n{{}}".encode()
    async with served(site, database_url) as port:
        for together in (1, 3):
            answer = await spoken(port, request * together + b"noise\r\n\r\n")
            assert (answer.count(b"HTTP/1.1 401 "), answer.count(b"HTTP/1.1 ")) == (together, together)


@pytest.mark.parametrize("path", ["/v1/orders/upgraded", "/v1/customers/anna"])
async def test_a_wish_for_http_2_is_ignored(site: Site, database_url: str, path: str) -> None:
    """Clients of Java wish for it with their first request, whose body counts as any other's."""
    body = json.dumps(order(1_000) if "orders" in path else {}).encode()
    head = (
        f"PUT {path} HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\nHost: a\r\n"
        "HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA\r\n{}"
        f"Authorization: Bearer {site.secret}\r\nContent-Length: {len(body)}\r\n{{}}\r\n"
    )
    async with served(site, database_url) as port:
        for lines in (("Upgrade: h2c\r\n", ""), ("", "upgrade:h2c \r\n")):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(head.format(*lines).encode() + body)
            async with asyncio.timeout(10):
                assert (await reader.readline()).startswith((b"HTTP/1.1 200 ", b"HTTP/1.1 201 "))
            writer.close()


async def test_a_caller_who_sends_everything_first_is_served(site: Site, database_url: str) -> None:
    """A batch whose results exceed every buffer does not lock up: what is not read yet is spooled."""
    body = b"".join(
        json.dumps({"op": "order", "id": f"o{n}", **order_status("created", customer=f"c{n % 50}")}).encode()
        + b"\n"
        for n in range(20_000)
    )
    assert len(body) > 1_000_000
    async with served(site, database_url) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(
            b"POST /v1/batch HTTP/1.1\r\nhost: a\r\nconnection: close\r\n"
            b"content-type: application/x-ndjson\r\n"
            + f"authorization: Bearer {site.secret}\r\ncontent-length: {len(body)}\r\n\r\n".encode()
        )
        writer.write(body)
        async with asyncio.timeout(50):
            await writer.drain()  # not one byte is read until all is sent
            answer = await reader.read()
        writer.close()
    assert answer.count(b'"status":201') == 20_000


async def test_a_caller_who_does_not_read_gets_every_answer_in_the_end(
    site: Site, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Answers go out whole until the caller's side is full; then they wait, and none is lost or mixed up."""
    count, written = 2_000, []

    def write_whole(*answer: Any) -> bool:
        written.append(protocol_write_whole(*answer))
        return written[-1]

    protocol_write_whole = protocol.write_whole
    monkeypatch.setattr(protocol, "write_whole", write_whole)
    request = (
        "PUT /v1/orders/o HTTP/1.1\r\nhost: a\r\nx-request-id: request-{:05}\r\ncontent-length: 2\r\n\r\n{{}}"
    )
    async with served(site, database_url, buffer=16_384) as port:
        with socket.socket() as slow:
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
            slow.connect(("127.0.0.1", port))
            slow.setblocking(False)
            reader, writer = await asyncio.open_connection(sock=slow)
            writer.write("".join(request.format(number) for number in range(count)).encode())
            async with asyncio.timeout(50):
                while all(written):
                    await asyncio.sleep(0.01)
                answers = b""
                while answers.count(b"HTTP/1.1 401 ") < count or not answers.endswith(b"}"):
                    answers += await reader.read(2**20)
            writer.close()
    numbers = [int(number) for number in re.findall(rb"\r\nx-request-id: request-(\d+)", answers)]
    assert numbers == list(range(count))


async def test_a_server_about_to_stop_ends_each_connection_with_its_answer(
    site: Site, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says so once and closes: of two requests that come together then, the second one is not begun."""
    monkeypatch.setattr(application, "NOTICE_SECONDS", 1.5)
    request = b"PUT /v1/orders/o HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\n{}"
    async with serving(database_url) as (server, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head)
        assert length is not None
        await reader.readexactly(int(length[1]))
        assert b"connection: close" not in head
        server.should_exit = True
        while (b"connection", b"close") not in server.server_state.default_headers:
            await asyncio.sleep(0.001)
        writer.write(request * 2)
        answers = await reader.read()
        writer.close()
    assert (answers.count(b"HTTP/1.1 401 "), answers.count(b"connection: close\r\n")) == (1, 1)


def put(port: int, secret: str, name: str) -> int:
    """Put one order and return the status."""
    return httpx.put(
        f"http://127.0.0.1:{port}/v1/orders/{name}",
        json=order(100),
        headers={"authorization": f"Bearer {secret}"},
        timeout=10,
    ).status_code


async def test_a_signal_ends_it_and_what_was_acknowledged_stays(site: Site, database_url: str) -> None:
    """Orders are in flight when the signal comes: each was done and said so, or the caller knows of none."""
    with process(database_url, 1) as (running, port):
        client = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}",
            headers={"authorization": f"Bearer {site.secret}"},
            timeout=60,
        )
        acknowledged: list[str] = []

        async def shop(customer: int) -> None:
            body = order(100, customer=f"c{customer}")
            for number in range(1_000):
                name = f"{customer}-{number}"
                try:
                    response = await client.put(f"/v1/orders/{name}", json=body)
                except httpx.TransportError:
                    return
                assert response.status_code in {201, 503}, response.text
                if response.status_code == 201:
                    acknowledged.append(name)

        shoppers = [asyncio.create_task(shop(number)) for number in range(8)]
        async with asyncio.timeout(60):
            while len(acknowledged) < 40:
                await asyncio.sleep(0.01)
        running.send_signal(signal.SIGTERM)
        await asyncio.gather(*shoppers)
        await client.aclose()
        assert await asyncio.to_thread(running.wait, 20) == 0
    for name in acknowledged:
        await site.done("GET", f"/v1/orders/{name}")


async def test_a_worker_that_died_is_replaced(site: Site, database_url: str) -> None:
    """Two workers share the port; one is killed, another takes its place, and all leave at the end."""
    with process(database_url, 2) as (running, port):
        workers = children(running.pid)
        assert len(workers) == 2
        os.kill(workers[0], signal.SIGKILL)
        until = time.monotonic() + 20
        while (now := children(running.pid)) == workers or len(now) < 2:
            assert time.monotonic() < until
            await asyncio.sleep(0.05)
        assert workers[0] not in now
        assert await asyncio.to_thread(put, port, site.secret, "after") == 201
        running.send_signal(signal.SIGINT)
        assert await asyncio.to_thread(running.wait, 20) == 0
        assert [pid for pid in {*workers, *now} if Path(f"/proc/{pid}").exists()] == []


async def test_workers_leave_with_their_supervisor(site: Site, database_url: str) -> None:
    """A supervisor that is killed takes its workers along: none is left behind on the port."""
    with process(database_url, 2) as (running, _):
        workers = children(running.pid)
        running.kill()
        until = time.monotonic() + 20
        while any(Path(f"/proc/{pid}").exists() for pid in workers):
            assert time.monotonic() < until
            await asyncio.sleep(0.05)


def children(pid: int) -> list[int]:
    """Return the child processes of a process, oldest first."""
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return [int(child) for child in file.read().split() if not zombie(int(child))]


def zombie(pid: int) -> bool:
    """Whether a process has ended and only waits to be noticed."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True
