"""How much memory the embedded server keeps pages in."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

_MIB = 1024 * 1024
LEAST, MOST = 128 * _MIB, 8192 * _MIB
"""Bytes: what PostgreSQL takes by itself, and where more pages no longer pay for being looked after."""

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
    return f"{min(max(memory // 4, LEAST), MOST) // _MIB}MB"
