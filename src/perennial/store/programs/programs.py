"""Programs, their drafts and their published versions.

A version is immutable: its parts are content-addressed rows, its manifest names them in order. Every
change of configuration locks the workspace's row first and raises its ``revision``, so that changes
queue up and every worker notices them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import msgspec
from asyncpg import Connection, Record

from perennial.core.document.program import Program
from perennial.core.document.program_parts import (
    Manifest,
    Parts,
    decode_published,
    digests_of,
    join_parts,
    manifest_digest,
)
from perennial.core.document.surroundings import with_declarations
from perennial.store.programs.surroundings import latest_declarations
from perennial.store.workspaces import WorkspaceRow
from perennial.units import Instant


class ProgramRow(msgspec.Struct, frozen=True):
    """One program of a workspace; ``draft`` is the author's own text, ``None`` before the first."""

    program_id: int
    code: str
    draft: str | None
    draft_revision: int
    created_at: Instant


class VersionRow(msgspec.Struct, frozen=True):
    """One published version without its document. ``valid_from`` is business time."""

    number: int
    manifest: Manifest
    valid_from: Instant
    published_at: Instant
    actor: str
    note: str

    @property
    def digest(self) -> str:
        """Return the digest of the whole program, in hex."""
        return manifest_digest(self.manifest)


class StoredVersion(msgspec.Struct, frozen=True):
    """A published version ready to be compiled; ``units`` maps wallet ids to unit numbers.

    The program has the workspace's declarations beside its own; ``declarations`` is their version.
    """

    program_id: int
    number: int
    valid_from: Instant
    program: Program
    units: dict[str, int]
    declarations: int = 0


_LOCK_CONFIGURATION = "select revision from workspaces where workspace_id = $1 for update"

_RAISE_REVISION = "update workspaces set revision = revision + 1 where workspace_id = $1"

_PROGRAM_COLUMNS = "program_id, code, draft, draft_revision, created_at"

_FIND_PROGRAM = f"select {_PROGRAM_COLUMNS} from programs where workspace_id = $1 and code = $2"

_LIST_PROGRAMS = f"select {_PROGRAM_COLUMNS} from programs where workspace_id = $1 order by program_id"

_INSERT_PROGRAM = f"""
insert into programs (workspace_id, program_id, code, created_at)
select $1, coalesce(max(program_id), 0) + 1, $2, $3 from programs where workspace_id = $1
returning {_PROGRAM_COLUMNS}
"""

_UPDATE_DRAFT = f"""
update programs set draft = $3, draft_revision = draft_revision + 1
where workspace_id = $1 and program_id = $2
returning {_PROGRAM_COLUMNS}
"""

_INSERT_PARTS = """
insert into program_parts (workspace_id, digest, body)
select $1, part.digest, part.body from unnest($2::bytea[], $3::text[]) as part (digest, body)
on conflict do nothing
"""

_INSERT_VERSION = """
insert into program_versions
    (workspace_id, program_id, version, parts, valid_from, published_at, actor, note)
values ($1, $2, $3, $4::text::jsonb, $5, $6, $7, $8)
"""

_LIST_VERSIONS = """
select version, parts::text, valid_from, published_at, actor, note from program_versions
where workspace_id = $1 and program_id = $2 order by version
"""

_LIST_ALL_VERSIONS = """
select program_id, version, parts::text, valid_from from program_versions
where workspace_id = $1 order by program_id, version
"""

_READ_PARTS = "select digest, body from program_parts where workspace_id = $1 and digest = any($2::bytea[])"

_LIST_UNITS = "select program_id, code, unit_id from units where workspace_id = $1"

# Numbers follow the largest that was ever given; units are never deleted, so none is used twice.
_INSERT_UNITS = """
insert into units (workspace_id, unit_id, program_id, code)
select $1, (select coalesce(max(unit_id), 0) from units where workspace_id = $1) + wallet.position, $2,
    wallet.code
from unnest($3::text[]) with ordinality as wallet (code, position)
"""

# A unit is in use where a member of any bucket holds or owes points of it.
_UNITS_IN_USE = """
select distinct unit_id from wallets
where bucket between $2 and $3 and workspace_id = $1 and unit_id = any($4::int[])
    and (balance > 0 or debt > 0)
"""

_HAS_CUSTOMERS = """
select exists (select from customers where bucket between $2 and $3 and workspace_id = $1)
"""


def _program(record: Record) -> ProgramRow:
    return ProgramRow(*record)


async def lock_configuration(conn: Connection, workspace_id: int) -> int:
    """Make changes of the workspace's configuration queue up behind this one; return its revision."""
    revision: int | None = await conn.fetchval(_LOCK_CONFIGURATION, workspace_id)
    if revision is None:
        raise LookupError(f"there is no workspace {workspace_id}")
    return revision


async def raise_revision(conn: Connection, workspace_id: int) -> None:
    """Tell every worker that the configuration changed."""
    await conn.execute(_RAISE_REVISION, workspace_id)


async def find_program(conn: Connection, workspace_id: int, code: str) -> ProgramRow | None:
    """Return the program with this code, or None."""
    record = await conn.fetchrow(_FIND_PROGRAM, workspace_id, code)
    return _program(record) if record else None


async def list_programs(conn: Connection, workspace_id: int) -> list[ProgramRow]:
    """Return all programs of a workspace, oldest first."""
    return [_program(record) for record in await conn.fetch(_LIST_PROGRAMS, workspace_id)]


async def insert_program(conn: Connection, workspace_id: int, code: str, at: Instant) -> ProgramRow:
    """Create a program; the caller holds the lock of the configuration."""
    record = await conn.fetchrow(_INSERT_PROGRAM, workspace_id, code, at)
    assert record is not None, "an insert that returns its row"
    return _program(record)


async def update_draft(conn: Connection, workspace_id: int, program_id: int, text: str) -> ProgramRow:
    """Replace a program's draft and raise its revision."""
    record = await conn.fetchrow(_UPDATE_DRAFT, workspace_id, program_id, text)
    assert record is not None, "a program that was found before"
    return _program(record)


async def insert_version(
    conn: Connection, workspace_id: int, program_id: int, version: VersionRow, parts: Parts
) -> None:
    """Store a new version; parts that are there already are shared."""
    digests = [bytes.fromhex(digest) for digest in parts.bodies]
    await conn.execute(_INSERT_PARTS, workspace_id, digests, list(parts.bodies.values()))
    await conn.execute(
        _INSERT_VERSION,
        workspace_id,
        program_id,
        version.number,
        json.dumps(version.manifest),
        version.valid_from,
        version.published_at,
        version.actor,
        version.note,
    )


async def assign_units(
    conn: Connection, workspace_id: int, program_id: int, wallets: list[str]
) -> dict[str, int]:
    """Give every wallet of the program a unit number; return those of all wallets it ever had."""
    known = (await read_units(conn, workspace_id)).get(program_id, {})
    new = [wallet for wallet in wallets if wallet not in known]
    if new:
        await conn.execute(_INSERT_UNITS, workspace_id, program_id, new)
        known = (await read_units(conn, workspace_id))[program_id]
    return known


async def read_units(conn: Connection, workspace_id: int) -> dict[int, dict[str, int]]:
    """Return, by program, the unit number of every wallet that a version of it ever had."""
    units: dict[int, dict[str, int]] = {}
    for program_id, code, unit_id in await conn.fetch(_LIST_UNITS, workspace_id):
        units.setdefault(program_id, {})[code] = unit_id
    return units


async def units_in_use(conn: Connection, workspace: WorkspaceRow, units: list[int]) -> list[int]:
    """Return those of ``units`` in which somebody holds or owes points."""
    records = await conn.fetch(_UNITS_IN_USE, workspace.workspace_id, *workspace.span, units)
    return sorted(unit for (unit,) in records)


async def has_customers(conn: Connection, workspace: WorkspaceRow) -> bool:
    """Return whether anybody is known to the workspace yet."""
    found: bool = await conn.fetchval(_HAS_CUSTOMERS, workspace.workspace_id, *workspace.span)
    return found


async def list_versions(conn: Connection, workspace_id: int, program_id: int) -> list[VersionRow]:
    """Return the versions of a program, oldest first, without their documents."""
    records = await conn.fetch(_LIST_VERSIONS, workspace_id, program_id)
    return [VersionRow(number, json.loads(parts), *rest) for number, parts, *rest in records]


async def read_parts(conn: Connection, workspace_id: int, manifests: list[Manifest]) -> dict[str, str]:
    """Return the bodies of all parts that the manifests name, by digest in hex."""
    wanted = {digest for manifest in manifests for digest in digests_of(manifest)}
    digests = [bytes.fromhex(digest) for digest in sorted(wanted)]
    records = await conn.fetch(_READ_PARTS, workspace_id, digests)
    return {digest.hex(): body for digest, body in records}


async def load_versions(conn: Connection, workspace_id: int) -> list[StoredVersion]:
    """Return every published version of every program of the workspace, decoded."""
    records = await conn.fetch(_LIST_ALL_VERSIONS, workspace_id)
    if not records:
        return []
    units = await read_units(conn, workspace_id)
    programs = await _decode_all(conn, workspace_id, {parts for _, _, parts, _ in records})
    latest, declared = await latest_declarations(conn, workspace_id)
    return [
        StoredVersion(
            program_id,
            number,
            valid_from,
            with_declarations(programs[parts], declared),
            units.get(program_id, {}),
            latest,
        )
        for program_id, number, parts, valid_from in records
    ]


_MAX_DECODED = 4_096
_decoded: dict[str, Program] = {}
"""Programs by manifest: what a manifest names never changes, so what was decoded once stays right."""


async def _decode_all(conn: Connection, workspace_id: int, manifests: set[str]) -> Mapping[str, Program]:
    known = {text: _decoded[text] for text in manifests if text in _decoded}
    missing = {text: json.loads(text) for text in manifests if text not in known}
    if missing:
        bodies = await read_parts(conn, workspace_id, list(missing.values()))
        fresh = {text: decode_published(join_parts(manifest, bodies)) for text, manifest in missing.items()}
        if len(_decoded) + len(fresh) > _MAX_DECODED:
            _decoded.clear()
        _decoded.update(fresh)
        known |= fresh
    return known
