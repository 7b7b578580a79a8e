"""The embedded server, for real: started, shared, killed, left behind, and started again."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from perennial.store.server.binaries import BinariesNotFoundError, binaries_in, find_binaries
from perennial.store.server.embedded import EmbeddedServer, EmbeddedServerError

_PATIENCE = 30.0
_AWAY = (OSError, asyncpg.PostgresConnectionError, asyncpg.CannotConnectNowError)


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A data folder that the server's user can reach; the tests leave it without a running server."""
    with tempfile.TemporaryDirectory(prefix="perennial-embedded-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder) / "data"


@pytest.fixture
def started(home: Path) -> Iterator[EmbeddedServer]:
    """A server that runs, without the wait for the disk."""
    with EmbeddedServer(home, settings={"fsync": "off"}) as server:
        yield server


def _ask(url: str, sql: str = "select 1") -> object:
    async def ask() -> object:
        conn = await asyncpg.connect(url)
        try:
            return await conn.fetchval(sql)
        finally:
            await conn.close()

    return asyncio.run(ask())


def _ask_until_it_answers(url: str, sql: str = "select 1") -> object:
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            return _ask(url, sql)
        except _AWAY:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _wait_for_end(pid: int) -> None:
    deadline = time.monotonic() + _PATIENCE
    while Path(f"/proc/{pid}/cmdline").exists() and Path(f"/proc/{pid}/cmdline").read_bytes():
        assert time.monotonic() < deadline, "the process does not end"
        time.sleep(0.02)


def test_the_server_listens_on_the_loopback_alone(started: EmbeddedServer) -> None:
    """It asks for a password, speaks on 127.0.0.1 only, sorts by code point and checks its pages."""
    assert _ask(started.url, "show listen_addresses") == "127.0.0.1"
    assert _ask(started.url, "show unix_socket_directories") == ""
    assert _ask(started.url, "show data_checksums") == "on"
    assert _ask(started.url, "select 'B' < 'a' and lower('Ä') = 'ä'") is True
    assert _ask(started.url, "show server_encoding") == "UTF8"
    user, _, rest = started.url.removeprefix("postgresql://").partition(":")
    with pytest.raises(asyncpg.InvalidPasswordError):
        _ask(f"postgresql://{user}:wrong@{rest.partition('@')[2]}")


def test_the_password_is_private(started: EmbeddedServer) -> None:
    """Nobody but the owner of the data folder reads the password; the cluster is closed to others."""
    assert (started.data_dir / "postgres.password").stat().st_mode & 0o777 == 0o600
    assert (started.data_dir / "postgres").stat().st_mode & 0o077 == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives its rights up")
def test_the_server_is_not_root(started: EmbeddedServer) -> None:
    """Started by root, the server and everything that it writes belong to another user."""
    assert started.pid is not None
    assert Path(f"/proc/{started.pid}").stat().st_uid != 0
    assert {path.stat().st_uid for path in (started.data_dir / "postgres").iterdir()} & {0} == set()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives its rights up")
def test_a_folder_that_the_servers_user_cannot_reach(tmp_path: Path) -> None:
    """Under a closed folder the cluster lives elsewhere, and is found there again."""
    tmp_path.chmod(0o700)
    home = tmp_path / "data"
    with EmbeddedServer(home, settings={"fsync": "off"}) as server:
        _ask(server.url, "create table kept ()")
        cluster = Path((home / "postgres.elsewhere").read_text())
    try:
        assert cluster.is_relative_to("/var/lib/perennial")
        with EmbeddedServer(home, settings={"fsync": "off"}) as server:
            assert _ask(server.url, "select count(*) from kept") == 0
        shutil.rmtree(home)
        with pytest.raises(EmbeddedServerError, match="delete the cluster too"):
            EmbeddedServer(home).start()
        assert (cluster / "PG_VERSION").exists()
    finally:
        shutil.rmtree(cluster.parent)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives its rights up")
def test_programs_that_the_servers_user_cannot_reach(tmp_path: Path) -> None:
    """Programs under a closed folder are copied, with their libraries, to where they can be run."""
    tmp_path.chmod(0o700)
    package = find_binaries().folder.parents[1]
    for part in (package, package.with_name(f"{package.name}.libs")):
        shutil.copytree(part, tmp_path / part.name, symlinks=True)
    hidden = tmp_path / package.name / "pginstall" / "bin"
    with EmbeddedServer(tmp_path / "data", binaries=hidden, settings={"fsync": "off"}) as server:
        copied, cluster = server.bin_dir, Path((tmp_path / "data" / "postgres.elsewhere").read_text())
        assert _ask(server.url) == 1
        asked = [str(copied / "psql"), "--no-psqlrc", "--tuples-only", "--command=select 1", server.url]
        assert subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip() == "1"
    assert copied.is_relative_to("/var/lib/perennial")
    shutil.rmtree(copied.parents[2])
    shutil.rmtree(cluster.parent)


def test_stopped_and_started_again(home: Path) -> None:
    """The second start has the data of the first, on the same port, with the same password."""
    server = EmbeddedServer(home, settings={"fsync": "off"})
    url = server.start()
    _ask(url, "create table if not exists kept ()")
    server.stop()
    assert server.pid is None
    with pytest.raises(OSError, match=r"refused|Connect"):
        _ask(url)
    with server:
        assert server.url == url
        assert _ask(url, "select count(*) from kept") == 0


def test_two_share_and_the_last_one_stops_it(started: EmbeddedServer) -> None:
    """A second user joins the server that runs; it stops only when nobody uses it."""
    second = EmbeddedServer(started.data_dir)
    assert second.start() == started.url
    assert second.pid == started.pid
    started.stop()
    assert _ask(second.url) == 1
    second.stop()
    assert second.pid is None


def test_a_killed_server_comes_back(started: EmbeddedServer) -> None:
    """After kill -9 of the server it is up again at the same URL, with what was committed."""
    _ask(started.url, "create table if not exists kept ()")
    for _ in range(3):
        killed = started.pid
        assert killed is not None
        os.kill(killed, signal.SIGKILL)
        assert _ask_until_it_answers(started.url, "select count(*) from kept") == 0
        assert started.pid not in (None, killed)


_PARENT = """
import sys, time
from pathlib import Path
from perennial.store.server.embedded import EmbeddedServer
server = EmbeddedServer(Path(sys.argv[1]), settings={"fsync": "off"})
print(server.start(), server.pid, flush=True)
time.sleep(600)
"""


def _parent(home: Path) -> tuple[subprocess.Popen[str], str, int]:
    """Start a process that starts the server; return it, the URL, and the server's process id."""
    parent = subprocess.Popen([sys.executable, "-c", _PARENT, str(home)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    url, pid = parent.stdout.readline().split()
    return parent, url, int(pid)


def _kill(parent: subprocess.Popen[str]) -> None:
    parent.kill()
    parent.wait()
    assert parent.stdout is not None
    parent.stdout.close()


def test_a_server_left_behind_is_adopted(home: Path) -> None:
    """After kill -9 of the parent the next one takes the running server over, and stops it at its end."""
    parent, url, pid = _parent(home)
    _kill(parent)
    assert _ask(url) == 1
    with EmbeddedServer(home) as server:
        assert (server.url, server.pid) == (url, pid)
    _wait_for_end(pid)


def test_both_killed(home: Path) -> None:
    """After kill -9 of parent and server a stale lock file is left, and the next start gets past it."""
    parent, url, pid = _parent(home)
    _ask(url, "create table if not exists kept ()")
    parent.kill()
    os.kill(pid, signal.SIGKILL)
    _kill(parent)
    with EmbeddedServer(home, settings={"fsync": "off"}) as server:
        assert server.url == url
        assert _ask(url, "select count(*) from kept") == 0


def test_a_lock_file_that_names_a_foreign_process(home: Path) -> None:
    """After a restart of a container the old process id may be somebody else's: that is no server."""
    with EmbeddedServer(home, settings={"fsync": "off"}) as server:
        lock = (home / "postgres" / "postmaster.pid").read_text().split("\n")
    stranger = subprocess.Popen(["/bin/sleep", "60"], user=(home / "postgres").stat().st_uid)
    try:
        file = home / "postgres" / "postmaster.pid"
        file.write_text("\n".join([str(stranger.pid), *lock[1:]]))
        os.chown(file, (home / "postgres").stat().st_uid, -1)
        with server:
            assert _ask(server.url) == 1
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_port_that_is_taken_is_left(home: Path) -> None:
    """When somebody else has the port of the last time, another one is chosen."""
    first = EmbeddedServer(home, settings={"fsync": "off"})
    first.start()
    port = int((home / "postgres.port").read_text())
    first.stop()
    other = EmbeddedServer(home.with_name("other"), settings={"fsync": "off"})
    other.data_dir.mkdir()
    (other.data_dir / "postgres.port").write_text(str(port))
    with other:
        assert int((other.data_dir / "postgres.port").read_text()) == port
        with first:
            assert int((home / "postgres.port").read_text()) != port
            assert _ask(first.url) == 1


def test_programs_are_found_and_named(tmp_path: Path) -> None:
    """The wheel's programs come first; a version that is not there, and an empty folder, are errors."""
    found = find_binaries()
    assert found.major >= 15
    assert found == binaries_in(found.folder)
    with pytest.raises(BinariesNotFoundError, match="PostgreSQL 9 "):
        find_binaries(9)
    with pytest.raises(BinariesNotFoundError, match="holds no PostgreSQL"):
        binaries_in(tmp_path)
