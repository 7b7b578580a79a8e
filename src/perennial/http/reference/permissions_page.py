"""The reference page of permissions: every route, the scope that it needs, and the roles that have it."""

from __future__ import annotations

from collections.abc import Sequence

from litestar.handlers import HTTPRouteHandler

from perennial.flows.staff.roles import BUILT_IN
from perennial.flows.staff.scopes import Scope, allows

_HEAD = """\
# Permissions

Generated from the code: the scope that each call needs, and which of the built-in roles have it. A key needs
the same scope. Roles of your own have the scopes that you give them; see
[staff and roles](../how-to/staff-and-roles.md).
"""


def permissions_text(routes: Sequence[HTTPRouteHandler]) -> str:
    """Return the page, in Markdown."""
    lines = [_HEAD, "## Roles", "", "| role | scopes | points by hand |", "|---|---|---|"]
    for role in BUILT_IN.values():
        scopes = ", ".join(f"`{scope}`" for scope in Scope if scope in role.scopes)
        bounds = "-"
        if Scope.ADMIN in role.scopes or Scope.ADJUST in role.scopes:
            bounds = "no limit"
        if role.credit_most is not None:
            bounds = f"{role.credit_most:,} at a time, {role.credit_per_day:,} a day"
        lines.append(f"| {role.role} | {scopes} | {bounds} |")
    names = list(BUILT_IN)
    lines += [
        "",
        "## Calls",
        "",
        f"| call | scope | {' | '.join(names)} |",
        "|---|---|" + "---|" * len(names),
    ]
    for route in sorted(routes, key=lambda route: (sorted(route.paths), sorted(route.http_methods))):
        needs = route.opt["needs"]
        method, path = min(route.http_methods), min(route.paths)
        path = path.replace(":str", "").replace(":int", "")
        if needs is None:
            scopes = "a session" if route.opt["staff"] else "none"
            marks = ["✓"] * len(names)
        else:
            wanted = (needs, *route.opt["instead"])
            scopes = " or ".join(f"`{scope}`" for scope in wanted)
            held = [any(allows(role.scopes, scope) for scope in wanted) for role in BUILT_IN.values()]
            marks = ["✓" if holds else "" for holds in held]
        lines.append(f"| `{method} {path}` | {scopes} | {' | '.join(marks)} |")
    return "\n".join(lines) + "\n"
