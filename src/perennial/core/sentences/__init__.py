"""What the core says, in the other languages: one room per occasion, in each one file per language.

The core speaks English, and some of it is stored as it was said. The files of a room have the same keys: a
whole sentence, or a pattern with holes such as ``{rule:id}``, which ``core/explaining/retelling.py`` reads. The first
pattern that fits is taken, in the order of :data:`ROOMS`.
"""

from __future__ import annotations

from importlib import import_module

ROOMS = ("sentences", "draft_sentences", "finding_sentences", "refusal_sentences", "step_sentences")
"""Why something happened or not; what is wrong with a draft; what was found by playing; why a call failed;
what a challenge asks for next."""


def sentences_in(language: str) -> dict[str, str]:
    """Return every sentence of a language, by the name of its files."""
    rooms = [import_module(f"perennial.core.{room}.{language}").SENTENCES for room in ROOMS]
    return {source: said for room in rooms for source, said in room.items()}
