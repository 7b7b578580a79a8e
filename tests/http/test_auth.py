"""Who may do what: every operation with every scope, and keys that are no keys."""

from __future__ import annotations

import asyncio
import time
from types import SimpleNamespace
from typing import Any

import pytest

from perennial.flows.problems import ProblemError
from perennial.flows.staff.keys import create_key, retire_key, workspace_keys
from perennial.flows.staff.scopes import Scope
from perennial.flows.workspaces import create_workspace
from perennial.http.app import ROUTES
from tests.http.site import Site, fresh_code, order

_OPERATIONS = [
    (method, path, (route.opt["needs"], *route.opt["instead"]), route.operation_id)
    for route in ROUTES
    if not route.opt["staff"]
    for path in route.paths
    for method in sorted(route.http_methods)
]
_SIGNING_IN = {
    "signin_single",
    "signin_ways",
    "signin_post",
    "signin_code",
    "signin_ask",
    "signin_passkey",
    "invitation_look",
    "invitation_accept",
    "setup_post",
}


def filled(path: str) -> str:
    """Return a path with an id in every place."""
    return path.replace("{version:int}", "1").replace("{id:str}", "x").replace("{program:str}", "x")


def test_every_operation_of_the_api_needs_a_scope() -> None:
    """Nothing but health, the description of the API, and signing in is public."""
    public = {operation for _, _, needs, operation in _OPERATIONS if needs == (None,)}
    assert (
        public == {"health_live", "health_ready", "openapi_get", "reference_get", "style_get"} | _SIGNING_IN
    )


@pytest.mark.parametrize("scope", list(Scope))
async def test_a_key_opens_what_its_scope_says(site: Site, scope: Scope) -> None:
    """Every operation answers 403 to a key of another scope, and anything else where the scope fits."""
    secret = await site.key(scope)
    for method, path, needs, operation in _OPERATIONS:
        response = await site.call(
            method, filled(path), {} if method in {"PUT", "POST"} else None, secret=secret
        )
        allowed = needs == (None,) or scope in {*needs, Scope.ADMIN}
        assert (response.status_code == 403) is not allowed, (operation, scope, response.text)
        if not allowed:
            assert response.json()["code"] == "scope_missing"


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Basic c2s6",
        "Bearer sk_test_short",
        "Bearer sk_live_" + "a" * 43,
        "Bearer pk_test_" + "a" * 43,
        "Bearer sk_test_" + "a" * 43 + "\u00e9",
        "Bearer sk_test_" + "a" * 10_000,
    ],
)
async def test_what_is_no_key_opens_nothing(site: Site, authorization: str | None) -> None:
    """Missing, malformed and unknown keys get the same 401 on every operation, hot or not."""
    headers = [] if authorization is None else [(b"authorization", authorization.encode())]
    for method, path, needs, operation in _OPERATIONS:
        if needs == (None,):
            continue
        response = await site.client.request(method, filled(path), headers=headers)
        assert (response.status_code, response.json()["code"]) == (401, "unauthorized"), operation
        assert response.headers["www-authenticate"] == "Bearer"


async def test_a_revoked_key_is_refused_within_a_second(site: Site) -> None:
    """Also by a worker that used it a moment ago."""
    secret = await site.key("read")
    await site.done("GET", "/v1/programs", secret=secret)
    prefix = secret[:14]
    await retire_key(site.database, site.row.code, prefix, actor="test")
    revoked_at = time.monotonic()
    while (await site.call("GET", "/v1/programs", secret=secret)).status_code != 401:
        assert time.monotonic() - revoked_at < 1.0
        await asyncio.sleep(0.02)


async def test_an_expired_key_is_refused_at_once(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The expiry is looked at on every call, not only when the key is fetched."""
    later = time.time_ns() // 1_000 + 600_000_000
    created = await create_key(
        site.database, site.row.code, "short", ["read"], actor="test", expires_at=later
    )
    await site.done("GET", "/v1/programs", secret=created.secret)
    # The door's wall clock alone goes on: the key is remembered, and would be found unexpired once more.
    clock = SimpleNamespace(monotonic=time.monotonic, time_ns=lambda: later * 1_000)
    monkeypatch.setattr("perennial.http.door.auth.time", clock)
    await site.refused(401, "unauthorized", "GET", "/v1/programs", secret=created.secret)


async def test_a_secret_is_stored_nowhere(site: Site) -> None:
    """The database keeps a hash and the beginning."""
    listed = await workspace_keys(site.database, site.row.code)
    assert [row.prefix for row in listed] == [site.secret[:14]]
    async with site.database.unbound() as conn:
        rows = await conn.fetch("select * from api_keys")
    assert site.secret[14:] not in repr([list(row.values()) for row in rows])


async def test_keys_leave_a_trace(site: Site) -> None:
    """Creating and revoking a key are in the audit log, without the secret."""
    secret = await site.key("read", "write")
    await retire_key(site.database, site.row.code, secret[:14], actor="operator")
    async with site.database.transaction(site.row.workspace_id) as conn:
        rows = await conn.fetch(
            "select actor, action, after from audit_entries where action like 'key.%' order by at, entry_id"
        )
    assert [(row["actor"], row["action"]) for row in rows] == [
        ("test", "key.created"),
        ("test", "key.created"),
        ("operator", "key.revoked"),
    ]
    assert secret[14:] not in repr([list(row.values()) for row in rows])


@pytest.mark.parametrize("scopes", [[], ["everything"], ["read", "Write"]])
async def test_only_known_scopes_exist(site: Site, scopes: list[str]) -> None:
    """A key is made of the scopes that are listed in one place, and of at least one."""
    with pytest.raises(ProblemError) as caught:
        await create_key(site.database, site.row.code, "k", scopes, actor="test")
    assert caught.value.problem.errors[0].path == "$.scopes"


async def test_workspaces_are_walled_off(site: Site) -> None:
    """The key of another workspace sees none of ours, and what it does changes nothing here."""
    await site.done("PUT", "/v1/orders/o1", order(10_000))
    other = await create_workspace(site.database, fresh_code(), "Other", sandbox=False)
    secret = (await create_key(site.database, other.code, "k", ["admin"], actor="test")).secret
    assert secret.startswith("sk_live_")
    assert await site.done("GET", "/v1/programs", secret=secret) == {"data": []}
    await site.refused(404, "order_unknown", "POST", "/v1/orders/o1/returns", {"id": "r"}, secret=secret)
    answer = await site.done("PUT", "/v1/orders/o1", order(500), secret=secret)
    assert (answer["revision"], answer.get("programs")) == (1, None)
    again: Any = await site.done("PUT", "/v1/orders/o1", order(10_000))
    assert (again["revision"], again["balances"][0]["available"]) == (1, 100)
