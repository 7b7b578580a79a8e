"""CPU time of processes as the operating system accounts it."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

_TICKS = os.sysconf("SC_CLK_TCK")
_LOOK_SECONDS = 0.02


def cpu_seconds(pid: int) -> float:
    """Return the CPU seconds of a process, of its ended children, and of its living descendants."""
    total = 0
    for each in [pid, *_descendants(pid)]:
        fields = _stat(each)
        if fields:
            # utime and stime, then those of children that have ended and were waited for.
            total += sum(int(field) for field in fields[11:15])
    return total / _TICKS


class Seen(msgspec.Struct):
    """CPU seconds of workers of autovacuum, by process, as they were last seen, and when they were first."""

    first: dict[int, float] = {}
    last: dict[int, float] = {}

    @property
    def seconds(self) -> float:
        """What all of them used meanwhile."""
        return sum(last - self.first[pid] for pid, last in self.last.items())

    def look(self, postmaster: int, *, began: bool = False) -> None:
        """Take in what the workers that run now have used; who runs when it ``began`` used some before."""
        for pid in _descendants(postmaster):
            fields = _stat(pid) if _is_autovacuum(pid) else None
            if fields:
                self.last[pid] = sum(int(field) for field in fields[11:13]) / _TICKS
                self.first.setdefault(pid, self.last[pid] if began else 0.0)


@contextmanager
def watching_autovacuum(postmaster: int) -> Iterator[Seen]:
    """Watch the workers of autovacuum of a server: each is gone before one could ask what it has used."""
    seen, over = Seen(), threading.Event()
    seen.look(postmaster, began=True)

    def watch() -> None:
        while not over.wait(_LOOK_SECONDS):
            seen.look(postmaster)

    watcher = threading.Thread(target=watch, name="autovacuum", daemon=True)
    watcher.start()
    try:
        yield seen
    finally:
        over.set()
        watcher.join()
        seen.look(postmaster)


def _is_autovacuum(pid: int) -> bool:
    try:
        return b"autovacuum worker" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def resident_bytes(pid: int) -> int:
    """Return the resident memory of a process and its descendants (shared pages count each time)."""
    total = 0
    for each in [pid, *_descendants(pid)]:
        try:
            total += int(Path(f"/proc/{each}/statm").read_text().split()[1])
        except OSError:
            continue
    return total * os.sysconf("SC_PAGE_SIZE")


def _stat(pid: int) -> list[str] | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    return text.rpartition(")")[2].split()


def _descendants(pid: int) -> list[int]:
    found: list[int] = []
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return found
    for child in children:
        found += [int(child), *_descendants(int(child))]
    return found
