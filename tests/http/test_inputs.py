"""Inputs that break others by default: on every field of every route that writes.

The fields are found in the types of the bodies, so that a new field or route is tried without a new
test. Each input is the JSON text itself, because the worst of them cannot be written as a value.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec
import pytest
from msgspec import inspect

from perennial.http.app import ROUTES, api_document
from perennial.http.reference.staff_examples import PASSWORD, TOKEN
from tests.http.people import hire, signed_in
from tests.http.site import Site

_BAD_ANYWHERE = {
    "NUL": r'"a\u0000b"',
    "lone surrogate": r'"\ud800"',
    "NaN": "NaN",
    "Infinity": "Infinity",
    "minus Infinity": "-Infinity",
    "beyond floats": "1e400",
    "a fraction": "1.5",
    "a float that lies": "9007199254740993.0",
    "an exponent": "1e3",
    "5,000 digits": "9" * 5_000,
    "20 digits": "18446744073709551616",
    "deep": "[" * 5_000 + "]" * 5_000,
    "40 deep": "[" * 40 + "]" * 40,
    "an object of an object": '{"a": {"b": {}}}',
    "1,001 elements": "[" + "1," * 1_000 + "1]",
    "escape": r'"\u001b"',
    "not UTF-8": '"\udcff"',
}
"""What no field takes. The last one is byte 0xff in the body."""

_BAD_NUMBERS = {
    "beyond the bound": "1000000000000001",
    "2^63": "9223372036854775808",
    "a number as text": '"1"',
    "full-width digits": '"\uff11\uff12\uff13"',
    "Arabic digit": '"\u0663"',
    "an underscore": '"1_000"',
    "spaces": '" 12 "',
    "true": "true",
    "a list": "[1]",
}
_BAD_TEXTS = {
    "a number": "1",
    "true": "true",
    "empty": '""',
    "6,400 characters": json.dumps("x" * 6_400),
    "a list": '["a"]',
}
_BAD_IDS = {"a bidi control": r'"a\u202eb"', "a line break": r'"a\nb"'}
_BAD_INSTANTS = {
    "leap second": '"2016-12-31T23:59:60Z"',
    "24:00": '"2026-01-01T24:00:00Z"',
    "no offset": '"2026-01-01T10:00:00"',
    "a date": '"2026-01-01"',
    "year 10000": '"10000-01-01T00:00:00Z"',
    "year 2200": '"2200-01-01T00:00:00Z"',
    "year 1899": '"1899-12-31T23:59:59Z"',
    "year 0": '"0000-01-01T00:00:00Z"',
    "February 30": '"2026-02-30T00:00:00Z"',
    "infinity": '"infinity"',
    "BC": '"2026-01-01T00:00:00Z BC"',
    "a space": '"2026-01-01 10:00:00Z"',
    "full-width digits": '"\uff12\uff10\uff12\uff16-01-01T10:00:00Z"',
    "week date": '"2026-W10-1T10:00:00Z"',
    "offset of a day": '"2026-01-01T10:00:00+24:00"',
    "a number": "1767225600",
}


_OF_LOCAL_TIME = {"no offset", "a date", "a space"}
"""What is an instant where local time is asked for."""


class Place(NamedTuple):
    """A field of a body: where it is, its type, and whether it is a name (an id, a code)."""

    path: tuple[str | int, ...]
    type: inspect.Type


def places(type_: inspect.Type, path: tuple[str | int, ...] = ()) -> Iterator[Place]:
    """Yield every field of a type, those of the first element of each array included."""
    if isinstance(type_, inspect.Metadata):
        yield from places(type_.type, path)
    elif isinstance(type_, inspect.StructType):
        for field in type_.fields:
            yield Place((*path, field.encode_name), field.type)
            yield from places(field.type, (*path, field.encode_name))
    elif isinstance(type_, inspect.UnionType):
        for member in type_.types:
            yield from places(member, path)
    elif isinstance(type_, inspect.VarTupleType):
        yield Place((*path, 0), type_.item_type)
        yield from places(type_.item_type, (*path, 0))
    elif isinstance(type_, inspect.DictType):
        yield Place((*path, "free"), type_.value_type)


def members(type_: inspect.Type) -> list[inspect.Type]:
    """Return the members of a union, or the type itself, without its wrapping."""
    if isinstance(type_, inspect.Metadata):
        return members(type_.type)
    if isinstance(type_, inspect.UnionType):
        return [each for member in type_.types for each in members(member)]
    return [type_]


def dictionary(place: Place) -> dict[str, str]:
    """Return the inputs that this field must refuse."""
    kinds = members(place.type)
    inputs = dict(_BAD_ANYWHERE)
    takes_text = any(isinstance(kind, inspect.StrType | inspect.EnumType) for kind in kinds)
    takes_numbers = any(isinstance(kind, inspect.IntType) for kind in kinds)
    free = any(isinstance(kind, inspect.BoolType) for kind in kinds)
    if any(isinstance(kind, inspect.VarTupleType | inspect.DictType) for kind in kinds):
        inputs |= {"a number": "1", "text": '"a"', "true": "true"}
    elif free:
        inputs |= {"beyond the bound": "1000000000000001", "6,400 characters": json.dumps("x" * 6_400)}
    elif takes_numbers:
        inputs |= _BAD_NUMBERS
    elif takes_text:
        name = place.path[-1] if isinstance(place.path[-1], str) else place.path[-2]
        instant = name == "at" or str(name).endswith(("_at", "_to", "_from"))
        inputs |= _BAD_INSTANTS if instant else _BAD_TEXTS
        if name == "publish_at":  # local time of the program
            inputs = {key: text for key, text in inputs.items() if key not in _OF_LOCAL_TIME}
        if name in {"note", "source"}:
            inputs.pop("empty")
        if name not in {"reason", "note", "actor", "source", "password", "new_password"}:
            inputs |= _BAD_IDS
    else:
        inputs |= {"a number": "1", "text": '"a"', "true": "true"}
    return inputs


_SAMPLES: dict[str, Any] = {
    "program_simulate": {"version": "draft", "against": "history", "from": "2026-01-01T00:00:00Z"},
    "template_preview": {
        "program": "p",
        "name": "n",
        "unit": "u",
        "currency": "EUR",
        "time_zone": "UTC",
    },
    "condition_check": {
        "program": "points",
        "condition": {"fact": "member.tier", "is": "gold"},
        "where": "member",
        "trigger": "order.paid",
        "language": "fa",
    },
    "order_put": {"customer": "c", "status": "paid", "lines": [{"sku": "s", "amount": 1}]},
    "return_post": {"id": "r", "lines": [{"line": "1", "quantity": 1}]},
    "event_post": {"id": "e", "type": "review.posted", "customer": "c"},
    "claim_post": {"id": "c", "reward": "five-off"},
    "batch_create": {"id": "b", "reward": "five-off", "count": 1},
    "batch_watch": {"id": "b", "reward": "five-off", "count": 1},
    "batch_check": {"reward": "five-off", "codes": ["C"]},
    "voucher_assign": {"id": "v", "reward": "five-off", "customer": "c"},
    "card_sell": {"id": "s", "reward": "card", "reason": "r"},
    "card_topup": {"id": "t", "amount": 1, "reason": "r"},
    "card_transfer": {"id": "m", "to": "CODE", "reason": "r"},
    "merge_post": {"id": "m", "into": "d", "reason": "r"},
    "voucher_void": {"reason": "r"},
    "entitlement_move": {"state": "canceled", "reason": "r", "reference": "p"},
    "wait_post": {"id": "w", "reward": "five-off"},
    "adjustment_post": {"id": "a", "customer": "c", "wallet": "points", "points": 1, "reason": "r"},
    "transfer_post": {"id": "t", "from": "c", "to": "d", "wallet": "points", "points": 1, "reason": "r"},
    "tier_assign": {"id": "t", "tier": "gold", "reason": "r"},
    "customer_put": {"attributes": {}, "consents": [{"channel": "email", "purpose": "p", "state": "given"}]},
    "segment_put": {"name": "n", "when": {"fact": "member.orders", "at_least": 1}},
    "segment_preview": {"when": {"fact": "member.orders", "at_least": 1}},
    "segment_apply": {"program": "points", "rule": "r"},
    "apply_watch": {"program": "points", "rule": "r"},
    "segment_template": {"program": "points", "settings": {}},
    "referral_post": {"customer": "c", "code": "k", "program": "points", "context": {"ip": "1"}},
    "referral_approve": {"reason": "r"},
    "referral_reject": {"reason": "r"},
    "membership_join": {"program": "points"},
    "quote_post": {
        "customer": "c",
        "cart": {"lines": [{"sku": "s", "amount": 1}]},
        "redeem": [{"code": "c"}],
        "points": [{"wallet": "points"}],
    },
    "hold_post": {
        "id": "h",
        "customer": "c",
        "cart": {"lines": [{"sku": "s", "amount": 1}]},
        "redeem": [{"code": "c"}],
        "points": [{"wallet": "points"}],
    },
    "hold_put": {
        "customer": "c",
        "cart": {"lines": [{"sku": "s", "amount": 1}]},
        "redeem": [{"code": "c"}],
        "points": [{"wallet": "points"}],
    },
    "redemption_post": {
        "id": "r",
        "customer": "c",
        "cart": {"lines": [{"sku": "s", "amount": 1}]},
        "redeem": [{"code": "c"}],
        "points": [{"wallet": "points"}],
    },
    "redemption_rollback": {"id": "b", "lines": [{"line": "1", "quantity": 1}]},
    "scan_post": {"text": "t"},
    "device_block": {"reason": "r"},
    "device_unblock": {"reason": "r"},
    "device_post": {"id": "d", "location": "l", "name": "n", "public_key": "A" * 43 + "="},
    "allowance_post": {
        "id": "a",
        "max_points": 1,
        "max_amount": 1,
        "max_redemptions": 1,
        "expires_in": 60,
    },
    "upload_post": {
        "allowance": "a",
        "entries": [
            {
                "sequence": 1,
                "at": "2026-01-01T00:00:00Z",
                "cart": {"lines": [{"sku": "s", "amount": 1}]},
                "amount": 0,
                "redeem": [{"code": "c"}],
                "points": [{"wallet": "points", "points": 1}],
                "signature": "A" * 86 + "==",
            }
        ],
    },
    "attributes_put": {"member": {"country": {"type": "text"}}},
    "facts_push": {"facts": {"weather": {"value": "rain", "seconds": 60}}},
    "location_put": {"place": "52.5,13.4", "attributes": {}},
    "location_push": {"facts": {"weather": {"value": "rain", "seconds": 60}}},
    "brand_put": {"color": "#1f4fa3", "dark_color": "#8fb4f5"},
    "brand_preview": {"color": "#1f4fa3", "dark_color": "#8fb4f5"},
    "switch_set": {
        "object": {"kind": "reward", "program": "points", "id": "five-off"},
        "off": True,
        "reason": "r",
    },
    "program_publish": {},
    "plan_put": {"publish_at": "2030-01-01T09:00"},
    "program_cases": {"document": "program: points"},
    "program_check": {"kinds": ["stacks_below_cost"], "assumptions": {"margin": "1"}, "seconds": 1},
    "program_rollback": {"version": 1},
    "conversion_post": {"id": "c", "from": "stars", "into": "points", "reason": "r"},
    "conversion_reverse": {"reason": "r"},
    "clock_advance": {"advance_to": "2030-01-01T00:00:00Z"},
    "setup_post": {"token": TOKEN, "email": "a@b.c", "name": "n", "password": PASSWORD},
    "signin_post": {"email": "a@b.c", "password": PASSWORD},
    "signin_code": {"ticket": TOKEN, "code": "123456"},
    "signin_passkey": {"ticket": TOKEN, "credential": {"id": "AQID"}},
    "totp_begin": {"password": PASSWORD},
    "totp_confirm": {"code": "123456"},
    "totp_remove": {"password": PASSWORD},
    "passkey_begin": {"password": PASSWORD},
    "passkey_post": {"ticket": TOKEN, "name": "n", "credential": {"id": "AQID"}},
    "staff_role": {"role": "marketer"},
    "invitation_post": {"email": "a@b.c", "role": "marketer"},
    "invitation_look": {"token": TOKEN},
    "invitation_accept": {"token": TOKEN, "name": "n", "password": PASSWORD},
    "role_put": {"name": "n", "scopes": ["read"], "credit_most": 1, "credit_per_day": 1},
    "rules_put": {"second_factor": False, "two_to_publish": False, "two_to_credit_above": 1},
    "key_post": {"name": "n", "scopes": ["read"], "expires_at": "2030-01-01T00:00:00Z"},
    "me_put": {"name": "n"},
    "message_preview": {"customer": "c"},
    "consent_post": {"consents": [{"channel": "email", "purpose": "p", "state": "given"}]},
    "note_post": {"note": "n"},
    "block_put": {"reason": "r", "earning": True, "spending": True},
    "approval_approve": {"reason": "r"},
    "approval_reject": {"reason": "r"},
    "me_workspace": {"workspace": "w"},
    "me_password": {"password": PASSWORD, "new_password": PASSWORD},
}
"""A body of every route that takes one; what it does not name is added where an input is tried."""

_BAD_ROWS = {("$.codes[0]", "empty")}
"""An import takes what is right in it, and its answer numbers the rows that are not."""


def writing_routes() -> list[Any]:
    """Return every route that takes a JSON body."""
    return [
        route
        for route in ROUTES
        if isinstance(route.opt["takes"], type) and issubclass(route.opt["takes"], msgspec.Struct)
    ]


def with_input(sample: Any, path: tuple[str | int, ...], text: str) -> bytes:
    """Return the body of ``sample`` with the JSON ``text`` at ``path``."""
    mark = "\u2603"
    body = json.loads(json.dumps(sample))
    at = body
    for step, following in zip(path, [*path[1:], None], strict=True):
        below: Any = mark if following is None else [] if isinstance(following, int) else {}
        if isinstance(at, list):
            if not at:
                at.append({} if following is not None and isinstance(following, str) else below)
            if following is None:
                at[0] = mark
            at = at[0]
        else:
            if following is None or step not in at:
                at[step] = below
            at = at[step]
    encoded = json.dumps(body, ensure_ascii=False).replace(f'"{mark}"', text)
    return encoded.encode("utf-8", "surrogateescape")


def dotted(path: tuple[str | int, ...]) -> str:
    """Return a path as problems name it."""
    return "$" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)


def test_every_route_with_a_body_has_a_sample() -> None:
    """A new route cannot escape the dictionary."""
    assert sorted(route.operation_id for route in writing_routes()) == sorted(_SAMPLES)


@pytest.mark.parametrize("route", writing_routes(), ids=lambda route: route.operation_id)
async def test_no_input_gets_past_its_field(site: Site, route: Any) -> None:
    """Each input of the dictionary on each field gives a 4xx that names the field, and never a 5xx."""
    path = next(iter(route.paths)).replace(":str}", "}").replace("{id}", "c").replace("{program}", "points")
    method = next(iter(route.http_methods))
    sample = _SAMPLES[route.operation_id]
    session = await signed_in(site, await hire(site, "owner")) if route.opt["staff"] else None
    wrong = []
    tried = 0
    for place in places(inspect.type_info(route.opt["takes"])):
        where = dotted(place.path)
        if "credential" in place.path:  # what a browser has made is for the library to judge
            continue
        for name, text in dictionary(place).items():
            if (where, name) in _BAD_ROWS:
                continue
            raw = with_input(sample, place.path, text)
            response = await site.call(method, path, raw=raw, session=session)
            tried += 1
            named = [each["path"] for each in response.json().get("errors", [])]
            if not 400 <= response.status_code < 500 or not any(each.startswith(where) for each in named):
                wrong.append((where, name, response.status_code, response.text[:200]))
    assert wrong == []
    assert tried >= 20


_QUERIES = [
    (method.upper(), path, parameter["name"])
    for path, item in api_document()["paths"].items()
    for method, described in item.items()
    for parameter in described.get("parameters", ())
    if parameter["in"] == "query"
]


async def test_no_query_takes_a_character_that_nobody_can_store(site: Site) -> None:
    """U+0000 in any parameter of any address is refused by its name."""
    session = await signed_in(site, await hire(site, "owner"))
    wrong = []
    for method, path, name in _QUERIES:
        address = path.replace("{program}", "points").replace("{id}", "c")
        response = await site.call(method, f"{address}?{name}=a%00b", session=session)
        named = [each["path"] for each in response.json().get("errors", [])]
        if (response.status_code, named) != (422, [f"query.{name}"]):
            wrong.append((method, path, name, response.text[:200]))
    assert wrong == []
    assert len(_QUERIES) > 50
