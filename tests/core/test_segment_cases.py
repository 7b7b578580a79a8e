"""Segments in case files: what is told of them, and what they cannot mean."""

from __future__ import annotations

import pytest

from perennial.core.cases.case_file import Case, read_case
from perennial.core.cases.cases import CaseError, run_case
from perennial.core.problems import Problem

FILE = """
case: club
title: A club
program:
  program: club
  name: Club
  time_zone: Europe/Berlin
  wallets: [{id: points, name: Points}]
  enrollment: {mode: segment, segment: big}
  earning_rules:
    - {id: base, type: per_amount, points: 1, per: 100}
    - {id: first, type: fixed, trigger: member.joined, points: 3}
segments:
  - {segment: big, name: Big, when: {history: orders.net, window: {calendar: day}, at_least: 1000}}
  - {segment: press, name: The press}
steps:
"""


def read(steps: str) -> Case:
    """Read a case that has no problems."""
    case = read_case(FILE + steps)
    assert isinstance(case, Case), case
    return case


def test_every_difference_in_words() -> None:
    """Each wrong expectation says what should be and what is."""
    report = run_case(
        read("""
  - at: 2026-03-02 10:00
    customer: anna
    order: {id: o1, lines: [{sku: a, amount: 1000}]}
    expect:
      segments: {big: false, press: true}
      entered: {big: 2026-03-02, press: "2026-03-02 10:00"}
      left: {big: "2026-03-02 10:00"}
      unmet: {value: 3}
  - {at: 2026-03-03, customer: anna, expect: {segments: {big: true}, left: {big: 2026-03-04}}}
""")
    )
    assert report.differences() == [
        "step 1 (2026-03-02 10:00): the value of what was not met should be 3 but is None",
        "step 1 (2026-03-02 10:00): anna should not be in segment Big",
        "step 1 (2026-03-02 10:00): anna should be in segment The press (press)",
        "step 1 (2026-03-02 10:00): segment Big should be entered at 2026-03-02, but was at 2026-03-02 10:00",
        (
            "step 1 (2026-03-02 10:00): segment The press (press) should be entered at 2026-03-02 10:00,"
            " but was at None"
        ),
        "step 1 (2026-03-02 10:00): segment Big should be left at 2026-03-02 10:00, but was at None",
        "step 2 (2026-03-03): anna should be in segment Big",
        "step 2 (2026-03-03): segment Big should be left at 2026-03-04, but was at 2026-03-03",
    ]


def test_a_new_definition_asks_everybody_at_once() -> None:
    """What happened before counts for it; who is inside then is enrolled, and does not enter."""
    steps = """
  - {at: 2026-03-02 10:00, customer: anna, order: {id: o1, lines: [{sku: x, amount: 500}]}}
  - at: 2026-03-02 11:00
    customer: anna
    segments:
      - {segment: big, name: Big, when: {history: lines.net, where: {fact: line.sku, is: x}, at_least: 500}}
    expect: {segments: {big: true}, balance: 3}
  - {at: 2026-03-02 12:00, customer: anna, return: {order: o1}, expect: {segments: {big: false}}}
"""
    assert run_case(read(steps)).differences() == []


def test_what_a_list_causes_is_of_its_step() -> None:
    """Points of rules for entering and leaving are those of the step that imports, for its customer."""
    moves = """
    - {id: came, type: fixed, trigger: segment.entered, points: 5, when: {fact: event.segment, is: press}}
    - {id: went, type: fixed, trigger: segment.left, points: 7, when: {fact: event.segment, is: press}}
segments:
"""
    steps = """
  - {at: 2026-03-02 10:00, customer: anna, order: {id: o1, lines: [{sku: x, amount: 1000}]}}
  - at: 2026-03-02 11:00
    customer: anna
    import: {segment: press, customers: [anna, ben, anna]}
    expect: {earned: 5, awards: {came: 5}, balance: 8}
  - at: 2026-03-02 12:00
    customer: anna
    import: {segment: press, customers: [ben], replaces: true}
    expect: {earned: 7, awards: {went: 7}, balance: 15}
  - at: 2026-03-02 13:00
    customer: anna
    import: {segment: press, customers: [ben, cleo]}
    expect: {earned: 0, balance: 15}
"""
    case = read_case(FILE.replace("segments:\n", moves.lstrip("\n"), 1) + steps)
    assert isinstance(case, Case), case
    assert run_case(case).differences() == []


@pytest.mark.parametrize(
    ("segment", "path", "code"),
    [
        ("{segment: odd, name: Odd, when: {fact: order.total, at_least: 1}}", "segments[0].when.fact", None),
        ("{segment: odd, name: Odd, when: {fac: member.tier, is: x}}", "segments[0].when", None),
        ("{segment: odd, name: Odd, colour: red}", "segments[0]", "wrong_type"),
        ("{segment: odd, name: Odd, program: other}", "segments[0].program", "program_unknown"),
        (
            "{segment: odd, name: Odd, when: {fact: member.segments, contains: even}}",
            "segments[0].when.contains",
            "segment_unknown",
        ),
    ],
)
def test_problems_of_a_segment(segment: str, path: str, code: str | None) -> None:
    """A segment that cannot be is named, in the file as in a step."""
    before = FILE.split("segments:\n", maxsplit=1)[0]
    problems = read_case(f"{before}segments:\n  - {segment}\nsteps: []")
    assert isinstance(problems, list)
    assert [problem.path for problem in problems][:1] == [path]
    assert code in (None, problems[0].code)
    assert all(isinstance(problem, Problem) for problem in problems)
    with pytest.raises(CaseError, match=r"step 1: segments\[0\]"):
        run_case(read(f"  - {{at: 2026-03-02, segments: [{segment}]}}"))


@pytest.mark.parametrize(
    "step", ["import: {segment: big, customers: [anna]}", "expect: {segments: {huge: true}}"]
)
def test_what_a_step_cannot_mean(step: str) -> None:
    """Only a list is imported, and only segments that are there are asked about."""
    with pytest.raises(CaseError, match="there is no"):
        run_case(read(f"  - {{at: 2026-03-02, customer: anna, {step}}}"))
