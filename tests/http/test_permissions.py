"""Every role on every route: allowed or refused as the reference page says, which is checked in."""

from __future__ import annotations

import functools
import re
from pathlib import Path

import pytest

from perennial.flows.staff.roles import BUILT_IN
from perennial.flows.staff.scopes import Scope
from perennial.http.app import ROUTES
from tests.http.people import hire, signed_in
from tests.http.site import Site

_PAGE = (Path(__file__).parents[2] / "docs/reference/permissions.md").read_text()
_ENDING = {"session_end", "sessions_end", "session_revoke"}
"""Calls that end the session that calls: each role has them, which other tests try."""


@functools.cache
def _table() -> dict[str, dict[str, bool]]:
    """Return what the page says: for each call the roles and whether they may."""
    lines = [line for line in _PAGE.splitlines() if line.startswith("|")]
    head = next(line for line in lines if line.startswith("| call |"))
    roles = [cell.strip() for cell in head.strip("|").split("|")][2:]
    table = {}
    for line in lines[lines.index(head) + 2 :]:
        call, _, *marks = [cell.strip() for cell in line.removeprefix("|").removesuffix("|").split("|")]
        table[call.strip("`")] = {role: mark == "✓" for role, mark in zip(roles, marks, strict=True)}
    return table


def test_every_route_is_on_the_page() -> None:
    """A new route cannot escape the matrix."""
    assert len(_table()) == len(ROUTES)


@pytest.mark.parametrize("role", list(BUILT_IN))
async def test_each_role_may_what_the_page_says(site: Site, role: str) -> None:
    """Refused is 403 for the scope, or for what goes beyond the role; allowed is anything else."""
    session = await signed_in(site, await hire(site, role))
    wrong = []
    for route in ROUTES:
        if route.operation_id in _ENDING:
            continue
        method, path = min(route.http_methods), min(route.paths)
        allowed = _table()[f"{method} {path.replace(':str', '').replace(':int', '')}"][role]
        body: dict[str, str] | None = {} if method in {"PUT", "POST"} else None
        place = re.sub(r"\{[a-z_]+:str\}", "x", path).replace("{version:int}", "1")
        answer = await site.call(method, place, body, session=session)
        refused = answer.status_code == 403 and answer.json()["code"] == "scope_missing"
        if refused is allowed:
            wrong.append((method, path, role, answer.status_code, answer.text[:100]))
    assert wrong == []


def test_the_guide_has_every_scope() -> None:
    """Who makes a key finds all that it may do, in the order of the code."""
    guide = Path(__file__).parents[2] / "docs" / "how-to" / "operate.md"
    table = guide.read_text().partition("| scope | may |\n")[2].partition("\n\n")[0]
    assert re.findall(r"^\| `(\w+)` \| \S", table, re.MULTILINE) == [scope.value for scope in Scope]
