"""How fast budgets are used up."""

from perennial.core.compiling.limits import OWNERS
from perennial.reports.report import Chart, Column, Kind, Names, Report

REPORT = Report(
    "budget-burn-down",
    "Burn-down of campaigns and other budgets",
    "What is used, day by day, of every limit that all members share, campaigns' ones included. "
    "What was given back counts on the day on which it was used.",
    (
        Column(
            "part", "Part", Kind.TEXT, "the kind of the part of the program that has the limit", values=OWNERS
        ),
        Column("id", "Id", Kind.TEXT, "its id", Names.PART),
        Column("limit", "Limit", Kind.TEXT, "the limit in words", told=True),
        Column("day", "Day", Kind.DAY, "the local day"),
        Column("used", "Used", Kind.NUMBER, "used on the day, in what the limit counts"),
        Column("used_to_date", "Used so far", Kind.NUMBER, "used from the first to this day"),
        Column("cap", "Cap", Kind.NUMBER, "what may be used in one of the limit's periods"),
    ),
    """
select part, id, words, day, used,
    sum(used) over (partition by budget_id order by day)::bigint, cap
from unnest(
    :limits::bigint[], :limit_parts::text[], :limit_ids::text[], :limit_words::text[], :limit_caps::bigint[]
) with ordinality as limits (number, part, id, words, cap, place)
join budget_days on workspace_id = :workspace and budget_id = number
    and day between :first_day::int and :last_day::int
order by place, day
""",
    Chart.LINE,
)
