"""Reading and writing program documents.

:func:`read_program` takes YAML or JSON; :func:`write_program` writes the one canonical form: YAML with
the fields in the order of ``core/document/program.py``, without fields that have their default.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import msgspec
import yaml

from perennial.core.document.earlier_documents import in_words_of_today
from perennial.core.document.program import Program
from perennial.core.document.program_case import ProgramCase, in_reading_order
from perennial.core.document.shape import Shape, TooManyProblemsError, name_of
from perennial.core.document.text import parse_text, reads_as_text
from perennial.core.problems import Problem
from perennial.core.terms.condition_document import (
    DEC_HOOK,
    ConditionError,
    decode_condition,
    encode_condition,
)
from perennial.core.terms.conditions import Condition

_PROGRAM_TYPE = msgspec.inspect.type_info(Program)
_CONDITION: Any = Condition


class DocumentError(ValueError):
    """A document that cannot be used, with everything that is wrong with it."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(f"{problem.path}: {problem.words}" for problem in problems))
        self.problems = problems


def read_program(text: str | bytes) -> Program | list[Problem]:
    """Read a program document (YAML, or JSON if it begins with ``{``; UTF-8, at most 1 MiB).

    Returns the program, or every problem of syntax and type that was found. What needs more than
    types is found by :func:`perennial.core.validation.validation.validate`.
    """
    data, problems = parse_text(text)
    if data is None and problems:
        return problems
    if not isinstance(data, dict):
        return [Problem("", "wrong_type", f"a program document holds fields, this one {name_of(data)}")]
    found = program_of(data)
    if isinstance(found, list):
        return sorted([*problems, *found], key=lambda problem: problem.code != "duplicate_key")
    return problems or found


def program_of(data: dict[str, Any]) -> Program | list[Problem]:
    """Read a program from plain data, as JSON would hold it; the same problems as ``read_program``."""
    shape = Shape(_condition_problems)
    try:
        cleaned = shape.read(_PROGRAM_TYPE, in_words_of_today(data), "")
    except TooManyProblemsError:
        return shape.problems
    if shape.problems:
        return shape.problems
    try:
        return msgspec.convert(cleaned, Program, dec_hook=DEC_HOOK)
    except msgspec.ValidationError as error:
        return [Problem("", "wrong_type", str(error))]


def _condition_problems(value: object, path: str) -> list[Problem]:
    try:
        decode_condition(value)
    except ConditionError as error:
        return [error.problem.under(path)]
    return []


def plain_program(program: Program) -> dict[str, Any]:
    """Return the program as plain dicts, lists and scalars in canonical order, defaults left out."""
    plain: dict[str, Any] = plain_of(program)
    return plain


def plain_of(value: Any) -> Any:
    """Return any part of a program in its plain canonical form; enums become text, tuples lists."""
    if isinstance(value, ProgramCase):
        plain = _plain_struct(value)
        return plain | {"steps": [in_reading_order(step) for step in plain["steps"]]}
    if isinstance(value, msgspec.Struct):
        return _plain_struct(value)
    if isinstance(value, _CONDITION):
        return encode_condition(value)
    if isinstance(value, tuple):
        return [plain_of(item) for item in value]
    if isinstance(value, dict):
        return {key: plain_of(value[key]) for key in sorted(value)}
    return str(value) if isinstance(value, str) else value


def _plain_struct(value: msgspec.Struct) -> dict[str, Any]:
    config = value.__struct_config__
    plain: dict[str, Any] = {config.tag_field: config.tag} if config.tag_field else {}
    for name, default in _defaults(type(value)).items():
        item = getattr(value, name)
        if default is msgspec.NODEFAULT or item != default:
            plain[name] = plain_of(item)
    first = {name: plain[name] for name in ("id", "type", "name") if name in plain and "program" not in plain}
    return first | plain


@lru_cache
def _defaults(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """Return the default of every field of a type, ``NODEFAULT`` where there is none."""
    return {
        field.name: field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()
        for field in msgspec.structs.fields(kind)
    }


def write_program(program: Program) -> str:
    """Write the program as canonical YAML; ``read_program`` gives it back equal."""
    return render(plain_program(program))


def render(plain: dict[str, Any]) -> str:
    """Write plain data as YAML: block style, keys in their given order, texts quoted where needed."""
    return yaml.dump(plain, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)


class _Dumper(yaml.SafeDumper):
    """Writes small mappings and lists of scalars on one line, and never an alias."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def serialize(self, node: yaml.Node) -> None:
        if isinstance(node, yaml.CollectionNode):  # one line would begin with a brace, which means JSON
            node.flow_style = False
        super().serialize(node)

    def represent_text(self, text: str) -> yaml.ScalarNode:
        style = None if reads_as_text(text) else "'"
        if "\n" in text:
            style = "|"  # a text of several lines is read as it was written
        if any(sign in text for sign in "\x85\u2028\u2029"):
            style = '"'  # these are line breaks to some readers of YAML: only escapes keep them
        return self.represent_scalar("tag:yaml.org,2002:str", text, style=style)

    def represent_mapping(self, tag: str, mapping: Any, flow_style: bool | None = None) -> yaml.MappingNode:
        node = super().represent_mapping(tag, mapping, flow_style)
        node.flow_style = _is_small([part for pair in node.value for part in pair])
        return node

    def represent_sequence(
        self, tag: str, sequence: Any, flow_style: bool | None = None
    ) -> yaml.SequenceNode:
        node = super().represent_sequence(tag, sequence, flow_style)
        node.flow_style = _is_small(node.value)
        return node


_Dumper.add_representer(str, _Dumper.represent_text)


def _is_small(parts: list[yaml.Node]) -> bool:
    scalars = all(isinstance(part, yaml.ScalarNode) for part in parts)
    return scalars and sum(len(part.value) + 2 for part in parts) <= 70
