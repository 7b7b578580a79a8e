"""Jobs wait for a database that is away, and fill no log with it."""

from __future__ import annotations

import asyncio

import pytest

from perennial.flows.handle_events import Handler
from perennial.jobs import worker as jobs
from perennial.jobs.worker import Worker
from perennial.store.database import DISPATCHER_ROLE, Database
from tests.flows.shop import Shop
from tests.wire import Wire


async def test_jobs_say_once_that_they_wait_and_once_that_they_go_on(
    shop: Shop, database_url: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the database cannot be reached every job fails, turn by turn: two lines, without a traceback."""
    monkeypatch.setattr(jobs, "PAUSE_SECONDS", 0.01)
    wire = Wire(database_url)
    wire.holding = False
    url = await wire.listen()
    tried = 0

    async with (
        await Database.connect(url) as database,
        await Database.connect(url, role=DISPATCHER_ROLE, largest=1) as dispatcher,
    ):
        worker = Worker(Handler(database, shop.handler.codebook), dispatcher)
        run_timers = worker.run_timers

        async def counted() -> int:
            nonlocal tried
            tried += 1
            return await run_timers()

        monkeypatch.setattr(worker, "run_timers", counted)
        stop = asyncio.Event()
        running = asyncio.create_task(worker.run(stop))

        async def turns(more: int) -> None:
            wanted = tried + more
            while tried < wanted:
                await asyncio.sleep(0.01)

        try:
            async with asyncio.timeout(30):
                await turns(3)
                await wire.cut()
                await turns(5)
                await wire.mend()
                while "go on" not in caplog.text:
                    await asyncio.sleep(0.01)
                await turns(3)
        finally:
            stop.set()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        said = [record for record in caplog.records if record.name != "asyncio"]
        assert [record.getMessage().partition(":")[0] for record in said] == ["jobs wait", "jobs go on"]
        assert not any(record.exc_info for record in said)
    await wire.cut()
