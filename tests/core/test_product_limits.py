"""Units of each product that a promotion makes cheaper: its own cap for every sku, per member or in total."""

from __future__ import annotations

from typing import Any

import pytest

from perennial.core.document.document import program_of
from perennial.core.document.program import Program
from perennial.core.orders.order import Line, Order, OrderStatus
from perennial.core.pricing.redeemables import Reason
from perennial.core.rehearsal.checkout import CartAsked, CheckoutRehearsal
from perennial.core.validation.validation import validate
from perennial.units import Instant, Minor, parse_instant

MARCH = parse_instant("2026-03-31T12:00:00Z")
APRIL = parse_instant("2026-04-01T00:00:00Z")
HALF = {"type": "percent_off", "percent": "50", "target": "units"}
CUPS = {
    "type": "buy_x_get_y",
    "buy": 2,
    "get": 1,
    "lines": {"fact": "line.sku", "is": "cup"},
    "get_lines": {"fact": "line.sku", "is_not": "cup"},
}
ONE_EACH = {"units": 1, "per": "total", "by_product": True}


def shop(*limits: dict[str, Any], gives: dict[str, Any] = HALF, **parts: Any) -> CheckoutRehearsal:
    """A shop that gives something, half the price if nothing is said, with these limits and a code."""
    reward = {
        "id": "half",
        "name": "Half",
        "codes": {"shared": "HALF"},
        "gives": [gives],
        "limits": [*limits],
    }
    wallet = {"id": "points", "name": "Points"}
    program = program_of({"program": "shop", "name": "S", "wallets": [wallet], "rewards": [reward], **parts})
    assert isinstance(program, Program), program
    assert validate(program) == []
    play = CheckoutRehearsal(program)
    for who in ("anna", "ben"):
        play.join(who, MARCH)
    return play


def cart(*codes: str, **units: int) -> CartAsked:
    """Return a cart with so many units of each product, which cost 1.00 each."""
    lines = [Line(id=sku, sku=sku, amount=100 * count, quantity=count) for sku, count in units.items()]
    return CartAsked(order=Order(status=OrderStatus.CREATED, lines=tuple(lines)), codes=codes or ("HALF",))


def off(
    play: CheckoutRehearsal, who: str | None, name: str, asked: CartAsked, at: Instant = MARCH
) -> list[Minor]:
    """Redeem a cart; return what was taken off each line."""
    checkout, _ = play.redeem(who, name, at, asked)
    return [line.discount for line in checkout.quote.lines]


def test_every_product_has_the_cap_by_itself() -> None:
    """Two units of each: of three teas two and of one mug all; then one mug is left, and no tea."""
    play = shop({"units": 2, "per": "total", "by_product": True})
    assert off(play, "anna", "r1", cart(tea=3, mug=1)) == [100, 50]
    assert off(play, "ben", "r2", cart(tea=1, mug=2)) == [0, 50]
    assert off(play, None, "r3", cart(cup=5)) == [100]


def test_a_member_has_it_by_the_month() -> None:
    """Two teas of each member in a month, by the local calendar; the other member has two as well."""
    play = shop({"units": 2, "every": "month", "by_product": True})
    assert off(play, "anna", "r1", cart(tea=1)) == [50]
    assert off(play, "anna", "r2", cart(tea=2)) == [50]
    assert off(play, "ben", "r3", cart(tea=2)) == [100]
    assert off(play, "anna", "r4", cart(tea=2), APRIL) == [100]


def test_lines_of_one_product_share_its_cap() -> None:
    """Three units of tea on two lines: the first line has two of the two, the second none."""
    play = shop({"units": 2, "per": "total", "by_product": True})
    lines = tuple(Line(id=str(n), sku="tea", amount=100 * n, quantity=n) for n in (2, 1))
    asked = CartAsked(order=Order(status=OrderStatus.CREATED, lines=lines), codes=("HALF",))
    assert off(play, "anna", "r1", asked) == [100, 0]


def test_what_is_all_used_is_refused_with_the_limit() -> None:
    """The code says which limit has no room left for any product of the cart."""
    play = shop({"units": 2, "per": "total", "by_product": True})
    off(play, "anna", "r1", cart(tea=2))
    standing = play.quote("ben", MARCH, cart(tea=1)).quote.redeemables[0].standing
    assert standing.reason is Reason.LIMIT_REACHED
    limit = "reward half: 2 units in all of each product, all members together: used up"
    assert standing.words == f"half cannot be used now: {limit}"
    cut = play.quote("ben", MARCH, cart(tea=1, mug=1)).quote.redeemables[0].standing
    assert (cut.reason, cut.words) == (None, f"takes only what is left: {limit}")


def test_whole_uses_only() -> None:
    """With at_cap reject a cart with one tea too many gets nothing at all, and the next one what is there."""
    play = shop({"units": 2, "per": "total", "by_product": True, "at_cap": "reject"})
    assert off(play, "anna", "r1", cart(tea=3, mug=1)) == [0, 0]
    assert off(play, "anna", "r2", cart(tea=2, mug=1)) == [100, 50]


def test_beside_a_limit_of_all_units() -> None:
    """Three units in all and two of each: two teas and one mug, and then nothing more."""
    play = shop({"units": 2, "per": "total", "by_product": True}, {"units": 3, "per": "total"}, {"times": 9})
    assert off(play, "anna", "r1", cart(tea=3, mug=3)) == [100, 50]
    assert off(play, "anna", "r2", cart(mug=1)) == [0]


def test_holds_and_rollbacks_give_it_back() -> None:
    """A hold keeps its units until it is released; a redemption gives back one with each that returns."""
    play = shop({"units": 2, "per": "total", "by_product": True})
    play.redeem("anna", "hold", MARCH, cart(tea=2), held_until=APRIL)
    assert off(play, "ben", "r1", cart(tea=1)) == [0]
    play.release("hold", MARCH)
    assert off(play, "ben", "r2", cart(tea=2)) == [100]
    play.roll_back("r2", APRIL, {"tea": 1})
    assert off(play, "anna", "r3", cart(tea=2), APRIL) == [50]
    play.roll_back("r2", APRIL, {"tea": 1})
    assert off(play, "anna", "r4", cart(tea=2), APRIL) == [50]


def test_units_come_back_in_proportion() -> None:
    """Of three teas two were cheaper: the first that comes back frees none, a mug no tea, the second one."""
    play = shop({"units": 2, "per": "total", "by_product": True})
    assert off(play, "ben", "r1", cart(tea=3, mug=1)) == [100, 50]
    for number, (units, free) in enumerate([({"tea": 1}, 0), ({"mug": 1}, 0), ({"tea": 1}, 1)]):
        play.roll_back("r1", MARCH, units)
        assert off(play, "anna", f"try-{number}", cart(tea=9)) == [50 * free]
        play.roll_back(f"try-{number}", MARCH, {})


def test_what_does_not_come_back_stays_used() -> None:
    """With comes_back false a rollback frees nothing, a released hold does."""
    play = shop({"units": 2, "per": "total", "by_product": True, "comes_back": False})
    play.redeem("anna", "hold", MARCH, cart(tea=2), held_until=APRIL)
    play.release("hold", MARCH)
    assert off(play, "anna", "r1", cart(tea=2)) == [100]
    play.roll_back("r1", MARCH, {})
    assert off(play, "anna", "r2", cart(tea=1)) == [0]


def test_a_product_that_is_added_counts() -> None:
    """Buy two teas, get a mug: two mugs in all, whoever buys."""
    gives = {"type": "buy_x_get_y", "buy": 2, "get": 1, "mode": "extra", "sku": "mug", "unit_price": 300}
    play = shop({"units": 2, "per": "total", "by_product": True}, gives=gives)
    checkout, _ = play.redeem("anna", "r1", MARCH, cart(tea=6))
    assert [(line.sku, line.quantity, line.discount) for line in checkout.quote.lines][1:] == [
        ("mug", 2, 600)
    ]
    assert off(play, "ben", "r2", cart(tea=2)) == [0]


@pytest.mark.parametrize(
    ("gives", "limits", "asked", "taken"),
    [
        # The two cheapest are teas, of which one may be: the other one is a mug.
        (HALF | {"pick": {"by": "cheapest", "most": 2}}, (ONE_EACH,), {"tea": 3, "mug": 3}, [50, 50]),
        # There is no third product, so that one unit is missing.
        (HALF | {"pick": {"by": "cheapest", "most": 3}}, (ONE_EACH,), {"tea": 3, "mug": 3}, [50, 50]),
        # Of the five units that limits leave, whole groups of two.
        (HALF | {"pick": {"groups_of": 2}}, ({"units": 5, "per": "total"},), {"tea": 4, "mug": 4}, [200, 0]),
        # Four cups give two units free: one tea, and for the second tea a mug.
        (CUPS, (ONE_EACH,), {"cup": 4, "tea": 3, "mug": 3}, [0, 100, 100]),
    ],
)
def test_what_a_limit_keeps_out_makes_room_for_the_next(
    gives: dict[str, Any], limits: tuple[dict[str, Any], ...], asked: dict[str, int], taken: list[Minor]
) -> None:
    """A customer gets as many units as the pick names, as long as limits have room for any."""
    assert off(shop(*limits, gives=gives), "anna", "r1", cart(**asked)) == taken


def test_what_is_missing_is_said() -> None:
    """Where a unit behind takes the place of what a limit keeps out nothing is missing."""
    pick = HALF | {"pick": {"by": "cheapest", "most": 2}}
    checkout, _ = shop(ONE_EACH, gives=pick).redeem("anna", "r1", MARCH, cart(tea=3, mug=3))
    assert checkout.quote.redeemables[0].standing.words == ""
    checkout, _ = shop(ONE_EACH, gives=pick).redeem("anna", "r1", MARCH, cart(tea=3))
    words = "reward half: 1 unit in all of each product, all members together: used up"
    assert checkout.quote.redeemables[0].standing.words == f"takes only what is left: {words}"


def test_a_campaign_counts_what_all_its_rewards_make_cheaper() -> None:
    """Two rewards that a campaign bounds together: one tea each, and a third one for nobody."""
    rewards = [
        {
            "id": name,
            "name": name,
            "automatic": True,
            "gives": [HALF | {"percent": percent}],
            "priority": place,
        }
        for place, (name, percent) in enumerate((("a", "50"), ("b", "10")))
    ]
    limits = [{"units": 3, "per": "total", "by_product": True}]
    play = shop(campaigns=[{"id": "spring", "limits": limits, "rewards": rewards}])
    assert off(play, "anna", "r1", cart("NONE", tea=2)) == [105]
    assert off(play, "anna", "r2", cart("NONE", tea=2)) == [0]


@pytest.mark.parametrize(
    ("limit", "field"),
    [
        ({"times": 1, "by_product": True}, "by_product"),
        ({"units": 1, "per": "location", "by_product": True}, "per"),
    ],
)
def test_only_units_are_counted_by_product(limit: dict[str, Any], field: str) -> None:
    """Times have no product, and stores no part of a product's part."""
    reward = {"id": "half", "name": "Half", "automatic": True, "gives": [HALF], "limits": [limit]}
    wallet = {"id": "points", "name": "Points"}
    program = program_of({"program": "shop", "name": "S", "wallets": [wallet], "rewards": [reward]})
    assert isinstance(program, Program), program
    found = [(each.path, each.code) for each in validate(program)]
    assert found == [(f"rewards[0].limits[0].{field}", "units_by_product")]
