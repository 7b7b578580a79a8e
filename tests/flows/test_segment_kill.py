"""``kill -9`` between two slices of a large segment's fill: half is there, and putting it again ends it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest
from asyncpg import Connection

from perennial.flows.segments import put, segments_of
from tests.flows.shop import Shop
from tests.flows.sound import is_sound
from tests.flows.test_segments import AUTHOR, BIG, PROGRAM, segment

_FILL = """
import asyncio, sys
from perennial.flows import segment_fill
from perennial.flows.handle_events import Handler
from perennial.flows.segments import put
from perennial.store.database import Database
from tests.codebook import CODEBOOK
from tests.flows.test_segments import AUTHOR, BIG, segment

segment_fill.ONE_BY_ONE, segment_fill.SLICE = 0, 2
move, moved = segment_fill._move, []


async def stopping(*given):
    if moved:
        print("between slices", flush=True)
        await asyncio.Event().wait()
    await move(*given)
    moved.append(given)


async def main(url, workspace):
    segment_fill._move = stopping
    async with await Database.connect(url) as database:
        await put(Handler(database, CODEBOOK), workspace, segment("big", BIG), AUTHOR)

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""


async def test_a_fill_that_was_killed_is_simply_run_again(
    shop: Shop, owner: Connection, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the first slice did stays; orders go on; put again, all are inside once, and nobody was told."""
    await shop.publish(PROGRAM)
    for number in range(6):
        await shop.order(f"o{number}", f"c{number}", 100_000)
    root = Path(__file__).parents[2]
    filling = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        _FILL,
        database_url,
        str(shop.workspace_id),
        stdout=asyncio.subprocess.PIPE,
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    assert filling.stdout is not None
    assert await asyncio.wait_for(filling.stdout.readline(), 60) == b"between slices\n"
    filling.send_signal(signal.SIGKILL)
    await filling.wait()

    (half,) = await segments_of(shop.handler, shop.workspace_id)
    assert (half.size, half.row.filled) == (2, False)
    await is_sound(shop, owner)
    await shop.order("more", "c0", 100)
    monkeypatch.setattr("perennial.flows.segment_fill.ONE_BY_ONE", 0)
    state = await put(shop.handler, shop.workspace_id, segment("big", BIG), AUTHOR)
    assert (state.size, state.row.filled) == (6, True)
    moves = "select count(*), count(*) filter (where told) from segment_moves where workspace_id = $1"
    assert tuple(await owner.fetchrow(moves, shop.workspace_id) or ()) == (6, 0)
    await is_sound(shop, owner)
