"""An English sentence of the core, told again in another language.

Whatever decides says why in English, and some of that is stored. Here a sentence is recognized by its
pattern, what stands in its holes is told in turn, and both are put into the phrase of the language. A hole
says what may stand in it:

``{rule:id}`` a name, kept · ``{n:number}`` · ``{day:day}`` a date · ``{at:instant}`` · ``{span:span}``
· ``{condition:text}`` kept · ``{owner:part}`` a part of a program · ``{told:parts}`` sentences between
semicolons · ``{reason}`` a sentence.

What no pattern fits stays as it is: a name that somebody typed, or words that were put in that language.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from perennial.core.language import Language
from perennial.core.program_diff import NOUNS

_HOLE = re.compile(r"\{(\w+)(?::(\w+))?\}")
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
    "part": rf"program|(?:{'|'.join(NOUNS)}) [^\s:;,()]+(?: \(.+?\))*",
    "nouns": f"(?:{'|'.join(NOUNS)})s(?: \\(.+?\\))*",
}
_ANYTHING = ".+"
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
        around = [re.escape(part) for part in parts[::3]]
        self.shape = re.compile(around[0] + "".join(map("".join, zip(shapes, around[1:], strict=True))))
        self.said = said


_PATTERNS: dict[str, tuple[_Pattern, ...]] = {}


def retell(text: str, language: Language) -> str:
    """Return a sentence that the core said in English in ``language``; what is not known, as it is."""
    whole = language.sentences.get(text)
    if whole is not None:
        return whole
    for pattern in _patterns_of(language):
        found = pattern.shape.fullmatch(text)
        if found is not None:
            given = {name: _SAY[kind](found[name], language) for name, kind in pattern.kinds.items()}
            return language.phrase(pattern.said, **given)
    return text


def _patterns_of(language: Language) -> tuple[_Pattern, ...]:
    known = _PATTERNS.get(language.code)
    if known is None:
        pairs = language.sentences.items()
        known = _PATTERNS[language.code] = tuple(
            _Pattern(source, said) for source, said in pairs if _HOLE.search(source)
        )
    return known


def _sentence(text: str, language: Language) -> str:
    """Tell a sentence inside of another one, where it stands without its full stop."""
    told = retell(text, language)
    if told != text:
        return told
    whole = retell(f"{text}.", language)
    return text if whole == f"{text}." else whole.rstrip(".。")


def _name(text: str, language: Language) -> str:
    """Keep a name; from right to left it stands by itself, so that the digits behind it stay behind it."""
    return f"\u2068{text}\u2069" if language.right_to_left else text


def _as_it_is(text: str, _language: Language) -> str:
    return text


def _number(text: str, language: Language) -> str:
    whole, _, part = text.replace(",", "").partition(".")
    return language.number(int(whole + part), len(part))


def _ordinal(text: str, language: Language) -> str:
    return language.number(int(text[:-2]))


def _day(text: str, language: Language) -> str:
    day, _, time = text.partition(" ")
    return f"{language.day(day)} {language.time(time)}".rstrip()


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


def _changed(text: str, language: Language) -> str:
    """Tell a value of a program as it stands in the document, or as the span or the answer that it is."""
    return _span(text, language) if re.fullmatch(_SHAPES["span"], text) else retell(text, language)


def _value(text: str, language: Language) -> str:
    return language.time(text) if re.fullmatch(_NUMBER, text) else text


def _each(between: str) -> Callable[[str, Language], str]:
    def say(text: str, language: Language) -> str:
        told = [retell(part, language) for part in text.split(between)]
        return (language.semicolon if between == "; " else language.separator).join(told)

    return say


_SAY: dict[str, Callable[[str, Language], str]] = {
    "id": _name,
    "text": _as_it_is,
    "number": _number,
    "ordinal": _ordinal,
    "day": _day,
    "seconds": _day,
    "instant": _instant,
    "weekday": _weekday,
    "field": _name,
    "part": _part,
    "nouns": _part,
    "changed": _changed,
    "span": _span,
    "value": _value,
    "sentence": _sentence,
    "list": _each(", "),
    "sums": _each(" and "),
    "parts": _each("; "),
}
