"""Backup and restore on real PostgreSQL: everything comes back, and nothing damaged goes in."""

from __future__ import annotations

import asyncio
import gzip
import io
import secrets
import tarfile
import threading
import zlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest

from perennial.store.codes.codebook import Codebook
from perennial.store.database import WORKER_ROLE, connect
from perennial.store.server.backup import BackupError, check_backup, restore_backup, write_backup
from perennial.store.server.embedded import EmbeddedServer
from perennial.store.server.installation import keep_fingerprint, read_fingerprint
from perennial.store.server.migrate import migrate
from tests.codebook import CODEBOOK
from tests.house.made_up import fill_every_table, tables_with

# Of the installation, and empty here.
_OF_PEOPLE = {"staff_founding", "staff_identities", "staff_recovery_codes", "staff_passkeys"}


@pytest.fixture
async def empty_url(server: EmbeddedServer, template: str) -> AsyncIterator[str]:
    """The URL of a database of this test's own in which there is nothing at all."""
    name = f"test_{secrets.token_hex(6)}"
    conn = await asyncpg.connect(server.url)
    await conn.execute(f"create database {name}")
    yield f"{server.url.rpartition('/')[0]}/{name}"
    await conn.execute(f"drop database {name} with (force)")
    await conn.close()


@pytest.fixture
async def filled_url(database_url: str) -> str:
    """The URL of a database with a row of each of two workspaces in every table."""
    conn = await connect(database_url)
    try:
        if await conn.fetchval("select count(*) from workspaces where workspace_id > 900") == 0:
            await fill_every_table(conn, 998)
            await fill_every_table(conn, 999)
    finally:
        await conn.close()
    return database_url


@pytest.fixture
async def archive(filled_url: str, tmp_path: Path) -> Path:
    """A backup of the filled database."""
    await write_backup(filled_url, tmp_path / "backup")
    return tmp_path / "backup"


async def _contents(url: str) -> dict[str, list[str]]:
    conn = await connect(url)
    try:
        return {
            table: [row[0] for row in await conn.fetch(f"select t::text from {table} t order by 1")]
            for table in await tables_with(conn, "workspace_id") | {"staff"}
        }
    finally:
        await conn.close()


async def _generation(url: str) -> int:
    conn = await asyncpg.connect(url)
    try:
        return int(await conn.fetchval("select generation from installation"))
    finally:
        await conn.close()


async def test_everything_comes_back(filled_url: str, archive: Path, empty_url: str) -> None:
    """A restored database holds the same rows in every table, under the walls, one generation later."""
    manifest = await restore_backup(empty_url, archive)
    contents = await _contents(filled_url)
    assert await _contents(empty_url) == contents
    assert all(len(rows) == 2 for table, rows in contents.items() if table != "staff")
    assert {table.name for table in manifest.tables} - _OF_PEOPLE == set(contents)
    assert manifest.rows == 2 * len(contents) - 1  # the same person in both workspaces
    assert manifest.workspaces == (998, 999)
    assert await _generation(empty_url) == await _generation(filled_url) + 1
    worker = await connect(empty_url, role=WORKER_ROLE)
    try:
        assert await worker.fetchval("select count(*) from orders") == 0
        assert await worker.fetchval(
            "select bool_and(relforcerowsecurity) from pg_class where relrowsecurity"
        )
    finally:
        await worker.close()


async def test_the_fingerprint_of_the_secret_comes_back(
    filled_url: str, tmp_path: Path, empty_url: str
) -> None:
    """A restored database knows under which secret its codes are stored, which is not in the backup."""
    conn = await connect(filled_url)
    assert await keep_fingerprint(conn, CODEBOOK.fingerprint)
    await conn.close()
    manifest = await write_backup(filled_url, tmp_path / "sealed")
    assert manifest.fingerprint == CODEBOOK.fingerprint.hex()
    await restore_backup(empty_url, tmp_path / "sealed")
    conn = await connect(empty_url)
    assert await read_fingerprint(conn) == CODEBOOK.fingerprint
    assert not await keep_fingerprint(conn, Codebook(bytes(32)).fingerprint)
    await conn.close()


async def test_a_migrated_database_without_rows_counts_as_empty(archive: Path, empty_url: str) -> None:
    """A restore also goes into a database that was migrated and never used."""
    await migrate(empty_url)
    await restore_backup(empty_url, archive)
    assert len((await _contents(empty_url))["orders"]) == 2


async def test_a_database_with_rows_is_left_alone(filled_url: str, archive: Path) -> None:
    """Restoring over rows is refused, and changes nothing."""
    before = await _contents(filled_url)
    with pytest.raises(BackupError, match="not empty"):
        await restore_backup(filled_url, archive)
    assert await _contents(filled_url) == before
    assert await _generation(filled_url) == 0


async def test_an_owner_behind_the_walls_can_do_both(
    server: EmbeddedServer, filled_url: str, tmp_path: Path, empty_url: str
) -> None:
    """Neither backup nor restore needs a superuser: an owner under row-level security is enough."""
    name = f"owner_{secrets.token_hex(4)}"
    conn = await asyncpg.connect(empty_url)
    database = empty_url.rpartition("/")[2]
    await conn.execute(f"create role {name} login password 'owner' createrole in role {WORKER_ROLE}")
    await conn.execute(f"grant {WORKER_ROLE}, perennial_dispatcher to {name} with admin option")
    await conn.execute(f"alter database {database} owner to {name}")
    url = f"postgresql://{name}:owner@{server.url.rpartition('@')[2].partition('/')[0]}/{database}"
    try:
        await write_backup(filled_url, tmp_path / "first")
        await restore_backup(url, tmp_path / "first")
        await write_backup(url, tmp_path / "second")
        assert await _contents(empty_url) == await _contents(filled_url)
        first, second = check_backup(tmp_path / "first"), check_backup(tmp_path / "second")
        assert {t.name: t.rows for t in second.tables} == {t.name: t.rows for t in first.tables}
    finally:
        await conn.execute(f"alter database {database} owner to current_user")
        await conn.execute(
            f"reassign owned by {name} to current_user; drop owned by {name}; drop role {name}"
        )
        await conn.close()


async def test_a_backup_never_replaces_a_file(filled_url: str, tmp_path: Path) -> None:
    """A file that is there already is kept as it is, and no half backup is left beside it."""
    (tmp_path / "backup").write_text("mine")
    with pytest.raises(BackupError, match="exists already"):
        await write_backup(filled_url, tmp_path / "backup")
    assert (tmp_path / "backup").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["backup"]


async def test_a_backup_is_for_its_owner_alone(archive: Path) -> None:
    """The file can be read by who wrote it and by nobody else."""
    assert archive.stat().st_mode & 0o777 == 0o600


async def test_a_database_without_a_schema_has_no_backup(empty_url: str, tmp_path: Path) -> None:
    """There is nothing to back up before the first migration."""
    with pytest.raises(BackupError, match="holds no Perennial"):
        await write_backup(empty_url, tmp_path / "backup")
    assert list(tmp_path.iterdir()) == []


def _cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def _flip(data: bytes) -> bytes:
    """Flip a byte, from the middle on, that matters: among zeros another one may mean the same."""
    for place in range(len(data) // 2, len(data)):
        flipped = data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :]
        try:
            gzip.decompress(flipped)
        except (OSError, EOFError, zlib.error):
            return flipped
    raise AssertionError("no byte matters")


def _no_tail(data: bytes) -> bytes:
    return data[:-4]


def _other(_data: bytes) -> bytes:
    return b"PGDMP something else"


def _nothing(_data: bytes) -> bytes:
    return b""


@pytest.mark.parametrize("damage", [_cut, _flip, _no_tail, _other, _nothing])
async def test_a_damaged_file_is_refused(
    archive: Path, empty_url: str, damage: Callable[[bytes], bytes]
) -> None:
    """A cut, a flipped bit, a foreign file: each is refused before the database is touched."""
    archive.write_bytes(damage(archive.read_bytes()))
    with pytest.raises(BackupError, match="damaged"):
        await restore_backup(empty_url, archive)
    conn = await asyncpg.connect(empty_url)
    try:
        assert await conn.fetchval("select count(*) from pg_tables where schemaname = 'public'") == 0
    finally:
        await conn.close()


def _rewritten(archive: Path, change: Callable[[str, bytes], bytes | None]) -> None:
    """Write the archive anew with its members changed (``None``: left out), all checks of gzip right."""
    with tarfile.open(archive) as tar:
        members = [(m.name, content.read()) for m in tar if (content := tar.extractfile(m)) is not None]
    with gzip.open(archive, "wb") as packed, tarfile.open(fileobj=packed, mode="w|") as tar:
        for name, data in members:
            changed = change(name, data)
            if changed is not None:
                info = tarfile.TarInfo(name)
                info.size = len(changed)
                tar.addfile(info, io.BytesIO(changed))


async def test_a_changed_row_is_found(archive: Path) -> None:
    """A row that somebody edited in the file no longer fits the digest of its table."""
    _rewritten(archive, lambda name, data: data.replace(b"x", b"y", 1) if name == "orders" else data)
    with pytest.raises(BackupError, match="the rows of orders were changed"):
        check_backup(archive)


async def test_a_missing_table_is_found(archive: Path) -> None:
    """A table that the manifest lists and the file lacks is named."""
    _rewritten(archive, lambda name, data: None if name == "postings" else data)
    with pytest.raises(BackupError, match="postings is missing"):
        check_backup(archive)


async def test_a_backup_of_a_newer_release_is_refused(archive: Path, empty_url: str) -> None:
    """A backup with a migration that this release does not carry is not restored."""

    def newer(name: str, data: bytes) -> bytes:
        if name != "manifest.json":
            return data
        manifest: dict[str, Any] = msgspec.json.decode(data)
        manifest["migrations"].append([9_999, "0" * 64])
        return msgspec.json.encode(manifest)

    _rewritten(archive, newer)
    with pytest.raises(BackupError, match="does not know"):
        await restore_backup(empty_url, archive)


async def test_a_backup_is_one_moment(filled_url: str, tmp_path: Path) -> None:
    """What is committed while the backup runs is not in it, in tables that come later either."""
    written: list[str] = []

    async def commit_a_lease() -> None:
        conn = await connect(filled_url)
        await conn.execute(
            "insert into leases (bucket, workspace_id, name, holder, until) "
            "values (1, 999, 'meanwhile', gen_random_uuid(), now())"
        )
        await conn.close()

    def tell(table: str, _rows: int) -> None:
        if not written:
            thread = threading.Thread(target=lambda: asyncio.run(commit_a_lease()))
            thread.start()
            thread.join()
        written.append(table)

    manifest = await write_backup(filled_url, tmp_path / "moment", tell)
    rows = {table.name: table.rows for table in manifest.tables}
    assert rows["leases"] == 2
    assert written.index("leases") > 0
    conn = await connect(filled_url)
    assert await conn.fetchval("select count(*) from leases") == 3
    await conn.execute("delete from leases where name = 'meanwhile'")
    await conn.close()
