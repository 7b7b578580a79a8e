"""Limits of what may be spent of a wallet: payments are cut to what is left, claims are refused."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from perennial.core.claims.canceling import decide_cancellation
from perennial.core.document.document import program_of
from perennial.core.document.program import Program
from perennial.core.effects import UseLimit
from perennial.core.events import EntitlementCanceled
from perennial.core.orders.order import Line, Order, OrderStatus
from perennial.core.pricing.redeemables import Reason
from perennial.core.rehearsal.checkout import CartAsked, CheckoutRehearsal
from perennial.core.rehearsal.rehearsal import RehearsalRefused
from perennial.core.validation.validation import validate
from perennial.ledger.lot import LotKey, Origin
from perennial.units import Instant, Points, parse_instant

MARCH = parse_instant("2026-03-31T12:00:00Z")
APRIL = parse_instant("2026-04-01T00:00:00Z")


def shop(*limits: dict[str, Any], **pays: Any) -> CheckoutRehearsal:
    """A shop in which ten points pay 0.10, a mug costs 300 of them, and anna and ben have 1,000 each."""
    mug = {"id": "mug", "name": "A mug", "price": 300, "gives": [{"type": "amount_off", "value": 300}]}
    tasting = {"type": "experience", "event": "tasting", "capacity": 9}
    seat = {"id": "seat", "name": "A seat", "price": 300, "gives": [tasting]}
    wallet = {
        "id": "points",
        "name": "Points",
        "spending": list(limits),
        "pays": {"points": 10, "amount": 10, **pays},
    }
    document = {"program": "shop", "name": "Shop", "wallets": [wallet], "rewards": [mug, seat]}
    program = program_of(document)
    assert isinstance(program, Program), program
    assert validate(program) == []
    play = CheckoutRehearsal(program)
    for who in ("anna", "ben"):
        play.join(who, MARCH)
        play.adjust(who, MARCH, "points", 1_000)
    return play


def cart(points: Points | None, *rewards: str, amount: int = 5_000) -> CartAsked:
    """Return a cart that so many points shall pay; None is as many as possible."""
    order = Order(status=OrderStatus.CREATED, lines=(Line(id="1", sku="tea", amount=amount),))
    return CartAsked(order=order, points={"points": points}, rewards=rewards)


def pay(
    play: CheckoutRehearsal, who: str, name: str, asked: CartAsked, at: Instant = MARCH
) -> tuple[Points, Reason | None]:
    """Redeem a cart; return how many points paid, and why it was not more."""
    checkout, _ = play.redeem(who, name, at, asked)
    [paid] = checkout.points.values()
    return paid.points, paid.reason


def refused(play: CheckoutRehearsal, who: str, reward: str, at: Instant = MARCH) -> dict[str, Any] | None:
    """Claim a reward; return why it was refused and the numbers, or None if it was given."""
    try:
        play.claim(who, at, reward)
    except RehearsalRefused as error:
        return {"code": error.refusal.code.value, **error.refusal.details}
    return None


def test_a_payment_is_cut_to_what_may_be_spent() -> None:
    """250 a month: 200 pay, then 50 of 100, then none; a new month begins at the first of it, local time."""
    play = shop({"points": 250, "every": "month"})
    assert pay(play, "anna", "r1", cart(200)) == (200, None)
    assert pay(play, "anna", "r2", cart(100)) == (50, Reason.LIMIT_REACHED)
    assert pay(play, "anna", "r3", cart(None)) == (0, Reason.LIMIT_REACHED)
    assert pay(play, "ben", "r4", cart(None)) == (250, Reason.LIMIT_REACHED)
    assert pay(play, "anna", "r5", cart(None), APRIL) == (250, Reason.LIMIT_REACHED)


def test_a_payment_is_cut_in_whole_steps_and_to_the_least() -> None:
    """Of 255 points 250 can pay, in steps of ten; where at least 300 must pay, none do."""
    assert pay(shop({"points": 255}), "anna", "r", cart(None)) == (250, Reason.LIMIT_REACHED)
    assert pay(shop({"points": 255}, least=300), "anna", "r", cart(None)) == (0, Reason.LIMIT_REACHED)


def test_a_payment_is_refused_whole_where_the_limit_says_so() -> None:
    """250 in all, whole only: 260 do not pay at all, 250 do, and nothing after that."""
    play = shop({"points": 250, "at_cap": "reject"})
    assert pay(play, "anna", "r1", cart(260)) == (0, Reason.LIMIT_REACHED)
    assert pay(play, "anna", "r2", cart(250)) == (250, None)
    assert pay(play, "anna", "r3", cart(10)) == (0, Reason.LIMIT_REACHED)


def test_everybody_together_and_how_often() -> None:
    """1,500 in total are 1,000 of anna and 500 of ben; once per member is once, however little it was."""
    play = shop({"points": 1_500, "per": "total"})
    assert pay(play, "anna", "r1", cart(None)) == (1_000, None)
    assert pay(play, "ben", "r2", cart(None)) == (500, Reason.LIMIT_REACHED)
    play = shop({"times": 1, "every": "week"})
    assert pay(play, "anna", "r1", cart(10)) == (10, None)
    assert pay(play, "anna", "r2", cart(10)) == (0, Reason.LIMIT_REACHED)
    assert pay(play, "ben", "r3", cart(10)) == (10, None)


def test_a_claim_that_does_not_fit_is_refused() -> None:
    """Of 500 points a first claim takes 300; a second does not fit, and 200 may still pay for an order."""
    play = shop({"points": 500})
    assert refused(play, "anna", "mug") is None
    told = refused(play, "anna", "seat")
    assert told is not None
    assert (told["code"], told["cap"], told["used"]) == ("limit_reached", 500, 300)
    assert told["limit"] == "spending points: 500 points in all: 200 left"
    [mug, seat] = play.catalogue("anna", MARCH)
    assert [reason.code.value for reason in (*mug.reasons, *seat.reasons)] == ["limit_reached"] * 2
    assert pay(play, "anna", "r", cart(None)) == (200, Reason.LIMIT_REACHED)


def test_claims_in_a_cart_and_points_that_pay_share_the_limit() -> None:
    """700 points: a mug and a seat do not both fit beside each other with 500; what is left of 700 pays."""
    play = shop({"points": 500})
    found = play.quote("anna", MARCH, cart(None, "mug", "mug"))
    assert [one.standing.reason for one in found.quote.redeemables] == [None, Reason.LIMIT_REACHED]
    play = shop({"points": 700})
    assert pay(play, "anna", "r1", cart(None, "mug")) == (400, Reason.LIMIT_REACHED)
    assert pay(play, "anna", "r2", cart(None)) == (0, Reason.LIMIT_REACHED)


def test_what_is_given_back_may_be_spent_again() -> None:
    """A hold that is released, a redemption that is rolled back, a claim that is canceled: all come back."""
    play = shop({"points": 300, "every": "year"})
    play.redeem("anna", "hold", MARCH, cart(300), held_until=APRIL)
    assert refused(play, "anna", "mug") is not None
    play.release("hold", MARCH)
    assert pay(play, "anna", "r1", cart(None)) == (300, Reason.LIMIT_REACHED)
    play.roll_back("r1", APRIL, {})
    assert pay(play, "anna", "r2", cart(None), APRIL) == (300, Reason.LIMIT_REACHED)


@pytest.mark.parametrize(("refunded", "back"), [(300, 300), (0, 0)])
def test_a_canceled_claim_was_not_spent(refunded: Points, back: Points) -> None:
    """The limit has again what comes back of a claim; of one whose points do not, it keeps all."""
    play = shop({"points": 500})
    play.claim("anna", MARCH, "seat")
    version, member = play.versions[0], play.member("anna")
    unit, [limit] = version.wallets[0].unit, version.wallets[0].spending
    paid = ((LotKey(Origin.ADJUSTED, MARCH, None), refunded),) if refunded else ()
    event = EntitlementCanceled(
        id=UUID(int=1), at=APRIL, reward="seat", claimed_at=MARCH, unit=unit, paid=paid
    )
    effects = decide_cancellation(event, version, member, play.spent).effects
    number = version.limits[limit.index].number
    assert (
        -sum(each.amount for each in effects if isinstance(each, UseLimit) and each.limit == number) == back
    )


def test_with_the_last_unit_and_not_before() -> None:
    """Half of an order comes back, and half of its points; the limit has its 300 with the rest."""
    play = shop({"points": 300})
    order = Order(status=OrderStatus.CREATED, lines=(Line(id="1", sku="tea", amount=600, quantity=2),))
    play.redeem("anna", "r1", MARCH, CartAsked(order=order, points={"points": None}))
    play.roll_back("r1", MARCH, {"1": 1})
    assert play.wallet("anna", "points").balance == 850
    assert pay(play, "anna", "r2", cart(None)) == (0, Reason.LIMIT_REACHED)
    play.roll_back("r1", MARCH, {"1": 1})
    assert pay(play, "anna", "r3", cart(None)) == (300, Reason.LIMIT_REACHED)


def test_the_most_points_of_one_order() -> None:
    """At most 105 points, in steps of ten: 100 pay, however much there is; the next order takes as many."""
    play = shop(most_points=105)
    assert pay(play, "anna", "r1", cart(None)) == (100, None)
    assert pay(play, "anna", "r2", cart(200)) == (100, Reason.ORDER_CAP)


@pytest.mark.parametrize(
    ("wallet", "problem"),
    [
        ({"spending": [{"discount": 5}]}, ("wallets[0].spending[0].discount", "points_or_times")),
        ({"spending": [{"points": 5, "per": "location"}]}, ("wallets[0].spending[0].per", "no_location")),
        ({"spending": [{"points": 5, "times": 5}]}, ("wallets[0].spending[0]", "points_or_times")),
        (
            {"pays": {"amount": 1, "least": 50, "most_points": 49}},
            ("wallets[0].pays.most_points", "nobody_could_pay"),
        ),
        (
            {"pays": {"amount": 1, "points": 50, "most_points": 49}},
            ("wallets[0].pays.most_points", "nobody_could_pay"),
        ),
    ],
)
def test_limits_that_cannot_be_meant(wallet: dict[str, Any], problem: tuple[str, str]) -> None:
    """A limit of spending counts points or times of members or of all; a payment must be possible at all."""
    program = program_of({"program": "p", "name": "P", "wallets": [{"id": "w", "name": "W", **wallet}]})
    assert isinstance(program, Program), program
    assert [(each.path, each.code) for each in validate(program)] == [problem]


def test_a_guest_has_no_points_to_pay_with() -> None:
    """Nothing pays, and the reason is said."""
    checkout = shop().quote(None, MARCH, cart(100))
    [paid] = checkout.points.values()
    assert (paid.points, paid.reason, checkout.to_pay) == (0, Reason.CUSTOMER_REQUIRED, 5_000)
