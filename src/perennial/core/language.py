"""What a language needs so that conditions can be said in it: phrases, labels, numbers, dates.

A language is a file of ``core/languages/`` with one :class:`Language`. Phrases hold places such as
``{subject}``; where a clause stands before *and* or *or*, ``[final|before and|before or]`` chooses an ending.
What people have typed (names, values, labels of their own attributes) is put in as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from enum import IntEnum
from typing import TypeAlias

import msgspec

from perennial.core.currency import decimals
from perennial.units import Minor, datetime_of, parse_instant

_ENDING = re.compile(r"\[([^\[\]|]*)\|([^\[\]|]*)\|([^\[\]|]*)\]")


def gregorian(day: date) -> tuple[int, int, int]:
    """Return year, month and day."""
    return day.year, day.month, day.day


Calendar: TypeAlias = Callable[[date], tuple[int, int, int]]
"""Says in which year, month and day a date falls; months count from 1."""


class Form(IntEnum):
    """Where a clause stands: at the end, before another one that must hold too, or before an alternative."""

    FINAL = 0
    AND = 1
    OR = 2


class Language(msgspec.Struct, frozen=True, kw_only=True):
    """One language. Keys are the same in each; ``tests/core/test_languages.py`` demands every one.

    ``comparisons`` say a comparison of a ``{subject}``; ``flags`` say a fact that is true or false, as it
    is and as it is not; ``facts`` are the labels of facts (without an entry the fact's own one is taken),
    ``values`` the names of known values by ``fact=value``. ``measures`` and ``totals`` are pairs: without
    and with ``{where}``. ``sentences`` are what the core says by the pattern of the English sentence (see
    ``core/explaining/retelling.py``; English has none). ``spans`` are pairs as well: one, and several.
    ``quotes`` enclose a text, ``brackets`` a clause. ``word`` is the type of everything that is put into
    a phrase, for languages whose particles follow its sound. ``months`` are the names of the months of
    ``calendar``.
    """

    code: str
    name: str
    comparisons: Mapping[str, str]
    flags: Mapping[str, tuple[str, str]]
    quantifiers: Mapping[str, str]
    measures: Mapping[str, tuple[str, str]]
    totals: Mapping[str, tuple[str, str]]
    windows: Mapping[str, str]
    spans: Mapping[str, tuple[str, str]]
    date: str
    sentence: str
    negation: str
    both: str
    either: str
    always: str
    never: str
    facts: Mapping[str, str] = {}
    computed: Mapping[str, str] = {}
    computed_windows: Mapping[str, str] = {}
    values: Mapping[str, str] = {}
    sentences: Mapping[str, str] = {}
    months: tuple[str, ...] = ()
    calendar: Calendar = gregorian
    money: str = "{amount} {currency}"
    date_and_time: str = "{day}, {time}"
    separator: str = ", "
    span_separator: str = " "
    semicolon: str = "; "
    quotes: tuple[str, str] = ("\u201c", "\u201d")
    brackets: tuple[str, str] = ("(", ")")
    grouping: str = ","
    point: str = "."
    digits: str = "0123456789"
    kilometers: str = "{n} km"
    meters: str = "{n} m"
    right_to_left: bool = False
    capitals: bool = False
    word: type[str] = str

    def phrase(self, template: str, form: Form = Form.FINAL, /, **given: str) -> str:
        """Return a phrase with everything put in; what is put in is never read as a phrase."""
        chosen = _ENDING.sub(lambda found: found[form + 1], template)
        return chosen.format(**{name: self.word(text) for name, text in given.items()})

    def number(self, value: int, places: int = 0) -> str:
        """Return a whole number, or one in parts of ``places`` decimals, as people write it."""
        size = f"{abs(value):0{places + 1}d}"
        whole, part = (size[:-places], size[-places:]) if places else (size, "")
        grouped = f"{int(whole):,}".replace(",", self.grouping)
        said = grouped + (self.point + part if part else "")
        return ("-" if value < 0 else "") + said.translate(self._digits)

    def amount(self, value: Minor, currency: str) -> str:
        """Return an amount of money in minor units of ``currency``."""
        return self.money.format(amount=self.number(value, decimals(currency)), currency=currency)

    def day(self, text: str) -> str:
        """Return a date that is given as ``YYYY-MM-DD``; anything else as it is."""
        try:
            day = date.fromisoformat(text)
        except ValueError:
            return text
        year, number, day_of_month = self.calendar(day)
        month = self.months[number - 1] if self.months else str(number)
        said = self.date.format(day=day_of_month, month=month, year=year)
        return said.translate(self._digits)

    def moment(self, text: str) -> str:
        """Return an instant that is given in RFC 3339: date and time in UTC; anything else as it is."""
        try:
            at = datetime_of(parse_instant(text))
        except ValueError:
            return text
        return self.day_and_time(at.date().isoformat(), f"{at:%H:%M}") + " UTC"

    def day_and_time(self, day: str, time: str) -> str:
        """Return a date that is given as ``YYYY-MM-DD`` with a time of that day, given as ``HH:MM``."""
        return self.date_and_time.format(day=self.day(day), time=self.time(time))

    def time(self, text: str) -> str:
        """Return a time that is given as ``HH:MM``."""
        return text.translate(self._digits)

    def distance(self, meters: int) -> str:
        """Return a distance, in kilometers where that is a whole number."""
        if meters % 1_000 == 0:
            return self.kilometers.format(n=self.number(meters // 1_000))
        return self.meters.format(n=self.number(meters))

    def quoted(self, text: str) -> str:
        """Return a text in quotation marks."""
        return text.join(self.quotes)

    @property
    def _digits(self) -> dict[int, str]:
        return {ord(str(value)): digit for value, digit in enumerate(self.digits)}
