"""Rotating codes of members and vouchers, made for whoever shows them."""

from __future__ import annotations

from uuid import UUID

import msgspec

from perennial.core.codes.till_code import TillCode, TillKind, step_at
from perennial.flows.handle_events import Handler
from perennial.flows.merged import follows_merges
from perennial.flows.problems import problem
from perennial.flows.reading import bucket_of_customer, load_customer
from perennial.flows.signed_codes import signed_text, wall_now
from perennial.store.codes.codebook import Codebook, first_found
from perennial.store.codes.vouchers import VoucherState, find_vouchers, load_vouchers
from perennial.units import format_instant, named_id


class TillCodeAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A rotating code: the text of a QR code, to be replaced by a new one at ``expires_at``."""

    text: str
    issued_at: str
    expires_at: str
    key: str


@follows_merges
async def member_code(handler: Handler, workspace_id: int, customer: str) -> TillCodeAnswer:
    """Return the current code of a customer, or raise the 404."""
    async with handler.database.snapshot(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        await load_customer(conn, workspace, customer)
    place = bucket_of_customer(workspace, customer) - workspace.row.bucket_base
    subject = named_id(workspace_id, "customer", customer)
    return _answer(handler.codebook, workspace_id, TillKind.MEMBER, place, subject)


async def voucher_code(handler: Handler, workspace_id: int, entered: str) -> TillCodeAnswer:
    """Return the current code of the voucher that has the code ``entered``, or raise the 404."""
    hashes = handler.codebook.hashes_of(workspace_id, entered)
    async with handler.database.snapshot(workspace_id) as conn:
        known = await find_vouchers(conn, workspace_id, hashes)
        place = first_found(hashes, known)
        rows = {}
        if place is not None:
            rows = await load_vouchers(conn, workspace_id, place[0], [place[1:]], lock=False)
    if place is None or rows[place[2]].state is not VoucherState.ISSUED:
        raise problem(404, "voucher_unknown", "There is no voucher with this code.")
    subject = next(each for each in hashes if known.get(each) == place)
    return _answer(handler.codebook, workspace_id, TillKind.VOUCHER, 0, subject)


def _answer(
    codebook: Codebook, workspace_id: int, kind: TillKind, place: int, subject: UUID
) -> TillCodeAnswer:
    now = wall_now()
    code = TillCode(kind, place, subject, step_at(now))
    return TillCodeAnswer(
        text=signed_text(codebook, workspace_id, code),
        issued_at=format_instant(now),
        expires_at=format_instant(code.expires_at),
        key=codebook.till.key_id(workspace_id),
    )
