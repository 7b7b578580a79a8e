"""CPU time of processes as the operating system accounts it."""

from __future__ import annotations

import os
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """Return the CPU seconds of a process, of its ended children, and of its living descendants."""
    total = 0
    for each in [pid, *_descendants(pid)]:
        fields = _stat(each)
        if fields:
            # utime and stime, then those of children that have ended and were waited for.
            total += sum(int(field) for field in fields[11:15])
    return total / _TICKS


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
