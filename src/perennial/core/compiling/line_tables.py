"""Tables of an order's lines by product, brand and category, of the values that some rule asks for.

They stand in for the tables of all values in ``core/conditions/fact_source.py``: what no rule of a version
mentions is left out, so that an order's lines are looked up in the rules and not the rules in the lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from perennial.core.orders.order import Line
from perennial.core.terms.conditions import (
    All,
    AnyOf,
    Compare,
    Condition,
    History,
    LinesMatch,
    LinesTotal,
    Not,
)

Table = Callable[[Sequence[Line]], dict[str, list[int]]]
"""Returns the ascending positions of the lines with each of the values."""


def line_tables(conditions: Iterable[Condition | None]) -> dict[str, Table]:
    """Return the tables that serve every condition given, under their names in generated source."""
    wanted = _wanted(conditions)
    return {
        "h_by_sku": _by_sku(wanted["line.sku"]),
        "h_by_brand": _by_brand(wanted["line.brand"]),
        "h_by_category": _by_category(wanted["line.categories"]),
    }


def one_pass(
    prelude: Sequence[str], conditions: Iterable[Condition | None]
) -> tuple[list[str], dict[str, frozenset[str]]]:
    """Return ``prelude`` with one pass over the lines in place of a call per table, and its constants.

    The pass makes the local ``units``, the quantity of each line, as well.
    """
    wanted = _wanted(conditions)
    kept = [statement for statement in prelude if statement not in _CALLS]
    begin, body, constants = ["units = []"], ["units.append(line.quantity)"], {}
    for statement, (table, fact, reads) in _CALLS.items():
        if statement in prelude:
            constants[f"w{table}"] = wanted[fact]
            begin.append(f"{table} = {{}}")
            body += [line.format(table) for line in reads]
    loop = ["for i, line in enumerate(f_lines):", *(f"    {line}" for line in body)]
    lines = [] if _LINES in kept else [_LINES]
    return [*kept, *lines, *begin, *loop], constants


_LINES = "f_lines = order.lines"
_ONE = ("    if key not in {0}:", "        {0}[key] = [i]", "    else:", "        {0}[key].append(i)")
_SOME = (
    "for key in line.categories:",
    "    if key in w{0}:",
    "        if key not in {0}:",
    "            {0}[key] = [i]",
    "        elif {0}[key][-1] != i:",  # a category may be given twice
    "            {0}[key].append(i)",
)
_CALLS = {
    "f_by_sku = h_by_sku(f_lines)": ("f_by_sku", "line.sku", ("key = line.sku", "if key in w{0}:", *_ONE)),
    "f_by_brand = h_by_brand(f_lines)": (
        "f_by_brand",
        "line.brand",
        ("key = line.brand", "if key in w{0}:", *_ONE),
    ),
    "f_by_category = h_by_category(f_lines)": ("f_by_category", "line.categories", _SOME),
}
# What a call for a table is in a prelude: the table, its fact, and what is done with each line instead.


def _wanted(conditions: Iterable[Condition | None]) -> dict[str, frozenset[str]]:
    """Return the values of each fact that some condition asks for."""
    wanted: dict[str, set[str]] = {"line.sku": set(), "line.brand": set(), "line.categories": set()}
    for condition in conditions:
        for fact, operand in _comparisons(condition) if condition is not None else ():
            if fact in wanted:
                wanted[fact].add(operand)
    return {fact: frozenset(values) for fact, values in wanted.items()}


def _comparisons(condition: Condition) -> Iterator[tuple[str, str]]:
    """Yield each fact that is compared with one text somewhere in ``condition``, and the text."""
    match condition:
        case All(of) | AnyOf(of):
            for part in of:
                yield from _comparisons(part)
        case Not(part) | LinesMatch(_, part):
            yield from _comparisons(part)
        case LinesTotal(_, where) if where is not None:
            yield from _comparisons(where)
        case Compare(fact, _, str() as operand):
            yield fact, operand
        case Compare() | LinesTotal() | History():
            pass


def _by_sku(wanted: frozenset[str]) -> Table:
    def table(lines: Sequence[Line]) -> dict[str, list[int]]:
        positions: dict[str, list[int]] = {}
        for position, line in enumerate(lines):
            if line.sku in wanted:
                positions.setdefault(line.sku, []).append(position)
        return positions

    return table


def _by_brand(wanted: frozenset[str]) -> Table:
    def table(lines: Sequence[Line]) -> dict[str, list[int]]:
        positions: dict[str, list[int]] = {}
        for position, line in enumerate(lines):
            brand = line.brand
            if brand is not None and brand in wanted:
                positions.setdefault(brand, []).append(position)
        return positions

    return table


def _by_category(wanted: frozenset[str]) -> Table:
    def table(lines: Sequence[Line]) -> dict[str, list[int]]:
        positions: dict[str, list[int]] = {}
        for position, line in enumerate(lines):
            for category in line.categories:
                if category not in wanted:
                    continue
                found = positions.setdefault(category, [])
                if not found or found[-1] != position:  # a category may be given twice
                    found.append(position)
        return positions

    return table
