"""Which customers of a bucket meet conditions: counted, sampled, listed, each by one pass over sets.

The tests come from ``core/conditions/sql.py`` with their parameters; here they are joined to what they read.
Households, which are rows of ``customers`` too, and the erased meet nothing.

These statements read whole tables of a bucket. A transaction of the live path is set up for look-ups by
key, so every function here sets its own transaction to plan for sets (:func:`plan_for_sets`): run nothing
of the live path in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec
from asyncpg import Connection, Record

from perennial.core.conditions.sql import FIRST_PARAMETER, SqlConditions, SqlFigure
from perennial.store.external_ids import IdKind
from perennial.store.history import FIRST

_PLAN_FOR_SETS = """
select set_config('plan_cache_mode', 'force_custom_plan', true), set_config('enable_seqscan', 'on', true),
    set_config('jit', 'off', true)
"""

_HOUSEHOLDS = """
select id_hash from external_ids where workspace_id = $1 and kind = $3 and bucket = $2
"""

_MEMBERSHIP = """
left join memberships as m on m.bucket = $2 and m.workspace_id = $1 and m.customer_id = c.customer_id
    and {test} and {among}
"""

_HOMES_ELSEWHERE = """
select found.id_hash, found.bucket
from (
    select distinct household_id
    from customers
    where bucket = $2 and workspace_id = $1 and household_id is not null
) as home
join external_ids as found on found.workspace_id = $1 and found.kind = $3
    and found.id_hash = home.household_id and found.bucket <> $2
"""

# What members own is in their bucket, but for the points of households that lie in other ones.
_HERE = " and {alias}.bucket = $2"
_ANYWHERE = """(
    select * from {table} where bucket = $2 and workspace_id = $1
    union all
    select * from {table}
    where bucket = any({buckets}::int[]) and workspace_id = $1 and customer_id = any({households}::uuid[])
)"""

_WALLET = """
left join {table} as {alias} on {alias}.workspace_id = $1{here}
    and {alias}.customer_id = coalesce(c.household_id, c.customer_id) and {alias}.unit_id = {unit}
    and {among}
"""

_LOTS = """
left join (
    select customer_id, sum(remaining)::bigint as expiring
    from {table} as owned
    where workspace_id = $1{here} and unit_id = {unit} and remaining > 0
        and expires_at > {after} and expires_at <= {until} and {among}
    group by customer_id
) as {alias} on {alias}.customer_id = coalesce(c.household_id, c.customer_id)
"""

_COMPLETED = """
left join (
    select customer_id, sum(given)::bigint as completed
    from challenge_rounds
    where bucket = $2 and workspace_id = $1 and challenge = {challenge}
    group by customer_id
) as {alias} on {alias}.customer_id = c.customer_id
"""

_REFERRALS = """
left join (
    select customer_id, used as converted
    from limit_uses
    where bucket = $2 and workspace_id = $1 and limit_id = {limit} and period = {period}
) as r on r.customer_id = c.customer_id
"""

_SEGMENTS = """
left join (
    select customer_id, array_agg(segment_id) as segments
    from segment_members
    where bucket = $2 and workspace_id = $1 and segment_id = any({segments}) and {among}
    group by customer_id
) as s on s.customer_id = c.customer_id
"""

_FIGURES = """
left join (
    select k.customer_id, {columns}
    from counters as k {memberships}
    where k.bucket = $2 and k.workspace_id = $1 and ({counted})
    group by k.customer_id
) as h on h.customer_id = c.customer_id
"""

_COUNTING_MEMBERSHIP = """
    left join memberships as j on j.bucket = $2 and j.workspace_id = $1 and j.customer_id = k.customer_id
        and {test}
"""

_COLUMNS = {
    "sum": "(sum(k.value) filter (where {when}))::bigint",
    "visits": "count(*) filter (where {when} and k.value > 0)",
    "first": "min(k.period) filter (where {when} and k.value > 0)",
    "last": "max(k.period) filter (where {when} and k.value > 0)",
}

_CUSTOMERS = """
from customers as c
{relations}
where c.bucket = $2 and c.workspace_id = $1 and c.erased_at is null
    and not exists (select from unnest($3::uuid[]) as household (id) where household.id = c.customer_id)
"""

_PREVIEW = """
with found as materialized (select c.customer_id {customers} and {test})
select (select count(*) from found), array(select customer_id from found order by customer_id limit {limit})
"""

# One row for each customer who meets any of them, with the places of those that hold, from 1.
_LIST_WHICH = """
select customer_id, array_remove(places, null) from (
    select c.customer_id, array[{places}] as places {customers} and ({any})
) as found
order by customer_id
"""


class Span(msgspec.Struct, frozen=True):
    """Customers from one id to another, both included: read from the keys one after the other."""

    first: UUID
    last: UUID


class Preview(msgspec.Struct, frozen=True):
    """How many customers of a bucket meet a condition, and the first of them by their ids."""

    count: int
    sample: tuple[UUID, ...]


async def plan_for_sets(conn: Connection) -> None:
    """Let the rest of this transaction read whole tables, and plan each statement by its parameters."""
    await conn.execute(_PLAN_FOR_SETS)


async def preview_matching(
    conn: Connection, ws: int, bucket: int, sql: SqlConditions, sample: int, only: Span | None = None
) -> Preview:
    """Return how many customers meet the only condition of ``sql``, and at most ``sample`` of them.

    With ``only`` nobody else is looked at: ids are hashes, so that a span of them is a fair share of
    everybody.
    """
    (test,) = sql.tests
    limit = FIRST_PARAMETER + len(sql.parameters)
    among, whom = _among(only, limit + 1)
    text = _PREVIEW.replace("{test}", test).replace("{limit}", f"${limit}::int")
    count, found = (await _fetch(conn, text, ws, bucket, sql, among, sample, *whom))[0]
    return Preview(count, tuple(found))


async def list_which(
    conn: Connection, ws: int, bucket: int, sql: SqlConditions, only: Sequence[UUID] | Span | None = None
) -> list[tuple[UUID, list[int]]]:
    """Return who meets any of the conditions with the indexes of those, in the order of their ids.

    All conditions are judged in one pass, so that fifty cost little more than one. With ``only`` nobody
    else is looked at.
    """
    places = ", ".join(f"case when {test} then {place} end" for place, test in enumerate(sql.tests))
    among, whom = _among(only, FIRST_PARAMETER + len(sql.parameters))
    text = _LIST_WHICH.replace("{places}", places).replace("{any}", " or ".join(sql.tests))
    return [(row[0], row[1]) for row in await _fetch(conn, text, ws, bucket, sql, among, *whom)]


def _among(only: Sequence[UUID] | Span | None, number: int) -> tuple[str | None, tuple[object, ...]]:
    """Return the test of an ``{id}`` for some customers, and its parameters from ``$number`` on."""
    if only is None:
        return None, ()
    if isinstance(only, Span) and only.first == FIRST:
        return f"{{id}} <= ${number}::uuid", (only.last,)
    if isinstance(only, Span):
        return f"{{id}} between ${number}::uuid and ${number + 1}::uuid", (only.first, only.last)
    return f"{{id}} = any(${number}::uuid[])", (list(only),)


async def _fetch(
    conn: Connection,
    text: str,
    ws: int,
    bucket: int,
    sql: SqlConditions,
    among: str | None,
    *parameters: object,
) -> list[Record]:
    """Run a statement over the ``{customers}`` whose ``{id}`` is ``among`` some, with all that is read."""
    await plan_for_sets(conn)
    households = [row[0] for row in await conn.fetch(_HOUSEHOLDS, ws, bucket, IdKind.HOUSEHOLD)]
    # Points of a household have its id, which may lie anywhere. Between two ids that are close to each other
    # PostgreSQL expects next to nobody, and would join each customer with all wallets there.
    owned = bool(sql.wallets or sql.lots)
    away = await conn.fetch(_HOMES_ELSEWHERE, ws, bucket, IdKind.HOUSEHOLD) if owned else []
    together = households or away or (among is not None and "between" in among)
    number = FIRST_PARAMETER + len(sql.parameters) + len(parameters)
    relations = _relations(sql, among, None if together else among, number if away else None)
    if away:
        parameters += ([row[1] for row in away], [row[0] for row in away])
    customers = _CUSTOMERS.format(relations=relations)
    if among is not None:
        customers = f"{customers} and {among.format(id='c.customer_id')}"
    whole = text.replace("{customers}", customers)
    return await conn.fetch(whole, ws, bucket, households, *sql.parameters, *parameters)


def _relations(sql: SqlConditions, among: str | None, owners: str | None, elsewhere: int | None) -> str:
    """Return the joins to everything that the tests read of customers ``among`` some, or of ``owners``.

    ``elsewhere`` is the number of the parameters that name households in other buckets, where there are any.
    """
    joins = []
    if sql.membership is not None:
        own = "true" if among is None else among.format(id="m.customer_id")
        joins.append(_MEMBERSHIP.format(test=sql.membership, among=own))
    for alias, unit in sql.wallets.items():
        owned = "true" if owners is None else owners.format(id=f"{alias}.customer_id")
        joins.append(
            _WALLET.format(alias=alias, unit=unit, among=owned, **_owned("wallets", alias, elsewhere))
        )
    owned = "true" if owners is None else owners.format(id="customer_id")
    joins += [
        _LOTS.format(
            alias=alias,
            unit=unit,
            after=after,
            until=until,
            among=owned,
            **_owned("lots", "owned", elsewhere),
        )
        for alias, (unit, after, until) in sql.lots.items()
    ]
    joins += [_COMPLETED.format(alias=alias, challenge=number) for alias, number in sql.challenges.items()]
    if sql.referrals is not None:
        joins.append(_REFERRALS.format(limit=sql.referrals[0], period=sql.referrals[1]))
    if sql.segments is not None:
        inside = "true" if among is None else among.format(id="customer_id")
        joins.append(_SEGMENTS.format(segments=sql.segments, among=inside))
    if sql.figures:
        joins.append(_figures(sql.figures, sql.counting_membership, among))
    return "".join(joins)


def _owned(table: str, alias: str, elsewhere: int | None) -> dict[str, str]:
    """Return where wallets or lots are looked for."""
    if elsewhere is None:
        return {"table": table, "here": _HERE.format(alias=alias)}
    both = _ANYWHERE.format(table=table, buckets=f"${elsewhere}", households=f"${elsewhere + 1}")
    return {"table": both, "here": ""}


def _figures(figures: Sequence[SqlFigure], membership: str | None, among: str | None) -> str:
    """Return the join to all figures of the past, which are added up in one pass over the counters."""
    columns, counted = [], []
    for figure in figures:
        within = f"(k.metric = {figure.metric} and k.period between {figure.first} and {figure.last})"
        counted.append(within)
        columns += [
            f"{_COLUMNS[column].format(when=within)} as {figure.name}_{column}"
            for column in sorted(figure.columns)
        ]
    return _FIGURES.format(
        columns=", ".join(columns),
        memberships="" if membership is None else _COUNTING_MEMBERSHIP.format(test=membership),
        counted=" or ".join(counted)
        if among is None
        else f"{' or '.join(counted)}) and ({among.format(id='k.customer_id')}",
    )
