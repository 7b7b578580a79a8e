"""Points that came and went."""

from perennial.reports.report import PERIOD, Chart, Column, Kind, Report, in_segment

REPORT = Report(
    "points",
    "Points issued, used, and expired",
    "What was posted in each period in the program's first wallet.",
    (
        PERIOD,
        Column("issued", "Issued", Kind.POINTS, "points given by the program"),
        Column("taken_back", "Taken back", Kind.POINTS, "given points that returns and cancelations took"),
        Column("used", "Used", Kind.POINTS, "points paid for rewards and orders, less those given back"),
        Column("expired", "Expired", Kind.POINTS, "points whose time was over, less those given back"),
        Column("adjusted", "Adjusted", Kind.POINTS, "corrections by staff: added - taken"),
    ),
    f"""
with moved as (
    select width_bucket(at, :starts::timestamptz[]) as period,
        sum(amount) filter (where debit = 2) as issued,
        sum(amount) filter (where credit = 2) as taken_back,
        sum(case when credit = 3 then amount when debit = 3 then -amount end) as used,
        sum(case when credit = 4 then amount when debit = 4 then -amount end) as expired,
        sum(case when debit = 5 then amount when credit = 5 then -amount end) as adjusted
    from postings
    where workspace_id = :workspace and unit_id = :unit and at < :end::timestamptz
        and at >= (:starts::timestamptz[])[1] and {in_segment("postings")}
    group by 1
)
select number, coalesce(issued, 0)::bigint, coalesce(taken_back, 0)::bigint, coalesce(used, 0)::bigint,
    coalesce(expired, 0)::bigint, coalesce(adjusted, 0)::bigint
from generate_series(1, cardinality(:starts::timestamptz[])) as number
left join moved on period = number
order by number
""",
    Chart.BARS,
)
