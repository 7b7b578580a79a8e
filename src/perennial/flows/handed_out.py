"""What claims hand out, as a batch holds it: codes that were set aside, and entitlements that change."""

from __future__ import annotations

from uuid import UUID

import msgspec

from perennial.ledger.lot import LotKey
from perennial.store.codes.entitlements import EntitlementRow
from perennial.store.codes.vouchers import VoucherRow
from perennial.units import Points


class FreeCode(msgspec.Struct):
    """A code that is nobody's yet and was locked for a claim; ``bucket`` is where it is."""

    bucket: int
    row: VoucherRow


class LoadedEntitlement(msgspec.Struct):
    """An entitlement that is to change. ``alone``: nothing else of its claim is left.

    ``paid`` are the lots out of which the claim was paid, where it is to be canceled, ``kept_by`` is the
    household whose lots these are, if the customer has left it since.
    """

    row: EntitlementRow
    alone: bool = False
    paid: tuple[tuple[LotKey, Points], ...] = ()
    kept_by: UUID | None = None
