"""How a priced cart is answered: as a quote, as a hold, and as a redemption."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from perennial.core.checkout.checkout import Checkout
from perennial.core.checkout.quote import Quote, QuotedRedeemable
from perennial.core.member import Member
from perennial.core.orders.order import Scalar
from perennial.core.pricing.redeemables import Status
from perennial.core.terms.refusal_text import text_for
from perennial.flows.answers import BalanceAnswer, ChallengeAnswer
from perennial.flows.batch import Batch
from perennial.flows.commands import PostRedemption
from perennial.flows.configuration import Workspace
from perennial.flows.handling.answering import balance_answers
from perennial.store.codes.redemptions import RedemptionState
from perennial.units import Instant, Minor, Points, format_instant


class _Answer(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    pass


class LineDiscountAnswer(_Answer, frozen=True):
    """What one reward took off a line; ``redeemable`` is its place in the list of redeemables, from 0."""

    redeemable: int
    amount: Minor


class QuotedLineAnswer(_Answer, frozen=True):
    """A line as priced: ``amount`` before rewards, ``total`` after. ``added_by`` is a reward's place."""

    id: str
    sku: str
    quantity: int
    amount: Minor
    discount: Minor
    total: Minor
    discounts: tuple[LineDiscountAnswer, ...] = ()
    added_by: int | None = None


class RedeemableAnswer(_Answer, frozen=True):
    """What became of one reward: ``applicable``, ``inapplicable`` or ``skipped``, and why.

    ``name`` is a reward that was named, or the last characters of a code. ``by`` is what kept it out,
    ``text`` what the shop itself says to that, by language.
    """

    name: str
    program: str
    reward: str
    source: str
    status: str
    discount: Minor = 0
    reason: str | None = None
    message: str | None = None
    details: dict[str, Scalar] = {}
    by: str | None = None
    text: dict[str, str] | None = None


class PointsPaidAnswer(_Answer, frozen=True):
    """How many points of a wallet pay, and how much; ``reason`` says why it is less than was asked for."""

    wallet: str
    points: Points
    amount: Minor
    reason: str | None = None


class CardPaidAnswer(_Answer, frozen=True):
    """What a gift card pays, and what it holds after that."""

    card: str
    amount: Minor
    left: Minor


class EarnsAnswer(_Answer, frozen=True):
    """The points that the order would earn in one wallet (``program/wallet``)."""

    wallet: str
    points: Points


class HintAnswer(_Answer, frozen=True):
    """A reward that the cart would have with ``amount`` more in its total, and ``quantity`` more units."""

    reward: str
    name: str
    amount: Minor | None = None
    quantity: int | None = None


class NextRewardAnswer(_Answer, frozen=True):
    """A reward that the member can almost claim: its ``price``, the points ``missing`` after this order."""

    reward: str
    name: str
    wallet: str
    price: Points
    missing: Points


class QuoteAnswer(_Answer, frozen=True):
    """A priced cart, in minor units of ``currency``.

    ``subtotal`` is what the lines cost before rewards, ``total`` what is left with shipping after all
    discounts, ``to_pay`` what points and gift cards leave of it and of
    the ``rest``, which rewards cost in money that points pay in part. ``earns`` is what the order would earn,
    ``gives`` are the rewards that rules would give for it.
    A quote (and no hold or redemption) has ``hints``, the nearest first, ``next_rewards``, and
    ``challenges``: how far the order would bring them.
    """

    currency: str
    subtotal: Minor
    discount_total: Minor
    shipping: Minor
    shipping_discount: Minor
    total: Minor
    to_pay: Minor
    lines: tuple[QuotedLineAnswer, ...]
    redeemables: tuple[RedeemableAnswer, ...] = ()
    points: tuple[PointsPaidAnswer, ...] = ()
    cards: tuple[CardPaidAnswer, ...] = ()
    earns: tuple[EarnsAnswer, ...] = ()
    gives: tuple[str, ...] = ()
    hints: tuple[HintAnswer, ...] = ()
    next_rewards: tuple[NextRewardAnswer, ...] = ()
    challenges: tuple[ChallengeAnswer, ...] = ()
    approximate: bool = False
    rest: Minor = 0


class HoldChangeAnswer(_Answer, frozen=True):
    """What became of something that was held before the cart changed, or is now.

    ``kind`` is ``reward``, ``points`` or ``card``; ``what`` is ``kept``, ``taken`` or ``given_back``.
    ``before`` and ``now`` are the discount or the money in minor units, or the points. What was given back
    although it is asked for still says why, as in the quote.
    """

    kind: str
    name: str
    what: str
    before: int
    now: int
    reward: str | None = None
    reason: str | None = None
    message: str | None = None
    by: str | None = None


class RedemptionAnswer(_Answer, frozen=True):
    """A hold or a redemption: ``held``, ``redeemed``, ``released`` or ``rolled_back``.

    ``changes`` tell of a hold whose cart changed what became of everything that it held.
    """

    id: str
    state: str
    customer: str | None
    quote: QuoteAnswer
    order: str | None = None
    held_until: str | None = None
    balances: tuple[BalanceAnswer, ...] = ()
    changes: tuple[HoldChangeAnswer, ...] = ()


class RollbackAnswer(_Answer, frozen=True):
    """What came back: points by ``program/wallet``, and money to gift cards in minor units."""

    id: str
    redemption: str
    state: str
    points: dict[str, Points] = {}
    cards: Minor = 0


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(RedemptionAnswer).decode


def encode_redemption(answer: RedemptionAnswer | RollbackAnswer) -> bytes:
    """Write an answer as JSON; the bytes are stored, and replayed as they are."""
    return _encode(answer)


def decode_redemption(answer: bytes) -> RedemptionAnswer:
    """Read the stored answer of a hold or redemption."""
    return _decode(answer)


def with_state(answer: bytes, state: RedemptionState) -> bytes:
    """Return a stored answer in another state; a hold that is none any more ends at no time."""
    if not answer:
        return answer
    known = _decode(answer)
    held_until = known.held_until if state is RedemptionState.HELD else None
    return _encode(
        msgspec.structs.replace(
            known, state=state.name.lower(), held_until=held_until, balances=(), changes=()
        )
    )


def redemption_answer(
    batch: Batch,
    command: PostRedemption,
    member: Member,
    checkout: Checkout,
    state: RedemptionState,
    held_until: Instant | None,
) -> RedemptionAnswer:
    """Return the answer to a hold or redemption, with the member's balances after it."""
    return RedemptionAnswer(
        id=command.id,
        state=state.name.lower(),
        customer=command.customer,
        order=command.order_id,
        held_until=None if held_until is None else format_instant(held_until),
        quote=quote_answer(batch.workspace, checkout),
        balances=balance_answers(batch, member),
    )


def quote_answer(workspace: Workspace, checkout: Checkout) -> QuoteAnswer:
    """Return a checkout in the words of the API."""
    quote = checkout.quote
    names = wallet_names(workspace)
    codes = {live.program_id: live.code for live in workspace.programs}
    return QuoteAnswer(
        currency=quote.order.currency or workspace.programs[0].latest.program.currency,
        subtotal=quote.subtotal,
        discount_total=quote.discount_total,
        shipping=quote.shipping,
        shipping_discount=quote.shipping_discount,
        total=quote.total,
        to_pay=checkout.to_pay,
        lines=_lines(quote),
        redeemables=tuple(_redeemables(workspace, quote.redeemables)),
        points=tuple(
            PointsPaidAnswer(
                wallet=names[unit],
                points=paid.points,
                amount=paid.amount,
                reason=None if paid.reason is None else paid.reason.value,
            )
            for (_, unit), paid in checkout.points.items()
        ),
        cards=tuple(
            CardPaidAnswer(card=str(card.card_id), amount=card.amount, left=card.left)
            for card in checkout.cards
        ),
        earns=tuple(
            EarnsAnswer(wallet=names[unit], points=points) for unit, points in _earned(quote).items()
        ),
        gives=tuple(
            f"{codes[program]}/{reward}" for program, rewards in quote.gives.items() for reward in rewards
        ),
        approximate=quote.approximate,
        rest=checkout.rest,
    )


def with_what_is_near(answer: QuoteAnswer, workspace: Workspace, quote: Quote) -> QuoteAnswer:
    """Return the answer with what the cart just misses, and what the member can almost claim after it."""
    codes = {live.program_id: live.code for live in workspace.programs}
    names = wallet_names(workspace)
    return msgspec.structs.replace(
        answer,
        hints=tuple(
            HintAnswer(
                reward=f"{codes[hint.program]}/{hint.reward}",
                name=hint.name,
                amount=hint.amount,
                quantity=hint.quantity,
            )
            for hint in quote.hints
        ),
        next_rewards=tuple(
            NextRewardAnswer(
                reward=f"{codes[program]}/{near.reward}",
                name=near.name,
                wallet=names[near.unit],
                price=near.price,
                missing=near.missing,
            )
            for program, near in quote.to_next_reward.items()
        ),
    )


def wallet_names(workspace: Workspace) -> dict[int, str]:
    """Return ``program/wallet`` for the unit of every wallet that a program has or had."""
    return {
        compiled.unit: f"{live.code}/{compiled.spec.id}"
        for live in workspace.programs
        for version in live.versions
        for compiled in version.wallets
    }


def _lines(quote: Quote) -> tuple[QuotedLineAnswer, ...]:
    return tuple(
        QuotedLineAnswer(
            id=line.id,
            sku=line.sku,
            quantity=line.quantity,
            amount=line.amount,
            discount=line.discount,
            total=line.amount - line.discount,
            discounts=tuple(
                [
                    LineDiscountAnswer(redeemable=part.redeemable, amount=part.amount)
                    for part in line.discounts
                ]
            ),
            added_by=line.added_by,
        )
        for line in quote.lines
    )


def _redeemables(workspace: Workspace, redeemables: Sequence[QuotedRedeemable]) -> list[RedeemableAnswer]:
    codes = {live.program_id: live.code for live in workspace.programs}
    return [
        RedeemableAnswer(
            name=one.name,
            program=codes.get(one.program, ""),
            reward=one.reward,
            source=one.source.value,
            status=one.standing.status.value,
            discount=one.standing.discount,
            reason=None if one.standing.reason is None else one.standing.reason.value,
            message=one.standing.words or None,
            details=one.standing.details,
            by=one.standing.by,
            text=_own_words(workspace, one),
        )
        for one in redeemables
    ]


def _own_words(workspace: Workspace, one: QuotedRedeemable) -> dict[str, str] | None:
    """Return what the shop itself says, by language, where a reward of its latest version is refused."""
    reason = one.standing.reason
    if reason is None or one.standing.status is Status.APPLICABLE:
        return None
    live = next((live for live in workspace.programs if live.program_id == one.program), None)
    compiled = None if live is None else live.latest.rewards.get(one.reward)
    if compiled is None:
        return None
    return text_for(compiled.reward.refusals, reason.value)


def _earned(quote: Quote) -> dict[int, Points]:
    points: dict[int, Points] = {}
    for awards in quote.earns.values():
        for award in awards:
            points[award.unit] = points.get(award.unit, 0) + award.points
    return points
