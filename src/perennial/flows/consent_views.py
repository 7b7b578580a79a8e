"""Consents as the API shows them."""

from __future__ import annotations

import msgspec

from perennial.core.customers.consents import ConsentChannel, ConsentState
from perennial.store.customers.consents import ConsentRow
from perennial.units import format_instant


class ConsentView(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What a customer said about one channel and purpose, when, and how that is known.

    ``at`` is when it was said, ``recorded_at`` when we heard of it, from ``actor``.
    """

    channel: ConsentChannel
    purpose: str
    state: ConsentState
    at: str
    recorded_at: str
    actor: str
    source: str
    wording: str | None = None
    proof: str | None = None
    reason: str | None = None


def consent_view(row: ConsentRow) -> ConsentView:
    """Return what is told of a record."""
    consent = row.consent
    return ConsentView(
        channel=consent.channel,
        purpose=consent.purpose,
        state=consent.state,
        at=format_instant(consent.at),
        recorded_at=format_instant(row.recorded_at),
        actor=row.actor,
        source=consent.source,
        wording=consent.wording,
        proof=consent.proof,
        reason=consent.reason,
    )
