"""What a customer agreed to: one purpose over one channel, given or withdrawn at an instant.

Every word that was said is kept; what stands is the latest, by when it was said and not by when it was heard.
Of two of one instant the withdrawal stands. Where nothing was said, nothing was given.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta

from perennial.core.orders.order import Scalar
from perennial.units import Instant

MAX_CONSENTS = 100
"""Over so many channels and purposes may one customer say something."""

CONSENTS_KEPT = "@consents"
"""The attribute of a customer in which conditions read what is given; only who records a consent sets it."""

MAX_SAID = 100
"""So many may be said at once."""


class ConsentChannel(StrEnum):
    """The way on which somebody is reached. A messenger is a channel of its own."""

    EMAIL = "email"
    SMS = "sms"
    PHONE = "phone"
    PUSH = "push"
    POST = "post"
    IN_APP = "in_app"
    WHATSAPP = "whatsapp"
    TELEGRAM = "telegram"
    WECHAT = "wechat"
    KAKAOTALK = "kakaotalk"
    LINE = "line"


_CHANNELS = frozenset(channel.value for channel in ConsentChannel)
_PURPOSE = re.compile(r"[a-z][a-z0-9_-]{0,62}")


class ConsentState(StrEnum):
    """What was said."""

    GIVEN = "given"
    WITHDRAWN = "withdrawn"


Purpose = Annotated[
    str,
    Meta(
        pattern=r"^[a-z][a-z0-9_-]{0,62}$",
        description="what for, in a name of your own",
        examples=["marketing"],
    ),
]
ConsentSource = Annotated[
    str, Meta(min_length=1, max_length=100, description="where it was said", examples=["web"])
]
Wording = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=100,
        description="the version of the text that was shown",
        examples=["2026-03"],
    ),
]
Proof = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=300,
        description="where it can be looked up that it was said",
        examples=["form-8812"],
    ),
]
ConsentReason = Annotated[
    str, Meta(min_length=1, max_length=1_000, description="why somebody recorded it for the customer")
]
Subject: TypeAlias = tuple[ConsentChannel, str]
"""A channel and a purpose: what one word is about."""


class Consent(msgspec.Struct, frozen=True, kw_only=True):
    """One word of a customer; ``at`` is when it was said."""

    channel: ConsentChannel
    purpose: str
    state: ConsentState
    at: Instant
    source: str
    wording: str | None = None
    proof: str | None = None
    reason: str | None = None

    @property
    def subject(self) -> Subject:
        """What it is about."""
        return self.channel, self.purpose

    @property
    def rank(self) -> tuple[Instant, bool]:
        """Of two about one subject the one with the higher rank stands."""
        return self.at, self.state is ConsentState.WITHDRAWN


class SaidConsent(msgspec.Struct, frozen=True, kw_only=True):
    """One word as it is reported; without ``at`` it is said now."""

    channel: ConsentChannel
    purpose: str
    state: ConsentState
    source: str
    at: Instant | None = None
    wording: str | None = None
    proof: str | None = None
    reason: str | None = None


def heard(said: SaidConsent, standing: Consent | None, now: Instant) -> Consent | None:
    """Return the word with its instant; None: it is said now, and is what stands already.

    What is said now is the last word, even where what stands has a clock that is ahead.
    """
    at = said.at
    if at is None:
        at = now if standing is None else max(now, standing.at + 1)
    consent = Consent(
        channel=said.channel,
        purpose=said.purpose,
        state=said.state,
        at=at,
        source=said.source,
        wording=said.wording,
        proof=said.proof,
        reason=said.reason,
    )
    same = standing is not None and msgspec.structs.replace(consent, at=standing.at) == standing
    return None if same and said.at is None else consent


def standing_after(standing: Mapping[Subject, Consent], said: Iterable[Consent]) -> dict[Subject, Consent]:
    """Return what stands after some words, in whatever order they come."""
    after = dict(standing)
    for each in said:
        known = after.get(each.subject)
        if known is None or known.rank < each.rank:
            after[each.subject] = each
    return after


def with_what_is_given(attributes: Mapping[str, Scalar], standing: Iterable[Consent]) -> dict[str, Scalar]:
    """Return the attributes of a customer of whom this stands: with what is given, for conditions to read."""
    given = sorted(f"{each.channel}.{each.purpose}" for each in standing if each.state is ConsentState.GIVEN)
    others = {name: value for name, value in attributes.items() if name != CONSENTS_KEPT}
    return {**others, CONSENTS_KEPT: ",".join(given)} if given else others


def consents_in(kept: Scalar) -> tuple[str, ...]:
    """Return what is given, out of what conditions read: channels and purposes, as in ``email.marketing``."""
    return tuple(kept.split(",")) if isinstance(kept, str) and kept else ()


def can_be_given(name: str) -> bool:
    """Return whether this is a channel and a purpose, with a point between them."""
    channel, _, purpose = name.partition(".")
    return channel in _CHANNELS and _PURPOSE.fullmatch(purpose) is not None
