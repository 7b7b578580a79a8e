"""Gift cards (the kind ``gift_card``): money, and nothing that lowers a price."""

from __future__ import annotations

from perennial.core.pricing.redeemables import Reason
from tests.core.pricing_stage import cart, code, line, quoted, version_of

CARD = {"id": "card", "price": 100, "gives": [{"type": "gift_card", "value": 10_000, "extra": 1_000}]}


def test_a_card_is_worth_its_value_and_what_is_put_on_top() -> None:
    """A reward with a gift card knows what is put on it, and what a claim is worth."""
    compiled = version_of(CARD).rewards["card"]
    assert (compiled.card_for(None), compiled.reward.claim_value()) == (11_000, 11_000)


def test_a_card_is_no_discount() -> None:
    """Entered where a discount is expected, it takes nothing off."""
    version = version_of(CARD)
    quote = quoted(version, cart(line("a", 5_000)), code(version, "card", claimed=True))
    assert (quote.discount_total, quote.redeemables[0].standing.reason) == (0, Reason.NOT_FOR_ORDERS)
