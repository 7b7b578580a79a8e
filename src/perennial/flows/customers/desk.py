"""The desk: a member is found in a million, noted about, and everything that is known of one is exported."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Protocol, TypeVar
from uuid import UUID

import msgspec
from asyncpg import Connection

from perennial.core.customers.customer_words import NAME_ATTRIBUTES, asked_words
from perennial.core.customers.identifiers import CustomerIdentifier, IdentifierType, normalized
from perennial.flows.challenges import CustomerChallenge, read_challenges
from perennial.flows.claims.entitlements import entitlements_of
from perennial.flows.claims.waiting import WaitView, read_waits
from perennial.flows.configuration import Workspace
from perennial.flows.consent_views import ConsentView
from perennial.flows.customers.consents import consents_of
from perennial.flows.customers.merges_of import MergedLedger, MergeView, ledgers_before, merges_of
from perennial.flows.customers.messages_of import MessageView, messages_of
from perennial.flows.customers.statements import StatementEntry, TimelineItem, statement_of, timeline_of
from perennial.flows.entitlement_views import EntitlementView
from perennial.flows.handle_events import Handler
from perennial.flows.ids import Ids
from perennial.flows.merged import customer_unknown, follows_merges
from perennial.flows.order_views import OrderView, read_orders
from perennial.flows.problems import problem
from perennial.flows.reading import CustomerView, read_customer
from perennial.flows.staff.keys import Key
from perennial.flows.staff.records import note
from perennial.flows.staff.sessions import now_of
from perennial.flows.vouchers.vouchers import VoucherView, vouchers_of
from perennial.store.codes.vouchers import find_vouchers
from perennial.store.customers.customers import CustomerRow, lock_customers, read_customers, read_customers_at
from perennial.store.customers.identifiers import find_identifiers, identifier_hash, read_identifiers_at
from perennial.store.customers.merges import find_survivor
from perennial.store.customers.notes import NoteRow, delete_note, insert_note, list_notes
from perennial.store.customers.words import find_by_words
from perennial.units import bucket_of, format_instant, named_id

T_co = TypeVar("T_co", covariant=True)

MAX_NOTES = 200
_PAGE = 200


class FoundCustomer(msgspec.Struct, frozen=True):
    """A customer who was found: the id, what the person is called, and by what else they are known."""

    id: str
    name: str
    created_at: str
    identifiers: tuple[CustomerIdentifier, ...]


async def search_customers(
    handler: Handler, workspace_id: int, text: str, limit: int
) -> tuple[FoundCustomer, ...]:
    """Return at most ``limit`` customers whom ``text`` finds, exact finds first.

    Exact are an id, an identifier and a voucher's code; otherwise each word of the text has to begin a word
    of the name, the id or an identifier, and a number may also end one.
    """
    async with handler.database.snapshot(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        places = dict.fromkeys(await _exact(conn, handler, workspace, text))
        words = asked_words(text)
        if words:
            row = workspace.row
            buckets = row.span
            others = [ways[0] for ways in words[1:]]
            for way in words[0]:
                found = await find_by_words(conn, workspace_id, buckets, [way, *others], limit)
                places.update(dict.fromkeys(found))
        return await _views(conn, workspace_id, list(places)[:limit])


async def _exact(
    conn: Connection, handler: Handler, workspace: Workspace, text: str
) -> list[tuple[int, UUID]]:
    workspace_id, row, given = workspace.workspace_id, workspace.row, text.strip()
    found: list[tuple[int, UUID]] = []
    customer_id = named_id(workspace_id, "customer", given)
    bucket = bucket_of(given, row.bucket_base, row.bucket_count)
    known = await read_customers(conn, workspace_id, bucket, [customer_id])
    if any(row.erased_at is not None for row in known.values()):
        found.append(await find_survivor(conn, workspace_id, (bucket, customer_id)) or (bucket, customer_id))
    elif known:
        found.append((bucket, customer_id))
    hashes = [identifier_hash(workspace_id, each) for each in _identifiers_in(given)]
    found += [place for _, place in sorted((await find_identifiers(conn, workspace_id, hashes)).items())]
    codes = handler.codebook.hashes_of(workspace_id, given)
    for bucket, owner, _ in (await find_vouchers(conn, workspace_id, codes)).values():
        found.append((bucket, owner))
    return found


def _identifiers_in(text: str) -> list[CustomerIdentifier]:
    """Return what the text may be as a whole."""
    found = []
    for kind in IdentifierType:
        try:
            found.append(normalized(CustomerIdentifier(type=kind, value=text)))
        except ValueError:
            continue
    return found


async def _views(
    conn: Connection, workspace_id: int, places: list[tuple[int, UUID]]
) -> tuple[FoundCustomer, ...]:
    rows = await read_customers_at(conn, workspace_id, places)
    identifiers: dict[UUID, list[CustomerIdentifier]] = {}
    for each in await read_identifiers_at(conn, workspace_id, places):
        identifiers.setdefault(each.customer_id, []).append(each.identifier)
    return tuple(
        FoundCustomer(
            id=rows[customer_id].external_id,
            name=name_of(rows[customer_id]),
            created_at=format_instant(rows[customer_id].created_at),
            identifiers=tuple(identifiers.get(customer_id, ())),
        )
        for _, customer_id in places
        if customer_id in rows and rows[customer_id].erased_at is None
    )


def name_of(row: CustomerRow) -> str:
    """Return what a customer is called, of the attributes that are names; empty if there are none."""
    held = {name: str(row.attributes[name]) for name in NAME_ATTRIBUTES if name in row.attributes}
    for whole in ("name", "full_name"):
        if whole in held:
            return held[whole]
    first = held.get("first_name") or held.get("given_name") or held.get("nickname", "")
    last = held.get("last_name") or held.get("family_name", "")
    return f"{first} {last}".strip() or held.get("company", "")


class NoteView(msgspec.Struct, frozen=True):
    """What somebody of the staff has noted."""

    id: str
    at: str
    actor: str
    text: str


def _note(row: NoteRow) -> NoteView:
    return NoteView(str(row.note_id), format_instant(row.at), row.actor, row.body)


async def _place(
    conn: Connection, handler: Handler, workspace_id: int, customer: str, *, lock: bool = False
) -> tuple[int, UUID]:
    """Return bucket and id of a customer who is there, or raise the 404; of the erased nothing is noted."""
    workspace = await handler.configurations.current(conn, workspace_id)
    bucket = bucket_of(customer, workspace.row.bucket_base, workspace.row.bucket_count)
    customer_id = named_id(workspace_id, "customer", customer)
    find = lock_customers if lock else read_customers
    row = (await find(conn, workspace_id, bucket, [customer_id])).get(customer_id)
    if row is None or row.erased_at is not None:
        raise await customer_unknown(conn, workspace_id, (bucket, customer_id), customer)
    return bucket, customer_id


async def add_note(handler: Handler, caller: Key, customer: str, text: str) -> NoteView:
    """Note something about a customer; the audit log keeps that it was noted, and not what."""
    row = NoteRow(note_id=Ids().next(), at=now_of(), actor=caller.actor, body=text)
    async with handler.database.transaction(caller.workspace_id) as conn:
        bucket, customer_id = await _place(conn, handler, caller.workspace_id, customer, lock=True)
        await insert_note(conn, caller.workspace_id, bucket, customer_id, row)
        await note(conn, caller.workspace_id, caller.actor, "note.added", f"note/{row.note_id}")
    return _note(row)


async def remove_note(handler: Handler, caller: Key, customer: str, note_id: UUID) -> None:
    """Delete a note; raises the 404 if the customer has none such."""
    async with handler.database.transaction(caller.workspace_id) as conn:
        bucket, customer_id = await _place(conn, handler, caller.workspace_id, customer, lock=True)
        if not await delete_note(conn, caller.workspace_id, bucket, customer_id, note_id):
            raise problem(404, "note_unknown", "The customer has no such note.")
        await note(conn, caller.workspace_id, caller.actor, "note.deleted", f"note/{note_id}")


@follows_merges
async def notes_of(handler: Handler, workspace_id: int, customer: str) -> tuple[NoteView, ...]:
    """Return the notes about a customer, the latest first."""
    async with handler.database.snapshot(workspace_id) as conn:
        return await _read_notes(conn, handler, workspace_id, customer)


async def _read_notes(
    conn: Connection, handler: Handler, workspace_id: int, customer: str
) -> tuple[NoteView, ...]:
    bucket, customer_id = await _place(conn, handler, workspace_id, customer)
    rows = await list_notes(conn, workspace_id, bucket, customer_id, MAX_NOTES)
    return tuple(_note(row) for row in rows)


class CustomerExport(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is stored about one person, as the person may ask for it."""

    exported_at: str
    customer: CustomerView
    consents: tuple[ConsentView, ...]
    notes: tuple[NoteView, ...]
    ledger: tuple[StatementEntry, ...]
    timeline: tuple[TimelineItem, ...]
    vouchers: tuple[VoucherView, ...]
    orders: tuple[OrderView, ...]
    entitlements: tuple[EntitlementView, ...]
    waits: tuple[WaitView, ...]
    challenges: tuple[CustomerChallenge, ...]
    merges: tuple[MergeView, ...]
    merged_ledgers: tuple[MergedLedger, ...]
    messages: tuple[MessageView, ...]


async def export_customer(handler: Handler, caller: Key, customer: str, reason: str = "") -> CustomerExport:
    """Return everything about a customer, or raise the 404; who asked, and why, is in the audit log."""
    workspace_id = caller.workspace_id
    view = await read_customer(handler, workspace_id, customer)
    customer = view.id  # the survivor's, where the customer was merged
    consents = await _all(partial(consents_of, handler, workspace_id, customer, limit=_PAGE))
    ledger = await _all(partial(statement_of, handler, workspace_id, customer, limit=_PAGE))
    timeline = await _all(partial(timeline_of, handler, workspace_id, customer, limit=_PAGE))
    vouchers = await _all(partial(vouchers_of, handler, workspace_id, customer, limit=_PAGE))
    entitlements = await _all(partial(entitlements_of, handler, workspace_id, customer, limit=_PAGE))
    messages = await _all(partial(messages_of, handler, workspace_id, customer, limit=_PAGE))
    challenges = await read_challenges(handler, workspace_id, customer)
    named = [each.id for each in timeline if each.type == "order" and each.id is not None]
    orders = await read_orders(handler, workspace_id, customer, named)
    async with handler.database.snapshot(workspace_id) as conn:
        notes = await _read_notes(conn, handler, workspace_id, customer)
        workspace = await handler.configurations.current(conn, workspace_id)
        waits = await read_waits(conn, workspace, customer)
    merges = await merges_of(handler, workspace_id, customer)
    earlier = await ledgers_before(handler, workspace_id, customer, _PAGE)
    at = now_of()
    customer_id = named_id(workspace_id, "customer", customer)
    async with handler.database.transaction(workspace_id) as conn:
        given = reason or None
        await note(
            conn, workspace_id, caller.actor, "customer.exported", f"customer/{customer_id}", reason=given
        )
    return CustomerExport(
        exported_at=format_instant(at),
        customer=view,
        consents=consents,
        notes=notes,
        ledger=ledger,
        timeline=timeline,
        vouchers=vouchers,
        orders=orders,
        entitlements=entitlements,
        waits=waits,
        challenges=challenges.data,
        merges=merges.data,
        merged_ledgers=earlier,
        messages=messages,
    )


class _Page(Protocol[T_co]):
    @property
    def data(self) -> tuple[T_co, ...]: ...
    @property
    def next_cursor(self) -> str | None: ...


async def _all(read: Callable[..., Awaitable[_Page[T_co]]]) -> tuple[T_co, ...]:
    """Read page after page, to the last."""
    found: list[T_co] = []
    cursor: str | None = None
    while True:
        page = await read(cursor=cursor)
        found += page.data
        cursor = page.next_cursor
        if cursor is None:
            return tuple(found)
