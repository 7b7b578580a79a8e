"""The values of a program document in people's words: names for ids, labels for codes, money as money."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import Enum
from string import ascii_lowercase
from typing import Any, get_args, get_type_hints

import msgspec

from perennial.core.conditions.words import Wording, clause, describe_span, describe_window
from perennial.core.dates.schedule import Span
from perennial.core.document.program import Program, messages_of, rewards_of
from perennial.core.explaining.retelling import isolated
from perennial.core.facts import fact_table
from perennial.core.labels import field_label, trigger_called, value_label
from perennial.core.language import Language
from perennial.core.terms.conditions import (
    All,
    AnyOf,
    Compare,
    History,
    HistoryWindow,
    LinesMatch,
    LinesTotal,
    Not,
)

CASE = "cases["
"""How the path of a test case begins."""

_CONDITIONS = (All, AnyOf, Not, Compare, LinesMatch, LinesTotal, History)
_HOLE = re.compile(r"\{(\w+):\w+\}")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_FIGURE = re.compile(r"\d{1,9}(?:\.\d{1,8})?")
_CODES = {"week_starts", "days", "activities", "cooldown_per"}
_KINDS = {
    "wallet": "wallets",
    "wallets": "wallets",
    "tier": "tiers",
    "tiers": "tiers",
    "reward": "rewards",
    "rewards": "rewards",
    "rules": "rules",
    "campaign": "campaigns",
    "campaigns": "campaigns",
    "messages": "messages",
    "challenge": "challenges",
    "segment": "segments",
}
"""Whose ids the texts of a field are."""


class Place(msgspec.Struct, frozen=True):
    """Where a value stands: the parts around it, outermost first, its field, and the type it has there."""

    around: tuple[Any, ...] = ()
    field: str = ""
    hint: Any = None
    key: str = ""

    def inside(self, part: msgspec.Struct, field: str, hint: Any) -> Place:
        """Return the place of a field of ``part``."""
        return Place((*self.around, part), field, hint)

    def keyed(self, key: str, hint: Any) -> Place:
        """Return the place of what a mapping has under ``key``."""
        return Place(self.around, self.field, hint, key)


class Values:
    """Says what stands in two programs, one of which became the other, in a language."""

    def __init__(self, old: Program, new: Program, language: Language, segments: Mapping[str, str]) -> None:
        self.language = language
        self.program = new
        self.names: dict[str, dict[str, str]] = {"segments": dict(segments)}
        for program in (old, new):
            for kind, parts in _named(program):
                self.names.setdefault(kind, {}).update({each.id: each.name for each in parts if each.name})
        self.facts = fact_table(new)
        self.wording = Wording(language, self.facts, segments=segments)

    def say(self, pattern: str, **given: str) -> str:
        """Return a sentence in the language, by the pattern that it has in English."""
        return self.language.phrase(
            _HOLE.sub(r"{\1}", self.language.sentences.get(pattern, pattern)), **given
        )

    def part(self, noun: str, name: str) -> str:
        """Return what people call a part: its noun and its name, in quotation marks."""
        pattern = f"{noun} {{id:called}}"
        said = self.language.sentences.get(pattern, pattern)
        has_marks = self.language.quotes[0] in said
        return self.say(pattern, id=isolated(name, self.language) if has_marks else self.called(name))

    def called(self, name: str) -> str:
        """Return a name in quotation marks."""
        return self.language.quoted(isolated(name, self.language))

    def way(self, labels: tuple[str, ...]) -> str:
        """Return the labels of fields, each inside of the one before; in quotation marks but in English."""
        way = " \u203a ".join(labels)
        return way if self.language.capitals else self.language.quoted(way)

    def label(self, part: msgspec.Struct, field: str) -> str:
        """Return what the form calls a field of ``part``, as inside of a sentence."""
        return self._inside(field_label(field, type(part).__name__, self.language.code))

    def behind(self, words: str, more: str) -> str:
        """Return words with more of them in brackets behind."""
        opening, closing = self.language.brackets
        return f"{words}{' ' if opening.isascii() else ''}{opening}{more}{closing}"

    def key(self, place: Place, key: str) -> str:
        """Return what the entries of a mapping are called: by the name of what their key means."""
        name = self.names.get(_KINDS.get(place.field, ""), {}).get(key)
        return self.called(name) if name else isolated(key, self.language)

    def alone(self, value: Any, place: Place) -> str | None:
        """Return a value in words as :meth:`value` does, without brackets around all of it."""
        said = self.value(value, place)
        opening, closing = self.language.brackets
        has_brackets = isinstance(value, (*_CONDITIONS, msgspec.Struct)) and _kind(value) is None
        if said is None or not has_brackets:
            return said
        return said.removeprefix(opening).removesuffix(closing)

    def value(self, value: Any, place: Place) -> str | None:
        """Return a value in words, clauses in brackets; None where there is nothing."""
        language = self.language
        if value is None or value in ((), {}):
            return None
        if isinstance(value, bool):
            return self.say("yes" if value else "no")
        if isinstance(value, _CONDITIONS):
            trigger = next((each.trigger for each in place.around if hasattr(each, "trigger")), None)
            wording = msgspec.structs.replace(self.wording, event=trigger)
            return clause(value, wording).join(language.brackets)
        if isinstance(value, Span):
            return describe_span(value, language)
        if isinstance(value, HistoryWindow):
            return describe_window(value, language)
        if isinstance(value, Enum):
            return self._code(str(value.value), place)
        if isinstance(value, int):
            return self._number(value, place)
        if isinstance(value, str):
            return self._text(value, place)
        if isinstance(value, msgspec.Struct):
            return self._struct(value, place)
        if isinstance(value, dict):
            inner = (get_args(place.hint)[1:] or (Any,))[0]
            return language.separator.join(
                self._titled(self.key(place, key), self._each(each, place.keyed(key, inner)))
                for key, each in value.items()
            )
        return language.separator.join(self._each(each, place) for each in value)

    def _each(self, value: Any, place: Place) -> str:
        return self.value(value, place) or self.say("nothing")

    def _struct(self, part: msgspec.Struct, place: Place) -> str:
        """Say a whole part: its kind, and in brackets what of it differs from the default."""
        hints = get_type_hints(type(part), include_extras=True)
        given = []
        for field in msgspec.structs.fields(part):
            value, name = getattr(part, field.name), field.encode_name
            said = self.value(value, place.inside(part, name, hints[field.name]))
            if said is not None and value != field.default:
                given.append(self._titled(self.label(part, name), said))
        tag, inside = _kind(part), self.language.separator.join(given)
        if tag is None:
            return inside.join(self.language.brackets) if given else self.say("nothing")
        kind = self._code(tag, place)
        return self.behind(kind, inside) if given else kind

    def _code(self, code: str, place: Place) -> str:
        return self._inside(value_label(code, place.field, self.language.code))

    def _titled(self, title: str, what: str) -> str:
        return self.say("{title:name}: {what}", title=title, what=what)

    def _inside(self, label: str) -> str:
        is_word = self.language.capitals and label[1:2] in {" ", *ascii_lowercase}
        return label[0].lower() + label[1:] if is_word else label

    def _number(self, value: int, place: Place) -> str:
        if _is_money(place):
            return self.language.amount(value, self.program.currency)
        if _marks(place.hint).get("x-points"):
            return self.language.number(value, self._decimals(place))
        return self.language.number(value)

    def _decimals(self, place: Place) -> int:
        """Return those of the wallet whose points stand there."""
        wallets = {each.id: each for each in self.program.wallets}
        for part in reversed(place.around):
            if hasattr(part, "decimals"):
                return int(part.decimals)
            if getattr(part, "wallet", None) in wallets:
                return wallets[part.wallet].decimals
        return next((each.decimals for each in self.program.wallets), 0)

    def _text(self, text: str, place: Place) -> str:
        kind = _KINDS.get(place.field)
        if kind is not None:
            return self.called(self.names.get(kind, {}).get(text, text))
        if place.field == "trigger":
            known = trigger_called(text) != text
            return self.called(value_label(text, "trigger", self.language.code) if known else text)
        if place.field in _CODES:
            return self._code(text, place)
        if _DAY.fullmatch(text):
            return self.language.day(text)
        if _FIGURE.fullmatch(text):
            whole, _, part = text.partition(".")
            return self.language.number(int(whole + part), len(part))
        return self.called(text)


def _named(program: Program) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Yield the parts of a program that have names, by what they are."""
    campaigns = program.campaigns
    yield "wallets", program.wallets
    yield "rules", (*program.earning_rules, *(rule for each in campaigns for rule in each.earning_rules))
    yield "rewards", tuple(rewards_of(program))
    yield "messages", tuple(messages_of(program))
    yield "campaigns", campaigns
    yield "challenges", program.challenges
    yield "tiers", () if program.tiers is None else program.tiers.levels


def _kind(part: Any) -> str | None:
    """Return the kind that a part of a family has in the document."""
    tag = part.__struct_config__.tag if isinstance(part, msgspec.Struct) else None
    return tag if isinstance(tag, str) else None


def _is_money(place: Place) -> bool:
    marks = _marks(place.hint)
    if marks.get("x-money"):
        return True
    asked = marks.get("x-money-if")
    if asked is None:
        return False
    parts = [*place.around]
    if "list" in asked:
        lists = (getattr(part, asked["list"], ()) for part in parts)
        parts = [each for among in lists for each in among if each.id == place.key]
    found = [getattr(part, asked["field"]) for part in reversed(parts) if hasattr(part, asked["field"])]
    return bool(found) and found[0] in asked["in"]


def _marks(hint: Any) -> dict[str, Any]:
    """Return what a type says of its numbers in its schema."""
    marks: dict[str, Any] = {}
    for meta in getattr(hint, "__metadata__", ()):
        marks |= getattr(meta, "extra_json_schema", None) or {}
    for inner in get_args(hint) if not marks else ():
        marks = marks or _marks(inner)
    return marks
