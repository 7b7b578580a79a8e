"""Where commands print: results to the standard output, progress and errors beside it."""

from __future__ import annotations

from rich.console import Console

OUT = Console(highlight=False)
ERRORS = Console(stderr=True)
