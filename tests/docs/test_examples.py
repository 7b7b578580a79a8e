"""The documents do as they say: their commands run, and print what stands below them.

``REWRITE_DOCS=1 pytest tests/docs`` puts into the documents what the commands print now.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from zlib import crc32

import msgspec
import pytest

from perennial.core.cases.case_file import Case, read_case
from perennial.core.document.document import read_program
from perennial.core.document.program import Program
from perennial.core.document.text import parse_text
from perennial.core.validation.validation import validate
from perennial.flows.clock import advance_sandbox_clock
from perennial.flows.handle_events import Handler
from perennial.flows.programs.life import Author, apply_document
from perennial.flows.staff.keys import create_key
from perennial.flows.workspaces import create_workspace
from perennial.store.database import Database, connect
from perennial.store.workspaces import WorkspaceRow, read_workspace
from perennial.units import parse_instant
from tests.codebook import CODEBOOK, SECRET
from tests.docs.documents import ROOT, Step, blocks, documents, rewrite, run_document, settled
from tests.http.process import process

SHOWN_URL = "http://127.0.0.1:8400"
README_INSTANT = parse_instant("2026-11-23T18:00:00Z")
"""When the README's order was sent."""

MAP = ROOT / "docs" / "README.md"
TUTORIAL = ROOT / "docs" / "tutorials" / "first-program.md"
HOW_TO = {
    path.stem: path
    for path in documents()
    if path.parent.name == "how-to" and any(block.language == "sh" for block in blocks(path))
}
# Its fragments are elements of lists, made from the kinds' own examples, which have a test of their own.
GENERATED = ROOT / "docs" / "reference" / "program-kinds.md"

_TRANSACTION = re.compile(r"up to \d+")
_MINIMAL = {
    "program": "fragment",
    "name": "A fragment",
    "wallets": [{"id": "points", "name": "Points"}],
    "earning_rules": [{"id": "base", "type": "per_amount", "points": 1, "per": 100}],
}


@pytest.fixture(scope="module")
def demo(database_url: str) -> str:
    """A key of the workspace that ``perennial start`` makes, on the README's day."""
    return asyncio.run(sandbox(database_url, "demo", ROOT / "examples" / "points.yaml", README_INSTANT))


@pytest.fixture(scope="module")
def port(database_url: str, demo: str) -> Iterator[int]:
    """The port of a server on the module's database."""
    with process(database_url, 1) as (_, served_port):
        yield served_port


@pytest.fixture
def environment(database_url: str, port: int) -> dict[str, str]:
    """What a reader's shell has: the commands on the path, the database of the server, its address."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PERENNIAL_")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}"
    given = {
        "PATH": path,
        "PERENNIAL_DATABASE_URL": database_url,
        "PERENNIAL_SECRET": SECRET.hex(),
        "COLUMNS": "100",
        "TERM": "dumb",
    }
    return {**kept, **given, "URL": f"http://127.0.0.1:{port}"}


async def sandbox(url: str, code: str, program: Path | None = None, at: int = 0) -> str:
    """Create a sandbox, whose clock stands at ``at`` and which has ``program``; return a key for all."""
    async with await Database.connect(url, largest=2) as database:
        row = await create_workspace(database, code, code, sandbox=True)
        if program is None:
            row = await _numbered(url, database, code)
        if program is not None:
            await advance_sandbox_clock(Handler(database, CODEBOOK), row.workspace_id, at)
            author = Author(actor="test", at=time.time_ns() // 1000)
            await apply_document(database, row.workspace_id, program.read_text(), author)
        return (await create_key(database, code, "the reader", ["admin"], actor="test")).secret


async def _numbered(url: str, database: Database, code: str) -> WorkspaceRow:
    """Give a workspace the number that its code has in every run.

    Ids come from it, and variants from ids: what a page shows must not depend on the pages before it.
    """
    number = 1_000_000 + crc32(code.encode()) % 1_000_000
    owner = await connect(url)
    await owner.execute("update workspaces set workspace_id = $1 where code = $2", number, code)
    await owner.close()
    async with database.transaction(number) as conn:
        return await read_workspace(conn, number)


def check(path: Path, environment: dict[str, str], folder: Path, before: str = "") -> None:
    """Run a document and demand that everything prints what the document shows."""
    steps = run_document(path, environment, folder, SHOWN_URL, environment["URL"], before)
    assert steps, f"{path.name} runs nothing"
    broken = [step.printed for step in steps if "Traceback (most recent call last)" in step.printed]
    assert broken == [], f"{path.name} shows that something broke"
    if os.environ.get("REWRITE_DOCS"):
        rewrite(path, [step for step in steps if printed_by(step) != shown_in(step)])
        return
    for step in steps:
        where = f"{path.relative_to(ROOT)}:{step.block.line}"
        assert printed_by(step) == shown_in(step), f"{where} prints {step.printed!r}"
        assert step.status == 0 or step.shown is not None, f"{where} ends with {step.status}"


def printed_by(step: Step) -> object:
    """Return what a step printed: JSON as what it says, a text as it is."""
    if step.shown is not None and step.shown.language == "json":
        return settled(json.loads(step.printed))
    return _TRANSACTION.sub("up to N", step.printed)


def shown_in(step: Step) -> object:
    """Return what the document shows; nothing shown means that nothing is printed."""
    if step.shown is None:
        return ""
    if step.shown.language == "json":
        return settled(json.loads(step.shown.text)) if step.shown.text.strip() else None
    return _TRANSACTION.sub("up to N", step.shown.text.rstrip())


def test_readme(demo: str, environment: dict[str, str], tmp_path: Path) -> None:
    """The README's order, sent to the demo program on the README's day, gets the README's answers."""
    check(ROOT / "README.md", {**environment, "KEY": demo}, tmp_path)


def test_tutorial(environment: dict[str, str], tmp_path: Path) -> None:
    """The tutorial, from a new workspace to the spent points, step by step."""
    check(TUTORIAL, environment, tmp_path)


@pytest.mark.parametrize("name", sorted(HOW_TO))
def test_how_to(name: str, database_url: str, environment: dict[str, str], tmp_path: Path) -> None:
    """A how-to guide, in a sandbox of its own, with the short name for calls that the map gives."""
    secret = asyncio.run(sandbox(database_url, f"how-to-{name}"))
    before = "".join(block.text for block in blocks(MAP) if block.language == "sh")
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    check(HOW_TO[name], {**environment, "KEY": secret}, tmp_path, before)


def yaml_blocks() -> list[tuple[str, str]]:
    """Return where each block of YAML stands, and its text."""
    return [
        (f"{path.relative_to(ROOT)}:{block.line}", block.text)
        for path in documents()
        if path != GENERATED
        for block in blocks(path)
        if block.language == "yaml"
    ]


@pytest.mark.parametrize(("where", "text"), yaml_blocks())
def test_programs_in_documents(where: str, text: str) -> None:
    """Every program in a document is valid; a part of one is valid in a program that has the rest.

    So is every case with its program.
    """
    part, problems = parse_text(text)
    assert problems == [], where
    assert isinstance(part, dict), where
    if "case" in part:
        assert isinstance(read_case(text), Case), where
        return
    if "program" not in part:
        text = msgspec.json.encode(_MINIMAL | part).decode()
    program = read_program(text)
    assert isinstance(program, Program), (where, program)
    assert validate(program) == [], where


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.yaml")), ids=lambda path: path.stem)
def test_examples(path: Path) -> None:
    """Every program in ``examples/`` is valid."""
    program = read_program(path.read_text())
    assert isinstance(program, Program), program
    assert validate(program) == []
