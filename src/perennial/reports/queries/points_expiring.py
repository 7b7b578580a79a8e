"""When the points expire that members hold."""

from perennial.reports.report import Chart, Column, Kind, Report, in_segment

SPANS = ("within 30 days", "31 to 60 days", "61 to 90 days", "91 to 180 days", "later", "never")

REPORT = Report(
    "points-expiring",
    "Points by expiry",
    "When the points expire that members hold now, pending and held ones included, from the last day on.",
    (
        Column("expires", "Expires", Kind.TEXT, "from the end of the last day on", values=SPANS),
        Column("holders", "Holders", Kind.COUNT, "members and households who hold such points"),
        Column("points", "Points", Kind.POINTS, "what is left of them"),
        Column("share", "Share", Kind.SHARE, "points / all points that members hold"),
        Column("value", "Value", Kind.MONEY, "points x what a point pays; empty if points do not pay"),
    ),
    f"""
with held as (
    select bucket, customer_id, remaining,
        case
            when expires_at is null then 6
            when expires_at < :end::timestamptz + interval '30 days' then 1
            when expires_at < :end::timestamptz + interval '60 days' then 2
            when expires_at < :end::timestamptz + interval '90 days' then 3
            when expires_at < :end::timestamptz + interval '180 days' then 4
            else 5
        end as span
    from lots
    where workspace_id = :workspace and unit_id = :unit and remaining > 0 and {in_segment("lots")}
), sums as (
    select number, count(distinct (bucket, customer_id)) filter (where remaining is not null) as holders,
        coalesce(sum(remaining), 0)::bigint as points
    from generate_series(1, 6) as number
    left join held on span = number
    group by number
)
select (array{list(SPANS)})[number], holders, points,
    points::float8 / nullif(sum(points) over (), 0)::float8, round(points * :point_value::float8)::bigint
from sums
order by number
""",
    Chart.BARS,
)
