"""Where commands print: results to the standard output, progress and errors beside it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

OUT = Console(highlight=False)
ERRORS = Console(stderr=True)


def print_table(names: Sequence[str], rows: Iterable[Sequence[str]], *, whole: str = "") -> None:
    """Print a table whose cells are as they were typed, and broken where they are too long, never cut off.

    The column ``whole``, which people copy, is not broken either.
    """
    table = Table(*(Column(name, overflow="fold", no_wrap=name == whole) for name in names))
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    OUT.print(table)
