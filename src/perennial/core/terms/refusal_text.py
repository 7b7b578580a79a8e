"""What a shop says in its own words, in several languages, where one of its rewards is refused."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import msgspec
from msgspec import Meta

ReasonName = Annotated[
    str, Meta(pattern="^[a-z_]{1,40}$", description="a reason, such as conditions_not_met")
]
LanguageTag = Annotated[
    str,
    Meta(pattern="^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$", description="a language tag, such as en or zh-Hans"),
]
Sentence = Annotated[str, Meta(min_length=1, max_length=500, description="a sentence for members")]


class RefusalText(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """What is said, by language, where a reward is refused for one of these ``reasons``.

    Without reasons it is for all that no other text names.
    """

    text: dict[LanguageTag, Sentence]
    reasons: tuple[ReasonName, ...] = ()


def text_for(texts: Iterable[RefusalText], reason: str) -> dict[str, str] | None:
    """Return what is said by language about a reason; None: nothing."""
    besides: dict[str, str] | None = None
    for each in texts:
        if reason in each.reasons:
            return each.text
        if not each.reasons:
            besides = each.text
    return besides
