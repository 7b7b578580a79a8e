"""Test cases of marketers: what they say when something is not as expected, or cannot be meant."""

from __future__ import annotations

import pytest

from perennial.core.case import Case, read_case
from perennial.core.cases import CaseError, CaseReport, run_case

PROGRAM = """
case: cafe
title: A cafe
program:
  program: cafe
  name: Cafe
  time_zone: Europe/Berlin
  wallets: [{id: points, name: Points}]
  earning_rules:
    - {id: base, type: per_amount, points: 1, per: 100}
  tiers:
    metrics: [{id: spend, measure: orders.net, window: {calendar: year}}]
    levels: [{id: gold, name: Gold, reach: {spend: 10000}}]
  rewards:
    - {id: two-off, name: 2.00 off, price: 20, gives: [{type: amount_off, value: 200}]}
steps:
"""


def run(steps: str) -> CaseReport:
    case = read_case(PROGRAM + steps)
    assert isinstance(case, Case), case
    return run_case(case)


def test_every_difference_in_words() -> None:
    """Each wrong expectation is one sentence with the step, what should be and what is."""
    report = run("""
  - at: 2026-05-01 12:00
    order: {id: o1, lines: [{sku: a, amount: 3000}]}
    expect:
      earned: 31
      awards: {base: 31}
      balance: 29
      available: 30
      pending: 1
      tier: gold
      lots: [{available_at: "2026-05-01", left: 31}]
      refused: insufficient_points
""")
    lots = "[{'available_at': '2026-05-01', 'left': %d}]"
    assert not report.passed
    assert report.differences() == [
        "step 1 (2026-05-01 12:00): expected the refusal insufficient_points, but it was no refusal",
        "step 1 (2026-05-01 12:00): earned should be 31 but is 30",
        "step 1 (2026-05-01 12:00): awards should be {'base': 31} but are {'base': 30}",
        "step 1 (2026-05-01 12:00): balance should be 29 but is 30",
        "step 1 (2026-05-01 12:00): pending should be 1 but is 0",
        f"step 1 (2026-05-01 12:00): the lots should be {lots % 31} but are {lots % 30}",
        "step 1 (2026-05-01 12:00): the tier should be gold but is None",
    ]


def test_an_unexpected_refusal_is_a_difference() -> None:
    """A claim that is refused without being expected to says why."""
    report = run("""
  - {at: 2026-05-01 12:00, join: true}
  - {at: 2026-05-01 12:01, claim: two-off}
""")
    (difference,) = report.differences()
    assert difference.startswith(
        "step 2 (2026-05-01 12:01): expected no refusal, but it was the refusal insufficient_points ("
    )


def test_returns_transfers_and_corrections() -> None:
    """A return takes back its part, a transfer moves points, a correction changes the balance."""
    report = run("""
  - at: 2026-05-01 12:00
    customer: ann
    order: {id: o1, lines: [{id: x, sku: a, amount: 10000, quantity: 4}]}
    expect: {earned: 100, tier: gold, tier_until: "2028-01-01"}
  - {at: 2026-05-01 12:00, customer: bob, join: true, expect: {tier: null}}
  - at: 2026-05-02 12:00
    customer: ann
    return: {order: o1, lines: {x: 1}}
    expect: {taken_back: 25, balance: 75, tier: gold}
  - at: 2026-05-03 12:00
    customer: ann
    transfer: {to: bob, points: 30}
    expect: {balance: 45, others: {bob: {balance: 30, tier: null}}}
  - {at: 2026-05-04 12:00, customer: bob, adjust: {points: -10}, expect: {balance: 20}}
  - {at: 2026-05-05 12:00, customer: ann, cancel: o1, expect: {taken_back: 45, balance: 0, shortfall: 30}}
""")
    assert report.differences() == []


def test_tier_floor_and_attributes() -> None:
    """Staff may set the floor of a tier; lifted, the tier lasts to the end of its term."""
    report = run("""
  - {at: 2026-05-01 12:00, attributes: {country: DE}}
  - {at: 2026-05-01 12:01, join: true}
  - {at: 2026-05-02 12:00, assign_tier: gold, expect: {tier: gold}}
  - {at: 2026-05-03 12:00, assign_tier: null, expect: {tier: gold}}
  - {at: 2027-12-31 23:59, expect: {tier: gold}}
  - {at: 2028-01-01, expect: {tier: null}}
""")
    assert report.differences() == []


def test_rfc_3339_times() -> None:
    """A time with an offset is that instant; one without is local: 23:30 in London is already May here."""
    report = run("""
  - at: "2026-04-30T22:30:00Z"
    order: {id: o1, lines: [{sku: a, amount: 100}]}
    expect: {lots: [{available_at: "2026-05-01", left: 1}]}
""")
    assert report.differences() == []


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ("{at: someday}", "'someday' is no time"),
        ("{at: 2026-05-01, cancel: o9}", "step 1: there is no order 'o9'"),
        ("{at: 2026-05-01, publish: {wallets: 5}}", "step 1: wallets: "),
        (
            "{at: 2026-05-01, switch: {off: {kind: rule, id: nothing}}}",
            "step 1: the program has no rule nothing",
        ),
        ("{at: 2026-05-01, switch: {on: {kind: everything}}}", "step 1: everything is not off"),
        ("{at: 2026-05-01, switch: {off: {kind: rule}}}", "step 1: only a part of the program has an id"),
        ("{at: 2026-05-01, switch: {}}", "step 1: a switch goes either off or on"),
    ],
)
def test_what_a_case_cannot_mean(step: str, words: str) -> None:
    """Names and times that do not exist are errors of the case, not differences."""
    with pytest.raises(CaseError, match=words):
        run(f"  - {step}")


@pytest.mark.parametrize(
    ("text", "path", "code"),
    [
        (PROGRAM + "  - {at: 2026-05-01, cancel: o1, fulfill: o1}", "steps[0]", "one_deed"),
        (
            PROGRAM.replace("points: 1,", "points: many,") + "  []",
            "program.earning_rules[0].points",
            "wrong_type",
        ),
        (
            PROGRAM.replace("Europe/Berlin", "Europe/Atlantis") + "  []",
            "program.time_zone",
            "unknown_time_zone",
        ),
        ("case: [", "", "syntax"),
    ],
)
def test_problems_of_the_file(text: str, path: str, code: str) -> None:
    """What is wrong with a file is found with its path before anything runs."""
    found = read_case(text)
    assert isinstance(found, list)
    assert (found[0].path, found[0].code) == (path, code)
