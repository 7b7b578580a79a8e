"""What a workspace adds to every program: declared attributes, locations, outside facts, all facts."""

from __future__ import annotations

import time
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, put
from litestar.params import FromQuery
from msgspec import Meta

from perennial.core.document.program import Declarations
from perennial.core.facts import LOCATION_PLACE
from perennial.core.languages import LANGUAGES
from perennial.core.orders.geography import point_or_none
from perennial.core.orders.order import Attributes, Name
from perennial.flows.answers import Decided, FieldProblem
from perennial.flows.commands import OutsideFact, PutCustomer
from perennial.flows.programs.life import Author
from perennial.flows.staff.scopes import Scope
from perennial.flows.surroundings import (
    DeclaredAttributes,
    FactList,
    LocationView,
    list_facts,
    push_to_location,
    put_declarations,
    read_declarations,
    read_location,
    write_location,
)
from perennial.http.door.language import LanguageName
from perennial.http.door.operation import ExternalId, admitted, answered, body_of, operation, written
from perennial.http.door.paths import plain_segment
from perennial.http.door.problems import bad_fields


class AttributesBody(Declarations, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All attributes and events that the workspace declares; what is left out is declared no more."""


class FactsBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Facts from outside, each known for so many seconds; null removes one, others stay."""

    facts: Annotated[dict[Name, OutsideFact], Meta(min_length=1, max_length=100)]


class LocationBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """A location. ``place`` is latitude and longitude in degrees, such as ``52.520008,13.404954``."""

    place: Annotated[str, Meta(max_length=40)] | None = None
    attributes: Attributes = {}


@get(
    "/v1/attributes",
    **operation(
        "attributes_get",
        "Programs",
        "Read the workspace's declared attributes",
        needs=Scope.READ,
        gives={200: DeclaredAttributes},
    ),
)
async def attributes_get(request: Request[Any, Any, Any]) -> Response[Any]:
    """What is declared here is a fact in every program, beside what a program declares itself."""
    door, caller = admitted(request)
    return written(await read_declarations(door.database, caller.workspace_id))


@put(
    "/v1/attributes",
    **operation(
        "attributes_put",
        "Programs",
        "Declare attributes for every program",
        needs=Scope.PROGRAMS,
        takes=AttributesBody,
        gives={200: DeclaredAttributes},
        refuses=(409,),
    ),
)
async def attributes_put(request: Request[Any, Any, Any]) -> Response[Any]:
    """The next version of the declarations; sent again, it stays the same version.

    An attribute that some published version asks for can neither go nor change its type.
    """
    door, caller = admitted(request)
    data = await body_of(request, AttributesBody)
    declared = Declarations(
        member=data.member, order=data.order, line=data.line, events=data.events, location=data.location
    )
    author = Author(actor=caller.actor, at=time.time_ns() // 1_000)
    return written(await put_declarations(door.database, caller.workspace_id, declared, author))


@put(
    "/v1/customers/{id:str}/facts",
    **operation(
        "facts_push",
        "Customers",
        "Push facts from outside about a customer",
        needs=Scope.WRITE,
        takes=FactsBody,
        gives={200: Decided},
        refuses=(409, 410),
    ),
)
async def facts_push(request: Request[Any, Any, Any], id: ExternalId) -> Response[Any]:
    """The weather where the customer is, a score of another system: known until it is stale, then missing.

    Sent again, a fact is known for its seconds from then on. It has to be declared with `outside: true`.
    """
    door, caller = admitted(request)
    data = await body_of(request, FactsBody)
    command = PutCustomer(customer=plain_segment(id), facts=data.facts)
    return answered(request, await door.intake.submit(caller.workspace_id, command))


@get(
    "/v1/locations/{id:str}",
    **operation(
        "location_get",
        "Customers",
        "Read a location",
        needs=Scope.READ,
        gives={200: LocationView},
        refuses=(404,),
    ),
)
async def location_get(request: Request[Any, Any, Any], id: ExternalId) -> Response[Any]:
    """Where it is, its attributes, and what was pushed about it from outside."""
    door, caller = admitted(request)
    configurations = door.handler.configurations
    return written(await read_location(door.database, configurations, caller.workspace_id, plain_segment(id)))


@put(
    "/v1/locations/{id:str}",
    **operation(
        "location_put",
        "Customers",
        "Create or change a location",
        needs=Scope.WRITE,
        takes=LocationBody,
        gives={200: LocationView},
        refuses=(409,),
    ),
)
async def location_put(request: Request[Any, Any, Any], id: ExternalId) -> Response[Any]:
    """The location whose id orders name gets exactly these attributes; they are facts of those orders."""
    door, caller = admitted(request)
    data = await body_of(request, LocationBody)
    if LOCATION_PLACE in data.attributes:
        words = "give the place beside the attributes"
        raise bad_fields(422, FieldProblem(path="$.attributes.place", code="reserved", message=words))
    if data.place is not None and point_or_none(data.place) is None:
        words = "is no latitude and longitude in degrees, such as 52.520008,13.404954"
        raise bad_fields(422, FieldProblem(path="$.place", code="invalid_place", message=words))
    author = Author(actor=caller.actor, at=time.time_ns() // 1_000)
    attributes = {**data.attributes, LOCATION_PLACE: data.place}
    view = await write_location(
        door.database,
        door.handler.configurations,
        caller.workspace_id,
        plain_segment(id),
        attributes,
        author,
    )
    return written(view)


@put(
    "/v1/locations/{id:str}/facts",
    **operation(
        "location_push",
        "Customers",
        "Push facts from outside about a location",
        needs=Scope.WRITE,
        takes=FactsBody,
        gives={200: LocationView},
        refuses=(404,),
    ),
)
async def location_push(request: Request[Any, Any, Any], id: ExternalId) -> Response[Any]:
    """Known until they are stale, then missing; see the facts of customers."""
    door, caller = admitted(request)
    data = await body_of(request, FactsBody)
    view = await push_to_location(
        door.database, door.handler.configurations, caller.workspace_id, plain_segment(id), data.facts
    )
    return written(view)


@get(
    "/v1/facts",
    **operation(
        "fact_list",
        "Programs",
        "List what conditions of a program may ask about",
        needs=Scope.READ,
        gives={200: FactList},
        refuses=(404, 422),
    ),
)
async def fact_list(
    request: Request[Any, Any, Any], program: FromQuery[str], language: LanguageName = "en"
) -> Response[Any]:
    """Every fact with its type, source, values and operators: what an editor of conditions offers.

    They are those of the latest version; before a program is published, those of its draft.
    Labels are in `language`; what an author has named keeps that name.
    """
    door, caller = admitted(request)
    configurations = door.handler.configurations
    said = LANGUAGES[language]
    return written(await list_facts(door.database, configurations, caller.workspace_id, program, said))


SURROUNDING_ROUTES = [
    attributes_get,
    attributes_put,
    facts_push,
    location_get,
    location_put,
    location_push,
    fact_list,
]
