"""Requests drawn from the description of the API: what it promises is what is answered.

Fifty requests per operation, sound ones and broken ones, are sent with a key of each scope to a real
server. None may end in a 5xx, and every answer must have a status, a type, headers and a body that the
document describes.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Iterator
from typing import Any, NamedTuple, cast
from urllib.parse import urlsplit

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from requests import PreparedRequest, Request
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from perennial.flows.programs.life import Author, apply_document
from perennial.flows.staff.keys import create_key
from perennial.flows.staff.scopes import Scope
from perennial.flows.workspaces import create_workspace
from perennial.http.app import api_document
from perennial.store.database import Database
from tests.http.process import process
from tests.http.raw import RawConnection, Reply
from tests.http.site import PROGRAM

EXAMPLES = 50
_DRAWN_ID = re.compile(r"req_[0-9a-f]+")
_CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
_API = schemathesis.openapi.from_dict(api_document())
_OPERATIONS: list[Any] = [cast(Any, result).ok() for result in _API.get_all_operations()]


@schemathesis.serializer("application/x-ndjson")
def write_lines(_: Any, value: Any) -> bytes:
    """Send a drawn line three times: the second and third are replays."""
    return (json.dumps(value).encode() + b"\n") * 3


@schemathesis.deserializer("application/x-ndjson")
def read_lines(_: Any, response: Any) -> Any:
    """Hand out the last line for the check of its schema; a list has one result per line that was sent."""
    lines = [json.loads(line) for line in response.text.splitlines()]
    if not urlsplit(response.request.url).path.endswith(
        ("/watched", "/simulate")
    ):  # one body, told of as it goes
        assert [line["line"] for line in lines] == [1, 2, 3]
    return lines[-1]


class Server(NamedTuple):
    """Where the server listens, a connection to it, and a secret for every scope."""

    url: str
    connection: RawConnection
    secrets: dict[Scope, str]


@pytest.fixture(scope="module")
def api(database_url: str) -> Iterator[Server]:
    """A server of its own with the program of the other tests."""

    async def prepare() -> dict[Scope, str]:
        async with await Database.connect(database_url) as database:
            row = await create_workspace(database, "drawn", "Drawn", sandbox=True)
            author = Author(actor="test", at=time.time_ns() // 1_000)
            await apply_document(database, row.workspace_id, PROGRAM, author)
            return {
                scope: (await create_key(database, "drawn", scope, [scope], actor="test")).secret
                for scope in Scope
            }

    secrets = asyncio.run(prepare())
    with process(database_url, 1) as (_, port):
        url = f"http://127.0.0.1:{port}"
        with RawConnection(url) as connection:
            yield Server(url, connection, secrets)


class Judge:
    """Holds answers against the document: those of one operation, each that differs from all before.

    What is drawn for every answer, the id of its request and the second in which it was sent, makes no
    difference: it has one form.
    """

    def __init__(self) -> None:
        self._seen: set[Any] = set()

    def look(self, case: Any, request: PreparedRequest, reply: Reply) -> None:
        """Raise what is wrong with an answer."""
        headers = {name.lower(): value for name, value in reply.headers}
        identity = headers.get("x-request-id", "")
        body = reply.body
        if _DRAWN_ID.fullmatch(identity):
            body = body.replace(identity.encode(), b"")
            del headers["x-request-id"]
        headers.pop("date", None)
        answer = (reply.status, frozenset(headers.items()), body)
        if answer not in self._seen:
            case.validate_response(reply.to(request), checks=_CHECKS)
            self._seen.add(answer)


@pytest.mark.parametrize("operation", _OPERATIONS, ids=lambda operation: operation.label)
def test_what_is_promised_is_answered(api: Server, operation: Any) -> None:
    """Sound and broken requests, with the right key and every other one."""
    raw = operation.definition.raw
    needs = [scope for need in raw["security"] for scope in need.get("api_key", ())]
    judge = Judge()

    def send(case: Any) -> None:
        prepared: PreparedRequest | None = None
        for scope, secret in api.secrets.items():
            if not needs and scope is not Scope.ADMIN:
                continue
            if prepared is None:
                prepared = Request(**case.as_transport_kwargs(base_url=api.url)).prepare()
            prepared.headers["Authorization"] = f"Bearer {secret}"  # the same bytes, with another key
            reply = api.connection.send(prepared)
            judge.look(case, prepared, reply)
            if needs and scope not in {*needs, Scope.ADMIN}:
                assert reply.status in {403, 404, 405, 422}, (scope, reply.body)

    takes_nothing = not needs and not raw.get("parameters") and "requestBody" not in raw
    for mode in [GenerationMode.POSITIVE] if takes_nothing else list(GenerationMode):
        strategy: Any = operation.as_strategy(generation_mode=mode)
        draw: Any = given(strategy)
        drawn = draw(send)
        bounded: Any = settings(
            max_examples=EXAMPLES // 2,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        bounded(drawn)()
