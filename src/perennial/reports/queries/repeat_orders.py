"""Who comes back to buy again."""

from perennial.reports.report import Chart, Column, Kind, Report, sales

REPORT = Report(
    "repeat-orders",
    "Repeat purchase rate",
    "Which share of the customers who bought between the two days did so at least twice.",
    (
        Column(
            "who",
            "Who",
            Kind.TEXT,
            "member: had joined by the last of these orders; other",
            values=("member", "other"),
        ),
        Column("customers", "Customers", Kind.COUNT, "customers with at least one order"),
        Column("repeated", "Bought again", Kind.COUNT, "customers with at least two orders"),
        Column("rate", "Rate", Kind.SHARE, "bought again / customers"),
    ),
    f"""
with {sales()}, buyers as (
    select customer_id, count(*) as orders, bool_or(who = 'member') as is_member
    from sales
    where who <> 'guest' and at >= (:starts::timestamptz[])[1]
    group by bucket, customer_id
)
select whose, count(orders), count(orders) filter (where orders >= 2),
    count(orders) filter (where orders >= 2)::float8 / nullif(count(orders), 0)
from unnest(array['member', 'other']) as whose
left join buyers on is_member = (whose = 'member')
group by whose
order by whose
""",
    Chart.BARS,
)
