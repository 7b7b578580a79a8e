"""``perennial init``: a program to begin with."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from perennial.cli import command_line
from perennial.core.document.document import read_program
from perennial.core.document.program import Program
from perennial.flows.programs.templates import require_template


def test_a_template_is_written_with_what_is_given(tmp_path: Path) -> None:
    """Name, unit, currency and zone are filled in, and what is left to fill in is told; once only."""
    file = tmp_path / "mine.yaml"
    given = ["init", "points", "--file", str(file), "--program", "mine", "--name", "My shop"]
    given += ["--unit", "Stars", "--currency", "EUR", "--zone", "Europe/Berlin"]
    done = CliRunner().invoke(command_line(), given)
    assert done.exit_code == 0, done.output
    assert "tiers.levels" in done.output
    program = read_program(file.read_bytes())
    assert isinstance(program, Program)
    assert (program.program, program.name, program.wallets[0].name) == ("mine", "My shop", "Stars")
    assert (program.currency, program.time_zone) == ("EUR", "Europe/Berlin")
    again = CliRunner().invoke(command_line(), given)
    assert again.exit_code == 1
    assert program == read_program(file.read_bytes())


def test_what_is_given_has_to_be_right(tmp_path: Path) -> None:
    """A zone that does not exist is named, and nothing is written."""
    file = tmp_path / "mine.yaml"
    done = CliRunner().invoke(command_line(), ["init", "points", "--file", str(file), "--zone", "Mars/North"])
    assert done.exit_code == 1
    assert not file.exists()


def test_without_a_name_all_are_listed() -> None:
    """Every template with what it is for."""
    done = CliRunner().invoke(command_line(), ["init"])
    assert done.exit_code == 0
    assert "paid-membership" in done.output


def test_as_it_stands_it_is_the_file(tmp_path: Path) -> None:
    """Where nothing is given the file is the template, comments and all."""
    file = tmp_path / "program.yaml"
    assert CliRunner().invoke(command_line(), ["init", "punch-card", "--file", str(file)]).exit_code == 0
    assert file.read_text() == require_template("punch-card").document
