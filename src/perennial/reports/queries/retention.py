"""Who buys in one period and again in the next."""

from perennial.reports.report import PERIOD, Column, Kind, Report, sales

REPORT = Report(
    "retention",
    "Retention and churn",
    "Which customers of one period bought in the next one as well. The first period has none before it.",
    (
        PERIOD,
        Column("customers", "Customers", Kind.COUNT, "known customers with an order in the period"),
        Column("new", "New", Kind.COUNT, "those of them whose first order this was"),
        Column("before", "Before", Kind.COUNT, "known customers with an order in the period before"),
        Column("stayed", "Stayed", Kind.COUNT, "of these, who bought in this period as well"),
        Column("retention", "Retention", Kind.SHARE, "stayed / before"),
        Column("churn", "Churn", Kind.SHARE, "1 - retention"),
    ),
    f"""
with {sales()}, bought as (
    select bucket, customer_id, width_bucket(at, :starts::timestamptz[]) as period
    from sales
    where who <> 'guest'
    group by 1, 2, 3
), followed as (
    select period, min(period) over them = period as is_first,
        lag(period) over (them order by period) = period - 1 and period > 1 as was_before
    from bought
    window them as (partition by bucket, customer_id)
), by_period as (
    select period, count(*) as customers, count(*) filter (where is_first) as fresh,
        count(*) filter (where was_before) as stayed
    from followed
    where period > 0
    group by period
), summed as (
    select number, coalesce(customers, 0) as customers, coalesce(fresh, 0) as fresh,
        coalesce(lag(customers) over (order by number), 0) as before, coalesce(stayed, 0) as stayed
    from generate_series(1, cardinality(:starts::timestamptz[])) as number
    left join by_period on period = number
)
select number, customers, fresh, before, stayed, stayed::float8 / nullif(before, 0),
    1 - stayed::float8 / nullif(before, 0)
from summed
order by number
""",
)
