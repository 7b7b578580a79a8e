"""What happens to a friend is seen by the referral: it comes a step further, converts, or is undone.

In memory, within the batch of the event; what follows for both sides is done by
``flows/referring/settle_referrals.py`` once it is due.
"""

from __future__ import annotations

import msgspec

from perennial.core.events import OrderReturned
from perennial.core.member import Member
from perennial.core.needs import snapshot_of
from perennial.core.referrals.referrals import advance, withdraw
from perennial.core.version import CompiledOffer, Version
from perennial.flows.batch import Batch
from perennial.flows.configuration import LiveProgram
from perennial.flows.handling.decide_program import EventOf
from perennial.store.customers.referrals import ReferralRow


def terms_of(batch: Batch, row: ReferralRow) -> tuple[LiveProgram, Version, CompiledOffer]:
    """Return the program of a referral, and the version and the offer under which it began."""
    live = batch.workspace.program_by_id(row.referral.program_id)
    version = live.version(row.referral.version)
    return live, version, version.offers[row.referral.offer]


def note_in_referrals(batch: Batch, member: Member, event_of: EventOf) -> None:
    """Let the member's own referrals see an event that was decided."""
    for row in batch.referrals.get(member.customer_id, ()):
        live, version, compiled = terms_of(batch, row)
        event = event_of(live)
        if event is None:
            continue
        if isinstance(event, OrderReturned):
            referral = withdraw(row.referral, compiled, version, event)
        else:
            snapshot = snapshot_of(event.at, version, member, batch.spent)
            referral = advance(row.referral, compiled, version, event, snapshot)
        if referral is not row.referral:
            batch.put_referral(msgspec.structs.replace(row, referral=referral))
