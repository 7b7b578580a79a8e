"""What made people join, and what came of it."""

from perennial.reports.report import Chart, Column, Kind, Report, in_segment, sales

REPORT = Report(
    "joins",
    "What makes people join",
    "Where the members came from who joined between the two days, the most frequent source first.",
    (
        Column("source", "Source", Kind.TEXT, "what they joined by, as whoever let them join has said"),
        Column("joined", "Joined", Kind.COUNT, "members who joined between the two days"),
        Column("stayed", "Stayed", Kind.COUNT, "of these, members who have not left by the last day"),
        Column("bought", "Bought", Kind.COUNT, "of these, who paid an order as a member until the last day"),
        Column("rate", "Rate", Kind.SHARE, "bought / joined"),
        Column("revenue", "Revenue", Kind.MONEY, "net of those orders - what was returned"),
    ),
    f"""
with {sales()}, buyers as (
    select bucket, customer_id, sum(net)::bigint as revenue
    from sales
    where who = 'member' and at >= (:starts::timestamptz[])[1]
    group by bucket, customer_id
)
select source, count(*), count(*) filter (where left_at is null or left_at >= :end::timestamptz),
    count(revenue), count(revenue)::float8 / count(*), coalesce(sum(revenue), 0)::bigint
from memberships
left join buyers using (bucket, customer_id)
where memberships.workspace_id = :workspace and program_id = :program
    and joined_at >= (:starts::timestamptz[])[1] and joined_at < :end::timestamptz
    and {in_segment("memberships")}
group by source
order by count(*) desc, source collate "C"
""",
    Chart.BARS,
)
