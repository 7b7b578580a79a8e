"""What the worked examples ask, once more with other numbers: currencies, cards, limits, parts, tiers."""

from __future__ import annotations

from pathlib import Path

import pytest

from perennial.core.cases.case_file import Case, read_case
from perennial.core.cases.cases import run_case

FILES = sorted((Path(__file__).parent / "variants").glob("*.yaml"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_variant(file: Path) -> None:
    """What the case expects after each step is what the program does."""
    case = read_case(file.read_text(encoding="utf-8"))
    assert isinstance(case, Case), case
    assert run_case(case).differences() == []
