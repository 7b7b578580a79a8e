"""What keeps a program from being published: problems of its own, and conflicts with what is there."""

from __future__ import annotations

from collections.abc import Iterator

from asyncpg import Connection

from perennial.core.codes.entry import shared_form
from perennial.core.document.document import read_program
from perennial.core.document.program import GIFT_CARDS, Program
from perennial.core.document.program_parts import decode_published, join_parts
from perennial.core.document.surroundings import with_declarations
from perennial.core.language import Language
from perennial.core.languages import ENGLISH
from perennial.core.problems import Problem
from perennial.core.validation.assessment import Assessment, assess
from perennial.core.validation.codes import rewards_of
from perennial.core.validation.validation import check_agreement, declared_differently, validate
from perennial.flows.answers import FieldProblem
from perennial.flows.configuration import Workspace
from perennial.flows.problems import ProblemError, problem
from perennial.flows.vouchers.vouchers import places_of
from perennial.store.codes.codebook import Codebook
from perennial.store.programs.programs import (
    ProgramRow,
    VersionRow,
    find_program,
    list_programs,
    list_versions,
    read_parts,
    read_units,
    units_in_use,
)
from perennial.store.programs.surroundings import latest_declarations
from perennial.store.segments import list_segments
from perennial.store.workspaces import read_workspace


class InvalidProgramError(ProblemError):
    """The 422 of a program that cannot be published; ``problems`` is everything that is wrong."""

    def __init__(self, problems: list[Problem]) -> None:
        fields = [FieldProblem(path=each.path, code=each.code, message=each.words) for each in problems]
        first = f"{problems[0].path}: {problems[0].words}".removeprefix(": ")
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(problem(422, "program_invalid", f"{first}{more}", *fields).problem)
        self.problems = problems


def readable(text: str) -> Program:
    """Read a document; raise :class:`InvalidProgramError` where it cannot be read."""
    program = read_program(text)
    if isinstance(program, list):
        raise InvalidProgramError(program)
    return program


async def require_program(conn: Connection, workspace_id: int, code: str) -> ProgramRow:
    """Return a program's row or raise the 404."""
    row = await find_program(conn, workspace_id, code)
    if row is None:
        raise problem(404, "program_unknown", f"There is no program {code!r}.")
    return row


def require_version(versions: list[VersionRow], code: str, number: int) -> VersionRow:
    """Return one of a program's versions or raise the 404."""
    for version in versions:
        if version.number == number:
            return version
    raise problem(404, "version_unknown", f"Program {code} has no version {number}.")


async def program_of_version(conn: Connection, workspace_id: int, version: VersionRow) -> Program:
    """Return the program that a version holds."""
    bodies = await read_parts(conn, workspace_id, [version.manifest])
    return decode_published(join_parts(version.manifest, bodies))


async def program_to_ask(conn: Connection, workspace: Workspace, workspace_id: int, code: str) -> Program:
    """Return what conditions may ask about: a program's latest version, or before the first one its draft.

    Raises the 404 where there is neither, and :class:`InvalidProgramError` of a draft that cannot be read.
    """
    live = workspace.program(code)
    if live is not None:
        return live.latest.program
    row = await require_program(conn, workspace_id, code)
    if row.draft is None:
        raise problem(404, "no_draft", f"Program {code} has no draft.")
    return await surrounded(conn, workspace_id, readable(row.draft))


async def surrounded(conn: Connection, workspace_id: int, program: Program) -> Program:
    """Return a program with the declarations of its workspace beside its own."""
    _, declared = await latest_declarations(conn, workspace_id)
    return with_declarations(program, declared)


async def assessed(
    conn: Connection, workspace_id: int, program: Program, language: Language = ENGLISH
) -> Assessment:
    """Return what is odd about a program in its workspace, and its cost; conditions in ``language``."""
    segments = [row.code for row in await list_segments(conn, workspace_id)]
    return assess(await surrounded(conn, workspace_id, program), segments, language)


async def problems_of(
    conn: Connection, workspace_id: int, row: ProgramRow, text: str, codebook: Codebook | None = None
) -> list[Problem]:
    """Return everything that keeps ``text`` from being published as the next version of ``row``.

    Without a ``codebook`` its shared codes are not compared with the codes that were issued.
    """
    program = read_program(text)
    if isinstance(program, list):
        return program
    problems = validate(await surrounded(conn, workspace_id, program))
    if program.program != row.code:
        words = f'this is the draft of program {row.code}; the document says "{program.program}"'
        problems.append(Problem("program", "other_program", words))
    versions = await list_versions(conn, workspace_id, row.program_id)
    return problems + await conflicts_of(conn, workspace_id, row, program, versions, codebook)


async def conflicts_of(
    conn: Connection,
    workspace_id: int,
    row: ProgramRow | None,
    program: Program,
    versions: list[VersionRow],
    codebook: Codebook | None = None,
) -> list[Problem]:
    """Return where ``program`` contradicts its own past, the workspace's other programs, or issued codes.

    ``row`` is ``None`` and ``versions`` empty for a program that is new; ``codebook`` as in
    :func:`problems_of`.
    """
    problems: list[Problem] = []
    before = await program_of_version(conn, workspace_id, versions[-1]) if versions else None
    if codebook is not None:
        problems += await _issued_already(conn, codebook, workspace_id, program, before)
    if row is not None and before is not None:
        if before.currency != program.currency:
            words = f"the program counts in {before.currency}; start another program for {program.currency}"
            problems.append(Problem("currency", "currency_changed", words))
        problems += await _lost_wallets(conn, workspace_id, row, program)
    others: dict[str, Program] = {}
    for other in await list_programs(conn, workspace_id):
        if other.code != program.program and (
            published := await list_versions(conn, workspace_id, other.program_id)
        ):
            others[other.code] = await program_of_version(conn, workspace_id, published[-1])
    _, declared = await latest_declarations(conn, workspace_id)
    return problems + check_agreement(program, others) + declared_differently(program, declared)


async def _issued_already(
    conn: Connection, codebook: Codebook, workspace_id: int, program: Program, before: Program | None
) -> list[Problem]:
    """Return which new codes for everybody somebody has as a voucher: that would be used in their place.

    What ``before`` has stays: its code was there first.
    """
    new = dict(_shared_codes(program))
    for _, code in _shared_codes(before) if before is not None else ():
        new = {path: other for path, other in new.items() if shared_form(other) != shared_form(code)}
    taken = await places_of(conn, codebook, workspace_id, new.values())
    return [
        Problem(path, "code_taken", f'"{code}" is the code of a voucher already, which would be used instead')
        for path, code in new.items()
        if code in taken
    ]


def _shared_codes(program: Program) -> Iterator[tuple[str, str]]:
    for path, reward in rewards_of(program):
        if reward.codes is not None and reward.codes.shared is not None:
            yield f"{path}.codes.shared", reward.codes.shared


async def _lost_wallets(
    conn: Connection, workspace_id: int, row: ProgramRow, program: Program
) -> list[Problem]:
    """A wallet in which members hold points cannot go: nobody would see, spend or expire them."""
    kept = {wallet.id for wallet in program.wallets} | {GIFT_CARDS}
    units = (await read_units(conn, workspace_id)).get(row.program_id, {})
    gone = {unit: code for code, unit in units.items() if code not in kept}
    used = await units_in_use(conn, await read_workspace(conn, workspace_id), sorted(gone)) if gone else []
    return [
        Problem(
            "wallets", "wallet_in_use", f'members still hold points in the wallet "{gone[unit]}"; keep it'
        )
        for unit in used
    ]
