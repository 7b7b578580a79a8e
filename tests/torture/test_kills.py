"""``kill -9``, again and again, in the middle of everything: nothing is lost, nothing is done twice.

Perennial runs as its users run it, with two workers on its embedded PostgreSQL, which waits for the
disk at every commit. Callers write without a pause. What an answer was heard of must be there once;
what none was heard of is repeated with the same id, and is there once after that.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from random import Random
from uuid import UUID, uuid4

import asyncpg
import msgspec
import pytest
from asyncpg import Connection

from perennial.store.database import connect
from perennial.store.server.embedded import OWNER, EmbeddedServer
from tests.races.caller import Call, Caller
from tests.races.served import Served, free_port, served_from
from tests.races.shop import Shop, adjustment, open_shop
from tests.torture.books import Difference, check, compare, sources
from tests.torture.load import HOMES, MEMBERS, START, Change, Load, Write
from tests.torture.plug import is_in_flight, kill, ports_of, postmaster_of, with_descendants

CALLERS = 24
SEED = 20_260_302
MANY_KILLS = 100
"""From so many kills on, at least 80 % must hit a transaction in flight."""
PATIENCE_SECONDS = 60.0
BETWEEN = 60
"""How many writes are answered between one kill and the next, at least."""

ROUND = 20
"""How many kills one installation has to bear; its books grow, and all of them are read after each."""

REPEATED = 200
"""How many acknowledged writes are sent once more at the end."""


class Tally(msgspec.Struct):
    """What happened."""

    kills: Counter[str] = msgspec.field(default_factory=Counter)
    in_flight: int = 0
    acked: int = 0
    unknown: int = 0
    done_before: int = 0
    lost: int = 0
    doubled: int = 0
    audits: int = 0
    seconds: float = 0.0

    def __str__(self) -> str:
        killed = ", ".join(f"{count} of {what}" for what, count in sorted(self.kills.items()))
        return (
            f"{self.kills.total()} kills ({killed}), {self.in_flight} with a transaction in flight; "
            f"{self.acked} acked, {self.unknown} unknown at first ({self.done_before} of them were done), "
            f"{self.lost} lost, {self.doubled} doubled, {self.audits} clean audits, {self.seconds:.0f} s"
        )


class Box:
    """One installation under a data folder: its server, which may be killed and started again."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.port = free_port()
        self.server = self.start()

    def start(self) -> Served:
        """Start the server and wait until it is ready."""
        server = served_from({"PERENNIAL_DATA": str(self.data)}, 2, self.port)
        server.wait_until_ready()
        server.url = self.url
        return server

    @property
    def url(self) -> str:
        """The URL of the database, as its owner."""
        password = (self.data / "postgres.password").read_text()
        return (
            f"postgresql://{OWNER}:{password}@127.0.0.1:{(self.data / 'postgres.port').read_text()}/{OWNER}"
        )

    def processes(self, what: str) -> list[int]:
        """Return the processes of one kind of victim."""
        if what == "everything":
            return with_descendants(self.server.process.pid)
        if what == "PostgreSQL":
            return with_descendants(postmaster_of(self.server.process.pid))
        return self.server.workers()[:1]

    async def recover(self, what: str, killed: list[int]) -> None:
        """Wait until the box has helped itself; start it where nobody is left to do so."""
        if what == "everything":
            await asyncio.to_thread(self.server.process.wait, PATIENCE_SECONDS)
            self.server = await asyncio.to_thread(self.start)
            return
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not set(killed).isdisjoint(with_descendants(self.server.process.pid)):
                await asyncio.sleep(0.02)
        await asyncio.to_thread(self.server.wait_until_ready)


@contextmanager
def installed() -> Iterator[Box]:
    """A fresh installation in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="perennial-torture-", ignore_cleanup_errors=True) as home:
        Path(home).chmod(0o755)
        data = Path(home) / "data"
        binaries = os.environ.get("PERENNIAL_TEST_BINARIES")
        if binaries:
            with EmbeddedServer(data, binaries=Path(binaries)):
                pass  # the cluster keeps the version that made it
        made = Box(data)
        try:
            yield made
        finally:
            if made.server.process.poll() is None:
                made.server.stop()


@asynccontextmanager
async def asking(box: Box) -> AsyncIterator[Connection]:
    """A connection to the database, as soon as there is one."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            try:
                conn = await connect(box.url, statement_timeout="0")
                break
            except (OSError, asyncpg.PostgresError):
                await asyncio.sleep(0.02)
    try:
        yield conn
    finally:
        conn.terminate()


async def prepare(box: Box) -> tuple[Shop, set[UUID]]:
    """Open a shop with members who have plenty; return it and the sources of what they have."""
    shop = await open_shop(box.server, "torture", buckets=2)
    for member in MEMBERS:
        await shop.give(member, START)
    for member, home in HOMES.items():
        await shop.do("PUT", f"/v1/customers/{member}", {"household": home})
    async with asking(box) as conn:
        assert await conn.fetchval("show fsync") == "on"
        assert await conn.fetchval("show synchronous_commit") == "on"
        return shop, await sources(conn, shop.workspace_id)


async def kill_in_flight(box: Box, what: str, random: Random) -> list[int]:
    """Kill the processes of a victim while one of them has a transaction open."""
    async with asking(box) as conn, asyncio.timeout(PATIENCE_SECONDS):
        await asyncio.sleep(random.uniform(0, 0.1))
        pids = box.processes(what)
        asked = box.server.workers() if what != "a worker" else pids
        ports = {port for pid in asked for port in ports_of(pid)}
        while not await is_in_flight(conn, ports):
            pass
        kill(pids)
    return pids


def rounds(kills: int) -> Iterator[list[str]]:
    """Return whom to kill: workers and PostgreSQL by turns, and at every tenth turn everything at once."""
    turns = ["a worker", "PostgreSQL"] * 4 + ["a worker", "everything"]
    victims = [turns[number % len(turns)] for number in range(kills)]
    return (victims[start : start + ROUND] for start in range(0, kills, ROUND))


@pytest.mark.torture
async def test_nothing_is_lost_and_nothing_is_doubled(
    kills: int, record_property: Callable[[str, object], None]
) -> None:
    """After every kill the audit is clean and the books are what the callers know, to the point."""
    tally, random, began = Tally(), Random(SEED), time.monotonic()
    try:
        for victims in rounds(kills):
            with installed() as box:
                await torture(box, victims, random, tally)
    finally:
        tally.seconds = time.monotonic() - began
        record_property("figures", str(tally))
    # A sample of ten on a busy machine may miss the moment; the full run holds the bar.
    assert tally.in_flight >= (0.8 * kills if kills >= MANY_KILLS else 1)
    assert tally.unknown >= kills


async def torture(box: Box, victims: list[str], random: Random, tally: Tally) -> None:
    """Kill one victim after the other under load; look into the books after each."""
    shop, before = await prepare(box)
    load = Load(box.port, shop.secret, CALLERS, random.randrange(1 << 32))
    try:
        for what in victims:
            load.resume()
            enough = load.settled + BETWEEN
            await load.until(lambda enough=enough: load.settled >= enough)
            killed = await kill_in_flight(box, what, random)
            at_work = load.unanswered
            await box.recover(what, killed)
            await load.pause()
            tally.kills[what] += 1
            tally.in_flight += any(write.unknown for write in at_work)
            async with asking(box) as conn:
                difference = await check(conn, shop.workspace_id, load.writes, before)
            tally.audits += 1
            tally.lost += len(difference.lost)
            tally.doubled += len(difference.doubled)
            assert difference == Difference()
        await repeat(box, shop, random.sample(load.writes, min(REPEATED, len(load.writes))))
        async with asking(box) as conn:
            assert await check(conn, shop.workspace_id, load.writes, before) == Difference()
    finally:
        await load.stop()
        tally.acked += load.settled
        tally.unknown += sum(write.unknown for write in load.writes)
        tally.done_before += sum(write.done_before for write in load.writes)


async def repeat(box: Box, shop: Shop, writes: list[Write]) -> None:
    """Send acknowledged writes once more: each is answered with the bytes of the first time."""
    caller = await Caller.connect(box.port, shop.secret)
    for write in writes:
        reply = await caller.ask(*write.call[:3])
        assert (reply.status, reply.replayed, reply.body) == (200, True, write.answer), write.call
    await caller.close()


def test_the_comparison_sees_what_is_wrong() -> None:
    """A write that is not there, one that is there twice or with other points, one that nobody sent."""
    shop = Shop.__new__(Shop)
    shop.workspace_id = 1
    writes = [
        Write(
            "adjustment", name, Call("POST", "/v1/adjustments", adjustment(name, "m9", 5)), (Change("m9", 5),)
        )
        for name in ("there", "lost", "twice", "wrong")
    ]
    stranger = uuid4()
    found = {
        (shop.id_of("customer", "m9"), shop.id_of("adjustment", name)): there
        for name, there in {"there": (1, 5), "twice": (2, 10), "wrong": (1, 6)}.items()
    }
    found[shop.id_of("customer", "m9"), stranger] = (1, 1)
    assert compare(1, writes, found) == Difference(["lost"], ["twice", "wrong"], [stranger])
