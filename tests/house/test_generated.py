"""What is generated and checked in is listed in one place."""

from __future__ import annotations

from tests.house.generated import GENERATED
from tests.house.source import ROOT


def test_what_is_generated_is_checked_in() -> None:
    """Each generated file exists; `make check` compares its text."""
    assert [name for name in GENERATED if not (ROOT / name).exists()] == []
