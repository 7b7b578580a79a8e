"""The colors of a workspace, which the console wears and whatever members see may wear."""

from __future__ import annotations

import time
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post, put
from msgspec import Meta

from perennial.flows.brand import BrandPreview, BrandView, brand_of, change_brand, judge_brand
from perennial.flows.programs.life import Author
from perennial.flows.staff.scopes import Scope
from perennial.http.door.operation import admitted, body_of, operation, written

Color = Annotated[str, Meta(pattern="^#[0-9A-Fa-f]{6}$", max_length=7, description="such as #1d6b4a")]


class BrandBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """The colors of a workspace; ``color`` null: those of the house.

    Without a ``dark_color`` dark grounds get the nearest to ``color`` that can be read on them.
    """

    color: Color | None
    dark_color: Color | None = None


@get(
    "/v1/brand",
    **operation(
        "brand_get",
        "Programs",
        "Read the colors of the workspace",
        needs=Scope.READ,
        instead=(Scope.MEMBERS,),
        gives={200: BrandView},
    ),
)
async def brand_get(request: Request[Any, Any, Any]) -> Response[Any]:
    """What to draw with on light and on dark grounds; each comes with the ink that can be read on it."""
    door, caller = admitted(request)
    return written(await brand_of(door.database, caller.workspace_id))


@put(
    "/v1/brand",
    **operation(
        "brand_put",
        "Programs",
        "Change the colors of the workspace",
        needs=Scope.PROGRAMS,
        takes=BrandBody,
        gives={200: BrandView},
    ),
)
async def brand_put(request: Request[Any, Any, Any]) -> Response[Any]:
    """A color has to be readable as text: WCAG 2.2 AA, a contrast of 4.5.

    The refusal names the nearest that is.
    """
    door, caller = admitted(request)
    data = await body_of(request, BrandBody)
    author = Author(actor=caller.actor, at=time.time_ns() // 1_000)
    color, dark_color = _lower(data.color), _lower(data.dark_color)
    return written(await change_brand(door.database, caller.workspace_id, color, dark_color, author))


@post(
    "/v1/brand/preview",
    status_code=200,
    **operation(
        "brand_preview",
        "Programs",
        "See whether colors can be read",
        needs=Scope.READ,
        takes=BrandBody,
        gives={200: BrandPreview},
    ),
)
async def brand_preview(request: Request[Any, Any, Any]) -> Response[Any]:
    """The contrast of each color with the ground that it is for, and the nearest that works.

    Nothing is stored.
    """
    admitted(request)
    data = await body_of(request, BrandBody)
    return written(judge_brand(_lower(data.color), _lower(data.dark_color)))


def _lower(color: str | None) -> str | None:
    return None if color is None else color.lower()


BRAND_ROUTES = [brand_get, brand_put, brand_preview]
