"""What people call the fields of a document, the values that these may have, triggers, and refusals.

The words are those of the console's forms, from whose catalogs the files of this room are generated.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module


def field_label(field: str, part: str = "", language: str = "en") -> str:
    """Return what a field is called in ``language`` (its code), if need be by the type of its part."""
    fields = _table("FIELDS", language)
    return fields.get(f"{part}.{field}") or fields.get(field) or _plainly(field)


def value_label(value: str, field: str = "", language: str = "en") -> str:
    """Return what a value of a document is called in ``language``, if need be by its field."""
    values = _table("VALUES", language)
    return values.get(f"{field}.{value}") or values.get(value) or _plainly(value)


def trigger_called(trigger: str) -> str:
    """Return what people call a trigger, in quotation marks; an event of the program itself, by its name."""
    return _called(trigger, "trigger")


def refusal_called(code: str) -> str:
    """Return what people call the reason of a refusal, in quotation marks; a rare one, by its code."""
    return _called(code, "refusal")


def label_of(said: str, field: str, language: str) -> str | None:
    """Return in ``language`` a trigger or refusal (``field``) by what it is called in English, or None."""
    key = _keys(field).get(said)
    return None if key is None else _table("VALUES", language)[key]


def _called(code: str, field: str) -> str:
    said = _table("VALUES", "en").get(f"{field}.{code}")
    return code if said is None else f'"{said}"'


@cache
def _keys(field: str) -> Mapping[str, str]:
    return {said: key for key, said in _table("VALUES", "en").items() if key.startswith(f"{field}.")}


def _table(name: str, language: str) -> Mapping[str, str]:
    module = import_module(f"perennial.core.labels.{language.replace('-', '_').lower()}")
    table: Mapping[str, str] = getattr(module, name)
    return table


def _plainly(name: str) -> str:
    words = name.replace("_", " ")
    return words[:1].upper() + words[1:]
