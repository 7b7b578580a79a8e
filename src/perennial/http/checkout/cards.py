"""Gift cards outside orders: sold, topped up, and emptied into another one."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, post
from msgspec import Meta

from perennial.core.orders.order import Name
from perennial.flows.answers import Decided
from perennial.flows.staff.scopes import Scope
from perennial.flows.vouchers.card_money import (
    CardMoneyAnswer,
    MoveCardMoney,
    SellCard,
    TopUpCard,
    move_card_money,
    sell_card,
    top_up_card,
)
from perennial.http.checkout.vouchers import Code
from perennial.http.door.exchange import headers_of, idempotency_key
from perennial.http.door.operation import admitted, answered, body_of, connection_of, operation
from perennial.http.door.paths import plain_segment
from perennial.http.requests import OnceId, Reason, Reference, once_id
from perennial.units import MAX_AMOUNT

Money = Annotated[int, Meta(ge=1, le=MAX_AMOUNT, description="in minor units of the card's currency")]
CardCode = Annotated[str, Meta(min_length=1, max_length=200, description="a code, as somebody enters it")]


class _Body(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    pass


class SaleBody(_Body, frozen=True, kw_only=True):
    """A gift card that was paid for. ``reward`` is one that gives a gift card.

    Without an ``amount`` the card holds what the reward says; without a ``customer`` it belongs to whoever
    has its code.
    """

    id: OnceId | None = None
    reward: Reference
    amount: Money | None = None
    customer: Name | None = None
    reason: Reason


class TopUpBody(_Body, frozen=True, kw_only=True):
    """How much more a card holds, and why."""

    id: OnceId | None = None
    amount: Money
    reason: Reason


class CardTransferBody(_Body, frozen=True, kw_only=True):
    """To which card the money goes; without an ``amount`` all of it."""

    id: OnceId | None = None
    to: CardCode
    amount: Money | None = None
    reason: Reason


@post(
    "/v1/gift-cards",
    **operation(
        "card_sell",
        "Vouchers",
        "Sell a gift card",
        needs=Scope.ADJUST,
        takes=SaleBody,
        once=True,
        gives={200: Decided, 201: Decided},
        refuses=(404, 409, 410),
    ),
)
async def card_sell(request: Request[Any, Any, Any]) -> Response[Any]:
    """Issues a card with money on it, once per id; the answer has its code.

    The reward says how the code looks and how long the card is valid. Neither its price nor its limits
    count: the card was paid for with money.
    """
    door, caller = admitted(request)
    data = await body_of(request, SaleBody)
    command = SellCard(
        id=once_id(data.id, idempotency_key(headers_of(connection_of(request)))),
        reward=data.reward,
        amount=data.amount,
        customer=data.customer,
        reason=data.reason,
        actor=caller.actor,
    )
    return answered(request, await sell_card(door.handler, caller.workspace_id, command))


@post(
    "/v1/gift-cards/{code:str}/top-ups",
    **operation(
        "card_topup",
        "Vouchers",
        "Top a gift card up",
        needs=Scope.ADJUST,
        takes=TopUpBody,
        once=True,
        gives={200: CardMoneyAnswer, 201: CardMoneyAnswer},
        refuses=(404, 409),
    ),
)
async def card_topup(request: Request[Any, Any, Any], code: Code) -> Response[Any]:
    """Puts money on a card that is valid, once per id."""
    door, caller = admitted(request)
    data = await body_of(request, TopUpBody)
    command = TopUpCard(
        id=once_id(data.id, idempotency_key(headers_of(connection_of(request)))),
        code=plain_segment(code),
        amount=data.amount,
        reason=data.reason,
        actor=caller.actor,
    )
    return answered(request, await top_up_card(door.handler, caller.workspace_id, command))


@post(
    "/v1/gift-cards/{code:str}/transfers",
    **operation(
        "card_transfer",
        "Vouchers",
        "Move money between gift cards",
        needs=Scope.ADJUST,
        takes=CardTransferBody,
        once=True,
        gives={200: CardMoneyAnswer, 201: CardMoneyAnswer},
        refuses=(404, 409),
    ),
)
async def card_transfer(request: Request[Any, Any, Any], code: Code) -> Response[Any]:
    """Moves money from one card to another of the same program, once per id: merges them, or splits one."""
    door, caller = admitted(request)
    data = await body_of(request, CardTransferBody)
    command = MoveCardMoney(
        id=once_id(data.id, idempotency_key(headers_of(connection_of(request)))),
        code=plain_segment(code),
        to=data.to,
        amount=data.amount,
        reason=data.reason,
        actor=caller.actor,
    )
    return answered(request, await move_card_money(door.handler, caller.workspace_id, command))


CARD_ROUTES = [card_sell, card_topup, card_transfer]
