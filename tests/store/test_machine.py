"""The embedded server takes a part of the memory and of the disk that there are, within bounds."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from perennial.store.server.machine import max_wal_size, shared_buffers

_GIB = 1024**3


@pytest.mark.parametrize(
    ("memory", "limit", "expected"),
    [
        (16 * _GIB, None, "4096MB"),
        (16 * _GIB, "max\n", "4096MB"),
        (16 * _GIB, f"{2 * _GIB}\n", "512MB"),
        (16 * _GIB, f"{1 << 62}\n", "4096MB"),
        (16 * _GIB, f"{_GIB // 4}\n", "128MB"),
        (256 * _GIB, None, "8192MB"),
    ],
)
def test_a_quarter_of_what_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, memory: int, limit: str | None, expected: str
) -> None:
    """Of the machine's memory, or of the container's if that is less."""
    figures = {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": memory // 4096}
    monkeypatch.setattr(os, "sysconf", figures.__getitem__)
    files = [tmp_path / "missing", tmp_path / "limit"]
    if limit is not None:
        files[1].write_text(limit)
    assert shared_buffers(files) == expected


@pytest.mark.parametrize(
    ("disk", "expected"), [(8 * _GIB, "1024MB"), (64 * _GIB, "4096MB"), (4096 * _GIB, "16384MB")]
)
def test_a_sixteenth_of_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, disk: int, expected: str
) -> None:
    """Of all of it, free or not: the log that is there already is a part of what is taken."""
    monkeypatch.setattr(shutil, "disk_usage", {tmp_path: SimpleNamespace(total=disk)}.__getitem__)
    assert max_wal_size(tmp_path) == expected
