"""How many of those who joined together still buy."""

from perennial.reports.report import Chart, Column, Kind, Report, in_segment, sales

REPORT = Report(
    "cohorts",
    "Cohort retention",
    "Of the members who joined in the same period: how many bought in that period, and in each one after it.",
    (
        Column("period", "Joined in", Kind.PERIOD, "the period in which the members joined"),
        Column("age", "Age", Kind.COUNT, "how many periods after joining"),
        Column("members", "Members", Kind.COUNT, "members who joined in the period"),
        Column("bought", "Bought", Kind.COUNT, "those of them with an order at that age"),
        Column("retention", "Retention", Kind.SHARE, "bought / members"),
        Column("revenue", "Revenue", Kind.MONEY, "net revenue of these orders"),
    ),
    f"""
with {sales()}, joined as (
    select bucket, customer_id, width_bucket(joined_at, :starts::timestamptz[]) as cohort
    from memberships
    where workspace_id = :workspace and program_id = :program and joined_at < :end::timestamptz
        and joined_at >= (:starts::timestamptz[])[1] and {in_segment("memberships")}
), sizes as (
    select cohort, count(*) as members from joined group by cohort
), bought as (
    select cohort, width_bucket(at, :starts::timestamptz[]) - cohort as age,
        count(distinct sales.customer_id) as bought, sum(net)::bigint as revenue
    from joined
    join sales on sales.bucket = joined.bucket and sales.customer_id = joined.customer_id
    where who = 'member'
    group by 1, 2
)
select sizes.cohort, ages.age, members, coalesce(bought, 0), coalesce(bought, 0)::float8 / members,
    coalesce(revenue, 0)
from sizes
cross join lateral generate_series(0, cardinality(:starts::timestamptz[]) - sizes.cohort) as ages (age)
left join bought on bought.cohort = sizes.cohort and bought.age = ages.age
order by sizes.cohort, ages.age
""",
    Chart.MATRIX,
)
