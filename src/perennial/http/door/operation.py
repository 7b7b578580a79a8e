"""How a route says what it is: one declaration from which the router, the guard and OpenAPI read."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, NamedTuple, TypeVar, cast

import msgspec
from litestar import Request, Response
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.params import PathParameter, QueryParameter
from litestar.typing import FieldDefinition

from perennial.core.explaining.retelling import retell_words
from perennial.core.language import Language
from perennial.flows.answers import Answer
from perennial.flows.staff.keys import Key
from perennial.flows.staff.scopes import Scope
from perennial.http.door.asgi import Connection
from perennial.http.door.door import Door
from perennial.http.door.exchange import (
    bad_query,
    check_json,
    extra_headers,
    headers_of,
    query_of,
    request_id,
)
from perennial.http.door.language import spoken_to, tell_steps
from perennial.http.door.problems import MEDIA_TYPE, rewrite_problem
from perennial.http.door.sessions import admit, admit_staff
from perennial.http.door.strict_json import Reader

T = TypeVar("T")

ExternalId = Annotated[str, PathParameter(min_length=1, max_length=600, description="your own id")]
"""An id in a path. It may be encoded on its way through the router, hence the generous length."""

Limit = Annotated[int, QueryParameter(ge=1, le=200, description="how many entries a page has at most")]
Cursor = Annotated[
    str,
    QueryParameter(
        pattern="^[A-Za-z0-9_-]*$",
        max_length=1_000,
        description="`next_cursor` of the page before; empty for the first page",
    ),
]

GivenIdentifier = Annotated[
    str,
    QueryParameter(
        pattern="^(alias|card|email|phone):.|^$",
        max_length=300,
        description="the type and the value of an identifier, as in `card:00421234`",
    ),
]

GivenReason = Annotated[
    str,
    QueryParameter(
        max_length=500,
        pattern=r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*$",  # of several lines, if need be
        description="why, for the audit log, which is kept for good: name nobody in it",
    ),
]


def operation(
    operation_id: str,
    tag: str,
    summary: str,
    *,
    needs: Scope | None,
    gives: Mapping[int, Any],
    takes: Any = None,
    once: bool = False,
    refuses: tuple[int, ...] = (),
    instead: tuple[Scope, ...] = (),
    staff: bool = False,
) -> dict[str, Any]:
    """Return the arguments of a route: its name, the scope it needs, what it takes and gives.

    ``gives`` maps a status to the type of its body (or to one or several media types, or to None: no body),
    ``refuses`` lists statuses of problems beyond those that every route may answer. ``once``: the body
    may go without an id if there is an ``Idempotency-Key``. ``takes`` is the struct of the body;
    where it is something else (lines, a document) the route reads the body by itself. ``instead`` lists
    scopes that do as well as the one that it needs. ``staff``: any person with a session, and no key.
    """
    return {
        "operation_id": operation_id,
        "tags": [tag],
        "summary": summary,
        "opt": {
            "needs": needs,
            "instead": instead,
            "gives": dict(gives),
            "takes": takes,
            "once": once,
            "refuses": refuses,
            "staff": staff,
        },
    }


@cache
def _reader(type_: Any) -> Reader[Any]:
    return Reader(type_)


async def body_of(request: Request[Any, Any, Any], type_: type[T]) -> T:
    """Return the JSON body of a request as the type that its route takes."""
    check_json(headers_of(connection_of(request)), b"application/json")
    wanted: Any = type_
    body: T = _reader(wanted).read(await request.body())
    return body


class Admitted(NamedTuple):
    """The door and who came through it."""

    door: Door
    caller: Key


def admitted(request: Request[Any, Any, Any]) -> Admitted:
    """Return the door and the key that the guard let in."""
    return Admitted(Door.of(request.app.state), cast(Connection, request.scope)["caller"])


def connection_of(request: Request[Any, Any, Any]) -> Connection:
    """Return what ASGI knows of a request."""
    return cast(Connection, request.scope)


def identity_of(request: Request[Any, Any, Any]) -> str:
    """Return the id of a request, which the fast lane gave it."""
    identity: str = cast(Connection, request.scope).get("request_id") or request_id(None)
    return identity


def spoken_in(request: Request[Any, Any, Any]) -> Language:
    """Return the language that a request asks for in its header."""
    return spoken_to(headers_of(connection_of(request)))


async def guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Let in who has the scope that the route needs; refuse query parameters that it does not know."""
    scope = cast(Connection, connection.scope)
    needs, door = handler.opt.get("needs"), Door.of(connection.app.state)
    if needs is not None:
        scope["caller"] = await admit(door, scope, headers_of(scope), needs, *handler.opt.get("instead", ()))
    elif handler.opt.get("staff"):
        scope["caller"] = await admit_staff(door, scope, headers_of(scope))
    if handler.opt.get("any_query"):  # a page reads its address by itself
        return
    known = {_query_name(each) for each in handler.parsed_fn_signature.parameters.values()}
    seen: set[str] = set()
    for name, value in query_of(scope):
        if name not in known:
            raise bad_query(name, "unknown_parameter", "there is no such parameter")
        if name in seen:
            raise bad_query(name, "duplicate_parameter", "the parameter is given more than once")
        if "\0" in value:  # the one character that no text of the database holds
            raise bad_query(name, "control_character", "holds the control character U+0000")
        seen.add(name)


def _query_name(field: FieldDefinition) -> str:
    """Return how callers write a parameter: a name of its own, or that of the argument."""
    alias = getattr(field.kwarg_definition, "name", None)
    return alias if isinstance(alias, str) else field.name


def answered(request: Request[Any, Any, Any], answer: Answer) -> Response[bytes]:
    """Return the answer of a flow as the router sends it."""
    body, media_type = answer.body, "application/json"
    if answer.status >= 400:
        body, media_type = rewrite_problem(body, identity_of(request), spoken_in(request)), MEDIA_TYPE
    else:
        body = tell_steps(body, spoken_in(request))
    headers = {name.decode(): value.decode() for name, value in extra_headers(answer.status, answer.replayed)}
    return Response(content=body, status_code=answer.status, media_type=media_type, headers=headers)


def told(request: Request[Any, Any, Any], value: msgspec.Struct, status: int = 200) -> Response[bytes]:
    """Return a struct as the JSON that is sent, its words in the language that the request asks for."""
    return written(retell_words(value, spoken_in(request)), status)


def written(value: object, status: int = 200) -> Response[bytes]:
    """Return a struct as the JSON that is sent."""
    return Response(content=msgspec.json.encode(value), status_code=status, media_type="application/json")
