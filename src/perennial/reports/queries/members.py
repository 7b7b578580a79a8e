"""How many members the program has, and who comes and goes."""

from perennial.reports.report import PERIOD, Column, Kind, Report, in_segment

REPORT = Report(
    "members",
    "Members",
    "How many members the program has at the end of each period, who joined and who left.",
    (
        PERIOD,
        Column("members", "Members", Kind.COUNT, "joined before the end of the period, and not left by then"),
        Column("joined", "Joined", Kind.COUNT, "joined within the period"),
        Column("left", "Left", Kind.COUNT, "left within the period"),
        Column("net", "Net", Kind.COUNT, "joined - left"),
    ),
    f"""
with moves as (
    select width_bucket(joined_at, :starts::timestamptz[]) as period, 1 as joined, 0 as gone
    from memberships
    where workspace_id = :workspace and program_id = :program and joined_at < :end::timestamptz
        and {in_segment("memberships")}
    union all
    select width_bucket(left_at, :starts::timestamptz[]), 0, 1
    from memberships
    where workspace_id = :workspace and program_id = :program and left_at < :end::timestamptz
        and {in_segment("memberships")}
), by_period as (
    select period, sum(joined) as joined, sum(gone) as gone from moves group by period
), counted as (
    select number as period, coalesce(joined, 0)::bigint as joined, coalesce(gone, 0)::bigint as gone
    from generate_series(0, cardinality(:starts::timestamptz[])) as number
    left join by_period on period = number
), summed as (
    select period, sum(joined - gone) over (order by period)::bigint as members, joined, gone from counted
)
select period, members, joined, gone, joined - gone from summed where period > 0 order by period
""",
)
