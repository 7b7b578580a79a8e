"""Templates: programs that ship with the product, to begin with. Each has a case, and no flaw that is found.

They are files beside the source, or inside an installed package, and are read once.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from perennial.core.cases.case_file import Case, read_case
from perennial.core.cases.demonstration import Demonstration, demonstrate
from perennial.core.document.draft_edit import with_part
from perennial.core.document.text import parse_text
from perennial.flows.answers import FieldProblem
from perennial.flows.problems import problem

_GENERAL = (
    ("program", "a short name in lower case, which addresses and answers use"),
    ("name", "what members call it"),
    ("wallets[0].name", "what the points are called"),
    ("currency", "the currency of your orders"),
    ("time_zone", "where your days begin"),
)


class FillIn(msgspec.Struct, frozen=True):
    """A place of the document that is yours to fill in, and what belongs there."""

    path: str
    words: str


class ProgramTemplateEntry(msgspec.Struct, frozen=True):
    """A template in the list."""

    id: str
    title: str
    description: str


class ProgramTemplateList(msgspec.Struct, frozen=True):
    """The templates that ship with this version, the plainest first."""

    data: tuple[ProgramTemplateEntry, ...]


class ProgramTemplate(msgspec.Struct, frozen=True):
    """A template: its ``document`` is a whole program in YAML, with comments.

    ``fill_in`` are the places that are different in every shop, the most general first. ``case`` is a case
    file that tells what the program does; it names the program's file.
    """

    id: str
    title: str
    description: str
    fill_in: tuple[FillIn, ...]
    document: str
    case: str


class TemplatePreview(msgspec.Struct, frozen=True):
    """A template filled in: its ``document`` can be put as a draft; it is shown on made-up members."""

    document: str
    demonstration: Demonstration


def templates_folder() -> Path:
    """Return the folder of the templates."""
    package = Path(__file__).parents[2] / "templates"
    return package if package.is_dir() else Path(__file__).parents[4] / "templates"


@cache
def all_templates(language: str = "en") -> tuple[ProgramTemplate, ...]:
    """Return every template in the order in which they are offered, told in the language of this code."""
    folder = templates_folder()
    data, problems = parse_text((folder / "templates.yaml").read_bytes())
    assert not problems, problems
    return tuple(_template(folder, each, language) for each in msgspec.convert(data, list[dict[str, Any]]))


def _template(folder: Path, words: dict[str, Any], language: str) -> ProgramTemplate:
    told = words | words["languages"].get(language, {})
    own = [(each["path"], each["words"]) for each in words["fill_in"]]
    return ProgramTemplate(
        id=words["id"],
        title=told["title"],
        description=told["description"],
        fill_in=tuple(FillIn(*each) for each in [*_GENERAL, *own]),
        document=(folder / f"{words['id']}.yaml").read_text(encoding="utf-8"),
        case=(folder / "cases" / f"{words['id']}.yaml").read_text(encoding="utf-8"),
    )


def list_templates(language: str = "en") -> ProgramTemplateList:
    """Return the templates without their documents, told in a language."""
    return ProgramTemplateList(
        tuple(ProgramTemplateEntry(each.id, each.title, each.description) for each in all_templates(language))
    )


def require_template(name: str, language: str = "en") -> ProgramTemplate:
    """Return one template, told in a language, or raise a 404 that names all."""
    found = next((each for each in all_templates(language) if each.id == name), None)
    if found is None:
        names = ", ".join(each.id for each in all_templates())
        raise problem(404, "template_unknown", f"There is no template {name!r}; there are {names}.")
    return found


def filled_in(
    template: ProgramTemplate,
    *,
    program: str | None = None,
    name: str | None = None,
    unit: str | None = None,
    currency: str | None = None,
    time_zone: str | None = None,
) -> str:
    """Return the document of a template with what is given filled in, and its comments kept."""
    text = template.document
    given = {"program": program, "name": name, "currency": currency, "time_zone": time_zone}
    for part, value in given.items():
        if value is not None:
            text = with_part(text, part, value)
    if unit is not None:
        data, _ = parse_text(text)
        wallets = msgspec.convert(data, dict[str, Any])["wallets"]
        text = with_part(text, "wallets", [wallets[0] | {"name": unit}, *wallets[1:]])
    return text


def preview_template(
    template: ProgramTemplate,
    *,
    program: str | None = None,
    name: str | None = None,
    unit: str | None = None,
    currency: str | None = None,
    time_zone: str | None = None,
) -> TemplatePreview:
    """Return a template with what is given filled in, and play its case; raises 422 for what cannot be."""
    text = filled_in(template, program=program, name=name, unit=unit, currency=currency, time_zone=time_zone)
    case = read_case(template.case, lambda _: text)
    if not isinstance(case, Case):
        fields = [
            FieldProblem(path=f"$.{each.path.removeprefix('program.')}", code=each.code, message=each.words)
            for each in case
        ]
        raise problem(422, "program_invalid", case[0].words, *fields)
    return TemplatePreview(text, demonstrate(case))
