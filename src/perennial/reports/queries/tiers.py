"""The mix of tiers."""

from perennial.reports.report import PERIOD, Chart, Column, Kind, Names, Report, in_segment

REPORT = Report(
    "tiers",
    "Tier mix",
    "How many members stand in each tier at the end of each period.",
    (
        PERIOD,
        Column("tier", "Tier", Kind.TEXT, "the tier's id; empty: members without a tier", Names.TIER),
        Column("members", "Members", Kind.COUNT, "members at its end whose last move led there"),
        Column("share", "Share", Kind.SHARE, "members / all members at the end of the period"),
    ),
    f"""
with steps as (
    select at, tier_after as tier, 1 as change, tier_before
    from tier_moves
    where workspace_id = :workspace and program_id = :program and at < :end::timestamptz
        and {in_segment("tier_moves")}
), changes as (
    select at, coalesce(tier, '') as tier, 1 as change from steps
    union all
    select at, coalesce(tier_before, ''), -1 from steps
    union all
    select joined_at, '', 1
    from memberships
    where workspace_id = :workspace and program_id = :program and joined_at < :end::timestamptz
        and {in_segment("memberships")}
    union all
    select left_at, coalesce(tier, ''), -1
    from memberships
    where workspace_id = :workspace and program_id = :program and left_at < :end::timestamptz
        and {in_segment("memberships")}
), by_period as (
    select width_bucket(at, :starts::timestamptz[]) as period, tier, sum(change) as change
    from changes
    group by 1, 2
), summed as (
    select number as period, known.tier,
        sum(coalesce(change, 0)) over (partition by known.tier order by number)::bigint as members
    from generate_series(0, cardinality(:starts::timestamptz[])) as number
    cross join (select distinct tier from by_period) as known
    left join by_period on period = number and by_period.tier = known.tier
)
select period, tier, members, members::float8 / nullif(sum(members) over (partition by period), 0)::float8
from summed
where period > 0
order by period, tier collate "C"
""",
    Chart.STACK,
)
