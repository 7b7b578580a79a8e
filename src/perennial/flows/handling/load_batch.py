"""What a batch reads before anything is decided: rows locked in sorted order, then loaded by sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from types import MappingProxyType
from uuid import UUID

import asyncpg
import msgspec
from asyncpg import Connection

from perennial.core.member import Member, Wallet
from perennial.flows.batch import Batch
from perennial.flows.commands import (
    ApplyEntered,
    AssignTier,
    ChangeEntitlement,
    ChangeHold,
    Command,
    ConvertOwner,
    ExpireHold,
    JoinProgram,
    PostAdjustment,
    PostClaim,
    PostEvent,
    PostRedemption,
    PostReturn,
    PostRollback,
    PostTransfer,
    PutCustomer,
    PutHousehold,
    PutOrder,
    RedeemHold,
    ReferralPair,
    ReviewReferral,
    RunTimers,
    TakeTurn,
    applied_id,
)
from perennial.flows.configuration import Configurations, Workspace, business_now
from perennial.flows.handling.concerned import customers_of, taken_back
from perennial.flows.handling.consents import load_consents
from perennial.flows.handling.credits import load_credits
from perennial.flows.handling.earned_rewards import load_earned
from perennial.flows.handling.gift_cards import load_closed
from perennial.flows.handling.handle_conversion import load_conversions
from perennial.flows.handling.handle_segment import load_entries
from perennial.flows.handling.handle_turn import load_turns
from perennial.flows.handling.needed import Needed
from perennial.flows.handling.segmenting import to_be_judged_last
from perennial.flows.handling.won_vouchers import load_won
from perennial.flows.loading.budgets import instant_of, load_budgets
from perennial.flows.loading.challenges import load_challenges
from perennial.flows.loading.claims import load_entitled, set_codes_aside, set_codes_aside_together
from perennial.flows.loading.exposures import load_variants
from perennial.flows.loading.households import (
    bring_together,
    check_keepers,
    households_named,
)
from perennial.flows.loading.locking import Wanted, lock
from perennial.flows.loading.looking_back import read_from
from perennial.flows.loading.redeemed import load_entered, load_redeemed
from perennial.flows.loading.referred import load_referred
from perennial.flows.loading.tiers_then import load_tiers_then
from perennial.flows.loading.wherever import load_members_of, share
from perennial.store.customers.identifiers import find_identifiers, identifier_hash, read_identifiers
from perennial.store.events import load_events
from perennial.store.external_ids import Found, IdKind, claim_or_find, find_external_ids
from perennial.store.history import paid_order_keys
from perennial.store.members import Periods
from perennial.store.orders import OrderRow, load_orders
from perennial.units import Instant

_CREATES_CUSTOMER = frozenset(
    (PutOrder, PostEvent, PutCustomer, PutHousehold, JoinProgram, PostRedemption, ReferralPair)
)
_ORDINARY = frozenset((PutOrder, PostEvent))
"""What most batches hold and nothing else; whatever else needs more is looked for among the others."""

_ONCE = {
    PostReturn: ("return", IdKind.RETURN),
    PostEvent: ("event", IdKind.EVENT),
    PostClaim: ("claim", IdKind.CLAIM),
    PostAdjustment: ("adjustment", IdKind.ADJUSTMENT),
    AssignTier: ("assignment", IdKind.ASSIGNMENT),
    PostTransfer: ("transfer", IdKind.TRANSFER),
    PostRedemption: ("redemption", IdKind.REDEMPTION),
    PostRollback: ("rollback", IdKind.ROLLBACK),
}
_CLAIMED_EARLY = {PutOrder: ("order", IdKind.ORDER), **_ONCE}
_OF_REDEMPTIONS = (PostRedemption, ChangeHold, RedeemHold, PostRollback, ExpireHold)
_READS_LOTS = frozenset(
    (
        PostReturn,
        PostClaim,
        PostAdjustment,
        PostTransfer,
        AssignTier,
        ChangeEntitlement,
        TakeTurn,
        RunTimers,
        PutHousehold,
        ReferralPair,
        ReviewReferral,
        ConvertOwner,
        *_OF_REDEMPTIONS,
    )
)


class _Known(msgspec.Struct):
    """What is known before the locks: the ids that are named, and whose orders are that come back."""

    ids: set[tuple[int, UUID]]
    stored: dict[UUID, UUID | None]


async def load(
    conn: Connection,
    batch: Batch,
    configurations: Configurations,
    commands: Sequence[Command],
    with_lots: AbstractSet[UUID] = frozenset(),
    late: AbstractSet[tuple[int, UUID]] = frozenset(),
    codes: Mapping[tuple[int, str], int] = MappingProxyType({}),
    beside: Sequence[Batch] = (),
    known: _Known | None = None,
) -> None:
    """Lock the customers of the commands and load all that deciding them may read.

    ``with_lots`` names owners whose lots are loaded besides those that the commands ask for, ``late``
    the ids that must not be claimed before their commands are decided, ``codes`` how many codes of which
    pools are to be set aside for what they cause. Whom batches ``beside`` it in the transaction have loaded
    is the same member in both; what is ``known`` of who is locked already comes from :func:`_lock_all`.
    """
    if known is None:
        (known,) = await _lock_all(conn, [(batch, commands)])
    await _load_locked(conn, batch, configurations, commands, known, with_lots, late, beside)
    others = _others(commands)
    await load_budgets(conn, [batch], commands)
    await load_turns(conn, batch, others)
    await load_entered(conn, batch, others)
    await load_earned(conn, batch, commands)
    await load_won(conn, batch, commands)
    await load_closed(conn, batch)
    await set_codes_aside(conn, batch, others, codes)
    await load_conversions(conn, batch, others)
    await load_credits(conn, batch, others)
    await load_entries(conn, batch, others)
    batch.judged_last = to_be_judged_last(batch, commands)


def _others(commands: Sequence[Command]) -> list[Command]:
    return [command for command in commands if type(command) not in _ORDINARY]


async def load_together(
    conn: Connection,
    batches: Sequence[Batch],
    configurations: Configurations,
    command: Command,
    needed: Needed,
) -> None:
    """Load a command that concerns several buckets; their batches come in ascending order.

    The budgets are locked after the customers of all of them, the order that every batch keeps, and
    what one bucket uses the others see; so it is with the codes that are set aside.
    """
    found = await _lock_all(conn, [(batch, [command]) for batch in batches])
    for place, (batch, known) in enumerate(zip(batches, found, strict=True)):
        await _load_locked(conn, batch, configurations, [command], known, needed.lots, beside=batches[:place])
    await load_budgets(conn, batches, [command])
    await set_codes_aside_together(conn, batches, needed.codes)


async def load_beside(
    conn: Connection,
    work: Sequence[tuple[Batch, Sequence[Command]]],
    configurations: Configurations,
    needed: Needed,
) -> None:
    """Load batches of one transaction, each for commands of its own; their buckets come ascending."""
    batches = [batch for batch, _ in work]
    locked = await _lock_all(conn, work)
    for place, ((batch, commands), known) in enumerate(zip(work, locked, strict=True)):
        await load(
            conn,
            batch,
            configurations,
            commands,
            with_lots=needed.lots,
            codes=needed.codes,
            beside=batches[:place],
            known=known,
        )


async def _lock_all(conn: Connection, work: Sequence[tuple[Batch, Sequence[Command]]]) -> list[_Known]:
    """Lock whom the commands of batches concern, of all at once; return what is known of each before."""
    found: list[_Known] = []
    sides: list[Wanted] = []
    for batch, commands in work:
        stored = await _find_returned(conn, batch, commands)
        named: dict[UUID, str | None] = {}
        creates: set[UUID] = set()
        known = _Known(_named_ids(batch, commands), stored)
        found.append(known)
        households = await households_named(conn, batch, commands, known.ids)
        for command in commands:
            for customer_id, external in customers_of(batch, command):
                named[customer_id] = external or named.get(customer_id)
                if type(command) in _CREATES_CUSTOMER:
                    creates.add(customer_id)
        leaving = {
            batch.name("customer", command.customer)
            for command in commands
            if type(command) is PutHousehold and command.household is None
        }
        sides.append(Wanted(batch, named, creates, households, leaving))
    await lock(conn, sides)
    return found


async def _load_locked(
    conn: Connection,
    batch: Batch,
    configurations: Configurations,
    commands: Sequence[Command],
    known: _Known,
    with_lots: AbstractSet[UUID],
    late: AbstractSet[tuple[int, UUID]] = frozenset(),
    beside: Sequence[Batch] = (),
) -> None:
    """Load the customers of a batch, who are locked; ``beside`` it are others of the transaction."""
    # Read behind the locks: whoever publishes after this waits for us before it counts the past.
    new = {key: owner for key, owner in _new_ids(batch, commands).items() if key not in late}
    looked_up = known.ids - new.keys()
    found = await claim_or_find(conn, batch.workspace.workspace_id, batch.bucket, new, looked_up)
    batch.early = {key: owner for key, owner in new.items() if key not in found.claimed}
    pools = batch.workspace.pools
    batch.workspace = await configurations.as_of(conn, found.workspace)
    if batch.households and batch.workspace.pools and not pools:
        raise asyncpg.SerializationError("households share more than their wallets meanwhile")
    batch.now = business_now(batch.workspace)
    await _load_named(conn, batch, commands, found)
    if any(batch.external.get((IdKind.ORDER, order_id)) != owner for order_id, owner in known.stored.items()):
        raise asyncpg.SerializationError("an order that comes back was given to a customer meanwhile")
    others = _others(commands)
    await _load_identifiers(conn, batch, others)
    await load_consents(conn, batch, others)
    await load_entitled(conn, batch, others)
    check_keepers(batch)
    await _load_members(conn, batch, commands, with_lots, beside)
    if await _load_past_orders(conn, batch):
        # They are judged with the history of their own time, which may lie before all else.
        await _load_members(conn, batch, commands, with_lots, beside)
    await load_tiers_then(conn, batch, commands)
    await load_referred(conn, batch)


async def _find_returned(
    conn: Connection, batch: Batch, commands: Sequence[Command]
) -> dict[UUID, UUID | None]:
    """Find out whose the orders are whose returns do not say it; return what is stored of them.

    An order may also be placed by a command of the same batch.
    """
    others = _others(commands)
    await _find_redeemed(conn, batch, others)
    wanted = {
        batch.name("order", command.order)
        for command in others
        if isinstance(command, PostReturn) and command.customer is None
    }
    if not wanted:
        return {}
    found = await find_external_ids(conn, batch.workspace.workspace_id, IdKind.ORDER, list(wanted))
    stored = {order_id: found[order_id][1] if order_id in found else None for order_id in wanted}
    placed = {
        batch.name("order", command.id): batch.name("customer", command.customer)
        for command in commands
        if isinstance(command, PutOrder) and command.customer is not None
    }
    belongs = {order: owner for order, owner in stored.items() if owner is not None and owner != order}
    batch.returned |= placed | belongs
    return stored


async def _find_redeemed(conn: Connection, batch: Batch, commands: Sequence[Command]) -> None:
    """Find out whose the redemptions are whose commands do not say it; a guest's is nobody's."""
    wanted = {
        taken_back(batch, command)
        for command in commands
        if isinstance(command, ChangeHold | RedeemHold | PostRollback) and command.customer is None
    }
    if wanted:
        workspace_id = batch.workspace.workspace_id
        found = await find_external_ids(conn, workspace_id, IdKind.REDEMPTION, list(wanted))
        batch.returned |= {
            name: owner for name, (bucket, owner) in found.items() if owner != name and bucket == batch.bucket
        }


async def _load_past_orders(conn: Connection, batch: Batch) -> bool:
    """Load all orders of customers who may join a program that counts what they bought before.

    Whether there are any is the answer.
    """
    counting = [
        live.program_id
        for live in batch.workspace.programs
        if live.latest.program.enrollment.count_past_orders
    ]
    joining = [
        customer_id
        for customer_id, member in batch.members.items()
        if any(program_id not in member.memberships for program_id in counting)
    ]
    if not joining:
        return False
    workspace_id, rows = batch.workspace.workspace_id, dict[UUID, OrderRow]()
    for bucket, there in batch.by_bucket(joining):
        keys = await paid_order_keys(conn, workspace_id, bucket, there)
        rows |= await load_orders(conn, workspace_id, bucket, keys)
    for row in sorted(rows.values(), key=lambda row: (row.paid_at or 0, row.order_id)):
        batch.past_orders.setdefault(row.customer_id, []).append(row)
    return bool(rows)


def _named_ids(batch: Batch, commands: Sequence[Command]) -> set[tuple[int, UUID]]:
    """Return the orders and once-only things that the commands name."""
    wanted: set[tuple[int, UUID]] = set()
    for command in commands:
        if isinstance(command, PutOrder):
            wanted.add((IdKind.ORDER, batch.name("order", command.id)))
        elif isinstance(command, PostReturn):
            wanted.add((IdKind.ORDER, batch.name("order", command.order)))
        elif isinstance(command, ChangeHold | RedeemHold | PostRollback):
            wanted.add((IdKind.REDEMPTION, taken_back(batch, command)))
        once = _ONCE.get(type(command))
        if once is not None:
            wanted.add((once[1], batch.name(once[0], command.id)))  # type: ignore[union-attr]
    return wanted


def _new_ids(batch: Batch, commands: Sequence[Command]) -> dict[tuple[int, UUID], UUID]:
    """Return the ids that are probably new and will be taken, with the customers who take them.

    Of orders and events hardly one is refused, so that their ids are claimed by the statement that looks
    them up; so it is with redemptions that expect no amount. Claims of points are often refused, and
    corrections rare: theirs are looked up first.
    """
    new: dict[tuple[int, UUID], UUID] = {}
    for command in commands:
        if not isinstance(command, (PutOrder, PostEvent, PostReturn, PostRedemption)):
            continue
        if type(command) is PostRedemption and command.expects is not None:
            continue
        name, kind = _CLAIMED_EARLY[type(command)]
        id_hash = batch.name(name, command.id)
        owner = next((customer_id for customer_id, _ in customers_of(batch, command)), None)
        if owner is None and type(command) is PutOrder:
            owner = id_hash
        if owner in batch.customers or owner == id_hash:
            new.setdefault((kind, id_hash), owner)
    return new


async def _load_named(conn: Connection, batch: Batch, commands: Sequence[Command], found: Found) -> None:
    """Load what is stored of the orders and once-only things that were named."""
    workspace_id, bucket = batch.workspace.workspace_id, batch.bucket
    orders: list[tuple[UUID, UUID]] = []
    events: list[tuple[UUID, UUID]] = []
    for (kind, id_hash), (owner_bucket, customer_id) in found.claimed.items():
        batch.external[IdKind(kind), id_hash] = customer_id
        if owner_bucket == bucket:
            (orders if kind == IdKind.ORDER else events).append((customer_id, id_hash))
        elif customer_id == id_hash:
            guest = await load_orders(conn, workspace_id, owner_bucket, [(id_hash, id_hash)])
            batch.orders.update(guest)
    events += [
        (UUID(hex=command.customer_id), applied_id(workspace_id, command))
        for command in commands
        if type(command) is ApplyEntered
    ]
    if orders:
        batch.orders.update(await load_orders(conn, workspace_id, bucket, orders))
    if events:
        batch.events = await load_events(conn, workspace_id, bucket, events)
    await load_redeemed(conn, batch, commands, found)


async def _load_identifiers(conn: Connection, batch: Batch, commands: Sequence[Command]) -> None:
    """Load the identifiers of customers who get others, and whose those are; most batches give none."""
    giving = [
        command
        for command in commands
        if isinstance(command, PutCustomer | PutHousehold) and command.identifiers is not None
    ]
    if not giving:
        return
    workspace_id = batch.workspace.workspace_id
    customers = {batch.name("customer", command.customer) for command in giving}
    wanted = {identifier_hash(workspace_id, each) for command in giving for each in command.identifiers or ()}
    owners = await find_identifiers(conn, workspace_id, wanted)
    rows = await read_identifiers(conn, workspace_id, batch.bucket, customers)
    batch.loaded_identifiers = {row.id_hash: row for row in rows}
    batch.identifiers = dict(batch.loaded_identifiers)
    batch.identifier_owners = {id_hash: customer_id for id_hash, (_, customer_id) in owners.items()}
    batch.identifier_owners.update((row.id_hash, row.customer_id) for row in rows)


async def _load_members(
    conn: Connection,
    batch: Batch,
    commands: Sequence[Command],
    with_lots: AbstractSet[UUID],
    beside: Sequence[Batch],
) -> None:
    """Load the members' state; lots only for those whose commands or timers read them."""
    workspace = batch.workspace
    reads_lots = {
        batch.customers[customer_id].owner
        for command in commands
        if type(command) in _READS_LOTS or _touches_known_order(batch, command)
        for customer_id, _ in customers_of(batch, command)
        if customer_id in batch.customers
    } | with_lots
    reads_lots |= {order.kept_by for order in batch.orders.values() if order.kept_by is not None}
    reads_lots |= {loaded.kept_by for loaded in batch.entitlements.values() if loaded.kept_by is not None}
    if workspace.segments is not None and workspace.segments.lots:
        reads_lots = {row.owner for row in batch.customers.values()}
    others = _others(commands)
    instants = [instant_of(batch, command) for command in commands]
    instants += [at for command in others if isinstance(command, ReferralPair) for at in command.given_at]
    judged = [row.paid_at for row in batch.orders.values() if row.paid_at is not None]
    redeemed = [row.used for row in batch.redemptions.values()]
    judged += [used.at for used in redeemed if any(part.places for part in used.programs)]
    judged += [row.paid_at or row.occurred_at for rows in batch.past_orders.values() for row in rows]
    judged += [loaded.row.issued_at for loaded in batch.entitlements.values()]
    carts = [command.order for command in others if isinstance(command, PostRedemption | ChangeHold)]
    reads = read_from(workspace, [*instants, *judged], carts)

    def noted(due: Instant | None) -> tuple[Periods, Periods]:
        found = reads(due)
        batch.counted_from = found[0]
        return found

    batch.members = await load_members_of(
        conn,
        workspace.workspace_id,
        batch.bucket,
        batch.customers,
        batch.places,
        lots_for=reads_lots,
        due_until=max(instants),
        reads=noted,
        segments=workspace.segment_names,
        since=any(isinstance(command, ApplyEntered) for command in others),
        zeros=batch.zeros,
        reads_elsewhere=reads,
    )
    share(batch, beside)
    if workspace.pools and batch.households:
        bring_together(batch.members, batch.customers)
    for bucket, there in batch.members_by_bucket():
        await load_challenges(conn, workspace, bucket, there, min([*instants, *judged]))
        await load_variants(conn, workspace, bucket, there)
    batch.loaded_dues = {customer_id: member.due_at for customer_id, member in batch.members.items()}
    for member in batch.members.values():
        if member.owner in reads_lots:
            _open_wallets(workspace, member)


def _open_wallets(workspace: Workspace, member: Member) -> None:
    """Give a member whose lots are read the wallets that it does not have yet: empty ones."""
    for live in workspace.programs:
        for compiled in live.latest.wallets:
            wallet = member.wallets.setdefault(compiled.unit, Wallet(lots={}))
            assert wallet.lots is not None, "the lots of this owner were read"


def _touches_known_order(batch: Batch, command: Command) -> bool:
    return type(command) is PutOrder and ((IdKind.ORDER, batch.name("order", command.id)) in batch.external)
