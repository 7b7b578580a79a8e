"""What changed between two programs, in people's words."""

from __future__ import annotations

from pathlib import Path

import pytest

from perennial.core.document.document import read_program
from perennial.core.document.program import Program
from perennial.core.explaining.program_diff import Change, diff

EXAMPLES = Path(__file__).parents[2] / "examples"
TEXT = (EXAMPLES / "points.yaml").read_text()


def read(text: str) -> Program:
    """Read a document whose types are right."""
    program = read_program(text)
    assert isinstance(program, Program), program
    return program


def changes(old: str, new: str) -> list[tuple[str, str]]:
    """Return what replacing ``old`` by ``new`` in the example changes."""
    assert old in TEXT
    return [(change.path, change.words) for change in diff(read(TEXT), read(TEXT.replace(old, new, 1)))]


@pytest.mark.parametrize(
    ("old", "new", "path", "words"),
    [
        (
            "points: 1\n",
            "points: 2\n",
            "earning_rules[base].points",
            "rule “1 point for every dollar”: points changed from 1 to 2",
        ),
        ("name: Points\nd", "name: Stars\nd", "name", "program: name changed from “Points” to “Stars”"),
        (
            "after: {months: 12}",
            "after: {years: 1, days: 3}",
            "wallets[points].expiry.after",
            "wallet “Points”: how points expire › after changed from 12 months to 1 year 3 days",
        ),
        (
            "expiry: {type: rolling, after: {months: 12}, round_up: month}",
            "expiry: {type: none}",
            "wallets[points].expiry",
            (
                "wallet “Points”: how points expire changed from some time after they were earned "
                "(after: 12 months, moved to the end of: month) to never"
            ),
        ),
        (
            "id: gold-gift",
            "id: gold-present",
            "earning_rules[gold-present]",
            "rule “Another year with Gold” (gold-present) added",
        ),
        (
            "spend: 150000",
            "spend: 200000",
            "tiers.levels[gold].reach.spend",
            "tier “Gold”: reached with › spend changed from 1,500.00 USD to 2,000.00 USD",
        ),
        (
            "{fact: member.tier, is: gold}",
            "{fact: member.tier, is: silver}",
            "earning_rules[gold-gift].when",
            (
                "rule “Another year with Gold”: only if changed from "
                "(the tier is “Gold”) to (the tier is “Silver”)"
            ),
        ),
        (
            "{times: 3, every: month}",
            "{times: 3, every: week}",
            "earning_rules[review].limits",
            (
                "rule “A review”: limits changed from (times: 3, in every: month) "
                "to (times: 3, in every: week)"
            ),
        ),
        (
            "    type: per_amount\n    name: 1 point for every dollar\n    points: 1\n    per: 100",
            "    type: fixed\n    points: 1",
            "earning_rules[base]",
            "rule “base”: kind changed from “Points for money spent” to “A fixed number of points”",
        ),
        (
            "    expires_after: {days: 90}",
            "    expires_after: {days: 90}\n    tiers: [gold]",
            "rewards[five-off].tiers",
            "reward “5.00 off”: only for these tiers set to “Gold”",
        ),
        (
            "        rating: {type: integer}\n",
            "",
            "declarations.events.review.posted.attributes.rating",
            (
                "program: attributes › events › review.posted › attributes › rating "
                "removed (was kind: a whole number)"
            ),
        ),
        (
            "currency: USD",
            "currency: USD\nends: 2030-12-31",
            "ends",
            "program: until set to 31 December 2030",
        ),
        (
            "trigger: member.birthday",
            "trigger: member.anniversary",
            "earning_rules[birthday].trigger",
            (
                "rule “Happy birthday”: what happens changed from “A birthday” "
                "to “The day of joining comes round”"
            ),
        ),
    ],
)
def test_a_change_is_said_in_words(old: str, new: str, path: str, words: str) -> None:
    """Each kind of change has a path by id, and one sentence of names and labels with both values."""
    assert (path, words) in changes(old, new)


def test_equal_programs_have_no_changes() -> None:
    """Writing a default out or reordering names in a mapping changes nothing."""
    assert changes("currency: USD", "currency: USD\npriority: 0\nweek_starts: mon") == []


def test_a_part_that_moves_is_one_change() -> None:
    """Parts are matched by id: the order is named once, and no rule is said to have changed."""
    program = read(TEXT)
    moved = read(
        TEXT.replace("id: base", "id: tmp")
        .replace("id: welcome", "id: base")
        .replace("id: tmp", "id: welcome")
    )
    assert [change.path for change in diff(program, moved)] == [
        "earning_rules[welcome]",
        "earning_rules[base]",
        "earning_rules",
    ]


def test_removed_and_added_parts_are_named_once() -> None:
    """A renamed tier is one tier more and one less, whatever it holds."""
    assert changes("{id: gold, name: Gold,", "{id: platinum, name: Platinum,") == [
        ("tiers.levels[platinum]", "tier “Platinum” added"),
        ("tiers.levels[gold]", "tier “Gold” removed"),
    ]


def test_a_new_program_lists_what_it_has() -> None:
    """Against nothing, everything that differs from an empty program is told."""
    found = diff(None, read(TEXT))
    assert found[0] == Change("", "program “Points” is new")
    words = [change.words for change in found]
    for expected in (
        "wallet “Points” added",
        "rule “A review” added",
        "tier “Gold” added",
        "reward “5.00 off” added",
    ):
        assert expected in words
