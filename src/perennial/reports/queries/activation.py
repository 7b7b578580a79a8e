"""How soon those who join do something with it."""

from perennial.reports.report import PERIOD, Chart, Column, Kind, Report, in_segment

REPORT = Report(
    "activation",
    "Activation",
    "Of the members who joined in each period: how many earned and used points within 30 days. Those of a "
    "household count by the one whose wallet it is.",
    (
        PERIOD,
        Column("joined", "Joined", Kind.COUNT, "joined within the period"),
        Column("earned", "Earned", Kind.COUNT, "of these, who were given points within 30 days of joining"),
        Column("earned_rate", "Earned, rate", Kind.SHARE, "earned / joined"),
        Column("used", "Used", Kind.COUNT, "of these, who used points within 30 days of joining"),
        Column("used_rate", "Used, rate", Kind.SHARE, "used / joined"),
    ),
    f"""
with each_of as (
    select width_bucket(joined_at, :starts::timestamptz[]) as period, bool_or(debit = 2) as earned,
        bool_or(credit = 3) as used
    from memberships
    left join postings on postings.bucket = memberships.bucket and postings.workspace_id = :workspace
        and postings.customer_id = memberships.customer_id and postings.unit_id = :unit
        and at >= joined_at and at < joined_at + interval '30 days' and at < :end::timestamptz
    where memberships.workspace_id = :workspace and memberships.program_id = :program
        and joined_at >= (:starts::timestamptz[])[1] and joined_at < :end::timestamptz
        and {in_segment("memberships")}
    group by memberships.bucket, memberships.customer_id, joined_at
), by_period as (
    select period, count(*) as joined, count(*) filter (where earned) as earned,
        count(*) filter (where used) as used
    from each_of
    group by period
)
select number, coalesce(joined, 0), coalesce(earned, 0), earned::float8 / nullif(joined, 0),
    coalesce(used, 0), used::float8 / nullif(joined, 0)
from generate_series(1, cardinality(:starts::timestamptz[])) as number
left join by_period on period = number
order by number
""",
    Chart.BARS,
)
