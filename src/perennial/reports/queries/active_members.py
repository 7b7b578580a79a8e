"""How many of the members buy."""

from perennial.reports.report import PERIOD, Column, Kind, Report, in_segment, sales

REPORT = Report(
    "active-members",
    "Active members",
    "How many members bought something within each period.",
    (
        PERIOD,
        Column("active", "Active", Kind.COUNT, "members with at least one order in the period"),
        Column("members", "Members", Kind.COUNT, "members at the end of the period"),
        Column("share", "Active share", Kind.SHARE, "active / members"),
    ),
    f"""
with {sales()}, active as (
    select width_bucket(at, :starts::timestamptz[]) as period, count(distinct customer_id) as active
    from sales
    where who = 'member' and at >= (:starts::timestamptz[])[1]
    group by 1
), members as (
    select number as period, count(memberships.customer_id) as members
    from generate_series(1, cardinality(:starts::timestamptz[])) as number
    left join memberships on workspace_id = :workspace and program_id = :program
        and joined_at < coalesce((:starts::timestamptz[])[number + 1], :end::timestamptz)
        and coalesce(
            left_at >= coalesce((:starts::timestamptz[])[number + 1], :end::timestamptz), true
        )
        and {in_segment("memberships")}
    group by number
)
select members.period, coalesce(active, 0), members, coalesce(active, 0)::float8 / nullif(members, 0)
from members
left join active on active.period = members.period
order by members.period
""",
)
