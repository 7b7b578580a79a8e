"""What a batch writes once everything is decided, set by set, in the order of the locks."""

from __future__ import annotations

from uuid import UUID

from asyncpg import Connection

from perennial.core.customers.consents import MAX_CONSENTS
from perennial.core.customers.customer_words import words_of
from perennial.core.customers.identifiers import CustomerIdentifier
from perennial.flows.batch import Batch
from perennial.flows.handling.by_bucket import parts_of
from perennial.flows.handling.credits import write_credits
from perennial.flows.handling.segmenting import settle_the_rest
from perennial.store.codes.entitlements import update_entitlements
from perennial.store.codes.guest_redemptions import put_guest_redemptions
from perennial.store.codes.pools import give_free
from perennial.store.codes.redemptions import RedemptionRow, put_redemptions
from perennial.store.codes.waits import end_waits
from perennial.store.conversions import put_owners
from perennial.store.customers.consents import record_consents
from perennial.store.customers.customers import update_customers
from perennial.store.customers.identifiers import delete_identifiers, insert_identifiers, read_identifiers
from perennial.store.customers.referrals import put_referrals
from perennial.store.customers.words import replace_words
from perennial.store.effects import write_effects
from perennial.store.external_ids import IdKind, claim_external_ids, give_external_id
from perennial.store.orders import delete_guest_orders
from perennial.store.staff.audit_entries import insert_audit_entry


async def write(conn: Connection, batch: Batch, generation: int) -> None:
    """Write everything that the batch decided, set by set."""
    settle_the_rest(batch)
    workspace_id, bucket = batch.workspace.workspace_id, batch.bucket
    if batch.claimed:
        await claim_external_ids(conn, batch.claimed, workspace_id, bucket)
    for order_id, customer_id, guest_bucket in batch.adopted:
        await give_external_id(conn, workspace_id, IdKind.ORDER, order_id, bucket, customer_id)
        await delete_guest_orders(conn, workspace_id, guest_bucket, [order_id])
    if batch.changed_customers:
        await update_customers(conn, workspace_id, bucket, list(batch.changed_customers.values()))
    if batch.identifiers != batch.loaded_identifiers:
        await _write_identifiers(conn, batch)
    if batch.renamed:
        await _write_words(conn, batch)
    if batch.new_consents:
        await record_consents(conn, workspace_id, bucket, batch.new_consents, MAX_CONSENTS)
    # First, so that what was handed over and comes back in one batch can be void.
    for free in batch.given_codes:
        await give_free(conn, workspace_id, (free.bucket, batch.place_of(free.row.customer_id)), free.row)
    parts = parts_of(batch)
    own = parts.pop(bucket)
    redemptions = _redemptions_by_bucket(batch)
    await write_effects(
        conn,
        workspace_id,
        bucket,
        generation,
        own.changes,
        own.dues,
        orders=batch.new_orders.values(),
        changed_orders=batch.changed_orders.values(),
        events=own.events,
        redemptions=redemptions.pop(bucket, ()),
        moves=own.moves,
        begins=batch.begins,
        now=batch.now,
    )
    for other, rows in sorted(redemptions.items()):
        await put_redemptions(conn, workspace_id, other, rows)
    if batch.guests_on_orders:
        await put_guest_redemptions(conn, workspace_id, bucket, batch.guests_on_orders)
    if batch.changed_entitlements:
        await update_entitlements(conn, workspace_id, bucket, batch.changed_entitlements.values())
    if batch.ended_waits:
        await end_waits(conn, workspace_id, bucket, batch.ended_waits.values())
    if batch.changed_referrals:
        await _write_referrals(conn, batch)
    if batch.changed_converted:
        await put_owners(conn, workspace_id, bucket, batch.changed_converted.values())
    if batch.new_credits:
        await write_credits(conn, batch)
    for entry in batch.audit_entries:
        await insert_audit_entry(conn, workspace_id, entry)
    for other, part in sorted(parts.items()):
        await write_effects(
            conn,
            workspace_id,
            other,
            generation,
            part.changes,
            part.dues,
            events=part.events,
            moves=part.moves,
            now=batch.now,
        )


async def _write_referrals(conn: Connection, batch: Batch) -> None:
    """Write referrals with the friends that they are of."""
    rows = batch.changed_referrals.values()
    for bucket, friends in batch.by_bucket({row.friend_id for row in rows}):
        mine = [row for row in rows if row.friend_id in friends]
        await put_referrals(conn, batch.workspace.workspace_id, bucket, mine)


def _redemptions_by_bucket(batch: Batch) -> dict[int, list[RedemptionRow]]:
    """Return the redemptions that changed, those of guests by the buckets that they lie in."""
    changed: dict[int, list[RedemptionRow]] = {}
    for row in batch.changed_redemptions.values():
        changed.setdefault(batch.bucket_of_redemption(row), []).append(row)
    return changed


async def _write_words(conn: Connection, batch: Batch) -> None:
    """Write by what customers are found from now on; their identifiers are written by now."""
    workspace_id, bucket, renamed = batch.workspace.workspace_id, batch.bucket, sorted(batch.renamed)
    identifiers: dict[UUID, list[CustomerIdentifier]] = {}
    for row in await read_identifiers(conn, workspace_id, bucket, renamed):
        identifiers.setdefault(row.customer_id, []).append(row.identifier)
    words = {}
    for each in renamed:
        customer = batch.customers[each]
        words[each] = words_of(customer.external_id, customer.attributes, identifiers.get(each, ()))
    await replace_words(conn, workspace_id, bucket, words)


async def _write_identifiers(conn: Connection, batch: Batch) -> None:
    """Write what became of the identifiers: those that are gone first, for another may have them now."""
    before, after = batch.loaded_identifiers, batch.identifiers
    gone = [id_hash for id_hash, row in before.items() if after.get(id_hash) != row]
    given = [row for id_hash, row in after.items() if before.get(id_hash) != row]
    if gone:
        await delete_identifiers(conn, batch.workspace.workspace_id, gone)
    if given:
        await insert_identifiers(conn, batch.workspace.workspace_id, batch.bucket, given)
