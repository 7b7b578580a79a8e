"""The colors of a workspace, over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import asyncpg
import pytest

from perennial.flows.brand import DARK_GROUND, HOUSE_DARK, HOUSE_LIGHT, LIGHT_GROUND
from perennial.flows.staff.keys import create_key
from perennial.flows.workspaces import create_workspace
from tests.http.site import Site, fresh_code

_UI = Path(__file__).parents[2] / "web/packages/ui/src"
_NOTHING = {
    "color": None,
    "dark_color": None,
    "light": {"color": HOUSE_LIGHT, "ink": "#ffffff"},
    "dark": {"color": HOUSE_DARK, "ink": "#000000"},
}


async def test_colors_are_chosen_kept_and_given_up(site: Site) -> None:
    """Upper case is lower case; dark grounds get the nearest that can be read where none is named."""
    assert await site.done("GET", "/v1/brand") == _NOTHING
    put = await site.done("PUT", "/v1/brand", {"color": "#1F4FA3"})
    assert put["color"] == put["light"]["color"] == "#1f4fa3"
    assert put["dark_color"] is None
    assert put == await site.done("GET", "/v1/brand")
    seen = await site.done("POST", "/v1/brand/preview", {"color": "#1f4fa3"})
    assert put["dark"]["color"] == seen["dark"]["color"] == seen["dark"]["nearest"] != "#1f4fa3"
    both = {"color": "#1f4fa3", "dark_color": "#8fb4f5"}
    assert (await site.done("PUT", "/v1/brand", both))["dark"]["color"] == "#8fb4f5"
    assert await site.done("PUT", "/v1/brand", {"color": None}) == _NOTHING
    assert await site.done("GET", "/v1/brand") == _NOTHING


@pytest.mark.parametrize(
    ("body", "field", "code", "side"),
    [
        ({"color": "#ffd400"}, "$.color", "color_too_pale", "light"),
        ({"color": "#1f4fa3", "dark_color": "#1f4fa3"}, "$.dark_color", "color_too_dark", "dark"),
    ],
)
async def test_what_cannot_be_read_is_refused_and_the_nearest_is_taken(
    site: Site, body: dict[str, Any], field: str, code: str, side: str
) -> None:
    """The words name the nearest that works, which the preview offers, and nothing changes before."""
    answer = await site.call("PUT", "/v1/brand", body)
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert (error["path"], error["code"]) == (field, code)
    assert await site.done("GET", "/v1/brand") == _NOTHING
    judged = (await site.done("POST", "/v1/brand/preview", body))[side]
    assert not judged["readable"]
    assert judged["nearest"] in error["message"]
    assert judged["contrast"] in error["message"]
    taken = {**body, field.removeprefix("$."): judged["nearest"]}
    assert (await site.done("PUT", "/v1/brand", taken))[side]["color"] == judged["nearest"]


async def test_a_dark_color_alone_is_refused(site: Site) -> None:
    """It would stand beside the colors of the house."""
    for method, path in (("PUT", "/v1/brand"), ("POST", "/v1/brand/preview")):
        answer = await site.call(method, path, {"color": None, "dark_color": "#8fb4f5"})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["path"] == "$.color"


async def test_the_colors_of_the_house_can_be_read(site: Site) -> None:
    """Who looks at none sees ours."""
    seen = await site.done("POST", "/v1/brand/preview", {"color": None})
    assert (seen["light"]["color"], seen["dark"]["color"]) == (HOUSE_LIGHT, HOUSE_DARK)
    assert seen["light"]["readable"]
    assert seen["dark"]["readable"]


async def test_a_change_is_audited_and_the_same_again_is_none(site: Site) -> None:
    """Who changed it is in the audit log, with before and after."""
    for _ in range(2):
        await site.done("PUT", "/v1/brand", {"color": "#1f4fa3"})
    await site.done("PUT", "/v1/brand", {"color": None})
    entries = (await site.done("GET", "/v1/audit?action=brand.changed"))["data"]
    chosen = {"color": "#1f4fa3", "dark_color": None}
    assert [(each.get("before"), each.get("after")) for each in entries] == [(chosen, None), (None, chosen)]


async def test_members_may_read_it_and_only_editors_change_it(site: Site) -> None:
    """A portal draws in it with the narrowest key there is."""
    portal = await create_key(site.database, site.row.code, "portal", ["members"], actor="test")
    assert await site.done("GET", "/v1/brand", secret=portal.secret) == _NOTHING
    answer = await site.call("PUT", "/v1/brand", {"color": "#1f4fa3"}, secret=portal.secret)
    assert answer.status_code == 403


async def test_the_colors_of_another_workspace_are_its_own(site: Site) -> None:
    """Sandbox and live may differ, as shops do."""
    await site.done("PUT", "/v1/brand", {"color": "#1f4fa3"})
    other = await create_workspace(site.database, fresh_code(), "Other", sandbox=True)
    key = await create_key(site.database, other.code, "all", ["read"], actor="test")
    assert await site.done("GET", "/v1/brand", secret=key.secret) == _NOTHING


async def test_the_database_keeps_colors_alone(site: Site) -> None:
    """The last wall, whatever writes there."""
    insert = "insert into brands (workspace_id, color) values ($1, $2)"
    with pytest.raises(asyncpg.CheckViolationError):
        async with site.database.transaction(site.row.workspace_id) as conn:
            await conn.execute(insert, site.row.workspace_id, 0x1_000_000)


def test_the_grounds_are_those_of_the_console() -> None:
    """What is judged here is what it stands on there; the colors of the house are the theme's."""
    assert f"--p-hover: {LIGHT_GROUND};" in (_UI / "tokens.css").read_text()
    theme = (_UI / "theme.ts").read_text()
    assert f'"--mantine-color-default-hover": "{DARK_GROUND}"' in theme
    assert HOUSE_LIGHT in theme
    assert HOUSE_DARK in theme
