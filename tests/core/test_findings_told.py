"""What the finder says of programs so small that every figure of it can be worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from perennial.core.document.document import program_of
from perennial.core.document.program import Program
from perennial.core.find_flaws import find_flaws
from tests.core.planted_programs import Document
from tests.core.test_finder import AT

SHOP: Document = {
    "program": "shop",
    "name": "Shop",
    "currency": "USD",
    "wallets": [{"id": "points", "name": "Points"}],
    "earning_rules": [{"id": "base", "type": "per_amount", "points": 1, "per": 100}],
}


def _wallet(**fields: Any) -> Document:
    return {"wallets": [{"id": "points", "name": "Points", **fields}]}


def _rule(**fields: Any) -> Document:
    return {"earning_rules": [{"id": "base", "type": "per_amount", "points": 1, **fields}]}


def _offer(**fields: Any) -> Document:
    gets = {"gets": {"gives": [{"type": "points", "points": 500}]}}
    offer = {"id": "friends", "name": "Friends", "advocate": gets, "converts": {"on": "joining"}}
    return {"referrals": {"offers": [offer | fields]}}


def _off(price: int, value: int, name: str = "off") -> Document:
    gives = [{"type": "amount_off", "value": value}]
    return {"rewards": [{"id": name, "name": "Money off", "price": price, "gives": gives}]}


def _until(day: str) -> Document:
    return {"id": "until", "type": "fixed", "points": 5, "schedule": {"ends": day}}


def _between(least: int, less: int) -> Document:
    bounds = [{"fact": "order.total", "at_least": least}, {"fact": "order.total", "less_than": less}]
    return {"id": "between", "type": "fixed", "points": 5, "when": {"all": bounds}}


def _level(name: str, spend: int) -> Document:
    return {"id": name, "name": name.title(), "reach": {"spend": spend}}


CARD: Document = {"id": "card", "name": "Card", "gives": [{"type": "gift_card", "value": 2_500}], "codes": {}}
CLAIMED: Document = {"id": "card", "name": "Card", "gives": CARD["gives"], "price": 2_500}
TIERS: Document = {
    "metrics": [{"id": "spend", "measure": "orders.net"}],
    "levels": [_level("silver", 50_000), _level("gold", 4_800_001)],
    "lasts": "life",
}
STARS: Document = {
    "wallets": [*SHOP["wallets"], {"id": "stars", "name": "Stars", "refunds": "only_pending"}],
    "earning_rules": [
        {**SHOP["earning_rules"][0], "wallet": "points"},
        {"id": "star", "type": "fixed", "points": 1, "wallet": "stars"},
    ],
}
HELD: Document = {
    "tiers": {
        "metrics": [{"id": "held", "balance": "points"}],
        "levels": [{"id": "gold", "name": "Gold", "reach": {"held": 1_000}}],
        "lasts": "while_reached",
    },
    "earning_rules": [
        *SHOP["earning_rules"],
        {"id": "hello", "type": "fixed", "trigger": "tier.entered", "points": 70},
    ],
}
WEB: Document = {"when": {"fact": "order.channel", "is": "web"}}
EARNED: Document = {
    "metrics": [{"id": "spend", "measure": "points.earned"}],
    "levels": [_level("silver", 500), _level("gold", 48_001)],
}
JOINED: Document = {"id": "joined", "type": "fixed", "points": 7, "trigger": "member.joined"}
NEVER = "The rule between can never fire"
LEFT = "Sent to somebody else before they expire,"
FULFILLED: Document = {
    "wallets": [
        {"id": "stars", "name": "Stars"},
        {
            "id": "points",
            "name": "Points",
            "pending": {"type": "fulfillment"},
            "expiry": {"type": "inactivity", "after": {"days": 10}},
        },
    ],
    "earning_rules": [{**SHOP["earning_rules"][0], "wallet": "points"}],
}
EVER: Document = {"id": "ever", "type": "fixed", "points": 5}
KEPT = "An order of 2000.00, whose points were sent to somebody else, leaves 2000 points behind"
DEAR = "Nobody can afford Money off for 48001 points: 2000.00 a month, for 24 months,"
TWICE = "Gift cards for 25.00 earn 25 points when they are bought and 25 points when they pay"


@pytest.mark.parametrize(
    ("kind", "parts", "path", "words", "steps", "expects"),
    [
        (
            "unreachable_tier",
            {"tiers": TIERS},
            "tiers.levels[1]",
            "Nobody reaches Gold: 2000.00 a month, for 24 months, ends in silver",
            1 + 8 * 24,
            {192: {"tier": "silver"}},
        ),
        (
            "unreachable_tier",
            {"tiers": TIERS | {"levels": [_level("gold", 4_800_001)]}},
            "tiers.levels[0]",
            "Nobody reaches Gold: 2000.00 a month, for 24 months, ends in no tier",
            1 + 8 * 24,
            {192: {"tier": None}},
        ),
        (
            "unreachable_tier",
            {"earning_rules": [SHOP["earning_rules"][0] | WEB], "tiers": TIERS | EARNED},
            "tiers.levels[1]",
            "Nobody reaches Gold: 2000.00 a month, for 24 months, ends in silver",
            1 + 8 * 24,
            {192: {"tier": "silver"}},
        ),
        (
            "self_referral_ring",
            _offer(checks=[]),
            "referrals.offers[0]",
            "One person with 2 accounts refers herself by Friends, and gets something",
            8,
            {5: {"referral": "converted"}, 6: {"balance": 500}, 7: {"balance": 0}},
        ),
        (
            "unaffordable_reward",
            {"rewards": [*_off(48_000, 500)["rewards"], *_off(48_001, 500, "dear")["rewards"]]},
            "rewards[1].price",
            f"{DEAR} never leaves more than 48000",
            2 + 8 * 24,
            {193: {"refused": "insufficient_points"}},
        ),
        (
            "unaffordable_reward",
            _off(48_001, 500),
            "rewards[0].price",
            f"{DEAR} never leaves more than 48000",
            2 + 8 * 24,
            {193: {"refused": "insufficient_points"}},
        ),
        (
            "returned_order_keeps",
            _wallet(refunds="only_pending"),
            "wallets[0].refunds",
            f"{KEPT} when it is returned whole",
            7,
            {
                0: {"balance": 0},
                1: {"balance": 0},
                2: {"balance": 2_000},
                5: {"balance": 0, "shortfall": 0},
                6: {"balance": 2_000, "shortfall": 0},
            },
        ),
        (
            "returned_order_keeps",
            _wallet(refunds="only_pending") | {"earning_rules": [*SHOP["earning_rules"], JOINED]},
            "wallets[0].refunds",
            f"{KEPT} when it is returned whole",
            7,
            {
                0: {"balance": 7},
                1: {"balance": 7},
                2: {"balance": 2_007},
                5: {"balance": 0, "shortfall": 0},
                6: {"balance": 2_014, "shortfall": 0},
            },
        ),
        (
            "returned_order_keeps",
            STARS,
            "wallets[1].refunds",
            f"{KEPT.replace('2000 points', '1 stars')} when it is returned whole",
            7,
            {
                0: {"balance": {"points": 0, "stars": 0}},
                1: {"balance": {"points": 0, "stars": 0}},
                2: {"balance": {"points": 2_000, "stars": 1}},
                5: {"balance": {"points": 0, "stars": 0}, "shortfall": {"points": 0, "stars": 0}},
                6: {"balance": {"points": 0, "stars": 1}, "shortfall": {"points": 0, "stars": 0}},
            },
        ),
        (
            "rule_never_fires",
            {"campaigns": [{"id": "early", "name": "Early", "earning_rules": [EVER, _until("2026-11-30")]}]},
            "campaigns[0].earning_rules[1]",
            "The rule until can never fire: its time never comes",
            8,
            {
                1: {"awards": {"base": 1, "ever": 5}},
                2: {"awards": {"base": 2, "ever": 5}},
                3: {"awards": {"base": 2_000, "ever": 5}},
                5: {"awards": {"base": 1, "ever": 5}},
                6: {"awards": {"base": 2, "ever": 5}},
                7: {"awards": {"base": 2_000, "ever": 5}},
            },
        ),
        (
            "rule_never_fires",
            {"earning_rules": [*SHOP["earning_rules"], _between(5_000, 5_000)]},
            "earning_rules[1]",
            f"{NEVER}: order.total at least 5000 and order.total less than 5000 exclude each other",
            7,
            {
                1: {"awards": {"base": 1}},
                2: {"awards": {"base": 50}},
                3: {"awards": {"base": 2_000}},
                5: {"awards": {"base": 49}},
                6: {"awards": {"base": 50}},
            },
        ),
        (
            "transfer_prolongs",
            _wallet(expiry={"type": "inactivity", "after": {"days": 10}}),
            "wallets[0].expiry",
            f"{LEFT} 4000 points are still there after 11 days; without the transfer they are gone",
            10,
            {8: {"balance": 0}, 9: {"balance": 8_000}},
        ),
        (
            "transfer_prolongs",
            FULFILLED,
            "wallets[1].expiry",
            f"{LEFT} 4000 points are still there after 11 days; without the transfer they are gone",
            14,
            {12: {"balance": {"stars": 0, "points": 0}}, 13: {"balance": {"stars": 0, "points": 8_000}}},
        ),
        (
            "splitting_earns_more",
            _rule(per=700, rounding="half_up"),
            "earning_rules",
            "7.00 in 2 orders earn 2 points, in one order 1",
            5,
            {2: {"balance": 1}, 4: {"balance": 2}},
        ),
        (
            "worth_more_than_margin",
            _off(100, 3_001),
            "rewards[0].price",
            "For 100.00 somebody earns points that buy Money off, worth 30.01: more than the margin of 30 %",
            4,
            {3: {"value": 3_001, "awards": {}}},
        ),
        (
            "worth_more_than_margin",
            _wallet(pays={"points": 10, "amount": 301}),
            "wallets[0].pays",
            "For 10.00 somebody earns points that pay, worth 3.01: more than the margin of 30 %",
            4,
            {3: {"to_pay": 0}},
        ),
        (
            "household_gives",
            HELD,
            "earning_rules[1]",
            "Who has bought nothing gets 70 points for moving in with a good customer",
            18,
            {17: {"awards": {"hello": 70}}},
        ),
        (
            "gift_card_loop",
            {"rewards": [CARD]},
            "rewards[0]",
            f"{TWICE}: the same money earns twice",
            5,
            {1: {"awards": {"base": 25}}, 3: {"to_pay": 0}, 4: {"awards": {"base": 25}}},
        ),
    ],
)
def test_a_flaw_is_told_with_its_figures_and_proven_at_every_step(
    kind: str, parts: Document, path: str, words: str, steps: int, expects: dict[int, Document]
) -> None:
    """Where it is, what it comes to, and what the proof expects after which step: no less, and no more."""
    program = program_of(SHOP | parts)
    assert isinstance(program, Program), program
    [flaw] = find_flaws(program, AT, kinds=[kind]).flaws
    assert (flaw.path, flaw.words, flaw.steps) == (path, words, steps)
    told = yaml.safe_load(flaw.proof)["steps"]
    assert {number: step["expect"] for number, step in enumerate(told) if step.get("expect")} == expects


@pytest.mark.parametrize(
    ("kind", "parts"),
    [
        ("unreachable_tier", {"tiers": TIERS | {"levels": [_level("gold", 4_800_000)]}}),
        ("unaffordable_reward", _off(48_000, 500)),
        ("returned_order_keeps", _wallet(refunds="within_balance")),
        ("returned_order_keeps", STARS | {"wallets": [*SHOP["wallets"], {"id": "stars", "name": "Stars"}]}),
        (
            "rule_never_fires",
            {"campaigns": [{"id": "c", "name": "C", "earning_rules": [_until("2026-12-01")]}]},
        ),
        ("rule_never_fires", {"earning_rules": [*SHOP["earning_rules"], _between(5_000, 5_001)]}),
        ("transfer_prolongs", _wallet(expiry={"type": "rolling", "after": {"days": 10}})),
        ("splitting_earns_more", _rule(per=700)),
        ("worth_more_than_margin", _off(100, 3_000)),
        ("worth_more_than_margin", _wallet(pays={"points": 10, "amount": 300})),
        ("gift_card_loop", {"rewards": [CLAIMED]}),
        ("household_gives", HELD | {"pool": "all"}),
        ("self_referral_ring", _offer()),
        *[(kind, {}) for kind in ("unreachable_tier", "unaffordable_reward", "gift_card_loop")],
    ],
)
def test_one_unit_less_is_no_flaw(kind: str, parts: Document) -> None:
    """The same programs just below: nothing is said, and everything was searched."""
    program = program_of(SHOP | parts)
    assert isinstance(program, Program), program
    found = find_flaws(program, AT, kinds=[kind])
    assert ([flaw.words for flaw in found.flaws], found.unfinished) == ([], ())
