"""The templates that ship: valid, sound as far as is found, and each does what its case says."""

from __future__ import annotations

import pytest

from perennial.core.cases.case_file import Case, read_case
from perennial.core.cases.cases import run_case
from perennial.core.document.document import read_program
from perennial.core.document.program import Program
from perennial.core.document.program_parts import decode_published, join_parts, split_program
from perennial.core.find_flaws import find_flaws
from perennial.core.rehearsal.gives_back import Advice
from perennial.core.validation.validation import validate
from perennial.flows.problems import ProblemError
from perennial.flows.programs.templates import (
    ProgramTemplate,
    all_templates,
    filled_in,
    require_template,
    templates_folder,
)
from perennial.units import parse_instant

AT = parse_instant("2026-12-01T12:00:00Z")
IDS = ["points", "vip-tiers", "punch-card", "cashback", "referral", "coalition", "paid-membership"]


@pytest.fixture(params=all_templates(), ids=lambda each: each.id)
def template(request: pytest.FixtureRequest) -> ProgramTemplate:
    """Each template."""
    found: ProgramTemplate = request.param
    return found


def _program(text: str) -> Program:
    program = read_program(text)
    assert isinstance(program, Program), program
    assert validate(program) == []
    return program


def test_all_templates_are_there() -> None:
    """Every file is listed, and every template has a file and a case."""
    assert [each.id for each in all_templates()] == IDS
    files = {file.stem for file in templates_folder().glob("*.yaml")} - {"templates"}
    assert files == {file.stem for file in (templates_folder() / "cases").glob("*.yaml")} == set(IDS)


def test_a_template_gives_nothing_away(template: ProgramTemplate) -> None:
    """The finder searches it to the end and finds none of its classes; what it gives back is advised."""
    program = _program(template.document)
    found = find_flaws(program, AT)
    assert [flaw.words for flaw in found.flaws] == []
    assert found.unfinished == ()
    assert [each.advice for each in found.gives_back if each.advice is not Advice.FINE] == []


def test_a_template_does_what_its_case_says(template: ProgramTemplate) -> None:
    """The story of each template, played."""
    case = read_case(template.case, lambda name: (templates_folder() / "cases" / name).read_bytes())
    assert isinstance(case, Case), case
    assert case.program == _program(template.document)
    assert run_case(case).differences() == []


def test_a_template_can_be_published(template: ProgramTemplate) -> None:
    """Its parts are stored and read back."""
    program = _program(template.document)
    parts = split_program(program)
    assert decode_published(join_parts(parts.manifest, parts.bodies)) == program


def test_a_template_is_filled_in(template: ProgramTemplate) -> None:
    """Code, name, unit, currency and zone are one's own; its comments and everything else stay."""
    own = {"program": "mine", "name": "Größe: 1", "currency": "CHF", "time_zone": "Europe/Zurich"}
    text = filled_in(template, unit="Sterne", **own)
    program, before = _program(text), _program(template.document)
    assert (program.program, program.name, program.currency) == ("mine", "Größe: 1", "CHF")
    assert (program.time_zone, program.wallets[0].name) == ("Europe/Zurich", "Sterne")
    assert program.rewards == before.rewards
    assert text.split("\n")[0] == template.document.split("\n")[0]


def test_what_is_to_be_filled_in_is_there(template: ProgramTemplate) -> None:
    """Every place that is named exists in the document."""
    from perennial.core.document.text import parse_text  # noqa: PLC0415 (beside what uses it)

    data, _ = parse_text(template.document)
    for place in template.fill_in:
        part = data
        for step in place.path.replace("[", ".[").split("."):
            part = part[int(step[1:-1])] if step.startswith("[") else part[step]  # type: ignore[index]
        assert part, place


def test_an_unknown_template_names_all() -> None:
    """A typing mistake is answered with what there is."""
    with pytest.raises(ProblemError, match="paid-membership"):
        require_template("pionts")
