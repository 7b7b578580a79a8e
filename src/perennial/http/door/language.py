"""In which language an answer speaks, where it has words for people.

Calls that tell what is stored take ``language``. Whatever may go wrong, and what a challenge asks for next,
has no parameter of its own: there the header ``Accept-Language`` (RFC 9110, 12.5.4) says it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Final

import msgspec
from litestar.params import QueryParameter

from perennial.core.explaining.retelling import retell
from perennial.core.language import Language
from perennial.core.languages import ENGLISH, LANGUAGES

LanguageName = Annotated[
    str, QueryParameter(pattern=f"^({'|'.join(LANGUAGES)})$", description="the language of what people read")
]

_LONGEST = 400
_RANGE = re.compile(r"([A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)[ \t]*(?:;[ \t]*[qQ]=([01](?:\.\d{0,3})?))?")
_BY_TAG: Final = {code.lower(): language for code, language in LANGUAGES.items()} | {
    "zh": LANGUAGES["zh-Hans"],
    **dict.fromkeys(("zh-tw", "zh-hk", "zh-mo"), LANGUAGES["zh-Hant"]),
}
"""Chinese without a script is written as most of its readers, or those of the region, write it."""

_STEP = re.compile(rb'(?<="next_step":)"(?:[^"\\]|\\.)*"')


def spoken_to(headers: Mapping[bytes, bytes]) -> Language:
    """Return the language that a caller likes best of ours; English where nothing is said or known."""
    wanted = headers.get(b"accept-language")
    return ENGLISH if wanted is None else _liked(wanted[:_LONGEST])


def tell_steps(body: bytes, language: Language) -> bytes:
    """Return the JSON of an answer, which is stored in English, with the next steps in ``language``."""
    if language is ENGLISH:
        return body
    return _STEP.sub(
        lambda step: msgspec.json.encode(retell(msgspec.json.decode(step[0], type=str), language)), body
    )


@lru_cache(maxsize=256)
def _liked(wanted: bytes) -> Language:
    best, language = 0.0, ENGLISH
    for part in wanted.decode("latin-1").split(","):
        found = _RANGE.fullmatch(part.strip(" \t"))
        known = found and _known(found[1].lower())
        quality = float(found[2] or 1) if found else 0.0
        if known is not None and quality > best:
            best, language = quality, known
    return language


def _known(tag: str) -> Language | None:
    """Return our language for a tag such as ``fa-ir``: of the tag itself, or without its last parts."""
    while tag:
        if tag in _BY_TAG:
            return _BY_TAG[tag]
        tag = tag.rpartition("-")[0]
    return None
