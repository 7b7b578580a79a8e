"""Races into a segment and out of it, with their walls taken down: then they must be lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest

from perennial.core.orders.order import Line, Order, OrderStatus
from perennial.core.segments.segment import Segment
from perennial.core.terms.condition_document import decode_condition
from perennial.flows.commands import PutOrder
from perennial.flows.handle_events import Handler
from perennial.flows.problems import ProblemError
from perennial.flows.programs import catching_up
from perennial.flows.programs.life import Author
from perennial.flows.segments import fill as segment_fill
from perennial.flows.segments import filling
from perennial.flows.segments.segments import put, remove
from perennial.store.database import Database
from tests.codebook import CODEBOOK
from tests.races.shop import PROGRAM
from tests.races.test_controls import (
    ANNAS,
    BRIEF_SECONDS,
    CLIENTS,
    LOCK,
    LONG_SECONDS,
    Rivals,
    Wall,
    connected_rivals,
    meet,
)
from tests.store.every_move import EVERY_MOVE

MEMBERS = Wall(constraints=(("segment_members", "segment_members_pkey"),))
DOOR = f"""\
{PROGRAM}\
  - {{id: welcome, type: fixed, trigger: segment.entered, points: 1000}}
"""
AUTHOR = Author(actor="test", at=0)
PATIENCE_SECONDS = 120
"""A fill waits for whoever writes on the server, those in the databases of other tests too."""
BIG = Segment(segment="big", name="Big", when=decode_condition({"history": "orders.net", "at_least": 10_000}))


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let whoever publishes a segment count and fill to the end: no worker is here to do the rest."""
    for waiting in (catching_up, filling):
        monkeypatch.setattr(waiting, "STRAGGLERS_SECONDS", PATIENCE_SECONDS)


@pytest.fixture
async def at_the_door(url: str) -> AsyncIterator[Rivals]:
    """Twelve clients; the next order of Anna's lets her enter a segment."""
    async with connected_rivals(url, DOOR) as rivals:
        async with await Database.connect(url, largest=2) as database:
            number = await rivals.ask("select workspace_id from workspaces")
            assert (await put(Handler(database, CODEBOOK), number, BIG, AUTHOR)).row.filled
        await rivals.do(paid("before", 9_999))
        yield rivals


def paid(name: str, amount: int, customer: str = "anna") -> PutOrder:
    """Return an order."""
    order = Order(status=OrderStatus.PAID, lines=(Line(id="1", sku="tea", amount=amount),), currency="USD")
    return PutOrder(id=name, customer=customer, at=None, order=order)


@pytest.mark.parametrize(
    ("down", "times"),
    [((), 1), ((MEMBERS,), 1), ((LOCK,), 1), ((LOCK, MEMBERS), CLIENTS)],
    ids=["all stand", "the lock stands", "the key stands", "none stands"],
)
async def test_the_door_of_a_segment(
    at_the_door: Rivals, monkeypatch: pytest.MonkeyPatch, down: tuple[Wall, ...], times: int
) -> None:
    """Twelve orders, any of which enters: one welcome behind any wall, twelve behind none."""
    for wall in down:
        await at_the_door.take_down(wall, monkeypatch)
    meet(monkeypatch, down)
    assert await at_the_door.race([paid(f"o{number}", 100) for number in range(CLIENTS)]) == CLIENTS
    assert await at_the_door.ask(f"select balance from wallets where {ANNAS}") == 99 + CLIENTS + 1_000 * times
    assert await at_the_door.ask(f"select count(*) from {EVERY_MOVE} where entered") == times


@pytest.mark.parametrize(
    ("within", "down", "left"),
    [
        (False, set(), 0),
        (False, {"lease"}, 0),
        (False, {"asking again"}, 0),
        (False, {"lease", "asking again"}, 2),
        (True, {"lease"}, 0),
        (True, {"waiting"}, 0),
        (True, {"lease", "waiting"}, 4),
    ],
    ids=lambda given: " and ".join(sorted(given)) or "all stand" if isinstance(given, set) else None,
)
async def test_removing_a_segment_that_is_filled(
    url: str, monkeypatch: pytest.MonkeyPatch, *, within: bool, down: set[str], left: int
) -> None:
    """Gone between two slices of a fill, or within one: nobody stays in it, unless two walls are down.

    Only one process at a time settles segments, by a lease; a slice asks whether the segment is there still;
    and whoever lets everybody out waits for those who asked before it was gone.
    """
    async with connected_rivals(url, PROGRAM) as rivals:
        await rivals.do(*(paid(f"o{number}", 10_000, f"c{number}") for number in range(4)))
        filler, remover = rivals.handlers[:2]
        monkeypatch.setattr(segment_fill, "ONE_BY_ONE", 0)
        monkeypatch.setattr(segment_fill, "SLICE", 4 if within else 2)
        if "lease" in down:
            monkeypatch.setattr(filling, "hold_lease", always)
        if "asking again" in down:
            monkeypatch.setattr(segment_fill, "_is_asked_still", lambda *_: True)
        if "waiting" in down:
            monkeypatch.setattr(filling, "oldest_writing", nobody_writes)
        reached, removed = asyncio.Event(), asyncio.Event()
        place = "write_segment_moves" if within else "_move"
        do = getattr(segment_fill, place)

        async def meet_remover(*given: Any) -> None:
            if not within:
                await do(*given)
            if not reached.is_set():
                reached.set()
                with suppress(TimeoutError):
                    await asyncio.wait_for(removed.wait(), BRIEF_SECONDS if left == 0 else LONG_SECONDS)
            if within:
                await do(*given)

        monkeypatch.setattr(segment_fill, place, meet_remover)

        async def remove_meanwhile() -> None:
            await reached.wait()
            await remove(remover, rivals.workspace_id, "big", AUTHOR)
            removed.set()

        putting = put(filler, rivals.workspace_id, BIG, AUTHOR)
        async with asyncio.timeout(2 * PATIENCE_SECONDS):
            answer, _ = await asyncio.gather(putting, remove_meanwhile(), return_exceptions=True)
        assert isinstance(answer, ProblemError), "whoever put it finds it gone"
        assert removed.is_set()
        assert await rivals.ask("select count(*) from segment_members") == left
        assert await rivals.ask("select count(*) from segments where deleted_at is null or stale") == 0


async def always(*_: object) -> bool:
    """Give everybody the lease."""
    return True


async def nobody_writes(_: object) -> int:
    """Say that all who began before have ended."""
    return 2**62
