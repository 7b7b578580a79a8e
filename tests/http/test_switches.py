"""The stop button over HTTP: who may press it, what it answers, what it says about mistakes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.http.site import Site, order

FIVE_OFF = {"kind": "reward", "program": "points", "id": "five-off"}
EVERYTHING = {"kind": "everything"}


def switch(switched: dict[str, Any], *, off: bool = True, reason: str = "it leaked") -> dict[str, Any]:
    """Return the body of a switch."""
    return {"object": switched, "off": off, "reason": reason}


async def test_off_and_on(site: Site) -> None:
    """A switch is answered as it stands, is listed while it is off, and stops claims until it is on."""
    assert await site.done("GET", "/v1/switches") == {"data": []}
    view = await site.done("POST", "/v1/switches", switch(FIVE_OFF))
    since = view.pop("off_at")
    wanted = {"object": FIVE_OFF, "off": True, "reason": "it leaked", "actor": "key everything"}
    assert view == wanted
    assert await site.done("GET", "/v1/switches") == {"data": [{**wanted, "off_at": since}]}
    await site.done("PUT", "/v1/orders/1", order(60000))
    claim = {"id": "c1", "reward": "five-off"}
    problem = await site.refused(409, "switched_off", "POST", "/v1/customers/anna/claims", claim)
    assert problem["details"] == {
        "reward": "five-off",
        "switch": "reward/points/five-off",
        "reason": "it leaked",
    }
    on = await site.done("POST", "/v1/switches", switch(FIVE_OFF, off=False, reason="mended"))
    assert on == {"object": FIVE_OFF, "off": False}
    assert await site.done("GET", "/v1/switches") == {"data": []}
    await site.done("POST", "/v1/customers/anna/claims", claim)


async def test_programs_are_listed_as_before(site: Site) -> None:
    """Switching a program off changes nothing of its versions."""
    before = await site.done("GET", "/v1/programs/points/versions")
    await site.done("POST", "/v1/switches", switch({"kind": "program", "program": "points"}))
    assert await site.done("GET", "/v1/programs/points/versions") == before


async def test_the_scope(site: Site) -> None:
    """A key with ``switches`` may stop things without being allowed to publish; others may not."""
    stopper, reader = await site.key("switches"), await site.key("read", "write", "programs")
    await site.done("POST", "/v1/switches", switch(EVERYTHING), secret=stopper)
    await site.refused(403, "scope_missing", "POST", "/v1/switches", switch(EVERYTHING), secret=reader)
    await site.done("GET", "/v1/switches", secret=reader)
    await site.refused(403, "scope_missing", "GET", "/v1/switches", secret=stopper)


@pytest.mark.parametrize(
    ("body", "path", "code"),
    [
        ({**switch(FIVE_OFF), "object": {**FIVE_OFF, "id": "six-off"}}, "$.object.id", "switch_unknown"),
        ({**switch(FIVE_OFF), "object": {**FIVE_OFF, "program": "x"}}, "$.object.program", "program_unknown"),
        ({**switch(FIVE_OFF), "object": {**FIVE_OFF, "kind": "wallet"}}, "$.object.kind", "not_allowed"),
        ({**switch(FIVE_OFF), "object": {**FIVE_OFF, "name": "x"}}, "$.object.name", "unknown_field"),
        ({**switch(EVERYTHING), "object": {}}, "$.object.kind", "required"),
        (switch(EVERYTHING, reason=""), "$.reason", "too_short"),
        ({"object": EVERYTHING, "off": True}, "$.reason", "required"),
        ({"object": EVERYTHING, "reason": "x"}, "$.off", "required"),
        ({**switch(EVERYTHING), "off": "yes"}, "$.off", "wrong_type"),
    ],
)
async def test_mistakes_are_named(site: Site, body: dict[str, Any], path: str, code: str) -> None:
    """Each wrong field is named, and nothing is off."""
    problem = await site.refused(422, code, "POST", "/v1/switches", body)
    assert [(error["path"], error["code"]) for error in problem["errors"]] == [(path, code)]
    assert await site.done("GET", "/v1/switches") == {"data": []}
