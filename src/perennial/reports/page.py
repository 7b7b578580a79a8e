"""The page of the documentation that lists every report with its formulas; ``make generate`` writes it."""

from __future__ import annotations

from perennial.reports.queries import REPORTS
from perennial.reports.report import Report

_HEAD = """\
# Reports

Generated from the reports themselves: one file each in `src/perennial/reports/queries/`, with the query and
these words. `GET /v1/reports` lists them, `GET /v1/reports/{name}` reads one as JSON or CSV; the
[guide](../how-to/reports.md) shows how.

An *order* is one that was paid and not canceled; its *revenue* is what its lines cost after all discounts,
without shipping, less what was returned of them since, in the program's currency (others are left out).
Periods are days, weeks, or months of the program's zone; the first one begins on the day asked for. Money is
in minor units.
"""


def reports_text() -> str:
    """Return the page."""
    return "\n".join([_HEAD, *(_section(report) for report in REPORTS.values())])


def _section(report: Report) -> str:
    takes = ["`program`", "`from`", "`to`"]
    takes += ["`step`"] * report.takes_step + ["`segment`"] * report.takes_segment
    lines = [f"## {report.title}", "", f"`{report.name}`. {report.description}", ""]
    lines += [f"Parameters: {', '.join(takes)}.", "", "| column | what | formula |", "|---|---|---|"]
    lines += [
        f"| `{column.name}` | {column.title} ({column.kind.value}) | {column.formula} |"
        for column in report.columns
    ]
    return "\n".join([*lines, ""])
