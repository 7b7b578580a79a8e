"""An English sentence of the core, told again in another language.

Whatever decides says why in English, and some of that is stored. Here a sentence is recognized by its
pattern, what stands in its holes is told in turn, and both are put into the phrase of the language. A hole
says what may stand in it:

* ``{rule:id}`` a name, ``{fact:name}`` whatever somebody typed, ``{name:quoted}`` the same in quotation
  marks, ``{field:path}`` where it stands in a document: kept. ``{rule:called}`` an id, or a name in the
  quotation marks that the phrase has itself. ``{what:trigger}`` what triggers a rule, in quotation marks, or
  the name of an event; ``{code:refusal}`` why somebody does not get a reward.
* ``{n:number}``, ``{price:amount}``, ``{day:day}``, ``{at:instant}``, ``{span:span}``: as the language writes
  them.
* ``{tier:either}`` names between which there is an "or": kept, and listed. ``{given:names}`` names between
  commas, or that there is none.
* ``{step:step}`` a sentence that begins as the steps of a challenge do, with a number or a membership.
* ``{owner:part}`` a part of a program. ``{what:noun}`` its kind alone, ``{what:figure}`` what is counted,
  ``{first:asked}`` a question of a condition: listed as ``the wallet``, ``the figure balance``, ``the asked
  ...``, so that a name is never taken for one. ``{seen:gift}`` the kind or state of a gift.
* ``{condition:text}`` words that are in the language already; ``{told:parts}`` sentences between semicolons;
  ``{reason}`` a sentence.

What a language keeps of the words of documents stands between backticks in its phrases, which are left out
when it is told. What no pattern fits stays as it is: a name that somebody typed, or words that were put in
that language.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TypeVar, cast

import msgspec

from perennial.core.document.part_nouns import NOUNS
from perennial.core.labels import label_of
from perennial.core.language import Language

T = TypeVar("T")

TOLD = frozenset({"words", "message", "detail", "assumptions", "next_step"})
"""The fields of answers that hold a sentence of ours, or several."""

_HOLE = re.compile(r"\{(\w+)(?::(\w+))?\}")
_TITLED = "{title:name}: {what}"
_KEPT = re.compile("`([^`]+)`")
_NUMBER = r"-?\d[\d,]*(?:\.\d+)?"
_SHAPES = {
    "id": r"[^\s:;,()]+",
    "number": _NUMBER,
    "ordinal": r"\d+(?:st|nd|rd|th)",
    "day": r"\d{4}-\d\d-\d\d(?: \d\d:\d\d)?",
    "seconds": r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d",
    "instant": r"\d{4}-\d\d-\d\dT\S+",
    "weekday": "Mon|Tue|Wed|Thu|Fri|Sat|Sun",
    "span": r"\d+ [a-z]+(?: \d+ [a-z]+)*",
    "field": r"[a-z0-9 ]+",
    "quoted": r"'.*?'|\".*?\"",
    "called": r"[^\s:;,()]+|\".*?\"",
    "trigger": r"[^\s:;,()]+|\".*?\"",
    "refusal": r"[^\s:;,()]+|\".*?\"",
    "path": r"[$A-Za-z_][\w-]*(?:\.[\w:-]+|\[\d+\])*",
    "amount": rf"{_NUMBER}(?: [A-Z]{{3}})?",
    "figure": "[^:]+?",
    "noun": r"[^'\":][^:]*?",
    "step": rf"(?:{_NUMBER}|[Bb]e a member for) .+?",
    "part": rf"program|(?:{'|'.join(NOUNS)}) [^\s:;,()]+(?: \(.+?\))*",
    "nouns": f"(?:{'|'.join(NOUNS)})s(?: \\(.+?\\))*",
}
_ANYTHING = ".+"
_SEVERAL = re.compile(r" (?:people|are|were|[a-z]+s)\b(?: (?:are|were)\b)?")
_ONE = {"people": "(?:people|person)", "are": "(?:are|is)", "were": "(?:were|was)"}
_COUNTED = re.compile(r"(\d+) (year|month|week|day|hour|minute)s?")


class _Pattern:
    """A sentence with holes, and how it is said."""

    def __init__(self, source: str, said: str) -> None:
        self.kinds = {name: kind or "sentence" for name, kind in _HOLE.findall(source)}
        parts = _HOLE.split(source)
        shapes = [
            f"(?P<{name}>{_SHAPES.get(kind or '', _ANYTHING)})"
            for name, kind in zip(parts[1::3], parts[2::3], strict=True)
        ]
        kinds = [None, *parts[2::3]]
        around = [
            _behind_number(part) if kind == "number" else re.escape(part)
            for part, kind in zip(parts[::3], kinds, strict=True)
        ]
        several = _SEVERAL.match(parts[-1]) if kinds[-1] == "number" else None
        self._ends = parts[0], parts[-1] if several is None else parts[-1][several.end() :]
        self.shape = re.compile(around[0] + "".join(map("".join, zip(shapes, around[1:], strict=True))))
        self.said = said

    def find(self, text: str) -> re.Match[str] | None:
        """Return what stands in the holes; most texts are told apart by how they begin and end."""
        begins, ends = self._ends
        return self.shape.fullmatch(text) if text.startswith(begins) and text.endswith(ends) else None


def _behind_number(part: str) -> str:
    """Return what fits behind a number: what stands there for several, and the same for one."""
    found = _SEVERAL.match(part)
    if found is None:
        return re.escape(part)
    words = (_ONE.get(word) or re.escape(word) + "?" for word in found[0].split())
    return " " + " ".join(words) + re.escape(part[found.end() :])


_PATTERNS: dict[tuple[str, str], tuple[_Pattern, ...]] = {}
"""What may fit a text, by the language and the letter with which the text begins."""


def retell(text: str, language: Language) -> str:
    """Return a sentence that the core said in English in ``language``; what is not known, as it is."""
    told = _told(text, language)
    return _titled(text, language) if told is None else told


def _told(text: str, language: Language) -> str | None:
    whole = language.sentences.get(text)
    if whole is not None:
        return _with_kept(whole, language)
    for pattern in _patterns_of(language, text[:1]):
        found = pattern.find(text)
        if found is not None:
            given = {name: _SAY[kind](found[name], language) for name, kind in pattern.kinds.items()}
            return language.phrase(_with_kept(pattern.said, language), **given)
    return None


def _titled(text: str, language: Language) -> str:
    """Tell a sentence behind a name of any kind: of a field, a test case, a customer."""
    title, _, what = text.partition(": ")
    told = retell(what, language) if what and _TITLED in language.sentences else what
    if told == what:
        return text
    return language.phrase(language.sentences[_TITLED], title=isolated(title, language), what=told)


def retell_words(said: T, language: Language) -> T:
    """Return a struct, or what it consists of, in which what :data:`TOLD` names is told in ``language``."""
    if language.code == "en":
        return said
    if isinstance(said, tuple):
        return cast(T, tuple(retell_words(each, language) for each in said))
    if not isinstance(said, msgspec.Struct):
        return said
    fields = {name: getattr(said, name) for name in said.__struct_fields__}
    told = {name: _value_told(name, value, language) for name, value in fields.items()}
    return cast(T, msgspec.structs.replace(said, **told))


def retell_details(details: Mapping[str, T], language: Language) -> dict[str, T]:
    """Return the numbers behind a refusal, in which the ``limit`` that is met is told in ``language``."""
    told = dict(details)
    limit = told.get("limit")
    if isinstance(limit, str):
        told["limit"] = cast(T, retell(limit, language))
    return told


def _value_told(name: str, value: object, language: Language) -> object:
    if name == "details" and isinstance(value, dict):
        return retell_details(value, language)
    if name in TOLD and isinstance(value, str):
        return retell(value, language)
    if name in TOLD and isinstance(value, tuple) and all(isinstance(each, str) for each in value):
        return tuple(retell(each, language) for each in value)
    return retell_words(value, language)


def _patterns_of(language: Language, letter: str) -> tuple[_Pattern, ...]:
    letter = letter if letter.isascii() and letter.isalpha() else ""
    known = _PATTERNS.get((language.code, letter))
    if known is None:
        known = _PATTERNS[language.code, letter] = tuple(
            _Pattern(source, said)
            for source, said in language.sentences.items()
            if _HOLE.search(source) and source != _TITLED and source[0] in {"{", letter or source[0]}
        )
    return known


def _sentence(text: str, language: Language) -> str:
    """Tell a sentence inside of another one, where it stands without its full stop."""
    told = _told(text, language)
    if told is not None:
        return told
    whole = _told(f"{text}.", language)
    return _titled(text, language) if whole is None else whole.rstrip(".。")


def isolated(text: str, language: Language) -> str:
    """Keep a name; from right to left it stands by itself, so that the digits behind it stay behind it."""
    return f"\u2068{text}\u2069" if language.right_to_left else text


def _with_kept(said: str, language: Language) -> str:
    """Return a phrase in which the words of documents stand by themselves."""
    if "`" not in said:
        return said
    return _KEPT.sub(lambda kept: isolated(kept[1], language), said)


def _quoted(text: str, language: Language) -> str:
    return language.quoted(isolated(text[1:-1], language))


def _called(text: str, language: Language) -> str:
    return isolated(text.strip('"'), language)


def _labeled(field: str) -> Callable[[str, Language], str]:
    """Tell a code by the label that it has in English, in quotation marks; without one it stays."""

    def say(text: str, language: Language) -> str:
        label = label_of(text.strip('"'), field, language.code)
        return isolated(text, language) if label is None else language.quoted(label)

    return say


def _noun(text: str, language: Language) -> str:
    told = retell(f"the {text}", language)
    return _sentence(text, language) if told == f"the {text}" else told


def _listed(kind: str) -> Callable[[str, Language], str]:
    """Tell what the languages list behind ``the`` and its kind, and is a name otherwise."""

    def say(text: str, language: Language) -> str:
        told = retell(f"the {kind} {text}", language)
        return isolated(text, language) if told == f"the {kind} {text}" else told

    return say


def _amount(text: str, language: Language) -> str:
    number, _, currency = text.partition(" ")
    amount = _number(number, language)
    return language.money.format(amount=amount, currency=currency) if currency else amount


def _as_it_is(text: str, _language: Language) -> str:
    return text


def _number(text: str, language: Language) -> str:
    whole, _, part = text.replace(",", "").partition(".")
    return language.number(int(whole + part), len(part))


def _ordinal(text: str, language: Language) -> str:
    return language.number(int(text[:-2]))


def _day(text: str, language: Language) -> str:
    day, _, time = text.partition(" ")
    return language.day_and_time(day, time) if time else language.day(day)


def _instant(text: str, language: Language) -> str:
    return language.moment(text)


def _weekday(text: str, language: Language) -> str:
    return language.values[f"now.weekday={text.lower()}"]


def _span(text: str, language: Language) -> str:
    said = [
        language.phrase(language.spans[f"{unit}s"][count != "1"], n=language.number(int(count)))
        for count, unit in _COUNTED.findall(text)
    ]
    return language.span_separator.join(said) or text


def _part(text: str, language: Language) -> str:
    """Tell a part of a program, and in brackets the part that it stands in."""
    part, _, owner = text.partition(" (")
    told = retell(part, language)
    return f"{told} ({_part(owner[:-1], language)})" if owner else told


def _value(text: str, language: Language) -> str:
    return language.time(text) if re.fullmatch(_NUMBER, text) else text


def _each(between: str) -> Callable[[str, Language], str]:
    def say(text: str, language: Language) -> str:
        told = [retell(part, language) for part in text.split(between)]
        return (language.semicolon if between == "; " else language.separator).join(told)

    return say


def _names_or_none(text: str, language: Language) -> str:
    """Tell that there is nothing; else names, one after the other."""
    return language.sentences.get(text) or _names(", ")(text, language)


def _given(text: str, language: Language) -> str:
    """Tell a kind of gift, or where one stands, or that there is none."""
    return language.sentences.get(text) or _listed("gift")(text, language)


def _names(between: str) -> Callable[[str, Language], str]:
    def say(text: str, language: Language) -> str:
        return language.separator.join(isolated(name, language) for name in text.split(between))

    return say


_SAY: dict[str, Callable[[str, Language], str]] = {
    "id": isolated,
    "quoted": _quoted,
    "called": _called,
    "trigger": _labeled("trigger"),
    "refusal": _labeled("refusal"),
    "path": isolated,
    "noun": _noun,
    "figure": _listed("figure"),
    "asked": _listed("asked"),
    "gift": _given,
    "amount": _amount,
    "name": isolated,
    "text": _as_it_is,
    "number": _number,
    "ordinal": _ordinal,
    "day": _day,
    "seconds": _day,
    "instant": _instant,
    "weekday": _weekday,
    "field": isolated,
    "part": _part,
    "nouns": _part,
    "span": _span,
    "value": _value,
    "sentence": _sentence,
    "step": _sentence,
    "either": _names(" or "),
    "names": _names_or_none,
    "list": _each(", "),
    "sums": _each(" and "),
    "parts": _each("; "),
}
