"""The sides of a simulation, compiled: which versions judge the past, and from when on."""

from __future__ import annotations

import msgspec
from asyncpg import Connection

from perennial.core.compiling.compile import compile_version
from perennial.core.document.program import Program, unit_codes
from perennial.core.document.surroundings import Surroundings
from perennial.core.version import Version
from perennial.flows.programs.checks import readable
from perennial.flows.simulation.past_lives import Wanted
from perennial.store.programs.programs import StoredVersion, list_programs, load_versions, read_units
from perennial.store.programs.surroundings import latest_declarations, list_locations
from perennial.store.workspaces import read_workspace
from perennial.units import Instant

_FIRST_MADE_UP_UNIT = 1_000_000_000


class SideSpec(msgspec.Struct, frozen=True):
    """One side: a published ``version``, a ``document``, or with neither the history as it was judged."""

    name: str
    version: int | None = None
    document: str | None = None


class Task(msgspec.Struct, frozen=True):
    """What a process of a simulation needs to know before it plays anything. ``url`` is a secret."""

    url: str
    workspace_id: int
    snapshot: str
    program_id: int
    code: str
    sides: tuple[SideSpec, ...]
    begins: Instant
    until: Instant


class Compiled(msgspec.Struct):
    """The versions of every side, and which past they want to see. ``units`` are numbers of wallets."""

    sides: list[list[Version]]
    wanted: Wanted


async def compile_sides(conn: Connection, task: Task) -> Compiled:
    """Compile every side of a task; versions that sides share are compiled once.

    Up to ``task.begins`` all sides go by what was published.
    """
    stored = await load_versions(conn, task.workspace_id)
    own = sorted(
        (each for each in stored if each.program_id == task.program_id),
        key=lambda each: (each.valid_from, each.number),
    )
    _, declared = await latest_declarations(conn, task.workspace_id)
    around = Surroundings(declared, await list_locations(conn, task.workspace_id))
    units = dict((await read_units(conn, task.workspace_id)).get(task.program_id, {}))
    documents = {
        place: readable(side.document) for place, side in enumerate(task.sides) if side.document is not None
    }
    for program in documents.values():
        for code in unit_codes(program):
            units.setdefault(code, _FIRST_MADE_UP_UNIT + len(units))
    known = {each.number: _compile(each.program, each, units, around) for each in own}
    before = [known[each.number] for each in own if each.valid_from < task.begins]
    sides: list[list[Version]] = []
    for place, side in enumerate(task.sides):
        if place in documents:
            number = max(known, default=0) + 1
            draft = StoredVersion(task.program_id, number, task.begins, documents[place], units)
            sides.append([*before, _compile(documents[place], draft, units, around)])
        elif side.version is not None:
            sides.append(_from_then_on(before, known[side.version], task.begins))
        else:
            sides.append([known[each.number] for each in own if each.valid_from <= task.until])
    alone = len(await list_programs(conn, task.workspace_id)) == 1
    buckets = (await read_workspace(conn, task.workspace_id)).buckets
    return Compiled(sides, _wanted(task, buckets, sides, units, alone=alone))


def _compile(program: Program, stored: StoredVersion, units: dict[str, int], around: Surroundings) -> Version:
    return compile_version(program, stored.program_id, stored.number, stored.valid_from, units, around)


def _from_then_on(before: list[Version], version: Version, begins: Instant) -> list[Version]:
    """Let ``version`` be in force from ``begins`` on, unless it is already."""
    if before and before[-1].number == version.number:
        return before
    return [
        *before,
        msgspec.structs.replace(
            version, valid_from=begins, days={}, lookbacks={}, lot_days={}, lots_by_day={}
        ),
    ]


def _wanted(
    task: Task, buckets: range, sides: list[list[Version]], units: dict[str, int], *, alone: bool
) -> Wanted:
    versions = [version for versions in sides for version in versions]
    return Wanted(
        workspace_id=task.workspace_id,
        buckets=buckets,
        program_id=task.program_id,
        code=task.code,
        alone=alone,
        until=task.until,
        rewards=tuple(sorted({reward for version in versions for reward in version.rewards})),
        wallets=frozenset(units),
        challenges=frozenset(each.challenge.id for version in versions for each in version.challenges),
        units={number: code for code, number in units.items()},
    )
