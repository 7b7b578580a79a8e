"""Single sign-on over HTTP: the way to the provider, and the way back.

The way back is a page that a browser opens: it answers with a redirect to the console, and to nowhere else,
whatever it was asked for. What went wrong is named in the address of the page for signing in.
"""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response, get, post

from perennial.connectors.openid import Provider
from perennial.flows.problems import ProblemError, problem
from perennial.flows.staff.single_sign_on import (
    STEP_SECONDS,
    Returned,
    begin_single_sign_on,
    end_single_sign_on,
)
from perennial.http.door.door import Door
from perennial.http.door.exchange import headers_of
from perennial.http.door.operation import connection_of, operation, written
from perennial.http.door.sessions import cookie_value, session_cookie
from perennial.http.staff.sign_in import caller_of, own_page

_CALLBACK = "/v1/sign-in/callback"
_HOME = "/console/"
_MAX = 2_000


class SingleSignOn(msgspec.Struct, frozen=True):
    """Where the browser goes to sign in."""

    address: str


@post(
    "/v1/sign-in/single",
    status_code=200,
    **operation(
        "signin_single",
        "Sign-in",
        "Begin a single sign-on",
        needs=None,
        gives={200: SingleSignOn},
        refuses=(403, 404, 429, 503),
    ),
)
async def signin_single(request: Request[Any, Any, Any]) -> Response[Any]:
    """Tells the provider's address, and binds the sign-in to this browser with a cookie for ten minutes.

    After 200 from one place that let nobody in there is a pause of up to a quarter of an hour.
    """
    door = own_page(request)
    begun = await begin_single_sign_on(
        door.desk, _provider(door), door.address.origin + _CALLBACK, caller_of(request)
    )
    response = written(SingleSignOn(begun.address))
    secure = "; Secure" if door.address.secure else ""
    # Lax: the way back begins at the provider's page, from where a strict cookie would not be sent.
    response.headers["Set-Cookie"] = (
        f"{_cookie(door)}={begun.binding}; Path=/; Max-Age={STEP_SECONDS}; HttpOnly; SameSite=Lax{secure}"
    )
    return response


@get(_CALLBACK, status_code=303, include_in_schema=False, opt={"any_query": True})
async def signin_callback(request: Request[Any, Any, Any]) -> Response[Any]:
    """Begins a session for who comes back with the state, good once, of a sign-in of this browser.

    Redirects to the console, or to its page for signing in with the code of the `problem`. A provider may
    add parameters of its own.
    """
    door = Door.of(request.app.state)
    try:
        returned = _returned(request)
        session = await end_single_sign_on(
            door.desk,
            _provider(door),
            door.address.origin + _CALLBACK,
            returned,
            cookie_value(headers_of(connection_of(request)), _cookie(door)) or "",
            caller_of(request),
        )
    except ProblemError as error:
        return _to(f"{_HOME}sign-in?problem={error.problem.code}")
    response = _to(_HOME)
    response.headers["Set-Cookie"] = session_cookie(door.address, session.token)
    return response


def _to(address: str) -> Response[Any]:
    headers = {"Location": address, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return Response(content=b"", status_code=303, headers=headers, media_type="text/plain")


def _provider(door: Door) -> Provider:
    if door.provider is None:
        raise problem(404, "no_provider", "No provider is set up for single sign-on.")
    return door.provider


def _returned(request: Request[Any, Any, Any]) -> Returned:
    """Return what the provider sent the browser back with, each once, or raise the problem."""
    given: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name in given or len(str(value)) > _MAX:
            raise problem(401, "provider_refused", "The provider's answer cannot be read.")
        given[name] = str(value)
    if "code" not in given or "state" not in given:
        raise problem(401, "provider_refused", "The provider has not let the person in.")
    return Returned(code=given["code"], state=given["state"], issuer=given.get("iss"))


def _cookie(door: Door) -> str:
    return "__Host-perennial_sign_in" if door.address.secure else "perennial_sign_in"


SINGLE_SIGN_ON_ROUTES = [signin_single]
SINGLE_SIGN_ON_PAGES = [signin_callback]
