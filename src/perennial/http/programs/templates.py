"""Templates: programs to begin with."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post
from msgspec import Meta

from perennial.core.document.program import Currency
from perennial.core.kinds.rule import Identifier
from perennial.flows.programs.templates import (
    ProgramTemplate,
    ProgramTemplateList,
    TemplatePreview,
    list_templates,
    preview_template,
    require_template,
)
from perennial.flows.staff.scopes import Scope
from perennial.http.door.language import LanguageName
from perennial.http.door.operation import ExternalId, admitted, body_of, operation, told, written
from perennial.http.door.paths import plain_segment

Shown = Annotated[str, Meta(min_length=1, max_length=200, description="what members see")]
Zone = Annotated[str, Meta(min_length=1, max_length=64, description="a time zone, such as Europe/Berlin")]


class TemplateBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """What is one's own: the ``program``'s code and ``name``, the ``unit``, the currency, the zone.

    What is left out is as the template has it.
    """

    program: Identifier | None = None
    name: Shown | None = None
    unit: Shown | None = None
    currency: Currency | None = None
    time_zone: Zone | None = None


@get(
    "/v1/templates",
    **operation(
        "template_list", "Programs", "List the templates", needs=Scope.READ, gives={200: ProgramTemplateList}
    ),
)
async def template_list(request: Request[Any, Any, Any], language: LanguageName = "en") -> Response[Any]:
    """The programs that ship with the product, to begin with, told in `language`."""
    admitted(request)
    return written(list_templates(language))


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


@post(
    "/v1/templates/{id:str}/preview",
    status_code=200,
    **operation(
        "template_preview",
        "Programs",
        "Fill in a template, and see what it does",
        needs=Scope.READ,
        takes=TemplateBody,
        gives={200: TemplatePreview},
        refuses=(404,),
    ),
)
async def template_preview(request: Request[Any, Any, Any], id: ExternalId) -> Response[Any]:
    """The document with what is your own filled in, and a story of made-up members that it decides.

    Nothing is stored: put the `document` as the draft of a program to begin with it.
    """
    admitted(request)
    data = await body_of(request, TemplateBody)
    found = require_template(plain_segment(id))
    preview = preview_template(
        found,
        program=data.program,
        name=data.name,
        unit=data.unit,
        currency=data.currency,
        time_zone=data.time_zone,
    )
    return told(request, preview)


TEMPLATE_ROUTES = [template_list, template_get, template_preview]
