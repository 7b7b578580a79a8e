"""Signing in and out: with a password, with a second step, and the very first time."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response, delete, get, post

from perennial.flows.ids import Ids
from perennial.flows.staff.sessions import end_session, now_of
from perennial.flows.staff.setup import needs_setup, set_up
from perennial.flows.staff.sign_in import (
    Caller,
    Halfway,
    Opened,
    sign_in_with_code,
    sign_in_with_password,
)
from perennial.http.door.door import Door
from perennial.http.door.exchange import headers_of
from perennial.http.door.operation import admitted, body_of, connection_of, operation, written
from perennial.http.door.sessions import check_own_page, person_of, session_cookie
from perennial.http.staff.requests import CodeBody, SetupBody, SignInBody
from perennial.store.staff.staff import StaffRow


class SignInWays(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """How people sign in here. `needs_setup`: nobody can yet, and the first person has to be made.

    `single_sign_on` is the name of the provider, where there is one.
    """

    needs_setup: bool
    single_sign_on: str | None = None


class SignedIn(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Whether a session was begun, in which case its cookie is set.

    Otherwise a second step is wanted: one of `factors`, with the `ticket`, within five minutes.
    """

    signed_in: bool
    ticket: str | None = None
    factors: tuple[str, ...] = ()


def caller_of(request: Request[Any, Any, Any]) -> Caller:
    """Return from where somebody calls."""
    scope = connection_of(request)
    client = scope.get("client")
    agent = headers_of(scope).get(b"user-agent", b"").decode("latin-1")
    return Caller(place=client[0] if client else "", agent="".join(c for c in agent if c.isprintable()))


def own_page(request: Request[Any, Any, Any]) -> Door:
    """Return the door, for a call that no other site made a browser make."""
    door = Door.of(request.app.state)
    check_own_page(door.address, headers_of(connection_of(request)))
    return door


def opened(door: Door, session: Opened) -> Response[Any]:
    """Return the answer that begins a session: its token is in the cookie and nowhere else."""
    response = written(SignedIn(signed_in=True), 201)
    response.headers["Set-Cookie"] = session_cookie(door.address, session.token)
    return response


@get(
    "/v1/sign-in",
    **operation("signin_ways", "Sign-in", "Read how to sign in", needs=None, gives={200: SignInWays}),
)
async def signin_ways(request: Request[Any, Any, Any]) -> Response[Any]:
    """What the page for signing in has to offer, and whether the first person is still to be made."""
    door = Door.of(request.app.state)
    name = None if door.provider is None else door.provider.settings.name
    return written(SignInWays(needs_setup=await needs_setup(door.database), single_sign_on=name))


@post(
    "/v1/sign-in",
    **operation(
        "signin_post",
        "Sign-in",
        "Sign in with a password",
        needs=None,
        takes=SignInBody,
        gives={200: SignedIn, 201: SignedIn},
        refuses=(401, 403, 429),
    ),
)
async def signin_post(request: Request[Any, Any, Any]) -> Response[Any]:
    """Begins a session, or asks for the second factor of a person who has one.

    An unknown address and a wrong password are answered alike, after as long a time. After ten wrong tries
    for one address from one place there is a pause of up to a quarter of an hour.
    """
    door = own_page(request)
    data = await body_of(request, SignInBody)
    found = await sign_in_with_password(door.desk, data.email, data.password, caller_of(request))
    if isinstance(found, Halfway):
        return written(SignedIn(signed_in=False, ticket=found.ticket, factors=found.factors))
    return opened(door, found)


@post(
    "/v1/sign-in/code",
    **operation(
        "signin_code",
        "Sign-in",
        "Show the second factor",
        needs=None,
        takes=CodeBody,
        gives={201: SignedIn},
        refuses=(401, 403, 429),
    ),
)
async def signin_code(request: Request[Any, Any, Any]) -> Response[Any]:
    """A code of the app or a recovery code; each is good once, also for two who send it at one moment."""
    door = own_page(request)
    data = await body_of(request, CodeBody)
    return opened(door, await sign_in_with_code(door.desk, data.ticket, data.code, caller_of(request)))


@delete(
    "/v1/session",
    status_code=200,
    **operation("session_end", "Sign-in", "Sign out", needs=None, staff=True, gives={200: SignedIn}),
)
async def session_end(request: Request[Any, Any, Any]) -> Response[Any]:
    """Ends the session that calls, on every worker at once, and takes its cookie away."""
    door, caller = admitted(request)
    await end_session(door.database, person_of(caller).staff_id, caller.key_id)
    response = written(SignedIn(signed_in=False))
    response.headers["Set-Cookie"] = session_cookie(door.address, "")
    return response


@post(
    "/v1/setup",
    **operation(
        "setup_post",
        "Sign-in",
        "Make the first person",
        needs=None,
        takes=SetupBody,
        gives={201: SignedIn},
        refuses=(401, 403, 409),
    ),
)
async def setup_post(request: Request[Any, Any, Any]) -> Response[Any]:
    """The owner of a fresh installation. Works once, and only with the token that the server prints."""
    door = own_page(request)
    data = await body_of(request, SetupBody)
    first = StaffRow(staff_id=Ids().next(), email=data.email, name=data.name, created_at=now_of())
    found = await set_up(door.desk, data.token, first, data.password, data.workspace, caller_of(request))
    return opened(door, found)


SIGN_IN_ROUTES = [signin_ways, signin_post, signin_code, session_end, setup_post]
