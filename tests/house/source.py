"""The source as the house tests read it: files, syntax trees, SQL texts, tables."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "perennial"
SCHEMA = SOURCE / "store" / "schema.sql"


@dataclass(frozen=True)
class Sql:
    """A text of SQL in a module, with ``{...}`` where something is put in."""

    path: Path
    line: int
    text: str


@cache
def modules() -> tuple[Path, ...]:
    """Every Python file of the product."""
    return tuple(sorted(SOURCE.rglob("*.py")))


@cache
def files_of_tests() -> tuple[Path, ...]:
    """Every Python file of the tests."""
    return tuple(sorted((ROOT / "tests").rglob("*.py")))


@cache
def tree(path: Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(path.read_text(), str(path))


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """Every node of a file's syntax tree, from the outside in; to walk it takes longer than to read it."""
    return tuple(ast.walk(tree(path)))


def where(path: Path, line: int) -> str:
    """A place as people and editors write it."""
    return f"{path.relative_to(ROOT)}:{line}"


@cache
def sql_texts(path: Path) -> tuple[Sql, ...]:
    """The texts of a module that look like a statement of SQL."""
    inside: set[ast.AST] = set()
    found: list[Sql] = []
    for node in nodes(path):
        if node in inside:
            continue
        text = _text_of(node)
        if isinstance(node, ast.JoinedStr):
            inside.update(node.values)
        if text is not None and re.match(r"\s*(select|insert into|update|delete from|with|copy)\s", text):
            found.append(Sql(path, getattr(node, "lineno", 0), text))
    return tuple(found)


def _text_of(node: ast.AST) -> str | None:
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return None


@cache
def tables() -> dict[str, tuple[str, ...]]:
    """The tables of ``schema.sql`` with their columns."""
    found = re.findall(r"^create table (\w+) \((.*?)^\);", SCHEMA.read_text(), re.MULTILINE | re.DOTALL)
    return {name: tuple(re.findall(r"^    (?!constraint)(\w+) ", body, re.MULTILINE)) for name, body in found}
