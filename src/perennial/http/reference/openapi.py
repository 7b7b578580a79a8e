"""The OpenAPI document: paths from the routes, schemas from the structs, problems on every operation.

The router knows paths, parameters and names; msgspec, which reads and writes every body, draws the
schemas. Nothing is written down twice.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig

from perennial import __version__
from perennial.flows.staff.scopes import Scope
from perennial.http.batch import BatchResult
from perennial.http.batch_lines import BatchLine
from perennial.http.checkout.making import BatchStep
from perennial.http.customers.applying import ApplyStep
from perennial.http.door.problems import MEDIA_TYPE, ProblemBody
from perennial.http.programs.simulations import SimulationStep
from perennial.http.reference.examples import EXAMPLES
from perennial.http.reference.staff_examples import STAFF_EXAMPLES

DESCRIPTION = """\
The HTTP API of Perennial. Bodies are strict JSON in UTF-8: unknown fields, duplicate keys, fractions
and anything out of range are refused with the path of the field. Amounts are whole numbers in the minor
unit of their currency, points whole numbers of the smallest part of their unit, instants RFC 3339 with an
offset. Every write carries an id of your own: sent twice, it happens once.
"""

TAGS = {
    "Orders": "What customers buy, and what comes back.",
    "Events": "What customers do besides buying, and many things at once.",
    "Customers": "What is known of a customer, the programs they belong to, and what happened to them.",
    "Points": "Rewards, and points moved by hand.",
    "Checkout": "Codes, rewards and points used on an order: quoted, held, redeemed, given back.",
    "Rewards": "What was handed out besides vouchers: payables, parcels, seats.",
    "Segments": "Who is in a segment, what a new one would hold, and lists that are put in.",
    "Referrals": "Who was referred by whom, what came of it, and what staff has to look at.",
    "Vouchers": "Codes: made, imported, given to members, looked up, taken back.",
    "Programs": "The life of a program: draft, version, comparison, rollback; and its limits.",
    "Conversions": "Balances that become points of another wallet, and the way back.",
    "Experiments": "What random parts of the members get, and what that brings.",
    "Reports": "What happened, in figures with their formulas.",
    "Till": "In the store: codes that rotate, scanning, and devices that go on while they are offline.",
    "Campaigns": "What gives more for a while: where each stands, changes of the draft, the calendar.",
    "Switches": "The stop button: what gives nothing at this moment, whatever the versions say.",
    "Sign-in": "People of the staff: signing in, the own account, sessions.",
    "Staff": "Who may do what: people, roles, API keys, and the audit log of what they did.",
    "Sandbox": "The test clock: business time that moves when you say so.",
    "Server": "For the platform that runs the process, and the description of this API.",
}

_PROBLEMS = {
    400: "The body is not JSON as we take it.",
    401: "No valid API key or session, or what was shown to sign in is wrong.",
    403: "The API key or the role lacks the scope, or the call comes from another site.",
    404: "Unknown.",
    408: "The body did not arrive in time.",
    409: "Refused: the state of things does not allow it, and nothing was changed.",
    410: "The customer was erased, which is final.",
    413: "The body is too large.",
    415: "The body is not announced as what it must be.",
    422: "A field or parameter is wrong, or an id was used before with another body.",
    429: "Too many guesses or tries: wait for as long as `Retry-After` says.",
    503: "The database cannot be reached just now; send the same request again.",
}
_SUCCESSES = {
    200: "Done, or replayed.",
    201: "Done.",
    202: "Asked for: a second person decides.",
    204: "Done; there is nothing to tell.",
}
_STORED = (("OrderView", "answer", "Decided"),)
"""Fields that hold JSON as it was stored, which only we know to be of a type."""

_REF = "#/components/schemas/{name}"


def describe(routes: Sequence[HTTPRouteHandler]) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of ``routes``."""
    drawn = Litestar(
        list(routes),
        openapi_config=OpenAPIConfig(title="Perennial", version=__version__, use_handler_docstrings=True),
        logging_config=None,
    ).openapi_schema.to_schema()
    handlers = {route.operation_id: route for route in routes if isinstance(route.operation_id, str)}
    types: dict[str, Any] = {}
    paths: dict[str, Any] = {}
    for path, methods in sorted(drawn["paths"].items()):
        paths[path] = {
            method: _operation(operation, handlers[operation["operationId"]], types)
            for method, operation in sorted(methods.items())
        }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Perennial",
            "version": __version__,
            "summary": "Orders in; points, tiers and rewards out. Exact, explained, safe to repeat.",
            "description": DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": words} for name, words in TAGS.items()],
        "paths": paths,
        "components": {
            "schemas": _schemas(types),
            "responses": {f"Problem{status}": _problem(status) for status in _PROBLEMS},
            "securitySchemes": {
                "api_key": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A secret key, `sk_live_…` or `sk_test_…`. Scopes: "
                    + ", ".join(f"`{scope}`" for scope in Scope)
                    + ".",
                },
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "perennial_session",
                    "description": "The session of a person of the staff, whose role has the scope. Behind "
                    "https the cookie is `__Host-perennial_session`. A call that changes something sends the "
                    "header `X-Perennial-CSRF` too; `X-Perennial-Workspace` names another workspace for one "
                    "call.",
                },
            },
        },
    }


def _operation(drawn: dict[str, Any], handler: HTTPRouteHandler, types: dict[str, Any]) -> dict[str, Any]:
    declared = handler.opt
    name = drawn["operationId"]
    words = _prose(drawn.get("description") or "")
    operation: dict[str, Any] = {
        "operationId": name,
        "tags": drawn["tags"],
        "summary": drawn["summary"],
        "description": words,
    }
    parameters = [_parameter(each) for each in drawn.get("parameters", [])]
    if declared["once"]:
        parameters.append(_IDEMPOTENCY_KEY)
    if parameters:
        operation["parameters"] = parameters
    if declared["takes"] is not None:
        operation["requestBody"] = _request_body(name, declared["takes"], types)
    operation["responses"] = _responses(declared, bool(parameters), types)
    needs = declared["needs"]
    scopes = (needs, *declared["instead"]) if needs is not None else ()
    operation["security"] = [{"api_key": [scope.value]} for scope in scopes]
    if needs is not None or declared["staff"]:
        operation["security"].append({"session": []})
    return operation


_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The id of the request where the body has none.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
}


def _parameter(drawn: dict[str, Any]) -> dict[str, Any]:
    schema = dict(drawn["schema"])
    schema.pop("description", None)
    if "oneOf" in schema:  # an optional parameter is absent, never null
        schema |= next(each for each in schema.pop("oneOf") if each.get("type") != "null")
    for bound in ("minimum", "maximum"):
        if bound in schema:
            schema[bound] = int(schema[bound])
    if drawn["in"] == "path" and schema.get("maxLength", 0) > 200:
        schema["maxLength"] = 200
        schema["pattern"] = r"^[^\u0000-\u001f\u007f-\u009f]+$"
    parameter = {"name": drawn["name"], "in": drawn["in"], "required": drawn["required"], "schema": schema}
    if "description" in drawn:
        parameter["description"] = drawn["description"]
    return parameter


def _request_body(name: str, takes: Any, types: dict[str, Any]) -> dict[str, Any]:
    if takes is str:
        text = {"schema": {"type": "string", "description": "a program document"}}
        return {"required": True, "content": {"application/yaml": text, "application/json": {"schema": {}}}}
    media: dict[str, Any] = {"schema": _schema_of(takes, types)}
    examples = EXAMPLES.get(name) or STAFF_EXAMPLES.get(name)
    if examples:
        media["examples"] = {
            key: {"summary": example.summary, "value": example.request} for key, example in examples.items()
        }
    return {"required": True, "content": {_media_type_of(takes): media}}


def _media_type_of(body: Any) -> str:
    return "application/x-ndjson" if body in _LINES else "application/json"


_LINES = (ApplyStep, BatchLine, BatchResult, BatchStep, SimulationStep)


def _responses(declared: dict[str, Any], has_parameters: bool, types: dict[str, Any]) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    for status, gives in declared["gives"].items():
        responses[str(status)] = {
            "description": _SUCCESSES[status],
            "headers": {"X-Request-Id": {"schema": {"type": "string"}, "description": "names the request"}},
        }
        if gives is not None:
            several = gives if isinstance(gives, tuple) else (gives,)
            content = {each: {"schema": _plain_schema(each)} for each in several if isinstance(each, str)}
            if isinstance(gives, tuple):
                for each in gives:
                    if not isinstance(each, str):
                        content["application/json"] = {"schema": _schema_of(each, types)}
            responses[str(status)]["content"] = content or {
                _media_type_of(gives): {"schema": _schema_of(gives, types)}
            }
    problems = {503, *declared["refuses"]}
    if declared["needs"] is not None or declared["staff"]:
        problems |= {401, 403}
    if has_parameters or declared["takes"] is not None:
        problems.add(422)
    if declared["takes"] is not None:
        problems |= {400, 408, 413, 415}
    for status in sorted(problems):
        responses[str(status)] = {"$ref": f"#/components/responses/Problem{status}"}
    return responses


def _plain_schema(media_type: str) -> dict[str, Any]:
    return {"type": "object" if media_type == "application/json" else "string"}


def _problem(status: int) -> dict[str, Any]:
    response: dict[str, Any] = {
        "description": _PROBLEMS[status],
        "headers": {"X-Request-Id": {"schema": {"type": "string"}, "description": "names the request"}},
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemBody"}}},
    }
    if status in (429, 503):
        response["headers"]["Retry-After"] = {"schema": {"type": "integer"}, "description": "seconds"}
    return response


def _schema_of(type_: Any, types: dict[str, Any]) -> dict[str, Any]:
    """Return the reference to a type's schema and remember the type."""
    members = getattr(type_, "__args__", None)
    if members and not isinstance(type_, type):
        for member in members:
            types[member.__name__] = member
        return {"oneOf": [{"$ref": _REF.format(name=member.__name__)} for member in members]}
    types[type_.__name__] = type_
    return {"$ref": _REF.format(name=type_.__name__)}


def _schemas(types: dict[str, Any]) -> dict[str, Any]:
    types["ProblemBody"] = ProblemBody
    _, components = msgspec.json.schema_components(list(types.values()), ref_template=_REF)
    schemas = {name: _tidied(components[name]) for name in sorted(components)}
    for name, field, stored in _STORED:
        schemas[name]["properties"][field] = {"$ref": _REF.format(name=stored)}
    return schemas


def _tidied(schema: Any) -> Any:
    """Say ``additionalProperties: false`` as msgspec does, and drop titles that repeat the name."""
    if isinstance(schema, dict):
        return {
            key: _prose(value) if key == "description" and isinstance(value, str) else _tidied(value)
            for key, value in schema.items()
            if not (key == "title" and isinstance(value, str))
        }
    if isinstance(schema, list):
        return [_tidied(each) for each in schema]
    return schema


def _prose(docstring: str) -> str:
    """Return the words of a docstring as one paragraph of Markdown."""
    return re.sub(r"\s+", " ", docstring).strip().replace("``", "`")
