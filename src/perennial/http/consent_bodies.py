"""Consents as the API takes them: with a customer, and by themselves."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import msgspec
from msgspec import Meta

from perennial.core.customers.consents import (
    MAX_SAID,
    ConsentChannel,
    ConsentReason,
    ConsentSource,
    ConsentState,
    Proof,
    Purpose,
    SaidConsent,
    Wording,
)
from perennial.http.door.instants import read_instant

SaidAt = Annotated[
    str,
    Meta(
        min_length=20,
        max_length=35,
        description="when it was said, as an RFC 3339 instant with an offset; without it, now",
        examples=["2026-03-04T10:15:00Z"],
        extra_json_schema={"format": "date-time"},
    ),
]


class ConsentBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """What a customer said: `given` or `withdrawn`, for one purpose over one channel.

    A record that is sent again with the same content is one record. Without ``at`` it is said now, and
    nothing is recorded where the very same stands already.
    """

    channel: ConsentChannel
    purpose: Purpose
    state: ConsentState
    at: SaidAt | None = None
    source: ConsentSource = "api"
    wording: Wording | None = None
    proof: Proof | None = None
    reason: ConsentReason | None = None


Consents = Annotated[tuple[ConsentBody, ...], Meta(max_length=MAX_SAID)]


class ConsentsBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is to be recorded, one or several, all or nothing."""

    consents: Annotated[tuple[ConsentBody, ...], Meta(min_length=1, max_length=MAX_SAID)]


def said_in(consents: Iterable[ConsentBody]) -> tuple[SaidConsent, ...]:
    """Return what was said; raise a 422 that names the one whose instant is none."""
    return tuple(
        SaidConsent(
            channel=each.channel,
            purpose=each.purpose,
            state=each.state,
            at=None if each.at is None else read_instant(each.at, f"$.consents[{position}].at"),
            source=each.source,
            wording=each.wording,
            proof=each.proof,
            reason=each.reason,
        )
        for position, each in enumerate(consents)
    )
