"""What pays for an order after all discounts: points at a rate, and then gift cards.

A payment is no discount: what an order earns does not depend on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec

from perennial.core.checkout.used import UsedLot
from perennial.core.currency import format_money
from perennial.core.document.program import PointsPayment
from perennial.core.effects import Credit, Debit, Effect
from perennial.core.kinds.rule import ONE, ten_thousandths
from perennial.core.member import Member
from perennial.core.orders.order import Scalar
from perennial.core.pricing.redeemables import Reason, Wanted
from perennial.core.refusals import Refusal, RefusalCode
from perennial.core.wallets.spending import spend
from perennial.ledger.account import Account
from perennial.ledger.lot import LotKey, Origin
from perennial.units import Instant, Minor, Points, Rounding, divide


class PointsPaid(msgspec.Struct, frozen=True, kw_only=True):
    """How many points pay, and how much; ``reason`` says why it is less than was asked for."""

    points: Points = 0
    amount: Minor = 0
    reason: Reason | None = None


class Card(msgspec.Struct, frozen=True):
    """A gift card that was entered, with what it holds; ``wanted`` is its voucher, which may be refused."""

    card_id: UUID
    balance: Minor
    wanted: Wanted | None = None


class CardPaid(msgspec.Struct, frozen=True):
    """What one gift card pays, and what it holds after that."""

    card_id: UUID
    amount: Minor
    left: Minor


def pay_with_points(
    terms: PointsPayment, wanted: Points | None, available: Points, total: Minor
) -> PointsPaid:
    """Return what points pay of ``total``, cut down to what the terms and the balance allow.

    ``wanted`` None asks for as many as possible. Points beyond whole steps of the terms stay with the member
    without a reason.
    """
    most = divide(total * ten_thousandths(terms.most), 100 * ONE, Rounding.DOWN)
    whole = most // terms.amount
    if terms.cover and most == total and whole * terms.amount < most:
        whole += 1
    if terms.most_points is not None:
        whole = min(whole, terms.most_points // terms.points)
    asked = available if wanted is None else wanted
    steps = min(min(asked, available) // terms.points, whole)
    points = steps * terms.points
    if points < max(terms.least, 1):
        short = available < max(terms.least, terms.points)
        why = Reason.INSUFFICIENT_POINTS if short else Reason.CONDITIONS_NOT_MET
        return PointsPaid(reason=why if asked else None)
    reason: Reason | None = None
    if wanted is not None and steps < wanted // terms.points:
        short = available < wanted and available // terms.points <= whole
        reason = Reason.INSUFFICIENT_POINTS if short else Reason.ORDER_CAP
    return PointsPaid(points=points, amount=min(steps * terms.amount, most), reason=reason)


def pay_with_cards(cards: Sequence[Card], total: Minor) -> list[CardPaid]:
    """Return what each card pays of ``total``, one after the other as they were entered, each once."""
    paid: dict[UUID, CardPaid] = {}
    for card in cards:
        if card.card_id in paid:
            continue
        amount = min(card.balance, total)
        total -= amount
        paid[card.card_id] = CardPaid(card.card_id, amount, card.balance - amount)
    return list(paid.values())


def too_little_on_card(wanted: Minor | None, balance: Minor, currency: str) -> Refusal | None:
    """Return why so much (None: all that there is) cannot leave a card, or None if it can."""
    if balance and (wanted is None or wanted <= balance):
        return None
    words = "Nothing is on the card."
    if balance and wanted is not None:
        there, asked = (f"{format_money(each, currency)} {currency}" for each in (balance, wanted))
        words = f"{there} are on the card, and {asked} were to be moved."
    required = max(wanted or 1, 1)
    details: dict[str, Scalar] = {"required": required, "available": balance, "missing": required - balance}
    return Refusal(RefusalCode.INSUFFICIENT_POINTS, words, details)


def charge_card(
    card: Member, unit: int, amount: Minor, at: Instant, target: Account, bucket: int
) -> tuple[tuple[Effect, ...], tuple[UsedLot, ...]]:
    """Return what takes ``amount`` out of a card, and which lots that uses; ``target`` is HELD or REDEEMED.

    A card is an owner of its own, in ``bucket``; its wallet of ``unit`` has to be loaded with its lots.
    """
    wallet = card.wallets[unit]
    effects, _ = spend(wallet, unit, amount, at, target)
    assert wallet.lots is not None, "the lots of an entered card are loaded"
    lots = tuple(
        UsedLot(bucket, card.owner, effect.unit, wallet.lots[effect.lot_id].key, effect.amount)
        for effect in effects
        if isinstance(effect, Debit)
    )
    return tuple(effects), lots


def is_full(card: Member, unit: int, given: Minor) -> bool:
    """Return whether nobody touched a gift card: it holds what it was ``given`` with, and never held more."""
    wallet = card.wallets.get(unit)
    return wallet is not None and wallet.balance == wallet.earned == given


def card_credit(unit: int, amount: Minor, at: Instant) -> Credit:
    """Return what puts money on a card that is issued or topped up, as it is issued by the program."""
    return Credit(unit, amount, LotKey(Origin.EARNED, at, None), Account.ISSUED, pending=False)
