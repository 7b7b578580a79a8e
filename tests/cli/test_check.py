"""``perennial check``: flaws of a program, with their proofs, without a database."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

from typer.testing import CliRunner

from perennial.cli import command_line
from perennial.core.cases.case_file import Case, read_case
from perennial.core.cases.cases import run_case
from tests.core.planted_programs import gift_card_loop, sound

_AT = ["--at", "2026-12-01T12:00:00Z"]


def test_a_flaw_is_shown_with_its_proof(tmp_path: Path) -> None:
    """A planted flaw ends with status 1, and its proof passes as a case file."""
    file = tmp_path / "program.json"
    file.write_text(json.dumps(gift_card_loop(Random(1))))
    done = CliRunner().invoke(command_line(), ["check", str(file), "--json", *_AT])
    assert done.exit_code == 1
    flaws = {flaw["kind"]: flaw for flaw in json.loads(done.stdout)["flaws"]}
    case = read_case(flaws["gift_card_loop"]["proof"])
    assert isinstance(case, Case)
    assert run_case(case).passed


def test_a_sound_program_passes(tmp_path: Path) -> None:
    """A program without flaws ends with status 0; a bad assumption with 2, an invalid program with 1."""
    file = tmp_path / "program.json"
    file.write_text(json.dumps(sound(Random(1))))
    assert CliRunner().invoke(command_line(), ["check", str(file), *_AT]).exit_code == 0
    assert CliRunner().invoke(command_line(), ["check", str(file), "--margin", "much"]).exit_code == 2
    file.write_text("program: nothing\n")
    assert CliRunner().invoke(command_line(), ["check", str(file)]).exit_code == 1
