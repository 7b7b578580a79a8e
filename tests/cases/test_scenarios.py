"""The acceptance scenarios that a case file can say: each runs through the case runner."""

from __future__ import annotations

from pathlib import Path

import pytest

from perennial.core.cases.case_file import Case, read_case
from perennial.core.cases.cases import run_case
from perennial.core.find_flaws import kinds_of_flaws

FILES = sorted((Path(__file__).parent / "scenarios").glob("*.yaml"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_scenario(file: Path) -> None:
    """What the scenario expects after each step is what the program does."""
    case = read_case(file.read_text())
    assert isinstance(case, Case), case
    assert case.name.startswith(file.stem[:5])
    report = run_case(case, kinds_of_flaws)
    assert report.differences() == []
    assert len(report.steps) == len(case.steps) > 0
