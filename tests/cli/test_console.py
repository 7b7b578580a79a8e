"""What commands print can be read, and copied, on a narrow terminal."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from perennial.cli import console


def test_a_table_shows_cells_as_they_were_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What looks like markup is text, what is too long is broken, what is copied stays whole."""
    said = io.StringIO()
    monkeypatch.setattr(console, "OUT", Console(file=said, width=60))
    words = " ".join(f"word-{number}" for number in range(30))
    console.print_table(("key", "name", "why"), [("sk_test_e7XrC4", "[/] [red]", words)], whole="key")
    lines = said.getvalue().splitlines()
    assert all(len(line) <= 60 for line in lines)
    assert any("│ sk_test_e7XrC4 │ [/] [red]" in line for line in lines)
    cells = [line.split("│")[3].strip() for line in lines if line.startswith("│")]
    assert " ".join(cells) == words
    assert "…" not in said.getvalue()


def test_a_long_word_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of an address or a path is lost."""
    said = io.StringIO()
    monkeypatch.setattr(console, "OUT", Console(file=said, width=40))
    path = "reward/points/a-reward-with-a-very-long-name-indeed"
    console.print_table(("off", "why"), [(path, "x" * 30)])
    cells = [line.split("│") for line in said.getvalue().splitlines() if line.startswith("│")]
    assert "".join(cell[1].strip() for cell in cells) == path
    assert "".join(cell[2].strip() for cell in cells) == "x" * 30
