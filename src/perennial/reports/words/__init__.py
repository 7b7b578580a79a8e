"""The words of reports in other languages: one file each, named after the language's code.

A report is written in English. Its title, its description, the titles and formulas of its columns and the
words that stand in its cells are looked up here; ``tests/core/test_sentences.py`` demands every one of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules


def _find_words() -> dict[str, Mapping[str, str]]:
    modules = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]
    return {module.__name__.rpartition(".")[2].replace("_h", "-H"): module.WORDS for module in modules}


WORDS: dict[str, Mapping[str, str]] = _find_words()
"""The words of every language but English, by its code."""


def in_language(text: str, code: str) -> str:
    """Return a text of a report in the language of this code; without an entry, as it is."""
    return WORDS.get(code, {}).get(text, text)
