"""Files that are generated from the code and checked in: ``make generate`` writes them.

``python -m tests.house.generated`` writes all of them, with ``--check`` it only tells which differ and
then ends with 1. To add one, add a function to :data:`GENERATED` that returns the text of the file.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from perennial.core.document_schema import kinds_text
from perennial.core.document_schema import schema_text as program_schema_text
from perennial.http.app import ROUTES, api_document_text
from perennial.http.reference.permissions_page import permissions_text
from perennial.reports.page import reports_text
from perennial.store.audits.invariants_page import invariants_text
from perennial.store.database import connect
from perennial.store.server.embedded import EmbeddedServer
from perennial.store.server.migrate import migrate
from tests.house.labels import labels
from tests.house.schema_text import schema_text
from tests.house.source import ROOT


def schema() -> str:
    """The schema of a freshly migrated database."""

    async def read(url: str) -> str:
        await migrate(url)
        conn = await connect(url)
        try:
            return await schema_text(conn)
        finally:
            await conn.close()

    with tempfile.TemporaryDirectory(prefix="perennial-schema-") as home:
        Path(home).chmod(0o755)
        with EmbeddedServer(Path(home), settings={"fsync": "off"}) as server:
            return asyncio.run(read(server.url))


GENERATED: dict[str, Callable[[], str]] = {
    "src/perennial/store/schema.sql": schema,
    "docs/reference/program.schema.json": program_schema_text,
    "docs/reference/program-kinds.md": kinds_text,
    "docs/reference/invariants.md": invariants_text,
    "docs/reference/openapi.json": api_document_text,
    "docs/reference/reports.md": reports_text,
    "docs/reference/permissions.md": lambda: permissions_text(ROUTES),
    **labels(),
}


def main(arguments: list[str]) -> int:
    """Write the files, or with ``--check`` tell which are out of date."""
    stale = 0
    for name, text_of in GENERATED.items():
        file = ROOT / name
        text = text_of()
        if file.exists() and file.read_text() == text:
            continue
        if "--check" in arguments:
            print(f"{name} is out of date: run make generate", file=sys.stderr)
            stale = 1
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
            print(f"wrote {name}")
    return stale


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
