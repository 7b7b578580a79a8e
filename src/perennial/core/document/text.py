"""Text to plain data, strictly: the first step of reading a program document, YAML or JSON.

Mappings become ``dict``, sequences ``list``, scalars ``str``, ``int``, ``bool`` or ``None`` by the core
rules of YAML 1.2: ``true`` and ``false`` are the only booleans (``no`` and ``off`` are text), and a
date stays text. A number with a fraction becomes :class:`DecimalText`, never a float. Refused are
duplicate keys, anchors, aliases, tags, several documents, NaN, and whatever is too large or deep.
A text whose first character is ``{`` is JSON; everything else is YAML.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import NoReturn

import yaml

from perennial.core.problems import Problem, join_path

MAX_BYTES = 1_048_576
MAX_DEPTH = 100
MAX_NODES = 60_000

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_DECIMAL = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_A_NUMBER = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_WORDS = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True,
    "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_LARGEST = 2**63 - 1

_Parser = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml where it is there; only its events are used, so nothing can be constructed."""


class DecimalText(str):
    """A number with a fraction, as it was written."""

    __slots__ = ()


class TextError(Exception):
    """The text cannot be read on; ``problem`` says why."""

    def __init__(self, path: str, code: str, words: str) -> None:
        super().__init__(words)
        self.problem = Problem(path, code, words)


def parse_text(text: str | bytes) -> tuple[object, list[Problem]]:
    """Return the data of a document, and what is wrong with it.

    The first problem that makes the rest unreadable ends the reading, and the data is then ``None``.
    """
    try:
        content = _decode(text)
        reader = _JsonReader(content) if content.lstrip().startswith("{") else _YamlReader(content)
        data = reader.read()
        _check_texts(data, "")
        return data, reader.problems
    except TextError as error:
        return None, [error.problem]


def reads_as_text(text: str) -> bool:
    """Return whether ``text``, unquoted in YAML, is read as the text that it is."""
    return text not in _WORDS and not _DECIMAL.fullmatch(text) and not _NOT_A_NUMBER.fullmatch(text)


def _decode(text: str | bytes) -> str:
    if len(text) > MAX_BYTES:
        raise TextError("", "too_large", f"the document is larger than {MAX_BYTES:,} bytes")
    try:
        content = text.decode("utf-8-sig") if isinstance(text, bytes) else text
        content.encode()
    except UnicodeError:
        raise TextError("", "not_utf8", "the document is not UTF-8 text") from None
    if "\0" in content:
        raise TextError("", "not_text", "the document contains a NUL character")
    return content


def _check_texts(data: object, path: str) -> None:
    """Refuse texts that no database and no other program could read again (escapes can make them)."""
    if isinstance(data, str):
        if "\0" in data or any("\ud800" <= sign <= "\udfff" for sign in data):
            raise TextError(path, "not_text", "the text contains a sign that is no character")
    elif isinstance(data, list):
        for index, item in enumerate(data):
            _check_texts(item, f"{path}[{index}]")
    elif isinstance(data, dict):
        for key, item in data.items():
            _check_texts(key, path)
            _check_texts(item, join_path(path, key))


def _integer(text: str, path: str) -> int:
    value = int(text) if len(text) <= 20 else _LARGEST + 1
    if abs(value) > _LARGEST:
        raise TextError(path, "out_of_range", f"the number {text[:24]} is too large")
    return value


class _YamlReader:
    """Builds plain data from the events of the parser, with the path of every node at hand."""

    def __init__(self, content: str) -> None:
        self.problems: list[Problem] = []
        self._events: Iterator[yaml.Event] = iter(yaml.parse(content, Loader=_Parser))
        self._nodes = 0

    def read(self) -> object:
        try:
            next(self._events)
            event = next(self._events)
            if isinstance(event, yaml.StreamEndEvent):
                return None
            value = self._node(next(self._events), "", 0)
            next(self._events)
            if not isinstance(next(self._events), yaml.StreamEndEvent):
                raise TextError("", "several_documents", "expected one document, found several")
            return value
        except yaml.YAMLError as error:
            raise TextError("", "syntax", _syntax_words(error)) from None

    def _node(self, event: yaml.Event, path: str, depth: int) -> object:
        self._nodes += 1
        if depth > MAX_DEPTH or self._nodes > MAX_NODES:
            raise TextError(
                path, "too_large", f"nested deeper than {MAX_DEPTH} or more than {MAX_NODES:,} values"
            )
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            self._refuse(event, path, "anchor", "anchors and aliases (& and *) are not allowed: write it out")
        if (tag := getattr(event, "tag", None)) is not None:
            self._refuse(event, path, "tag", f"the tag {tag} is not allowed")
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(path, depth)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(path, depth)
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event, path)
        raise TextError(path, "syntax", "a value is expected here")

    def _refuse(self, event: yaml.Event, path: str, code: str, words: str) -> NoReturn:
        raise TextError(path, code, f"{words} (line {_line(event)})")

    def _mapping(self, path: str, depth: int) -> dict[str, object]:
        found: dict[str, object] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                self._refuse(event, path, "syntax", "a key must be a plain word")
            if event.anchor is not None or event.tag is not None:
                self._refuse(event, path, "syntax", "a key must be a plain word, without anchor or tag")
            key = event.value
            here = join_path(path, key)
            value = self._node(next(self._events), here, depth + 1)
            if key in found:
                words = f'"{key}" is given twice (line {_line(event)})'
                self.problems.append(Problem(here, "duplicate_key", words))
            found[key] = value
        return found

    def _sequence(self, path: str, depth: int) -> list[object]:
        found: list[object] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            found.append(self._node(event, f"{path}[{len(found)}]", depth + 1))
        return found

    def _scalar(self, event: yaml.ScalarEvent, path: str) -> object:
        text: str = event.value
        if not event.implicit[0]:
            return text
        if text in _WORDS:
            return _WORDS[text]
        if _INTEGER.fullmatch(text):
            return _integer(text, path)
        if _NOT_A_NUMBER.fullmatch(text):
            self._refuse(event, path, "not_a_number", f"{text} is not a number that can be used")
        if _DECIMAL.fullmatch(text) and not text.lstrip("-+").isdigit():
            return DecimalText(text)
        return text


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark is not None else 0


def _syntax_words(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    words = str(getattr(error, "problem", None) or getattr(error, "reason", None) or "this is not YAML")
    return f"{words} (line {mark.line + 1}, column {mark.column + 1})" if mark else words


class _JsonReader:
    """Reads JSON with the same strictness."""

    def __init__(self, content: str) -> None:
        self.problems: list[Problem] = []
        self._content = content

    def read(self) -> object:
        self._bound()
        try:
            return json.loads(
                self._content,
                object_pairs_hook=self._mapping,
                parse_float=DecimalText,
                parse_int=lambda text: _integer(text, ""),
                parse_constant=self._constant,
            )
        except json.JSONDecodeError as error:
            words = f"{error.msg} (line {error.lineno}, column {error.colno})"
            raise TextError("", "syntax", words) from None

    def _bound(self) -> None:
        """Refuse what is too deep before the parser sees it; brackets inside of texts do not count."""
        depth = 0
        for match in re.finditer(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', self._content, re.DOTALL):
            depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(match[0], 0)
            if depth > MAX_DEPTH + 1:
                raise TextError("", "too_large", f"nested deeper than {MAX_DEPTH}")

    def _mapping(self, pairs: list[tuple[str, object]]) -> dict[str, object]:
        found = dict(pairs)
        if len(found) < len(pairs):
            keys = [key for key, _ in pairs]
            twice = next(key for key in keys if keys.count(key) > 1)
            raise TextError("", "duplicate_key", f'"{twice}" is given twice in one object')
        return found

    def _constant(self, text: str) -> NoReturn:
        raise TextError("", "not_a_number", f"{text} is not a number that can be used")
