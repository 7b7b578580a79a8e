"""The codes of a reward: how they look, how often and how long each may be used, how strong they are.

A code is a number written in the letters of its pattern: whoever makes one draws the number.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from perennial.core.codes.check_character import check_digit, is_sound
from perennial.core.codes.entry import code_form, entered_forms
from perennial.core.dates.schedule import Span

MAX_USES = 1_000_000_000
MAX_LENGTH = 100
RANDOM = "#"
"""What stands in a pattern for a random character."""

DEFAULT_PATTERN = "####-####-####-###"
"""The pattern of codes where none is given: easy to read aloud, and too many to guess."""

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Letters and digits without those that look most alike (0 and O; 1, I and L)."""

LAST = 4
"""So many characters of a code may be shown to people who are not to use it."""

SharedCode = Annotated[
    str, Meta(min_length=1, max_length=MAX_LENGTH, description="a code that everybody enters")
]
Pattern = Annotated[
    str, Meta(min_length=1, max_length=MAX_LENGTH, description='a pattern such as "SUMMER-########"')
]
Uses = Annotated[int, Meta(ge=1, le=MAX_USES)]


class Codes(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """One ``shared`` code for everybody, or codes of their own, made by the ``pattern`` or imported.

    Each ``#`` of a pattern becomes a random character of ``alphabet``; with ``check`` a character is
    added behind the last of them, by which a typing error is told from a guess. A shared code may be
    used ``uses`` times in all (null: without end), every other one ``uses`` times (null: once), for
    ``valid_for`` a span after it was issued, to the end of that local day. A ``bound`` code is only
    for the member whom it was given to.
    """

    shared: SharedCode | None = None
    pattern: Pattern | None = None
    alphabet: Annotated[str, Meta(min_length=2, max_length=64)] = ALPHABET
    check: bool = True
    uses: Uses | None = None
    valid_for: Span | None = None
    bound: bool = False

    @property
    def uses_of_each(self) -> int:
        """How often a code may be used that is not shared."""
        return 1 if self.uses is None else self.uses


class IssuedCode(msgspec.Struct, frozen=True):
    """A code as it is given to somebody: ``text`` is what they enter, and is stored ``sealed`` only.

    ``code_hash`` is the key under which it is found.
    """

    text: str
    code_hash: UUID
    sealed: bytes

    @property
    def last4(self) -> str:
        """What people see who are not to use it."""
        return last4(self.text)


def last4(text: str) -> str:
    """Return the last characters of a code, of a short one no more than half."""
    return text[-min(LAST, len(text) // 2) :] if len(text) > 1 else ""


class CodePattern:
    """The pattern of codes, taken apart once. Make one with :func:`pattern_of`."""

    def __init__(self, codes: Codes) -> None:
        self.alphabet = codes.alphabet
        self._size = len(codes.alphabet)
        self._check = codes.check
        *self._before, self._after = (codes.pattern or DEFAULT_PATTERN).split(RANDOM)
        self._places = [
            tuple((f"{literal}{letter}", self.form(f"{literal}{letter}")) for letter in self.alphabet)
            for literal in self._before
        ]
        self._checks = tuple((letter, self.form(letter)) for letter in self.alphabet)
        self._end = self._after, self.form(self._after)

    @property
    def random_characters(self) -> int:
        """How many characters of each code are random, the check character aside."""
        return len(self._before)

    @property
    def space(self) -> int:
        """How many different codes the pattern has."""
        return int(self._size**self.random_characters)

    @property
    def bits(self) -> int:
        """The strength of a code in whole bits, rounded down."""
        return self.space.bit_length() - 1

    def missing_for(self, bits: int) -> int:
        """Return how many more random characters the pattern needs to be worth ``bits`` bits."""
        more = 0
        while self.space * self._size**more < 1 << bits:
            more += 1
        return more

    def write(self, number: int) -> tuple[str, str]:
        """Return the code with this number, from 0 up to but not including ``space``, and its form."""
        text, form, digits = "", "", []
        for place in self._places:
            number, digit = divmod(number, self._size)
            digits.append(digit)
            letter = place[digit]
            text += letter[0]
            form += letter[1]
        if self._check and digits:
            letter = self._checks[check_digit(digits, self._size)]
            text += letter[0]
            form += letter[1]
        return text + self._end[0], form + self._end[1]

    def form(self, text: str) -> str:
        """Return the form under which a code of this pool is found."""
        return code_form(text, self.alphabet)

    def is_mistyped(self, entered: str) -> bool:
        """Return whether ``entered`` looks like a code of this pattern whose check character is wrong."""
        if not self._check:
            return False
        digits = self._read(self.form(entered))
        return digits is not None and (-1 in digits or not is_sound(digits, self._size))

    def may_be(self, entered: str) -> bool:
        """Return whether a code that is drawn by this pattern may be found by what was ``entered``."""
        read = (self._read(form) for form in entered_forms(entered))
        return any(
            digits is not None and -1 not in digits and (not self._check or is_sound(digits, self._size))
            for digits in read
        )

    def _read(self, form: str) -> list[int] | None:
        """Return the random characters of a form as digits (-1: no letter of ours); None: another pattern."""
        letters = {self.form(letter): digit for digit, letter in enumerate(self.alphabet)}
        digits: list[int] = []
        at = 0
        for index in range(len(self._before) + self._check):
            literal = self.form(self._before[index]) if index < len(self._before) else ""
            if not form.startswith(literal, at) or at + len(literal) >= len(form):
                return None
            at += len(literal)
            digits.append(letters.get(form[at], -1))
            at += 1
        return digits if form[at:] == self.form(self._after) else None


@lru_cache(maxsize=4096)
def pattern_of(codes: Codes) -> CodePattern:
    """Return the pattern of codes; that of every code that has none where they have none."""
    return CodePattern(codes)
