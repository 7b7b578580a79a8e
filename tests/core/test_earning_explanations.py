"""Explanations: every rule, why or why not, with the numbers; the same points as the decision."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from perennial.core.conditions.walk import Seen
from perennial.core.effects import Count, Credit
from perennial.core.member import Wallet
from tests.core.earning_stage import NOON, Shopper, happened, line, local, paid, points_of, version_of

BASE: dict[str, Any] = {"id": "base", "type": "per_amount", "points": 1, "per": 100}
GOLD: dict[str, Any] = {
    "metrics": [{"measure": "orders.net"}],
    "levels": [{"id": "gold", "name": "Gold", "reach": {"metric": 10**9}, "multiplier": {"by": "1.5"}}],
}
DATED: dict[str, Any] = {
    "id": "points",
    "name": "Points",
    "pending": {"type": "period", "after": {"days": 14}},
    "expiry": {"type": "rolling", "after": {"months": 6}},
}


def test_the_whole_sentence() -> None:
    """The arithmetic, the multiplier with its name, and the dates, in one sentence."""
    shopper = Shopper(version_of([BASE], wallets=[DATED], tiers=GOLD), tier="gold")
    explanation = shopper.why(paid(4599))
    assert explanation.rules[0].words == (
        'Rule base: 1 point per 1.00 on 45.99, rounded down = 45 points; x1.5 (tier "Gold") = 67; '
        "pending until 2026-12-09, expires 2027-06-10"
    )
    assert explanation.words == f"Earned 67 points. {explanation.rules[0].words}."
    assert explanation.points == {"points": 67}
    assert explanation.tier == "gold"


def test_several_multipliers_are_named() -> None:
    """Two multipliers are named with their own factors and how they were combined."""
    double = {"id": "double", "multiplier": {"by": "2"}}
    version = version_of([BASE], tiers=GOLD, campaigns=[double], combine="sum")
    explained = Shopper(version, tier="gold").why(paid(2000)).rules[0]
    assert explained.words == (
        "Rule base: 1 point per 1.00 on 20.00, rounded down = 20 points; "
        'x2.5 (sum of tier "Gold" x1.5, campaign double x2) = 50'
    )


def test_the_numbers_of_a_rule() -> None:
    """Lines, amount, base, factor, what cut it, and what each line contributed."""
    coffee = {"fact": "line.categories", "contains": "coffee"}
    rule = BASE | {"lines": coffee, "limits": [{"points": 25, "every": "day"}]}
    shopper = Shopper(version_of([rule], tiers=GOLD), tier="gold")
    event = paid(
        line("a", 1000, id="first", categories=("coffee",)),
        line("b", 5000),
        line("c", 1000, categories=("coffee",)),
    )
    explained = shopper.why(event).rules[0]
    assert msgspec.to_builtins(explained) == {
        "rule": "base",
        "trigger": "order.paid",
        "wallet": "points",
        "fired": True,
        "words": 'Rule base: 1 point per 1.00 on 20.00, rounded down = 20 points; x1.5 (tier "Gold") = 30; '
        "cut to 25 (rule base: 25 points per day: 25 left)",
        "lines": ("first", "3"),
        "amount": 2000,
        "base": 20,
        "factor": "1.5",
        "factors": ('tier "Gold" x1.5',),
        "multiplied": 30,
        "cut_by": "rule base: 25 points per day: 25 left",
        "points": 25,
        "contributions": {"first": 13, "3": 12},
        "available_at": "2026-11-23T23:00:00Z",
    }


def test_the_condition_that_said_no() -> None:
    """The comparison, the path to it, and the value that it saw."""
    when = {"all": [{"fact": "order.total", "at_least": 5000}, {"fact": "order.channel", "is": "app"}]}
    shopper = Shopper(version_of([BASE | {"when": when}]))
    rule = shopper.why(paid(4999, channel="app")).rules[0]
    assert (rule.fired, rule.words) == (
        False,
        "Rule base: did not fire: what the order costs after all discounts is at least 5000 (was 4999).",
    )
    words = "what the order costs after all discounts is at least 5000"
    assert rule.because == (Seen("all[0]", words, 4999, held=False),)
    assert len(shopper.why(paid(4999)).rules[0].because) == 2


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ({"trigger": "review"}, "it is for review"),
        ({"trigger": "member.joined"}, 'it is for "Somebody joins"'),
        ({"schedule": {"starts": "2026-12-01"}}, "its schedule does not include Tue 2026-11-24 12:00:00"),
        (
            {"lines": {"fact": "line.sku", "is": "pen"}},
            "no line matches: the line's product is “pen”",
        ),
        ({"per": 10**9}, "the points come to 0"),
        (
            {"when": {"history": "orders.count", "window": {"ever": True}, "at_least": 3}},
            "the number of orders ever is at least 3 (was 0)",
        ),
        ({"when": {"fact": "order.location", "is": "mall"}}, "the location is “mall” (was missing)"),
    ],
)
def test_reasons_not_to_fire(rule: dict[str, Any], reason: str) -> None:
    """Every reason for which a rule gives nothing is named."""
    declared: dict[str, Any] = {"events": {"review": {}}}
    kind = {"id": "x", "type": "fixed", "points": 1} if "trigger" in rule else BASE | {"id": "x"}
    explained = Shopper(version_of([kind | rule], declarations=declared)).why(paid(4999)).rules[0]
    assert explained.words == f"Rule x: did not fire: {reason}."


@pytest.mark.parametrize(
    ("parts", "joined_at", "order", "reason"),
    [
        ({}, None, {}, "the customer is not a member"),
        ({"starts": "2026-11-25"}, 0, {}, "the program has not started"),
        ({"ends": "2026-11-23"}, 0, {}, "the program has ended"),
        ({}, 0, {"currency": "EUR"}, "the program has no rate for EUR"),
        ({"enrollment": {"mode": "on_request"}}, NOON + 1, {}, "the customer joined later"),
    ],
)
def test_reasons_to_earn_nothing_at_all(
    parts: dict[str, Any], joined_at: int | None, order: dict[str, Any], reason: str
) -> None:
    """Outside the life of program and membership, and in a foreign currency, nothing is earned."""
    rule = {"id": "x", "type": "fixed", "points": 1}
    asks = {"history": "orders.count", "window": {"ever": True}, "at_least": 0}
    version = version_of([BASE, rule | {"when": asks}], **parts)
    shopper = Shopper(version, joined_at=joined_at)
    explanation = shopper.why(paid(5000, **order))
    assert explanation.why_not == reason
    assert explanation.words == f"Nothing was earned: {reason}."
    decision = shopper.does(paid(5000, **order))
    assert decision.awards == ()
    assert [type(effect) for effect in decision.effects] == [Count]


@pytest.mark.parametrize(
    ("parts", "joined_at"),
    [({}, NOON + 1), ({"enrollment": {"mode": "on_request", "count_past_orders": True}}, NOON + 1)],
)
def test_earlier_orders_earn_where_the_program_says_so(parts: dict[str, Any], joined_at: int) -> None:
    """A late event of an automatic member, and past orders that are counted by declaration, earn."""
    assert Shopper(version_of([BASE], **parts), joined_at=joined_at).earns(paid(5000)) == 50


def test_last_day_of_a_program_still_earns() -> None:
    """SC-42: a program that ends on a day earns to the end of that day."""
    shopper = Shopper(version_of([BASE], ends="2026-12-31"))
    assert shopper.earns(paid(5000, at=local("2027-01-01 00:00:00") - 1)) == 50
    assert shopper.earns(paid(5000, at=local("2027-01-01 00:00:00"), number=2)) == 0


def test_currency_is_converted_by_the_programs_rate() -> None:
    """4599 yen at 0.0067 are 30.81 dollars; 10.000 dinars at 3.25 are 32.50."""
    version = version_of([BASE], rates={"JPY": "0.0067", "KWD": "3.25"})
    shopper = Shopper(version)
    assert shopper.why(paid(4599, currency="JPY")).rules[0].amount == 3081
    assert shopper.earns(paid(4599, currency="JPY")) == 30
    assert shopper.why(paid(10000, currency="KWD")).rules[0].amount == 3250
    assert shopper.earns(paid(4599, currency="USD", number=2)) == 45


def test_wallets_are_credited_once_each() -> None:
    """Two rules of one wallet share a lot and a credit; the other wallet has its own."""
    version = version_of(
        [BASE, BASE | {"id": "more"}, BASE | {"id": "cash", "wallet": "cash"}],
        wallets=[DATED, {"id": "cash", "name": "Cash"}],
    )
    decision = Shopper(version).does(paid(2000))
    assert [(effect.unit, effect.amount) for effect in decision.effects if isinstance(effect, Credit)] == [
        (1, 40),
        (2, 20),
    ]
    lots = [award.lot_id for award in decision.awards]
    assert lots[0] == lots[1] != lots[2]


def test_points_wait_for_fulfillment() -> None:
    """Points of an order wait until it is fulfilled; those of an event do not."""
    wallet = {"id": "points", "name": "Points", "pending": {"type": "fulfillment"}}
    act = {"id": "act", "type": "fixed", "trigger": "act", "points": 5}
    version = version_of([BASE, act], wallets=[wallet], declarations={"events": {"act": {}}})
    shopper = Shopper(version)
    explained = shopper.why(paid(2000)).rules[0]
    assert (explained.waits_for, explained.available_at) == ("fulfillment", None)
    assert explained.words.endswith("= 20 points; pending until the order is fulfilled")
    assert shopper.why(happened("act")).rules[1].waits_for is None


def test_an_explanation_is_json() -> None:
    """An explanation reads back from its JSON as plain data."""
    shopper = Shopper(version_of([BASE | {"when": {"fact": "order.codes", "contains": "A"}}]))
    plain = msgspec.json.decode(msgspec.json.encode(shopper.why(paid(100))))
    assert plain["rules"][0]["because"][0]["value"] == []
    assert points_of(shopper.does(paid(100))) == 0


def test_what_was_owed_is_said() -> None:
    """Of 20 points 5 make up for an earlier return and 7 pay off a debt."""
    shopper = Shopper(version_of([BASE]))
    shopper.member.wallets[1] = Wallet(shortfall=5, debt=7)
    explanation = shopper.why(paid(2000))
    assert (explanation.made_up, explanation.paid_off) == ({"points": 5}, {"points": 7})
    assert explanation.words == (
        "Earned 20 points. Rule base: 1 point per 1.00 on 20.00, rounded down = 20 points. "
        "5 points made up for an earlier return. 7 points paid off a debt."
    )


def test_one_award_has_a_largest_size() -> None:
    """Points beyond the largest amount are cut to it, and the explanation says so."""
    shopper = Shopper(version_of([BASE | {"points": 10**15, "per": 1}]))
    award = shopper.does(paid(10**15)).awards[0]
    assert (award.points, award.cut_by) == (10**15, "the largest award: 1000000000000000 points")
