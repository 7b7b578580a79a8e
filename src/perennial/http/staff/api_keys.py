"""API keys over HTTP: made with a secret that is shown once, listed without it, revoked for good."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response, delete, get, post

from perennial.flows.staff.keys import issue_key, keys_of, revoke_key_of
from perennial.flows.staff.scopes import Scope
from perennial.http.door.instants import read_instant
from perennial.http.door.operation import ExternalId, admitted, body_of, operation, written
from perennial.http.door.paths import plain_segment
from perennial.http.staff.requests import KeyBody
from perennial.store.staff.keys import KeyRow
from perennial.units import format_instant


class KeyView(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A key. `prefix` begins its secret; `secret` is there once, in the answer that makes it."""

    id: str
    name: str
    prefix: str
    scopes: tuple[str, ...]
    created_at: str
    expires_at: str | None = None
    revoked_at: str | None = None
    secret: str | None = None


class KeyList(msgspec.Struct, frozen=True):
    """All keys of the workspace, oldest first, revoked ones included."""

    data: tuple[KeyView, ...]


def _view(row: KeyRow, secret: str | None = None) -> KeyView:
    return KeyView(
        id=str(row.key_id),
        name=row.name,
        prefix=row.prefix,
        scopes=row.scopes,
        created_at=format_instant(row.created_at),
        expires_at=None if row.expires_at is None else format_instant(row.expires_at),
        revoked_at=None if row.revoked_at is None else format_instant(row.revoked_at),
        secret=secret,
    )


@get(
    "/v1/api-keys", **operation("key_list", "Staff", "List API keys", needs=Scope.KEYS, gives={200: KeyList})
)
async def key_list(request: Request[Any, Any, Any]) -> Response[Any]:
    """What each may do and when it ends; secrets are stored nowhere."""
    door, caller = admitted(request)
    found = await keys_of(door.database, caller.workspace_id)
    return written(KeyList(tuple(_view(row) for row in found)))


@post(
    "/v1/api-keys",
    **operation(
        "key_post",
        "Staff",
        "Create an API key",
        needs=Scope.KEYS,
        takes=KeyBody,
        gives={201: KeyView},
    ),
)
async def key_post(request: Request[Any, Any, Any]) -> Response[Any]:
    """The secret is in this answer and nowhere else. A key may do nothing that its maker may not."""
    door, caller = admitted(request)
    data = await body_of(request, KeyBody)
    expires_at = None if data.expires_at is None else read_instant(data.expires_at, "$.expires_at")
    made = await issue_key(door.database, caller, data.name, data.scopes, expires_at)
    return written(_view(made.row, made.secret), 201)


@delete(
    "/v1/api-keys/{id:str}",
    status_code=204,
    **operation(
        "key_delete",
        "Staff",
        "Revoke an API key",
        needs=Scope.KEYS,
        gives={204: None},
        refuses=(404,),
    ),
)
async def key_delete(request: Request[Any, Any, Any], id: ExternalId) -> None:
    """For good: every worker refuses the key within one second."""
    door, caller = admitted(request)
    await revoke_key_of(door.database, caller.workspace_id, plain_segment(id), actor=caller.actor)


KEY_ROUTES = [key_list, key_post, key_delete]
