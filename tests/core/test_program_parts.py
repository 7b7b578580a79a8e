"""Programs in content-addressed parts."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import pytest

from perennial.core.document.document import read_program, render, write_program
from perennial.core.document.program import Program
from perennial.core.document.program_parts import decode_published, join_parts, split_program

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))


def read(path: Path) -> Program:
    """Read an example."""
    program = read_program(path.read_bytes())
    assert isinstance(program, Program)
    return program


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_joined_parts_are_the_program_again_byte_for_byte(path: Path) -> None:
    """Splitting, storing as JSON and joining gives the program, and its document to the byte."""
    program = read(path)
    parts = split_program(program)
    manifest = json.loads(json.dumps(parts.manifest))
    plain = join_parts(manifest, parts.bodies)
    assert decode_published(plain) == program
    assert render(plain) == write_program(program)


def test_a_part_is_named_by_the_hash_of_its_canonical_json() -> None:
    """The digest of a rule is the SHA-256 of its compact JSON, and every list element is a part."""
    program = read(next(path for path in EXAMPLES if path.stem == "points"))
    parts = split_program(program)
    for digest, body in parts.bodies.items():
        assert sha256(body.encode()).hexdigest() == digest
    rules = dict(parts.manifest)["earning_rules"]
    assert len(rules) == 5
    assert parts.bodies[rules[1]] == (
        '{"id":"welcome","type":"fixed","name":"Welcome","points":100,"trigger":"member.joined","multiplied":false}'
    )


def test_equal_programs_share_all_parts_and_a_changed_rule_is_one_new_part() -> None:
    """Equal content has an equal digest; a change leaves every other part as it was."""
    path = next(path for path in EXAMPLES if path.stem == "points")
    first, same = split_program(read(path)), split_program(read(path))
    assert first.digest == same.digest
    changed = read_program(path.read_text().replace("points: 250", "points: 300"))
    assert isinstance(changed, Program)
    other = split_program(changed)
    assert other.digest != first.digest
    assert len(other.bodies.keys() - first.bodies.keys()) == 1
    assert len(first.bodies.keys() - other.bodies.keys()) == 1
