"""A PostgreSQL server of a benchmark's own."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from perennial.store.server.embedded import EmbeddedServer


@contextmanager
def cluster(keep: Path | None = None) -> Iterator[EmbeddedServer]:
    """Run a server with its usual settings (fsync on) in a temporary folder, or in one that is kept."""
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        with EmbeddedServer(keep) as server:
            yield server
        return
    with tempfile.TemporaryDirectory(prefix="perennial-bench-") as folder:
        Path(folder).chmod(0o755)  # as root the server runs as another user, who must reach it
        with EmbeddedServer(Path(folder)) as server:
            yield server
