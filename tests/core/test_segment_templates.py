"""Ready-made segments of the RFM grid, and warnings about segments that are not there."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from perennial.core.document.document import read_program
from perennial.core.document.program import Program
from perennial.core.facts import fact_table
from perennial.core.segments.segment import Segment, check_segment
from perennial.core.segments.templates import TEMPLATES, TemplateError, TemplateSettings, written
from perennial.core.terms.conditions import All, Compare
from perennial.core.validation.assessment import assess

PROGRAM = """
program: shop
name: Shop
wallets: [{id: points, name: Points}]
enrollment: {mode: segment, segment: started}
rfm: {recency: [10, 20, 40, 80], frequency: [1, 2, 4, 8], monetary: [1000, 2000, 4000, 8000]}
earning_rules:
  - id: base
    type: per_amount
    points: 1
    per: 100
    when: {any: [{fact: member.segments, contains: vip}, {not: {fact: member.segments, contains: blocked}}]}
"""
WITHOUT = "\n".join(line for line in PROGRAM.splitlines() if not line.startswith("rfm:"))


def program(text: str = PROGRAM) -> Program:
    """Read a program."""
    read = read_program(text)
    assert isinstance(read, Program), read
    return read


def test_the_fields_of_the_rfm_grid_hold_everybody_once() -> None:
    """Of each pair of scores exactly one field is made, and each is a condition that a segment may have."""
    fields: list[list[Any]] = []
    for template in TEMPLATES:
        if template.id.startswith("rfm_"):
            when = written(template.id, program(), TemplateSettings())
            segment = Segment(segment="field", name=template.name, when=when)
            assert check_segment(segment, fact_table(program()), {}) == []
            assert isinstance(when, All)
            fields.append([part.operand for part in when.of if isinstance(part, Compare)])
    for recency, frequency in product(range(1, 6), repeat=2):
        inside = [
            lately[0] <= recency <= lately[1] and often[0] <= frequency <= often[1]
            for lately, often in fields
        ]
        assert sum(inside) == 1, (recency, frequency)
    with pytest.raises(TemplateError, match="bounds"):
        written("rfm_lost", program(WITHOUT), TemplateSettings())


def test_a_template_tells_what_it_needs() -> None:
    """With nothing set, exactly those that need something cannot be written, and name it."""
    rich = program(
        PROGRAM
        + "declarations: {member: {birthday: {type: date}}}\n"
        + "tiers: {metrics: [{id: spend, measure: orders.net, window: {ever: true}}],"
        + " levels: [{id: gold, name: Gold, reach: {spend: 1000}}]}\n"
    )
    for template in TEMPLATES:
        missing = []
        try:
            written(template.id, rich, TemplateSettings())
        except TemplateError as error:
            missing = [error.field]
        assert missing == list(template.needs), template.id
        assert set(template.needs) <= set(template.reads)


def test_segments_that_are_not_there_are_named() -> None:
    """Each condition and the enrollment that asks about one is told of; nothing where nobody knows."""
    told = assess(program(), ["vip"]).warnings
    assert [(flaw.path, flaw.code) for flaw in told] == [
        ("enrollment.segment", "segment_unknown"),
        ("earning_rules[0].when", "segment_unknown"),
    ]
    assert "'blocked'" in told[1].words
    assert assess(program(), ["vip", "blocked", "started"]).warnings == ()
    assert assess(program()).warnings == ()
