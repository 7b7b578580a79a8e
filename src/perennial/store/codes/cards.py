"""Gift cards that are worth nothing any more: what is on them, or comes back to them, is nobody's.

A card is an owner of the ledger with the id of its voucher. Who pays with it locks the voucher; who gives
money back does not know whose the voucher is by now, and locks the wallet. Who closes a card locks both.
"""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from asyncpg import Connection

from perennial.units import Minor

# Looked up, and locked, one after the other in the order of the ids that are given.
LOCK_CARDS = """
select found.*
from unnest($3::uuid[]) as wanted (customer_id)
cross join lateral (
    select customer_id
    from wallets
    where bucket = $2 and workspace_id = $1 and customer_id = wanted.customer_id
    offset 0
    for update
) as found
"""

# The voucher of somebody who was merged is with the survivor: what stays says only that there was one.
FIND_CLOSED = """
select found.voucher_id
from unnest($3::uuid[]) as wanted (voucher_id)
cross join lateral (
    select voucher_id, customer_id
    from vouchers
    where bucket = $2 and workspace_id = $1 and voucher_id = wanted.voucher_id and state <> 1
    offset 0
) as found
left join lateral (
    select true as is_merged
    from merged_customers
    where bucket = $2 and workspace_id = $1 and customer_id = found.customer_id
    offset 0
) as holder on true
where holder.is_merged is null
"""

_LIST_CARDS = """
select found.*
from vouchers
cross join lateral (
    select distinct customer_id
    from wallets
    where bucket = $2 and workspace_id = $1 and customer_id = vouchers.voucher_id
    offset 0
) as found
where vouchers.bucket = $2 and vouchers.workspace_id = $1 and vouchers.customer_id = $3
"""


# What is on a card: it has one wallet, in the unit of its program's cards.
_CARD_BALANCES = """
select found.*
from unnest($3::uuid[]) as wanted (customer_id)
cross join lateral (
    select customer_id, balance
    from wallets
    where bucket = $2 and workspace_id = $1 and customer_id = wanted.customer_id
    offset 0
) as found
"""


async def lock_cards(conn: Connection, ws: int, bucket: int, cards: Collection[UUID]) -> None:
    """Lock what is on these cards of a bucket, in sorted order, until the transaction ends."""
    await conn.fetch(LOCK_CARDS, ws, bucket, sorted(cards, key=lambda card: card.bytes))


async def find_closed(conn: Connection, ws: int, bucket: int, cards: Collection[UUID]) -> set[UUID]:
    """Return which of these cards are void or ended; to rely on it they have to be locked."""
    return {card for (card,) in await conn.fetch(FIND_CLOSED, ws, bucket, list(cards))}


async def list_cards(conn: Connection, ws: int, bucket: int, customer_id: UUID) -> list[UUID]:
    """Return the gift cards of a customer that had money on them once."""
    return [card for (card,) in await conn.fetch(_LIST_CARDS, ws, bucket, customer_id)]


async def card_balances(conn: Connection, ws: int, bucket: int, cards: Collection[UUID]) -> dict[UUID, Minor]:
    """Return what is on each of these cards of a bucket and not held; what never had anything is left out."""
    rows = await conn.fetch(_CARD_BALANCES, ws, bucket, list(cards))
    return {row["customer_id"]: row["balance"] for row in rows}
