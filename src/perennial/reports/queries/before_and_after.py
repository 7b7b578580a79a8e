"""How customers buy now, beside how they bought before."""

from perennial.reports.report import Chart, Column, Kind, Report, sales

_BEFORE = "in as many days before the first day"
_AFTER = "between the two days"
_CHANGE = "after / before - 1"

REPORT = Report(
    "before-and-after",
    "Before and after",
    "How customers bought between the two days, and in as much time before the first of them. "
    "It compares times, not what the program causes: for that, see the results of a holdout.",
    (
        Column("who", "Who", Kind.TEXT, "member: bought as a member in either time; other"),
        Column("average_order_before", "Average order before", Kind.MONEY, f"revenue / orders {_BEFORE}"),
        Column("average_order", "Average order", Kind.MONEY, f"revenue / orders {_AFTER}"),
        Column("average_order_change", "Change", Kind.SHARE, _CHANGE),
        Column("frequency_before", "Frequency before", Kind.NUMBER, f"orders / customers {_BEFORE}"),
        Column("frequency", "Frequency", Kind.NUMBER, f"orders / customers {_AFTER}"),
        Column("frequency_change", "Change", Kind.SHARE, _CHANGE),
        Column(
            "days_between_before", "Days between before", Kind.NUMBER, f"days from order to order {_BEFORE}"
        ),
        Column("days_between", "Days between", Kind.NUMBER, f"days from one order to the next {_AFTER}"),
        Column("days_between_change", "Change", Kind.SHARE, _CHANGE),
        Column(
            "repeat_rate_before", "Repeat rate before", Kind.SHARE, f"with 2 orders / customers {_BEFORE}"
        ),
        Column("repeat_rate", "Repeat rate", Kind.SHARE, f"with 2 orders / customers {_AFTER}"),
        Column("repeat_rate_change", "Change", Kind.SHARE, _CHANGE),
    ),
    f"""
with {sales()}, within as (
    select bucket, customer_id, at, net, who, at >= (:starts::timestamptz[])[1] as later
    from sales
    where who <> 'guest'
        and at >= (:starts::timestamptz[])[1] - (:end::timestamptz - (:starts::timestamptz[])[1])
), spaced as (
    select bucket, customer_id, later, net,
        bool_or(who = 'member') over (partition by bucket, customer_id) as is_member,
        extract(epoch from at - lag(at) over (partition by bucket, customer_id, later order by at)) as gap
    from within
), buyers as (
    select is_member, later, count(*) as orders, sum(net) as revenue, sum(gap) as gap, count(gap) as gaps
    from spaced
    group by is_member, later, bucket, customer_id
), rates as (
    select is_member, later, sum(revenue) / sum(orders) as average_order,
        sum(orders)::float8 / count(*) as frequency,
        sum(gap)::float8 / 86400 / nullif(sum(gaps), 0) as days_between,
        count(*) filter (where orders >= 2)::float8 / count(*) as repeat_rate
    from buyers
    group by is_member, later
)
select whose, round(before.average_order)::bigint, round(after.average_order)::bigint,
    (after.average_order / nullif(before.average_order, 0))::float8 - 1,
    before.frequency, after.frequency, after.frequency / before.frequency - 1,
    before.days_between, after.days_between, after.days_between / nullif(before.days_between, 0) - 1,
    before.repeat_rate, after.repeat_rate, after.repeat_rate / nullif(before.repeat_rate, 0) - 1
from unnest(array['member', 'other']) as whose
left join rates as before on before.is_member = (whose = 'member') and not before.later
left join rates as after on after.is_member = (whose = 'member') and after.later
order by whose
""",
    Chart.TABLE,
)
