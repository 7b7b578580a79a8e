"""What people call the fields of a document, the values that these may have, and what triggers rules.

The words are those of the console's forms, from whose catalogs the files of this room are generated.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module

_TRIGGER = "trigger"


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
    said = _table("VALUES", "en").get(f"{_TRIGGER}.{trigger}")
    return trigger if said is None else f'"{said}"'


def trigger_label(called: str, language: str) -> str | None:
    """Return in ``language`` what is :func:`trigger_called` so in English; None if no trigger is."""
    key = _triggers().get(called)
    return None if key is None else _table("VALUES", language)[key]


@cache
def _triggers() -> Mapping[str, str]:
    return {said: key for key, said in _table("VALUES", "en").items() if key.startswith(f"{_TRIGGER}.")}


def _table(name: str, language: str) -> Mapping[str, str]:
    module = import_module(f"perennial.core.labels.{language.replace('-', '_').lower()}")
    table: Mapping[str, str] = getattr(module, name)
    return table


def _plainly(name: str) -> str:
    words = name.replace("_", " ")
    return words[:1].upper() + words[1:]
