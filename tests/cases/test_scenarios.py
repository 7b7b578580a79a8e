"""The acceptance scenarios that a case file can say: each runs through the case runner."""

from __future__ import annotations

from pathlib import Path

import pytest

from perennial.core.case import Case, read_case
from perennial.core.cases import run_case

WAITING: dict[str, str] = {}
"""Files that say what is to come, by their names, and what they wait for."""

FILES = sorted((Path(__file__).parent / "scenarios").glob("*.yaml"))


def _marked(file: Path) -> object:
    waits = WAITING.get(file.stem)
    marks = () if waits is None else (pytest.mark.xfail(reason=waits, strict=True, raises=AssertionError),)
    return pytest.param(file, id=file.stem, marks=marks)


def test_what_is_waited_for_is_there() -> None:
    """Nothing waits that has no file."""
    assert WAITING.keys() - {file.stem for file in FILES} == set()


@pytest.mark.parametrize("file", [_marked(file) for file in FILES])
def test_scenario(file: Path) -> None:
    """What the scenario expects after each step is what the program does."""
    case = read_case(file.read_text())
    assert isinstance(case, Case), case
    assert case.name.startswith(file.stem[:5])
    report = run_case(case)
    assert report.differences() == []
    assert len(report.steps) == len(case.steps) > 0
