"""Conditions as plain dicts and lists (the form shown in ``core/terms/conditions.py``): reading and writing.

A document with fields typed ``Condition`` is read and written by msgspec with the hooks::

    msgspec.convert(plain, Program, dec_hook=DEC_HOOK)     # a bad condition is a ValidationError
    msgspec.to_builtins(program, enc_hook=ENC_HOOK)        # whose __cause__ is the ConditionError
    msgspec.json.schema(Program, schema_hook=SCHEMA_HOOK)  # add condition_schema() to its $defs
"""

from __future__ import annotations

from datetime import date, datetime
from difflib import get_close_matches
from typing import Any

import msgspec

from perennial.core.dates.periods import Period
from perennial.core.orders.order import Scalar
from perennial.core.problems import Problem, join_path
from perennial.core.terms.conditions import (
    All,
    AnyOf,
    Compare,
    Condition,
    History,
    HistoryWindow,
    LineMeasure,
    LinesMatch,
    LinesTotal,
    Measure,
    Not,
    Operand,
    Operator,
    Quantifier,
)

MAX_DEPTH = 32
MAX_NODES = 500
MAX_OPERANDS = 1_000
MAX_TEXT = 1_000
MAX_INTEGER = 10**18

_OPERATORS = {operator.value: operator for operator in Operator}
_KINDS = ("all", "any", "not", "fact", "lines", "history")
_EVER = HistoryWindow(ever=True)


class ConditionError(ValueError):
    """A condition that cannot be read: where (from its own root), a stable code, and words."""

    def __init__(self, path: str, code: str, words: str) -> None:
        super().__init__(f"{words} (at {path})" if path else words)
        self.path = path
        self.code = code
        self.words = words

    @property
    def problem(self) -> Problem:
        """The same as a :class:`Problem`."""
        return Problem(self.path, self.code, self.words)


def decode_condition(plain: object) -> Condition:
    """Read a condition from plain dicts, lists and scalars; raise :class:`ConditionError`."""
    return _Reader().node(plain, "", 1)


def encode_condition(condition: Condition) -> dict[str, Any]:
    """Write a condition in the one canonical form; ``decode_condition`` gives it back equal."""
    match condition:
        case All(of):
            return {"all": [encode_condition(part) for part in of]}
        case AnyOf(of):
            return {"any": [encode_condition(part) for part in of]}
        case Not(part):
            return {"not": encode_condition(part)}
        case Compare(fact, operator, operand):
            return {"fact": fact, operator.value: _plain(operand)}
        case LinesMatch(quantifier, where):
            return {"lines": quantifier.value, "where": encode_condition(where)}
        case LinesTotal(measure, where, operator, operand):
            filtered = {} if where is None else {"where": encode_condition(where)}
            return {"lines": measure.value, **filtered, operator.value: _plain(operand)}
        case History():
            return _encode_history(condition)


def _encode_history(node: History) -> dict[str, Any]:
    plain: dict[str, Any] = {"history": node.measure.value}
    for name in ("event", "attribute", "wallet"):
        if (value := getattr(node, name)) is not None:
            plain[name] = value
    if node.where is not None:
        plain["where"] = encode_condition(node.where)
    if node.window != _EVER:
        plain["window"] = msgspec.to_builtins(node.window)
    return plain | {node.operator.value: _plain(node.operand)}


def _plain(operand: Operand) -> object:
    return list(operand) if isinstance(operand, tuple) else operand


class _Reader:
    """Reads one condition and counts its nodes."""

    def __init__(self) -> None:
        self.nodes = 0

    def node(self, plain: object, path: str, depth: int) -> Condition:
        self.nodes += 1
        if depth > MAX_DEPTH:
            raise ConditionError(path, "too_deep", f"a condition nests at most {MAX_DEPTH} levels")
        if self.nodes > MAX_NODES:
            raise ConditionError(path, "too_large", f"a condition has at most {MAX_NODES} parts")
        if not isinstance(plain, dict):
            raise ConditionError(
                path, "not_a_condition", "a condition is an object, such as {fact: ..., is: ...}"
            )
        if bad := [key for key in plain if not isinstance(key, str)]:
            raise ConditionError(path, "unknown_key", f"the key {bad[0]!r} must be a text; put it in quotes")
        kinds = [kind for kind in _KINDS if kind in plain]
        if len(kinds) != 1:
            given = " and ".join(kinds) or "none"
            raise ConditionError(
                path,
                "not_a_condition",
                f"a condition has exactly one of {', '.join(_KINDS)}; here is {given}",
            )
        return self._kind(kinds[0], plain, path, depth)

    def _kind(self, kind: str, plain: dict[str, Any], path: str, depth: int) -> Condition:
        if kind in ("all", "any"):
            _only(plain, path, kind)
            parts = self._list(plain[kind], join_path(path, kind), depth)
            return All(parts) if kind == "all" else AnyOf(parts)
        if kind == "not":
            _only(plain, path, kind)
            return Not(self.node(plain["not"], join_path(path, "not"), depth + 1))
        if kind == "fact":
            _only(plain, path, kind, operators=True)
            operator, operand = _comparison(plain, path)
            return Compare(_text(plain, "fact", path), operator, operand)
        return self._lines(plain, path, depth) if kind == "lines" else self._history(plain, path, depth)

    def _list(self, plain: object, path: str, depth: int) -> tuple[Condition, ...]:
        if not isinstance(plain, list | tuple):
            raise ConditionError(path, "not_a_list", "a list of conditions is expected here")
        return tuple(self.node(part, f"{path}[{i}]", depth + 1) for i, part in enumerate(plain))

    def _where(self, plain: dict[str, Any], path: str, depth: int) -> Condition | None:
        where = plain.get("where")
        return None if where is None else self.node(where, join_path(path, "where"), depth + 1)

    def _lines(self, plain: dict[str, Any], path: str, depth: int) -> Condition:
        name = _text(plain, "lines", path)
        where = self._where(plain, path, depth)
        if name in {measure.value for measure in LineMeasure}:
            _only(plain, path, "lines", "where", operators=True)
            return LinesTotal(LineMeasure(name), where, *_comparison(plain, path))
        if name not in {quantifier.value for quantifier in Quantifier}:
            choices = [*Quantifier, *LineMeasure]
            raise _unknown(
                join_path(path, "lines"), "unknown_quantifier", name, [str(one) for one in choices]
            )
        _only(plain, path, "lines", "where")
        if where is None:
            raise ConditionError(path, "where_missing", f"lines: {name} needs a where")
        return LinesMatch(Quantifier(name), where)

    def _history(self, plain: dict[str, Any], path: str, depth: int) -> Condition:
        _only(plain, path, "history", "where", "event", "attribute", "wallet", "window", operators=True)
        name = _text(plain, "history", path)
        measures = [measure.value for measure in Measure]
        if name not in measures:
            raise _unknown(join_path(path, "history"), "unknown_measure", name, measures)
        operator, operand = _comparison(plain, path)
        return History(
            measure=Measure(name),
            where=self._where(plain, path, depth),
            event=_optional_text(plain, "event", path),
            attribute=_optional_text(plain, "attribute", path),
            wallet=_optional_text(plain, "wallet", path),
            window=_window(plain.get("window"), join_path(path, "window")),
            operator=operator,
            operand=operand,
        )


def _unknown(path: str, code: str, name: str, choices: list[str]) -> ConditionError:
    close = get_close_matches(name, choices, 1)
    hint = f"; did you mean {close[0]}?" if close else f"; it is one of {', '.join(choices)}"
    return ConditionError(path, code, f"{name[:60]} is not known here{hint}")


def _only(plain: dict[str, Any], path: str, *keys: str, operators: bool = False) -> None:
    allowed = {*keys, *(_OPERATORS if operators else ())}
    for key in plain:
        if key not in allowed:
            raise _unknown(join_path(path, key[:60]), "unknown_key", key, sorted(allowed))


def _text(plain: dict[str, Any], key: str, path: str) -> str:
    value = plain[key]
    if not isinstance(value, str) or not 0 < len(value) <= MAX_TEXT:
        raise ConditionError(join_path(path, key), "not_a_text", f"{key} must be a text")
    return value


def _optional_text(plain: dict[str, Any], key: str, path: str) -> str | None:
    return None if plain.get(key) is None else _text(plain, key, path)


def _window(plain: object, path: str) -> HistoryWindow:
    if plain is None or plain == "ever":
        return _EVER
    if plain == "since_joining":
        return HistoryWindow(since_joining=True)
    try:
        window = msgspec.convert(plain, HistoryWindow)
    except msgspec.ValidationError as error:
        raise ConditionError(path, "bad_window", str(error)) from error
    chosen = [window.ever, window.since_joining, window.calendar is not None, window.last is not None]
    if sum(chosen) != 1:
        raise ConditionError(
            path, "bad_window", "a window has exactly one of ever, since_joining, calendar and last"
        )
    return window


def _comparison(plain: dict[str, Any], path: str) -> tuple[Operator, Operand]:
    given = [key for key in plain if key in _OPERATORS]
    if len(given) != 1:
        found = " and ".join(given) or "none"
        raise ConditionError(path, "operator", f"exactly one operator is needed; here is {found}")
    operator = _OPERATORS[given[0]]
    return operator, _operand(operator, plain[given[0]], join_path(path, given[0]))


def _operand(operator: Operator, plain: object, path: str) -> Operand:
    match operator:
        case Operator.IN | Operator.NOT_IN | Operator.BETWEEN:
            if not isinstance(plain, list | tuple):
                raise ConditionError(path, "not_a_list", f"{operator} needs a list of values")
            if operator is Operator.BETWEEN and len(plain) != 2:
                raise ConditionError(path, "between", "between needs a list of two values, both included")
            if not 0 < len(plain) <= MAX_OPERANDS:
                raise ConditionError(path, "list_length", f"a list here has 1 to {MAX_OPERANDS} values")
            return tuple(_scalar(value, f"{path}[{i}]") for i, value in enumerate(plain))
        case Operator.WITHIN:
            if not isinstance(plain, list | tuple) or len(plain) != 2:
                words = 'within needs a place and meters, such as ["52.520008,13.404954", 5000]'
                raise ConditionError(path, "within", words)
            return tuple(_scalar(value, f"{path}[{i}]") for i, value in enumerate(plain))
        case Operator.EXISTS:
            if not isinstance(plain, bool):
                raise ConditionError(path, "wrong_type", "exists is followed by true or false")
            return plain
        case _:
            return _scalar(plain, path)


def _scalar(plain: object, path: str) -> Scalar:
    if isinstance(plain, bool):
        return plain
    if isinstance(plain, int):
        if abs(plain) > MAX_INTEGER:
            raise ConditionError(path, "out_of_range", f"a number here is at most {MAX_INTEGER}")
        return plain
    if isinstance(plain, date) and not isinstance(plain, datetime):
        return plain.isoformat()  # YAML reads an unquoted date as one
    if isinstance(plain, str):
        if len(plain) > MAX_TEXT:
            raise ConditionError(path, "too_long", f"a text here has at most {MAX_TEXT} characters")
        return plain
    if isinstance(plain, float):
        raise ConditionError(path, "wrong_type", "a number here is whole; amounts are in minor units (cents)")
    if plain is None:
        raise ConditionError(path, "wrong_type", "to ask whether a value is missing, write exists: false")
    raise ConditionError(path, "wrong_type", "a text, a whole number, true or false is expected here")


def read_field(kind: type, plain: object) -> object:
    """Read a field typed ``Condition`` (a ``dec_hook`` of msgspec)."""
    if kind is not _CONDITION:
        raise NotImplementedError(f"{kind} has no reader")
    return plain if isinstance(plain, _CONDITION) else decode_condition(plain)


def write_field(value: Any) -> object:
    """Write a condition (an ``enc_hook`` of msgspec)."""
    if not isinstance(value, _CONDITION):
        raise NotImplementedError(f"{type(value)} has no writer")
    return encode_condition(value)


def field_schema(kind: type) -> dict[str, Any]:
    """Describe a condition in JSON Schema by a reference (a ``schema_hook`` of msgspec)."""
    if kind is not _CONDITION:
        raise NotImplementedError(f"{kind} has no schema")
    return {"$ref": "#/$defs/Condition"}


_CONDITION: Any = Condition
DEC_HOOK = read_field
ENC_HOOK = write_field
SCHEMA_HOOK = field_schema


def condition_schema() -> dict[str, Any]:
    """Return the JSON Schema of a condition; it refers to itself as ``#/$defs/Condition``."""
    this = {"$ref": "#/$defs/Condition"}
    scalar = {"type": ["string", "integer", "boolean"]}
    operators: dict[str, Any] = dict.fromkeys(_OPERATORS, scalar)
    many = {"type": "array", "items": scalar, "minItems": 1, "maxItems": MAX_OPERANDS}
    operators |= {"in": many, "not_in": many, "between": many | {"minItems": 2, "maxItems": 2}}
    operators |= {
        "exists": {"type": "boolean"},
        "starts_with": {"type": "string"},
        "matches": {"type": "string"},
        "within": many
        | {
            "minItems": 2,
            "maxItems": 2,
            "prefixItems": [{"type": "string"}, {"type": "integer"}],
            "items": False,
        },
    }
    one_operator = {"oneOf": [{"required": [name]} for name in _OPERATORS]}
    parts = {"type": "array", "items": this}
    text = {"type": "string", "minLength": 1, "maxLength": MAX_TEXT}

    def part(title: str, fields: dict[str, Any], *required: str, compared: bool = False) -> dict[str, Any]:
        shape = {"title": title, "type": "object", "required": list(required), "additionalProperties": False}
        if not compared:
            return shape | {"properties": fields}
        return shape | {"properties": fields | operators} | one_operator

    quantifiers = {"enum": [quantifier.value for quantifier in Quantifier]}
    line_measures = {"enum": [measure.value for measure in LineMeasure]}
    history = {
        "history": {"enum": [measure.value for measure in Measure]},
        "where": this,
        "window": _window_schema(),
    }
    names = {"event": text, "attribute": text, "wallet": text}
    return {
        "title": "Condition",
        "oneOf": [
            part("all", {"all": parts}, "all"),
            part("any", {"any": parts}, "any"),
            part("not", {"not": this}, "not"),
            part("fact", {"fact": text}, "fact", compared=True),
            part("lines match", {"lines": quantifiers, "where": this}, "lines", "where"),
            part("lines total", {"lines": line_measures, "where": this}, "lines", compared=True),
            part("history", history | names, "history", compared=True),
        ],
    }


def _window_schema() -> dict[str, Any]:
    (_, components) = msgspec.json.schema_components([HistoryWindow], ref_template="#/$defs/{name}")
    window = components["HistoryWindow"]
    span = components["Span"]
    properties = dict(window["properties"])
    properties["calendar"] = {"enum": [period.value for period in Period]}
    properties["last"] = span
    return {"anyOf": [{"enum": ["ever", "since_joining"]}, {**window, "properties": properties}]}
