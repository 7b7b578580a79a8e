"""Codes, rewards and points at a checkout: quote, hold, redeem, and roll back."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post, put
from msgspec import Meta

from perennial.core.codes.entry import MAX_ENTERED
from perennial.core.explaining.retelling import retell_words
from perennial.core.language import Language
from perennial.core.languages import ENGLISH
from perennial.core.orders.order import (
    Attributes,
    Line,
    Name,
    NonNegative,
    Order,
    OrderStatus,
    Redeemer,
    ReturnedLine,
)
from perennial.flows.answers import Answer, FieldProblem
from perennial.flows.commands import Asked, ChangeHold, PointsAsked, PostRedemption, PostRollback, RedeemHold
from perennial.flows.handling.quote_answers import (
    QuoteAnswer,
    RedemptionAnswer,
    RollbackAnswer,
    decode_redemption,
    encode_redemption,
)
from perennial.flows.reading import read_redemption_answer
from perennial.flows.staff.keys import Key
from perennial.flows.staff.scopes import Scope
from perennial.http.door.door import Door
from perennial.http.door.exchange import headers_of, idempotency_key
from perennial.http.door.instants import read_instant
from perennial.http.door.operation import (
    ExternalId,
    admitted,
    answered,
    body_of,
    connection_of,
    operation,
    spoken_in,
)
from perennial.http.door.paths import plain_segment
from perennial.http.door.problems import bad_fields
from perennial.http.requests import (
    DeviceName,
    OnceId,
    PositivePoints,
    Reason,
    Reference,
    When,
    distinct,
    once_id,
)
from perennial.units import MAX_AMOUNT, SECOND, Instant

_AT_THE_TILL = (Scope.TILL,)

Code = Annotated[
    str, Meta(min_length=1, max_length=MAX_ENTERED, description="a code as it was entered or scanned")
]
HoldSeconds = Annotated[int, Meta(ge=1, le=7 * 86_400, description="how long the hold lasts, in seconds")]
Expected = Annotated[
    int,
    Meta(ge=0, le=MAX_AMOUNT, description="what was quoted as `to_pay`; another amount is refused"),
]


class _Body(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    pass


class CartBody(_Body, frozen=True):
    """What somebody wants to buy. All amounts are in the minor unit of ``currency``."""

    lines: Annotated[tuple[Line, ...], Meta(max_length=1_000)]
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")] | None = None
    discount: NonNegative = 0
    shipping: NonNegative = 0
    tax: NonNegative = 0
    location: Name | None = None
    channel: Name | None = None
    attributes: Attributes = {}


class AskedBody(_Body, frozen=True):
    """One thing to use: a ``code``, or a ``reward`` (``program/reward``) to claim for points here and now.

    ``points`` are how many of its price are paid so, where the rest may be paid with money. ``wallet`` is
    the one that pays, where the reward has prices in several; otherwise it is that of the first price for
    the member.
    """

    code: Code | None = None
    reward: Reference | None = None
    points: PositivePoints | None = None
    wallet: Reference | None = None


class PointsBody(_Body, frozen=True):
    """Points that shall pay: so many of a wallet, or as many as possible."""

    wallet: Reference
    points: PositivePoints | None = None


class QuoteBody(_Body, frozen=True):
    """A cart, and what shall be used on it, in the order in which it was entered.

    Without a ``customer`` it is a guest's. ``device`` is your own id of the till device that asks.
    """

    cart: CartBody
    customer: Name | None = None
    redeem: Annotated[tuple[AskedBody, ...], Meta(max_length=30)] = ()
    points: Annotated[tuple[PointsBody, ...], Meta(max_length=10)] = ()
    occurred_at: When | None = None
    device: DeviceName | None = None


class HoldBody(QuoteBody, frozen=True):
    """What shall be reserved for a cart; ``order`` is your id of the order that it is for."""

    id: OnceId | None = None
    order: Name | None = None
    seconds: HoldSeconds = 900
    expects: Expected | None = None


class HoldChangeBody(QuoteBody, frozen=True):
    """The cart as it is now, with everything that shall be used on it. The hold ends when it would have."""

    order: Name | None = None
    expects: Expected | None = None


class RedemptionBody(_Body, frozen=True):
    """What shall be used: a ``hold`` as it was priced, or everything that is said here of a ``cart``."""

    id: OnceId | None = None
    hold: Name | None = None
    cart: CartBody | None = None
    customer: Name | None = None
    order: Name | None = None
    redeem: Annotated[tuple[AskedBody, ...], Meta(max_length=30)] = ()
    points: Annotated[tuple[PointsBody, ...], Meta(max_length=10)] = ()
    occurred_at: When | None = None
    expects: Expected | None = None
    device: DeviceName | None = None


class GiveBackBody(_Body, frozen=True):
    """What comes back: the share of ``lines``, or everything. ``customer`` is whose it is."""

    id: OnceId | None = None
    customer: Name | None = None
    lines: Annotated[tuple[ReturnedLine, ...], Meta(max_length=1_000)] = ()
    reason: Reason | None = None
    occurred_at: When | None = None


@post(
    "/v1/quotes",
    status_code=200,
    **operation(
        "quote_post",
        "Checkout",
        "Price a cart",
        needs=Scope.READ,
        takes=QuoteBody,
        gives={200: QuoteAnswer},
        instead=_AT_THE_TILL,
        refuses=(409, 410),
    ),
)
async def quote_post(request: Request[Any, Any, Any]) -> Response[Any]:
    """What the cart would cost and earn with everything that applies; nothing is changed or reserved.

    Each thing that was asked for is applicable, inapplicable with the reason, or skipped with the rule
    that kept it out.
    """
    door, caller = admitted(request)
    data = await body_of(request, QuoteBody)
    return answered(request, await post_quote(door, caller, data, spoken_in(request)))


async def post_quote(door: Door, caller: Key, data: QuoteBody, language: Language) -> Answer:
    """Price what the body says, and say in ``language`` why something takes nothing off."""
    quoted = await door.quotes.quote(caller.workspace_id, _command("quote", data, data.cart, caller))
    return Answer(status=200, body=msgspec.json.encode(retell_words(quoted, language)))


@post(
    "/v1/holds",
    **operation(
        "hold_post",
        "Checkout",
        "Reserve codes, rewards and points",
        needs=Scope.WRITE,
        takes=HoldBody,
        once=True,
        gives={200: RedemptionAnswer, 201: RedemptionAnswer},
        instead=_AT_THE_TILL,
        refuses=(404, 409, 410),
    ),
)
async def hold_post(request: Request[Any, Any, Any]) -> Response[Any]:
    """Reserves what the cart uses, once per id, so that nobody else can use it until the hold ends.

    A hold ends when it is redeemed or released, or by itself.
    """
    door, caller = admitted(request)
    data = await body_of(request, HoldBody)
    hold_id = once_id(data.id, idempotency_key(headers_of(connection_of(request))))
    command = _command(hold_id, data, data.cart, caller)
    held = msgspec.structs.replace(
        command, order_id=data.order, hold_for=data.seconds * SECOND, expects=data.expects
    )
    return _told(request, await door.intake.submit(caller.workspace_id, held))


@put(
    "/v1/holds/{id:str}",
    **operation(
        "hold_put",
        "Checkout",
        "Price a hold anew for a changed cart",
        needs=Scope.WRITE,
        takes=HoldChangeBody,
        gives={200: RedemptionAnswer},
        instead=_AT_THE_TILL,
        refuses=(404, 409, 410),
    ),
)
async def hold_put(request: Request[Any, Any, Any], id: ExternalId) -> Response[Any]:
    """Keeps what still applies, gives back what does not, and takes what is new; `changes` tells of each.

    Nobody else can take in between what is kept. The time of the hold goes on; with `expects`, another
    amount is refused and everything stays held as it was. The same change sent again changes nothing.
    """
    door, caller = admitted(request)
    data = await body_of(request, HoldChangeBody)
    cart = _command(plain_segment(id), data, data.cart, caller)
    changed = ChangeHold(
        id=cart.id,
        customer=cart.customer,
        at=cart.at,
        order=cart.order,
        redeem=cart.redeem,
        points=cart.points,
        order_id=data.order,
        expects=data.expects,
    )
    return _told(request, await door.intake.submit(caller.workspace_id, changed))


@post(
    "/v1/redemptions",
    **operation(
        "redemption_post",
        "Checkout",
        "Use codes, rewards and points",
        needs=Scope.WRITE,
        takes=RedemptionBody,
        once=True,
        gives={200: RedemptionAnswer, 201: RedemptionAnswer},
        instead=_AT_THE_TILL,
        refuses=(404, 409, 410),
    ),
)
async def redemption_post(request: Request[Any, Any, Any]) -> Response[Any]:
    """Redeems a hold exactly as it was priced, or prices the cart and uses everything at once.

    What cannot be used costs nothing and is said in the answer; with `expects`, an amount other than
    the one that was quoted is refused.
    """
    door, caller = admitted(request)
    data = await body_of(request, RedemptionBody)
    key = idempotency_key(headers_of(connection_of(request)))
    return answered(request, await post_redemption(door, caller, key, data, spoken_in(request)))


async def post_redemption(
    door: Door, caller: Key, key: str | None, data: RedemptionBody, language: Language
) -> Answer:
    """Redeem what the body says, and say in ``language`` why something takes nothing off."""
    if data.hold is not None:
        _refuse_cart(data)
        hold = RedeemHold(
            id=data.hold, customer=data.customer, at=_when(data.occurred_at), order_id=data.order
        )
        return _retold(await door.intake.submit(caller.workspace_id, hold), language)
    if data.cart is None:
        raise _required("$.cart", "give the cart, or the hold that shall be redeemed")
    command = _command(once_id(data.id, key), data, data.cart, caller)
    redeemed = msgspec.structs.replace(command, order_id=data.order, expects=data.expects)
    return _retold(await door.intake.submit(caller.workspace_id, redeemed), language)


@get(
    "/v1/redemptions/{id:str}",
    **operation(
        "redemption_get",
        "Checkout",
        "Read a hold or redemption",
        needs=Scope.READ,
        gives={200: RedemptionAnswer},
        instead=_AT_THE_TILL,
        refuses=(404, 410),
    ),
)
async def redemption_get(request: Request[Any, Any, Any], id: ExternalId) -> Response[Any]:
    """The hold or redemption as it was priced, and in which state it is."""
    door, caller = admitted(request)
    return _told(request, await read_redemption_answer(door.handler, caller.workspace_id, plain_segment(id)))


@post(
    "/v1/redemptions/{id:str}/rollback",
    **operation(
        "redemption_rollback",
        "Checkout",
        "Give back what was used or held",
        needs=Scope.WRITE,
        takes=GiveBackBody,
        once=True,
        gives={200: RollbackAnswer, 201: RollbackAnswer},
        refuses=(404, 409, 410),
    ),
)
async def redemption_rollback(request: Request[Any, Any, Any], id: ExternalId) -> Response[Any]:
    """Undoes a redemption, releases a hold, or with `lines` gives back their share of what was paid.

    Points return to the lots that they came from, with their dates; codes, limits and budgets can be used
    again. Returning the order's lines, or canceling it, does the same by itself.
    """
    door, caller = admitted(request)
    data = await body_of(request, GiveBackBody)
    command = PostRollback(
        id=once_id(data.id, idempotency_key(headers_of(connection_of(request)))),
        redemption=plain_segment(id),
        customer=data.customer,
        at=_when(data.occurred_at),
        lines=data.lines,
        reason=data.reason,
    )
    return answered(request, await door.intake.submit(caller.workspace_id, command))


def _told(request: Request[Any, Any, Any], answer: Answer) -> Response[Any]:
    return answered(request, _retold(answer, spoken_in(request)))


def _retold(answer: Answer, language: Language) -> Answer:
    """Return a hold or redemption, which is stored in English, with its sentences in ``language``."""
    if language is ENGLISH or answer.status >= 400:
        return answer
    told = retell_words(decode_redemption(answer.body), language)
    return msgspec.structs.replace(answer, body=encode_redemption(told))


def order_of(cart: CartBody, codes: tuple[str, ...], redeemer: Redeemer) -> Order:
    """Return a cart as the order that it may become, brought by ``redeemer``."""
    return Order(
        status=OrderStatus.CREATED,
        lines=cart.lines,
        currency=cart.currency,
        discount=cart.discount,
        shipping=cart.shipping,
        tax=cart.tax,
        location=cart.location,
        channel=cart.channel,
        codes=codes,
        attributes=cart.attributes,
        redeemer=redeemer,
    )


def _command(name: str, data: QuoteBody | RedemptionBody, cart: CartBody, caller: Key) -> PostRedemption:
    codes = tuple(asked.code for asked in data.redeem if asked.code is not None)
    distinct(cart.lines, "$.cart.lines")
    order = order_of(cart, codes, caller.redeemer(data.device))
    return PostRedemption(
        id=name,
        customer=data.customer,
        at=_when(data.occurred_at),
        order=order,
        redeem=tuple(_asked(place, asked) for place, asked in enumerate(data.redeem)),
        points=tuple(PointsAsked(wallet=asked.wallet, points=asked.points) for asked in data.points),
    )


def _asked(place: int, asked: AskedBody) -> Asked:
    if (asked.code is None) == (asked.reward is None):
        raise _required(f"$.redeem[{place}]", "name either a code or a reward")
    for field in ("points", "wallet"):
        if asked.reward is None and getattr(asked, field) is not None:
            words, path = "is for a reward that is claimed", f"$.redeem[{place}].{field}"
            raise bad_fields(422, FieldProblem(path=path, code="no_reward", message=words))
    return Asked(code=asked.code, reward=asked.reward, points=asked.points, wallet=asked.wallet)


def _refuse_cart(data: RedemptionBody) -> None:
    """Refuse what a hold already says; the hold itself can be changed."""
    for name in ("cart", "redeem", "points", "expects"):
        if getattr(data, name):
            words = "was said by the hold; change the hold itself"
            raise bad_fields(422, FieldProblem(path=f"$.{name}", code="not_with_hold", message=words))


def _required(path: str, words: str) -> Exception:
    return bad_fields(422, FieldProblem(path=path, code="required", message=words))


def _when(text: str | None) -> Instant | None:
    return None if text is None else read_instant(text, "$.occurred_at")


CHECKOUT_ROUTES = [quote_post, hold_post, hold_put, redemption_post, redemption_get, redemption_rollback]
