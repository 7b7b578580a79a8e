"""One process of a simulation: it plays the slices that it is given, and says what they came to.

It is told everything in lines on its standard input and answers in lines on its standard output. It ends
when its input does, which is also when the process that started it is gone. Run as
``python -m perennial.flows.simulation.process``.
"""

from __future__ import annotations

import asyncio
import gc
import sys
from uuid import UUID

import msgspec
from asyncpg import Connection

from perennial.core.simulation.simulator import Simulator
from perennial.core.simulation.tally import Tally
from perennial.flows.simulation.past_lives import LifeReader
from perennial.flows.simulation.sides import Task, compile_sides
from perennial.store.past import Slice, reading


class PlaySlice(msgspec.Struct, frozen=True, tag="slice"):
    """Play every life of a slice for itself."""

    part: Slice


class PlayTogether(msgspec.Struct, frozen=True, tag="together"):
    """Play these lives (owners in hex, by bucket) in the order of time, with the caps of budgets."""

    owners: dict[int, list[str]]


class Played(msgspec.Struct, frozen=True, tag="played"):
    """A step forward: so many people, and events counted once per side."""

    people: int
    events: int


class Done(msgspec.Struct, frozen=True, tag="done"):
    """What a piece of work came to; ``budgeted`` and ``owners`` are of those lives that use budgets."""

    tally: Tally
    budgeted: Tally
    owners: list[str]


Work = PlaySlice | PlayTogether
Told = Played | Done

_encode = msgspec.json.Encoder().encode
_work = msgspec.json.Decoder(Work)


async def work(conn: Connection, task: Task) -> None:
    """Play what is asked for until there is nothing more."""
    compiled = await compile_sides(conn, task)
    simulator = Simulator(compiled.sides, task.begins, task.until)
    gc.freeze()
    gc.set_threshold(200_000, 50, 1_000)
    for line in sys.stdin.buffer:
        simulator.clear()
        reader = LifeReader(conn, compiled.wanted)
        match _work.decode(line):
            case PlaySlice(part=part):
                await _play_slice(simulator, reader, part)
            case PlayTogether(owners=owners):
                await _play_together(simulator, reader, owners)
        simulator.tally.left_out = dict(reader.left_out)
        for side, tally in zip(simulator.sides, simulator.budgeted.sides, strict=True):
            tally.budgets = {f"{number}/{period}": budget for (number, period), budget in side.used.items()}
        _tell(Done(simulator.tally, simulator.budgeted, [owner.hex for owner in simulator.owners]))


async def _play_slice(simulator: Simulator, reader: LifeReader, part: Slice) -> None:
    after: UUID | None = UUID(hex=part.after)
    while after is not None:
        lives, after = await reader.lives(part, after)
        events = 0
        for life in lives:
            events += sum(playing.tally.events for playing in simulator.play(life))
        _tell(Played(sum(len(life.people) for life in lives), events))


async def _play_together(simulator: Simulator, reader: LifeReader, owners: dict[int, list[str]]) -> None:
    lives = []
    for bucket, ids in sorted(owners.items()):
        lives += await reader.lives_of(bucket, [UUID(hex=each) for each in ids])
    simulator.play_together(lives)


def _tell(told: Told) -> None:
    sys.stdout.buffer.write(_encode(told) + b"\n")
    sys.stdout.buffer.flush()


async def _run() -> None:
    task = msgspec.json.decode(sys.stdin.buffer.readline(), type=Task)
    async with reading(task.url, task.workspace_id, task.snapshot) as conn:
        await work(conn, task)


if __name__ == "__main__":
    asyncio.run(_run())
