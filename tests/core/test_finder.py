"""The finder: it finds what was planted, proves it, and finds nothing in programs that are sound."""

from __future__ import annotations

import functools
from random import Random

import pytest

from perennial.core.cases.case_file import Case, read_case
from perennial.core.cases.cases import run_case
from perennial.core.document.document import program_of
from perennial.core.document.program import Program
from perennial.core.find_flaws import find_flaws
from perennial.core.finder import KINDS
from perennial.core.flaws.flaw import Flaw
from perennial.core.orders.order import Redeemer
from perennial.core.validation.validation import validate
from perennial.units import parse_instant
from tests.core.mended_programs import mended
from tests.core.near_misses import NEAR_MISSES, Maker
from tests.core.planted_programs import PLANTS, Document, sound

AT = parse_instant("2026-12-01T12:00:00Z")
SEEDS = range(12)
_SEEDS_OF_TWINS = range(10)
_TWINS = [(kind, maker) for kind, makers in NEAR_MISSES.items() for maker in makers]
_near = pytest.mark.parametrize(("kind", "maker"), _TWINS, ids=[maker.__name__ for _, maker in _TWINS])


def _program(document: Document) -> Program:
    program = program_of(document)
    assert isinstance(program, Program), program
    assert validate(program) == []
    return program


@functools.cache
def _flaw_of_planted(kind: str, seed: int) -> Flaw:
    """Return what is found of a kind that was planted with a seed; two tests ask for it."""
    [flaw] = find_flaws(_program(PLANTS[kind](Random(seed))), AT, kinds=[kind]).flaws
    return flaw


def _assert_proven(flaw: Flaw, kind: str) -> None:
    """Play the proof of a flaw of this kind: it passes as a case file, and expects something."""
    assert flaw.kind == kind
    case = read_case(flaw.proof)
    assert isinstance(case, Case), case
    assert len(case.steps) == flaw.steps
    report = run_case(case)
    assert report.differences() == []
    assert any(step.expect != type(step.expect)() for step in case.steps)


def test_every_kind_is_planted() -> None:
    """Each kind of flaw has a generator of programs that have it."""
    assert sorted(PLANTS) == sorted(KINDS)


@pytest.mark.parametrize("kind", PLANTS)
@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_planted_is_found_with_a_proof(kind: str, seed: int) -> None:
    """A planted flaw is found, and its proof is a case file that passes as it stands."""
    _assert_proven(_flaw_of_planted(kind, seed), kind)


@_near
def test_the_finder_speaks_of_a_twin_that_has_the_flaw(kind: str, maker: Maker) -> None:
    """One small step over the edge is enough, whatever the numbers are, and is proven."""
    for seed in _SEEDS_OF_TWINS:
        [flaw] = find_flaws(_program(maker(Random(seed), True)), AT, kinds=[kind]).flaws
        _assert_proven(flaw, kind)


@_near
def test_the_finder_is_silent_about_a_twin_that_is_sound(kind: str, maker: Maker) -> None:
    """What looks like the flaw, and is just not it, is left alone, and searched to the end."""
    for seed in _SEEDS_OF_TWINS:
        found = find_flaws(_program(maker(Random(seed), False)), AT, kinds=[kind])
        assert [flaw.words for flaw in found.flaws] == [], seed
        assert found.unfinished == (), seed


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_is_found_in_a_sound_program(seed: int) -> None:
    """A program that has none of the flaws is left alone, and searched to the end."""
    found = find_flaws(_program(sound(Random(seed))), AT)
    assert [flaw.words for flaw in found.flaws] == []
    assert found.unfinished == ()


def test_orders_that_only_a_till_may_bring_are_played() -> None:
    """What a condition asks of who brings an order is found for it, and stands in the proof."""
    document = PLANTS["worth_more_than_margin"](Random(1))
    for rule in document["earning_rules"]:
        rule["when"] = {"fact": "redeemer.key", "is": "till"}
    [flaw] = find_flaws(_program(document), AT, kinds=["worth_more_than_margin"]).flaws
    case = read_case(flaw.proof)
    assert isinstance(case, Case), case
    orders = [step.order for step in case.steps if step.order is not None]
    assert {order.redeemer for order in orders} == {Redeemer(key="till")}
    assert run_case(case).differences() == []


def test_the_same_question_has_the_same_answer() -> None:
    """Nothing is drawn: two searches find the very same."""
    program = _program(PLANTS["stacks_below_cost"](Random(3)))
    assert find_flaws(program, AT) == find_flaws(program, AT)


@pytest.mark.parametrize("kind", PLANTS)
@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_mended_is_not_found(kind: str, seed: int) -> None:
    """With the flaw taken out of a planted program nothing is found, and what proved it proves it no more."""
    flaw = _flaw_of_planted(kind, seed)
    repaired = mended(kind, PLANTS[kind](Random(seed)))
    found = find_flaws(_program(repaired), AT, kinds=[kind])
    assert ([flaw.words for flaw in found.flaws], found.unfinished) == ([], ())
    case = read_case(flaw.proof)
    assert isinstance(case, Case)
    assert not run_case(Case(case.name, case.title, _program(repaired), repaired, case.steps)).passed
