"""Who moved from which tier to which."""

from perennial.reports.report import Chart, Column, Kind, Names, Report, in_segment

REPORT = Report(
    "tier-migration",
    "Tier migration",
    "Where the members of the first day's beginning stand at the end of the last day, tier by tier.",
    (
        Column("before", "Before", Kind.TEXT, "the tier at the beginning; empty: none", Names.TIER),
        Column("after", "After", Kind.TEXT, "the tier at the end; empty: none", Names.TIER),
        Column("members", "Members", Kind.COUNT, "members at both times who stood in these tiers"),
        Column("share", "Share", Kind.SHARE, "members / all who stood in the tier before"),
    ),
    f"""
with stood as (
    select memberships.bucket, memberships.customer_id,
        (array_agg(tier_after order by at desc, xact desc, position desc)
            filter (where at < (:starts::timestamptz[])[1]))[1] as before,
        (array_agg(tier_after order by at desc, xact desc, position desc)
            filter (where at is not null))[1] as after
    from memberships
    left join tier_moves on tier_moves.bucket = memberships.bucket
        and tier_moves.workspace_id = :workspace and tier_moves.customer_id = memberships.customer_id
        and tier_moves.program_id = :program and at < :end::timestamptz
    where memberships.workspace_id = :workspace and memberships.program_id = :program
        and joined_at < (:starts::timestamptz[])[1] and coalesce(left_at >= :end::timestamptz, true)
        and {in_segment("memberships")}
    group by memberships.bucket, memberships.customer_id
), counted as (
    select coalesce(before, '') as before, coalesce(after, '') as after, count(*) as members
    from stood
    group by 1, 2
)
select before, after, members, members::float8 / sum(members) over (partition by before)::float8
from counted
order by before collate "C", after collate "C"
""",
    Chart.MATRIX,
)
