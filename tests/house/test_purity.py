"""The core is pure: the same data in, the same effects out, on every machine, in every year."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.house.source import SOURCE, modules, tree, where

_PURE = ("core", "ledger", "units.py")

# Where the world leaks in although the module that offers it may be imported.
_IMPURE_CALLS = {
    "datetime.now",
    "datetime.utcnow",
    "datetime.today",
    "date.today",
    "datetime.datetime.now",
    "datetime.date.today",
    "time.time",
    "time.time_ns",
    "time.monotonic",
    "uuid.uuid1",
    "uuid.uuid4",
    "uuid1",
    "uuid4",
    "random.random",
    "os.urandom",
    "secrets.token_bytes",
    "open",
    "print",
    "input",
    "eval",
    "float",
}
_IMPURE_NAMES = {"getrandbits", "urandom", "uuid4"}


def _pure_modules() -> list[Path]:
    return [path for path in modules() if path.relative_to(SOURCE).parts[0] in _PURE]


def _impurities(path: Path, module: ast.Module) -> list[str]:
    found = []
    for node in ast.walk(module):
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            found.append(f"{where(path, node.lineno)} the float {node.value}")
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in _IMPURE_CALLS:
            found.append(f"{where(path, node.lineno)} {ast.unparse(node.func)}()")
        elif isinstance(node, ast.Name) and node.id in _IMPURE_NAMES:
            found.append(f"{where(path, node.lineno)} {node.id}")
        elif isinstance(node, ast.AsyncFunctionDef | ast.Await):
            found.append(f"{where(path, node.lineno)} waits")
    return found


def test_the_core_knows_no_clock_no_chance_and_no_floats() -> None:
    """No pure module asks the clock, draws at random, reads or writes, or uses a float."""
    assert [found for path in _pure_modules() for found in _impurities(path, tree(path))] == []


@pytest.mark.parametrize(
    "code",
    ["x = 1.5", "datetime.now()", "x = uuid4()", "float(3)", "open('x')", "async def f(): pass"],
)
def test_what_is_impure_is_found(code: str) -> None:
    """The rule above sees each of these: it can fail."""
    assert _impurities(SOURCE / "units.py", ast.parse(code)) != []
