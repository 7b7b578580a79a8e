"""One word per thing, the same everywhere: the glossary of the design, section 2."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.house.source import ROOT, SOURCE, files_of_tests, modules, nodes, tables, tree, where

_EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "service", "base", "misc"}

# Another word for a thing that has one already: the word to use instead.
_FOREIGN = {
    "tenant": "workspace",
    "merchant": "workspace",
    "loyalty_account": "membership",
    "loyalty_program": "program",
    "loyalty_points": "points",
    "enrolment": "enrollment",
    "purchase": "order",
    "basket_id": "order_id",
    "line_item": "line",
    "refund_id": "return_id",
    "transaction_id": "operation_id",
    "coupon_code": "voucher code",
    "reward_claim": "claim",
    "exchange_reward": "claim",
    "ruleset": "version",
    "api_token": "API key",
    "user_id": "customer_id or staff_id",
    "killswitch": "switch",
    "kill_switch": "switch",
    "programme": "program",
    "cancelled": "canceled",
    "fulfilment": "fulfillment",
    "authorisation": "authorization",
    "colour": "color",
}
_FOREIGN_WORD = re.compile(rf"\b({'|'.join(_FOREIGN)})s?\b", re.IGNORECASE)

# Outside files speak their own language, which a connector translates; the reference model of the laws
# is written without reading ours.
_TRANSLATORS = ("connectors", "replay", "recompute.py", "adapter", "reference.py", "test_words.py")


def _names(path: Path) -> list[tuple[int, str]]:
    """Every name that a file gives: modules, functions, classes, parameters, variables, fields."""
    found = [(1, path.stem)]
    for node in nodes(path):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.append((node.lineno, node.name))
        elif isinstance(node, ast.arg):
            found.append((node.lineno, node.arg))
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.append((node.lineno, node.id))
    return found


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def test_no_module_is_named_for_nothing() -> None:
    """A module is named for what it holds; "utils" and its kin say nothing."""
    parts = {
        part.removesuffix(".py")
        for path in modules() + files_of_tests()
        for part in path.relative_to(ROOT).parts
    }
    assert parts & _EMPTY_NAMES == set()


def test_names_come_from_the_glossary() -> None:
    """No name uses another word for a thing that the glossary names."""
    wrong = [
        f"{where(path, line)} {name}: say {_FOREIGN[match[1].lower()]}"
        for path in modules() + files_of_tests()
        if not any(part in _TRANSLATORS for part in path.relative_to(ROOT).parts)
        for line, name in _names(path)
        for match in [
            _FOREIGN_WORD.search(_snake(name).replace("_", " ")) or _FOREIGN_WORD.search(_snake(name))
        ]
        if match
    ]
    assert wrong == []


def test_the_schema_speaks_the_glossary() -> None:
    """No table and no column uses another word for a thing that the glossary names."""
    names = [name for table, columns in tables().items() for name in (table, *columns)]
    assert [name for name in names if _FOREIGN_WORD.search(name)] == []


def test_every_module_says_what_it_is() -> None:
    """Every module and every room begins with a docstring."""
    silent = [str(path.relative_to(ROOT)) for path in modules() if ast.get_docstring(tree(path)) is None]
    assert silent == []


def test_every_test_states_its_claim() -> None:
    """Every test has a docstring that says what is true when it passes."""
    silent = [
        f"{where(path, node.lineno)} {node.name}"
        for path in files_of_tests()
        for node in nodes(path)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and ast.get_docstring(node) is None
    ]
    assert silent == []


def test_rooms_hold_no_empty_folders() -> None:
    """A room exists when something is in it."""
    rooms = {path.parent for path in modules()}
    empty = [room for room in rooms if {path.name for path in room.glob("*.py")} == {"__init__.py"}]
    assert [str(room.relative_to(SOURCE)) for room in empty] == []
