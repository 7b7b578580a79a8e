"""The JSON Schema of program documents, and of each kind of a family for its form."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from perennial.core import earning, fraud, messages, rewards
from perennial.core.case import Step
from perennial.core.document.program import Program
from perennial.core.terms.condition_document import SCHEMA_HOOK, condition_schema

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def program_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a whole program document."""
    return _schema_of(Program, "Perennial program")


def kind_schemas() -> dict[str, dict[str, dict[str, Any]]]:
    """Return, for each open family and each of its kinds, the JSON Schema of the kind alone."""
    families: dict[str, dict[str, Any]] = {
        "earning_rules": {**earning.KINDS},
        "rewards": {**rewards.KINDS},
        "messages": {**messages.KINDS},
        "fraud_signals": {**fraud.KINDS},
    }
    return {
        family: {tag: _schema_of(kind, tag) for tag, kind in kinds.items()}
        for family, kinds in families.items()
    }


def schema_text() -> str:
    """Return the text of ``docs/reference/program.schema.json``."""
    return json.dumps(program_schema(), indent=2, ensure_ascii=False) + "\n"


def kinds_text() -> str:
    """Return the text of ``docs/reference/program-kinds.md``: every kind with its words and example."""
    title_words = "# Kinds of rules, rewards, messages, signals"
    pages = [f"{title_words}\n\nGenerated from the code: `make generate` writes this page.\n"]
    families: dict[str, dict[str, Any]] = {
        "Earning rules": {**earning.KINDS},
        "Rewards": {**rewards.KINDS},
        "Messages": {**messages.KINDS},
        "Signals of fraud": {**fraud.KINDS},
    }
    for title, kinds in families.items():
        pages.append(f"## {title}\n")
        for tag, kind in kinds.items():
            example = vars(kind)["example"].strip()
            pages.append(f"### `{tag}`\n\n{_words(kind.__doc__ or '')}\n\n```yaml\n{example}\n```\n")
    return "\n".join(pages)


def _schema_of(kind: type, title: str) -> dict[str, Any]:
    schema = msgspec.json.schema(kind, schema_hook=SCHEMA_HOOK)
    if kind is Program:
        schema["$defs"] |= msgspec.json.schema(Step, schema_hook=SCHEMA_HOOK)["$defs"]
    schema["$defs"]["Condition"] = condition_schema()
    tidy: dict[str, Any] = _tidy(schema)
    return {"$schema": DIALECT, "title": title, **tidy}


def _tidy(schema: Any) -> Any:
    """Make one line of every description, which msgspec takes from docstrings as they are indented."""
    if isinstance(schema, list):
        return [_tidy(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: _words(part) if key == "description" and isinstance(part, str) else _tidy(part)
        for key, part in schema.items()
    }


def _words(docstring: str) -> str:
    return " ".join(docstring.replace("``", "`").split())
