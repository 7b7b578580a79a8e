"""Test cases that a program holds: how they are read, written, compared and played."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from perennial.core.cases.case_file import read_case
from perennial.core.cases.program_cases import CaseOutcome, play_case, stage_of, unplayed, words_of
from perennial.core.document.document import plain_program, program_of, read_program, write_program
from perennial.core.document.program import Program
from perennial.core.document.program_parts import decode_published, join_parts, split_program
from perennial.core.explaining.program_diff import diff
from perennial.core.segments.segment import Segment
from perennial.core.terms.condition_document import DEC_HOOK
from perennial.core.validation.validation import validate

PROGRAM: dict[str, Any] = {
    "program": "points",
    "name": "Points",
    "time_zone": "Europe/Berlin",
    "wallets": [{"id": "points", "name": "Points"}],
    "earning_rules": [{"id": "base", "type": "per_amount", "points": 1, "per": 100}],
    "tiers": {
        "metrics": [{"id": "spend", "measure": "orders.net", "window": {"calendar": "year"}}],
        "levels": [
            {"id": "basic", "name": "Basic", "reach": {"spend": 0}},
            {"id": "gold", "name": "Gold", "reach": {"spend": 1000000}, "multiplier": {"by": "2"}},
        ],
    },
}
ORDER = {"id": "o1", "lines": [{"sku": "shirt", "amount": 8000}]}
GOLD: dict[str, Any] = {
    "id": "gold-saturday",
    "title": "A gold member buys for 80.00 on a Saturday",
    "steps": [
        {"at": "2026-06-06 12:00", "join": True},
        {"at": "2026-06-06 12:00", "assign_tier": "gold"},
        {"at": "2026-06-06 12:05", "order": ORDER, "expect": {"earned": 160, "tier": "gold"}},
    ],
}


def program(*cases: dict[str, Any], **changes: Any) -> Program:
    """Return the program with these cases; it has no problem of types."""
    read = program_of(PROGRAM | {"cases": list(cases)} | changes)
    assert isinstance(read, Program), read
    return read


def played(whole: Program, *segments: Segment) -> list[CaseOutcome]:
    """Play all cases."""
    stage = stage_of(whole, segments)
    return [play_case(case, stage) for case in whole.cases]


def expecting(**expect: Any) -> dict[str, Any]:
    """Return the case with another expectation of its last step."""
    return GOLD | {"steps": [*GOLD["steps"][:-1], GOLD["steps"][-1] | {"expect": expect}]}


def test_a_case_that_holds_passes_and_one_that_does_not_says_where_and_what() -> None:
    """The step, what was expected, what it was."""
    [passed] = played(program(GOLD))
    assert (passed.passed, passed.misses) == (True, ())
    [failed] = played(program(expecting(earned=80, tier="basic")))
    assert (failed.id, failed.passed) == ("gold-saturday", False)
    assert words_of(failed) == [
        "step 3: earned should be 80 but is 160",
        "step 3: the tier should be Basic but is Gold",
    ]


def test_a_change_of_the_program_breaks_the_case_that_says_otherwise() -> None:
    """A negative control: the very same case passes before."""
    slower = program(GOLD, earning_rules=[{"id": "base", "type": "per_amount", "points": 1, "per": 200}])
    assert [outcome.passed for outcome in played(slower)] == [False]


def test_every_problem_of_a_step_has_its_path() -> None:
    """What cannot be played keeps the draft from being published, and is found all at once."""
    broken = GOLD | {
        "steps": [
            {"at": "2026-06-06", "jion": True},
            {"at": "2026-06-06", "join": True, "claim": "five-off"},
            {"at": "2026-06-06", "order": {"id": "o1", "lines": [{"sku": "a", "amount": "much"}]}},
            {"join": True, "expect": {"earned": {"points": "x"}, "nothing": 1}},
        ]
    }
    found = [(each.path, each.code) for each in validate(program(broken))]
    assert found == [
        ("cases[0].steps[0].jion", "unknown_field"),
        ("cases[0].steps[1]", "one_deed"),
        ("cases[0].steps[2].order.lines[0].amount", "wrong_type"),
        ("cases[0].steps[3].expect.earned", "wrong_type"),
        ("cases[0].steps[3].expect.nothing", "unknown_field"),
        ("cases[0].steps[3].at", "missing"),
    ]


@pytest.mark.parametrize(
    ("cases", "path", "code"),
    [
        ([GOLD, GOLD], "cases[1].id", "duplicate_id"),
        ([GOLD | {"steps": []}], "cases[0].steps", "no_steps"),
        ([GOLD | {"steps": [GOLD["steps"][0]] * 51}], "cases[0].steps", "too_many"),
        ([GOLD | {"id": f"c{n}"} for n in range(101)], "cases", "too_many"),
        ([GOLD | {"segments": [{"segment": "x"}]}], "cases[0].segments[0]", "wrong_type"),
    ],
)
def test_the_bounds_of_cases(cases: list[dict[str, Any]], path: str, code: str) -> None:
    """Too many, twice the same, nothing to play."""
    assert [(each.path, each.code) for each in validate(program(*cases))][:1] == [(path, code)]


def test_a_case_that_means_nothing_fails_and_stops_no_other() -> None:
    """A name that does not exist, a time that cannot be read."""
    unknown = GOLD | {"id": "unknown", "steps": [{"at": "2026-06-06", "cancel": "o9"}]}
    timeless = GOLD | {"id": "timeless", "steps": [{"at": "some day", "join": True}]}
    whole = program(unknown, timeless, GOLD)
    assert validate(whole) == []
    first, second, third = played(whole)
    assert (first.misses[0].step, first.misses[0].words) == (0, "step 1: there is no order 'o9'")
    assert "'some day' is no time" in second.misses[0].words
    assert third.passed
    assert words_of(unplayed(whole.cases[0], "too slow")) == ["too slow"]


def test_documents_with_cases_are_written_and_read_back_equal() -> None:
    """As YAML, in their order for readers; as parts of a version; and what a version says never changes."""
    whole = program(expecting(earned=160, gives_back={"points": {"percent": "1"}}))
    text = write_program(whole)
    assert read_program(text) == whole
    assert text.index("order:") < text.index("expect:")
    parts = split_program(whole)
    assert decode_published(join_parts(parts.manifest, parts.bodies)) == whole
    [case] = plain_program(whole)["cases"]
    assert next(iter(case)) == "id"
    assert split_program(program()).digest != parts.digest
    later = PROGRAM | {"cases": [GOLD | {"steps": [{"at": "2026-06-06", "word_of_the_past": 1}]}]}
    assert decode_published(later).cases[0].steps == ({"at": "2026-06-06", "word_of_the_past": 1},)


def test_a_fraction_in_a_step_is_text() -> None:
    """YAML has no floats here, and neither have cases."""
    text = write_program(program(GOLD)).replace(
        "earned: 160", "earned: 160, gives_back: {points: {percent: 1.5}}"
    )
    read = read_program(text)
    assert isinstance(read, Program)
    assert read.cases[0].steps[2]["expect"]["gives_back"] == {"points": {"percent": "1.5"}}
    assert read_program(write_program(read)) == read


def test_changes_of_cases_are_told_in_words() -> None:
    """Steps are not spelled out: who wants them opens the case."""
    other = expecting(earned=80)
    words = [each.words for each in diff(program(GOLD), program(other | {"title": "Slower"}))]
    assert words == [
        f"test case “Slower”: name changed from “{GOLD['title']}” to “Slower”",
        "test case “Slower”: other steps",
    ]
    assert [each.words for each in diff(program(), program(GOLD))] == [f"test case “{GOLD['title']}” added"]


def test_segments_of_the_workspace_are_there_as_far_as_the_program_asks() -> None:
    """One that reads what another program has lets nobody in, and breaks nothing."""
    rule = {"id": "base", "type": "per_amount", "points": 1, "per": 100}
    for_big = rule | {"id": "big", "when": {"fact": "member.segments", "contains": "big"}}
    case = GOLD | {
        "steps": [
            {"at": "2026-06-06 12:00", "order": {"id": "o0", "lines": [{"sku": "a", "amount": 90000}]}},
            {"at": "2026-06-07 12:00", "order": ORDER, "expect": {"awards": {"base": 80, "big": 80}}},
        ]
    }
    whole = program(case, earning_rules=[rule, for_big])
    assert validate(whole) == []
    big = read_segment({"history": "orders.net", "at_least": 50000})
    foreign = read_segment({"fact": "member.attribute_of_others", "is": 1})
    assert [each.passed for each in played(whole, big)] == [True]
    assert words_of(played(whole, foreign)[0]) == ["step 2: rule big should give 80 points but gives 0"]


def read_segment(when: dict[str, Any]) -> Segment:
    """Return the segment ``big`` by its condition."""
    return msgspec.convert(
        {"segment": "big", "name": "Big spenders", "when": when}, Segment, dec_hook=DEC_HOOK
    )


def test_a_case_file_may_hold_a_program_with_cases() -> None:
    """The program of a case file is any program."""
    text = write_program(program(GOLD))
    indented = "\n".join(f"  {line}" for line in text.splitlines())
    read = read_case(f"case: c\ntitle: t\nprogram:\n{indented}\nsteps:\n- {{at: 2026-01-01}}\n")
    assert not isinstance(read, list), read
