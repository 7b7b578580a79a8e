"""What a workspace is set up to do: its programs, compiled once per version and shared.

Every change of configuration, a switch included, raises the workspace's ``revision``. Each batch reads the
revision in its own transaction, so that a published version is used, and a switch obeyed, by the very next
order on every worker.
"""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Iterable, Mapping

import msgspec
from asyncpg import Connection

from perennial.core.compiling.compile import compile_version
from perennial.core.document.program import Declarations, WalletSpec
from perennial.core.orders.order import Scalar
from perennial.core.segments.compile_segments import BasedOn, Kept, SegmentSet, based_on, compile_segments
from perennial.core.segments.following_segments import hears_moves
from perennial.core.switches import ALL_ON, Switches
from perennial.core.version import Version
from perennial.store.programs.programs import StoredVersion, load_versions
from perennial.store.programs.surroundings import latest_declarations, list_locations
from perennial.store.programs.switches import list_switches
from perennial.store.segments import SegmentRow, list_segments
from perennial.store.workspaces import WorkspaceRow, read_workspace
from perennial.units import MINUTE, Instant

FUTURE_TOLERANCE: Instant = 5 * MINUTE
"""How far ahead of business time something may have happened; clocks of shops are not exact."""


class LiveProgram(msgspec.Struct):
    """The published versions of one program, oldest first."""

    program_id: int
    code: str
    versions: list[Version]

    def version_at(self, at: Instant) -> Version | None:
        """Return the version that was valid at ``at``, or None before the first."""
        index = bisect_right(self.versions, at, key=lambda version: version.valid_from)
        return self.versions[index - 1] if index else None

    def version(self, number: int) -> Version:
        """Return the version ``number``, valid or superseded."""
        return next(version for version in self.versions if version.number == number)

    def wallet(self, name: str) -> WalletSpec:
        """Return the wallet ``name`` as it was published last."""
        return next(wallet for wallet in self.latest.program.wallets if wallet.id == name)

    def tier_name(self, tier: str) -> str:
        """Return what the newest version that has ``tier`` calls it."""
        systems = (version.program.tiers for version in reversed(self.versions))
        levels = (level for system in systems if system is not None for level in system.levels)
        return next((level.name for level in levels if level.id == tier), tier)

    @property
    def latest(self) -> Version:
        """The version published last."""
        return self.versions[-1]


class Workspace(msgspec.Struct):
    """A workspace as one batch sees it. ``programs`` are in the order in which they decide.

    ``switches`` say what is off at this moment, ``declared`` are the workspace's own attributes,
    ``segments`` are all that there are (None: none); ``hears_moves`` says whether anything may come, in
    any version, of somebody entering or leaving one, ``pools`` whether households share tier and limits in
    any.
    """

    row: WorkspaceRow
    programs: list[LiveProgram]
    switches: Switches = ALL_ON
    declared: Declarations = Declarations()
    segments: SegmentSet | None = None
    hears_moves: bool = True
    pools: bool = False

    @property
    def workspace_id(self) -> int:
        """The number of the workspace."""
        return self.row.workspace_id

    @property
    def segment_names(self) -> Mapping[int, str]:
        """The codes of the segments by their numbers."""
        return self.segments.names if self.segments is not None else {}

    def program(self, code: str) -> LiveProgram | None:
        """Return the published program ``code``."""
        return next((program for program in self.programs if program.code == code), None)

    def program_by_id(self, program_id: int) -> LiveProgram:
        """Return the published program with this number."""
        return next(program for program in self.programs if program.program_id == program_id)


class Configurations:
    """The configuration of every workspace that this process serves, reloaded when it changed."""

    def __init__(self) -> None:
        self._workspaces: dict[int, Workspace] = {}
        self._compiled: dict[tuple[int, int, int], tuple[int, Version]] = {}

    async def current(self, conn: Connection, workspace_id: int) -> Workspace:
        """Return the workspace as of now in the caller's transaction, which must be set to it."""
        return await self.as_of(conn, await read_workspace(conn, workspace_id))

    async def as_of(self, conn: Connection, row: WorkspaceRow) -> Workspace:
        """Return the workspace whose row was just read in the caller's transaction."""
        workspace_id = row.workspace_id
        known = self._workspaces.get(workspace_id)
        if known is None or known.row.revision != row.revision:
            programs = await self._load_programs(conn, row)
            switches = Switches(await list_switches(conn, workspace_id))
            _, declared = await latest_declarations(conn, workspace_id)
            segments = await _load_segments(conn, workspace_id, programs)
            known = Workspace(
                row=row,
                programs=programs,
                switches=switches,
                declared=declared,
                segments=segments,
                hears_moves=any(hears_moves(version) for live in programs for version in live.versions),
                pools=any(version.pooling is not None for live in programs for version in live.versions),
            )
            self._workspaces[workspace_id] = known
        elif known.row.clock_at != row.clock_at:
            known = msgspec.structs.replace(known, row=row)
            self._workspaces[workspace_id] = known
        return known

    async def recent(self, conn: Connection, workspace_id: int) -> Workspace:
        """Return the workspace as it was known last: enough to know its buckets."""
        known = self._workspaces.get(workspace_id)
        return known if known is not None else await self.current(conn, workspace_id)

    async def _load_programs(self, conn: Connection, row: WorkspaceRow) -> list[LiveProgram]:
        programs: dict[int, LiveProgram] = {}
        locations = await list_locations(conn, row.workspace_id)
        for stored in await load_versions(conn, row.workspace_id):
            version = self._compile(row.workspace_id, stored, locations)
            live = programs.setdefault(
                stored.program_id, LiveProgram(stored.program_id, stored.program.program, [])
            )
            live.versions.append(version)
        for live in programs.values():
            live.versions.sort(key=lambda version: (version.valid_from, version.number))
        return sorted(programs.values(), key=lambda live: (live.latest.program.priority, live.program_id))

    def _compile(
        self, workspace_id: int, stored: StoredVersion, locations: Mapping[str, Mapping[str, Scalar]]
    ) -> Version:
        """Return a version compiled with what the workspace adds to it now, which alone may change."""
        key = (workspace_id, stored.program_id, stored.number)
        known = self._compiled.get(key)
        if known is None or known[0] != stored.declarations:
            version = compile_version(
                stored.program, stored.program_id, stored.number, stored.valid_from, stored.units
            )
            known = self._compiled[key] = stored.declarations, version
        if known[1].locations != locations:
            # A copy: others may still be deciding with the locations as they were.
            version = msgspec.structs.replace(known[1], locations=locations)
            known = self._compiled[key] = stored.declarations, version
        return known[1]


async def _load_segments(
    conn: Connection, workspace_id: int, programs: list[LiveProgram]
) -> SegmentSet | None:
    rows = await list_segments(conn, workspace_id)
    return compile_segments(map(kept_of, rows), bases_of(programs)) if rows else None


def kept_of(row: SegmentRow) -> Kept:
    """Return a segment as it is compiled."""
    return Kept(row.segment, row.segment_id, row.version, row.filled)


def bases_of(programs: list[LiveProgram]) -> list[BasedOn]:
    """Return the programs that segments may read: the latest version of each."""
    return [based_on(live.latest) for live in programs]


def in_order(bases: Iterable[BasedOn]) -> list[BasedOn]:
    """Return programs in the order in which they decide: a segment that names none reads the first."""
    return sorted(bases, key=lambda each: (each.program.priority, each.program_id))


def business_now(workspace: Workspace) -> Instant:
    """Return the workspace's business time: the test clock of a sandbox, or the wall clock."""
    if workspace.row.sandbox and workspace.row.clock_at is not None:
        return workspace.row.clock_at
    return time.time_ns() // 1000
