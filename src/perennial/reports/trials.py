"""What the customers of every variant of an experiment or holdout did since they were exposed: sums alone.

Every order counts that was paid from the exposure on, the one that exposed included, and is not canceled,
less what came back of it since; orders in another currency than the program's are left out. What the same
customers did within :data:`PAST_DAYS` before their exposure explains part of the differences between them.
Points are those that the program gave in one wallet, less those it took back, wherever they were posted: with
the household that has the wallet, or with somebody whom the customer has absorbed. A bucket's sums stand
alone; they are added up here.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from asyncpg import Connection

from perennial.core.document.experiments import Outcome
from perennial.reports.confidence import Sums, sums
from perennial.units import Instant

PAST_DAYS = 90

_MEASURES = {
    Outcome.REVENUE: ("net", "net_before"),
    Outcome.MARGIN: ("margin", "margin_before"),
    Outcome.ORDERS: ("orders", "orders_before"),
    Outcome.RETENTION: ("came_back", "orders_before"),
    Outcome.POINTS: ("points", "points_before"),
    Outcome.PROFIT: ("margin - points * $7", "margin_before - points_before * $7"),
}
"""The figure of a customer for each outcome, and the one before the exposure that explains part of it."""

_SUMS = ",\n    ".join(
    f"sum({y})::float8, sum(({y}) * ({y}))::float8, sum({x})::float8, sum(({x}) * ({x}))::float8, "
    f"sum(({y}) * ({x}))::float8"
    for y, x in _MEASURES.values()
)

_OF_TRIAL = (
    """postings.program_id = $2 and unit_id = $6 and (debit = 2 or credit = 2) and at >= since and at < $4"""
)

_TRIAL = f"""
with exposed as materialized (
    select bucket, customer_id, version, variant, exposed_at,
        exposed_at - make_interval(days => {PAST_DAYS}) as since
    from exposures
    where workspace_id = $1 and program_id = $2 and experiment = $3 and exposed_at < $4
), bought as (
    select exposed.bucket, exposed.customer_id,
        count(*) filter (where paid_at >= exposed_at) as orders,
        count(*) filter (where paid_at < exposed_at) as orders_before,
        count(cost) filter (where paid_at >= exposed_at) as costed,
        max((paid_at > exposed_at)::int) as came_back,
        sum(net - coalesce(returned_net, 0)) filter (where paid_at >= exposed_at) as net,
        sum(net - coalesce(returned_net, 0)) filter (where paid_at < exposed_at) as net_before,
        sum(net - cost - coalesce(returned_net - returned_cost, 0))
            filter (where paid_at >= exposed_at) as margin,
        sum(net - cost - coalesce(returned_net - returned_cost, 0))
            filter (where paid_at < exposed_at) as margin_before
    from exposed
    join orders on orders.bucket = exposed.bucket and orders.workspace_id = $1
        and orders.customer_id = exposed.customer_id
    where status in (2, 3) and paid_at >= since and paid_at < $4 and (currency is null or currency = $5)
    group by exposed.bucket, exposed.customer_id
), granted as (
    select exposed.bucket, exposed.customer_id, exposed_at, at, debit, amount
    from exposed
    join postings on postings.bucket = exposed.bucket and postings.workspace_id = $1
        and postings.customer_id = exposed.customer_id
    where {_OF_TRIAL}
    union all
    select exposed.bucket, exposed.customer_id, exposed_at, at, debit, amount
    from exposed
    join merges on merges.bucket = exposed.bucket and merges.workspace_id = $1
        and merges.customer_id = exposed.customer_id
    join postings on postings.bucket = absorbed_bucket and postings.workspace_id = $1
        and postings.customer_id = absorbed_id
    where {_OF_TRIAL}
    SHARED
), given as (
    select bucket, customer_id,
        sum(case when debit = 2 then amount else -amount end) filter (where at >= exposed_at) as points,
        sum(case when debit = 2 then amount else -amount end) filter (where at < exposed_at) as points_before
    from granted
    group by bucket, customer_id
), figures as (
    select exposed.bucket, exposed.version, exposed.variant,
        coalesce(orders, 0)::float8 as orders, coalesce(orders_before, 0)::float8 as orders_before,
        coalesce(costed, 0) as costed, coalesce(came_back, 0)::float8 as came_back,
        coalesce(net, 0)::float8 as net, coalesce(net_before, 0)::float8 as net_before,
        coalesce(margin, 0)::float8 as margin, coalesce(margin_before, 0)::float8 as margin_before,
        coalesce(points, 0)::float8 as points, coalesce(points_before, 0)::float8 as points_before
    from exposed
    left join bought on bought.bucket = exposed.bucket and bought.customer_id = exposed.customer_id
    left join given on given.bucket = exposed.bucket and given.customer_id = exposed.customer_id
)
select version, variant, count(*), sum(orders)::bigint, sum(costed)::bigint,
    {_SUMS}
from figures
group by bucket, version, variant
"""

# What people of households earn is posted under the household; whose it was, what gave it says.
_SHARED = f"""union all
    select causes.bucket, causes.customer_id, exposed_at, at, debit, amount
    from external_ids as homes
    join postings on postings.bucket = homes.bucket and postings.workspace_id = $1
        and postings.customer_id = homes.customer_id
    join (
        select exposed.bucket, exposed.customer_id, exposed_at, since, order_id as cause
        from exposed
        join orders on orders.bucket = exposed.bucket and orders.workspace_id = $1
            and orders.customer_id = exposed.customer_id
        union
        select exposed.bucket, exposed.customer_id, exposed_at, since, event_id
        from exposed
        join events on events.bucket = exposed.bucket and events.workspace_id = $1
            and events.customer_id = exposed.customer_id
    ) as causes on causes.cause = postings.source_id
    where homes.workspace_id = $1 and homes.kind = 8 and {_OF_TRIAL}"""

_READ_TRIAL = _TRIAL.replace("SHARED", "")
_READ_TRIAL_WITH_HOUSEHOLDS = _TRIAL.replace("SHARED", _SHARED)

_HAS_HOUSEHOLDS = "select exists(select from external_ids where workspace_id = $1 and kind = 8)"

_COUNT_EXPOSED = """
select program_id, experiment, variant, count(*), min(exposed_at)
from exposures
where workspace_id = $1
group by bucket, program_id, experiment, variant
"""


class TrialCounts(msgspec.Struct):
    """How many customers were exposed to each variant, and when the first one was."""

    customers: dict[str, int]
    first_at: Instant


class VariantSums(msgspec.Struct):
    """One variant: its customers by version, their orders, how many of these say what they cost, the sums."""

    by_version: dict[int, int]
    orders: int
    costed: int
    outcomes: dict[Outcome, Sums]

    @property
    def customers(self) -> int:
        """How many customers were exposed to the variant."""
        return sum(self.by_version.values())


async def count_exposed(conn: Connection, workspace_id: int) -> dict[tuple[int, str], TrialCounts]:
    """Return what was exposed, by (program, experiment or holdout)."""
    found: dict[tuple[int, str], TrialCounts] = {}
    for program_id, trial, variant, count, first_at in await conn.fetch(_COUNT_EXPOSED, workspace_id):
        known = found.setdefault((program_id, trial), TrialCounts({}, first_at))
        known.customers[variant] = known.customers.get(variant, 0) + count
        known.first_at = min(known.first_at, first_at)
    return found


async def read_trial(
    conn: Connection,
    workspace_id: int,
    program_id: int,
    trial: str,
    *,
    until: Instant,
    currency: str,
    unit: int,
    point_value: float,
) -> dict[str, VariantSums]:
    """Return the sums of every variant to which somebody was exposed before ``until``.

    Points are those of ``unit``, worth ``point_value`` minor units of ``currency`` each.
    """
    # Looking for what gave each posting of a household reads all events: only where there are some.
    shared = await conn.fetchval(_HAS_HOUSEHOLDS, workspace_id)
    statement = _READ_TRIAL_WITH_HOUSEHOLDS if shared else _READ_TRIAL
    rows = await conn.fetch(statement, workspace_id, program_id, trial, until, currency, unit, point_value)
    found: dict[str, VariantSums] = {}
    for version, variant, customers, orders, costed, *figures in rows:
        added = VariantSums({version: customers}, orders, costed, {})
        added.outcomes = dict(_outcomes(customers, orders, figures))
        found[variant] = _add(found[variant], added) if variant in found else added
    return found


def _outcomes(customers: int, orders: int, figures: list[float]) -> Iterator[tuple[Outcome, Sums]]:
    for place, outcome in enumerate(_MEASURES):
        yield outcome, sums(customers, orders, *figures[5 * place : 5 * place + 5])


def _add(one: VariantSums, other: VariantSums) -> VariantSums:
    versions = dict(one.by_version)
    for version, customers in other.by_version.items():
        versions[version] = versions.get(version, 0) + customers
    outcomes = {
        outcome: Sums(*(a + b for a, b in zip(added, other.outcomes[outcome], strict=True)))
        for outcome, added in one.outcomes.items()
    }
    return VariantSums(versions, one.orders + other.orders, one.costed + other.costed, outcomes)
