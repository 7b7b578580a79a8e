"""A reward with prices in several wallets: the first that fits is taken, or that of the wallet named."""

from __future__ import annotations

import pytest

from perennial.core.document.document import read_program
from perennial.core.document.program import Program
from perennial.core.effects import Debit
from perennial.core.orders.order import Line, Order, OrderStatus
from perennial.core.rehearsal.checkout import CartAsked, CheckoutRehearsal
from perennial.core.rehearsal.rehearsal import RehearsalRefused, UnknownName
from perennial.core.validation.validation import validate
from perennial.units import parse_instant

AT = parse_instant("2026-06-01T12:00:00Z")
PROGRAM = """
program: cafe
name: Cafe
wallets:
  - {id: points, name: Points}
  - {id: stars, name: Stars, spending: [{points: 4}]}
tiers:
  metrics: [{id: spend, measure: orders.net, window: {calendar: year}}]
  levels:
    - {id: guest, name: Guest, reach: {spend: 0}}
    - {id: gold, name: Gold, reach: {spend: 100000}}
rewards:
  - id: cap
    name: A cap
    wallet: points
    price: 300
    prices: [{points: 3, wallet: stars}, {points: 200, tiers: [gold]}]
    gives: [{type: amount_off, value: 500}]
  - id: mug
    name: A mug
    wallet: points
    price: 300
    prices: [{points: 2, wallet: stars, tiers: [gold]}]
    in_part: {points: 100, amount: 75, least: 100}
    gives: [{type: physical, sku: mug}]
"""


def read(text: str) -> Program | list[str]:
    """Return the program of a document, or its problems."""
    found = read_program(text)
    problems = found if isinstance(found, list) else validate(found)
    return [f"{one.path} {one.code}" for one in problems] if problems or isinstance(found, list) else found


def cafe(points: int, stars: int, tier: str | None = None) -> CheckoutRehearsal:
    """A cafe whose customer anna has so much of both."""
    program = read(PROGRAM)
    assert isinstance(program, Program), program
    play = CheckoutRehearsal(program)
    play.join("anna", AT)
    for wallet, given in (("points", points), ("stars", stars)):
        if given:
            play.adjust("anna", AT, wallet, given)
    if tier is not None:
        play.assign_tier("anna", AT, tier)
    return play


def held(play: CheckoutRehearsal) -> tuple[int, int]:
    """Return what anna has, in points and stars."""
    return play.wallet("anna", "points").balance, play.wallet("anna", "stars").balance


def cart(wallet: str | None, points: int | None = None) -> CartAsked:
    """Return a cart of 40.00 on which the cap is claimed."""
    order = Order(status=OrderStatus.CREATED, lines=(Line(sku="tea", amount=4_000),), currency="USD")
    return CartAsked(
        order=order,
        rewards=("cap",),
        pays={} if points is None else {"cap": points},
        wallets={} if wallet is None else {"cap": wallet},
    )


@pytest.mark.parametrize(
    ("tier", "wallet", "left"),
    [
        (None, None, (1_000, 1)),
        (None, "stars", (1_000, 1)),
        (None, "points", (700, 4)),
        ("gold", "points", (800, 4)),
        ("gold", None, (1_000, 1)),
    ],
)
def test_who_claims_says_what_pays(tier: str | None, wallet: str | None, left: tuple[int, int]) -> None:
    """The first price of the wallet that is for the member pays, and nothing of another wallet."""
    play = cafe(1_000, 4, tier)
    decision = play.claim("anna", AT, "cap", wallet=wallet)[0]
    assert len({effect.unit for effect in decision.effects if isinstance(effect, Debit)}) == 1
    assert held(play) == left
    play = cafe(1_000, 4, tier)
    done = play.redeem("anna", "r1", AT, cart(wallet))[0]
    assert (done.quote.discount_total, held(play)) == (500, left)
    play.roll_back("r1", AT, {})
    assert held(play) == (1_000, 4)


def test_no_other_wallet_steps_in() -> None:
    """With 299 points and stars enough, 300 points are refused, in a claim as in a cart, and vice versa."""
    for there, wallet, missing in (((299, 4), "points", 1), ((1_000, 2), "stars", 1), ((1_000, 2), None, 1)):
        play = cafe(*there)
        with pytest.raises(RehearsalRefused) as error:
            play.claim("anna", AT, "cap", wallet=wallet)
        assert error.value.refusal.code.value == "insufficient_points"
        assert error.value.refusal.details["missing"] == missing
        standing = play.quote("anna", AT, cart(wallet)).quote.redeemables[0].standing
        assert (standing.reason, standing.details["missing"]) == ("insufficient_points", missing)


def test_without_a_price_in_the_wallet_the_refusal_names_it() -> None:
    """The mug costs stars for gold members only: others are told so, and pay points if they name nothing."""
    play = cafe(1_000, 4)
    with pytest.raises(RehearsalRefused) as error:
        play.claim("anna", AT, "mug", wallet="stars")
    refusal = error.value.refusal
    assert (refusal.code.value, refusal.details["wallet"]) == ("no_matching_price", "stars")
    assert refusal.words == "No price of reward mug in wallet stars is for this member."
    play.claim("anna", AT, "mug")
    assert held(play) == (700, 4)
    gold = cafe(1_000, 4, "gold")
    gold.claim("anna", AT, "mug")
    gold.claim("anna", AT, "mug", points=150, wallet="points")
    assert held(gold) == (850, 2)


def test_a_cart_names_the_wallet_without_a_price() -> None:
    """A cart says of which wallet there is no price, and takes nothing off."""
    program = read(PROGRAM.replace("{points: 3, wallet: stars}", "{points: 3, wallet: stars, tiers: [gold]}"))
    assert isinstance(program, Program)
    play = CheckoutRehearsal(program)
    play.join("anna", AT)
    play.adjust("anna", AT, "stars", 4)
    standing = play.quote("anna", AT, cart("stars")).quote.redeemables[0].standing
    assert (standing.reason, standing.details) == ("not_offered", {"wallet": "stars"})
    assert standing.words == "no price of cap in wallet stars is for this member"


def test_the_limit_of_the_wallet_that_pays_counts() -> None:
    """Four stars may be spent: the second cap is refused in stars, and can be had for points."""
    play = cafe(300, 10)
    play.claim("anna", AT, "cap", wallet="stars")
    with pytest.raises(RehearsalRefused) as error:
        play.claim("anna", AT, "cap", wallet="stars")
    assert error.value.refusal.code.value == "limit_reached"
    play.claim("anna", AT, "cap", wallet="points")
    assert held(play) == (0, 7)


def test_a_wallet_that_is_not_there() -> None:
    """A wallet that the program does not have is a mistake of the caller."""
    for ask in (
        lambda: cafe(1_000, 4).claim("anna", AT, "cap", wallet="beans"),
        lambda: cafe(1_000, 4).quote("anna", AT, cart("beans")),
    ):
        with pytest.raises(UnknownName, match="no wallet 'beans'"):
            ask()


@pytest.mark.parametrize(
    ("points", "stars", "tier", "cap", "mug"),
    [
        (300, 3, None, [("stars", 3, True), ("points", 300, True)], [("points", 300, True)]),
        (99, 3, None, [("stars", 3, True), ("points", 300, False)], [("points", 300, False)]),
        (
            200,
            2,
            "gold",
            [("stars", 3, False), ("points", 200, True)],
            [("stars", 2, True), ("points", 300, True)],
        ),
    ],
)
def test_the_catalogue_has_a_price_of_each_wallet(
    points: int,
    stars: int,
    tier: str | None,
    cap: list[tuple[str, int, bool]],
    mug: list[tuple[str, int, bool]],
) -> None:
    """One choice per wallet, what it costs there, and whether it can be claimed so; a part of it may do."""
    play = cafe(points, stars, tier)
    version = play.version_at(AT)
    for found, choices in zip(play.catalogue("anna", AT), (cap, mug), strict=True):
        seen = [
            (version.wallets[each.price.wallet].spec.id, each.price.points, not each.reasons)
            for each in found.choices
            if each.price is not None
        ]
        assert seen == choices
        assert (not found.reasons) is choices[0][2]


@pytest.mark.parametrize(("points", "wallet", "missing"), [(350, "points", 250), (250, "stars", 50)])
def test_the_next_reward_counts_what_the_cart_pays(points: int, wallet: str, missing: int) -> None:
    """The mug costs 300 points: of 350 the cap leaves 50; of 250 it leaves all, if stars pay for it."""
    following = cafe(points, 10).quote("anna", AT, cart(wallet)).quote.to_next_reward.values()
    assert [(each.reward, each.missing) for each in following] == [("mug", missing)]


@pytest.mark.parametrize(
    ("points", "stars", "nearest"),
    [
        (0, 1, [("mug", 1)]),  # 300 points, or one star more
        (299, 0, [("mug", 1)]),  # two stars, or one point more
        (0, 2, [("cap", 1)]),  # two stars pay for the mug
        (300, 0, []),  # and 300 points for either
    ],
)
def test_the_next_reward_may_be_paid_from_any_wallet(
    points: int, stars: int, nearest: list[tuple[str, int]]
) -> None:
    """Gold members pay for the mug in points or in stars: the nearer one counts, and neither if one does."""
    order = Order(status=OrderStatus.CREATED, lines=(Line(sku="tea", amount=4_000),), currency="USD")
    quote = cafe(points, stars, "gold").quote("anna", AT, CartAsked(order=order)).quote
    assert [(each.reward, each.missing) for each in quote.to_next_reward.values()] == nearest


def test_a_stranger_has_no_choice() -> None:
    """Who is no member has no price, in no wallet."""
    program = read(PROGRAM)
    assert isinstance(program, Program)
    assert [each.choices for each in CheckoutRehearsal(program).catalogue("eve", AT)] == [(), ()]


@pytest.mark.parametrize(
    ("prices", "problems"),
    [
        ("{points: 3, wallet: stars}, {points: 4, wallet: stars, tiers: [gold]}", [0]),
        ("{points: 3, wallet: stars}, {points: 200}", [1]),
        ("{points: 200}, {points: 3, wallet: stars}", [0]),
        ("{points: 3, wallet: stars}, {points: 200, tiers: [gold]}", []),
    ],
)
def test_only_a_price_of_the_same_wallet_is_never_reached(prices: str, problems: list[int]) -> None:
    """Behind a price that everybody pays another of its wallet makes no sense; one of another wallet does."""
    found = read(PROGRAM.replace("{points: 3, wallet: stars}, {points: 200, tiers: [gold]}", prices))
    told = [] if isinstance(found, Program) else found
    assert told == [f"rewards[0].prices[{index}] never_reached" for index in problems]
