"""What the program owes its members."""

from perennial.reports.report import PERIOD, Column, Kind, Report, in_segment

REPORT = Report(
    "liability",
    "Liability",
    "How many points members hold at the end of each period, pending and held ones included.",
    (
        PERIOD,
        Column(
            "outstanding",
            "Outstanding",
            Kind.POINTS,
            "all postings into wallets until the end of the period - all postings out of them",
        ),
        Column("change", "Change", Kind.POINTS, "outstanding - outstanding at the end of the period before"),
        Column("value", "Value", Kind.MONEY, "outstanding x what a point pays; empty if points do not pay"),
    ),
    f"""
with moved as (
    select width_bucket(at, :starts::timestamptz[]) as period,
        sum(
            case when credit in (1, 9) then amount else 0 end
            - case when debit in (1, 9) then amount else 0 end
        ) as change
    from postings
    where workspace_id = :workspace and unit_id = :unit and at < :end::timestamptz
        and {in_segment("postings")}
    group by 1
), summed as (
    select number as period, coalesce(change, 0)::bigint as change,
        sum(coalesce(change, 0)) over (order by number)::bigint as outstanding
    from generate_series(0, cardinality(:starts::timestamptz[])) as number
    left join moved on period = number
)
select period, outstanding, change, round(outstanding * :point_value::float8)::bigint
from summed
where period > 0
order by period
""",
)
