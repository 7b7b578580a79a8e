"""Commands that need no database: the schema, and cases."""

from __future__ import annotations

from pathlib import Path

import msgspec
from typer.testing import CliRunner

from perennial.cli import command_line

_RUN = CliRunner()

_CASE = """
case: one
title: One order
program:
  program: shop
  name: Shop
  time_zone: UTC
  wallets: [{id: points, name: Points}]
  earning_rules: [{id: base, type: per_amount, points: 1, per: 100}]
steps:
  - at: 2026-11-01 12:00
    customer: mia
    order: {id: m0, lines: [{sku: a, amount: 1000}]}
    expect: {earned: 10}
"""


def test_the_schema_is_json() -> None:
    """It is the JSON Schema of a program."""
    done = _RUN.invoke(command_line(), ["schema"])
    assert done.exit_code == 0
    assert msgspec.json.decode(done.stdout)["title"] == "Perennial program"


def test_a_case_passes_or_says_what_differs(tmp_path: Path) -> None:
    """A wrong expectation ends with status 1 and both numbers; a broken file with its path."""
    (tmp_path / "good.yaml").write_text(_CASE)
    assert _RUN.invoke(command_line(), ["cases", str(tmp_path)]).exit_code == 0
    (tmp_path / "wrong.yaml").write_text(_CASE.replace("earned: 10", "earned: 11"))
    done = _RUN.invoke(command_line(), ["cases", str(tmp_path)])
    assert done.exit_code == 1
    assert "1 passed, 1 failed" in done.stdout
    (tmp_path / "broken.yaml").write_text("case: 1")
    assert "broken.yaml" in _RUN.invoke(command_line(), ["cases", str(tmp_path)]).output


def test_cases_for_machines(tmp_path: Path) -> None:
    """With --json everything is one object: how many passed, and what differed where."""
    (tmp_path / "wrong.yaml").write_text(_CASE.replace("earned: 10", "earned: 11"))
    done = _RUN.invoke(command_line(), ["cases", str(tmp_path), "--json"])
    assert done.exit_code == 1
    assert msgspec.json.decode(done.stdout) == {
        "passed": 0,
        "failed": 1,
        "cases": [
            {
                "file": str(tmp_path / "wrong.yaml"),
                "passed": False,
                "case": "one",
                "title": "One order",
                "steps": 1,
                "differences": ["step 1 (2026-11-01 12:00): earned should be 11 but is 10"],
            }
        ],
    }


def test_no_cases_is_no_success(tmp_path: Path) -> None:
    """An empty folder must not look like a passed run."""
    assert _RUN.invoke(command_line(), ["cases", str(tmp_path)]).exit_code == 1
