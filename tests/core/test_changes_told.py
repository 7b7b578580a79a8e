"""What changed between two programs is told in every language, whatever changed."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

from perennial.core.document.document import read_program
from perennial.core.document.part_nouns import NOUNS
from perennial.core.document.program import Program
from perennial.core.explaining.program_diff import diff
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
_ENGLISH = (" added", " removed", " set to ", " changed from ", " in another order", " is ", " the ")


def _changes(language: Language) -> set[str]:
    read = [read_program(path.read_text()) for path in _PROGRAMS]
    programs = [each for each in read if isinstance(each, Program)]
    assert len(programs) == len(_PROGRAMS)
    pairs = [(None, each) for each in programs] + list(itertools.permutations(programs, 2))
    return {change.words for old, new in pairs for change in diff(old, new, language)}


@pytest.mark.parametrize("language", _TOLD, ids=lambda each: each.code)
def test_every_change_is_told(language: Language) -> None:
    """Between each two of the shipped programs; what people have named keeps its name, in quotation marks."""
    changes = _changes(language)
    assert len(changes) > 300
    quoted = re.compile(f"{language.quotes[0]}[^{language.quotes[1]}]*{language.quotes[1]}")
    outside = {quoted.sub("", words) for words in changes}
    assert {words for words in outside if any(word in f" {words}" for word in _ENGLISH)} == set()


@pytest.mark.parametrize("language", _TOLD, ids=lambda each: each.code)
def test_every_part_has_a_word(language: Language) -> None:
    """Alone, in another part, and many of them."""
    for noun in NOUNS:
        assert noun not in retell(f"{noun} base", language)
        assert f"{noun}s" in language.sentences


def test_a_change_in_persian() -> None:
    """The whole of it: the part, its owner, the field as the form calls it, spans as people write them."""
    persian = LANGUAGES["fa"]
    text = """
program: run
name: Run
wallets: [{id: points, name: Points}]
challenges:
  - {id: june, name: June, goals: [{id: run, name: Runs, member_for: {months: 1}}], gives: []}
"""
    old, new = (read_program(each) for each in (text, text.replace("months: 1", "weeks: 2")))
    assert isinstance(old, Program)
    assert isinstance(new, Program)
    [change] = diff(old, new, persian)
    one, two = persian.number(1), persian.number(2)
    assert change.words.replace("\u2068", "").replace("\u2069", "") == (
        f"هدف «Runs» (چالش «June»): «مدت عضویت» از {one} ماه به {two} هفته تغییر کرد"
    )
