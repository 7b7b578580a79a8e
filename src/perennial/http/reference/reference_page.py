"""The reference of the API, from the package itself: ``/openapi.json`` and ``/docs``, a page for people.

The page is drawn from the OpenAPI document when it is first asked for. It runs no script and loads
nothing but its own style sheet, and its headers forbid everything else.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

import msgspec
from litestar import Request, Response, get

from perennial.http.door.operation import operation
from perennial.http.reference.page import draw_page

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "public, max-age=300",
}


@get(
    "/openapi.json",
    **operation(
        "openapi_get", "Server", "Describe this API for machines", needs=None, gives={200: "application/json"}
    ),
)
async def openapi_get(request: Request[Any, Any, Any]) -> Response[Any]:
    """The OpenAPI 3.1 document from which the reference page and the clients are made."""
    body = msgspec.json.encode(request.app.state.api_document())
    return Response(
        content=body, media_type="application/json", headers={"Cache-Control": "public, max-age=300"}
    )


@get(
    "/docs",
    **operation(
        "reference_get",
        "Server",
        "Describe this API for people",
        needs=None,
        gives={200: "text/html"},
    ),
)
async def reference_get(request: Request[Any, Any, Any]) -> Response[Any]:
    """The reference of every operation, with examples to copy."""
    return Response(content=_page(request.app.state.api_document), media_type="text/html", headers=_HEADERS)


@get(
    "/docs/style.css",
    **operation(
        "style_get",
        "Server",
        "The style sheet of the reference",
        needs=None,
        gives={200: "text/css"},
    ),
)
async def style_get() -> Response[Any]:
    """What the reference page looks like."""
    return Response(content=_style(), media_type="text/css", headers=_HEADERS)


@cache
def _page(describe: Any) -> bytes:
    return draw_page(describe(), _file("reference_intro.html").decode()).encode()


@cache
def _style() -> bytes:
    return _file("reference.css")


def _file(name: str) -> bytes:
    return resources.files("perennial.http.reference").joinpath(name).read_bytes()


REFERENCE_ROUTES = [openapi_get, reference_get, style_get]
