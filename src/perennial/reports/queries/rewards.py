"""Which rewards are given, and which of them are used."""

from perennial.reports.report import Chart, Column, Kind, Names, Report, in_segment

REPORT = Report(
    "rewards",
    "Rewards given and used",
    "What customers were given between the two days, by reward and kind, and what has become of it by now. "
    "A kind that is added later shows up by itself.",
    (
        Column("reward", "Reward", Kind.TEXT, "the reward, campaign, or challenge that gave it", Names.PART),
        Column(
            "kind",
            "Kind",
            Kind.TEXT,
            "voucher: a code to be used on an order; or the kind of the benefit",
            Names.KIND,
        ),
        Column("given", "Given", Kind.COUNT, "claimed, won, or given by a rule between the two days"),
        Column(
            "used",
            "Used",
            Kind.COUNT,
            "of these: vouchers used, money paid, goods delivered, the rest at once",
        ),
        Column("taken_back", "Taken back", Kind.COUNT, "of these, void or canceled"),
        Column("rate", "Rate", Kind.SHARE, "used / given"),
        Column("points", "Points", Kind.POINTS, "points paid for them"),
    ),
    f"""
with given as (
    select reward, 'voucher' as kind, used > 0 as is_used, state = 3 as is_void, points
    from vouchers
    where workspace_id = :workspace and program_id = :program and customer_id <> voucher_id
        and issued_at >= (:starts::timestamptz[])[1] and issued_at < :end::timestamptz
        and {in_segment("vouchers")}
    union all
    select reward, kind, state in (1, 3, 6, 8), state = 9, points
    from entitlements
    where workspace_id = :workspace and program_id = :program
        and issued_at >= (:starts::timestamptz[])[1] and issued_at < :end::timestamptz
        and {in_segment("entitlements")}
)
select reward, kind, count(*), count(*) filter (where is_used), count(*) filter (where is_void),
    count(*) filter (where is_used)::float8 / count(*), sum(points)::bigint
from given
group by reward, kind
order by count(*) desc, reward collate "C", kind collate "C"
""",
    Chart.BARS,
)
