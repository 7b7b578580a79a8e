"""What the members of each tier bring, and what their points cost."""

from perennial.reports.report import Chart, Column, Kind, Names, Report, in_segment, sales

REPORT = Report(
    "tier-economics",
    "Tiers by revenue and cost",
    "What members bought between the two days beside the points that they were given, by the tier in which "
    "they stand now.",
    (
        Column("tier", "Tier", Kind.TEXT, "the tier's id; empty: members without a tier", Names.TIER),
        Column("members", "Members", Kind.COUNT, "joined by the last day, and not left by then"),
        Column("orders", "Orders", Kind.COUNT, "their orders as members between the two days"),
        Column("revenue", "Revenue", Kind.MONEY, "net revenue of these orders"),
        Column("revenue_each", "Revenue each", Kind.MONEY, "revenue / members"),
        Column("points", "Points", Kind.POINTS, "points given to them - taken back, between the two days"),
        Column("cost", "Cost", Kind.MONEY, "points x what a point pays; empty if points do not pay"),
        Column("rate", "Rate", Kind.SHARE, "cost / revenue"),
    ),
    f"""
with {sales()}, bought as (
    select bucket, customer_id, count(*) as orders, sum(net) as revenue
    from sales
    where who = 'member' and at >= (:starts::timestamptz[])[1]
    group by bucket, customer_id
), given as (
    select bucket, customer_id,
        sum(case when debit = 2 then amount when credit = 2 then -amount else 0 end) as points
    from postings
    where workspace_id = :workspace and unit_id = :unit and at >= (:starts::timestamptz[])[1]
        and at < :end::timestamptz and (debit = 2 or credit = 2)
    group by bucket, customer_id
), sums as (
    select coalesce(tier, '') as tier, count(*) as members, coalesce(sum(orders), 0)::bigint as orders,
        coalesce(sum(revenue), 0)::bigint as revenue, coalesce(sum(points), 0)::bigint as points
    from memberships
    left join bought using (bucket, customer_id)
    left join given using (bucket, customer_id)
    where memberships.workspace_id = :workspace and program_id = :program
        and joined_at < :end::timestamptz and (left_at is null or left_at >= :end::timestamptz)
        and {in_segment("memberships")}
    group by 1
)
select tier, members, orders, revenue, round(revenue::numeric / members)::bigint, points,
    round(points * :point_value::float8)::bigint, points * :point_value::float8 / nullif(revenue, 0)
from sums
order by tier collate "C"
""",
    Chart.BARS,
)
