"""Where orders are paid."""

from perennial.reports.report import Chart, Column, Kind, Report, sales

REPORT = Report(
    "locations",
    "Orders by location",
    "Where customers bought between the two days, and how many of the orders were those of members.",
    (
        Column("location", "Location", Kind.TEXT, "the store by its id; empty: the orders name none"),
        Column("orders", "Orders", Kind.COUNT, "orders there between the two days"),
        Column("customers", "Customers", Kind.COUNT, "known customers with one of these orders"),
        Column("revenue", "Revenue", Kind.MONEY, "net revenue of these orders"),
        Column("average_order", "Average order", Kind.MONEY, "revenue / orders"),
        Column("member_orders", "Orders of members", Kind.COUNT, "those of customers who were members then"),
        Column("share", "Share", Kind.SHARE, "orders of members / orders"),
    ),
    f"""
with {sales()}
select coalesce(location, ''), count(*), count(distinct customer_id) filter (where who <> 'guest'),
    sum(net)::bigint, round(avg(net))::bigint, count(*) filter (where who = 'member'),
    count(*) filter (where who = 'member')::float8 / count(*)
from sales
where at >= (:starts::timestamptz[])[1]
group by location
order by count(*) desc, location collate "C" nulls first
""",
    Chart.BARS,
)
