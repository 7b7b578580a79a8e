"""``kill -9`` of whoever moves the figures of other segments, or removes one, right after it is written."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from uuid import uuid4

import pytest
from asyncpg import Connection

from perennial.flows.segments.audit import audit_segments
from perennial.flows.segments.filling import FillingUp
from perennial.flows.segments.segments import remove
from perennial.jobs.worker import Worker
from perennial.store.database import DISPATCHER_ROLE, Database
from perennial.store.segments import SegmentRow, empty_segment, list_segments
from tests.flows.shop import START, Shop
from tests.flows.sound import is_sound
from tests.flows.test_segment_figures import AUTHOR, LATELY, LOYAL, PROGRAM, define, sizes
from tests.flows.test_segment_kill import end_leases
from tests.store.every_move import EVERY_MOVE

WELCOME = PROGRAM.replace(
    "earning_rules: [", "earning_rules: [{id: welcome, trigger: segment.entered, type: fixed, points: 500}, "
)

_PUT_OR_REMOVE = """
import asyncio, sys
from perennial.flows.segments import segments
from perennial.flows.programs.catching_up import Walk
from perennial.flows.segments.filling import Filling
from perennial.flows.handle_events import Handler
from perennial.store.database import Database
from tests.codebook import CODEBOOK
from tests.flows.test_segment_figures import AUTHOR, LATELY
from tests.flows.test_segments import segment

lock = segments.lock_configuration


async def lock_when_told(*given):
    print("prepared", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    await lock(*given)


async def stop(_):
    print("written", flush=True)
    await asyncio.Event().wait()


async def forget(*_):
    pass


async def main(url, workspace, does, marks):
    segments.lock_configuration, Walk.finish, Filling.finish = lock_when_told, stop, stop
    if marks == "no":
        segments.set_stale = forget
    async with await Database.connect(url) as database:
        handler = Handler(database, CODEBOOK)
        if does == "put":
            await segments.put(handler, workspace, segment("lately", LATELY), AUTHOR)
        else:
            await segments.remove(handler, workspace, "lately", AUTHOR)

asyncio.run(main(sys.argv[1], int(sys.argv[2]), *sys.argv[3:]))
"""


async def _kill(shop: Shop, url: str, does: str, *, marks: bool = True) -> None:
    """Put or remove a segment in a process of its own; Anna orders in its midst, then it is killed."""
    root = Path(__file__).parents[2]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _PUT_OR_REMOVE, url, str(shop.workspace_id), does, "yes" if marks else "no"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert await asyncio.wait_for(process.stdout.readline(), 60) == b"prepared\n"
    await shop.order("a2", "anna", 100)
    process.stdin.write(b"go on\n")
    assert await asyncio.wait_for(process.stdout.readline(), 60) == b"written\n"
    process.send_signal(signal.SIGKILL)
    await process.wait()
    await end_leases(shop)


async def _rows(shop: Shop) -> dict[str, SegmentRow]:
    async with shop.database.transaction(shop.workspace_id) as conn:
        return {row.code: row for row in await list_segments(conn, shop.workspace_id, deleted=True)}


async def _take_up(shop: Shop, url: str) -> None:
    """Let two workers do what is left."""
    rival = FillingUp(shop.handler, uuid4())
    async with await Database.connect(url, role=DISPATCHER_ROLE, largest=1) as dispatcher:
        worker = Worker(shop.handler, dispatcher)
        # What began before the definition is waited for, and other tests have transactions on this server.
        async with asyncio.timeout(60):
            while not all(row.settled for row in (await _rows(shop)).values()):
                await worker.catch_up()
                await asyncio.gather(worker.fill_segments(), rival.go_on(shop.workspace_id, 1))
                await asyncio.sleep(0.01)
        assert await worker.catch_up() == await worker.fill_segments() == 0


@pytest.mark.parametrize(
    ("does", "one_by_one", "marks"),
    [("put", 0, True), ("put", 0, False), ("remove", 5_000, True), ("remove", 5_000, False)],
    ids=["put, judged together", "put, control", "removed, judged one by one", "removed, control"],
)
async def test_others_are_judged_again_and_told(
    shop: Shop,
    owner: Connection,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
    *,
    does: str,
    one_by_one: int,
    marks: bool,
) -> None:
    """Anna's second order is counted last of all: it makes her loyal, which is an event."""
    await shop.publish(WELCOME)
    await define(shop, "loyal", LOYAL)
    if does == "remove":
        await define(shop, "lately", LATELY)
    await shop.order("a1", "anna", 100)
    await _kill(shop, database_url, does, marks=marks)
    await shop.order("a3", "anna", 100)
    assert (await sizes(shop))["loyal"] == 0, "her second order is not counted yet"
    assert (await _rows(shop))["loyal"].settled is not marks
    if marks:
        await is_sound(shop, owner)
    monkeypatch.setattr("perennial.flows.segments.fill.ONE_BY_ONE", one_by_one)
    await _take_up(shop, database_url)
    assert (await sizes(shop))["loyal"] == (1 if marks else 0)
    welcomes = f"select count(*) from {EVERY_MOVE} where workspace_id = $1 and told and segment_id = $2"
    loyal = (await _rows(shop))["loyal"].segment_id
    assert await owner.fetchval(welcomes, shop.workspace_id, loyal) == (1 if marks else 0)
    wrong = (await audit_segments(owner, shop.workspace_id)).findings
    assert [each.words for each in wrong] == ([] if marks else ["should be in segment loyal"])


async def test_a_removed_segment_is_empty_in_the_end(
    shop: Shop, owner: Connection, database_url: str
) -> None:
    """Killed before anybody was let out: a worker lets them out."""
    await shop.publish(PROGRAM)
    await define(shop, "lately", LATELY)
    await shop.order("a1", "anna", 100, at=START)
    await _kill(shop, database_url, "remove")
    members = "select count(*) from segment_members where workspace_id = $1"
    assert await owner.fetchval(members, shop.workspace_id) == 1
    await is_sound(shop, owner)
    await _take_up(shop, database_url)
    assert await owner.fetchval(members, shop.workspace_id) == 0
    await is_sound(shop, owner)


async def test_nobody_is_let_out_of_a_segment_that_is_there_again(shop: Shop, owner: Connection) -> None:
    """Whoever still lets people out of it, because it was gone, lets nobody out who has entered since."""
    await shop.publish(PROGRAM)
    await define(shop, "lately", LATELY)
    await shop.order("a1", "anna", 100, at=START)
    await remove(shop.handler, shop.workspace_id, "lately", AUTHOR)
    gone = (await _rows(shop))["lately"]
    await define(shop, "lately", LATELY)
    workspace = await shop.handler.read_workspace(shop.workspace_id)
    for bucket in workspace.buckets:
        async with shop.database.transaction(shop.workspace_id) as conn:
            await empty_segment(conn, shop.workspace_id, bucket, gone.segment_id)
    assert await sizes(shop) == {"lately": 1}
    await is_sound(shop, owner)
