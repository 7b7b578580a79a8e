"""The kinds of benefit that work on an order, each by figures worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from perennial.core.checkout.quote import Quote
from perennial.core.document.document import program_of
from perennial.core.document.program import Program
from perennial.core.orders.order import Line
from perennial.core.validation.validation import validate
from tests.core.pricing_stage import cart, line, quoted, version_of

TEA = {"fact": "line.categories", "contains": "tea"}
CUPS = {"fact": "line.categories", "contains": "cups"}


def tea(sku: str, unit_price: int, quantity: int = 1, **fields: Any) -> Line:
    """A line of the category tea."""
    return line(sku, unit_price, quantity, categories=("tea",), **fields)


def cups(sku: str, unit_price: int, quantity: int = 1) -> Line:
    """A line of the category cups."""
    return line(sku, unit_price, quantity, categories=("cups",))


def given(*gives: dict[str, Any], lines: tuple[Line, ...], shipping: int = 0, **fields: Any) -> Quote:
    """The quote of a cart with one reward that applies by itself."""
    stacking = fields.pop("stacking", {})
    reward = {"id": "it", "automatic": True, "gives": list(gives), **fields}
    return quoted(version_of(reward, stacking=stacking), cart(*lines, shipping=shipping))


def off(quote: Quote) -> list[int]:
    """What was taken off each line."""
    return [one.discount for one in quote.lines]


def test_amount_off_units_together_moves_what_does_not_fit() -> None:
    """7.00 off the two cheapest units: by price 5:3, or 3.50 each, of which one takes only its 3.00."""
    lines = (line("a", 1_000), line("b", 500), line("c", 300))
    pick = {"by": "cheapest", "most": 2}
    by_amount = {"type": "amount_off", "value": 700, "target": "units", "pick": pick}
    assert off(given(by_amount, lines=lines)) == [0, 438, 262]
    assert off(given(by_amount | {"share_by": "quantity"}, lines=lines)) == [0, 400, 300]


def test_amount_off_lines_is_shared_by_quantity() -> None:
    """6.00 over one unit and five: 1.00 and 5.00, whatever they cost."""
    gives = {"type": "amount_off", "value": 600, "target": "lines", "share_by": "quantity"}
    assert off(given(gives, lines=(line("a", 5_000), line("b", 200, 5)))) == [100, 500]


def test_amount_off_each_unit_never_passes_its_price_or_the_most() -> None:
    """5.00 off each unit, of which one costs 3.00; at most 9.00 in all gives each the same share."""
    gives = {"type": "amount_off", "value": 500, "target": "each_unit"}
    lines = (line("a", 300), line("b", 800, 2))
    assert off(given(gives, lines=lines)) == [300, 1_000]
    assert off(given(gives | {"most": 900}, lines=lines)) == [300, 600]
    assert off(given(gives | {"most": 1_200}, lines=lines)) == [300, 900]


def test_amount_off_every_second_line_from_the_dearest() -> None:
    """The dearest is skipped, then every second line gets 1.00 off: the second and the fourth."""
    gives = {"type": "amount_off", "value": 100, "target": "each_line"}
    pick = {"by": "dearest", "skip": 1, "every": 2}
    lines = (line("d", 400, 3), line("a", 900), line("c", 500), line("b", 700))
    assert off(given(gives | {"pick": pick}, lines=lines)) == [100, 0, 0, 100]


def test_percent_off_the_dearest_units_is_rounded_once_per_line() -> None:
    """15 % of the three dearest units: 1.05 and two of 0.33: 0.16 and 0.10, not two of 0.05."""
    gives = {"type": "percent_off", "percent": "15", "target": "units", "pick": {"by": "dearest", "most": 3}}
    assert off(given(gives, lines=(line("a", 33, 3), line("b", 105)))) == [10, 16]


def test_percent_off_lines_shares_its_cap_in_proportion() -> None:
    """10 % off 30.00 and 10.00 is 3.00 and 1.00; at most 2.00 is 1.50 and 0.50."""
    gives = {"type": "percent_off", "percent": "10", "target": "lines", "most": 200}
    assert off(given(gives, lines=(line("a", 3_000), line("b", 1_000)))) == [150, 50]


def test_percent_off_lines_can_be_rounded_together() -> None:
    """5 % of three lines of 0.10: 0.01 each, but 0.02 together, shared from the first line on."""
    gives = {"type": "percent_off", "percent": "5", "target": "lines"}
    lines = (line("a", 10), line("b", 10), line("c", 10))
    assert off(given(gives, lines=lines)) == [1, 1, 1]
    assert off(given(gives | {"share_by": "amount"}, lines=lines)) == [1, 1, 0]


def test_units_are_capped_per_line_and_in_all() -> None:
    """Two units per line and three in all: two of the first line and one of the second."""
    pick = {"most_per_line": 2, "most": 3}
    gives = {"type": "percent_off", "percent": "50", "target": "units", "pick": pick}
    assert off(given(gives, lines=(line("a", 100, 5), line("b", 100, 5)))) == [100, 50]


def test_every_third_unit_is_free() -> None:
    """Two are skipped, then each third is free: of seven units the third and the sixth."""
    gives = {"type": "percent_off", "percent": "100", "target": "units", "pick": {"skip": 2, "every": 3}}
    assert off(given(gives, lines=(line("a", 100, 4), line("b", 70, 3)))) == [100, 70]


def test_a_free_unit_is_not_the_cheapest() -> None:
    """What costs nothing is never picked: the cheapest unit is the cheapest that is paid."""
    gives = {
        "type": "percent_off",
        "percent": "100",
        "target": "units",
        "pick": {"by": "cheapest", "most": 1},
    }
    assert off(given(gives, lines=(line("sample", 0), line("a", 300), line("b", 200)))) == [0, 0, 200]


def test_percent_by_total_takes_the_highest_step_reached() -> None:
    """From three units 10 %, from five 20 %, counted over the chosen lines only."""
    steps = [{"at_least": 3, "percent": "10"}, {"at_least": 5, "percent": "20"}]
    gives = {"type": "percent_by_total", "steps": steps, "total": "quantity", "target": "lines", "lines": TEA}
    assert off(given(gives, lines=(tea("a", 100, 2), cups("x", 100, 9)))) == [0, 0]
    assert off(given(gives, lines=(tea("a", 100, 4), cups("x", 100, 9)))) == [40, 0]
    assert off(given(gives, lines=(tea("a", 100, 4), tea("b", 100, 1)))) == [80, 20]


def test_fixed_price_never_raises_a_price() -> None:
    """Tea at 5.00: what costs 4.00 stays, what costs 7.00 loses 2.00, and a floor of 6.00 holds."""
    gives = {"type": "fixed_price", "price": 500, "lines": TEA}
    lines = (tea("a", 400), tea("b", 700, 2), tea("c", 700, floor=600), cups("x", 900))
    assert off(given(gives, lines=lines)) == [0, 400, 100, 0]


def test_fixed_price_for_some_units() -> None:
    """At most two units at 1.00: two of three lose 2.00."""
    gives = {"type": "fixed_price", "price": 100, "pick": {"most": 2}}
    assert off(given(gives, lines=(line("a", 300, 3),))) == [400]


def test_free_product_adds_only_what_is_missing() -> None:
    """Two free teas where one is in the cart: it becomes free, and one is added at the same price."""
    gives = {"type": "free_product", "sku": "a", "quantity": 2}
    quote = given(gives, lines=(line("x", 1_000), tea("a", 400)))
    assert [(one.sku, one.quantity, one.amount, one.discount, one.added_by) for one in quote.lines] == [
        ("x", 1, 1_000, 0, None),
        ("a", 1, 400, 400, None),
        ("a", 1, 400, 400, 0),
    ]
    assert (quote.subtotal, quote.discount_total, quote.total) == (1_800, 800, 1_000)
    assert quote.order.lines[2].categories == ("tea",)


def test_free_product_is_always_added() -> None:
    """The one in the cart is paid, and another is added; its id is that of no other line."""
    gives = {"type": "free_product", "sku": "a", "mode": "always_add", "unit_price": 350}
    quote = given(gives, lines=(line("a", 400), line("added-1", 100)))
    assert [(one.id, one.amount, one.discount) for one in quote.lines] == [
        ("a", 400, 0),
        ("added-1", 100, 0),
        ("added-2", 350, 350),
    ]


def test_a_free_sample_without_a_price_is_added_all_the_same() -> None:
    """Nothing is taken off, but a line is added: the reward applies, and says by whom."""
    quote = given({"type": "free_product", "sku": "sample"}, lines=(line("a", 400),))
    assert [(one.sku, one.amount, one.added_by) for one in quote.lines] == [
        ("a", 400, None),
        ("sample", 0, 0),
    ]
    assert quote.total == 400


def test_free_product_in_the_cart_only() -> None:
    """The two cheapest teas of the cart are free; nothing is added."""
    gives = {"type": "free_product", "mode": "in_cart", "lines": TEA, "quantity": 2}
    assert off(given(gives, lines=(tea("a", 400), tea("b", 300), tea("c", 500)))) == [400, 300, 0]
    assert off(given(gives | {"by": "dearest"}, lines=(tea("a", 400), tea("b", 300)))) == [400, 300]
    assert off(given(gives, lines=(cups("x", 400),))) == [0]


def test_buy_two_get_one_frees_the_cheapest() -> None:
    """Of seven teas two are free, the cheapest; a third is free only once nine are in the cart."""
    gives = {"type": "buy_x_get_y", "buy": 2, "lines": TEA}
    lines = (tea("a", 300, 3), tea("b", 500, 3), tea("c", 200))
    assert off(given(gives, lines=lines)) == [300, 0, 200]
    assert off(given(gives | {"at_most": 1}, lines=lines)) == [0, 0, 200]
    assert off(given(gives | {"by": "dearest"}, lines=lines)) == [0, 1_000, 0]


def test_buy_two_get_two_may_give_one() -> None:
    """With three in the cart two are bought, and the third is free."""
    gives = {"type": "buy_x_get_y", "buy": 2, "get": 2}
    assert off(given(gives, lines=(line("a", 300, 3),))) == [300]
    assert off(given(gives, lines=(line("a", 300, 2),))) == [0]


def test_buy_tea_get_a_cup_at_half_price() -> None:
    """Four teas are two pairs: two cups are half off, the dearest as set, rounded up to the minor unit."""
    gives = {
        "type": "buy_x_get_y",
        "buy": 2,
        "lines": TEA,
        "get_lines": CUPS,
        "percent": "50",
        "by": "dearest",
    }
    lines = (tea("a", 300, 4), cups("x", 401), cups("y", 801, 2))
    assert off(given(gives, lines=lines)) == [0, 0, 801]
    assert off(given(gives, lines=(tea("a", 300, 3), cups("y", 801, 2)))) == [0, 401]


def test_what_can_only_be_bought_is_bought_first() -> None:
    """One green of any two teas is free: black tea counts as bought, so both greens are free."""
    green = {"fact": "line.sku", "is": "green"}
    gives = {"type": "buy_x_get_y", "buy": 1, "lines": TEA, "get_lines": green}
    assert off(given(gives, lines=(tea("green", 900, 2), tea("black", 300, 2)))) == [1_800, 0]
    assert off(given(gives, lines=(tea("green", 900, 2), tea("black", 300)))) == [900, 0]
    assert off(given(gives, lines=(tea("green", 900, 3), tea("black", 300)))) == [1_800, 0]


def test_buy_x_get_y_extra_adds_what_is_given() -> None:
    """Five bought are two pairs: two cups are added, worth 2.00 each, and free."""
    gives = {"type": "buy_x_get_y", "buy": 2, "lines": TEA, "mode": "extra", "sku": "cup", "unit_price": 200}
    quote = given(gives, lines=(tea("a", 300, 5),))
    assert [(one.sku, one.quantity, one.amount, one.discount) for one in quote.lines] == [
        ("a", 5, 1_500, 0),
        ("cup", 2, 400, 400),
    ]
    assert len(given(gives, lines=(tea("a", 300),)).lines) == 1


def test_a_bundle_has_its_price_as_often_as_it_pays() -> None:
    """A tea and two cups for 10.00: of the dearest, and not the one that would cost less apart."""
    parts = [{"lines": TEA}, {"lines": CUPS, "quantity": 2}]
    gives = {"type": "bundle", "parts": parts, "price": 1_000}
    lines = (tea("a", 600), tea("b", 400), cups("x", 500, 2), cups("y", 300, 2))
    assert off(given(gives, lines=lines)) == [225, 0, 375, 0]
    dear = (tea("a", 600, 2), cups("x", 500, 5))
    assert off(given(gives, lines=dear)) == [450, 750]
    assert off(given(gives | {"at_most": 1}, lines=dear)) == [225, 375]


def test_a_bundle_can_be_cheaper_by_an_amount_or_a_percentage() -> None:
    """Two pairs: 1.00 off each, or a quarter of what their units cost."""
    gives = {"type": "bundle", "parts": [{"lines": TEA}, {"lines": CUPS}]}
    lines = (tea("a", 600, 3), cups("x", 200, 2))
    assert off(given(gives | {"amount": 100}, lines=lines)) == [150, 50]
    assert off(given(gives | {"percent": "25"}, lines=lines)) == [300, 100]


def test_a_unit_is_in_one_part_of_a_bundle() -> None:
    """Any two teas with a green one: the only green is not one of the two, so three teas are needed."""
    green = {"fact": "line.sku", "is": "green"}
    gives = {"type": "bundle", "parts": [{"lines": TEA, "quantity": 2}, {"lines": green}], "amount": 90}
    assert off(given(gives, lines=(tea("green", 900), tea("black", 300)))) == [0, 0]
    assert off(given(gives, lines=(tea("green", 900), tea("black", 300, 2)))) == [54, 36]


def test_an_upgrade_costs_what_the_smaller_one_does() -> None:
    """One of two small coffees becomes a large one for 3.00; the line keeps the other."""
    small = {"fact": "line.sku", "is": "small"}
    gives = {"type": "upgrade", "lines": small, "sku": "large", "unit_price": 450, "pick": {"most": 1}}
    quote = given(gives, lines=(line("small", 300, 2),))
    assert [(one.sku, one.quantity, one.amount, one.discount) for one in quote.lines] == [
        ("small", 1, 300, 0),
        ("large", 1, 450, 150),
    ]
    assert (quote.subtotal, quote.discount_total, quote.total) == (750, 150, 600)
    cheaper = given(gives | {"unit_price": 200}, lines=(line("small", 300),))
    assert [(one.quantity, one.amount, one.discount) for one in cheaper.lines] == [(0, 0, 0), (1, 200, 0)]


def test_an_upgraded_line_keeps_its_own_discount() -> None:
    """Two units for 6.00 less 1.00: each is 2.50, and so is the large one that replaces one of them."""
    small = {"fact": "line.sku", "is": "small"}
    gives = {"type": "upgrade", "lines": small, "sku": "large", "unit_price": 450, "pick": {"most": 1}}
    quote = given(gives, lines=(line("small", 300, 2, discount=100),))
    assert [(one.amount, one.discount) for one in quote.lines] == [(250, 0), (450, 200)]
    assert [(one.quantity, one.amount, one.discount) for one in quote.order.lines] == [
        (1, 300, 50),
        (1, 450, 200),
    ]


def test_effects_of_one_reward_do_not_see_each_other() -> None:
    """Half off the cheapest unit and 10 % off each: both look at 2.00, and the same unit is the cheapest."""
    half = {"type": "percent_off", "percent": "50", "target": "units", "pick": {"by": "cheapest", "most": 1}}
    tenth = {"type": "percent_off", "percent": "10", "target": "units"}
    lines = (line("a", 300), line("b", 200, 2))
    assert off(given(half, tenth, lines=lines)) == off(given(tenth, half, lines=lines)) == [30, 140]
    again = off(given(half, half, lines=lines))
    assert again == [0, 200]


def test_full_price_only_leaves_out_what_is_cheaper_already() -> None:
    """A line with a discount of its own, and one that an earlier reward lowered, keep their price."""
    first = {"id": "first", "automatic": True, "priority": 1}
    first["gives"] = [{"type": "amount_off", "value": 10, "target": "lines", "lines": TEA}]
    last = {"id": "last", "automatic": True, "full_price_only": True}
    last["gives"] = [{"type": "percent_off", "percent": "10", "target": "lines"}]
    lines = (tea("a", 100), line("b", 100, discount=5), line("c", 100))
    assert off(quoted(version_of(first, last), cart(*lines))) == [10, 0, 10]


def test_a_discount_line_lowers_what_can_be_taken() -> None:
    """10.00 with a manual discount of 6.00: at most the 4.00 that are left, and never the shipping."""
    lines = (line("a", 1_000), line("manual", -600))
    quote = given({"type": "amount_off", "value": 900}, lines=lines, shipping=500)
    assert (off(quote), quote.total) == ([400, 0], 500)


def test_a_discount_line_lowers_what_each_line_can_lose() -> None:
    """7.00 and 5.00 with a manual discount of 6.00: free lines lose the 6.00 that are left, not 12.00."""
    lines = (line("a", 700), line("b", 500), line("manual", -600))
    quote = given({"type": "percent_off", "percent": "100", "target": "lines"}, lines=lines, shipping=500)
    assert (off(quote), quote.total) == ([600, 0, 0], 500)


def test_a_gift_counts_against_no_cap_of_the_order() -> None:
    """At most half of 10.00: the sample is free all the same, and 5.00 are taken off beside it."""
    gift = {"type": "free_product", "sku": "sample", "unit_price": 300}
    tenner = {"type": "amount_off", "value": 1_000}
    quote = given(gift, tenner, lines=(line("a", 1_000),), stacking={"most_off": "50"})
    assert (off(quote), quote.total) == ([500, 300], 500)


def test_the_most_that_an_order_may_lose_is_shared_fairly() -> None:
    """At most half of 10.00, asked for all of it: 3.00 and 2.00, not all off the first line."""
    lines = (line("a", 600), line("b", 400))
    quote = given({"type": "amount_off", "value": 1_000}, lines=lines, stacking={"most_off": "50"})
    assert off(quote) == [300, 200]


def test_what_is_added_makes_no_room_for_what_the_cart_has() -> None:
    """Of two free units one is in the cart: it is capped at half of the order, the added one is free."""
    both = {"type": "free_product", "sku": "a", "quantity": 2}
    quote = given(both, lines=(line("a", 1_000),), stacking={"most_off": "50"})
    assert [(one.amount, one.discount) for one in quote.lines] == [(1_000, 500), (1_000, 1_000)]


def test_many_units_are_priced_at_once() -> None:
    """A thousand million units, of which every second is half off."""
    gives = {"type": "percent_off", "percent": "50", "target": "units", "pick": {"every": 2}}
    assert off(given(gives, lines=(line("screw", 4, 10**9),))) == [10**9]


@pytest.mark.parametrize(
    ("benefit", "path", "code"),
    [
        ({"type": "percent_off", "percent": "5", "target": "shipping", "pick": {}}, "pick", "not_used"),
        (
            {"type": "percent_off", "percent": "5", "target": "lines", "pick": {"most_per_line": 1}},
            "pick.most_per_line",
            "not_used",
        ),
        (
            {"type": "amount_off", "value": 5, "target": "each_line", "share_by": "quantity"},
            "share_by",
            "not_used",
        ),
        ({"type": "amount_off", "value": 5, "target": "shipping", "pick": {}}, "pick", "not_used"),
        ({"type": "free_product"}, "sku", "missing"),
        ({"type": "free_product", "mode": "in_cart"}, "lines", "missing"),
        ({"type": "buy_x_get_y", "buy": 1, "mode": "extra"}, "sku", "missing"),
        ({"type": "buy_x_get_y", "buy": 1, "sku": "a"}, "sku", "not_used"),
        (
            {"type": "buy_x_get_y", "buy": 1, "get_lines": {"fact": "line.zzz", "is": 1}},
            "get_lines.fact",
            "unknown_fact",
        ),
        ({"type": "bundle", "parts": [{}]}, "price", "one_of"),
        ({"type": "bundle", "parts": [{}], "price": 1, "percent": "5"}, "percent", "one_of"),
        (
            {
                "type": "percent_by_total",
                "steps": [{"at_least": 5, "percent": "5"}, {"at_least": 5, "percent": "6"}],
            },
            "steps[1].at_least",
            "not_ascending",
        ),
    ],
)
def test_what_does_not_go_together_is_a_problem(benefit: dict[str, Any], path: str, code: str) -> None:
    """Fields of a benefit that contradict each other are named with their path."""
    reward = {"id": "it", "name": "It", "automatic": True, "gives": [benefit]}
    document = {
        "program": "shop",
        "name": "Shop",
        "wallets": [{"id": "points", "name": "Points"}],
        "rewards": [reward],
    }
    program = program_of(document)
    assert isinstance(program, Program), program
    assert [(one.path, one.code) for one in validate(program)] == [(f"rewards[0].gives[0].{path}", code)]
