"""What an order just misses, and which reward a member can almost afford."""

from __future__ import annotations

from typing import Any

from perennial.core.checkout.next_reward import NextReward
from perennial.core.member import Wallet
from perennial.core.pricing.hints import Hint
from tests.core.pricing_stage import anna, cart, code, line, quoted, version_of

Plain = dict[str, Any]

SHIPPING = {
    "id": "ship",
    "name": "Free shipping",
    "gives": [{"type": "free_shipping"}],
    "usable_when": {"fact": "order.total", "at_least": 5_000},
    "automatic": True,
}


def off(name: str, value: int, *conditions: Plain, **fields: Any) -> Plain:
    """An automatic reward of so much off."""
    gives = [{"type": "amount_off", "value": value}]
    reward = {"id": name, "gives": gives, "automatic": True, "usable_when": {"all": list(conditions)}}
    return reward | fields


def at_least(amount: int, fact: str = "order.total") -> Plain:
    """A threshold."""
    return {"fact": fact, "at_least": amount}


def test_eight_more_for_free_shipping() -> None:
    """An order of 42.00 misses free shipping from 50.00 on by 8.00; one of 50.00 has it and no hint."""
    version = version_of(SHIPPING)
    quote = quoted(version, cart(line("a", 4_200), shipping=490))
    assert quote.hints == (Hint(program=1, reward="ship", name="Free shipping", amount=800),)
    assert quoted(version, cart(line("a", 5_000), shipping=490)).hints == ()


def test_a_hint_helps() -> None:
    """There is no hint where the reward would take nothing off, is not for the order, or is kept out."""
    other = {"fact": "order.channel", "is": "app"}
    version = version_of(
        SHIPPING,
        off("app", 500, at_least(5_000), other),
        off("alone", 100, combines="exclusive"),
        off("more", 500, at_least(5_000), combines="joint"),
    )
    quote = quoted(version, cart(line("a", 4_200)))
    assert [one.reward for one in quote.hints] == ["more"]
    by_app = quoted(
        version_of(off("app", 500, at_least(5_000), other)), cart(line("a", 4_200), channel="app")
    )
    assert [one.amount for one in by_app.hints] == [800]


def test_a_hint_says_what_is_missing_when_it_is_the_rewards_turn() -> None:
    """55.00 less 10 % are 49.50: free shipping misses 0.50; judged by the initial amount it has it."""
    ten = {"id": "ten", "gives": [{"type": "percent_off", "percent": "10"}], "automatic": True}
    order = cart(line("a", 5_500), shipping=490)
    quote = quoted(version_of(ten, SHIPPING), order)
    assert [(one.reward, one.amount) for one in quote.hints] == [("ship", 50)]
    assert quoted(version_of(ten, SHIPPING | {"judged_on": "initial"}), order).hints == ()
    # An item-level reward has its turn before the 10 %, and misses 5.00 of 60.00.
    early = {"type": "amount_off", "value": 100, "target": "lines"}
    first = {"id": "first", "gives": [early], "automatic": True, "usable_when": at_least(6_000)}
    assert [one.amount for one in quoted(version_of(ten, first), order).hints] == [500]


def test_hints_of_codes_and_of_quantities() -> None:
    """A code that was entered too early says what is missing, in units as well."""
    three = {"all": [at_least(3, "order.quantity"), {"fact": "order.total", "more_than": 4_999}]}
    reward = {
        "id": "three",
        "gives": [{"type": "amount_off", "value": 300}],
        "codes": {},
        "usable_when": three,
    }
    version = version_of(reward)
    quote = quoted(version, cart(line("a", 1_000, 2)), code(version, "three"))
    assert quote.hints == (Hint(program=1, reward="three", name="three", amount=3_000, quantity=1),)
    assert quoted(version, cart(line("a", 1_000, 2))).hints == ()


def test_the_five_nearest_come_first() -> None:
    """Of seven rewards that are missed the five nearest are told, the nearest first."""
    rewards = [off(f"r{i}", 100, at_least(10_000 * i)) for i in (7, 3, 5, 2, 6, 4, 8)]
    quote = quoted(version_of(*rewards), cart(line("a", 10_000)))
    assert [one.reward for one in quote.hints] == ["r2", "r3", "r4", "r5", "r6"]


def test_points_to_the_next_reward() -> None:
    """After an order of 60.00 a member of 300 points has 360: 140 are missing for the one of 500."""
    gives = [{"type": "amount_off", "value": 500}]
    version = version_of(
        {"id": "cheap", "gives": gives, "price": 360},
        {
            "id": "gold",
            "gives": gives,
            "price": 400,
            "when": {"fact": "wallet.points.earned", "at_least": 999},
        },
        {"id": "next", "gives": gives, "price": 500},
        {"id": "late", "gives": gives, "price": 450, "schedule": {"starts": "2027-01-01"}},
        {"id": "far", "gives": gives, "price": 900},
        earning_rules=[{"id": "base", "type": "per_amount", "points": 1, "per": 100}],
    )
    member = anna(wallets={1: Wallet(balance=300)})
    quote = quoted(version, cart(line("a", 6_000)), member=member)
    assert quote.to_next_reward == {1: NextReward("next", "next", 1, 500, 140)}
    rich = anna(wallets={1: Wallet(balance=3_000)})
    assert quoted(version, cart(line("a", 6_000)), member=rich).to_next_reward == {}
    assert quoted(version, cart(line("a", 6_000))).to_next_reward == {}
