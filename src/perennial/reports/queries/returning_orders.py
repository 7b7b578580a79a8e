"""How many orders come from somebody who had bought before."""

from perennial.reports.report import PERIOD, Column, Kind, Report, sales

REPORT = Report(
    "returning-orders",
    "Orders of returning customers",
    "Which share of the orders in each period comes from customers who had bought before.",
    (
        PERIOD,
        Column("orders", "Orders", Kind.COUNT, "orders of known customers in the period"),
        Column("returning", "Returning", Kind.COUNT, "those whose customer had an earlier order"),
        Column("share", "Share", Kind.SHARE, "returning / orders"),
    ),
    f"""
with {sales()}, numbered as (
    select at, min(at) over (partition by bucket, customer_id) as first_at
    from sales
    where who <> 'guest'
), by_period as (
    select width_bucket(at, :starts::timestamptz[]) as period, count(*) as orders,
        count(*) filter (where first_at < at) as again
    from numbered
    where at >= (:starts::timestamptz[])[1]
    group by 1
)
select number, coalesce(orders, 0), coalesce(again, 0), again::float8 / nullif(orders, 0)
from generate_series(1, cardinality(:starts::timestamptz[])) as number
left join by_period on period = number
order by number
""",
)
