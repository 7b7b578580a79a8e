"""Reading programs: the list, their versions, documents, and what changed between two of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec
from asyncpg import Connection

from perennial.core.document.document import read_program, render
from perennial.core.document.program import Program
from perennial.core.document.program_parts import join_parts
from perennial.core.explaining.program_diff import Change, diff
from perennial.core.language import Language
from perennial.core.languages import ENGLISH
from perennial.core.problems import Problem
from perennial.core.segments.segment import Segment
from perennial.core.validation.assessment import Assessment, assess
from perennial.core.validation.validation import validate
from perennial.flows.problems import problem
from perennial.flows.programs.checks import (
    conflicts_of,
    program_of_version,
    readable,
    require_program,
    require_version,
    surrounded,
)
from perennial.store.codes.codebook import Codebook
from perennial.store.database import Database
from perennial.store.programs.planned_versions import planned_at
from perennial.store.programs.programs import (
    ProgramRow,
    VersionRow,
    find_program,
    list_programs,
    list_versions,
    read_parts,
)
from perennial.store.segments import list_segments
from perennial.units import Instant

Side = int | Literal["draft"]
"""A side of a comparison: the number of a version, or the draft."""


class ProgramEntry(msgspec.Struct, frozen=True):
    """A program in a list; ``version`` is the one in force, ``None`` before the first.

    ``time_zone`` and ``currency`` are unknown where there is only a draft that cannot be read.
    """

    program: str
    name: str
    time_zone: str | None
    currency: str | None
    version: int | None
    draft_revision: int
    created_at: Instant


class VersionEntry(msgspec.Struct, frozen=True):
    """A version in a list; equal ``digest``s are equal programs.

    ``planned_at`` says when somebody planned that it be published then.
    """

    version: int
    valid_from: Instant
    published_at: Instant
    actor: str
    note: str
    digest: str
    planned_at: Instant | None = None


class Plan(msgspec.Struct, frozen=True):
    """What applying a document would do: the problems that forbid it, or the changes it makes.

    ``version`` is the version in force, ``None`` for a new program. ``whole`` is the program with what its
    workspace declares, where nothing forbids it, and ``segments`` are the workspace's.
    """

    program: str | None
    version: int | None
    changes: tuple[Change, ...]
    problems: tuple[Problem, ...]
    whole: Program | None = None
    assessment: Assessment | None = None
    segments: tuple[Segment, ...] = ()


async def programs_of(database: Database, workspace_id: int) -> list[ProgramEntry]:
    """Return the programs of a workspace, oldest first."""
    async with database.snapshot(workspace_id) as conn:
        entries = []
        for row in await list_programs(conn, workspace_id):
            versions = await list_versions(conn, workspace_id, row.program_id)
            number = versions[-1].number if versions else None
            found = await _latest(conn, workspace_id, row, versions)
            name = row.code if found is None else found.name
            zone, currency = (None, None) if found is None else (found.time_zone, found.currency)
            entries.append(
                ProgramEntry(row.code, name, zone, currency, number, row.draft_revision, row.created_at)
            )
        return entries


async def _latest(
    conn: Connection, workspace_id: int, row: ProgramRow, versions: list[VersionRow]
) -> Program | None:
    """Return a program as the latest version says, before the first one the draft, if it can be read."""
    if versions:
        return await program_of_version(conn, workspace_id, versions[-1])
    draft = None if row.draft is None else read_program(row.draft)
    return draft if isinstance(draft, Program) else None


async def versions_of(database: Database, workspace_id: int, code: str) -> list[VersionEntry]:
    """Return the versions of a program, newest first; raise a 404 for an unknown program."""
    async with database.transaction(workspace_id) as conn:
        row = await require_program(conn, workspace_id, code)
        versions = await list_versions(conn, workspace_id, row.program_id)
        planned = await planned_at(conn, workspace_id, row.program_id)
    return [
        VersionEntry(
            version.number,
            version.valid_from,
            version.published_at,
            version.actor,
            version.note,
            version.digest,
            planned.get(version.number),
        )
        for version in reversed(versions)
    ]


async def document_of(database: Database, workspace_id: int, code: str, number: int | None = None) -> str:
    """Return the document of a version (the one in force without a number) as canonical YAML.

    The text is made from the stored parts alone, so it is the same for ever.
    """
    async with database.transaction(workspace_id) as conn:
        row = await require_program(conn, workspace_id, code)
        versions = await list_versions(conn, workspace_id, row.program_id)
        if not versions:
            raise problem(404, "not_published", f"Program {code} has no version yet.")
        version = versions[-1] if number is None else require_version(versions, code, number)
        bodies = await read_parts(conn, workspace_id, [version.manifest])
    return render(join_parts(version.manifest, bodies))


async def compare(
    database: Database, workspace_id: int, code: str, old: Side, new: Side, language: Language = ENGLISH
) -> list[Change]:
    """Return what changed from one side to the other, in words of ``language``."""
    async with database.transaction(workspace_id) as conn:
        row = await require_program(conn, workspace_id, code)
        before = await _side(conn, workspace_id, row, old)
        after = await _side(conn, workspace_id, row, new)
        segments = [row.segment for row in await list_segments(conn, workspace_id)]
    return diff(before, after, language, _names(segments))


def _names(segments: Iterable[Segment]) -> dict[str, str]:
    return {each.segment: each.name for each in segments}


async def _side(conn: Connection, workspace_id: int, row: ProgramRow, side: Side) -> Program:
    if side == "draft":
        if row.draft is None:
            raise problem(404, "no_draft", f"Program {row.code} has no draft.")
        return readable(row.draft)
    versions = await list_versions(conn, workspace_id, row.program_id)
    return await program_of_version(conn, workspace_id, require_version(versions, row.code, side))


async def plan_document(database: Database, workspace_id: int, text: str, codebook: Codebook) -> Plan:
    """Say what applying a document would change; writes nothing.

    ``codebook`` finds the codes that were issued: a new code for everybody must be none of them.
    """
    program = read_program(text)
    if isinstance(program, list):
        return Plan(None, None, (), tuple(program))
    async with database.transaction(workspace_id) as conn:
        row = await find_program(conn, workspace_id, program.program)
        versions = await list_versions(conn, workspace_id, row.program_id) if row else []
        whole = await surrounded(conn, workspace_id, program)
        problems = validate(whole)
        problems += await conflicts_of(conn, workspace_id, row, program, versions, codebook)
        before = await program_of_version(conn, workspace_id, versions[-1]) if versions else None
        segments = tuple(row.segment for row in await list_segments(conn, workspace_id))
    number = versions[-1].number if versions else None
    changes = () if problems else tuple(diff(before, program, segments=_names(segments)))
    if problems:
        return Plan(program.program, number, changes, tuple(problems))
    assessment = assess(whole, [each.segment for each in segments])
    return Plan(program.program, number, changes, (), whole, assessment, segments)
