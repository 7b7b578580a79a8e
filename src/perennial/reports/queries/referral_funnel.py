"""What becomes of referrals."""

from perennial.reports.report import Chart, Column, Kind, Names, Report, in_segment

REPORT = Report(
    "referral-funnel",
    "Referrals",
    "What has become by now of the friends who were referred between the two days, by offer.",
    (
        Column("offer", "Offer", Kind.TEXT, "the offer's id", Names.PART),
        Column("referred", "Referred", Kind.COUNT, "friends who came by a code between the two days"),
        Column("advocates", "Advocates", Kind.COUNT, "members who referred one of them"),
        Column("converted", "Converted", Kind.COUNT, "of these friends, for whom both sides were rewarded"),
        Column(
            "open",
            "Open",
            Kind.COUNT,
            "of these, not converted yet, or waiting until nothing comes back",
        ),
        Column("in_review", "In review", Kind.COUNT, "of these, whom staff have to look at"),
        Column("rejected", "Rejected", Kind.COUNT, "of these, refused by signals, staff, or rules"),
        Column("reversed", "Reversed", Kind.COUNT, "of these, converted and taken back"),
        Column("suspected", "Suspected", Kind.COUNT, "of these, for whom a signal of fraud was there"),
        Column("rate", "Rate", Kind.SHARE, "converted / referred"),
    ),
    f"""
select offer, count(*), count(distinct (advocate_bucket, advocate_id)), count(*) filter (where state = 3),
    count(*) filter (where state in (1, 2)), count(*) filter (where state = 5),
    count(*) filter (where state = 4), count(*) filter (where state = 6),
    count(*) filter (where cardinality(signals) > 0),
    count(*) filter (where state = 3)::float8 / count(*)
from referrals
where workspace_id = :workspace and program_id = :program
    and attributed_at >= (:starts::timestamptz[])[1] and attributed_at < :end::timestamptz
    and {in_segment("referrals")}
group by offer
order by count(*) desc, offer collate "C"
""",
    Chart.BARS,
)
