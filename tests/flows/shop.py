"""A shop that talks to the flows in few words."""

from __future__ import annotations

import msgspec

from perennial.core.orders.order import Line, Order, OrderStatus
from perennial.flows.answers import Answer, Decided, Problem
from perennial.flows.batcher import Intake
from perennial.flows.clock import advance_sandbox_clock
from perennial.flows.commands import Command, PostReturn, PutOrder
from perennial.flows.programs.life import Author, apply_document
from perennial.store.database import Database
from perennial.units import Instant, parse_instant

START = parse_instant("2026-03-02T12:00:00Z")
"""A Monday; the clock of every test's sandbox stands here until it is moved."""


class Shop:
    """One workspace as a shop sees it."""

    def __init__(self, database: Database, workspace_id: int, intake: Intake) -> None:
        self.database = database
        self.workspace_id = workspace_id
        self.intake = intake
        self.handler = intake.handler

    async def publish(self, document: str, valid_from: Instant | None = None) -> None:
        """Publish a program, valid from the sandbox's clock."""
        author = Author(actor="test", at=START)
        await apply_document(self.database, self.workspace_id, document, author, valid_from)

    async def send(self, command: Command) -> Answer:
        """Send a command and return its answer, whatever it says."""
        return await self.intake.submit(self.workspace_id, command)

    async def do(self, command: Command) -> Decided:
        """Send a command that must succeed."""
        return decided(await self.send(command))

    async def refuse(self, command: Command) -> Problem:
        """Send a command that must be refused."""
        answer = await self.send(command)
        assert answer.status >= 400, answer.body
        return msgspec.json.decode(answer.body, type=Problem)

    async def order(
        self, name: str, customer: str | None, *amounts: int, at: Instant = START, status: str = "paid"
    ) -> Decided:
        """Put an order with one line per amount."""
        return await self.do(put_order(name, customer, *amounts, at=at, status=status))

    async def advance(self, to: Instant) -> None:
        """Move the sandbox's clock, and run everything that becomes due on the way."""
        await advance_sandbox_clock(self.handler, self.workspace_id, to)

    async def give_back(self, name: str, order: str, customer: str, at: Instant = START) -> Decided:
        """Return everything that is left of an order."""
        return await self.do(PostReturn(id=name, order=order, customer=customer, at=at, lines=()))


def put_order(
    name: str, customer: str | None, *amounts: int, at: Instant = START, status: str = "paid"
) -> PutOrder:
    """Build the command of an order with one line per amount."""
    lines = tuple(Line(sku=f"sku-{number}", amount=amount) for number, amount in enumerate(amounts, 1))
    order = Order(status=OrderStatus(status), lines=lines, currency="USD")
    return PutOrder(id=name, customer=customer, at=at, order=order)


def decided(answer: Answer) -> Decided:
    """Read an answer that succeeded."""
    assert answer.status in (200, 201), answer.body
    return msgspec.json.decode(answer.body, type=Decided)


def available(answer: Decided, wallet: str = "points") -> int:
    """Return the available balance that an answer shows."""
    return next(balance.available for balance in answer.balances if balance.wallet == wallet)
