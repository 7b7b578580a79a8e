"""What the embedded server takes of the machine that it runs on."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

_MIB = 1024 * 1024
LEAST_MEMORY, MOST_MEMORY = 128 * _MIB, 8192 * _MIB
"""Bytes: what PostgreSQL takes by itself, and the pages of a million members or two."""

LEAST_LOG, MOST_LOG = 1024 * _MIB, 16384 * _MIB
"""Bytes: what PostgreSQL takes by itself, and enough for minutes of full load."""

# A container's limit, by both versions of control groups; the second writes "max" where there is none.
_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


def shared_buffers(limits: Iterable[Path] = _LIMITS) -> str:
    """Return PostgreSQL's ``shared_buffers`` for this machine: a quarter of its memory.

    That is what its manual recommends. The memory is taken as pages are read. ``limits`` are files that may
    say that the container has less than the machine.
    """
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for file in limits:
        with suppress(OSError, ValueError):
            memory = min(memory, int(file.read_text()))
    return _within(memory // 4, LEAST_MEMORY, MOST_MEMORY)


def max_wal_size(folder: Path) -> str:
    """Return PostgreSQL's ``max_wal_size`` for a cluster in ``folder``: a sixteenth of the disk.

    So much is logged before a checkpoint comes ahead of its time, and so much the log may take of the disk.
    """
    return _within(shutil.disk_usage(folder).total // 16, LEAST_LOG, MOST_LOG)


def _within(size: int, least: int, most: int) -> str:
    return f"{min(max(size, least), most) // _MIB}MB"
