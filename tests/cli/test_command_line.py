"""Which file has which command."""

from __future__ import annotations

from importlib import import_module

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from perennial import __version__
from perennial.cli import _FILES, command_line


@pytest.mark.parametrize("file", _FILES)
def test_a_file_has_the_commands_that_it_is_read_for(file: str) -> None:
    """Table and file agree, and who asks for one command gets those of its file alone."""
    names = _FILES[file]
    assert tuple(import_module(f"perennial.cli.{file}").COMMANDS) == names
    for name in names:
        found = get_command(command_line(name)).commands  # type: ignore[attr-defined]
        assert set(found) == {*names, "version"}


def test_an_unknown_command_is_told_all_that_there_are() -> None:
    """Help lists every command."""
    every = {name for names in _FILES.values() for name in names} | {"version"}
    assert set(get_command(command_line("nonsense")).commands) == every  # type: ignore[attr-defined]


@pytest.mark.parametrize("asked", ["version", "--version"])
def test_the_version_is_said_either_way(asked: str) -> None:
    """As a command and as an option, and no file of commands is read for it."""
    line = command_line(asked)
    said = CliRunner().invoke(line, [asked])
    assert (said.exit_code, said.output) == (0, f"{__version__}\n")
    assert set(get_command(line).commands) == {"version"}  # type: ignore[attr-defined]
