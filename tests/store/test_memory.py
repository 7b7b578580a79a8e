"""The embedded server takes a quarter of the memory that there is, within bounds."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from perennial.store.server.memory import shared_buffers

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
