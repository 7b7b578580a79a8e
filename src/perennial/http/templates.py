"""Templates: programs to begin with."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get

from perennial.flows.scopes import Scope
from perennial.flows.templates import ProgramTemplate, ProgramTemplateList, list_templates, require_template
from perennial.http.operation import ExternalId, admitted, operation, written
from perennial.http.paths import plain_segment


@get(
    "/v1/templates",
    **operation(
        "template_list", "Programs", "List the templates", needs=Scope.READ, gives={200: ProgramTemplateList}
    ),
)
async def template_list(request: Request[Any, Any, Any]) -> Response[Any]:
    """The programs that ship with the product, to begin with."""
    admitted(request)
    return written(list_templates())


@get(
    "/v1/templates/{id:str}",
    **operation(
        "template_get",
        "Programs",
        "Read a template",
        needs=Scope.READ,
        gives={200: ProgramTemplate},
        refuses=(404,),
    ),
)
async def template_get(request: Request[Any, Any, Any], id: ExternalId) -> Response[Any]:
    """The document of a template, ready to become a draft, and what is yours to fill in."""
    admitted(request)
    return written(require_template(plain_segment(id)))


TEMPLATE_ROUTES = [template_list, template_get]
