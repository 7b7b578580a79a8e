"""The worked examples once more with other numbers, each figure worked out on paper beside it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cases.priced_examples import PricedExample
from tests.cases.test_priced_examples import compare
from tests.cases.worked_examples import Plain


def cart(lines: str, **more: Any) -> Plain:
    """A cart in words: the product, the price of a unit, and how many (``a 1000x2, b 500``)."""
    found = []
    for line in lines.split(", "):
        sku, _, rest = line.partition(" ")
        price, _, qty = rest.partition("x")
        found.append({"id": sku, "sku": sku, "unit_price": int(price), "qty": int(qty or 1)})
    return {"lines": found} | more


def off(amount: int, target: str = "order", **more: Any) -> Plain:
    """An amount off."""
    return {"type": "amount_off", "target": target, "amount": amount} | more


def percent(share: str, target: str = "order", **more: Any) -> Plain:
    """A percentage off."""
    return {"type": "percent_off", "target": target, "percent": share} | more


def one(effect: Plain, name: str = "P", **more: Any) -> Plain:
    """A promotion with one effect."""
    return {"id": name, "effect": effect} | more


def at_least(amount: int, **more: Any) -> Plain:
    """A minimum spend."""
    return {"conditions": [{"type": "min_subtotal", "amount": amount} | more]}


def floors(lines: str, **least: int) -> Plain:
    """A cart with floor prices."""
    made = cart(lines)
    for line in made["lines"]:
        line["min_unit_price"] = least[line["sku"]]
    return made


EACH = {"spread": "each_unit"}
TIERED = {"type": "percent_off_tiered", "target": "order"}
STEPS = [{"from": 5000, "percent": "5"}, {"from": 10000, "percent": "10"}]
SET = {"bundle": [{"sku": "a", "qty": 2}, {"sku": "b", "qty": 1}], "type": "amount_off", "target": "lines"}
TWO_AND_ONE = {"type": "buy_get_free", "buy": {"sku": ["a", "b", "c"], "qty": 2}}
IN_CART = {"sku": ["a", "b", "c"], "qty": 1, "mode": "in_cart"}

ONE_CART: list[tuple[str, list[Plain], Plain, Plain, Plain]] = [
    # 1000 x 3333/10000 = 333.3 twice and 333.4: the spare unit to the largest remainder.
    (
        "spare to the largest",
        [one(off(1000))],
        cart("a 3333, b 3333, c 3334"),
        {},
        {"line_discounts": {"a": 333, "b": 333, "c": 334}},
    ),
    (
        "spare to the first",
        [one(off(1000))],
        cart("a 500, b 500, c 500"),
        {},
        {"line_discounts": {"a": 334, "b": 333, "c": 333}},
    ),
    # 4998 x 7.5 % = 374.85; of 375 a has 149.98 and b 225.02.
    (
        "percent of the order",
        [one(percent("7.5"))],
        cart("a 1999, b 2999"),
        {},
        {"discount_total": 375, "line_discounts": {"a": 150, "b": 225}},
    ),
    # 149.925 and 224.925, each by itself.
    (
        "percent of lines",
        [one(percent("7.5", "lines"))],
        cart("a 1999, b 2999"),
        {},
        {"line_discounts": {"a": 150, "b": 225}},
    ),
    # 14.5 twice is 15 twice; once on the order it is 29.
    ("half up on lines", [one(percent("2.9", "lines"))], cart("a 500, b 500"), {}, {"discount_total": 30}),
    ("half up on the order", [one(percent("2.9"))], cart("a 500, b 500"), {}, {"discount_total": 29}),
    # 8000: 800, then 15 % of 7200.
    (
        "percent on reduced",
        [one(percent("10"), "A"), one(percent("15"), "B")],
        cart("a 8000"),
        {},
        {"discount_total": 1880, "by_promotion": {"A": 800, "B": 1080}},
    ),
    (
        "percent on initial",
        [one(percent("10"), "A"), one(percent("15"), "B")],
        cart("a 8000"),
        {"percent_base": "initial"},
        {"discount_total": 2000},
    ),
    ("threshold, just", [one(off(300), **at_least(5000))], cart("a 2500x2"), {}, {"discount_total": 300}),
    (
        "threshold, beyond",
        [one(off(300), **at_least(5000, inclusive=False))],
        cart("a 2500x2"),
        {},
        {"discount_total": 0, "applied": []},
    ),
    # 5500 - 600 = 4900 is too little; 5600 - 600 = 5000 is enough for 10 %.
    (
        "threshold on reduced",
        [one(off(600), "A", priority=1), one(percent("10"), "B", priority=2, **at_least(5000))],
        cart("a 5500"),
        {},
        {"discount_total": 600, "applied": ["A"]},
    ),
    (
        "threshold on reduced, just",
        [one(off(600), "A", priority=1), one(percent("10"), "B", priority=2, **at_least(5000))],
        cart("a 5600"),
        {},
        {"discount_total": 1100, "applied": ["A", "B"]},
    ),
    (
        "exclusive wins",
        [one(off(1000), "N", priority=1), one(percent("5"), "E", priority=2, exclusive=True)],
        cart("a 10000"),
        {},
        {"discount_total": 500, "applied": ["E"]},
    ),
    # 12 % of 9000 is 1080, of 10000 it is 1200.
    (
        "best is the amount",
        [one(percent("12"), "A"), one(off(1100), "B")],
        cart("a 9000"),
        {"same_level": "best"},
        {"discount_total": 1100, "applied": ["B"]},
    ),
    (
        "best is the share",
        [one(percent("12"), "A"), one(off(1100), "B")],
        cart("a 10000"),
        {"same_level": "best"},
        {"discount_total": 1200, "applied": ["A"]},
    ),
    ("cap reached", [one(percent("20", cap=1500))], cart("a 10000"), {}, {"discount_total": 1500}),
    ("cap not reached", [one(percent("20", cap=1500))], cart("a 6000"), {}, {"discount_total": 1200}),
    (
        "no unit below nothing",
        [one(off(150, "lines", **EACH))],
        cart("a 100x3, b 400x2"),
        {},
        {"line_discounts": {"a": 300, "b": 300}},
    ),
    (
        "no line below nothing",
        [one(off(250, "lines", spread="each_line"))],
        cart("a 200, b 900x2"),
        {},
        {"line_discounts": {"a": 200, "b": 250}},
    ),
    (
        "shipping up to",
        [one({"type": "free_shipping", "cap": 300})],
        cart("a 1000", shipping=500),
        {},
        {"shipping_discount": 300, "order_total": 1200},
    ),
    # 499 x 33 % = 164.67.
    (
        "share of shipping",
        [one(percent("33", "shipping"))],
        cart("a 1000", shipping=499),
        {},
        {"shipping_discount": 165, "order_total": 1334},
    ),
    (
        "a price never rises",
        [one({"type": "set_unit_price", "price": 700})],
        cart("a 999x3, b 650"),
        {},
        {"line_discounts": {"a": 897, "b": 0}},
    ),
    # Six units, two of three are bought: the two cheapest are free.
    (
        "two and one",
        [one(TWO_AND_ONE | {"get": IN_CART})],
        cart("a 900x2, b 500x2, c 700x2"),
        {},
        {"discount_total": 1000, "free_units": {"b": 2}},
    ),
    (
        "two and one, five units",
        [one(TWO_AND_ONE | {"get": IN_CART})],
        cart("a 900x2, b 500, c 700x2"),
        {},
        {"discount_total": 500},
    ),
    (
        "a set, twice",
        [one(SET | {"amount": 500, "scale": "per_bundle"})],
        cart("a 800x5, b 400x2"),
        {},
        {"discount_total": 1000},
    ),
    ("a set, once", [one(SET | {"amount": 500})], cart("a 800x5, b 400x2"), {}, {"discount_total": 500}),
    ("a step below", [one(TIERED | {"tiers": STEPS})], cart("a 4999"), {}, {"discount_total": 0}),
    # 9999 x 5 % = 499.95.
    ("the first step", [one(TIERED | {"tiers": STEPS})], cart("a 9999"), {}, {"discount_total": 500}),
    ("the second step", [one(TIERED | {"tiers": STEPS})], cart("a 5000x2"), {}, {"discount_total": 1000}),
    # 999 x 50 % = 499.5.
    (
        "the cheapest unit",
        [one(percent("50", "cheapest_unit"))],
        cart("a 1001x2, b 999x2"),
        {},
        {"discount_total": 500, "discounted_units": {"b": 1}},
    ),
    (
        "the dearest unit",
        [one(off(5000, "most_expensive_unit"))],
        cart("a 1001x2, b 999"),
        {},
        {"discount_total": 1001},
    ),
    # 1000 1000 600 | 600 300 300: the third and the sixth.
    (
        "every third unit",
        [
            one(
                percent(
                    "100",
                    "units",
                    pick={"order_by": "unit_price_desc", "unit": "unit", "skip": 2, "every": 3},
                )
            )
        ],
        cart("a 1000x2, b 600x2, c 300x2"),
        {},
        {"discount_total": 900},
    ),
    # 450 each; a takes 100, and b the rest of 900.
    (
        "a floor moves on",
        [one(off(900))],
        floors("a 1000, b 1000", a=900, b=0),
        {},
        {"line_discounts": {"a": 100, "b": 800}},
    ),
    ("floors all over", [one(off(400))], floors("a 1000, b 500", a=950, b=400), {}, {"discount_total": 150}),
    # 10 % of 2000, then 10 % of 2800, though the order's comes first by priority.
    (
        "items before order",
        [
            one(percent("10"), "O", priority=1),
            one(percent("10", "lines", select={"sku": "a"}), "L", priority=2),
        ],
        cart("a 2000, b 1000"),
        {},
        {"discount_total": 480, "by_promotion": {"L": 200, "O": 280}},
    ),
    (
        "one of a group",
        [one(off(100), "A", group="G", priority=2), one(off(200), "B", group="G", priority=1)],
        cart("a 1000"),
        {"category_limits": {"G": 1}},
        {"discount_total": 200, "applied": ["B"]},
    ),
    (
        "one on the order",
        [one(off(100), "A"), one(off(200), "B"), one(off(50, "lines"), "L")],
        cart("a 1000"),
        {"order_level_limit": 1},
        {"discount_total": 150, "applied": ["L", "A"]},
    ),
    # 15 % of 2 x 1299 = 389.7, without b.
    (
        "all but one",
        [one(percent("15", "lines", select={"exclude": {"sku": "b"}}))],
        cart("a 1299x2, b 5000"),
        {},
        {"line_discounts": {"a": 390, "b": 0}},
    ),
]


@pytest.mark.parametrize(
    ("promotions", "order", "settings", "expected"),
    [each[1:] for each in ONE_CART],
    ids=[each[0] for each in ONE_CART],
)
def test_one_cart(promotions: list[Plain], order: Plain, settings: Plain, expected: Plain) -> None:
    """What one cart costs."""
    given = {"promotions": promotions, "settings": settings}
    shown = PricedExample({"given": given, "when": [{"op": "price", "order": order}]}).run()
    compare(expected | {"after": 1}, shown[0], "one cart")


TEA = cart("a 1000")
ONCE = {"total_uses": 1}

SEVERAL: list[tuple[str, list[Plain], list[Plain], dict[int, Plain]]] = [
    (
        "a canceled order gives its use back",
        [one(off(100), limits=ONCE)],
        [
            {"op": "place", "order": TEA, "customer": "c1", "ref": "o"},
            {"op": "price", "order": TEA, "customer": "c2"},
            {"op": "cancel", "order_ref": "o"},
            {"op": "price", "order": TEA, "customer": "c2"},
        ],
        {
            1: {"applied": ["P"]},
            2: {"applied": [], "error": "usage_limit_exceeded"},
            4: {"discount_total": 100},
        },
    ),
    (
        "a use that does not come back",
        [one(off(100), limits=ONCE | {"return_use_on_cancel": False})],
        [
            {"op": "place", "order": TEA, "customer": "c1", "ref": "o"},
            {"op": "cancel", "order_ref": "o"},
            {"op": "price", "order": TEA, "customer": "c2"},
        ],
        {3: {"applied": [], "error": "usage_limit_exceeded"}},
    ),
    (
        "a guest's use comes back as well",
        [one(off(100), limits=ONCE)],
        [
            {"op": "place", "order": TEA, "ref": "o"},
            {"op": "price", "order": TEA},
            {"op": "cancel", "order_ref": "o"},
            {"op": "price", "order": TEA},
        ],
        {2: {"error": "usage_limit_exceeded"}, 4: {"discount_total": 100}},
    ),
    (
        "a budget of 10.00: 6.00, then not 6.00 more, then 4.00",
        [one(off(600), "SIX", limits={"budget_amount": 1000})],
        [
            {"op": "place", "order": TEA, "customer": "c1", "ref": "o"},
            {"op": "price", "order": TEA, "customer": "c2"},
            {"op": "price", "order": cart("a 400"), "customer": "c2"},
            {"op": "cancel", "order_ref": "o"},
            {"op": "price", "order": TEA, "customer": "c2"},
        ],
        {
            2: {"discount_total": 0, "error": "budget_exceeded"},
            3: {"discount_total": 400},
            5: {"discount_total": 600},
        },
    ),
    (
        "three units in all, at half price: cut within the order",
        [one(percent("50", "units"), limits={"units_total": 3})],
        [
            {"op": "place", "order": cart("a 1000x2"), "customer": "c1"},
            {"op": "price", "order": cart("a 1000x2"), "customer": "c2"},
        ],
        {1: {"discount_total": 1000}, 2: {"discount_total": 500, "discounted_units": 1}},
    ),
    (
        "two units of every product: 10 % of two a and two b, then of one b alone",
        [one(percent("10", "units"), limits={"units_total_per_product": 2})],
        [
            {"op": "price", "order": cart("a 1000x3, b 500x3"), "customer": "c1"},
            {"op": "place", "order": cart("a 1000x2, b 500"), "customer": "c1"},
            {"op": "price", "order": cart("a 1000, b 500x2"), "customer": "c2"},
        ],
        {
            1: {"discount_total": 300, "by_promotion": {"P": 300}, "applied": ["P"], "not_applied": []},
            2: {"discount_total": 250},
            3: {"discount_total": 50, "applied": ["P"]},
        },
    ),
    (
        "two units of every product by a code, and one of each by every customer",
        [
            one(
                percent("10", "units"),
                code="TEN",
                limits={"units_total_per_product": 2, "units_per_customer_per_product": 1},
            )
        ],
        [
            {"op": "place", "order": cart("a 1000x3, b 500x3"), "customer": "c1", "codes": ["TEN"]},
            {"op": "price", "order": cart("a 1000"), "customer": "c1", "codes": ["TEN"]},
            {"op": "place", "order": cart("a 1000x3"), "customer": "c2", "codes": ["TEN"]},
            {"op": "price", "order": cart("a 1000, b 500"), "customer": "c3", "codes": ["TEN"]},
        ],
        {
            1: {"discount_total": 150, "line_discounts": {"a": 100, "b": 50}},
            2: {"discount_total": 0, "error": "customer_limit_exceeded"},
            3: {"discount_total": 100},
            4: {"discount_total": 50, "line_discounts": {"a": 0, "b": 50}},
        },
    ),
    (
        "once per customer, and not for guests",
        [one(percent("5"), limits={"uses_per_customer": 1})],
        [
            {"op": "place", "order": TEA, "customer": "c1", "ref": "o"},
            {"op": "price", "order": TEA, "customer": "c1"},
            {"op": "price", "order": TEA, "customer": "c2"},
            {"op": "price", "order": TEA},
        ],
        {
            2: {"error": "customer_limit_exceeded"},
            3: {"discount_total": 50},
            4: {"error": "customer_required"},
        },
    ),
    (
        "whole days, both of them",
        [one(off(70), code="MARCH", active_from="2026-03-01", active_to="2026-03-31")],
        [
            {"op": "price", "order": TEA, "codes": ["MARCH"], "at": "2026-02-28T23:59:59"},
            {"op": "price", "order": TEA, "codes": ["MARCH"], "at": "2026-03-31T23:59:59"},
            {"op": "price", "order": TEA, "codes": ["MARCH"], "at": "2026-04-01"},
        ],
        {1: {"error": "not_started"}, 2: {"discount_total": 70}, 3: {"error": "expired"}},
    ),
]


@pytest.mark.parametrize(
    ("promotions", "when", "expected"), [each[1:] for each in SEVERAL], ids=[each[0] for each in SEVERAL]
)
def test_several_orders(promotions: list[Plain], when: list[Plain], expected: dict[int, Plain]) -> None:
    """What orders leave of the limits of promotions."""
    shown = PricedExample({"given": {"promotions": promotions}, "when": when}).run()
    for after, figures in expected.items():
        compare(figures | {"after": after}, shown[after - 1], f"step {after}")


def test_all_or_nothing() -> None:
    """With ``application: all`` a code that does not apply keeps the others from applying."""
    promotions = [one(off(100), "A", code="A"), one(off(50), "B", code="B", **at_least(2000))]
    when = [{"op": "price", "order": TEA, "codes": codes} for codes in (["A", "B"], ["A"])]
    given = {"promotions": promotions, "settings": {"application": "all"}}
    shown = PricedExample({"given": given, "when": when}).run()
    assert [each["discount_total"] for each in shown] == [0, 100]
