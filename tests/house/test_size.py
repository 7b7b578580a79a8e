"""A file is a concept and fits in a head; a function fits on a screen."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.house.source import ROOT, SOURCE, files_of_tests, modules, nodes, where

_LONGEST_FILE = 500
_LONGEST_FUNCTION = 70
_DEEPEST = 3


def _length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def _long_functions(path: Path) -> list[str]:
    return [
        f"{where(path, node.lineno)} {node.name} has {_length(node)} lines"
        for node in nodes(path)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _length(node) > _LONGEST_FUNCTION
    ]


def test_files_are_short() -> None:
    """No file of ours passes 500 lines: it is split by noun."""
    lengths = {path: len(path.read_text().splitlines()) for path in modules() + files_of_tests()}
    assert [str(path.relative_to(ROOT)) for path, lines in lengths.items() if lines > _LONGEST_FILE] == []


def test_functions_fit_on_a_screen() -> None:
    """No function passes 70 lines."""
    assert [found for path in modules() + files_of_tests() for found in _long_functions(path)] == []


def test_rooms_are_at_most_three_levels_deep() -> None:
    """A module is found in a room, or in a family of a room, and no deeper."""
    deep = [path for path in modules() if len(path.relative_to(SOURCE).parts) > _DEEPEST]
    assert deep == []
