"""How members get their variants: evenly, independently, for good; and what validation refuses."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

import pytest

from perennial.core.compiling.compile import compile_version
from perennial.core.customers.blocks import Block
from perennial.core.decide import decide
from perennial.core.document.document import read_program
from perennial.core.document.program import Program
from perennial.core.effects import Expose
from perennial.core.member import Exposure, Member, Membership
from perennial.core.needs import snapshot_of
from perennial.core.validation.validation import validate
from perennial.core.variants import place_of
from perennial.core.version import Version
from perennial.units import named_id
from tests.core.earning_stage import paid

_HEAD = """
program: points
name: Points
wallets: [{id: points, name: Points}]
earning_rules:
  - {id: base, type: per_amount, points: 1, per: 100}
  - {id: double, type: per_amount, points: 2, per: 100}
"""
_TRY = (
    _HEAD
    + """
experiments:
  - id: bonus
    variants:
      - {id: once, weight: %d}
      - {id: twice, weight: %d, replace: {rules: {base: double}}}
"""
)


def version_of(text: str) -> Version:
    """A valid document, compiled."""
    program = read_program(text)
    assert isinstance(program, Program), program
    assert validate(program) == []
    return compile_version(program, 1, 1, 0, {"points": 1})


def member_of(number: int) -> Member:
    """Some member."""
    customer_id: UUID = named_id(0, "customer", str(number))
    return Member(customer_id=customer_id, owner=customer_id, memberships={1: Membership(joined_at=0)})


def variant(version: Version, member: Member, at: int = 10) -> str:
    """The member's variant of the only experiment."""
    return snapshot_of(at, version, member).variants[0]


def test_places_are_even_and_those_of_two_experiments_independent() -> None:
    """100,000 members: chi-square of 1,000 places, and of 10 x 10 pairs, far from what chance forbids."""
    ids = [named_id(0, "customer", str(number)) for number in range(100_000)]
    first = [place_of(b"points/a/", each) for each in ids]
    second = [place_of(b"points/b/", each) for each in ids]
    counts = Counter(first)
    assert sum((counts[place] - 100) ** 2 / 100 for place in range(1_000)) < 1_200
    pairs = Counter((a // 100, b // 100) for a, b in zip(first, second, strict=True))
    assert sum((pairs[a, b] - 1_000) ** 2 / 1_000 for a in range(10) for b in range(10)) < 160


def test_weights_are_met_and_their_change_moves_only_who_lies_between() -> None:
    """50/50 becomes 60/40: a tenth moves, all from the second to the first."""
    before, after = version_of(_TRY % (500, 500)), version_of(_TRY % (600, 400))
    moves = Counter((variant(before, each), variant(after, each)) for each in map(member_of, range(20_000)))
    assert set(moves) == {("once", "once"), ("twice", "twice"), ("twice", "once")}
    assert abs(moves["twice", "once"] - 2_000) < 200
    assert abs(moves["once", "once"] - 10_000) < 350


def test_more_members_are_let_in_without_moving_anybody() -> None:
    """The last variant grows: only those outside come in."""
    before, after = version_of(_TRY % (100, 100)), version_of(_TRY % (100, 300))
    moves = Counter((variant(before, each), variant(after, each)) for each in map(member_of, range(5_000)))
    assert set(moves) == {("once", "once"), ("twice", "twice"), ("", "twice"), ("", "")}


def test_who_was_exposed_keeps_the_variant_whatever_the_weights() -> None:
    """The stored exposure wins; a variant that is gone is none."""
    member = member_of(1)
    member.exposures = {(1, "bonus"): Exposure("twice", 5)}
    assert variant(version_of(_TRY % (999, 1)), member) == "twice"
    member.exposures = {(1, "bonus"): Exposure("gone", 5)}
    assert variant(version_of(_TRY % (999, 1)), member) == ""


def test_a_stranger_takes_no_part() -> None:
    """Who is no member has no variant."""
    member = member_of(1)
    member.memberships = {}
    assert variant(version_of(_TRY % (500, 500)), member) == ""


@pytest.mark.parametrize(
    ("blocked", "exposed"),
    [
        (Block(0), True),
        (Block.SPENDING, True),
        (Block.EARNING, False),
        (Block.EARNING | Block.SPENDING, False),
    ],
)
def test_who_is_blocked_from_earning_is_not_exposed(blocked: Block, exposed: bool) -> None:
    """An order that earns nothing is no part of an experiment."""
    version, member = version_of(_TRY % (500, 500)), member_of(1)
    member.blocked = blocked
    effects = decide(paid(1000, at=10), version, member).effects
    assert any(isinstance(effect, Expose) for effect in effects) is exposed


@pytest.mark.parametrize(
    ("section", "code"),
    [
        ("experiments: [{id: a, variants: [{id: x, weight: 500}]}]", "too_few"),
        (
            "experiments: [{id: a, variants: [{id: x, weight: 600}, {id: y, weight: 500}]}]",
            "weights_too_large",
        ),
        ("experiments: [{id: a, variants: [{id: x, weight: 0}, {id: y, weight: 500}]}]", "no_weight"),
        ("experiments: [{id: a, variants: [{id: x, weight: 1}, {id: x, weight: 5}]}]", "duplicate_id"),
        (
            "experiments: [{id: a, variants: [{id: x, weight: 1}, {id: y, weight: 5, off: {rules: [no]}}]}]",
            "unknown_reference",
        ),
        (
            """experiments: [{id: a, variants: [{id: x, weight: 1},
            {id: y, weight: 5, off: {rules: [base]}, on: {rules: [base]}}]}]""",
            "on_and_off",
        ),
        (
            """experiments: [{id: a, audience: {fact: experiment.a, is: x},
            variants: [{id: x, weight: 1}, {id: y, weight: 5}]}]""",
            "fact_not_here",
        ),
        ("holdouts: [{id: a, share: 50}, {id: b, share: 50}]", "one_holdout"),
        ("holdouts: [{id: a, share: 50, campaign: none}]", "unknown_reference"),
    ],
)
def test_what_makes_no_sense_is_refused(section: str, code: str) -> None:
    """Each mistake has its code."""
    program = read_program(_HEAD + section + "\n")
    assert isinstance(program, Program), program
    assert code in {problem.code for problem in validate(program)}
