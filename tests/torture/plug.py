"""Processes that are killed with ``kill -9``, and whether they were in the middle of something."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable
from pathlib import Path

from asyncpg import Connection

from tests.races.served import children, command_line, descendants

# A transaction has an id of its own as soon as it locks a row.
_IN_FLIGHT = """
select client_port from pg_stat_activity
where application_name = 'perennial' and backend_xid is not null and pid <> pg_backend_pid()
"""

_TCP = Path("/proc/net/tcp")


def kill(pids: Iterable[int]) -> None:
    """Kill processes at once; some may be gone already, with their parent."""
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def postmaster_of(server: int) -> int:
    """Return the process id of the PostgreSQL that a running Perennial has started."""
    found = [pid for pid in children(server) if b"postgres" in command_line(pid).split(b"\0")[0]]
    assert len(found) == 1, found
    return found[0]


def with_descendants(pid: int) -> list[int]:
    """Return a process and all that descend from it."""
    return [pid, *descendants(pid)]


async def is_in_flight(conn: Connection, ports: set[int]) -> bool:
    """Whether a transaction is open, and has locked or written rows, on one of these connections."""
    return not ports.isdisjoint(row[0] for row in await conn.fetch(_IN_FLIGHT))


def ports_of(pid: int) -> set[int]:
    """Return the local ports of the TCP connections of a process."""
    inodes = set()
    for each in Path(f"/proc/{pid}/fd").iterdir():
        try:
            inodes.add(str(each.readlink()).removeprefix("socket:[").removesuffix("]"))
        except FileNotFoundError:
            continue
    rows = [line.split() for line in _TCP.read_text().splitlines()[1:]]
    return {int(row[1].partition(":")[2], 16) for row in rows if row[9] in inodes}
