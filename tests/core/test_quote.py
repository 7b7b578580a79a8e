"""Quotes: what rewards take off a cart, line by line, and why others do not."""

from __future__ import annotations

from perennial.core.pricing.redeemables import Reason, Source, Status
from tests.core.pricing_stage import anna, cart, code, line, quoted, version_of

TEN_PERCENT = {"id": "ten", "gives": [{"type": "percent_off", "percent": "10"}], "automatic": True}
SHIPPING = {
    "id": "ship",
    "gives": [{"type": "free_shipping"}],
    "usable_when": {"fact": "order.total", "at_least": 5_000},
    "codes": {"shared": "SHIP"},
}


def test_a_percentage_of_the_order_is_rounded_once_and_shared() -> None:
    """10 % of 10.05 is 1.01 (half up), shared by largest remainder over the lines."""
    quote = quoted(version_of(TEN_PERCENT), cart(line("a", 333), line("b", 672)))
    assert (quote.subtotal, quote.discount_total, quote.total) == (1_005, 101, 904)
    assert [one.discount for one in quote.lines] == [33, 68]
    assert quote.redeemables[0].source is Source.AUTOMATIC
    assert [(part.redeemable, part.amount) for part in quote.lines[1].discounts] == [(0, 68)]


def test_a_code_takes_shipping_off_from_a_total_on() -> None:
    """The threshold looks at what earlier rewards left: 10 % of 55.00 leaves 49.50, which is too little."""
    version = version_of(TEN_PERCENT, SHIPPING)
    fits = quoted(version, cart(line("a", 6_000), shipping=490), code(version, "ship"))
    assert (fits.shipping_discount, fits.total) == (490, 5_400)
    short = quoted(version, cart(line("a", 5_500), shipping=490), code(version, "ship"))
    assert (short.shipping_discount, short.total) == (0, 5_440)
    standing = short.redeemables[0].standing
    assert (standing.status, standing.reason) == (Status.INAPPLICABLE, Reason.CONDITIONS_NOT_MET)
    assert standing.details["value"] == 4_950


def test_what_was_quoted_earns_after_discounts() -> None:
    """A member's quote says what the order would earn: points on what is left to pay."""
    rules = [{"id": "base", "type": "per_amount", "points": 1, "per": 100}]
    quote = quoted(version_of(TEN_PERCENT, earning_rules=rules), cart(line("a", 10_000)), member=anna())
    assert [award.points for award in quote.earns[1]] == [90]


def test_an_amount_off_each_unit_stops_at_the_floor() -> None:
    """A floor price keeps what it keeps, and an order discount moves on to lines with room."""
    off = {"id": "off", "gives": [{"type": "amount_off", "value": 1_200}], "automatic": True}
    lines = (line("cup", 1_000), line("board", 2_000, floor=1_900), line("mouse", 5_000, floor=5_000))
    quote = quoted(version_of(off), cart(*lines, line("phones", 3_000, floor=2_600)))
    assert [one.discount for one in quote.lines] == [700, 100, 0, 400]
