"""``GET /v1/reports`` and ``GET /v1/experiments``, for whoever may read."""

from __future__ import annotations

import csv
import io

import pytest

from perennial.reports.queries import REPORTS
from perennial.reports.report import Column, Kind, Report
from tests.http.site import Site, order


async def test_every_report_is_listed_and_read(site: Site) -> None:
    """The list says what each report has; each one is read as JSON and as CSV with the same figures."""
    await site.done("PUT", "/v1/orders/o1", order(10_000))
    secret = await site.key("read")
    listed = (await site.done("GET", "/v1/reports", secret=secret))["data"]
    assert [each["name"] for each in listed] == sorted(REPORTS)
    for each in listed:
        path = f"/v1/reports/{each['name']}"
        as_json = await site.done("GET", path, secret=secret)
        assert as_json["report"] == each
        names = [column["name"] for column in each["columns"]]
        assert all(list(row) == names for row in as_json["data"])
        response = await site.call("GET", f"{path}?format=csv", secret=secret)
        assert response.headers["content-type"].startswith("text/csv")
        lines = list(csv.DictReader(io.StringIO(response.text)))
        assert [list(line.values()) for line in lines] == [
            ["" if value is None else str(value) for value in row.values()] for row in as_json["data"]
        ]


async def test_the_header_accept_asks_for_csv(site: Site) -> None:
    """A spreadsheet that accepts CSV gets it, as a file with a name."""
    response = await site.call("GET", "/v1/reports/members", headers={"Accept": "text/csv"})
    assert response.text.startswith("period,members,joined,left,net\n")
    assert response.headers["content-disposition"].startswith('attachment; filename="members-')


async def test_the_time_of_a_report(site: Site) -> None:
    """Days are local and included; what is no day, and what there is not, is refused by its name."""
    path = "/v1/reports/points?from=2026-01-15&to=2026-02-03&step=week&program=points"
    answer = await site.done("GET", path)
    assert [row["period"] for row in answer["data"]] == [
        "2026-01-15",
        "2026-01-19",
        "2026-01-26",
        "2026-02-02",
    ]
    assert (answer["from"], answer["to"], answer["step"]) == ("2026-01-15", "2026-02-03", "week")
    for query, status in (
        ("from=2026-02-30", 422),
        ("to=20260101", 422),
        ("step=year", 422),
        ("from=2026-02-01&to=2026-01-01", 422),
        ("from=2000-01-01&to=2026-01-01&step=day", 422),
        ("segment=nobody", 422),
        ("program=nope", 404),
    ):
        response = await site.call("GET", f"/v1/reports/points?{query}")
        assert response.status_code == status, query
    assert (await site.call("GET", "/v1/reports/nope")).status_code == 404


@pytest.mark.parametrize(
    ("step", "first"), [("day", "2027-02-01"), ("week", "2026-09-02"), ("month", "2026-04-01")]
)
async def test_a_time_that_is_left_out_fits_the_step(site: Site, step: str, first: str) -> None:
    """Up to the day that it is in the sandbox: thirty days, half a year of weeks, or twelve months."""
    await site.done("POST", "/v1/clock", {"advance_to": "2027-03-02T17:00:00Z"})
    answer = await site.done("GET", f"/v1/reports/members?step={step}")
    assert (answer["from"], answer["to"]) == (first, "2027-03-02")


async def test_experiments_over_http(site: Site) -> None:
    """A program without any has an empty list, and no results."""
    assert await site.done("GET", "/v1/experiments") == {"data": []}
    response = await site.call("GET", "/v1/experiments/points/nope/results")
    assert (response.status_code, response.json()["code"]) == (404, "experiment_unknown")


async def test_ids_come_with_their_names(site: Site) -> None:
    """Of tiers and parts of the program; points say how many digits they have."""
    answer = await site.done("GET", "/v1/reports/tiers")
    (column,) = [each for each in answer["report"]["columns"] if each["names"] is not None]
    assert (column["name"], column["names"]) == ("tier", "tier")
    assert set(answer["names"]) == {"tier"}
    assert answer["point_decimals"] == 0


async def test_a_report_is_one_query_and_one_description(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is declared is listed, read and written as CSV: nothing else knows the reports by name."""
    columns = (Column("program", "Program", Kind.COUNT, "its number"),)
    added = Report("numbers", "Numbers", "Of programs.", columns, "select :program::int")
    monkeypatch.setitem(REPORTS, added.name, added)
    listed = (await site.done("GET", "/v1/reports"))["data"]
    assert listed[-1]["title"] == "Numbers"
    assert len((await site.done("GET", "/v1/reports/numbers"))["data"]) == 1
    response = await site.call("GET", "/v1/reports/numbers?format=csv")
    assert response.text.startswith("program\n")
