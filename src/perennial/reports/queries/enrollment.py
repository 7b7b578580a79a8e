"""How many of those who buy are members."""

from perennial.reports.report import PERIOD, Column, Kind, Report, sales

REPORT = Report(
    "enrollment",
    "Enrollment and members' revenue",
    "How many of the customers of each period were members, and how much of all revenue is theirs. It is not "
    "what the program causes: for that, see the results of a holdout.",
    (
        PERIOD,
        Column("customers", "Customers", Kind.COUNT, "known customers with an order in the period"),
        Column("members", "Members", Kind.COUNT, "those of them who bought as members"),
        Column("rate", "Rate", Kind.SHARE, "members / customers"),
        Column("revenue", "Revenue", Kind.MONEY, "net revenue of all orders, those of guests included"),
        Column("member_revenue", "Revenue of members", Kind.MONEY, "net revenue of the orders of members"),
        Column("revenue_share", "Share of revenue", Kind.SHARE, "revenue of members / revenue"),
    ),
    f"""
with {sales()}, by_period as (
    select width_bucket(at, :starts::timestamptz[]) as period,
        count(distinct customer_id) filter (where who <> 'guest') as customers,
        count(distinct customer_id) filter (where who = 'member') as members,
        sum(net) as revenue, sum(net) filter (where who = 'member') as theirs
    from sales
    where at >= (:starts::timestamptz[])[1]
    group by 1
)
select number, coalesce(customers, 0), coalesce(members, 0), members::float8 / nullif(customers, 0),
    coalesce(revenue, 0)::bigint, coalesce(theirs, 0)::bigint,
    (coalesce(theirs, 0) / nullif(revenue, 0))::float8
from generate_series(1, cardinality(:starts::timestamptz[])) as number
left join by_period on period = number
order by number
""",
)
