"""Average order and frequency of members and others."""

from perennial.reports.report import PERIOD, Chart, Column, Kind, Report, sales

REPORT = Report(
    "orders",
    "Orders of members and others",
    "What members, other known customers, and guests buy: how often, and how much at a time. "
    "It compares who buys, not what the program causes: for that, see the results of a holdout.",
    (
        PERIOD,
        Column(
            "who",
            "Who",
            Kind.TEXT,
            "member: had joined when the order was paid; other; guest",
            values=("member", "other", "guest"),
        ),
        Column("orders", "Orders", Kind.COUNT, "orders paid in the period and not canceled"),
        Column("customers", "Customers", Kind.COUNT, "different customers who placed them; each guest order"),
        Column("revenue", "Revenue", Kind.MONEY, "their net after all discounts - what was returned"),
        Column("average_order", "Average order", Kind.MONEY, "revenue / orders"),
        Column("frequency", "Frequency", Kind.NUMBER, "orders / customers"),
    ),
    f"""
with {sales()}, by_period as (
    select width_bucket(at, :starts::timestamptz[]) as period, who, count(*) as orders,
        count(distinct customer_id) as customers, sum(net)::bigint as revenue
    from sales
    where at >= (:starts::timestamptz[])[1]
    group by 1, 2
)
select number, whose, coalesce(orders, 0), coalesce(customers, 0), coalesce(revenue, 0),
    round(revenue::numeric / nullif(orders, 0))::bigint, orders::float8 / nullif(customers, 0)
from generate_series(1, cardinality(:starts::timestamptz[])) as number
cross join unnest(array['member', 'other', 'guest']) as whose
left join by_period on period = number and who = whose
order by number, array_position(array['member', 'other', 'guest'], whose)
""",
    Chart.LINE,
)
