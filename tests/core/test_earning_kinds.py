"""The kinds of earning rule, each with exact numbers."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
import yaml

from perennial.core.document.document import program_of
from perennial.core.document.program import Program
from perennial.core.earning import KINDS, EarningRules
from perennial.core.terms.condition_document import DEC_HOOK
from perennial.core.validation.validation import validate
from tests.core.earning_stage import Shopper, happened, line, paid, version_of

RULE = {"id": "base", "type": "per_amount", "points": 1, "per": 100}


def earned(rule: dict[str, Any], *lines: Any, tier: str | None = None, **order: Any) -> int:
    """Return what one rule gives for one order."""
    return Shopper(version_of([{"id": "base", **rule}]), tier=tier).earns(paid(*lines, **order))


@pytest.mark.parametrize("name", sorted(KINDS))
def test_example_of_each_kind_is_read(name: str) -> None:
    """The example in the documentation of a kind is a rule of that kind."""
    example = yaml.safe_load(KINDS[name].example)
    rule = msgspec.convert(example, EarningRules, dec_hook=DEC_HOOK)
    assert type(rule) is KINDS[name]


@pytest.mark.parametrize(("amount", "points"), [(1999, 19), (99, 0), (100, 1), (0, 0), (-500, 0), (3300, 33)])
def test_per_amount_rounds_down(amount: int, points: int) -> None:
    """One point per 1.00 gives the whole points, and nothing for nothing."""
    assert earned(RULE, amount) == points


@pytest.mark.parametrize(("rounding", "points"), [("down", 28), ("half_up", 29), ("up", 29)])
def test_per_amount_rounds_by_its_setting(rounding: str, points: int) -> None:
    """19.00 at 3 points per 2.00 is 28.5."""
    assert earned(RULE | {"points": 3, "per": 200, "rounding": rounding}, 1900) == points


def test_whole_steps_count_full_steps_only() -> None:
    """3 points for every full 10.00 of 29.99 is 6, where the plain rate gives 8."""
    rule = RULE | {"points": 3, "per": 1000}
    assert earned(rule, 2999) == 8
    assert earned(rule | {"whole_steps": True}, 2999) == 6


def test_basis_chooses_the_amount() -> None:
    """A line of 100.00 less 10.00, and an order discount of 20.00: net 70, line net 90, gross 100."""
    bought = line("pen", 10000, discount=1000)
    assert earned(RULE, bought, discount=2000) == 70
    assert earned(RULE | {"basis": "line_net"}, bought, discount=2000) == 90
    assert earned(RULE | {"basis": "gross"}, bought, discount=2000) == 100


def test_rate_of_the_tier() -> None:
    """A tier with its own rate earns by it; the others by the common one."""
    rule = RULE | {"tiers": {"gold": 2}}
    assert earned(rule, 5000, tier="gold") == 100
    assert earned(rule, 5000, tier="silver") == 50
    assert earned(rule, 5000) == 50


def test_per_item_counts_units_of_the_chosen_lines() -> None:
    """5 points per unit of coffee: 3 units on two lines give 15; once gives 5."""
    rule = {"type": "per_item", "points": 5, "lines": {"fact": "line.categories", "contains": "coffee"}}
    lines = (
        line("a", 300, quantity=2, categories=("coffee",)),
        line("b", 900, quantity=4, categories=("tea",)),
        line("c", 200, categories=("coffee", "tea")),
    )
    assert earned(rule, *lines) == 15
    assert earned(rule | {"once": True}, *lines) == 5
    assert earned(rule, lines[1]) == 0


@pytest.mark.parametrize(("rounding", "points"), [("down", 49), ("half_up", 50), ("up", 50)])
def test_percent_back_is_exact(rounding: str, points: int) -> None:
    """2.5 % of 19.99 is 49.975 cents; no binary fraction comes in between."""
    assert earned({"type": "percent_back", "percent": "2.5", "rounding": rounding}, 1999) == points


def test_percent_back_of_a_half() -> None:
    """2.9 % of 5.00 is 14.5 cents, half up 15."""
    assert earned({"type": "percent_back", "percent": "2.9", "rounding": "half_up"}, 500) == 15


def test_per_value_reads_the_attribute_of_the_event() -> None:
    """1 point per 1000 steps; a missing value or one of another type gives nothing."""
    version = version_of(
        [
            {
                "id": "walk",
                "type": "per_value",
                "trigger": "steps",
                "attribute": "steps",
                "points": 1,
                "per": 1000,
            }
        ],
        declarations={"events": {"steps": {"attributes": {"steps": {"type": "integer"}}}}},
    )
    shopper = Shopper(version)
    assert shopper.earns(happened("steps", steps=12_999)) == 12
    assert shopper.earns(happened("steps")) == 0
    assert shopper.earns(happened("steps", steps=True)) == 0
    assert shopper.earns(happened("steps", steps=-3000)) == 0
    assert shopper.earns(happened("other", steps=5000)) == 0


def test_lines_keep_what_they_contributed() -> None:
    """7 points on 3.00, 3.00 and 1.00 split by amount; a negative line lowers the sum and has no share."""
    shopper = Shopper(version_of([RULE]))
    decision = shopper.does(paid(300, 300, 150, -50))
    assert [(award.points, award.lines) for award in decision.awards] == [(7, (3, 3, 1, 0))]


def test_fixed_points_belong_to_no_line_unless_lines_are_chosen() -> None:
    """A bonus for the order has no lines; one for chosen lines has theirs."""
    lines = {"fact": "line.sku", "is": "sku-1"}
    rules = [
        {"id": "order", "type": "fixed", "points": 10},
        {"id": "pen", "type": "fixed", "points": 4, "lines": lines},
    ]
    decision = Shopper(version_of(rules)).does(paid(300, 300))
    assert [(award.rule, award.points, award.lines) for award in decision.awards] == [
        ("order", 10, ()),
        ("pen", 4, (0, 4)),
    ]


GIVES = {"id": "gift", "type": "gives_reward", "reward": "coffee"}
COFFEE = {"id": "coffee", "name": "A coffee", "gives": [{"type": "amount_off", "value": 300}]}


def problems_of(rule: dict[str, Any], reward: dict[str, Any] = COFFEE) -> list[str]:
    """Return the codes of what is wrong with a program with this rule and reward."""
    document = {
        "program": "shop",
        "name": "Shop",
        "wallets": [{"id": "points", "name": "Points"}, {"id": "stars", "name": "Stars"}],
        "earning_rules": [GIVES | rule],
        "rewards": [reward],
    }
    program = program_of(document)
    assert isinstance(program, Program), program
    return [problem.code for problem in validate(program)]


@pytest.mark.parametrize(
    ("rule", "reward", "codes"),
    [
        ({}, COFFEE, []),
        ({"limits": [{"times": 1}]}, COFFEE, []),
        ({"reward": "tea"}, COFFEE, ["unknown_reference"]),
        ({"limits": [{"points": 10}]}, COFFEE, ["points_or_times"]),
        ({}, COFFEE | {"gives": [{"type": "gift_card", "value": 100}]}, ["not_of_rules"]),
    ],
)
def test_gives_reward_is_checked(rule: dict[str, Any], reward: dict[str, Any], codes: list[str]) -> None:
    """It names a reward that may be given without a claim, counts times, and needs no wallet."""
    assert problems_of(rule, reward) == codes
