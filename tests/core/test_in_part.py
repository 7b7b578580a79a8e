"""A reward whose price points pay in part: what may be paid so, and what the rest costs in money."""

from __future__ import annotations

import pytest

from perennial.core.document.document import read_program
from perennial.core.document.program import Program
from perennial.core.effects import Debit, Entitle
from perennial.core.orders.order import Line, Order, OrderStatus
from perennial.core.rehearsal.checkout import CartAsked, CheckoutRehearsal
from perennial.core.rehearsal.rehearsal import RehearsalRefused
from perennial.core.terms.in_part import InPart
from perennial.core.validation.validation import validate
from perennial.units import parse_instant

AT = parse_instant("2026-06-01T12:00:00Z")
PROGRAM = """
program: points
name: Points
wallets: [{id: points, name: Points}]
rewards:
  - id: mug
    name: A mug
    price: 1000
    in_part: {points: 100, amount: 75, least: 200}
    gives: [{type: physical, sku: mug}]
  - id: cap
    name: A cap
    price: 500
    in_part: {points: 100, amount: 100}
    gives: [{type: amount_off, value: 500}]
"""


def read(text: str) -> Program | list[str]:
    """Return the program of a document, or its problems."""
    found = read_program(text)
    problems = found if isinstance(found, list) else validate(found)
    return [f"{one.path} {one.code}" for one in problems] if problems or isinstance(found, list) else found


def shop(points: int) -> CheckoutRehearsal:
    """A shop whose customer anna has so many points."""
    program = read(PROGRAM)
    assert isinstance(program, Program), program
    play = CheckoutRehearsal(program)
    play.join("anna", AT)
    play.adjust("anna", AT, "points", points)
    return play


@pytest.mark.parametrize(
    ("there", "points", "refused"),
    [
        (1000, None, None),
        (999, None, "insufficient_points"),
        (1000, 1000, None),
        (500, 200, None),
        (500, 199, "not_in_part"),
        (2000, 1001, "not_in_part"),
        (300, 301, "insufficient_points"),
    ],
)
def test_a_claim_pays_what_it_says(there: int, points: int | None, refused: str | None) -> None:
    """Between the least and the whole price everything pays; the voucher or claim notes what was paid."""
    play = shop(there)
    if refused is None:
        decision = play.claim("anna", AT, "mug", points=points)[0]
        paid = sum(effect.amount for effect in decision.effects if isinstance(effect, Debit))
        assert paid == (points or 1000)
        assert [effect.points for effect in decision.effects if isinstance(effect, Entitle)] == [paid]
    else:
        with pytest.raises(RehearsalRefused) as error:
            play.claim("anna", AT, "mug", points=points)
        assert error.value.refusal.code.value == refused


def test_the_rest_is_rounded_up() -> None:
    """100 points cost 0.75: one point costs one cent, 667 points 5.01 (5.0025 rounded up)."""
    part = InPart(points=100, amount=75)
    assert [part.rest(points) for points in (0, 1, 100, 667)] == [0, 1, 75, 501]


def test_the_catalogue_says_for_how_many_points_it_can_be_had() -> None:
    """With 200 points the mug can be claimed, with 199 not; the cap from its first point on."""
    for points, claimable in ((200, ["mug", "cap"]), (199, ["cap"])):
        found = shop(points).catalogue("anna", AT)
        assert [each.compiled.reward.id for each in found if not each.reasons] == claimable


@pytest.mark.parametrize(
    ("points", "discount", "rest", "to_pay"),
    [(None, 500, 0, 3_500), (500, 500, 0, 3_500), (200, 500, 300, 3_800), (1, 500, 499, 3_999)],
)
def test_a_cart_pays_the_rest_in_money(points: int | None, discount: int, rest: int, to_pay: int) -> None:
    """5.00 off for 500 points: whoever pays 200 of them pays 3.00, and so saves 2.00 on 40.00."""
    play = shop(600)
    done = play.quote("anna", AT, cart(points))
    assert (done.quote.discount_total, done.rest, done.to_pay) == (discount, rest, to_pay)
    play.redeem("anna", "r1", AT, cart(points))
    assert play.member("anna").wallets[play.version_at(AT).wallets[0].unit].balance == 600 - (points or 500)
    play.roll_back("r1", AT, {})
    assert play.member("anna").wallets[play.version_at(AT).wallets[0].unit].balance == 600


@pytest.mark.parametrize(("points", "reason"), [(501, "not_in_part"), (450, "insufficient_points")])
def test_a_cart_says_why_not(points: int, reason: str) -> None:
    """More than the price is refused, and more than is there; nothing is paid for what is not given."""
    done = shop(400).quote("anna", AT, cart(points))
    standing = done.quote.redeemables[0].standing
    assert (standing.reason, done.rest, done.to_pay) == (reason, 0, 4_000)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("price: 1000\n", "codes: {shared: MUG}\n"), "rewards[0].in_part no_price"),
        (("least: 200", "least: 1001"), "rewards[0].in_part.least more_than_price"),
    ],
)
def test_a_part_needs_a_price(change: tuple[str, str], problem: str) -> None:
    """A part of nothing, and a least part above the price, are mistakes."""
    found = read(PROGRAM.replace(*change))
    assert isinstance(found, list)
    assert problem in found


def cart(points: int | None) -> CartAsked:
    """Return a cart of 40.00 on which the cap is claimed."""
    order = Order(status=OrderStatus.CREATED, lines=(Line(sku="tea", amount=4_000),), currency="USD")
    return CartAsked(order=order, rewards=("cap",), pays={} if points is None else {"cap": points})
