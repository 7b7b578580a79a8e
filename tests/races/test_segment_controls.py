"""The race into a segment again, with its walls taken down: then it must be lost."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from perennial.core.condition_document import decode_condition
from perennial.core.order import Line, Order, OrderStatus
from perennial.core.segment import Segment
from perennial.flows.commands import PutOrder
from perennial.flows.handle_events import Handler
from perennial.flows.programs import Author
from perennial.flows.segments import put
from perennial.store.database import Database
from tests.codebook import CODEBOOK
from tests.races.conftest import FreshDatabase
from tests.races.shop import PROGRAM
from tests.races.test_controls import ANNAS, CLIENTS, LOCK, Rivals, Wall, connected_rivals, meet

MEMBERS = Wall(constraints=(("segment_members", "segment_members_pkey"),))
DOOR = f"""\
{PROGRAM}\
  - {{id: welcome, type: fixed, trigger: segment.entered, points: 1000}}
"""
BIG = Segment(segment="big", name="Big", when=decode_condition({"history": "orders.net", "at_least": 10_000}))


@pytest.fixture
def url(fresh_database: FreshDatabase) -> Iterator[str]:
    """A database that this test may take apart."""
    with fresh_database() as made:
        yield made


@pytest.fixture
async def at_the_door(url: str) -> AsyncIterator[Rivals]:
    """Twelve clients; the next order of Anna's lets her enter a segment."""
    async with connected_rivals(url, DOOR) as rivals:
        async with await Database.connect(url, largest=2) as database:
            number = await rivals.ask("select workspace_id from workspaces")
            await put(Handler(database, CODEBOOK), number, BIG, Author(actor="test", at=0))
        await rivals.do(paid("before", 9_999))
        yield rivals


def paid(name: str, amount: int) -> PutOrder:
    """Return an order of Anna's."""
    order = Order(status=OrderStatus.PAID, lines=(Line(id="1", sku="tea", amount=amount),), currency="USD")
    return PutOrder(id=name, customer="anna", at=None, order=order)


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
    assert await at_the_door.ask("select count(*) from segment_moves where entered") == times
