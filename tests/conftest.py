"""PostgreSQL for the tests: one server per run, one migrated template, one database per module.

The server is the embedded one; ``--postgres 15`` or ``PERENNIAL_TEST_BINARIES=/path/to/bin`` runs the
same tests on another version. All processes of a run (pytest-xdist) share it.
"""

from __future__ import annotations

import asyncio
import fcntl
import gc
import os
import secrets
import shutil
import signal
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import uvloop
from asyncpg import Connection

from perennial.flows.garbage import collect_seldom
from perennial.store.database import Database, connect
from perennial.store.server.embedded import EmbeddedServer
from perennial.store.server.migrate import migrate

_HOME = "PERENNIAL_TEST_HOME"
_TEMPLATE = "template_perennial"
# The tests kill processes, never the machine: what the operating system holds is not lost.
_SETTINGS = {"fsync": "off", "full_page_writes": "off", "max_wal_size": "1GB", "shared_buffers": "256MB"}
_MEMORY = Path("/dev/shm")
_ROOM = 8 << 30  # several times what the databases of a run ever take
# What takes long, the longest first: folders, and files of folders whose other files are quick.
_LONG = (
    "torture",
    "http/test_schemathesis.py",
    "e2e",
    "races",
    "cli",
    "docs/test_examples.py",
    "core/test_finder.py",
    "replay",
    "reports/test_confidence.py",
    "simulation",
    "laws",
    "http",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--postgres", help="run on this major version of a local PostgreSQL, such as 15")
    parser.addoption("--torture", action="store_true", help="kill two hundred times instead of ten")


def pytest_configure(config: pytest.Config) -> None:
    gc.disable()  # until all is collected, nothing is garbage
    version = config.getoption("--postgres")
    if version:
        os.environ["PERENNIAL_TEST_BINARIES"] = f"/usr/lib/postgresql/{version}/bin"
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a run that is told to end stops its server
    if config.getoption("--torture"):
        config.option.timeout = 0  # whoever asks for hundreds of rounds waits for them
    config.option.loadscopereorder = False  # pytest-xdist would begin with the file that has most tests
    if hasattr(config, "workerinput"):
        _begin_elsewhere(config)
    else:
        home = Path(tempfile.mkdtemp(prefix="perennial-test-", dir=_roomy_folder()))
        home.chmod(0o755)  # as root the server runs as another user, who must reach it
        os.environ[_HOME] = str(home)


def _begin_elsewhere(config: pytest.Config) -> None:
    """Let each process of a whole run read the folders from another one on.

    Whoever reads a file first compiles it, assertions and all, and the others find that done. In the same
    order all of them would compile each file at the same time.
    """
    root = Path(__file__).parent
    if [Path(each).resolve() for each in config.args] != [root]:
        return
    folders = sorted({str(path.parent) for path in root.glob("*/test_*.py")})
    worker: dict[str, Any] = config.workerinput  # type: ignore[attr-defined]
    first = len(folders) * int(worker["workerid"].removeprefix("gw")) // worker["workercount"]
    config.args = [*folders[first:], *folders[:first]]


def _roomy_folder() -> Path | None:
    """Return where databases cost least: in memory if there is room, else (``None``) with temporary files.

    Every module's database is some thousand files; on a disk to make and to remove them is most of its cost.
    """
    if _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free >= _ROOM:
        return _MEMORY
    return None


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run asynchronous tests on the event loop that the server has."""
    return {"uvloop": uvloop.new_event_loop}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with the files that take longest, so that no process of a run waits for one at the end.

    On a version that was asked for run those alone that ask the server: to no other test is it known.
    """
    if config.getoption("--postgres"):
        items[:] = [item for item in items if "server" in getattr(item, "fixturenames", ())]
    counts = Counter(item.path for item in items)
    items.sort(key=lambda item: (_rank(item.path), -counts[item.path], item.path))


def _rank(path: Path) -> int:
    """Return how late a file may begin."""
    names = (path.parent.name, f"{path.parent.name}/{path.name}")
    return next((rank for rank, name in enumerate(_LONG) if name in names), len(_LONG))


def pytest_collection_finish() -> None:
    """Look for garbage as seldom as a server does: what was imported and collected stays to the end."""
    gc.freeze()
    gc.enable()
    collect_seldom()


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        shutil.rmtree(os.environ[_HOME], ignore_errors=True)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures that tests have recorded, wherever they ran."""
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, value in getattr(report, "user_properties", ()):
                if name == "figures" and report.when == "call":
                    terminalreporter.write_line(f"{report.nodeid.rpartition('::')[2]}: {value}")


@pytest.fixture(scope="session")
def server() -> Iterator[EmbeddedServer]:
    """The PostgreSQL server of this run."""
    binaries = os.environ.get("PERENNIAL_TEST_BINARIES")
    folder = Path(binaries) if binaries else None
    with EmbeddedServer(Path(os.environ[_HOME]), binaries=folder, settings=_SETTINGS) as running:
        yield running


@pytest.fixture(scope="session")
def kills(request: pytest.FixtureRequest) -> int:
    """How often a test that kills does so: 10 times, with ``--torture`` 200 times."""
    return 200 if request.config.getoption("--torture") else 10


@pytest.fixture(scope="session")
def rounds(request: pytest.FixtureRequest) -> int:
    """How often a race is run: 5 times, with ``--torture`` 100 times."""
    return 100 if request.config.getoption("--torture") else 5


@pytest.fixture(scope="session")
def template(server: EmbeddedServer) -> str:
    """The name of the migrated, otherwise empty database that every other one is copied from."""
    with open(Path(os.environ[_HOME]) / "template.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _ask(server.url, f"select 1 from pg_database where datname = '{_TEMPLATE}'") is None:
            draft = f"{_TEMPLATE}_draft"
            _ask(server.url, f"create database {draft}")
            asyncio.run(migrate(_url_of(server, draft)))
            _ask(server.url, f"alter database {draft} rename to {_TEMPLATE}")
    return _TEMPLATE


@pytest.fixture(scope="module")
def database_url(server: EmbeddedServer, template: str) -> Iterator[str]:
    """The URL (as owner) of a fresh, migrated database of this module's own."""
    name = f"test_{secrets.token_hex(6)}"
    # Copied as files: to write every page of them to the log costs six times as much.
    _ask(server.url, f"create database {name} template {template} strategy file_copy")
    yield _url_of(server, name)
    _ask(server.url, f"drop database {name} with (force)")


@pytest.fixture(scope="module")
async def db(database_url: str) -> AsyncIterator[Database]:
    """A pool on the module's database, in the role of a worker.

    All tests of a module share its connections and what these have prepared: to open them anew, and to plan
    every statement anew, costs more than what a test of the flows does with them.
    """
    async with await Database.connect(database_url, largest=8) as database:
        yield database


@pytest.fixture(scope="module")
async def registrar(database_url: str) -> AsyncIterator[Connection]:
    """The connection, as owner, that enters the workspaces of the module's tests."""
    conn = await connect(database_url)
    yield conn
    await conn.close()


@pytest.fixture
async def workspace(registrar: Connection) -> int:
    """The number of a new sandbox workspace whose customers are all in one bucket, of the same number.

    Numbers are counted in the module's database, so that the ids made of them, and what chance deals by these
    ids, are the same in every run, whichever modules ran before.
    """
    number: int = await registrar.fetchval(
        "select coalesce(max(workspace_id), 0) + 1 from workspaces where workspace_id < 1000"
    )
    await registrar.execute(
        """
        insert into workspaces (workspace_id, code, name, sandbox, bucket_base, bucket_count, created_at)
        values ($1, $2, 'Test', true, $1, 1, $3)
        """,
        number,
        f"test-{number}",
        time.time_ns() // 1000,
    )
    return number


def _url_of(server: EmbeddedServer, database: str) -> str:
    return f"{server.url.rpartition('/')[0]}/{database}"


def _ask(url: str, sql: str) -> object:
    async def ask() -> object:
        conn = await asyncpg.connect(url)
        try:
            return await conn.fetchval(sql)
        finally:
            await conn.close()

    return asyncio.run(ask())
