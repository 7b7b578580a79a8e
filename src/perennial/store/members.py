"""Members: everything that decisions about customers read, loaded for a whole batch at once.

One statement reads all of it, because a round trip costs more than a table. It is made of the parts
below, which have the same columns; what a part has no use for is null.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from functools import lru_cache
from struct import Struct
from typing import TypeAlias
from uuid import UUID

import msgspec
from asyncpg import Connection, Record

from perennial.core.member import Member, Membership, Wallet
from perennial.ledger.lot import Lot, LotKey, Origin
from perennial.store.customers.customers import (
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


# Every part looks customers up one by one by the beginning of a key, whatever the planner believes about
# the table: "offset 0" keeps it from reading a whole bucket and filtering. Each gives one row, because
# many small rows cost more than what is in them: where every customer stands in the list that was asked
# for, and beside it what was found as arrays of numbers, instants and words, or packed into bytes.
_LOAD_TIMERS = """
select 'timer' as part, array_agg(place) as places, null::bigint[] as numbers, array_agg(due_at) as instants,
    null::text[] as words, null::bytea as packed
from unnest($3::uuid[]) with ordinality as wanted (customer_id, place)
cross join lateral (
    select due_at
    from timers
    where bucket = $2 and workspace_id = $1 and customer_id = wanted.customer_id
    offset 0
) as found
"""

_LOAD_MEMBERSHIPS = """
select 'membership', array_agg(place), array_agg(program_id::bigint), array_agg(instants), array_agg(words),
    null
from unnest($3::uuid[]) with ordinality as wanted (customer_id, place)
cross join lateral (
    select program_id, array[joined_at, tier_since, tier_until, left_at] as instants,
        array[source, tier, tier_floor] as words
    from memberships
    where bucket = $2 and workspace_id = $1 and customer_id = wanted.customer_id
    offset 0
) as found
"""

_LOAD_WALLETS = """
select 'wallet', array_agg(place), array_agg(numbers), array_agg(instants), null, null
from unnest($4::uuid[]) with ordinality as wanted (customer_id, place)
cross join lateral (
    select array[unit_id::bigint, balance, pending, debt, shortfall, earned, spent, expired, held] as numbers,
        array[activated_until, active_at] as instants
    from wallets
    where bucket = $2 and workspace_id = $1 and customer_id = wanted.customer_id
    offset 0
) as found
"""

_LOAD_LOTS = """
select 'lot', array_agg(place), array_agg(numbers), array_agg(instants), array_agg(waits_for),
    null
from unnest($5::uuid[]) with ordinality as wanted (customer_id, place)
cross join lateral (
    select array[unit_id::bigint, lot_id, origin::bigint, granted, remaining] as numbers,
        array[available_at, expires_at] as instants, waits_for
    from lots
    where bucket = $2 and workspace_id = $1 and customer_id = wanted.customer_id and remaining > 0
    offset 0
) as found
"""

# Once for all metrics, or limits, that are read back to the same period; $6 and $7 are renumbered.
# Counters are most of what is read, and of an array each number costs a call on either side: see _COUNTER.
_LOAD_COUNTERS = """
select 'counter', null, null, null, null,
    string_agg(int4send(place::integer) || int8send(metric) || int4send(period) || int8send(value), '')
from unnest($3::uuid[]) with ordinality as wanted (customer_id, place)
cross join lateral (
    select metric, period, value
    from counters
    where bucket = $2 and workspace_id = $1 and customer_id = wanted.customer_id
        and metric = any($6::bigint[]) and period >= $7
    offset 0
) as found
"""

_LOAD_LIMIT_USES = """
select 'limit_use', array_agg(place), array_agg(numbers), null, null, null
from unnest($3::uuid[]) with ordinality as wanted (customer_id, place)
cross join lateral (
    select array[limit_id, period::bigint, used] as numbers
    from limit_uses
    where bucket = $2 and workspace_id = $1 and customer_id = wanted.customer_id
        and limit_id = any($6::bigint[]) and period >= $7
    offset 0
) as found
"""

# The index alone tells who is in which segment; since when is read where somebody asks.
_LOAD_SEGMENTS = """
select 'segment', null, null, null, null,
    string_agg(int4send(place::integer) || int4send(segment_id), '')
from unnest($3::uuid[]) with ordinality as wanted (customer_id, place)
cross join lateral (
    select segment_id
    from segment_members
    where bucket = $2 and workspace_id = $1 and customer_id = wanted.customer_id
    offset 0
) as found
"""

_LOAD_SEGMENTS_SINCE = """
select 'segment_since', array_agg(place), array_agg(segment_id::bigint), array_agg(entered_at), null, null
from unnest($3::uuid[]) with ordinality as wanted (customer_id, place)
cross join lateral (
    select segment_id, entered_at
    from segment_members
    where bucket = $2 and workspace_id = $1 and customer_id = wanted.customer_id
    offset 0
) as found
"""

_COUNTER = Struct(">iqiq")
"""A counter as it is packed: the place of its customer, metric, period and value."""

_PLACE_IN_SEGMENT = Struct(">ii")
"""Who is in a segment as it is packed: the place of the customer, and the segment's number."""

_ALWAYS = _LOAD_TIMERS, _LOAD_MEMBERSHIPS, _LOAD_WALLETS, _LOAD_LOTS


@lru_cache(maxsize=256)
def load_statement(counters: int, limits: int, *, segments: bool = False, since: bool = False) -> str:
    """Return the statement for so many groups of metrics and of limits, with the segments or without.

    ``since`` asks since when customers have been in them.
    """
    groups = [_LOAD_COUNTERS] * counters + [_LOAD_LIMIT_USES] * limits
    numbered = [
        part.replace("$7", f"${7 + 2 * group}").replace("$6", f"${6 + 2 * group}")
        for group, part in enumerate(groups)
    ]
    inside = _LOAD_SEGMENTS_SINCE if since else _LOAD_SEGMENTS
    return "union all".join([*_ALWAYS, *([inside] if segments else []), *numbered])


def _by_period(periods: Periods) -> list[tuple[list[int], int]]:
    """Put the metrics or limits that are read back to the same period together."""
    groups: dict[int, list[int]] = {}
    for number, period in periods.items():
        groups.setdefault(period, []).append(number)
    return [(numbers, period) for period, numbers in sorted(groups.items())]


class _Loading(msgspec.Struct):
    """Members, and the wallets of their owners, while rows are coming in. Places count from 1."""

    members: list[Member]
    owners: list[UUID]
    wallets: list[dict[int, Wallet]]
    segments: Mapping[int, str]
    since: bool
    lots_of: list[int] = []
    zeros: set[UUID] = set()

    async def load(
        self,
        conn: Connection,
        ws: int,
        bucket: int,
        with_lots: AbstractSet[UUID],
        metrics: Periods,
        limits: Periods,
    ) -> None:
        """Read everything and take it over, on top of what was read before."""
        self.lots_of = [place for place, owner in enumerate(self.owners, 1) if owner in with_lots]
        counters, uses = _by_period(metrics), _by_period(limits)
        rows = await conn.fetch(
            load_statement(len(counters), len(uses), segments=bool(self.segments), since=self.since),
            ws,
            bucket,
            [member.customer_id for member in self.members],
            self.owners,
            [self.owners[place - 1] for place in self.lots_of],
            *(value for group in (*counters, *uses) for value in group),
        )
        # The rows come in the order of the parts: wallets before the lots in them.
        for row in rows:
            if row["places"] is not None or row["packed"] is not None:
                _TAKE[row["part"]](self, row)

    def timers(self, row: Record) -> None:
        for place, due_at in zip(row["places"], row["instants"], strict=True):
            self.members[place - 1].due_at = due_at

    def memberships(self, row: Record) -> None:
        for place, program_id, (joined_at, since, until, left_at), (source, tier, floor) in zip(
            row["places"], row["numbers"], row["instants"], row["words"], strict=True
        ):
            self.members[place - 1].memberships[program_id] = Membership(
                joined_at, source, tier, since, until, floor, left_at
            )

    def owned(self, row: Record) -> None:
        for place, (unit, *figures), instants in zip(
            row["places"], row["numbers"], row["instants"], strict=True
        ):
            self.wallets[place - 1][unit] = Wallet(*figures, *instants)
        for place in self.lots_of:
            for wallet in self.wallets[place - 1].values():
                wallet.lots = {}

    def segmented(self, row: Record) -> None:
        inside, code_of = [{}, *(member.segments for member in self.members)], self.segments.get
        for place, number in _PLACE_IN_SEGMENT.iter_unpack(row["packed"]):
            code = code_of(number)
            if code is not None:
                inside[place][code] = 0

    def segmented_since(self, row: Record) -> None:
        for place, number, entered_at in zip(row["places"], row["numbers"], row["instants"], strict=True):
            code = self.segments.get(number)
            if code is not None:
                self.members[place - 1].segments[code] = entered_at

    def lots(self, row: Record) -> None:
        for place, (unit, lot_id, origin, granted, remaining), (available_at, expires_at), waits_for in zip(
            row["places"], row["numbers"], row["instants"], row["words"], strict=True
        ):
            lots = self.wallets[self.lots_of[place - 1] - 1][unit].lots
            assert lots is not None, "the lots of this owner were asked for"
            key = LotKey(Origin(origin), available_at, expires_at, waits_for)
            lots[lot_id] = Lot(lot_id, key, granted, remaining)

    def counters(self, row: Record) -> None:
        counted = [{}, *(member.counters for member in self.members)]
        for place, metric, period, value in _COUNTER.iter_unpack(row["packed"]):
            counters = counted[place]
            if metric in counters:
                counters[metric][period] = value
            else:
                counters[metric] = {period: value}
            if not value:
                self.zeros.add(self.members[place - 1].customer_id)

    def limits(self, row: Record) -> None:
        for place, (limit, period, used) in zip(row["places"], row["numbers"], strict=True):
            self.members[place - 1].limits.setdefault(limit, {})[period] = used


_TAKE: dict[str, Callable[[_Loading, Record], None]] = {
    "timer": _Loading.timers,
    "membership": _Loading.memberships,
    "wallet": _Loading.owned,
    "segment": _Loading.segmented,
    "segment_since": _Loading.segmented_since,
    "lot": _Loading.lots,
    "counter": _Loading.counters,
    "limit_use": _Loading.limits,
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
    segments: Mapping[int, str] | None = None,
    since: bool = False,
    zeros: set[UUID] | None = None,
) -> dict[UUID, Member]:
    """Load the members behind locked ``customers``, by customer id.

    ``lots_for`` names the owners whose open lots are read, besides those of members with a timer due
    at or before ``due_until``. ``reads`` says which metrics and limits are read and how far back,
    given the earliest timer that is due (None: none is). ``segments`` are those that the workspace has,
    their codes by their numbers: without any, none are read, and ``since`` when a member has been in them
    only if it is asked for. ``zeros`` is given the customers who have a counter that stands at nothing.
    Members of one household share the same wallets: the same objects.
    """
    wallets: dict[UUID, dict[int, Wallet]] = {}
    members = {
        row.customer_id: Member(
            customer_id=row.customer_id,
            owner=row.owner,
            attributes=row.attributes,
            wallets=wallets.setdefault(row.owner, {}),
            blocked=row.blocked or 0,
        )
        for row in customers
    }
    loading = _Loading(list(members.values()), list(wallets), list(wallets.values()), segments or {}, since)
    loading.zeros = set() if zeros is None else zeros
    await loading.load(conn, ws, bucket, lots_for, *reads(None))
    due = [member for member in members.values() if _is_due(member, due_until)]
    if due:
        # Rare: what timers read besides is known only now, and everything is read again with it.
        earliest = min(member.due_at for member in due if member.due_at is not None)
        with_lots = lots_for | {member.owner for member in due}
        await loading.load(conn, ws, bucket, with_lots, *reads(earliest))
    return members


def _is_due(member: Member, until: Instant | None) -> bool:
    return until is not None and member.due_at is not None and member.due_at <= until
