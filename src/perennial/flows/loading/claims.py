"""What claims read besides the member: codes of pools set aside for them, and what was handed out before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from asyncpg import Connection

from perennial.core.codes.codes import Codes
from perennial.core.document.referral_terms import Role
from perennial.core.entitlements import EntitlementState
from perennial.core.wallets.dates import end_of_day_after
from perennial.flows.batch import Batch
from perennial.flows.commands import ChangeEntitlement, Command, PostClaim, ReviewReferral
from perennial.flows.configuration import LiveProgram, Workspace, business_now
from perennial.flows.handed_out import FreeCode, LoadedEntitlement
from perennial.flows.loading.drawn_codes import pools_of
from perennial.flows.loading.households import homes_of
from perennial.ledger.lot import LotKey, Origin
from perennial.store.codes.entitlements import (
    EntitlementRow,
    count_companions,
    load_entitlements,
    read_paid,
)
from perennial.store.codes.pools import batches_of_reward, bucket_of_code, has_free, take_free
from perennial.store.customers.erasure import find_households
from perennial.store.customers.merges import list_merges
from perennial.store.external_ids import IdKind
from perennial.units import Instant, Points


async def load_entitled(conn: Connection, batch: Batch, commands: Sequence[Command]) -> None:
    """Load the entitlements that commands change; their customers are locked."""
    changing = [command for command in commands if isinstance(command, ChangeEntitlement)]
    if not changing:
        return
    workspace_id, bucket = batch.workspace.workspace_id, batch.bucket
    keys = [(UUID(hex=command.customer_id), UUID(hex=command.entitlement_id)) for command in changing]
    rows = await load_entitlements(conn, workspace_id, bucket, keys)
    canceling = {
        UUID(hex=command.entitlement_id) for command in changing if command.state == EntitlementState.CANCELED
    }
    for row in rows.values():
        loaded = batch.entitlements[row.entitlement_id] = LoadedEntitlement(row)
        customer = batch.customers.get(row.customer_id)
        if row.entitlement_id in canceling and customer is not None:
            loaded.alone = await count_companions(conn, workspace_id, bucket, row) == 0
            if loaded.alone and row.points:
                for place, owners in batch.by_bucket((row.customer_id, customer.owner)):
                    loaded.paid = loaded.paid or await read_paid(conn, workspace_id, place, row, owners)
                if not loaded.paid:
                    await _look_in_left_households(conn, batch, loaded, customer.owner)
                if not loaded.paid:
                    loaded.paid = await _paid_by_merged(conn, batch, row)


async def _look_in_left_households(
    conn: Connection, batch: Batch, loaded: LoadedEntitlement, owner: UUID
) -> None:
    """Find the household that paid for a claim, if the customer has left it since."""
    workspace_id, bucket, row = batch.workspace.workspace_id, batch.bucket, loaded.row
    homes = await homes_of(conn, batch, await find_households(conn, workspace_id, bucket, row.customer_id))
    for each in sorted(homes.keys() - {owner}):
        loaded.paid = await read_paid(conn, workspace_id, homes[each], row, [each])
        if loaded.paid:
            loaded.kept_by = each
            return


async def _paid_by_merged(
    conn: Connection, batch: Batch, row: EntitlementRow
) -> tuple[tuple[LotKey, Points], ...]:
    """Return what a customer paid for a claim who was merged since, as lots of the survivor's own."""
    workspace_id = batch.workspace.workspace_id
    for each in await list_merges(conn, workspace_id, batch.bucket, row.customer_id):
        paid = await read_paid(conn, workspace_id, each.absorbed_bucket, row, [each.absorbed_id])
        if paid:
            return tuple(
                (LotKey(Origin.RETURNED, key.available_at, key.expires_at), points) for key, points in paid
            )
    return ()


async def set_codes_aside(
    conn: Connection, batch: Batch, commands: Sequence[Command], besides: Mapping[tuple[int, str], int]
) -> None:
    """Lock a free code for every claim of a reward that hands one over, as far as there are some.

    ``besides`` are how many codes of pools are wanted for what commands cause; of too few the claims come
    first. Each pool is asked last of all, when everything else is locked; nobody waits for a code but those
    who would find none.
    """
    batch.codes_asked = dict(besides)
    wanted: dict[tuple[int, str], int] = {}
    for command in commands:
        keys: Sequence[tuple[int, str]] = ()
        if isinstance(command, PostClaim):
            keys = _pools_of(batch, command)
        elif isinstance(command, ReviewReferral) and command.approve:
            keys = _pools_of_referral(batch, command)
        for key in keys:
            wanted[key] = wanted.get(key, 0) + 1
    for key in sorted(wanted.keys() | besides.keys()):
        claimed = wanted.get(key, 0)
        codes = await take_codes(conn, batch, *key, claimed + besides.get(key, 0))
        batch.free_codes[key], batch.caused_codes[key] = codes[:claimed], codes[claimed:]
        batch.codes_found[key] = len(batch.caused_codes[key])


async def set_codes_aside_together(
    conn: Connection, batches: Sequence[Batch], besides: Mapping[tuple[int, str], int]
) -> None:
    """Lock codes for what a command of several buckets causes: all of them take of the same."""
    first = batches[0]
    await set_codes_aside(conn, first, [], besides)
    for batch in batches[1:]:
        batch.free_codes, batch.caused_codes = first.free_codes, first.caused_codes
        batch.codes_asked, batch.codes_found = first.codes_asked, first.codes_found
        batch.locked_codes = first.locked_codes


def _pools_of(batch: Batch, command: PostClaim) -> list[tuple[int, str]]:
    """Return the pools of which the reward of a new claim may hand over a code, in whichever program."""
    if (IdKind.CLAIM, batch.name("claim", command.id)) in batch.external:
        return []
    at = batch.now if command.at is None else command.at
    code, _, name = command.reward.rpartition("/")
    found: set[tuple[int, str]] = set()
    for live in batch.workspace.programs:
        version = live.version_at(at)
        compiled = None if version is None or code not in ("", live.code) else version.rewards.get(name)
        if compiled is not None:
            found.update((live.program_id, pool) for pool in pools_of(compiled))
    return sorted(found)


def _pools_of_referral(batch: Batch, command: ReviewReferral) -> list[tuple[int, str]]:
    """Return the pools of which the friend of a referral that goes on may get a code at once."""
    rows = batch.referrals.get(UUID(hex=command.customer_id), ())
    row = next((each for each in rows if each.referral.referral_id.hex == command.referral_id), None)
    if row is None:
        return []
    version = batch.workspace.program_by_id(row.referral.program_id).version(row.referral.version)
    compiled = version.rewards.get(version.offers[row.referral.offer].offer.reward_id(Role.FRIEND) or "")
    return [] if compiled is None else [(version.program_id, pool) for pool in sorted(pools_of(compiled))]


async def take_codes(
    conn: Connection, batch: Batch, program_id: int, pool: str, count: int
) -> list[FreeCode]:
    """Lock up to ``count`` codes of a pool besides those of the batch, beginning somewhere of one's own."""
    row, key = batch.workspace.row, (program_id, pool)
    live = batch.workspace.program_by_id(program_id)
    batches = await batches_of_reward(conn, row.workspace_id, program_id, pool)
    codes = _codes_of(live, pool)
    valid_at = batch.now if codes.valid_for is None else None
    start = batch.ids.next()
    first = bucket_of_code(start, 0, row.bucket_count)
    found: list[FreeCode] = []
    taken = batch.locked_codes.setdefault(key, [])
    for wait in (False, True):
        for offset in range(row.bucket_count if batches else 0):
            place = row.bucket_base + (first + offset) % row.bucket_count
            while len(found) < count:
                free = await take_free(
                    conn, row.workspace_id, place, batches, start, valid_at, wait=wait, besides=taken
                )
                if free is None:
                    break
                free.expires_at = _expires_at(live, codes, free.expires_at, batch.now)
                found.append(FreeCode(place, free))
                taken.append(free.voucher_id)
    return found


async def has_code(conn: Connection, workspace: Workspace, live: LiveProgram, pool: str) -> bool:
    """Whether a pool has a code for one more claim; a moment later somebody else may have it."""
    row = workspace.row
    batches = await batches_of_reward(conn, row.workspace_id, live.program_id, pool)
    valid_at = business_now(workspace) if _codes_of(live, pool).valid_for is None else None
    buckets = (row.bucket_base, row.bucket_base + row.bucket_count - 1)
    return bool(batches) and await has_free(conn, row.workspace_id, buckets, batches, valid_at)


def _codes_of(live: LiveProgram, pool: str) -> Codes:
    compiled = live.latest.rewards.get(pool)
    return Codes() if compiled is None or compiled.reward.codes is None else compiled.reward.codes


def _expires_at(live: LiveProgram, codes: Codes, expires_at: Instant | None, now: Instant) -> Instant | None:
    return expires_at if codes.valid_for is None else end_of_day_after(live.latest, now, codes.valid_for)
