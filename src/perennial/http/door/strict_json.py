"""Strict JSON: what two parsers could read in two ways is refused, and every refusal says where.

Refused are NaN and Infinity, fractions and exponents, integers of more than 19 digits, duplicate
keys, anything but UTF-8, lone surrogates, control characters, too much depth and too many elements.
Text comes out in Unicode normal form C.

A body is read twice by a parser in C, once as its type and once as a plain tree whose strings are
counted: a duplicate key is a string that got lost. What that cannot vouch for (a backslash, letters
beyond ASCII, any error) takes the exact way, which also finds the words for what is wrong.
"""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any, Generic, TypeVar

import msgspec

from perennial.flows.answers import FieldProblem
from perennial.flows.problems import ProblemError
from perennial.http.door.problems import bad_fields

MAX_DEPTH = 32
MAX_ELEMENTS = 1_000
MAX_DIGITS = 19
MAX_PROBLEMS = 20

FREE_TEXT = frozenset({"reason", "note", "document", "actor", "source"})
"""Fields that hold prose: line breaks and marks of direction are welcome there, as in attributes."""

T = TypeVar("T")

_decode_tree = msgspec.json.Decoder().decode
_encode_tree = msgspec.json.Encoder().encode

_BAD_ANYWHERE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_BAD_IN_NAMES = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_SUSPICIOUS = re.compile("[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,62}\Z")
_NESTING = re.compile(r'"(?:[^"\\]|\\.)*"?|[\[\]{},]', re.DOTALL)


class Reader(Generic[T]):
    """Reads bodies of one type, strictly."""

    def __init__(self, type_: type[T]) -> None:
        self.type = type_
        self._decode = msgspec.json.Decoder(type_).decode

    def read(self, body: bytes) -> T:
        """Return ``body`` as the reader's type, or raise a problem (400: not our JSON; 422: wrong values)."""
        # Without a backslash every quote begins or ends a string, so that a body and its tree have
        # equally many quotes unless a key was dropped.
        if b"\\" not in body and _is_plain(body):
            try:
                value = self._decode(body)
                if body.count(b'"') == _encode_tree(_decode_tree(body)).count(b'"'):
                    return value
            except (msgspec.MsgspecError, RecursionError, ValueError):
                pass
        return convert(read_tree(body), self.type)


def _is_plain(body: bytes) -> bool:
    """Whether no text in ``body`` needs to be normalized or refused (JSON refuses U+0000 to U+001F)."""
    if body.isascii():
        return b"\x7f" not in body
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return False
    return unicodedata.is_normalized("NFC", text) and _SUSPICIOUS.search(text) is None


def read_tree(body: bytes) -> object:
    """Return ``body`` as dicts, lists, text, integers, booleans and None, or raise."""
    tree = _parse(body)
    problems: list[FieldProblem] = []
    cleaned = _clean(tree, "$", 0, False, problems)
    if problems:
        raise bad_fields(400, *problems[:MAX_PROBLEMS])
    return cleaned


def convert(tree: object, type_: type[T]) -> T:
    """Return a clean tree as ``type_``; the problem of a value that does not fit names its field."""
    try:
        return msgspec.convert(tree, type_)
    except msgspec.ValidationError as error:
        raise bad_fields(422, _explain(str(error), tree, type_)) from None


class _Refused(msgspec.Struct, frozen=True):
    """Stands in a tree for a value that was refused, until the walk knows its path."""

    code: str
    message: str


def _parse(body: bytes) -> object:
    if body.startswith(b"\xef\xbb\xbf"):
        raise _malformed("byte_order_mark", "the body begins with a byte order mark; send plain UTF-8")
    text = body.decode("utf-8", "surrogateescape")
    try:
        return json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_fraction,
            parse_constant=_constant,
        )
    except json.JSONDecodeError as error:
        words = f"{error.msg} at line {error.lineno}, column {error.colno}"
        raise _malformed("malformed_json", f"the body is not JSON: {words}") from None
    except RecursionError:
        raise bad_fields(400, _too_deep(_path_of_depth(text))) from None


def _malformed(code: str, message: str) -> ProblemError:
    return bad_fields(400, FieldProblem(path="$", code=code, message=message))


def _too_deep(path: str) -> FieldProblem:
    return FieldProblem(path=path, code="too_deep", message=f"nested deeper than {MAX_DEPTH} levels")


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                found[key] = _Refused("duplicate_key", "the key is given more than once")
            seen.add(key)
    return found


def _integer(digits: str) -> object:
    if len(digits.lstrip("-")) > MAX_DIGITS:
        return _Refused("number_too_long", f"a number has at most {MAX_DIGITS} digits")
    return int(digits)


def _fraction(_: str) -> object:
    return _Refused("not_an_integer", "numbers are whole, without a fraction or an exponent")


def _constant(name: str) -> object:
    return _Refused("not_a_number", f"{name} is not JSON")


def _clean(node: object, path: str, depth: int, prose: bool, problems: list[FieldProblem]) -> object:
    """Return ``node`` with its text normalized; note at which path it breaks a rule."""
    if isinstance(node, str):
        return _clean_text(node, path, prose, problems)
    if isinstance(node, (dict, list)):
        if depth >= MAX_DEPTH:
            problems.append(_too_deep(path))
            return None
        if len(node) > MAX_ELEMENTS:
            message = f"has {len(node)} elements; {MAX_ELEMENTS} are allowed"
            problems.append(FieldProblem(path=path, code="too_many_elements", message=message))
            return None
        if isinstance(node, list):
            return [
                _clean(value, f"{path}[{index}]", depth + 1, prose, problems)
                for index, value in enumerate(node)
            ]
        return _clean_object(node, path, depth, prose, problems)
    if isinstance(node, _Refused):
        problems.append(FieldProblem(path=path, code=node.code, message=node.message))
        return None
    return node


def _clean_object(
    node: dict[str, object], path: str, depth: int, prose: bool, problems: list[FieldProblem]
) -> dict[str, object]:
    cleaned: dict[str, object] = {}
    for key, value in node.items():
        below = join(path, key)
        name = _clean_text(key, below, False, problems)
        if name in cleaned:
            message = "the key is given more than once, in two ways of writing it"
            problems.append(FieldProblem(path=below, code="duplicate_key", message=message))
        cleaned[name] = _clean(
            value, below, depth + 1, prose or key in FREE_TEXT or key == "attributes", problems
        )
    return cleaned


def _clean_text(text: str, path: str, prose: bool, problems: list[FieldProblem]) -> str:
    found = (_BAD_ANYWHERE if prose else _BAD_IN_NAMES).search(text)
    if found is None:
        return text if text.isascii() else unicodedata.normalize("NFC", text)
    point = ord(found[0])
    if 0xDC80 <= point <= 0xDCFF:
        code, words = "not_utf8", "is not UTF-8"
    elif 0xD800 <= point <= 0xDFFF:
        code, words = "lone_surrogate", "holds half of a surrogate pair"
    else:
        code, words = "control_character", f"holds the control character U+{point:04X}"
    problems.append(FieldProblem(path=path, code=code, message=f"the text {words}"))
    return ""


def join(path: str, key: str) -> str:
    """Return the path of ``key`` below ``path``."""
    if _PLAIN_KEY.match(key):
        return f"{path}.{key}"
    return f"{path}[{json.dumps(key[:60])}]"


def _path_of_depth(text: str) -> str:
    """Return the path of the first element that lies too deep, in a text too deep to be parsed."""
    path = "$"
    above: list[tuple[str, str, int]] = []
    opened, key, index = "", "", 0
    for token in _NESTING.finditer(text):
        found = token[0]
        if found[0] == '"':
            key = found[1:-1]
        elif found == ",":
            index += 1
        elif found in "[{":
            below = path
            if opened:
                below = join(path, key) if opened == "{" else f"{path}[{index}]"
            if len(above) == MAX_DEPTH:
                return below
            above.append((path, opened, index))
            path, opened, index = below, found, 0
        elif above:
            path, opened, index = above.pop()
    return path


_AT = re.compile(r"^(?P<words>.*?)(?: - at (?P<key>`key` in )?`(?P<path>\$[^`]*)`)?$", re.DOTALL)
_FIELD = re.compile(r"^Object (?P<what>contains unknown|missing required) field `(?P<name>.*)`$", re.DOTALL)
_CODES = (
    ("Invalid enum value", "not_allowed"),
    ("Invalid value", "not_allowed"),
    ("matching regex", "invalid_format"),
    ("of length <=", "too_long"),
    ("of length >=", "too_short"),
    (" <= ", "out_of_range"),
    (" >= ", "out_of_range"),
    (" < ", "out_of_range"),
    (" > ", "out_of_range"),
    ("got `", "wrong_type"),
)


def _explain(error: str, tree: object, type_: type[Any]) -> FieldProblem:
    """Turn the words of msgspec into a path, a code and our words."""
    found = _AT.match(error)
    assert found is not None, "the pattern matches any text"
    words, path = found["words"], found["path"] or "$"
    if "[...]" in path:
        path = _resolve(path, tree, type_)
    if field := _FIELD.match(words):
        unknown = field["what"] == "contains unknown"
        return FieldProblem(
            path=join(path, field["name"]),
            code="unknown_field" if unknown else "required",
            message="there is no such field" if unknown else "the field is required",
        )
    code = next((code for text, code in _CODES if text in words), "invalid")
    message = words[:1].lower() + words[1:].replace("`", "")
    return FieldProblem(path=path, code=code, message=message[:300])


def _resolve(path: str, tree: object, type_: type[Any]) -> str:
    """Name the key behind ``[...]``, which msgspec does not, by trying the keys one at a time."""
    prefix, _, rest = path.partition("[...]")
    steps = [step for step in re.split(r"[.\[\]]+", prefix[1:]) if step]
    container = _at(tree, steps)
    for key, value in container.items() if isinstance(container, dict) else ():
        try:
            msgspec.convert(_replaced(tree, steps, {key: value}), type_)
        except msgspec.ValidationError as error:
            if path in str(error):
                return join(prefix, key) + rest
    return prefix


def _at(tree: Any, steps: list[str]) -> object:
    for step in steps:
        tree = tree[int(step)] if isinstance(tree, list) else tree[step]
    return tree


def _replaced(tree: Any, steps: list[str], leaf: object) -> object:
    if not steps:
        return leaf
    copy = tree.copy()
    step = int(steps[0]) if isinstance(tree, list) else steps[0]
    copy[step] = _replaced(tree[step], steps[1:], leaf)
    return copy
