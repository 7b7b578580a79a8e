"""Segments that compare the same value are found by looking it up, all of them at once.

Five segments that ask for what somebody has spent are five comparisons of one value. Between two of the
constants that any of them names they all answer the same, so that a table holds the bits of those that
hold there: one search finds them, however many there are. Where a segment asks for several values, it holds
if all of its tables say so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

import msgspec

from perennial.core.conditions.source import Source
from perennial.core.conditions.walk import compare
from perennial.core.facts import FactType
from perennial.core.terms.conditions import All, Compare, Condition, History, Operator

Atom: TypeAlias = Compare | History

_NUMBERS = frozenset(
    {
        Operator.IS,
        Operator.IS_NOT,
        Operator.MORE_THAN,
        Operator.AT_LEAST,
        Operator.LESS_THAN,
        Operator.AT_MOST,
        Operator.BETWEEN,
        Operator.IN,
        Operator.NOT_IN,
    }
)
_WORDS = frozenset({Operator.IS, Operator.IN})


class _Table(msgspec.Struct):
    """What segments ask about one value: bit of the segment and comparison.

    ``value`` is the source that reads it; ``optional`` says that it may be missing.
    """

    value: str
    kind: FactType
    optional: bool
    asked: list[tuple[int, Atom]] = []


class Tables:
    """The segments of a block that can be looked up; ``source`` is that of the function that judges them."""

    def __init__(self, source: Source) -> None:
        self.bits = 0
        self._source = source
        self._tables: dict[str, _Table] = {}

    def take(self, bit: int, condition: Condition) -> bool:
        """Take a segment over if it can be looked up; return whether it was."""
        atoms = _atoms(condition)
        found = [(atom, table) for atom in atoms if (table := self._table_of(atom)) is not None]
        if not atoms or len(found) < len(atoms):
            return False
        for atom, table in found:
            self._tables.setdefault(table.value, table).asked.append((bit, atom))
        self.bits |= bit
        return True

    def expression(self) -> str:
        """Return an expression for the bits of those segments that hold."""
        return " & ".join(self._look_up(table) for table in self._tables.values())

    def _table_of(self, atom: Atom) -> _Table | None:
        """Return the table of what is compared, empty; None if it cannot be looked up."""
        value, kind, optional, attribute = self._source.compared(atom)
        numbers = kind is FactType.INTEGER and not attribute and atom.operator in _NUMBERS
        words = kind is FactType.TEXT and atom.operator in _WORDS
        return _Table(value, kind, optional) if numbers or words else None

    def _look_up(self, table: _Table) -> str:
        bind = self._source.constant
        silent = self.bits & ~_union(bit for bit, _ in table.asked)
        if table.kind is FactType.TEXT:
            words = {str(word) for _, atom in table.asked for word in _operands(atom)}
            by_word = {word: silent | _holding(table.asked, word) for word in sorted(words)}
            return f"{bind(by_word)}.get({table.value}, {silent})"
        cuts, masks = _steps(table.asked, silent)
        found = f"{bind(masks)}[h_bisect({bind(cuts)}, {{}})]"
        if not table.optional:
            return found.format(table.value)
        return f"({silent} if (v := {table.value}) is None else {found.format('v')})"


def _atoms(condition: Condition) -> list[Atom]:
    """Return the comparisons that all have to hold; none where the condition is made of anything else."""
    match condition:
        case All(of):
            parts = [_atoms(part) for part in of]
            return [atom for part in parts for atom in part] if all(parts) else []
        case Compare() | History():
            return [condition]
    return []


def _operands(atom: Atom) -> tuple[object, ...]:
    return atom.operand if isinstance(atom.operand, tuple) else (atom.operand,)


def _holding(asked: Sequence[tuple[int, Atom]], value: int | str) -> int:
    """Return the bits of the segments all of whose comparisons hold for a value."""
    against = _union(bit for bit, atom in asked if not compare(value, atom.operator, atom.operand))
    return _union(bit for bit, _ in asked) & ~against


def _steps(asked: Sequence[tuple[int, Atom]], silent: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the numbers at which the answer changes, and the bits below the first and from each one on."""
    named = {number for _, atom in asked for number in _operands(atom) if isinstance(number, int)}
    cuts: list[int] = []
    masks = [silent | _holding(asked, min(named) - 1)]
    for number in sorted({cut for each in named for cut in (each, each + 1)}):
        mask = silent | _holding(asked, number)
        if mask != masks[-1]:
            cuts.append(number)
            masks.append(mask)
    return tuple(cuts), tuple(masks)


def _union(bits: Iterable[int]) -> int:
    union = 0
    for bit in bits:
        union |= bit
    return union
