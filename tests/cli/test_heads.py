"""``perennial audit --heads``: kept in a file when all is clean, checked against it the next time."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from perennial.cli import command_line
from perennial.cli.heads import read_heads, write_heads
from perennial.store.audits.audit import KeptHead
from perennial.store.database import Database, connect
from tests.store.book import NOW, Book, given

_RUN = CliRunner()


async def _seal_an_order(url: str, workspace: int, name: str) -> None:
    async with await Database.connect(url) as database:
        book = Book(database, workspace)
        if name == "first":
            await book.open()
        await book.buy(await book.customer(name), name, given(5))
        await book.settle()
        await book.seal()


async def _cut(url: str, workspace: int) -> None:
    conn = await connect(url)
    try:
        await conn.execute("delete from seals where workspace_id = $1 and block > 1", workspace)
    finally:
        await conn.close()


def test_a_cut_is_found_and_the_file_kept(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """First kept, then led on from, then refused: with status 1 and the file as it was."""
    monkeypatch.setenv("PERENNIAL_DATABASE_URL", database_url)
    workspace, file = 77, tmp_path / "heads.json"
    asyncio.run(_add_workspace(database_url, workspace))
    for name, words in (("first", "none were kept before"), ("second", "1 kept before lead to them")):
        asyncio.run(_seal_an_order(database_url, workspace, name))
        done = _RUN.invoke(command_line(), ["audit", "--heads", str(file)])
        assert done.exit_code == 0, done.output
        assert words in done.output
    kept = file.read_text()
    (head,) = json.loads(kept)
    assert (head["workspace_id"], head["bucket"], head["block"]) == (workspace, workspace, 2)
    asyncio.run(_cut(database_url, workspace))
    assert _RUN.invoke(command_line(), ["audit"]).exit_code == 0
    done = _RUN.invoke(command_line(), ["audit", "--heads", str(file)])
    assert done.exit_code == 1
    assert "the tail is missing: block 2 was kept" in done.output
    assert file.read_text() == kept
    as_json = _RUN.invoke(command_line(), ["audit", "--json", "--heads", str(file)])
    assert as_json.exit_code == 1
    assert file.read_text() == kept


async def _add_workspace(url: str, number: int) -> None:
    conn = await connect(url)
    try:
        await conn.execute(
            "insert into workspaces (workspace_id, code, name, sandbox, bucket_base, bucket_count, "
            "created_at) values ($1, 'heads', 'Heads', true, $1, 1, $2)",
            number,
            NOW,
        )
    finally:
        await conn.close()


def test_heads_of_what_was_not_checked_stay(tmp_path: Path) -> None:
    """New heads replace those of their buckets; the others are kept as they were."""
    file = tmp_path / "heads"
    assert read_heads(file) == []
    old = [KeptHead(1, 1, 5, "aa"), KeptHead(2, 1, 3, "bb")]
    write_heads(file, [], old)
    assert read_heads(file) == old
    write_heads(file, old, [KeptHead(1, 1, 6, "cc"), KeptHead(1, 2, 1, "dd")])
    assert read_heads(file) == [KeptHead(1, 1, 6, "cc"), KeptHead(1, 2, 1, "dd"), old[1]]
    assert len(file.read_text().splitlines()) == 5
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(
    "text", ["", "{}", '[{"bucket": 1}]', '[{"workspace_id": 1, "bucket": 1, "block": 1, "hash": "no"}]']
)
def test_another_file_is_refused(tmp_path: Path, text: str) -> None:
    """A file that holds no heads is neither believed nor overwritten."""
    file = tmp_path / "heads"
    file.write_text(text)
    done = _RUN.invoke(command_line(), ["audit", "--heads", str(file)])
    assert done.exit_code == 2
    assert file.read_text() == text
