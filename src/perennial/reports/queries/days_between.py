"""How long customers take from one order to the next."""

from perennial.reports.report import PERIOD, Column, Kind, Report, sales

REPORT = Report(
    "days-between",
    "Days between orders",
    "How long it took in each period until customers came back: the median and the longest of nine in ten.",
    (
        PERIOD,
        Column("orders", "Orders", Kind.COUNT, "orders in the period whose customer had an earlier order"),
        Column("median", "Median", Kind.NUMBER, "half of them came within so many days of the one before"),
        Column("nine_in_ten", "Nine in ten", Kind.NUMBER, "nine in ten of them came within so many days"),
    ),
    f"""
with {sales()}, gaps as (
    select at, extract(epoch from at - lag(at) over (partition by bucket, customer_id order by at)) as gap
    from sales
    where who <> 'guest'
), by_period as (
    select width_bucket(at, :starts::timestamptz[]) as period, count(*) as orders,
        percentile_disc(0.5) within group (order by gap) / 86400 as median,
        percentile_disc(0.9) within group (order by gap) / 86400 as longest
    from gaps
    where gap is not null and at >= (:starts::timestamptz[])[1]
    group by 1
)
select number, coalesce(orders, 0), median::float8, longest::float8
from generate_series(1, cardinality(:starts::timestamptz[])) as number
left join by_period on period = number
order by number
""",
)
