"""Documents that were published once must decode for ever, and mean what they meant.

Beside each document lies everything that it decoded to when it was added, defaults included: a default
that changes later would silently change what old versions say. Files here are added, never changed.
A new one is completed with ``python -m tests.golden.test_golden NAME`` once its ``.yaml`` is there.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from perennial.core.compiling.compile import compile_version
from perennial.core.document.document import plain_program, read_program, write_program
from perennial.core.document.earlier_documents import in_words_of_today
from perennial.core.document.program import Program, SharedLimit
from perennial.core.document.program_parts import decode_published, join_parts, split_program
from perennial.core.terms.condition_document import encode_condition
from perennial.core.terms.conditions import Condition
from perennial.core.terms.limits import Limit
from perennial.core.validation.validation import validate

HERE = Path(__file__).parent
DOCUMENTS = sorted(HERE.glob("*.yaml"))


def full_form(value: Any) -> Any:
    """Return everything that a part holds, defaults included, as plain JSON values."""
    if isinstance(value, msgspec.Struct):
        tag = value.__struct_config__.tag
        fields = {name: full_form(getattr(value, name)) for name in value.__struct_fields__}
        if isinstance(value, Limit | SharedLimit):
            # Left out, it is what suits the thing counted; a document keeps meaning what it meant.
            limit = value.limit() if isinstance(value, SharedLimit) else value
            fields["at_cap"] = str(limit.when_full())
        return {"type": tag, **fields} if tag is not None else fields
    if isinstance(value, Condition):
        return encode_condition(value)
    if isinstance(value, tuple):
        return [full_form(item) for item in value]
    if isinstance(value, dict):
        return {key: full_form(item) for key, item in value.items()}
    return str(value) if isinstance(value, str) else value


def missing_from(now: Any, then: Any, path: str = "") -> list[str]:
    """Return the paths at which ``now`` lacks or contradicts ``then``; later fields may have come."""
    if isinstance(then, dict) and isinstance(now, dict):
        return [
            difference
            for key, value in then.items()
            for difference in (
                [f"{path}.{key}"] if key not in now else missing_from(now[key], value, f"{path}.{key}")
            )
        ]
    if isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        return [
            difference
            for index, (new, old) in enumerate(zip(now, then, strict=True))
            for difference in missing_from(new, old, f"{path}[{index}]")
        ]
    return [] if now == then and type(now) is type(then) else [path]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_a_published_document_decodes_to_what_it_meant(path: Path) -> None:
    """Each golden document gives all values that it gave when it was published."""
    program = read_program(path.read_bytes())
    assert isinstance(program, Program), program
    then = in_words_of_today(json.loads(path.with_suffix(".json").read_text()))
    assert missing_from(full_form(program), then) == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_a_published_document_is_canonical_and_comes_back_from_its_parts(path: Path) -> None:
    """The document is its own canonical form, and its stored parts decode to the same program."""
    program = read_program(path.read_bytes())
    assert isinstance(program, Program)
    if in_words_of_today(document := yaml.safe_load(path.read_text())) is document:
        assert write_program(program) == path.read_text()
    parts = split_program(program)
    assert decode_published(join_parts(parts.manifest, parts.bodies)) == program


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_a_published_document_is_valid_and_compiles(path: Path) -> None:
    """Each golden document could be published today, and compiles."""
    program = read_program(path.read_bytes())
    assert isinstance(program, Program)
    assert validate(program) == []
    units = {wallet.id: number for number, wallet in enumerate(program.wallets, 1)}
    version = compile_version(program, 1, 1, 0, units)
    assert len(version.rules) == len(plain_program(program).get("earning_rules", [])) + sum(
        len(campaign.earning_rules) for campaign in program.campaigns
    )


def test_a_changed_meaning_would_be_noticed() -> None:
    """The comparison finds a changed default, a lost field and a changed type, and lets new fields pass."""
    then = {"a": 1, "b": {"c": True}, "d": [{"e": "x"}]}
    assert missing_from({**then, "new": 5}, then) == []
    assert missing_from({"a": 2, "b": {"c": 1}, "d": [{}]}, then) == [".a", ".b.c", ".d[0].e"]


if __name__ == "__main__":
    for name in sys.argv[1:]:
        document = read_program((HERE / f"{name}.yaml").read_bytes())
        assert isinstance(document, Program), document
        (HERE / f"{name}.yaml").write_text(write_program(document))
        (HERE / f"{name}.json").write_text(
            json.dumps(full_form(document), indent=1, ensure_ascii=False) + "\n"
        )
