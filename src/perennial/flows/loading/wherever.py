"""Members with wallets that may lie in another bucket: each bucket is asked for what lies there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from uuid import UUID

from asyncpg import Connection

from perennial.core.member import Member, Wallet
from perennial.flows.batch import Batch
from perennial.store.customers.customers import CustomerRow
from perennial.store.members import Reads, load_members
from perennial.units import EARLIEST, Instant


async def load_members_of(
    conn: Connection,
    ws: int,
    bucket: int,
    customers: Mapping[UUID, CustomerRow],
    places: Mapping[UUID, int],
    *,
    lots_for: AbstractSet[UUID],
    due_until: Instant | None = None,
    reads: Reads,
    reads_elsewhere: Reads | None = None,
    segments: Mapping[int, str],
    since: bool = False,
    zeros: set[UUID] | None = None,
) -> dict[UUID, Member]:
    """Load members as :func:`load_members` does, and those that lie in other buckets than ``bucket``.

    ``places`` are the buckets of these, and of households that are not among the ``customers`` and whose
    wallets theirs are. Where nobody is elsewhere, that is one statement; what is read of them is told apart.
    """
    members = await load_members(
        conn,
        ws,
        bucket,
        [row for customer_id, row in customers.items() if not places or customer_id not in places],
        lots_for=lots_for,
        due_until=due_until,
        reads=reads,
        segments=segments,
        since=since,
        zeros=zeros,
    )
    if not places:
        return members
    if due_until is not None:
        # What falls due within the batch reads lots, which are the household's.
        due = {
            each.owner for each in members.values() if each.due_at is not None and each.due_at <= due_until
        }
        lots_for = lots_for | due
    owned: dict[UUID, dict[int, Wallet]] = {each.owner: each.wallets for each in members.values()}
    for place in sorted(set(places.values())):
        rows = [
            customers.get(each) or CustomerRow(customer_id=each, external_id="", created_at=EARLIEST)
            for each, where in places.items()
            if where == place
        ]
        found = await load_members(
            conn,
            ws,
            place,
            rows,
            lots_for=lots_for,
            due_until=due_until,
            reads=reads_elsewhere or reads,
            segments=segments,
            since=since,
        )
        owned |= {each.owner: each.wallets for each in found.values() if places.get(each.owner) == place}
        members |= {customer_id: each for customer_id, each in found.items() if customer_id in customers}
    for member in members.values():
        member.wallets = owned.get(member.owner, member.wallets)
    return {customer_id: members[customer_id] for customer_id in customers}


def share(batch: Batch, beside: Sequence[Batch]) -> None:
    """Let whom others of the transaction have loaded be the same members here, with the same wallets.

    Nothing was decided yet: lots that were read here alone are those of the wallets there.
    """
    for other in beside:
        owned = {each.owner: each.wallets for each in other.members.values()}
        for owner, wallets in {each.owner: each.wallets for each in batch.members.values()}.items():
            for unit, wallet in wallets.items() if owner in owned else ():
                known = owned[owner].setdefault(unit, wallet)
                if known.lots is None:
                    known.lots = wallet.lots
        for customer_id, member in batch.members.items():
            if customer_id in other.members:
                batch.members[customer_id] = other.members[customer_id]
            elif member.owner in owned:
                member.wallets = owned[member.owner]
