"""Referrals as the API shows them."""

from __future__ import annotations

from uuid import UUID

import msgspec

from perennial.flows.answers import VoucherAnswer
from perennial.flows.configuration import Workspace
from perennial.store.customers.referrals import ReferralRow
from perennial.units import Instant, format_instant


class ReferralView(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Who was referred by whom, and how far that is.

    ``state`` is pending, waiting, converted, rejected, in_review or reversed, ``reason`` why it is rejected,
    in review or reversed; ``signals`` are the signals of fraud that were there. ``counted`` is how many
    orders or events counted so far. ``due_at`` is when something happens without another event: it expires,
    or it has waited long enough. ``voucher`` is what the friend got at once, shown when it is given.
    """

    id: str
    program: str
    offer: str
    advocate: str | None
    customer: str | None
    state: str
    reason: str | None = None
    signals: tuple[str, ...] = ()
    counted: int = 0
    attributed_at: str
    reached_at: str | None = None
    due_at: str | None = None
    converted_at: str | None = None
    voucher: VoucherAnswer | None = None


def view_referral(workspace: Workspace, row: ReferralRow, names: dict[UUID, str]) -> ReferralView:
    """Return a referral as it is shown; ``names`` are the own ids of customers, of the erased none."""
    known = row.referral
    return ReferralView(
        id=str(known.referral_id),
        program=workspace.program_by_id(known.program_id).code,
        offer=known.offer,
        advocate=names.get(row.advocate_id) or None,
        customer=names.get(row.friend_id) or None,
        state=known.state.word,
        reason=known.reason,
        signals=known.signals,
        counted=len(known.progress),
        attributed_at=format_instant(known.attributed_at),
        reached_at=_text(known.reached_at),
        due_at=_text(known.due_at),
        converted_at=_text(known.converted_at),
    )


def _text(instant: Instant | None) -> str | None:
    return None if instant is None else format_instant(instant)
