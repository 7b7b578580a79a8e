"""What the program brings for what it costs, against those who are held out of it.

Points count wherever they were posted: with the household that has the wallet (kind 8 of outside ids), by
what gave them, or with somebody who was merged since.
"""

from perennial.reports.report import Chart, Column, Kind, Report, in_segment

REPORT = Report(
    "roi",
    "Return on the program",
    "What members bring between the two days beyond those who are held out, beside what their points and the "
    "program itself cost. Orders count from when their customer was first met by the holdout, if what their "
    "goods cost is known. How certain the difference is, the results of the holdout say.",
    (
        Column("holdout", "Holdout", Kind.TEXT, "who is held out: by the id of the holdout"),
        Column("treated", "Treated", Kind.COUNT, "customers who get the program, or the campaign"),
        Column("held_out", "Held out", Kind.COUNT, "customers who do not"),
        Column("margin_treated", "Margin each", Kind.MONEY, "margin of the treated / treated"),
        Column("margin_held_out", "Margin each, held out", Kind.MONEY, "margin of the held out / held out"),
        Column("incremental_margin", "Incremental margin", Kind.MONEY, "(the one - the other) x treated"),
        Column(
            "cost",
            "Cost",
            Kind.MONEY,
            "points given to the treated - taken back, x what a point pays, + what the program costs beside "
            "them; empty if points do not pay",
        ),
        Column("roi", "ROI", Kind.SHARE, "(incremental margin - cost) / cost"),
    ),
    f"""
with people as (
    select bucket, customer_id, experiment, variant,
        greatest(exposed_at, (:starts::timestamptz[])[1]) as since
    from exposures
    where workspace_id = :workspace and program_id = :program and variant in ('treated', 'held_out')
        and exposed_at < :end::timestamptz and {in_segment("exposures")}
), each_of as (
    select experiment, variant,
        (
            select coalesce(
                sum(net - coalesce(returned_net, 0) - cost + coalesce(returned_cost, 0)), 0
            )
            from orders
            where orders.bucket = people.bucket and orders.workspace_id = :workspace
                and orders.customer_id = people.customer_id and status in (2, 3) and cost is not null
                and (currency is null or currency = :currency)
                and coalesce(paid_at, occurred_at) >= since
                and coalesce(paid_at, occurred_at) < :end::timestamptz
        ) as margin,
        (
            select coalesce(sum(case when debit = 2 then amount when credit = 2 then -amount else 0 end), 0)
            from postings
            where postings.bucket = people.bucket and postings.workspace_id = :workspace
                and postings.customer_id = people.customer_id and unit_id = :unit
                and at >= since and at < :end::timestamptz
        ) + (
            select coalesce(sum(case when debit = 2 then amount when credit = 2 then -amount else 0 end), 0)
            from merges
            join postings on postings.bucket = absorbed_bucket and postings.workspace_id = :workspace
                and postings.customer_id = absorbed_id
            where merges.bucket = people.bucket and merges.workspace_id = :workspace
                and merges.customer_id = people.customer_id and unit_id = :unit
                and at >= since and at < :end::timestamptz
        ) as points
    from people
), causes as (
    select people.bucket, people.customer_id, order_id as cause
    from people
    join orders on orders.bucket = people.bucket and orders.workspace_id = :workspace
        and orders.customer_id = people.customer_id
    where exists(select from external_ids where workspace_id = :workspace and kind = 8)
    union
    select people.bucket, people.customer_id, event_id
    from people
    join events on events.bucket = people.bucket and events.workspace_id = :workspace
        and events.customer_id = people.customer_id
    where exists(select from external_ids where workspace_id = :workspace and kind = 8)
), shared as (
    select experiment, sum(case when debit = 2 then amount else -amount end) as points
    from external_ids as homes
    join postings on postings.bucket = homes.bucket and postings.workspace_id = :workspace
        and postings.customer_id = homes.customer_id
    join causes on causes.cause = postings.source_id
    join people on people.bucket = causes.bucket and people.customer_id = causes.customer_id
    where homes.workspace_id = :workspace and homes.kind = 8 and unit_id = :unit
        and (debit = 2 or credit = 2) and at >= since and at < :end::timestamptz and variant = 'treated'
    group by experiment
), sums as (
    select experiment, count(*) filter (where variant = 'treated') as treated,
        count(*) filter (where variant = 'held_out') as held_out,
        avg(margin) filter (where variant = 'treated') as with_it,
        avg(margin) filter (where variant = 'held_out') as without_it,
        (sum(points) filter (where variant = 'treated')
            + coalesce((select points from shared where shared.experiment = each_of.experiment), 0)
        )::float8 * :point_value::float8 + :fee::bigint as cost
    from each_of
    group by experiment
)
select experiment, treated, held_out, round(with_it)::bigint, round(without_it)::bigint,
    round((with_it - without_it) * treated)::bigint, round(cost)::bigint,
    ((with_it - without_it) * treated)::float8 / nullif(cost, 0) - 1
from sums
order by experiment collate "C"
""",
    Chart.TABLE,
)
