"""The own account: who is signed in, what that person may do here, and the sessions that are open."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, delete, get, put

from perennial.flows.brand import BrandView, brand_of
from perennial.flows.problems import problem
from perennial.flows.staff.account import account_of, change_password, rename
from perennial.flows.staff.keys import Key
from perennial.flows.staff.scopes import Scope
from perennial.flows.staff.second_factors import factors_of
from perennial.flows.staff.sessions import (
    end_session,
    end_sessions,
    go_to_workspace,
    places_of,
    sessions_of,
)
from perennial.http.door.door import Door
from perennial.http.door.operation import ExternalId, admitted, body_of, operation, written
from perennial.http.door.sessions import person_of
from perennial.http.staff.requests import GoToBody, MeBody, NewPasswordBody
from perennial.http.staff.sign_in import caller_of
from perennial.units import format_instant


class PlaceView(msgspec.Struct, frozen=True):
    """A workspace in which the person has a role."""

    code: str
    name: str
    sandbox: bool
    role: str


class MeView(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Who is signed in. `workspace` is the one that the session is in; `scopes` are what `role` may do there.

    The workspace may be another one for one call, with the header `X-Perennial-Workspace`. `credit_most` and
    `credit_per_day` bound points by hand, in whole ones. `second_factor_needed`: nothing else goes before one
    is added. `brand` are the colors of the workspace.
    """

    id: str
    email: str
    name: str
    workspace: str
    sandbox: bool
    role: str
    scopes: tuple[Scope, ...]
    credit_most: int | None = None
    credit_per_day: int | None = None
    has_password: bool
    factors: tuple[str, ...]
    strong: bool
    second_factor_needed: bool
    brand: BrandView
    workspaces: tuple[PlaceView, ...]


class SessionView(msgspec.Struct, frozen=True, kw_only=True):
    """A session of the person. `current`: the one that asks."""

    id: str
    current: bool
    method: str
    strong: bool
    agent: str
    created_at: str
    seen_at: str
    expires_at: str


class SessionList(msgspec.Struct, frozen=True):
    """All sessions that are not over, the latest first."""

    data: tuple[SessionView, ...]


async def _me(door: Door, caller: Key) -> Response[Any]:
    person = person_of(caller)
    account = await account_of(door.database, person)
    places = await places_of(door.database, person.staff_id)
    return written(
        MeView(
            id=str(person.staff_id),
            email=person.email,
            name=account.name,
            workspace=person.workspace,
            sandbox=person.sandbox,
            role=person.role,
            scopes=tuple(each for each in Scope if each in caller.scopes or Scope.ADMIN in caller.scopes),
            credit_most=person.credit_most,
            credit_per_day=person.credit_per_day,
            has_password=account.password_hash is not None,
            factors=await factors_of(door.database, account),
            strong=person.strong,
            second_factor_needed=person.held_back,
            brand=await brand_of(door.database, caller.workspace_id),
            workspaces=tuple(
                PlaceView(place.code, place.name, place.sandbox, place.role) for place in places
            ),
        )
    )


@get(
    "/v1/me",
    **operation("me_get", "Sign-in", "Read who is signed in", needs=None, staff=True, gives={200: MeView}),
)
async def me_get(request: Request[Any, Any, Any]) -> Response[Any]:
    """The person, the workspaces with the role in each, and what the role allows in the one at hand."""
    return await _me(*admitted(request))


@put(
    "/v1/me",
    **operation(
        "me_put",
        "Sign-in",
        "Change the own name",
        needs=None,
        staff=True,
        takes=MeBody,
        gives={200: MeView},
    ),
)
async def me_put(request: Request[Any, Any, Any]) -> Response[Any]:
    """The name that colleagues see."""
    door, caller = admitted(request)
    data = await body_of(request, MeBody)
    await rename(door.database, person_of(caller), data.name)
    return await _me(door, caller)


@put(
    "/v1/me/workspace",
    **operation(
        "me_workspace",
        "Sign-in",
        "Go to another workspace",
        needs=None,
        staff=True,
        takes=GoToBody,
        gives={200: PlaceView},
        refuses=(404,),
    ),
)
async def me_workspace(request: Request[Any, Any, Any]) -> Response[Any]:
    """From now on the session is in this workspace: live or sandbox."""
    door, caller = admitted(request)
    data = await body_of(request, GoToBody)
    await go_to_workspace(door.database, caller, data.workspace)
    places = {place.code: place for place in await places_of(door.database, person_of(caller).staff_id)}
    place = places[data.workspace]
    return written(PlaceView(place.code, place.name, place.sandbox, place.role))


@put(
    "/v1/me/password",
    status_code=204,
    **operation(
        "me_password",
        "Sign-in",
        "Change the own password",
        needs=None,
        staff=True,
        takes=NewPasswordBody,
        gives={204: None},
        refuses=(429,),
    ),
)
async def me_password(request: Request[Any, Any, Any]) -> None:
    """Ends every other session of the person."""
    door, caller = admitted(request)
    data = await body_of(request, NewPasswordBody)
    await change_password(door.desk, caller, data.password, data.new_password, caller_of(request))


@get(
    "/v1/me/sessions",
    **operation(
        "sessions_list", "Sign-in", "List the own sessions", needs=None, staff=True, gives={200: SessionList}
    ),
)
async def sessions_list(request: Request[Any, Any, Any]) -> Response[Any]:
    """Where the person is signed in: what the browser said it was, since when, and when it was last used."""
    door, caller = admitted(request)
    found = await sessions_of(door.database, person_of(caller).staff_id)
    views = tuple(
        SessionView(
            id=str(row.session_id),
            current=row.session_id == caller.key_id,
            method=row.method,
            strong=row.strong,
            agent=row.agent,
            created_at=format_instant(row.created_at),
            seen_at=format_instant(row.seen_at),
            expires_at=format_instant(row.expires_at),
        )
        for row in found
    )
    return written(SessionList(views))


@delete(
    "/v1/me/sessions",
    status_code=204,
    **operation(
        "sessions_end", "Sign-in", "End all other sessions", needs=None, staff=True, gives={204: None}
    ),
)
async def sessions_end(request: Request[Any, Any, Any]) -> None:
    """Ends every session of the person but the one that calls, on every worker at once."""
    door, caller = admitted(request)
    await end_sessions(door.database, person_of(caller).staff_id, caller.key_id)


@delete(
    "/v1/me/sessions/{id:str}",
    status_code=204,
    **operation(
        "session_revoke",
        "Sign-in",
        "End one session",
        needs=None,
        staff=True,
        gives={204: None},
        refuses=(404,),
    ),
)
async def session_revoke(request: Request[Any, Any, Any], id: ExternalId) -> None:
    """Ends a session of the person, on every worker at once."""
    door, caller = admitted(request)
    await end_session(door.database, person_of(caller).staff_id, read_uuid(id, "session_unknown"))


def read_uuid(text: str, code: str) -> UUID:
    """Return the id that a path holds; raise the 404 with this code for anything else."""
    try:
        return UUID(text)
    except ValueError:
        raise problem(404, code, "There is nothing with this id.") from None


ME_ROUTES = [
    me_get,
    me_put,
    me_workspace,
    me_password,
    sessions_list,
    sessions_end,
    session_revoke,
]
