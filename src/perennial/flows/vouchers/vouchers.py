"""One voucher by its code: what it is good for, and taking it back; and the vouchers of a customer."""

from __future__ import annotations

import time
from collections.abc import Iterable
from uuid import UUID

import msgspec
from asyncpg import Connection

from perennial.core.member import Member
from perennial.flows.configuration import Workspace, business_now
from perennial.flows.handle_events import Handler
from perennial.flows.handling.gift_cards import empty_card
from perennial.flows.handling.write_batch import write
from perennial.flows.merged import follows_merges
from perennial.flows.pages import read_cursor, write_cursor
from perennial.flows.problems import ProblemError, problem
from perennial.flows.reading import known_customer
from perennial.ledger.account import Account
from perennial.store.codes.cards import card_balances
from perennial.store.codes.codebook import Codebook, first_found
from perennial.store.codes.pools import find_batch
from perennial.store.codes.vouchers import (
    Place,
    VoucherRow,
    VoucherState,
    find_vouchers,
    list_vouchers,
    load_vouchers,
    set_voucher_state,
)
from perennial.store.customers.customers import read_customers
from perennial.store.events import EventKind, EventRow
from perennial.store.staff.audit_entries import AuditEntry, insert_audit_entry
from perennial.units import Instant, Minor, format_instant


class VoucherView(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A voucher. ``state`` is ``issued``, ``not_started``, ``expired``, ``used_up`` or ``voided``.

    ``uses_left`` is null where there is no end. ``customer`` is whose it is, nobody's without one;
    ``bound`` says that it is for them alone, ``for_friends`` that it is for everybody else. ``code`` is there
    only where the vouchers of one customer are listed. ``value`` is in the minor unit of ``currency``, and so
    is ``balance``, which a gift card has: what is on it and not held by a cart.
    """

    id: str
    reward: str
    state: str
    last4: str
    value: int
    currency: str
    used: int
    uses_left: int | None
    issued_at: str
    code: str | None = None
    starts_at: str | None = None
    expires_at: str | None = None
    customer: str | None = None
    bound: bool = False
    for_friends: bool = False
    batch: str | None = None
    balance: int | None = None


class VoucherPage(msgspec.Struct, frozen=True):
    """A page of a customer's vouchers, the latest first; ``next_cursor`` is null on the last page."""

    data: tuple[VoucherView, ...]
    next_cursor: str | None


class _Cursor(msgspec.Struct, frozen=True, array_like=True):
    at: Instant
    id: UUID


async def places_of(
    conn: Connection, codebook: Codebook, workspace_id: int, entered: Iterable[str]
) -> dict[str, Place]:
    """Return where the voucher of each code is that somebody entered; unknown ones are left out."""
    hashes = {text: codebook.hashes_of(workspace_id, text) for text in entered}
    found = await find_vouchers(conn, workspace_id, {each for all_ in hashes.values() for each in all_})
    places = {text: first_found(wanted, found) for text, wanted in hashes.items()}
    return {text: place for text, place in places.items() if place is not None}


def state_of(row: VoucherRow, at: Instant) -> str:
    """Return what a voucher is good for at an instant, in one word."""
    if row.state is not VoucherState.ISSUED:
        return row.state.name.lower()
    if row.uses_left is not None and row.uses_left <= 0:
        return "used_up"
    if row.starts_at is not None and at < row.starts_at:
        return "not_started"
    if row.expires_at is not None and at >= row.expires_at:
        return "expired"
    return "issued"


async def read_voucher(handler: Handler, workspace_id: int, entered: str) -> VoucherView:
    """Return the voucher of a code, or raise the 404: the same for whatever is no code."""
    async with handler.database.snapshot(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        place, row = await _require(conn, handler.codebook, workspace_id, entered)
        return await _view(conn, workspace, place[0], row)


async def void_voucher(
    handler: Handler, workspace_id: int, entered: str, reason: str, actor: str, *, refunded: bool = False
) -> VoucherView:
    """Take a voucher back for good; a voided one stays as it is. Raises the 404.

    What is left on a gift card is closed: nobody is owed it. Where it was ``refunded``, it goes back into the
    account that issued it, as if it had never been on the card.
    """
    target = Account.ISSUED if refunded else Account.CLOSED
    return await handler.retrying(lambda: _void(handler, workspace_id, entered, reason, actor, target))


async def _void(
    handler: Handler, workspace_id: int, entered: str, reason: str, actor: str, target: Account
) -> VoucherView:
    async with handler.database.transaction(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        place, row = await _require(conn, handler.codebook, workspace_id, entered, lock=True)
        if row.state is VoucherState.ISSUED:
            await set_voucher_state(conn, workspace_id, place, VoucherState.ISSUED, VoucherState.VOIDED)
            row.state = VoucherState.VOIDED
            after = {"last4": row.last4, "used": row.used}
            left = await _close_card(conn, handler, workspace_id, place, row, target)
            if left is not None:
                after |= {"left": left, "refunded": target is Account.ISSUED}
            entry = AuditEntry(
                entry_id=handler.ids.next(),
                at=time.time_ns() // 1_000,
                actor=actor,
                action="voucher.voided",
                object=f"voucher/{row.voucher_id}",
                reason=reason,
                after=after,
            )
            await insert_audit_entry(conn, workspace_id, entry)
        return await _view(conn, workspace, place[0], row)


async def _close_card(
    conn: Connection, handler: Handler, workspace_id: int, place: Place, row: VoucherRow, target: Account
) -> Minor | None:
    """Take what is left on a gift card, whose voucher is locked; None where it is no gift card."""
    batch = await handler.batch(conn, workspace_id, place[0])
    if not _is_card(batch.workspace, row):
        return None
    version = batch.workspace.program_by_id(row.program_id).version(row.version)
    event_id = batch.name("card closed", row.voucher_id.hex)
    holder = Member(customer_id=row.customer_id, owner=row.customer_id)
    operation = batch.operation(holder, event_id, batch.now)
    left = await empty_card(conn, batch, operation, version, row.voucher_id, target)
    if left:
        batch.put_event(
            EventRow(
                customer_id=row.customer_id,
                event_id=event_id,
                operation_id=operation.operation_id,
                kind=EventKind.CARD_CLOSED,
                external_id="",
                source_id=None,
                occurred_at=batch.now,
                recorded_at=batch.now,
                body=b"",
                decision=b"",
                answer=b"",
            )
        )
        await write(conn, batch, handler.generation)
    return left


@follows_merges
async def vouchers_of(
    handler: Handler, workspace_id: int, customer: str, *, cursor: str | None = None, limit: int = 50
) -> VoucherPage:
    """Return a page of a customer's vouchers, with their codes; raises the 404."""
    async with handler.database.snapshot(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        bucket, known = await known_customer(conn, workspace, customer)
        begin = read_cursor(cursor, _Cursor, workspace_id, "vouchers", known.customer_id)
        before = None if begin is None else (begin.at, begin.id)
        found = await list_vouchers(conn, workspace_id, bucket, known.customer_id, limit + 1, before)
        rows = found[:limit]
        balances = await _balances(conn, workspace, bucket, rows)
    following = _Cursor(rows[-1].issued_at, rows[-1].voucher_id) if len(found) > limit else None
    views = (
        voucher_view(
            workspace,
            row,
            customer,
            code=handler.codebook.open(workspace_id, row.sealed),
            balance=balances.get(row.voucher_id),
        )
        for row in rows
    )
    next_cursor = write_cursor(following, workspace_id, "vouchers", known.customer_id)
    return VoucherPage(data=tuple(views), next_cursor=next_cursor)


async def _require(
    conn: Connection, codebook: Codebook, workspace_id: int, entered: str, *, lock: bool = False
) -> tuple[Place, VoucherRow]:
    """Return the place and the row of a code, again where it moved in between, or raise the 404."""
    for _ in range(3):
        place = (await places_of(conn, codebook, workspace_id, [entered])).get(entered)
        if place is None:
            break
        bucket, *key = place
        row = (await load_vouchers(conn, workspace_id, bucket, [(key[0], key[1])], lock=lock)).get(key[1])
        if row is not None and row.state is not VoucherState.ENDED:
            return place, row
    raise voucher_unknown()


def voucher_unknown() -> ProblemError:
    """Build the 404: the same words for whatever is no code, so that nobody learns from them."""
    return problem(404, "voucher_unknown", "There is no such voucher.")


async def _view(conn: Connection, workspace: Workspace, bucket: int, row: VoucherRow) -> VoucherView:
    customer = None
    if not row.is_bearers:
        found = await read_customers(conn, workspace.workspace_id, bucket, [row.customer_id])
        customer = found[row.customer_id].external_id if row.customer_id in found else None
    batch = None
    if row.batch_id is not None:
        known = await find_batch(conn, workspace.workspace_id, row.batch_id)
        batch = known.external_id if known is not None else None
    balances = await _balances(conn, workspace, bucket, [row])
    return voucher_view(workspace, row, customer, batch=batch, balance=balances.get(row.voucher_id))


async def _balances(
    conn: Connection, workspace: Workspace, bucket: int, rows: Iterable[VoucherRow]
) -> dict[UUID, Minor]:
    """Return what is on those of the vouchers that are gift cards."""
    cards = [row.voucher_id for row in rows if _is_card(workspace, row)]
    if not cards:
        return {}
    return dict.fromkeys(cards, 0) | await card_balances(conn, workspace.workspace_id, bucket, cards)


def _is_card(workspace: Workspace, row: VoucherRow) -> bool:
    version = workspace.program_by_id(row.program_id).version(row.version)
    return bool(version.rewards[row.reward].card_for(row.tier))


def voucher_view(
    workspace: Workspace,
    row: VoucherRow,
    customer: str | None,
    *,
    code: str | None = None,
    batch: str | None = None,
    balance: Minor | None = None,
) -> VoucherView:
    """Return a voucher as the API tells it, as of the workspace's business time."""
    return VoucherView(
        id=str(row.voucher_id),
        reward=f"{workspace.program_by_id(row.program_id).code}/{row.reward}",
        state=state_of(row, business_now(workspace)),
        last4=row.last4,
        value=row.value,
        currency=row.currency,
        used=row.used,
        uses_left=row.uses_left,
        issued_at=format_instant(row.issued_at),
        code=code,
        starts_at=_text(row.starts_at),
        expires_at=_text(row.expires_at),
        customer=customer,
        bound=row.bound,
        for_friends=row.referrer_id is not None,
        batch=batch,
        balance=balance,
    )


def _text(instant: Instant | None) -> str | None:
    return None if instant is None else format_instant(instant)
