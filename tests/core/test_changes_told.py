"""What changed between two programs is told in every language, whatever changed."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from perennial.core.document.document import read_program
from perennial.core.document.program import Program
from perennial.core.document.program_diff import NOUNS, diff
from perennial.core.explaining.retelling import retell
from perennial.core.language import Language
from perennial.core.languages import LANGUAGES

_ROOT = Path(__file__).parents[2]
_PROGRAMS = [
    path
    for folder in ("templates", "examples")
    for path in sorted((_ROOT / folder).glob("*.yaml"))
    if path.name != "templates.yaml"
]
_TOLD = [each for each in LANGUAGES.values() if each.code != "en"]
_ENGLISH = (" added", " removed", " set to ", " changed from ", " is new", " are in another order")


def _changes() -> set[str]:
    read = [read_program(path.read_text()) for path in _PROGRAMS]
    programs = [each for each in read if isinstance(each, Program)]
    assert len(programs) == len(_PROGRAMS)
    pairs = [(None, each) for each in programs] + list(itertools.permutations(programs, 2))
    return {change.words for old, new in pairs for change in diff(old, new)}


@pytest.mark.parametrize("language", _TOLD, ids=lambda each: each.code)
def test_every_change_is_told(language: Language) -> None:
    """Between each two of the shipped programs; names, fields and values stay as the document has them."""
    changes = _changes()
    assert len(changes) > 300
    left = {words for words in changes if any(word in retell(words, language) for word in _ENGLISH)}
    assert left == set()


@pytest.mark.parametrize("language", _TOLD, ids=lambda each: each.code)
def test_every_part_has_a_word(language: Language) -> None:
    """Alone, in another part, and many of them."""
    for noun in NOUNS:
        assert noun not in retell(f"{noun} base added", language)
        assert noun not in retell(f"goal a ({noun} base) removed", language).replace("goal", "")
        assert noun not in retell(f"{noun}s (tier gold) are in another order: a, b", language)


def test_a_change_in_persian() -> None:
    """The whole of it: the part, its owner, the field as in the document, spans and answers in words."""
    persian = LANGUAGES["fa"]
    told = retell("goal run (challenge june): each changed from 1 month to 2 weeks", persian)
    one, two = persian.number(1), persian.number(2)
    assert told.replace("\u2068", "").replace("\u2069", "") == (
        f"هدف «run» (چالش «june»): each از {one} ماه به {two} هفته تغییر کرد"
    )
