"""Consents: what a customer said is recorded, and what was said before stays to be read.

A record is written under the lock of its customer, and who enters or leaves a segment by it moves with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec
from asyncpg import Connection

from perennial.core.customers.consents import Consent, SaidConsent
from perennial.flows.commands import PutCustomer
from perennial.flows.configuration import Workspace
from perennial.flows.consent_views import ConsentView, consent_view
from perennial.flows.handle_events import Handler
from perennial.flows.handling.handle_customer import handle_put_customer
from perennial.flows.handling.load_batch import load
from perennial.flows.handling.needed import Needed, with_what_is_needed
from perennial.flows.handling.write_batch import write
from perennial.flows.merged import customer_gone, follows_merges
from perennial.flows.pages import read_cursor, write_cursor
from perennial.flows.problems import problem
from perennial.flows.reading import bucket_of_customer, known_customer
from perennial.flows.staff.keys import Key
from perennial.flows.staff.records import note
from perennial.store.customers.consents import list_consent_records, read_consents
from perennial.store.customers.customers import read_customers
from perennial.units import Instant, named_id


class ConsentPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of what a customer has said; ``next_cursor`` is null on the last page."""

    data: tuple[ConsentView, ...]
    next_cursor: str | None


class _Cursor(msgspec.Struct, frozen=True, array_like=True):
    at: Instant
    id: UUID


async def say_consents(
    handler: Handler, caller: Key, customer: str, said: Sequence[SaidConsent]
) -> tuple[ConsentView, ...]:
    """Record what a customer said, as :func:`hear_consents` does, by whoever calls."""
    return await hear_consents(handler, caller.workspace_id, customer, said, caller.actor)


async def hear_consents(
    handler: Handler, workspace_id: int, customer: str, said: Sequence[SaidConsent], actor: str
) -> tuple[ConsentView, ...]:
    """Record what a customer said, all or nothing, and return what stands now; ``actor`` is who records it.

    The audit log keeps what about, and not why. Raises the 404, the 410 of an erased or merged customer, or
    the 422 of what lies ahead or is too much.
    """
    return await with_what_is_needed(
        lambda needed: handler.retrying(lambda: _say(handler, actor, workspace_id, customer, said, needed))
    )


async def _say(
    handler: Handler,
    actor: str,
    workspace_id: int,
    customer: str,
    said: Sequence[SaidConsent],
    needed: Needed,
) -> tuple[ConsentView, ...]:
    async with handler.database.transaction(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        bucket, customer_id = await _known(conn, workspace, customer)
        batch = await handler.batch(conn, workspace_id, bucket)
        change = PutCustomer(customer=customer, attributes={}, consents=tuple(said), actor=actor)
        await load(conn, batch, handler.configurations, [change], with_lots=needed.lots, codes=needed.codes)
        before = dict(batch.consents.get(customer_id, {}))
        handle_put_customer(batch, change)
        new = [row.consent for row in batch.new_consents]
        await write(conn, batch, handler.generation)
        if new:
            await note(
                conn,
                workspace_id,
                actor,
                "consent.recorded",
                f"customer/{customer_id}",
                before={_name(each): before[each.subject].state for each in new if each.subject in before},
                after={_name(each): each.state for each in new},
            )
        found = await read_consents(conn, workspace_id, bucket, [customer_id])
    return tuple(consent_view(row) for row in found.get(customer_id, ()))


def _name(consent: Consent) -> str:
    return f"{consent.channel}/{consent.purpose}"


async def _known(conn: Connection, workspace: Workspace, customer: str) -> tuple[int, UUID]:
    workspace_id, bucket = workspace.workspace_id, bucket_of_customer(workspace, customer)
    customer_id = named_id(workspace_id, "customer", customer)
    row = (await read_customers(conn, workspace_id, bucket, [customer_id])).get(customer_id)
    if row is None:
        raise problem(404, "customer_unknown", f"There is no customer {customer!r}.")
    if row.erased_at is not None:
        raise await customer_gone(conn, workspace_id, (bucket, customer_id))
    return bucket, customer_id


@follows_merges
async def consents_of(
    handler: Handler, workspace_id: int, customer: str, *, cursor: str | None = None, limit: int = 50
) -> ConsentPage:
    """Return a page of all that a customer has said, what was said last first."""
    async with handler.database.snapshot(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        bucket, known = await known_customer(conn, workspace, customer)
        begin = read_cursor(cursor, _Cursor, workspace_id, "consents", known.customer_id)
        before = None if begin is None else (begin.at, begin.id)
        found = await list_consent_records(
            conn, workspace_id, (bucket, known.customer_id), before=before, limit=limit + 1
        )
    rows = found[:limit]
    following = None
    if len(found) > limit:
        following = _Cursor(rows[-1].consent.at, rows[-1].record_id)
    next_cursor = write_cursor(following, workspace_id, "consents", known.customer_id)
    return ConsentPage(data=tuple(consent_view(row) for row in rows), next_cursor=next_cursor)
