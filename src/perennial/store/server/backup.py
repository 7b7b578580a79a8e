"""Backup and restore of a whole database, through any URL, as one file.

The file is a compressed tar: a manifest, then one member per table with its rows as COPY writes them.
The backup is one snapshot and holds up nobody. A restore goes into an empty database only, is one
transaction, and raises the installation's generation, so that what is committed afterwards sorts
behind everything in the backup.
"""

from __future__ import annotations

import gzip
import io
import os
import tarfile
import tempfile
import time
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import IO

import asyncpg
import msgspec
from asyncpg import Connection

from perennial.store.database import connect
from perennial.store.server.installation import read_generation
from perennial.store.server.migrate import all_migrations, applied_migrations, migrate
from perennial.units import Instant

FORMAT = 1
_MANIFEST = "manifest.json"
_CHUNK = 1 << 20
# Written by the migrations and by the restore itself; and who is signed in, which a restore ends: a session
# that was revoked since must not come back.
_NOT_COPIED = ("installation", "schema_migrations", "staff_sessions", "sign_in_steps", "sign_in_tries")

Tell = Callable[[str, int], None]
"""Hears the name of each table and how many rows of it were copied."""

_TABLES = """
select c.relname::text,
    array(select attname::text from pg_attribute
        where attrelid = c.oid and attnum > 0 and not attisdropped and attgenerated = '' order by attnum),
    array(select confrelid::regclass::text from pg_constraint
        where conrelid = c.oid and contype = 'f' and confrelid <> c.oid)
from pg_class c
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
order by c.relname collate "C"
"""

# Read so that a database from before there were secrets has none.
_FINGERPRINT = "select substr(to_jsonb(installation) ->> 'secret_fingerprint', 3) from installation"

_SET_FINGERPRINT = "update installation set secret_fingerprint = $1"


class BackupError(RuntimeError):
    """A backup cannot be written or restored; nothing was changed. The message says why."""


class CopiedTable(msgspec.Struct, frozen=True):
    """One table of a backup: its columns in the order of the file, its rows, the SHA-256 of its member."""

    name: str
    columns: tuple[str, ...]
    rows: int
    digest: str


class Manifest(msgspec.Struct, frozen=True):
    """What a backup holds. ``migrations`` are those of the database, as (version, checksum).

    ``fingerprint`` (hex) is that of the secret under which its codes are stored, which is not in it.
    """

    format: int
    created_at: Instant
    generation: int
    migrations: tuple[tuple[int, str], ...]
    workspaces: tuple[int, ...]
    tables: tuple[CopiedTable, ...]
    fingerprint: str | None = None

    @property
    def rows(self) -> int:
        """All rows of all tables."""
        return sum(table.rows for table in self.tables)


async def write_backup(url: str, file: Path, tell: Tell = lambda _table, _rows: None) -> Manifest:
    """Write everything in the database (named by its owner's ``url``) into the new ``file``.

    Raises :class:`BackupError` if the file exists already or the database has no schema.
    """
    if file.exists():
        raise BackupError(f"{file} exists already")
    conn = await connect(url, statement_timeout="0", idle_in_transaction_session_timeout="0")
    try:
        with tempfile.TemporaryDirectory(prefix=".perennial-backup-", dir=file.absolute().parent) as folder:
            async with conn.transaction(isolation="repeatable_read", readonly=True):
                manifest = await _copy_out(conn, Path(folder), tell)
            draft = Path(folder) / "archive"
            _pack(manifest, Path(folder), draft)
            os.link(draft, file)  # unlike a rename, never replaces a file that came up meanwhile
    finally:
        await conn.close()
    return manifest


async def _copy_out(conn: Connection, folder: Path, tell: Tell) -> Manifest:
    migrations = await applied_migrations(conn)
    if not migrations:
        raise BackupError("the database holds no Perennial")
    workspaces = [row[0] for row in await conn.fetch("select workspace_id from workspaces order by 1")]
    tables = []
    for name, columns in await _tables_in_order(conn):
        tables.append(await _copy_table_out(conn, folder / name, name, columns, workspaces))
        tell(name, tables[-1].rows)
    return Manifest(
        format=FORMAT,
        created_at=time.time_ns() // 1000,
        generation=await read_generation(conn),
        migrations=tuple(sorted(migrations.items())),
        workspaces=tuple(workspaces),
        tables=tuple(tables),
        fingerprint=await conn.fetchval(_FINGERPRINT),
    )


async def _tables_in_order(conn: Connection) -> list[tuple[str, tuple[str, ...]]]:
    """Return the tables that are copied, with their columns, those that others refer to first."""
    found = {row[0]: (tuple(row[1]), set(row[2])) for row in await conn.fetch(_TABLES)}
    waiting = {name: needs for name, (_, needs) in found.items() if name not in _NOT_COPIED}
    ordered: list[str] = []
    while waiting:
        ready = [name for name, needs in waiting.items() if not needs & waiting.keys()]
        assert ready, "foreign keys form no circle"
        ordered += ready
        waiting = {name: needs for name, needs in waiting.items() if name not in ready}
    return [(name, found[name][0]) for name in ordered]


async def _copy_table_out(
    conn: Connection, file: Path, name: str, columns: tuple[str, ...], workspaces: list[int]
) -> CopiedTable:
    """Write the rows of a table, workspace by workspace: the owner may be behind the walls as well."""
    digest = sha256()
    rows = 0
    with open(file, "wb") as out:

        async def take(data: bytes) -> None:
            digest.update(data)
            out.write(data)

        select = f"select {', '.join(columns)} from {name}"
        if "workspace_id" not in columns:  # people are of the whole installation
            done = await conn.copy_from_query(select, output=take, format="text")
            rows += int(done.split()[1])
        else:
            for workspace_id in workspaces:
                await conn.execute(f"set local app.workspace = '{workspace_id}'")
                one = f"{select} where workspace_id = {workspace_id}"
                done = await conn.copy_from_query(one, output=take, format="text")
                rows += int(done.split()[1])
    return CopiedTable(name, columns, rows, digest.hexdigest())


def _pack(manifest: Manifest, folder: Path, archive: Path) -> None:
    with (
        open(os.open(archive, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as raw,
        gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=3, filename="") as packed,
        tarfile.open(fileobj=packed, mode="w|") as tar,
    ):
        text = msgspec.json.format(msgspec.json.encode(manifest), indent=2)
        head = tarfile.TarInfo(_MANIFEST)
        head.size = len(text)
        tar.addfile(head, io.BytesIO(text))
        for table in manifest.tables:
            tar.add(folder / table.name, arcname=table.name, filter=_anonymous)
    with open(archive, "rb") as written:
        os.fsync(written.fileno())


def _anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Leave out who wrote the backup and when: the manifest says what matters."""
    member.uid = member.gid = member.mtime = 0
    member.uname = member.gname = ""
    return member


def check_backup(file: Path) -> Manifest:
    """Read the whole backup and return its manifest; raise :class:`BackupError` if anything is damaged."""
    _unpack(file)
    with _open_backup(file) as (manifest, tar):
        for table in manifest.tables:
            digest = sha256()
            for chunk in _chunks(_member(tar, table.name)):
                digest.update(chunk)
            if digest.hexdigest() != table.digest:
                raise BackupError(f"{file} is damaged: the rows of {table.name} were changed")
        if tar.next() is not None:
            raise BackupError(f"{file} is damaged: it holds more than its manifest says")
    return manifest


def _unpack(file: Path) -> None:
    """Read to the very end, where the checksum of the whole is: a reader of the tar stops before."""
    with _saying_what_is_wrong(file), gzip.open(file) as packed:
        for _ in _chunks(packed):
            pass


async def restore_backup(url: str, file: Path, tell: Tell = lambda _table, _rows: None) -> Manifest:
    """Fill the empty database (named by its owner's ``url``) from a backup and return its manifest.

    A database without a schema gets the one of the backup first, and is brought up to this release
    afterwards. Raises :class:`BackupError` when the backup is damaged or newer than this release, or
    when the database is not empty or has another schema than the backup.
    """
    manifest = check_backup(file)
    carried = {migration.version: migration.checksum for migration in all_migrations()}
    if any(carried.get(version) != checksum for version, checksum in manifest.migrations):
        raise BackupError(f"{file} was written by a release that this one does not know")
    await _make_schema(url, manifest)
    conn = await connect(url, statement_timeout="0", idle_in_transaction_session_timeout="0")
    try:
        async with conn.transaction():
            await _copy_in(conn, file, tell)
            await conn.execute("update installation set generation = $1", manifest.generation + 1)
            if manifest.fingerprint is not None:
                await conn.execute(_SET_FINGERPRINT, bytes.fromhex(manifest.fingerprint))
    finally:
        await conn.close()
    await migrate(url)
    return manifest


async def _make_schema(url: str, manifest: Manifest) -> None:
    conn = await connect(url)
    try:
        there = await applied_migrations(conn)
    finally:
        await conn.close()
    if there and there != dict(manifest.migrations):
        raise BackupError(
            "the database has another schema than the backup: restore into a new, empty database"
        )
    if not there:
        await migrate(url, last=manifest.migrations[-1][0])


async def _copy_in(conn: Connection, file: Path, tell: Tell) -> None:
    found = await _tables_in_order(conn)
    tables, walled = [name for name, _ in found], [name for name, of in found if "workspace_id" in of]
    # COPY does not go through the walls; for the length of this transaction nobody else sees the tables.
    for name in walled:
        await conn.execute(f"alter table {name} no force row level security")
    for name in tables:
        if await conn.fetchval(f"select exists (select from {name})"):
            raise BackupError(f"the database is not empty: there are rows in {name}")
    with _open_backup(file) as (manifest, tar):
        for table in manifest.tables:
            try:
                done = await conn.copy_to_table(
                    table.name,
                    columns=table.columns,
                    source=_stream(_member(tar, table.name)),
                    format="text",
                )
            except asyncpg.PostgresError as error:
                raise BackupError(f"the rows of {table.name} do not fit: {error}") from error
            if int(done.split()[1]) != table.rows:
                raise BackupError(f"{file} is damaged: {table.name} has not {table.rows} rows")
            tell(table.name, table.rows)
    for name in walled:
        await conn.execute(f"alter table {name} force row level security")


@contextmanager
def _saying_what_is_wrong(file: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise BackupError(f"there is no file {file}") from error
    except (tarfile.TarError, EOFError, OSError, zlib.error, msgspec.MsgspecError, UnicodeError) as error:
        raise BackupError(f"{file} is damaged or no backup: {error}") from error


@contextmanager
def _open_backup(file: Path) -> Iterator[tuple[Manifest, tarfile.TarFile]]:
    """Open a backup and read its manifest; whatever is wrong with the file becomes a BackupError."""
    with (
        _saying_what_is_wrong(file),
        gzip.open(file) as packed,
        tarfile.open(fileobj=packed, mode="r|") as tar,
    ):
        manifest = msgspec.json.decode(_member(tar, _MANIFEST).read(), type=Manifest)
        if manifest.format != FORMAT or not manifest.migrations:
            raise BackupError(f"{file} has the format {manifest.format}, which this release cannot read")
        yield manifest, tar


def _member(tar: tarfile.TarFile, name: str) -> IO[bytes]:
    member = tar.next()
    content = tar.extractfile(member) if member is not None and member.name == name else None
    if content is None:
        raise BackupError(f"the backup is damaged: {name} is missing")
    return content


def _chunks(content: IO[bytes] | gzip.GzipFile) -> Iterator[bytes]:
    while chunk := content.read(_CHUNK):
        yield chunk


async def _stream(content: IO[bytes]) -> AsyncIterator[bytes]:
    for chunk in _chunks(content):
        yield chunk
