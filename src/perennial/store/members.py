"""Members: everything that decisions about customers read, loaded for a whole batch at once.

One statement reads all of it, because a round trip costs more than a table. It is put together from
the parts below, which have the same columns; what a part has no use for is null.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from enum import IntEnum
from functools import lru_cache
from typing import Any, TypeAlias
from uuid import UUID

import msgspec
from asyncpg import Connection

from perennial.core.member import Member, Membership, Wallet
from perennial.ledger.lot import Lot, LotKey, Origin
from perennial.store.customers import (
    CustomerRow,
    insert_customers,
    lock_customers,
    read_customers,
    update_customers,
)
from perennial.units import Instant

__all__ = [
    "CustomerRow",
    "Reads",
    "insert_customers",
    "load_members",
    "lock_customers",
    "read_customers",
    "update_customers",
]

Periods: TypeAlias = Mapping[int, int]
"""The number of a metric or limit, and the earliest period of it that is read."""

Reads: TypeAlias = Callable[[Instant | None], tuple[Periods, Periods]]
"""Says which metrics and which limits are read and how far back, given the earliest timer due."""


class _Part(IntEnum):
    TIMER = 1
    MEMBERSHIP = 2
    WALLET = 3
    LOT = 4
    COUNTER = 5
    LIMIT_USE = 6


# Every part walks its customers and looks each up by the whole beginning of a key, whatever the planner
# believes about the table: "offset 0" keeps it from reading a bucket and filtering.
_LOAD_TIMERS = """
select 1::smallint as part, wanted.customer_id, null::bigint as a, null::int as b, null::bigint as c,
    null::bigint[] as numbers, found.instants, null::text[] as words
from unnest($3::uuid[]) as wanted (customer_id)
cross join lateral (
    select array[due_at] as instants
    from timers
    where bucket = $2 and workspace_id = $1 and customer_id = wanted.customer_id
    offset 0
) as found
"""

_LOAD_MEMBERSHIPS = """
select 2::smallint, wanted.customer_id, null::bigint, found.program_id, null::bigint, null::bigint[],
    found.instants, found.words
from unnest($3::uuid[]) as wanted (customer_id)
cross join lateral (
    select program_id, array[joined_at, tier_since, tier_until, left_at] as instants,
        array[source, tier, tier_floor] as words
    from memberships
    where bucket = $2 and workspace_id = $1 and customer_id = wanted.customer_id
    offset 0
) as found
"""

_LOAD_WALLETS = """
select 3::smallint, wanted.customer_id, found.balance, found.unit_id, found.pending, found.numbers,
    found.instants, null::text[]
from unnest($4::uuid[]) as wanted (customer_id)
cross join lateral (
    select unit_id, balance, pending, array[debt, shortfall, earned, spent, expired] as numbers,
        array[activated_until, active_at] as instants
    from wallets
    where bucket = $2 and workspace_id = $1 and customer_id = wanted.customer_id
    offset 0
) as found
"""

_LOAD_LOTS = """
select 4::smallint, wanted.customer_id, found.lot_id, found.unit_id, found.remaining, found.numbers,
    found.instants, found.words
from unnest($5::uuid[]) as wanted (customer_id)
cross join lateral (
    select unit_id, lot_id, remaining, array[granted, origin] as numbers,
        array[available_at, expires_at] as instants, array[waits_for] as words
    from lots
    where bucket = $2 and workspace_id = $1 and customer_id = wanted.customer_id and remaining > 0
    offset 0
) as found
"""

# Once for all metrics that are read back to the same period; $6 and $7 are renumbered.
_LOAD_COUNTERS = """
select 5::smallint, wanted.customer_id, found.metric, found.period, found.value, null::bigint[],
    null::timestamptz[], null::text[]
from unnest($3::uuid[]) as wanted (customer_id)
cross join lateral (
    select metric, period, value
    from counters
    where bucket = $2 and workspace_id = $1 and customer_id = wanted.customer_id
        and metric = any($6::bigint[]) and period >= $7
    offset 0
) as found
"""

_LOAD_LIMIT_USES = """
select 6::smallint, wanted.customer_id, found.limit_id, found.period, found.used, null::bigint[],
    null::timestamptz[], null::text[]
from unnest($3::uuid[]) as wanted (customer_id)
cross join lateral (
    select limit_id, period, used
    from limit_uses
    where bucket = $2 and workspace_id = $1 and customer_id = wanted.customer_id
        and limit_id = any($6::bigint[]) and period >= $7
    offset 0
) as found
"""

_MEMBERS = _LOAD_TIMERS, _LOAD_MEMBERSHIPS, _LOAD_WALLETS


@lru_cache(maxsize=256)
def _joined(parts: tuple[str, ...], counters: int, limits: int) -> str:
    repeated = [_LOAD_COUNTERS] * counters + [_LOAD_LIMIT_USES] * limits
    numbered = [
        part.replace("$6", f"${6 + 2 * place}").replace("$7", f"${7 + 2 * place}")
        for place, part in enumerate(repeated)
    ]
    return "union all".join([*parts, _LOAD_LOTS, *numbered])


def _by_period(periods: Periods) -> list[tuple[int, list[int]]]:
    grouped: dict[int, list[int]] = {}
    for number, period in periods.items():
        grouped.setdefault(period, []).append(number)
    return sorted(grouped.items())


class _Loading(msgspec.Struct):
    """Members and the wallets of their owners, while rows are coming in."""

    members: dict[UUID, Member]
    wallets: dict[UUID, dict[int, Wallet]]

    async def load(
        self,
        conn: Connection,
        ws: int,
        bucket: int,
        parts: tuple[str, ...],
        with_lots: AbstractSet[UUID],
        metrics: Periods,
        limits: Periods,
    ) -> None:
        """Run the parts and take their rows over."""
        counters, uses = _by_period(metrics), _by_period(limits)
        sql = _joined(parts, len(counters), len(uses))
        grouped = [value for period, numbers in (*counters, *uses) for value in (numbers, period)]
        owners = list(self.wallets)
        rows = await conn.fetch(sql, ws, bucket, list(self.members), owners, list(with_lots), *grouped)
        # The wallets come before their lots, because the parts do.
        for part, customer_id, a, b, c, numbers, instants, words in rows:
            _TAKE[part](self, customer_id, a, b, c, numbers, instants, words)
        for owner in with_lots:
            for wallet in self.wallets.get(owner, {}).values():
                wallet.lots = wallet.lots or {}

    def timer(self, customer_id: UUID, *row: Any) -> None:
        *_, instants, _ = row
        self.members[customer_id].due_at = instants[0]

    def membership(self, customer_id: UUID, *row: Any) -> None:
        _, program_id, _, _, (joined_at, since, until, left_at), (source, tier, floor) = row
        self.members[customer_id].memberships[program_id] = Membership(
            joined_at, source, tier, since, until, floor, left_at
        )

    def wallet(self, owner: UUID, *row: Any) -> None:
        balance, unit, pending, figures, instants, _ = row
        self.wallets[owner][unit] = Wallet(balance, pending, *figures, *instants)

    def lot(self, owner: UUID, *row: Any) -> None:
        lot_id, unit, remaining, (granted, origin), (available_at, expires_at), (waits_for,) = row
        wallet = self.wallets[owner][unit]
        if wallet.lots is None:
            wallet.lots = {}
        wallet.lots[lot_id] = Lot(
            lot_id, LotKey(Origin(origin), available_at, expires_at, waits_for), granted, remaining
        )

    def counter(self, customer_id: UUID, *row: Any) -> None:
        metric, period, value, *_ = row
        self.members[customer_id].counters.setdefault(metric, {})[period] = value

    def limit_use(self, customer_id: UUID, *row: Any) -> None:
        limit_id, period, used, *_ = row
        self.members[customer_id].limits.setdefault(limit_id, {})[period] = used


_TAKE: dict[int, Callable[..., None]] = {
    _Part.TIMER: _Loading.timer,
    _Part.MEMBERSHIP: _Loading.membership,
    _Part.WALLET: _Loading.wallet,
    _Part.LOT: _Loading.lot,
    _Part.COUNTER: _Loading.counter,
    _Part.LIMIT_USE: _Loading.limit_use,
}


async def load_members(
    conn: Connection,
    ws: int,
    bucket: int,
    customers: Iterable[CustomerRow],
    *,
    lots_for: AbstractSet[UUID] = frozenset(),
    due_until: Instant | None = None,
    reads: Reads,
) -> dict[UUID, Member]:
    """Load the members behind locked ``customers``, by customer id.

    ``lots_for`` names the owners whose open lots are read, besides those of members with a timer due
    at or before ``due_until``. ``reads`` says which metrics and limits are read and how far back,
    given the earliest timer that is due (None: none is). Members of one household share the same
    wallets: the same objects.
    """
    members = {
        row.customer_id: Member(customer_id=row.customer_id, owner=row.owner, attributes=row.attributes)
        for row in customers
    }
    loading = _Loading(members, {member.owner: {} for member in members.values()})
    await loading.load(conn, ws, bucket, _MEMBERS, lots_for, *reads(None))
    for member in members.values():
        member.wallets = loading.wallets[member.owner]
    due = _due(members.values(), due_until)
    if due:
        # Rare: what timers read besides is loaded when it is known that some are due.
        missing = {member.owner for member in due} - lots_for
        further = reads(min(member.due_at for member in due if member.due_at is not None))
        await loading.load(conn, ws, bucket, (), missing, *further)
    return members


def _due(members: Iterable[Member], until: Instant | None) -> Sequence[Member]:
    if until is None:
        return ()
    return [member for member in members if member.due_at is not None and member.due_at <= until]
