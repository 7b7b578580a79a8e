"""Tables of an order's lines by product, brand and category, of the values that some rule asks for.

They stand in for the tables of all values in ``fact_source.py``: what no rule of a version mentions is
left out, so that an order's lines are looked up in the rules and not the rules in the lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from perennial.core.conditions import All, AnyOf, Compare, Condition, History, LinesMatch, LinesTotal, Not
from perennial.core.order import Line

Table = Callable[[Sequence[Line]], dict[str, list[int]]]
"""Returns the ascending positions of the lines with each of the values."""


def line_tables(conditions: Iterable[Condition | None]) -> dict[str, Table]:
    """Return the tables that serve every condition given, under their names in generated source."""
    wanted: dict[str, set[str]] = {"line.sku": set(), "line.brand": set(), "line.categories": set()}
    for condition in conditions:
        for fact, operand in _comparisons(condition) if condition is not None else ():
            if fact in wanted:
                wanted[fact].add(operand)
    return {
        "h_by_sku": _by_sku(frozenset(wanted["line.sku"])),
        "h_by_brand": _by_brand(frozenset(wanted["line.brand"])),
        "h_by_category": _by_category(frozenset(wanted["line.categories"])),
    }


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
