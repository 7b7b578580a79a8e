"""Which share of the points is used."""

from perennial.reports.report import PERIOD, Column, Kind, Report, in_segment

REPORT = Report(
    "redemption-rate",
    "Redemption rate",
    "Points used beside points earned: within each period, and from the beginning until its end.",
    (
        PERIOD,
        Column("earned", "Earned", Kind.POINTS, "issued - taken back, within the period"),
        Column("used", "Used", Kind.POINTS, "used - given back, within the period"),
        Column("rate", "Rate", Kind.SHARE, "used / earned, within the period"),
        Column("earned_to_date", "Earned to date", Kind.POINTS, "issued - taken back, until its end"),
        Column("used_to_date", "Used to date", Kind.POINTS, "used - given back, until its end"),
        Column("rate_to_date", "Rate to date", Kind.SHARE, "used to date / earned to date"),
    ),
    f"""
with moved as (
    select width_bucket(at, :starts::timestamptz[]) as period,
        sum(case when debit = 2 then amount when credit = 2 then -amount else 0 end) as earned,
        sum(case when credit = 3 then amount when debit = 3 then -amount else 0 end) as used
    from postings
    where workspace_id = :workspace and unit_id = :unit and at < :end::timestamptz
        and {in_segment("postings")}
    group by 1
), summed as (
    select number as period, coalesce(earned, 0)::bigint as earned, coalesce(used, 0)::bigint as used,
        sum(coalesce(earned, 0)) over (order by number)::bigint as earned_to_date,
        sum(coalesce(used, 0)) over (order by number)::bigint as used_to_date
    from generate_series(0, cardinality(:starts::timestamptz[])) as number
    left join moved on period = number
)
select period, earned, used, used::float8 / nullif(earned, 0), earned_to_date, used_to_date,
    used_to_date::float8 / nullif(earned_to_date, 0)
from summed
where period > 0
order by period
""",
)
