"""What the code says to people in English: every sentence in its source, with something in its holes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from perennial.core.counting import are, counted

SAYING = frozenset(
    {
        "bad_query",
        "bad_request",
        "field_problem",
        "FieldProblem",
        "problem",
        "Problem",
        "refuse",
        "refused",
        "Refusal",
        "RowError",
        "unauthorized",
        "_beyond",
        "_elsewhere",
        "_malformed",
        "_no",
        "_Refused",
        "_refused",
        "_required",
        "_wrong",
    }
)
"""The calls that tell somebody why something failed."""

_SILENT = frozenset({"Meta", "compile", "ValueError", "compile_function"})
_INSTANT = "2027-01-04T10:00:00Z"
_FILLED = {
    "format_instant": _INSTANT,
    "minute_words": "2027-01-04 10:00",
    "now": _INSTANT,
    "format_money": "1.00 EUR",
    "money": "1.00 EUR",
    "spend": "1.00 EUR",
    "here": "a.b[0]",
    "path": "a.b[0]",
    "seen[name]": "a.b[0]",
}
"""What stands in a hole of a sentence, by what is put there; else a number, which is a name as well."""

_WORD = re.compile(r"[A-Za-z]{2,}")


def said_in(path: Path) -> Iterator[str]:
    """Yield the sentences of a file that are given to a call of :data:`SAYING`, as they are or by name."""
    functions = [
        each
        for each in ast.walk(ast.parse(path.read_text()))
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    for function in functions:
        given = [
            argument
            for call in ast.walk(function)
            if isinstance(call, ast.Call) and _name(call.func) in SAYING
            for argument in (*call.args, *(keyword.value for keyword in call.keywords))
        ]
        names = {node.id for argument in given for node in ast.walk(argument) if isinstance(node, ast.Name)}
        assigned = [
            node.value
            for node in ast.walk(function)
            if isinstance(node, ast.Assign)
            and any(
                isinstance(name, ast.Name) and name.id in names
                for target in node.targets
                for name in ast.walk(target)
            )
        ]
        for node in (*given, *assigned):
            yield from _texts(node, set())


def written_in(path: Path) -> Iterator[str]:
    """Yield every sentence that a file holds, but what documents the code, and what tells its authors."""
    tree = ast.parse(path.read_text())
    silent: set[ast.AST] = set()
    for node in ast.walk(tree):
        is_document = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        is_example = (
            isinstance(node, ast.AnnAssign)
            and isinstance(node.target, ast.Name)
            and node.target.id == "example"
        )
        is_inside = isinstance(node, ast.Call) and _name(node.func) in _SILENT
        if is_document or is_example or is_inside or isinstance(node, ast.Assert):
            silent |= set(ast.walk(node))
    yield from _texts(tree, silent)


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _texts(node: ast.AST, silent: set[ast.AST]) -> Iterator[str]:
    if node in silent:
        return
    if isinstance(node, ast.JoinedStr):
        if _speaks("".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))):
            yield "".join(_filled(part) for part in node.values)
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                yield from _texts(part.value, silent)
    elif isinstance(node, ast.Constant):
        if isinstance(node.value, str) and _speaks(node.value):
            yield node.value
    else:
        for child in ast.iter_child_nodes(node):
            yield from _texts(child, silent)


def _speaks(text: str) -> bool:
    return " " in text.strip() and len(_WORD.findall(text)) > 1


def counted_in(node: ast.expr) -> str | None:
    """Return what :func:`counted` or :func:`are` puts in a hole for one, or None where neither does."""
    if not isinstance(node, ast.Call) or _name(node.func) not in ("counted", "are"):
        return None
    noun = node.args[1] if len(node.args) > 1 else None
    return counted(1, str(noun.value)) if isinstance(noun, ast.Constant) else are(1)


def _filled(part: ast.expr) -> str:
    """Return what stands in a hole: a name in quotes, an instant, an amount, or a number."""
    if isinstance(part, ast.Constant):
        return str(part.value)
    assert isinstance(part, ast.FormattedValue)
    put = ast.unparse(part.value)
    if part.conversion == ord("r"):
        return "'1'"
    counting = counted_in(part.value)
    if counting is not None:
        return counting
    return _FILLED.get(put.partition("(")[0], "1")
