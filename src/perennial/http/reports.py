"""Reports: which there are, and what they say, as JSON or CSV."""

from __future__ import annotations

import csv
import io
from datetime import date
from typing import Annotated, Any

from litestar import Request, Response, get
from litestar.params import QueryParameter

from perennial.core.dates.periods import Period
from perennial.core.languages import LANGUAGES
from perennial.flows.reports import Asked, ReportList, ReportResult, list_reports, read_report
from perennial.flows.staff.scopes import Scope
from perennial.http.door.exchange import bad_query
from perennial.http.door.language import LanguageName
from perennial.http.door.operation import ExternalId, admitted, operation, written
from perennial.http.door.paths import plain_segment
from perennial.units import MAX_AMOUNT

CSV = "text/csv"

OfProgram = Annotated[
    str, QueryParameter(max_length=63, description="a program; empty: the first of the workspace")
]
FirstDay = Annotated[
    str,
    QueryParameter(
        name="from",
        max_length=10,
        description="the first local day (`2026-01-01`); empty: the first of the month eleven months before, "
        "by days 29 days before the last, by weeks 181",
    ),
]
LastDay = Annotated[
    str, QueryParameter(name="to", max_length=10, description="the last local day; empty: today")
]
Step = Annotated[str, QueryParameter(pattern="^(day|week|month)$", description="how long a period is")]
OfSegment = Annotated[
    str, QueryParameter(max_length=63, description="a segment: its customers of now alone; empty: everybody")
]
Fee = Annotated[
    int,
    QueryParameter(
        ge=0,
        le=MAX_AMOUNT,
        description="what the program costs in this time beside its points, such as the fee of a platform, "
        "in minor units; 0: not said",
    ),
]
Format = Annotated[
    str,
    QueryParameter(
        pattern="^(json|csv|)$", description="`json` or `csv`; empty: as the header `Accept` says, else JSON"
    ),
]


@get(
    "/v1/reports",
    **operation("report_list", "Reports", "List the reports", needs=Scope.READ, gives={200: ReportList}),
)
async def report_list(request: Request[Any, Any, Any], language: LanguageName = "en") -> Response[Any]:
    """Every report with its description, its columns with their formulas, and its parameters.

    Titles, descriptions and formulas are in `language`.
    """
    admitted(request)
    return written(list_reports(LANGUAGES[language]))


@get(
    "/v1/reports/{name:str}",
    **operation(
        "report_get",
        "Reports",
        "Read a report",
        needs=Scope.READ,
        gives={200: (ReportResult, CSV)},
        refuses=(404,),
    ),
)
async def report_get(
    request: Request[Any, Any, Any],
    name: ExternalId,
    program: OfProgram = "",
    first: FirstDay = "",
    last: LastDay = "",
    step: Step = "month",
    segment: OfSegment = "",
    fee: Fee = 0,
    format: Format = "",
    language: LanguageName = "en",
) -> Response[Any]:
    """What a report says about the time from one local day to another, both included.

    As CSV there is a header, and the same figures as in JSON. What people read is in `language`.
    """
    door, caller = admitted(request)
    asked = Asked(
        program=program or None,
        first=_day("from", first),
        last=_day("to", last),
        step=Period(step),
        segment=segment or None,
        fee=fee,
    )
    result = await read_report(
        door.handler, caller.workspace_id, plain_segment(name), asked, LANGUAGES[language]
    )
    if format == "csv" or (not format and request.headers.get("accept", "").startswith(CSV)):
        name = f"{result.report.name}-{result.from_}-{result.to}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(csv_of(result), media_type=CSV, headers=headers)
    return written(result)


def _day(name: str, text: str) -> date | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or len(text) != 10 or not 1900 <= day.year <= 2199:
        raise bad_query(name, "date_malformed", "a local day is written as 2026-01-31, from 1900 to 2199")
    return day


def csv_of(result: ReportResult) -> bytes:
    """Write a report as CSV, with the names of its columns as the header."""
    text = io.StringIO()
    lines = csv.DictWriter(text, [column.name for column in result.report.columns], lineterminator="\n")
    lines.writeheader()
    lines.writerows({name: _cell(value) for name, value in row.items()} for row in result.data)
    return text.getvalue().encode()


def _cell(value: object) -> object:
    """Keep a spreadsheet from taking somebody's text for a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in tuple("=+-@\t\r") else value


REPORT_ROUTES = [report_list, report_get]
