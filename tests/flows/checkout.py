"""Carts at a shop, for the tests of quotes, holds and redemptions."""

from __future__ import annotations

from typing import Any

import msgspec

from perennial.core.orders.order import Line, Order, OrderStatus, ReturnedLine
from perennial.flows.checkout.quoting import Quotes
from perennial.flows.commands import (
    Asked,
    ChangeHold,
    PointsAsked,
    PostClaim,
    PostRedemption,
    PostRollback,
    RedeemHold,
)
from perennial.flows.handling.quote_answers import QuoteAnswer, RedemptionAnswer, RollbackAnswer
from perennial.units import MINUTE, Instant
from tests.flows.shop import START, Shop

PROGRAM = """
program: points
name: Points
time_zone: UTC
wallets:
  - {id: points, name: Points, pays: {points: 100, amount: 100, most: "50"}}
earning_rules:
  - {id: base, type: per_amount, points: 1, per: 1}
rewards:
  - {id: five-off, name: 5.00 off, price: 500, gives: [{type: amount_off, value: 500}]}
  - {id: ten, name: 10 %, gives: [{type: percent_off, percent: "10"}], codes: {shared: TEN}}
  - {id: card, name: A gift card, price: 1000, gives: [{type: gift_card, value: 2500}]}
  - id: few
    name: For the first two
    gives: [{type: amount_off, value: 100}]
    codes: {shared: FEW}
    limits: [{times: 2, per: total}]
"""


def a_cart(*amounts: int, shipping: int = 0) -> Order:
    """Return a cart with one line of two units per amount."""
    lines = tuple(
        Line(id=f"l{number}", sku=f"sku-{number}", amount=amount, quantity=2)
        for number, amount in enumerate(amounts, 1)
    )
    return Order(status=OrderStatus.CREATED, lines=lines, currency="USD", shipping=shipping)


def redeem(
    name: str,
    customer: str | None,
    *amounts: int,
    codes: tuple[str, ...] = (),
    rewards: tuple[str, ...] = (),
    points: int | None = None,
    at: Instant = START,
    minutes: int | None = None,
    **more: Any,
) -> PostRedemption:
    """Build the command that redeems, or holds for some ``minutes``."""
    asked = [*(Asked(code=code) for code in codes), *(Asked(reward=reward) for reward in rewards)]
    return PostRedemption(
        id=name,
        customer=customer,
        at=at,
        order=a_cart(*amounts, shipping=more.pop("shipping", 0)),
        redeem=tuple(asked),
        points=() if points is None else (PointsAsked(wallet="points", points=points),),
        hold_for=None if minutes is None else minutes * MINUTE,
        **more,
    )


def change(name: str, customer: str | None, *amounts: int, **more: Any) -> ChangeHold:
    """Build the command that lets a hold be of another cart; the same words as :func:`redeem`."""
    asked = redeem(name, customer, *amounts, **more)
    return ChangeHold(
        id=name,
        customer=customer,
        at=asked.at,
        order=asked.order,
        redeem=asked.redeem,
        points=asked.points,
        order_id=asked.order_id,
        expects=asked.expects,
    )


class Checkout:
    """What a shop does at its checkout."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop

    async def quote(self, command: PostRedemption) -> QuoteAnswer:
        """Price a cart."""
        return await Quotes(self.shop.intake).quote(self.shop.workspace_id, command)

    async def redeem(self, command: PostRedemption) -> RedemptionAnswer:
        """Redeem or hold, which must succeed."""
        answer = await self.shop.send(command)
        assert answer.status in (200, 201), answer.body
        return msgspec.json.decode(answer.body, type=RedemptionAnswer)

    async def change_hold(self, command: ChangeHold) -> RedemptionAnswer:
        """Change the cart of a hold, which must succeed."""
        answer = await self.shop.send(command)
        assert answer.status == 200, answer.body
        return msgspec.json.decode(answer.body, type=RedemptionAnswer)

    async def redeem_hold(self, name: str, customer: str | None, at: Instant = START) -> RedemptionAnswer:
        """Redeem a hold, which must succeed."""
        answer = await self.shop.send(RedeemHold(id=name, customer=customer, at=at))
        assert answer.status == 200, answer.body
        return msgspec.json.decode(answer.body, type=RedemptionAnswer)

    async def roll_back(
        self, name: str, redemption: str, customer: str | None, **units: int
    ) -> RollbackAnswer:
        """Give back what a redemption used, or the share of so many units of lines."""
        lines = tuple(ReturnedLine(line=line, quantity=count) for line, count in units.items())
        command = PostRollback(id=name, redemption=redemption, customer=customer, at=START, lines=lines)
        answer = await self.shop.send(command)
        assert answer.status in (200, 201), answer.body
        return msgspec.json.decode(answer.body, type=RollbackAnswer)

    async def claim(self, name: str, customer: str, reward: str) -> str:
        """Claim a reward and return the code of its voucher."""
        answer = await self.shop.do(PostClaim(id=name, customer=customer, at=START, reward=reward))
        assert answer.voucher is not None
        return answer.voucher.code

    async def books(self) -> dict[str, list[tuple[Any, ...]]]:
        """Return everything that a rollback has to restore, as it is stored."""
        async with self.shop.database.transaction(self.shop.workspace_id) as conn:
            return {table: [tuple(row) for row in await conn.fetch(query)] for table, query in _BOOKS.items()}


_BOOKS = {
    "wallets": """
        select customer_id, unit_id, balance, pending, debt, held, spent from wallets order by 1, 2
    """,
    "lots": """
        select customer_id, unit_id, lot_id, granted, remaining from lots order by 1, 2, 3
    """,
    "limits": """
        select customer_id, limit_id, period, used from limit_uses where used <> 0 order by 1, 2, 3
    """,
    "budgets": "select budget_id, period, used from budgets where used <> 0 order by 1, 2",
    "vouchers": "select voucher_id, used, uses, state from vouchers order by 1",
}
