"""How many customers bought once, twice, and more often."""

from perennial.reports.report import Chart, Column, Kind, Report, sales

REPORT = Report(
    "orders-per-customer",
    "Orders per customer",
    "How often known customers bought between the two days, and how much of the revenue is theirs.",
    (
        Column("bought", "Bought", Kind.TEXT, "how many orders a customer has; 5+: five or more"),
        Column("customers", "Customers", Kind.COUNT, "known customers with so many orders"),
        Column("share", "Share", Kind.SHARE, "customers / all who bought"),
        Column("revenue", "Revenue", Kind.MONEY, "net revenue of these orders"),
        Column("revenue_share", "Share of revenue", Kind.SHARE, "revenue / that of all who bought"),
    ),
    f"""
with {sales()}, buyers as (
    select least(count(*), 5) as orders, sum(net) as revenue
    from sales
    where who <> 'guest' and at >= (:starts::timestamptz[])[1]
    group by bucket, customer_id
)
select case orders when 5 then '5+' else orders::text end, count(*),
    count(*)::float8 / sum(count(*)) over ()::float8, sum(revenue)::bigint,
    (sum(revenue) / nullif(sum(sum(revenue)) over (), 0))::float8
from buyers
group by orders
order by orders
""",
    Chart.BARS,
)
