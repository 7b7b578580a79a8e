"""Commands in bulk: two lanes at once where that cannot be told from one, and one lane where it could."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest

from perennial.flows.answers import Answer, Decided
from perennial.flows.batcher import SPLIT_FROM, Intake
from perennial.flows.commands import Command, PostAdjustment, PostReturn, PutCustomer
from perennial.flows.handle_events import Handler
from tests.codebook import CODEBOOK
from tests.flows.shop import START, Shop, available, put_order
from tests.flows.test_orders import BASE

CUSTOMERS = 40


class Watched(Handler):
    """A handler that knows how many batches it had under way at once."""

    now = most = 0

    async def handle_batch(self, workspace_id: int, bucket: int, commands: Sequence[Command]) -> list[Answer]:
        """Handle a batch, and count it while it lasts."""
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            return await super().handle_batch(workspace_id, bucket, commands)
        finally:
            self.now -= 1


def orders(count: int = SPLIT_FROM) -> list[Command]:
    """Return orders of 1.00 each, one customer after the other, all of them again and again."""
    return [put_order(f"o{number}", f"c{number % CUSTOMERS}", 100) for number in range(count)]


async def sent(shop: Shop, commands: Sequence[Command]) -> tuple[Watched, list[Answer]]:
    """Send commands in bulk; return the handler that had them, and their answers."""
    handler = Watched(shop.database, CODEBOOK)
    intake = Intake(handler)
    answers = await intake.submit_many(shop.workspace_id, commands)
    await intake.close()
    return handler, answers


async def test_two_lanes_keep_the_order_of_each_customer(shop: Shop) -> None:
    """Many orders are handled two batches at once; the balance of each customer grows from line to line."""
    await shop.publish(BASE)
    handler, answers = await sent(shop, orders())
    assert handler.most == 2
    for number, answer in enumerate(answers):
        assert answer.status == 201
        told = msgspec.json.decode(answer.body, type=Decided)
        assert (told.customer, available(told)) == (f"c{number % CUSTOMERS}", 1 + number // CUSTOMERS)


_ADJUSTMENT = PostAdjustment(
    id="a", customer="c2", at=START, wallet="points/points", points=-1, reason="r", actor="t"
)


@pytest.mark.parametrize(
    ("last", "status"),
    [
        (PostReturn(id="r", order="o7", customer=None, at=START, lines=()), 201),
        (put_order("guest", None, 100), 201),
        (put_order("o0", "c1", 100), 422),
        (PutCustomer(customer="c2", identifiers=()), 200),
        (_ADJUSTMENT, 201),
    ],
    ids=[
        "a return without a customer",
        "an order of a guest",
        "the id of another line",
        "an address that may have been another's",
        "what a household may share",
    ],
)
async def test_what_may_hang_together_goes_down_one_lane(shop: Shop, last: Command, status: int) -> None:
    """A line that belongs to an earlier one, or might, comes after all of them, as it stands."""
    await shop.publish(BASE)
    handler, answers = await sent(shop, [*orders(), last])
    assert handler.most == 1
    assert {answer.status for answer in answers[:-1]} == {201}
    assert answers[-1].status == status


async def test_a_few_are_one_batch(shop: Shop) -> None:
    """Half a batch each would cost more than it saves."""
    await shop.publish(BASE)
    handler, answers = await sent(shop, orders(SPLIT_FROM - 1))
    assert handler.most == 1
    assert {answer.status for answer in answers} == {201}
