"""What goes wrong has one shape, a code and an id, and tells nothing from inside."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any, Self
from urllib.parse import urlsplit

import asyncpg
import httpx
import msgspec
import pytest

from perennial.application import create_app
from perennial.config import Settings
from perennial.core.languages import LANGUAGES
from perennial.flows.answers import Answer
from perennial.flows.problems import problem
from perennial.http.door.problems import problem_of, write_problem
from tests.codebook import SECRET
from tests.http.site import Site, order, running


async def test_a_problem_has_its_shape(site: Site) -> None:
    """RFC 9457, with the fields that we promise and no others."""
    found = await site.refused(422, "out_of_range", "PUT", "/v1/orders/o1", order(10**15 + 1))
    assert found == {
        "type": "/docs#problem-out_of_range",
        "title": "Unprocessable Entity",
        "status": 422,
        "code": "out_of_range",
        "detail": "$.lines[0].amount: expected int <= 1000000000000000",
        "errors": [
            {
                "path": "$.lines[0].amount",
                "code": "out_of_range",
                "message": "expected int <= 1000000000000000",
            }
        ],
        "request_id": found["request_id"],
    }


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v2", 404, "not_found"),
        ("GET", "/v1", 404, "not_found"),
        ("GET", "/v1/nothing", 404, "not_found"),
        ("GET", "/v2/orders/o1", 404, "not_found"),
        ("PUT", "/v1/orders/", 404, "not_found"),
        ("DELETE", "/v1/orders/o1", 405, "method_not_allowed"),
        ("GET", "/v1/events", 405, "method_not_allowed"),
        ("POST", "/v1/orders/o1", 405, "method_not_allowed"),
    ],
)
async def test_what_is_not_there_is_a_problem_too(
    site: Site, method: str, path: str, status: int, code: str
) -> None:
    """Unknown addresses and methods answer like everything else; a 405 lists what is allowed."""
    await site.refused(status, code, method, path)
    if status == 405:
        assert (await site.call(method, path)).headers["allow"]


async def test_every_answer_carries_the_id_of_its_request(site: Site) -> None:
    """A sound id of the caller's is kept, anything else replaced; two requests never share one."""
    kept = await site.call("GET", "/v1/programs", headers={"x-request-id": "trace-42.a:b_c"})
    assert kept.headers["x-request-id"] == "trace-42.a:b_c"
    seen = set()
    for given in ("short", "with space and more", "x" * 101, "caf\u00e9-1234", "a\tb\tc\td\te"):
        for method, path, body in (("GET", "/v1/programs", None), ("PUT", "/v1/orders/o1", order(100))):
            response = await site.call(method, path, body, headers={"x-request-id": given.encode()})  # type: ignore[dict-item]
            seen.add(response.headers["x-request-id"])
            assert response.headers["x-request-id"].startswith("req_")
            assert response.headers["cache-control"] == "no-store"
    assert len(seen) == 10


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/orders/o1", order(100)),
        ("/v1/customers/anna", {"attributes": {}}),
    ],
)
async def test_a_body_says_what_it_is(site: Site, path: str, body: Any) -> None:
    """Other types, other charsets and compressed bodies are refused; JSON with parameters is fine."""
    for wrong in ("text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin-1"):
        await site.refused(415, "unsupported_media_type", "PUT", path, body, headers={"content-type": wrong})
    await site.refused(415, "unsupported_encoding", "PUT", path, body, headers={"content-encoding": "gzip"})
    for right in ("application/json", "Application/JSON; charset=utf-8", 'application/json;charset="UTF-8"'):
        await site.done("PUT", path, body, headers={"content-type": right})


@pytest.mark.parametrize("path", ["/v1/orders/o1", "/v1/customers/anna"])
async def test_a_body_has_at_most_a_megabyte(site: Site, path: str) -> None:
    """Announced or not, one byte more is refused."""
    padding = b" " * (1_000_000 - 2)
    await site.refused(422, "required", "PUT", "/v1/orders/o1", raw=b"{" + padding + b"}")
    await site.refused(413, "body_too_large", "PUT", path, raw=b"{" + padding + b" }")
    await site.refused(
        413, "body_too_large", "PUT", path, raw=b"{}", headers={"content-length": "99999999999999999999999"}
    )

    async def endless() -> Any:
        for _ in range(11):
            yield b" " * 100_000

    response = await site.client.put(
        path, content=endless(), headers={"authorization": f"Bearer {site.secret}"}
    )
    assert (response.status_code, response.json()["code"]) == (413, "body_too_large")


async def test_a_missing_body_is_named(site: Site) -> None:
    """Hot or not, a call that needs a body says so."""
    await site.refused(400, "malformed_json", "PUT", "/v1/orders/o1")
    await site.refused(400, "malformed_json", "PUT", "/v1/customers/anna")
    await site.refused(400, "body_missing", "PUT", "/v1/programs/points/draft")


async def test_query_parameters_are_strict(site: Site) -> None:
    """Unknown, repeated and wrong ones are refused by name, on hot routes as on others."""
    path = "/v1/programs/points/diff"
    for query, code, where in (
        ("?old=1&zzz=1", "unknown_parameter", "query.zzz"),
        ("?old=1&old=2", "duplicate_parameter", "query.old"),
        ("?old=zero", "invalid_parameter", "query.old"),
        ("?old=-1", "invalid_parameter", "query.old"),
        ("", "invalid_parameter", "query.old"),
    ):
        found = await site.refused(422, code, "GET", path + query)
        assert [each["path"] for each in found["errors"]] == [where]
    for path, where in (
        ("/v1/referrals?state=nope", "query.state"),
        ("/v1/calendar?from=soon&to=2026-01-01", "query.from"),
        ("/v1/calendar?from=2026-01-01", "query.to"),
    ):
        found = await site.refused(422, "invalid_parameter", "GET", path)
        assert [each["path"] for each in found["errors"]] == [where]
    await site.refused(422, "unknown_parameter", "PUT", "/v1/orders/o1?dry=1", order(100))
    await site.refused(422, "unknown_parameter", "PUT", "/v1/customers/anna?dry=1", {})


@pytest.mark.parametrize(
    ("segment", "code"),
    [
        ("%00", "control_character"),
        ("a%0Ab", "control_character"),
        ("%E2%80%AE", "control_character"),
        ("%FF", "not_utf8"),
        ("%ED%A0%80", "not_utf8"),
        ("a" * 201, "too_long"),
    ],
)
async def test_an_id_in_a_path_obeys_the_rules_of_ids(site: Site, segment: str, code: str) -> None:
    """What is refused in a body is refused in a path, on hot routes as on others."""
    await site.refused(422, code, "PUT", f"/v1/orders/{segment}", order(100))
    await site.refused(422, code, "PUT", f"/v1/customers/{segment}", {})
    await site.refused(422, code, "GET", f"/v1/customers/{segment}")


@pytest.mark.parametrize(
    "name", ["a/b", "100%", "%2F", "a?b=c", "#1", "a b", "..", "\u00fc\u4f60", "a+b", "a%252Fb", "x" * 200]
)
async def test_an_id_may_hold_any_other_character(site: Site, name: str) -> None:
    """Slashes, percent signs and letters of all languages name the same thing on every route."""
    quoted = "".join(f"%{byte:02X}" for byte in name.encode())
    await site.done("PUT", f"/v1/customers/{quoted}", {"attributes": {"n": 1}})
    answer = await site.done("PUT", f"/v1/orders/{quoted}", order(100, customer=name))
    assert (answer["id"], answer["customer"]) == (name, name)
    assert (await site.done("GET", f"/v1/customers/{quoted}"))["id"] == name
    assert (await site.done("GET", f"/v1/orders/{quoted}"))["customer"] == name
    assert (await site.done("POST", f"/v1/orders/{quoted}/returns", {"id": "r"}))["customer"] == name


async def test_one_name_in_two_ways_of_writing_is_one_customer(site: Site) -> None:
    """A composed and a decomposed letter are the same, in paths and in bodies."""
    await site.done("PUT", "/v1/customers/Zoe%CC%88", {"attributes": {"n": 1}})
    await site.done("PUT", "/v1/orders/o1", order(100, customer="Zo\u00eb"))
    found = await site.done("GET", "/v1/customers/Zo%C3%AB")
    assert (found["id"], found["attributes"]) == ("Zo\u00eb", {"n": 1})


def postgres_error(kind: type[asyncpg.PostgresError], words: str) -> asyncpg.PostgresError:
    """Return an error as the driver raises it, with a detail that nobody may see."""
    error = kind(words)
    error.detail = "Key (secret)=(4711) already exists."
    return error


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (postgres_error(asyncpg.CharacterNotInRepertoireError, "secret 4711"), 422, "value_not_storable"),
        (postgres_error(asyncpg.NumericValueOutOfRangeError, "secret 4711"), 422, "value_not_storable"),
        (postgres_error(asyncpg.StatementTooComplexError, "secret 4711"), 422, "value_not_storable"),
        (postgres_error(asyncpg.DiskFullError, "secret 4711"), 503, "unavailable"),
        (postgres_error(asyncpg.AdminShutdownError, "secret 4711"), 503, "unavailable"),
        (postgres_error(asyncpg.CannotConnectNowError, "secret 4711"), 503, "unavailable"),
        (postgres_error(asyncpg.DeadlockDetectedError, "secret 4711"), 503, "unavailable"),
        (postgres_error(asyncpg.TooManyConnectionsError, "secret 4711"), 503, "unavailable"),
        (asyncpg.InterfaceError("secret 4711: connection is closed"), 503, "unavailable"),
        (ConnectionRefusedError("secret 4711"), 503, "unavailable"),
        (TimeoutError("secret 4711"), 503, "unavailable"),
        (postgres_error(asyncpg.UniqueViolationError, "secret 4711"), 500, "internal_error"),
        (RuntimeError("secret 4711"), 500, "internal_error"),
    ],
)
def test_an_error_from_inside_tells_its_kind_and_no_more(error: Exception, status: int, code: str) -> None:
    """The caller learns whether to send again; SQL and details stay in the log."""
    found = problem_of(error, "req_1")
    assert (found.status, found.code) == (status, code)
    assert "4711" not in repr(found)


class Cable:
    """The way from the application to PostgreSQL, which can be cut, or held so that nothing comes through."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._ends: list[asyncio.StreamWriter] = []
        self.port = 0
        self.is_cut = False
        self.through = asyncio.Event()
        self.through.set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._join, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self.cut()

    def cut(self) -> None:
        """Break every connection, and every one that is tried."""
        self.is_cut = True
        for end in self._ends:
            end.transport.abort()
        self._ends.clear()

    def mend(self) -> None:
        """Let new connections through."""
        self.is_cut = False

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.is_cut:
            writer.transport.abort()
            return
        far_reader, far_writer = await asyncio.open_connection(*self._target)
        self._ends += [writer, far_writer]
        await asyncio.gather(self._carry(reader, far_writer), self._carry(far_reader, writer))

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                await self.through.wait()
                writer.write(data)
        writer.transport.abort()


@contextlib.asynccontextmanager
async def far_site(site: Site, database_url: str) -> AsyncIterator[tuple[Site, Cable]]:
    """An application whose database is at the other end of a cable."""
    url = urlsplit(database_url)
    assert url.hostname is not None
    assert url.port is not None
    async with Cable(url.hostname, url.port) as cable:
        user = url.netloc.rpartition("@")[0]
        through = url._replace(netloc=f"{user}@127.0.0.1:{cable.port}").geturl()
        app = create_app(Settings(database_url=through, connections=2, secret=SECRET.hex()), jobs=False)
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with (
            running(app),
            httpx.AsyncClient(transport=transport, base_url="http://shop.test") as client,
        ):
            yield Site(app, client, site.database, site.row, site.secret), cable


async def test_a_database_that_is_gone_is_a_503(site: Site, database_url: str) -> None:
    """With ``Retry-After``, on hot routes as on others; the same request works once it is back."""
    async with far_site(site, database_url) as (far, cable):
        calls: list[tuple[str, str, Any]] = [
            ("PUT", "/v1/orders/o1", order(100)),
            ("GET", "/v1/customers/anna", None),
            ("GET", "/health/ready", None),
        ]
        for call in calls:
            await far.done(*call)
        cable.cut()
        for method, path, body in calls:
            found = await far.call(method, path, body)
            assert (found.status_code, found.json()["code"]) == (503, "unavailable"), found.text
            assert int(found.headers["retry-after"]) >= 1
            assert "127.0.0.1" not in found.text
        assert (await far.client.get("/health/live")).status_code == 200
        cable.mend()
        for call in calls:
            await far.done(*call)


async def test_a_database_that_hangs_is_not_ready(
    site: Site, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who asks is told in time, again and again; once it goes on, so does everything."""
    monkeypatch.setattr("perennial.http.health.READY_SECONDS", 0.1)
    async with far_site(site, database_url) as (far, cable):
        await far.done("GET", "/health/ready")
        cable.through.clear()
        for _ in range(5):  # more than there are connections
            async with asyncio.timeout(20):
                await far.refused(503, "unavailable", "GET", "/health/ready")
        monkeypatch.setattr("perennial.http.health.READY_SECONDS", 20.0)
        cable.through.set()
        await far.done("GET", "/health/ready")
        await far.done("PUT", "/v1/orders/o1", order(100))


async def test_a_worker_sheds_load(site: Site) -> None:
    """Beyond a bound a request is answered 503 at once, and the others are not harmed."""
    app = site.app
    app._in_flight = 2_000  # noqa: SLF001 - two thousand callers, without their sockets
    try:
        await site.refused(503, "overloaded", "PUT", "/v1/orders/o1", order(100))
    finally:
        app._in_flight = 0  # noqa: SLF001
    await site.done("PUT", "/v1/orders/o1", order(100))


async def test_readiness_goes_first(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once the process is asked to stop, it says so to the platform and goes on serving."""
    monkeypatch.setattr(site.app.door, "open", True)  # and afterwards, for those that share the worker
    assert (await site.client.get("/health/ready")).json() == {"status": "ok"}
    site.app.close()
    response = await site.client.get("/health/ready")
    assert (response.status_code, response.json()["code"]) == (503, "stopping")
    assert (await site.client.get("/health/live")).status_code == 200
    await site.done("PUT", "/v1/orders/o1", order(100))


async def test_metrics_count_what_happens(site: Site) -> None:
    """Requests by operation and status, batches and decisions; not for everybody's eyes."""
    await site.done("PUT", "/v1/orders/o1", order(100))
    await asyncio.gather(*(site.done("PUT", f"/v1/orders/m{n}", order(100)) for n in range(5)))
    assert (await site.client.get("/metrics")).status_code == 401
    text = (await site.call("GET", "/metrics", secret=await site.key("metrics"))).text
    assert 'perennial_request_seconds_count{operation="order_put",status="201"}' in text
    assert 'perennial_decisions_total{command="PutOrder",outcome="decided"}' in text
    assert "perennial_batch_commands_bucket" in text


def test_the_words_of_the_shop_are_sent_as_they_are() -> None:
    """Ours are told in the language that is asked for, those of the shop in all that it gave."""
    text = {"en": "Not now.", "de": "Jetzt nicht."}
    found = problem(409, "no_program", "There is no published program 'a'.", text=text).problem
    sent = msgspec.json.decode(write_problem(found, "r1", LANGUAGES["ko"]))
    assert (sent["text"], sent["title"]) == (text, "충돌")
    assert "text" not in msgspec.json.decode(write_problem(msgspec.structs.replace(found, text=None), "r1"))


def test_an_answer_of_a_flow_is_what_the_lane_sends() -> None:
    """The type that flows and door share has the three parts that the lane relies on."""
    assert Answer.__struct_fields__ == ("status", "body", "replayed")
