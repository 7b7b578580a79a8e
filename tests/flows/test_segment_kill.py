"""``kill -9`` of whoever puts a segment, when its figures are to be counted and in the midst of its fill."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from uuid import uuid4

import pytest
from asyncpg import Connection

from perennial.flows.programs.catching_up import LEASE as LEASE_OF_BACKFILLS
from perennial.flows.programs.catching_up import wall_now
from perennial.flows.segments.filling import LEASE, LEASED, FillingUp
from perennial.flows.segments.segments import SegmentState, put, segments_of
from perennial.jobs.worker import Worker
from perennial.store.database import DISPATCHER_ROLE, Database
from perennial.store.leases import hold_lease
from perennial.store.workspaces import read_workspace
from tests.flows.shop import Shop
from tests.flows.sound import is_sound
from tests.flows.test_segments import AUTHOR, BIG, PROGRAM, segment
from tests.store.every_move import EVERY_MOVE

PEOPLE = 6

_FILL = """
import asyncio, sys
from perennial.flows.segments import fill as segment_fill
from perennial.flows.programs.catching_up import Walk
from perennial.flows.handle_events import Handler
from perennial.flows.segments.segments import put
from perennial.store.database import Database
from tests.codebook import CODEBOOK
from tests.flows.test_segments import AUTHOR, BIG, segment

segment_fill.ONE_BY_ONE, segment_fill.SLICE = 0, 2
move, finish, moved = segment_fill._move, Walk.finish, []


async def stop():
    print("stopped", flush=True)
    await asyncio.Event().wait()


async def moving(*given):
    if moved:
        await stop()
    await move(*given)
    moved.append(given)


async def main(url, workspace, place):
    async def finishing(walk):
        if place == "defined":
            await stop()
        return await finish(walk)

    segment_fill._move, Walk.finish = moving, finishing
    async with await Database.connect(url) as database:
        await put(Handler(database, CODEBOOK), workspace, segment("big", BIG), AUTHOR)

asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
"""


async def _put_and_kill(shop: Shop, url: str, place: str) -> None:
    """Put the segment in a process of its own, and kill it at a place."""
    await shop.publish(PROGRAM)
    for number in range(PEOPLE):
        await shop.order(f"o{number}", f"c{number}", 100_000)
    root = Path(__file__).parents[2]
    filling = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        _FILL,
        url,
        str(shop.workspace_id),
        place,
        stdout=asyncio.subprocess.PIPE,
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    assert filling.stdout is not None
    assert await asyncio.wait_for(filling.stdout.readline(), 60) == b"stopped\n"
    filling.send_signal(signal.SIGKILL)
    await filling.wait()


async def _end_lease(shop: Shop, name: str) -> None:
    """Let the time pass for which nobody else takes up what the killed process held."""
    async with shop.database.transaction(shop.workspace_id) as conn:
        bucket, now = (await read_workspace(conn, shop.workspace_id)).bucket_base, wall_now()
        assert not await hold_lease(conn, shop.workspace_id, bucket, name, uuid4(), now + 1, now)
    await end_leases(shop)


async def end_leases(shop: Shop) -> None:
    """Let the time pass after which a worker takes up what a killed process held."""
    async with shop.database.transaction(shop.workspace_id) as conn:
        bucket, now = (await read_workspace(conn, shop.workspace_id)).bucket_base, wall_now()
        for name in (LEASE, LEASE_OF_BACKFILLS):
            assert await hold_lease(conn, shop.workspace_id, bucket, name, uuid4(), now + 1, now + LEASED)


async def _state(shop: Shop) -> SegmentState:
    (state,) = await segments_of(shop.handler, shop.workspace_id)
    return state


async def _moves(owner: Connection, shop: Shop) -> tuple[int, int]:
    """Return how often somebody was moved, and how many of those moves were events."""
    moves = f"select count(*), count(*) filter (where told) from {EVERY_MOVE} where workspace_id = $1"
    moved, told = await owner.fetchrow(moves, shop.workspace_id) or (0, 0)
    return moved, told


@pytest.mark.parametrize(
    ("place", "size", "lease"), [("defined", 0, LEASE_OF_BACKFILLS), ("filling", 2, LEASE)]
)
async def test_what_a_killed_process_left_is_filled_once(
    shop: Shop,
    owner: Connection,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
    place: str,
    size: int,
    lease: str,
) -> None:
    """Orders go on, two workers take it up, and all are inside once and nobody was told."""
    await _put_and_kill(shop, database_url, place)
    half = await _state(shop)
    assert (half.size, half.row.filled) == (size, False)
    await is_sound(shop, owner)
    await _end_lease(shop, lease)
    await shop.order("more", "c0", 100)
    assert not (await _state(shop)).row.filled  # without anybody who takes it up

    monkeypatch.setattr("perennial.flows.segments.fill.ONE_BY_ONE", 0)
    rival = FillingUp(shop.handler, uuid4())
    async with await Database.connect(database_url, role=DISPATCHER_ROLE, largest=1) as dispatcher:
        worker = Worker(shop.handler, dispatcher)
        # What began before the definition is waited for, and other tests have transactions on this server.
        async with asyncio.timeout(60):
            while not (await _state(shop)).row.filled:
                await worker.catch_up()
                await asyncio.gather(worker.fill_segments(), rival.go_on(shop.workspace_id, 1))
                await asyncio.sleep(0.01)
        assert await worker.fill_segments() == 0
    assert (await _state(shop)).size == PEOPLE
    assert await _moves(owner, shop) == (PEOPLE, 0)
    await is_sound(shop, owner)


async def test_whoever_puts_it_again_ends_a_fill_that_was_killed(
    shop: Shop, owner: Connection, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The definition is there already: nothing is written anew, and everybody is judged."""
    await _put_and_kill(shop, database_url, "filling")
    await _end_lease(shop, LEASE)
    monkeypatch.setattr("perennial.flows.segments.fill.ONE_BY_ONE", 0)
    state = await put(shop.handler, shop.workspace_id, segment("big", BIG), AUTHOR)
    assert (state.size, state.row.filled, state.row.version) == (PEOPLE, True, 1)
    assert await _moves(owner, shop) == (PEOPLE, 0)
    await is_sound(shop, owner)
