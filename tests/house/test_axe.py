"""What axe reads in ``make check``: every page of the browser tests, over answers of the server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.answers import KEPT, pages_of_all
from tests.house.source import ROOT

_API = json.loads((ROOT / "docs" / "reference" / "openapi.json").read_text())
_RECORDED = json.loads(KEPT.read_text())


def _schema_of(asked: str) -> Any:
    """Return the schema of what is answered to a recorded request."""
    method, address, *_ = asked.split(" ")
    path = address.partition("?")[0].split("/")
    fitting = [
        template
        for template in _API["paths"]
        if len(parts := template.split("/")) == len(path)
        and all(part == own or part.startswith("{") for part, own in zip(parts, path, strict=True))
    ]
    # A word that is written out is meant before one that may be anything.
    operation = _API["paths"][min(fitting, key=lambda each: each.count("{"))][method.lower()]
    (status,) = (each for each in operation["responses"] if each.startswith("2"))
    return operation["responses"][status]["content"]["application/json"]["schema"]


def _misfits(value: Any, schema: Any, place: str) -> Iterator[str]:
    """Yield where an answer has not the form that the reference says: a field too many, or one too few."""
    if "$ref" in schema:
        schema = _API["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if "anyOf" in schema:
        each = [list(_misfits(value, part, place)) for part in schema["anyOf"]]
        yield from min(each, key=len)
    elif isinstance(value, list):
        if schema.get("type") not in {"array", None}:
            yield f"{place} is a list"
        for at, part in enumerate(value):
            yield from _misfits(part, schema.get("items", {}), f"{place}[{at}]")
    elif isinstance(value, dict):
        fields = schema.get("properties")
        if fields is None:
            if schema.get("type") == "array":
                yield f"{place} is no list"
            return
        yield from (f"{place} lacks {name}" for name in schema.get("required", []) if name not in value)
        for name, part in value.items():
            if name in fields:
                yield from _misfits(part, fields[name], f"{place}.{name}")
            else:
                yield f"{place} has {name}"
    elif schema.get("type") in {"array", "object"}:
        yield f"{place} is no {schema['type']}"


def test_every_page_is_read() -> None:
    """A page of the browser tests that is not recorded is not seen by axe in ``make check``."""
    recorded = {name: (each["address"], each["buttons"]) for name, each in _RECORDED["pages"].items()}
    assert recorded == {name: (address, list(buttons)) for name, (address, buttons) in pages_of_all()}, (
        "python -m tests.e2e.answers"
    )


@pytest.mark.parametrize("asked", [each for each in _RECORDED["answers"] if "/versions/" not in each])
def test_a_recorded_answer_has_the_form_of_today(asked: str) -> None:
    """Else the pages would be read as they look over an API that is no more."""
    answer = _RECORDED["answers"][asked]
    assert answer["status"] == 200
    misfits = list(_misfits(json.loads(answer["body"]), _schema_of(asked), "answer"))
    assert misfits == [], "python -m tests.e2e.answers"


@pytest.mark.parametrize(
    ("change", "misfit"),
    [
        (lambda answer: answer.update(more=1), "answer has more"),
        (lambda answer: answer.pop("data"), "answer lacks data"),
        (lambda answer: answer["data"][0].pop("id"), "answer.data[0] lacks id"),
        (lambda answer: answer.update(data={}), "answer.data is no list"),
    ],
)
def test_an_answer_of_yesterday_is_found(change: Any, misfit: str) -> None:
    """The negative control: a field more or less, deep or not, or another form of one."""
    asked = "GET /v1/segments"
    answer = json.loads(_RECORDED["answers"][asked]["body"])
    change(answer)
    assert list(_misfits(answer, _schema_of(asked), "answer")) == [misfit]
