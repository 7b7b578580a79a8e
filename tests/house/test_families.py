"""Open families: one file adds a kind, and nobody outside asks what kind a thing is."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.house.source import ROOT, SOURCE, files_of_tests, modules, nodes, tree, where

_FAMILIES = ("core/earning", "core/finder", "core/fraud", "core/rewards")


def _kinds(family: str) -> list[Path]:
    return sorted(path for path in (SOURCE / family).glob("*.py") if path.name != "__init__.py")


def _classes(path: Path) -> list[ast.ClassDef]:
    return [
        node for node in tree(path).body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    ]


@pytest.mark.parametrize("family", _FAMILIES)
def test_a_file_is_a_kind(family: str) -> None:
    """A family has kinds, and each file of it declares exactly one public class, with a docstring."""
    kinds = _kinds(family)
    assert kinds
    for path in kinds:
        classes = _classes(path)
        assert len(classes) == 1, where(path, 1)
        assert ast.get_docstring(classes[0]), where(path, classes[0].lineno)


@pytest.mark.parametrize("family", _FAMILIES)
def test_a_kind_has_a_test(family: str) -> None:
    """Each kind is named by a test of its room."""
    room = family.split("/", maxsplit=1)[0]
    text = "\n".join(path.read_text() for path in files_of_tests() if room in path.relative_to(ROOT).parts)
    assert [path.stem for path in _kinds(family) if path.stem not in text] == []


@pytest.mark.parametrize("family", _FAMILIES)
def test_nobody_asks_for_the_kind(family: str) -> None:
    """Outside its own file only the family's list names the class of a kind."""
    names = {kind.name: path for path in _kinds(family) for kind in _classes(path)}
    asked = [
        f"{where(path, node.lineno)} {node.id}"
        for path in modules()
        if path != SOURCE / family / "__init__.py"
        for node in nodes(path)
        if isinstance(node, ast.Name) and node.id in names and names[node.id] != path
    ]
    assert asked == []
