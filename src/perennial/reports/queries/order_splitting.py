"""A signal: orders that follow so closely that one may have been split into several."""

from perennial.reports.report import PERIOD, Chart, Column, Kind, Report, in_segment

ORDERS, MINUTES = 3, 10

REPORT = Report(
    "order-splitting",
    "Order splitting",
    "Who paid three orders or more in one store within ten minutes, the most at once first (at most 1,000 "
    "rows). Rules that rest give nothing for the later ones: the explanation of each order says so.",
    (
        PERIOD,
        Column("customer", "Customer", Kind.TEXT, "the customer's id"),
        Column("location", "Location", Kind.TEXT, "the store by its id; empty: the orders name none"),
        Column("most", "Most at once", Kind.COUNT, "the most orders from one of them on, within ten minutes"),
        Column("orders", "Orders", Kind.COUNT, "all orders of the customer there in the period"),
        Column("revenue", "Revenue", Kind.MONEY, "net revenue of these orders"),
    ),
    f"""
with paid as (
    select bucket, customer_id, location, coalesce(paid_at, occurred_at) as at,
        net - coalesce(returned_net, 0) as net
    from orders
    where workspace_id = :workspace and status in (2, 3) and customer_id <> order_id
        and coalesce(paid_at, occurred_at) >= (:starts::timestamptz[])[1]
        and coalesce(paid_at, occurred_at) < :end::timestamptz
        and (currency is null or currency = :currency) and {in_segment("orders")}
), followed as (
    select bucket, customer_id, location, width_bucket(at, :starts::timestamptz[]) as period, net,
        count(*) over (
            partition by bucket, customer_id, location
            order by at
            range between current row and interval '{MINUTES} minutes' - interval '1 microsecond' following
        ) as close
    from paid
), by_period as (
    select period, bucket, customer_id, location, max(close) as most, count(*) as orders,
        sum(net)::bigint as revenue
    from followed
    group by period, bucket, customer_id, location
    having max(close) >= {ORDERS}
)
select period, external_id, coalesce(location, ''), most, orders, revenue
from by_period
join customers on customers.bucket = by_period.bucket and customers.workspace_id = :workspace
    and customers.customer_id = by_period.customer_id
order by most desc, period, external_id collate "C", location collate "C" nulls first
limit 1000
""",
    Chart.TABLE,
)
