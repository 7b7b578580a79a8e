"""Reading and writing program documents."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from perennial.core.dates.schedule import Span
from perennial.core.document.document import plain_program, program_of, read_program, write_program
from perennial.core.document.program import PeriodPending, Program, RollingExpiry, RoundUp
from perennial.core.document.reward import Reward
from perennial.core.document.text import MAX_BYTES, parse_text
from perennial.core.earning.per_amount import PerAmount
from perennial.core.problems import Problem
from perennial.core.rewards.amount_off import AmountOff
from perennial.core.terms.condition_document import DEC_HOOK
from perennial.core.terms.conditions import Compare, Operator

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))

SMALL = """
program: points
name: Points
wallets:
  - id: points
    name: Points
    expiry: {type: rolling, after: {months: 12}, round_up: month}
    pending: {type: period, after: {days: 14}}
earning_rules:
  - {id: base, type: per_amount, points: 1, per: 100, when: {fact: order.total, at_least: 500}}
rewards:
  - {id: five-off, name: 5.00 off, price: 500, gives: [{type: amount_off, value: 500}]}
"""


def problems_of(text: str | bytes) -> list[tuple[str, str, str]]:
    """Read a document that has problems, and return them as tuples."""
    found = read_program(text)
    assert isinstance(found, list), "a problem is expected"
    return [(problem.path, problem.code, problem.words) for problem in found]


def with_rule(rule: str) -> str:
    """Return the small document with one earning rule more."""
    return SMALL.replace("rewards:", f"  - {rule}\nrewards:")


def test_a_document_becomes_typed_parts() -> None:
    """Kinds, spans, enums and conditions arrive as their own types, the rest as declared defaults."""
    program = read_program(SMALL)
    assert isinstance(program, Program)
    wallet = program.wallets[0]
    assert wallet.expiry == RollingExpiry(after=Span(months=12), round_up=RoundUp.MONTH)
    assert wallet.pending == PeriodPending(after=Span(days=14))
    assert program.earning_rules == (
        PerAmount(id="base", points=1, per=100, when=Compare("order.total", Operator.AT_LEAST, 500)),
    )
    assert program.rewards == (
        Reward(id="five-off", name="5.00 off", price=500, gives=(AmountOff(value=500),)),
    )
    assert (program.currency, program.time_zone, program.tiers) == ("USD", "UTC", None)


def test_json_and_yaml_are_the_same_document() -> None:
    """The same program written as JSON reads equal."""
    program = read_program(SMALL)
    assert isinstance(program, Program)
    assert read_program(json.dumps(plain_program(program))) == program


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_what_was_written_reads_equal(path: Path) -> None:
    """Writing is canonical: reading it back gives the program, writing that gives the same bytes."""
    program = read_program(path.read_bytes())
    assert isinstance(program, Program)
    text = write_program(program)
    assert read_program(text) == program
    assert write_program(read_program(text)) == text  # type: ignore[arg-type]


def test_the_canonical_form_leaves_defaults_out_and_begins_with_the_name() -> None:
    """Equal values that merely were written out disappear; the id leads every part."""
    verbose = SMALL.replace("name: Points\nwallets", "name: Points\ncurrency: USD\ntime_zone: UTC\nwallets")
    program = read_program(verbose)
    assert isinstance(program, Program)
    assert (
        write_program(program)
        == """\
program: points
name: Points
wallets:
- id: points
  name: Points
  expiry:
    type: rolling
    after: {months: 12}
    round_up: month
  pending:
    type: period
    after: {days: 14}
earning_rules:
- id: base
  type: per_amount
  points: 1
  per: 100
  when: {fact: order.total, at_least: 500}
rewards:
- id: five-off
  name: 5.00 off
  gives:
  - {type: amount_off, value: 500}
  price: 500
"""
    )


def test_texts_that_look_like_something_else_survive_writing() -> None:
    """Every text that YAML 1.1 or 1.2 could misread comes back as the same text."""
    awkward = [
        "no",
        "on",
        "yes",
        "null",
        "~",
        "true",
        "1.5",
        "007",
        "0o17",
        "1e3",
        "2026-12-31",
        "12:30",
        "=",
        "-",
    ]
    awkward += [
        "a: b",
        "# c",
        " d ",
        "'e'",
        '"f"',
        "{g",
        "[h",
        "*i",
        "&j",
        "!k",
        "%l",
        "@m",
        "\u0085n",
        "o\np",
        "👍",
        "٣",
    ]
    awkward += ["\u2028p", "\ufeffq", "\x7fr", "\x1bs", "\ufffet", "\U0010ffffu", "<<", "", "v ", "w:", "\t"]
    small = read_program(SMALL)
    assert isinstance(small, Program)
    plain = plain_program(small)
    plain["declarations"] = {"member": {"mood": {"type": "text", "values": awkward}}}
    program = read_program(json.dumps(plain))
    assert isinstance(program, Program)
    assert program.declarations.member["mood"].values == tuple(awkward)
    assert read_program(write_program(program)) == program


def test_every_problem_of_every_part_is_reported_at_once() -> None:
    """One reading names the problems of all rules, wallets and fields, each with path, code and words."""
    text = """
program: Points!
wallets:
  - {id: a, name: A, decimals: 9}
  - {id: b, name: B, expiry: {type: roling}}
earning_rules:
  - {id: base, type: per_amount, points: many, per: 1.5}
  - {id: other, type: per_amout}
  - {id: third}
  - {id: fourth, type: fixed, points: 1, when: {fact: order.total, atleast: 5}}
week_start: mon
enrollment: {count_past_orders: no}
rewards: five
"""
    assert problems_of(text) == [
        ("program", "malformed", 'expected a short name in lower case, got "Points!"'),
        ("wallets[0].decimals", "out_of_range", "expected 6 or less, got 9"),
        ("wallets[1].expiry.type", "unknown_value", 'there is no kind "roling"; did you mean rolling?'),
        ("earning_rules[0].points", "wrong_type", "expected an integer, got text"),
        ("earning_rules[0].per", "wrong_type", "expected an integer, got the fraction 1.5"),
        ("earning_rules[1].type", "unknown_value", 'there is no kind "per_amout"; did you mean per_amount?'),
        (
            "earning_rules[2].type",
            "missing",
            "this field is needed: one of fixed, gives_reward, per_amount, per_item, per_value, percent_back",
        ),
        (
            "earning_rules[3].when.atleast",
            "unknown_key",
            "atleast is not known here; did you mean at_least?",
        ),
        ("week_start", "unknown_field", 'there is no field "week_start"; did you mean week_starts?'),
        ("enrollment.count_past_orders", "wrong_type", "expected true or false, got no"),
        ("rewards", "wrong_type", "expected a list, got text"),
        ("name", "missing", "this field is needed"),
    ]


@pytest.mark.parametrize(
    ("text", "path", "code"),
    [
        ("", "", "wrong_type"),
        ("- a", "", "wrong_type"),
        ("program: [", "", "syntax"),
        ("{", "", "syntax"),
        ('{"program": "a", "program": "b"}', "", "duplicate_key"),
        ("program: a\nprogram: b", "program", "duplicate_key"),
        ("wallets:\n  - {id: a, id: b}", "wallets[0].id", "duplicate_key"),
        ("name: &x a\nprogram: *x", "name", "anchor"),
        ("program: *x", "program", "anchor"),
        ("name: !!python/object/apply:os.system [echo]", "name", "tag"),
        ("name: !thing a", "name", "tag"),
        ("a: 1\n---\nb: 2", "", "several_documents"),
        ("? [a, b]\n: c", "", "syntax"),
        ("priority: .nan", "priority", "not_a_number"),
        ("priority: -.inf", "priority", "not_a_number"),
        ('{"priority": NaN}', "", "not_a_number"),
        ("priority: 9223372036854775808", "priority", "out_of_range"),
        ('{"priority": 1' + "0" * 400 + "}", "", "out_of_range"),
        (b"name: \xff", "", "not_utf8"),
        (b"\xff\xfen\x00", "", "not_utf8"),
        ("name: a\0b", "", "not_text"),
        ('{"name": "\\ud800"}', "name", "not_text"),
        ('{"name": "\\u0000"}', "name", "not_text"),
        ("[" * 5_000, None, "too_large"),
        ('{"a":' * 5_000, "", "too_large"),
        ("a: " + "[" * 101 + "]" * 101, None, "too_large"),
        ("a" * (MAX_BYTES + 1), "", "too_large"),
        ("- 1\n" * 61_000, None, "too_large"),
    ],
)
def test_what_is_unsafe_or_unreadable_is_refused(text: str | bytes, path: str | None, code: str) -> None:
    """Each trap of YAML and JSON gives one problem with its code; nothing is constructed or expanded."""
    _, found = parse_text(text)
    reported = found or read_program(text)
    assert isinstance(reported, list)
    assert reported[0].code == code
    assert path is None or reported[0].path == path
    assert isinstance(read_program(text), list)


def test_no_more_than_200_problems_are_told() -> None:
    """A hostile document cannot make the answer, or the work, as large as itself."""
    assert len(problems_of("wallets: [" + "1," * 50_000 + "]")) == 200
    assert len(problems_of("\n".join(f"k{number}: 1" for number in range(20_000)))) == 200


def test_only_true_and_false_are_booleans_and_dates_stay_text() -> None:
    """YAML 1.1 would read these as booleans, dates, sexagesimals and octals."""
    data, problems = parse_text(
        "[no, off, Yes, 2026-12-31, 12:30, 010, 1_000, 0x1f, true, False, ~, -7, +8, '9']"
    )
    assert problems == []
    assert data == [
        "no",
        "off",
        "Yes",
        "2026-12-31",
        "12:30",
        "010",
        "1_000",
        "0x1f",
        True,
        False,
        None,
        -7,
        8,
        "9",
    ]


def test_a_factor_may_be_written_as_a_number_and_stays_exact() -> None:
    """``by: 1.1`` is the text 1.1, not the float next to it; an integer is fine too."""
    for written, expected in (("1.1", "1.1"), ("2", "2"), ('"1.25"', "1.25")):
        text = SMALL + f"campaigns: [{{id: double, multiplier: {{by: {written}}}}}]\n"
        program = read_program(text)
        assert isinstance(program, Program)
        multiplier = program.campaigns[0].multiplier
        assert multiplier is not None
        assert multiplier.by == expected


@pytest.mark.parametrize(
    ("rule", "path", "words"),
    [
        (
            "{id: x, type: fixed, points: 5.0}",
            "earning_rules[1].points",
            "expected an integer, got the fraction 5.0",
        ),
        ("{id: x, type: fixed, points: true}", "earning_rules[1].points", "expected an integer, got true"),
        ("{id: x, type: fixed, points: -1}", "earning_rules[1].points", "expected 0 or more, got -1"),
        (
            "{id: x, type: fixed, points: 1, name: 5}",
            "earning_rules[1].name",
            "expected text, got an integer; put it in quotes",
        ),
        (
            "{id: x, type: fixed, points: 1, when: {fact: order.total, at_least: 5.5}}",
            "earning_rules[1].when.at_least",
            "a number with a fraction is not allowed in a condition",
        ),
        (
            "{id: 'x\n\n', type: fixed, points: 1}",
            "earning_rules[1].id",
            "the text ends with a line break",
        ),
        ("5", "earning_rules[1]", "expected fields, got an integer"),
    ],
)
def test_words_say_what_was_expected_and_what_was_found(rule: str, path: str, words: str) -> None:
    """The usual slips of an author are named with the place and both types."""
    found = [(problem[0], problem[2]) for problem in problems_of(with_rule(rule))]
    assert (path, words) in found


def _mutations() -> st.SearchStrategy[tuple[int, Any]]:
    scalars = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=5)
    scalars |= st.sampled_from(["rolling", "mon", "1.5", "fixed", "order.paid", "year", "USD", "x\n"])
    values = st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
        max_leaves=4,
    )
    return st.tuples(st.integers(0, 10_000), values)


def _places(data: Any) -> list[tuple[Any, Any]]:
    """Return every (container, key) of plain data."""
    found: list[tuple[Any, Any]] = []
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, item in items:
        found.append((data, key))
        found += _places(item)
    return found


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.sampled_from(EXAMPLES), st.lists(_mutations(), min_size=1, max_size=2))
def test_the_walk_agrees_with_msgspec(path: Path, mutations: list[tuple[int, Any]]) -> None:
    """Whatever is changed anywhere: the walk finds nothing wrong exactly where msgspec decodes.

    Two differences are wanted: the walk demands every kind's type, and takes numbers for factors.
    """
    program = read_program(path.read_bytes())
    assert isinstance(program, Program)
    data = json.loads(json.dumps(plain_program(program)))
    for place, value in mutations:
        places = _places(data)
        container, key = places[place % len(places)]
        container[key] = value
    found = program_of(data)
    decoded, refusal = _convert(data)
    if refusal is not None:
        assert isinstance(found, list) or "`str`, got `int`" in refusal
    elif isinstance(found, list):
        assert all(_is_stricter(problem) for problem in found), found
    else:
        assert found == decoded


def _convert(data: Any) -> tuple[Program | None, str | None]:
    """Return what msgspec decodes, or why it does not."""
    try:
        return msgspec.convert(data, Program, dec_hook=DEC_HOOK), None
    except (msgspec.ValidationError, TypeError) as error:
        return None, str(error)


def _is_stricter(problem: Problem) -> bool:
    missing_type = problem.code == "missing" and problem.path.endswith("type")
    return missing_type or "line break" in problem.words or problem.words.startswith("expected a")
