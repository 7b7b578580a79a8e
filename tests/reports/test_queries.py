"""The family of reports: one file each, with everything that a person needs to believe a figure."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

from perennial.reports import queries
from perennial.reports.report import Column, Kind, Report

FILES = sorted(path for path in Path(queries.__file__).parent.glob("*.py") if path.name != "__init__.py")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_file_is_a_report(file: Path) -> None:
    """Its name is the file's; each figure has a formula; the query only reads; a test names it."""
    module = import_module(f"perennial.reports.queries.{file.stem}")
    report = module.REPORT
    assert module.__doc__
    assert report.name == file.stem.replace("_", "-")
    assert queries.REPORTS[report.name] is report
    assert report.description.endswith(".")
    assert all(each.formula or each.kind is Kind.PERIOD for each in report.columns)
    assert not re.search(r"\b(insert|update|delete|truncate|copy|alter|drop|create)\b", report.sql)
    assert ":workspace" in report.sql
    tests = "".join(path.read_text() for path in Path(__file__).parents[1].glob("flows/test_*.py"))
    assert f'"{report.name}"' in tests


def test_parameters_are_numbered_once() -> None:
    """A name gets one number, casts are left alone, and a query knows what it takes."""
    sql = "select :step::int, :program, :step from t where s = :segment::int"
    report = Report("x", "X", "X.", (Column("n", "N", Kind.COUNT, "n"),), sql)
    assert report.statement() == (
        "select $1::int, $2, $1 from t where s = $3::int",
        ("step", "program", "segment"),
    )
    assert (report.takes_segment, report.takes_step) == (True, False)
