"""Plain data against a type: every problem of a document at once, each with path, code and words.

msgspec stops at the first problem; people who write a program want to see all of them. The walk
below reads the same types (``msgspec.inspect``) and gives back data that ``msgspec.convert`` accepts
whenever it found no problem. Two liberties help authors: a factor may be written as a number
(``by: 1.5``), and every kind of a family must name its ``type``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from difflib import get_close_matches

from msgspec import inspect

from perennial.core.document.text import DecimalText
from perennial.core.problems import Problem, join_path

MAX_TEXT = 2_000
MAX_PROBLEMS = 200

ReadCustom = Callable[[object, str], list[Problem]]
"""Finds the problems of a value that msgspec leaves to hooks; the text is the value's path."""


class TooManyProblemsError(Exception):
    """There are :data:`MAX_PROBLEMS` problems; nobody reads more, and looking on costs time."""


class Shape:
    """Reads plain data against one type, collecting the problems."""

    def __init__(self, read_custom: ReadCustom) -> None:
        self.problems: list[Problem] = []
        self._read_custom = read_custom

    def read(self, kind: inspect.Type, value: object, path: str) -> object:
        """Return ``value`` ready for ``msgspec.convert``; what is wrong goes to ``problems``."""
        described = ""
        while isinstance(kind, inspect.Metadata):
            described = str((kind.extra_json_schema or {}).get("description", described))
            kind = kind.type
        match kind:
            case inspect.UnionType():
                return self._union(kind, value, path, described)
            case inspect.StructType():
                return self._struct(kind, value, path)
            case inspect.VarTupleType() | inspect.ListType():
                return self._list(kind.item_type, value, path)
            case inspect.TupleType():
                return self._fixed_list(kind, value, path)
            case inspect.DictType():
                return self._mapping(kind, value, path)
            case inspect.StrType():
                return self._text(kind, value, path, described)
            case inspect.IntType():
                return self._integer(kind, value, path)
            case inspect.BoolType():
                return self._boolean(value, path)
            case inspect.EnumType():
                return self._enum(kind, value, path)
            case inspect.NoneType():
                return value if value is None else self._wrong("nothing", value, path)
            case inspect.LiteralType():
                return self._literal(kind, value, path)
            case inspect.AnyType():
                return _as_written(value)
            case inspect.CustomType():
                return self._custom(value, path)
        raise TypeError(f"a document cannot hold {kind}")

    def _add(self, path: str, code: str, words: str) -> None:
        self.problems.append(Problem(path, code, words))
        if len(self.problems) >= MAX_PROBLEMS:
            raise TooManyProblemsError

    def _wrong(self, expected: str, value: object, path: str) -> object:
        self._add(path, "wrong_type", f"expected {expected}, got {name_of(value)}")
        return value

    def _struct(self, kind: inspect.StructType, value: object, path: str) -> object:
        if not isinstance(value, dict):
            return self._wrong(_fields(kind), value, path)
        found: dict[str, object] = {}
        fields = {field.encode_name: field for field in kind.fields}
        if kind.tag_field is not None:
            if value.get(kind.tag_field) != kind.tag:
                self._tag(kind.tag_field, [str(kind.tag)], value, path)
            found[kind.tag_field] = kind.tag
        for key, item in value.items():
            if key in fields:
                found[key] = self.read(fields[key].type, item, join_path(path, key))
            elif key != kind.tag_field:
                self._add(join_path(path, key), "unknown_field", f"there is no field {_near(key, [*fields])}")
        for name, field in fields.items():
            if field.required and name not in value:
                self._add(join_path(path, name), "missing", "this field is needed")
        return found

    def _tag(self, tag_field: str, tags: list[str], value: dict[str, object], path: str) -> None:
        here = join_path(path, tag_field)
        if tag_field not in value:
            self._add(here, "missing", f"this field is needed: one of {', '.join(sorted(tags))}")
        elif isinstance(given := value[tag_field], str):
            self._add(here, "unknown_value", f"there is no kind {_near(given, tags)}")
        else:
            self._wrong("text", given, here)

    def _union(self, kind: inspect.UnionType, value: object, path: str, described: str) -> object:
        optional = any(isinstance(option, inspect.NoneType) for option in kind.types)
        if value is None and optional:
            return None
        options = [option for option in kind.types if not isinstance(option, inspect.NoneType)]
        structs = [option for option in options if isinstance(option, inspect.StructType)]
        if len(options) == 1:
            bare = options[0]
            return self.read(
                inspect.Metadata(bare, {"description": described}) if described else bare, value, path
            )
        if len(structs) == len(options):
            return self._one_of(structs, value, path)
        for option in options:
            trial = Shape(self._read_custom)
            found = trial.read(option, value, path)
            if not trial.problems:
                return found
        return self._wrong("one of the allowed types", value, path)

    def _one_of(self, kinds: list[inspect.StructType], value: object, path: str) -> object:
        tag_field = kinds[0].tag_field or "type"
        if not isinstance(value, dict):
            return self._wrong("fields", value, path)
        for kind in kinds:
            if value.get(tag_field) == kind.tag:
                return self._struct(kind, value, path)
        self._tag(tag_field, [str(kind.tag) for kind in kinds], value, path)
        return value

    def _list(self, item: inspect.Type, value: object, path: str) -> object:
        if not isinstance(value, list):
            return self._wrong("a list", value, path)
        return [self.read(item, part, f"{path}[{index}]") for index, part in enumerate(value)]

    def _fixed_list(self, kind: inspect.TupleType, value: object, path: str) -> object:
        size = len(kind.item_types)
        if not isinstance(value, list) or len(value) != size:
            return self._wrong(f"a list of {size}", value, path)
        parts = zip(kind.item_types, value, strict=True)
        return [self.read(item, part, f"{path}[{index}]") for index, (item, part) in enumerate(parts)]

    def _mapping(self, kind: inspect.DictType, value: object, path: str) -> object:
        if not isinstance(value, dict):
            return self._wrong("names with values", value, path)
        found: dict[str, object] = {}
        for key, item in value.items():
            here = join_path(path, key)
            self.read(kind.key_type, key, here)
            found[key] = self.read(kind.value_type, item, here)
        return found

    def _text(self, kind: inspect.StrType, value: object, path: str, described: str) -> object:
        if kind.pattern is not None and isinstance(value, int | DecimalText) and type(value) is not bool:
            value = str(value)
        if not isinstance(value, str) or isinstance(value, DecimalText):
            hint = "; put it in quotes" if isinstance(value, int | DecimalText) else ""
            self._add(path, "wrong_type", f"expected text, got {name_of(value)}{hint}")
        elif len(value) > (limit := kind.max_length or MAX_TEXT):
            self._add(path, "too_long", f"the text is longer than {limit:,} characters")
        elif len(value) < (kind.min_length or 0):
            self._add(path, "too_short", "the text is empty")
        elif kind.pattern is not None and not re.search(kind.pattern, value):
            expected = described or f"a text of the form {kind.pattern}"
            self._add(path, "malformed", f'expected {expected}, got "{_short(value)}"')
        elif kind.pattern is not None and value.endswith("\n"):
            self._add(path, "malformed", "the text ends with a line break")
        return value

    def _integer(self, kind: inspect.IntType, value: object, path: str) -> object:
        if type(value) is not int:
            return self._wrong("an integer", value, path)
        if kind.ge is not None and value < kind.ge:
            self._add(path, "out_of_range", f"expected {kind.ge:,} or more, got {value:,}")
        if kind.le is not None and value > kind.le:
            self._add(path, "out_of_range", f"expected {kind.le:,} or less, got {value:,}")
        return value

    def _boolean(self, value: object, path: str) -> object:
        if isinstance(value, str) and value.lower() in ("yes", "no", "on", "off"):
            self._add(path, "wrong_type", f"expected true or false, got {value}")
            return value
        return value if isinstance(value, bool) else self._wrong("true or false", value, path)

    def _enum(self, kind: inspect.EnumType, value: object, path: str) -> object:
        names = [str(member.value) for member in kind.cls]
        if not isinstance(value, str):
            return self._wrong(f"one of {', '.join(names)}", value, path)
        if value not in names:
            self._add(path, "unknown_value", f"there is no {_near(value, names)}")
        return value

    def _literal(self, kind: inspect.LiteralType, value: object, path: str) -> object:
        names = [str(name) for name in kind.values]
        if value not in kind.values:
            self._add(path, "unknown_value", f"there is no {_near(str(value), names)}")
        return value

    def _custom(self, value: object, path: str) -> object:
        if (decimal := _decimal_in(value, path)) is not None:
            self._add(decimal, "wrong_type", "a number with a fraction is not allowed in a condition")
        else:
            self.problems.extend(self._read_custom(value, path))
        return value


def name_of(value: object) -> str:
    """Say what a value is, as a person would."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, DecimalText):
        return f"the fraction {_short(value)}"
    if isinstance(value, str):
        return "text"
    if isinstance(value, int):
        return "an integer"
    return f"a list of {len(value)}" if isinstance(value, list) else "fields"


def _fields(kind: inspect.StructType) -> str:
    names = [field.encode_name for field in kind.fields]
    return f"fields ({', '.join(names[:6])}{', ...' if len(names) > 6 else ''})"


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."


def _near(given: str, names: list[str]) -> str:
    close = get_close_matches(given, names, n=1)
    known = f"did you mean {close[0]}?" if close else f"known: {', '.join(sorted(names)[:40])}"
    return f'"{_short(given)}"; {known}'


def _as_written(value: object) -> object:
    """Return plain data of any kind; numbers with a fraction are texts there."""
    if isinstance(value, dict):
        return {key: _as_written(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_written(item) for item in value]
    return str(value) if isinstance(value, DecimalText) else value


def _decimal_in(value: object, path: str) -> str | None:
    if isinstance(value, DecimalText):
        return path
    parts: list[tuple[str, object]] = []
    if isinstance(value, dict):
        parts = [(join_path(path, key), item) for key, item in value.items()]
    elif isinstance(value, list):
        parts = [(f"{path}[{index}]", item) for index, item in enumerate(value)]
    found = (_decimal_in(item, here) for here, item in parts)
    return next((place for place in found if place is not None), None)
