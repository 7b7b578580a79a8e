"""How much of what members pay comes back to them as points."""

from perennial.reports.report import PERIOD, Column, Kind, Report, in_segment, sales

REPORT = Report(
    "reward-rate",
    "Effective reward rate",
    "What the points are worth that members were given in each period, beside what they bought. Three to ten "
    "in a hundred is what is usually advised.",
    (
        PERIOD,
        Column("revenue", "Revenue", Kind.MONEY, "net revenue of the orders of members in the period"),
        Column("points", "Points", Kind.POINTS, "issued - taken back, within the period"),
        Column("value", "Value", Kind.MONEY, "points x what a point pays; empty if points do not pay"),
        Column("rate", "Rate", Kind.SHARE, "value / revenue"),
    ),
    f"""
with {sales()}, bought as (
    select width_bucket(at, :starts::timestamptz[]) as period, sum(net) as revenue
    from sales
    where who = 'member' and at >= (:starts::timestamptz[])[1]
    group by 1
), given as (
    select width_bucket(at, :starts::timestamptz[]) as period,
        sum(case when debit = 2 then amount when credit = 2 then -amount else 0 end) as points
    from postings
    where workspace_id = :workspace and unit_id = :unit and at >= (:starts::timestamptz[])[1]
        and at < :end::timestamptz and {in_segment("postings")}
    group by 1
), summed as (
    select number, coalesce(revenue, 0)::bigint as revenue, coalesce(points, 0)::bigint as points
    from generate_series(1, cardinality(:starts::timestamptz[])) as number
    left join bought on bought.period = number
    left join given on given.period = number
)
select number, revenue, points, round(points * :point_value::float8)::bigint,
    points * :point_value::float8 / nullif(revenue, 0)
from summed
order by number
""",
)
