"""The reference of the API, from the package itself: ``/openapi.json`` and a page for people."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response, get

from perennial.http.operation import operation


@get(
    "/openapi.json",
    **operation("openapi_get", "Health", "The OpenAPI document", needs=None, gives={200: "application/json"}),
)
async def openapi_get(request: Request[Any, Any, Any]) -> Response[Any]:
    """Describe this API for machines."""
    return Response(
        content=msgspec.json.encode(request.app.state.api_document()), media_type="application/json"
    )


REFERENCE_ROUTES = [openapi_get]
