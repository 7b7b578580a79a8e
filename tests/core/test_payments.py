"""Points and gift cards as payment: cut down to what is allowed, in whole steps, never more than is due."""

from __future__ import annotations

from uuid import UUID

import pytest

from perennial.core.checkout.payments import Card, PointsPaid, pay_with_cards, pay_with_points
from perennial.core.document.program import PointsPayment
from perennial.core.pricing.redeemables import Reason

HALF = PointsPayment(points=1, amount=1, least=500, most="50")
STEPS = PointsPayment(points=100, amount=500, least=100)
WHOLE = PointsPayment(points=1, amount=1, least=500)


@pytest.mark.parametrize(
    ("terms", "wanted", "available", "total", "paid"),
    [
        (HALF, 1_000, 5_000, 10_000, PointsPaid(points=1_000, amount=1_000)),
        (HALF, 1_000, 700, 10_000, PointsPaid(points=700, amount=700, reason=Reason.INSUFFICIENT_POINTS)),
        (HALF, 10_000, 10_000, 10_000, PointsPaid(points=5_000, amount=5_000, reason=Reason.ORDER_CAP)),
        (HALF, 10_000, 7_000, 10_000, PointsPaid(points=5_000, amount=5_000, reason=Reason.ORDER_CAP)),
        (STEPS, 900, 830, 4_100, PointsPaid(points=800, amount=4_000, reason=Reason.INSUFFICIENT_POINTS)),
        (STEPS, 1_050, 5_000, 100_000, PointsPaid(points=1_000, amount=5_000)),
        (WHOLE, 400, 5_000, 100_000, PointsPaid(reason=Reason.CONDITIONS_NOT_MET)),
        (WHOLE, 600, 400, 100_000, PointsPaid(reason=Reason.INSUFFICIENT_POINTS)),
    ],
)
def test_a_request_is_cut_to_what_is_allowed(
    terms: PointsPayment, wanted: int, available: int, total: int, paid: PointsPaid
) -> None:
    """Balance, share of the order, whole steps and the least number of points bound what pays."""
    assert pay_with_points(terms, wanted, available, total) == paid


def test_as_many_as_possible_rounds_steps_down_or_covers_the_rest() -> None:
    """12.34 takes two steps of 5.00; a program that lets the last step cover the rest takes three."""
    down = pay_with_points(STEPS, None, 5_000, 1_234)
    assert (down.points, down.amount) == (200, 1_000)
    cover = pay_with_points(PointsPayment(points=100, amount=500, cover=True), None, 5_000, 1_234)
    assert (cover.points, cover.amount) == (300, 1_234)


def test_cards_pay_one_after_the_other() -> None:
    """The first card pays what it holds, the second the rest, the third nothing."""
    cards = [Card(UUID(int=1), 300), Card(UUID(int=2), 900), Card(UUID(int=3), 50)]
    paid = [(one.amount, one.left) for one in pay_with_cards(cards, 1_000)]
    assert paid == [(300, 0), (700, 200), (0, 50)]
