"""``kill -9`` of whoever publishes, between the version and what it leaves to do, and in its midst."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from asyncpg import Connection

from perennial.flows.programs import catching_up
from perennial.flows.programs.catching_up import LEASE, LEASED, CatchingUp, wall_now
from perennial.jobs.worker import Worker
from perennial.store.database import DISPATCHER_ROLE, Database
from perennial.store.leases import hold_lease
from perennial.store.programs.backfills import (
    BackfillRow,
    BackfillState,
    SliceRow,
    list_backfills,
    list_slices,
    open_backfills,
)
from perennial.store.workspaces import WorkspaceRow, read_workspace
from tests.flows.shop import START, Shop
from tests.flows.sound import is_sound
from tests.flows.test_backfill import PLAIN, counters

ASKING = (
    PLAIN
    + """
  - {id: never, type: fixed, points: 1, when: {history: orders.net, at_least: 1000000000}}
"""
)
PEOPLE, CHANGED = 7, 4

_PUBLISH = """
import asyncio, sys
from perennial.flows.programs import backfill
from perennial.flows.programs import catching_up
from perennial.flows.programs import life as programs
from perennial.flows.programs.catching_up import Walk
from perennial.flows.programs.life import Author, apply_document
from perennial.store.programs.backfills import SliceStep
from perennial.store.database import Database
from tests.flows.shop import START
from tests.flows.test_backfill_kill import ASKING

catching_up.SLICE = 2
recounted = []


async def say(words, *, goes_on):
    print(words, flush=True)
    if goes_on:
        await asyncio.to_thread(sys.stdin.readline)
    else:
        await asyncio.Event().wait()


async def main(url, workspace, place):
    prepare, finish, step = programs.prepare, Walk.finish, Walk._step

    async def preparing(*given):
        prepared = await prepare(*given)
        await say("prepared", goes_on=True)
        return prepared

    async def finishing(walk):
        if place == "published":
            await say("killed", goes_on=False)
        return await finish(walk)

    async def stepping(walk, bucket, row, *steps):
        if place == "walking" and row is not None and recounted:
            await say("killed", goes_on=False)
        if row is not None:
            recounted.append(bucket)
        return await step(walk, bucket, row, *steps)

    programs.prepare, Walk.finish, Walk._step = preparing, finishing, stepping
    async with await Database.connect(url) as database:
        await apply_document(database, workspace, ASKING, Author("test", START))

asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
"""


async def _publish_and_kill(shop: Shop, url: str, place: str) -> None:
    """Publish in a process of its own, let orders come when all is counted, and kill it at a place."""
    root = Path(__file__).parents[2]
    publishing = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        _PUBLISH,
        url,
        str(shop.workspace_id),
        place,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    assert publishing.stdout is not None
    assert publishing.stdin is not None
    assert await asyncio.wait_for(publishing.stdout.readline(), 60) == b"prepared\n"
    for number in range(CHANGED):
        await shop.order(f"meanwhile-{number}", f"c{number}", 3000)
    publishing.stdin.write(b"\n")
    assert await asyncio.wait_for(publishing.stdout.readline(), 60) == b"killed\n"
    publishing.send_signal(signal.SIGKILL)
    await publishing.wait()


async def _state(database: Database, workspace: WorkspaceRow) -> tuple[BackfillRow, SliceRow]:
    async with database.transaction(workspace.workspace_id) as conn:
        (row,) = await list_backfills(conn, workspace.workspace_id, 1, 10)
        span = (workspace.bucket_base, workspace.bucket_base)
        (found,) = await list_slices(conn, workspace.workspace_id, span, row.backfill_id)
    return row, found


async def _truth(database: Database, workspace: int) -> list[tuple[UUID, int]]:
    async with database.transaction(workspace) as conn:
        rows = await conn.fetch("select customer_id, sum(net)::bigint from orders group by 1 order by 1")
    return [tuple(row) for row in rows]


async def _counted(database: Database, workspace: int) -> list[tuple[UUID, int]]:
    return [(customer, value) for customer, _, _, value in await counters(database, workspace)]


@pytest.mark.parametrize(("place", "before"), [("published", 0), ("walking", 2)])
async def test_what_a_killed_publisher_left_is_finished_once(
    shop: Shop, owner: Connection, database_url: str, monkeypatch: pytest.MonkeyPatch, place: str, before: int
) -> None:
    """The version is there, its figures are not; two workers take it up, and each customer is done once."""
    monkeypatch.setattr(catching_up, "SLICE", 2)
    await shop.publish(PLAIN)
    for number in range(PEOPLE):
        await shop.order(f"o{number}", f"c{number}", 1000)
    await shop.order("later", "c0", 500)
    await _publish_and_kill(shop, database_url, place)
    await shop.order("under-the-new-version", f"c{CHANGED - 1}", 700)
    db, ws = shop.database, shop.workspace_id
    async with db.transaction(ws) as conn:
        workspace = await read_workspace(conn, ws)
        assert len(await open_backfills(conn, ws)) == 1
        now = wall_now()
        # Nobody else takes it up before the lease of the one who is gone is over.
        assert not await hold_lease(conn, ws, workspace.bucket_base, LEASE, uuid4(), now + 1, now)
        assert await hold_lease(conn, ws, workspace.bucket_base, LEASE, uuid4(), now + 1, now + LEASED)
    row, found = await _state(db, workspace)
    assert (row.version, found.counted, found.recounted, found.armed) == (2, PEOPLE, before, 0)
    assert await _counted(db, ws) != await _truth(db, ws)  # without anybody who takes it up

    rival = CatchingUp(db, uuid4())
    async with await Database.connect(database_url, role=DISPATCHER_ROLE, largest=1) as dispatcher:
        worker = Worker(shop.handler, dispatcher)
        # What began before the version is waited for, and other tests have transactions on this server.
        async with asyncio.timeout(60):
            while row.state is not BackfillState.DONE:
                await asyncio.gather(worker.catch_up(), rival.go_on(workspace, 2))
                row, found = await _state(db, workspace)
                await asyncio.sleep(0.01)
        assert await worker.catch_up() == 0
    assert row.state is BackfillState.DONE
    # Everybody has an operation of the last minute, by which clocks may differ.
    assert (found.counted, found.recounted, found.armed) == (PEOPLE, PEOPLE, PEOPLE)
    assert await _counted(db, ws) == await _truth(db, ws)
    async with db.transaction(ws) as conn:
        due = await conn.fetch("select due_at from timers where workspace_id = $1", ws)
    assert {each for (each,) in due} == {START}
    await is_sound(shop, owner)
