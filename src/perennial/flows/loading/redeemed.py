"""What a batch reads of redemptions and of the codes that were entered: locked after the customers.

Vouchers are locked last of all, after budgets, in sorted order over all buckets.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from uuid import UUID

from asyncpg import Connection, SerializationError

from perennial.core.checkout.used import Used, handed_over
from perennial.core.orders.order import OrderStatus
from perennial.flows.asked import FoundVoucher
from perennial.flows.batch import Batch
from perennial.flows.commands import ChangeHold, Command, ExpireHold, PostRedemption, PostReturn, PutOrder
from perennial.flows.signed_codes import hashes_entered, is_rotating
from perennial.store.codes.codebook import first_found
from perennial.store.codes.guest_redemptions import find_guest_redemptions
from perennial.store.codes.redemptions import (
    RedemptionRow,
    count_held,
    load_redemptions,
    load_redemptions_of_orders,
)
from perennial.store.codes.vouchers import find_vouchers, load_vouchers
from perennial.store.customers.customers import CustomerRow
from perennial.store.customers.merges import find_survivor
from perennial.store.external_ids import Found, IdKind
from perennial.store.members import load_members
from perennial.units import Instant


async def load_redeemed(conn: Connection, batch: Batch, commands: Sequence[Command], named: Found) -> None:
    """Lock and load the redemptions that commands name, and those of orders that come back.

    Of an order that was found it is known whether there are any; on most there are none.
    """
    workspace_id, bucket = batch.workspace.workspace_id, batch.bucket
    keys = [
        (owner, id_hash)
        for (kind, id_hash), (where, owner) in named.claimed.items()
        if kind == IdKind.REDEMPTION and where == bucket
    ]
    keys += [
        (UUID(hex=command.customer_id), UUID(hex=command.redemption_id))
        for command in commands
        if type(command) is ExpireHold
    ]
    rows = await load_redemptions(conn, workspace_id, bucket, keys) if keys else []
    orders = [found for command in commands if (found := _coming_back(batch, command)) is not None]
    members = [
        (owner, order)
        for owner, order in orders
        if owner != order and (order not in batch.orders or batch.orders[order].redeemed_on)
    ]
    if members:
        rows += await load_redemptions_of_orders(conn, workspace_id, bucket, members)
    of_guests = {
        order
        for _, order in orders
        if order in named.with_guests or (IdKind.ORDER, order) not in named.claimed
    }
    if of_guests:
        rows += await _load_guests(conn, batch, of_guests)
    for row in rows:
        await _follow_merges(conn, batch, row)
    batch.redemptions = {row.redemption_id: row for row in rows}
    holders = {
        batch.name("customer", command.customer)
        for command in commands
        if type(command) is PostRedemption and command.customer is not None and command.hold_for
    }
    if holders:
        batch.held = await count_held(conn, workspace_id, bucket, sorted(holders))


async def _load_guests(conn: Connection, batch: Batch, orders: AbstractSet[UUID]) -> list[RedemptionRow]:
    """Lock and load what guests redeemed on these orders, in whichever buckets that is."""
    workspace_id, rows = batch.workspace.workspace_id, []
    for bucket, found in (await find_guest_redemptions(conn, workspace_id, orders)).items():
        rows += await load_redemptions(conn, workspace_id, bucket, [(each, each) for each in found])
        batch.guest_buckets |= dict.fromkeys(found, bucket)
    return rows


async def _follow_merges(conn: Connection, batch: Batch, row: RedemptionRow) -> None:
    """Let what others lent to a redemption, a code or a card, come back to whom they were merged into."""
    places = {
        (each.bucket, each.holder)
        for part in row.used.programs
        for each in part.vouchers
        if each.holder not in (each.voucher_id, row.customer_id)
    }
    places |= {
        (lot.bucket, lot.owner)
        for part in row.used.programs
        for lot in part.lots
        if lot.owner != row.customer_id and lot.owner not in batch.households
    }
    for place in sorted(places):
        survivor = await find_survivor(conn, batch.workspace.workspace_id, place)
        if survivor is not None:
            row.used = handed_over(row.used, place, survivor)


def _coming_back(batch: Batch, command: Command) -> tuple[UUID, UUID] | None:
    """Return whose order a command takes back, in part or whole, and the order.

    An order may be canceled of which nothing was heard before but what was redeemed on it.
    """
    if type(command) is PostReturn:
        order_id = batch.name("order", command.order)
        return (batch.orders[order_id].customer_id, order_id) if order_id in batch.orders else None
    if type(command) is PutOrder and command.order.status is OrderStatus.CANCELED:
        order_id = batch.name("order", command.id)
        owner = order_id if command.customer is None else batch.name("customer", command.customer)
        return owner, order_id
    return None


async def load_entered(conn: Connection, batch: Batch, commands: Sequence[Command]) -> None:
    """Lock the vouchers whose codes were entered, and load the wallets of the gift cards among them.

    The rotating code of what is held already is good for as long as the hold.
    """
    codes = {
        asked.code
        for command in commands
        if isinstance(command, PostRedemption | ChangeHold)
        for asked in command.redeem
        if asked.code is not None
    }
    if codes:
        held = {
            voucher_id
            for command in commands
            if isinstance(command, ChangeHold)
            and (row := batch.redemptions.get(batch.name("redemption", command.id))) is not None
            for voucher_id in _vouchers_of(row.used)
        }
        await load_codes(conn, batch, sorted(codes), lock=True, held=held)


def _vouchers_of(used: Used) -> Iterator[UUID]:
    """Return the vouchers that were used, and the gift cards, whose money is their own."""
    for part in used.programs:
        yield from (use.voucher_id for use in part.vouchers)
        yield from (lot.owner for lot in part.lots)


async def load_codes(
    conn: Connection,
    batch: Batch,
    codes: Sequence[str],
    *,
    lock: bool,
    held: AbstractSet[UUID] = frozenset(),
) -> None:
    """Load the vouchers of these codes into the batch; to change them they have to be locked.

    Of the vouchers ``held`` the rotating codes may be old.
    """
    workspace_id = batch.workspace.workspace_id

    def hashes_at(now: Instant | None) -> dict[str, tuple[UUID, ...]]:
        return {code: hashes_entered(batch.codebook, workspace_id, code, now) for code in codes}

    current = hashes_at(batch.codes_judged_at)
    hashes = hashes_at(None) if held else current
    known = await find_vouchers(
        conn, workspace_id, sorted({each for every in hashes.values() for each in every})
    )
    found = {
        code: place
        for code, every in hashes.items()
        if (place := first_found(every, known)) is not None and (current[code] or place[2] in held)
    }
    buckets = sorted({bucket for bucket, _, _ in found.values()})
    loaded: dict[UUID, FoundVoucher] = {}
    for bucket in buckets:
        keys = sorted((owner, voucher) for where, owner, voucher in found.values() if where == bucket)
        rows = await load_vouchers(conn, workspace_id, bucket, keys, lock=lock)
        loaded |= {voucher_id: FoundVoucher(bucket, row) for voucher_id, row in rows.items()}
    if any(place[2] not in loaded for place in found.values()):
        raise SerializationError("a voucher was given to a customer while it was looked for")
    batch.entered = {code: loaded[voucher_id] for code, (_, _, voucher_id) in found.items()}
    batch.entered_hashes = {code: every for code, every in current.items() if not is_rotating(code)}
    await _load_cards(conn, batch)


async def _load_cards(conn: Connection, batch: Batch) -> None:
    """Load what the gift cards hold that were entered."""
    cards: dict[int, list[FoundVoucher]] = {}
    for entered in batch.entered.values():
        row = entered.row
        version = batch.workspace.program_by_id(row.program_id).version(row.version)
        if version.rewards[row.reward].card_for(row.tier):
            entered.unit = version.card_unit
            cards.setdefault(entered.bucket, []).append(entered)
    for bucket, found in cards.items():
        owners = {one.row.voucher_id: one for one in found}
        rows = [CustomerRow(customer_id=card_id, external_id="", created_at=batch.now) for card_id in owners]
        members = await load_members(
            conn,
            batch.workspace.workspace_id,
            bucket,
            rows,
            lots_for=frozenset(owners),
            reads=lambda _: ({}, {}),
        )
        for card_id, member in members.items():
            batch.cards[card_id] = member
            wallet = member.wallets.get(owners[card_id].unit)
            owners[card_id].balance = wallet.balance if wallet is not None else 0
