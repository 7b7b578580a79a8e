"""Where the example programs are: inside an installed package, or beside the source."""

from __future__ import annotations

from pathlib import Path


def examples_folder() -> Path:
    """Return the folder of the example programs."""
    package = Path(__file__).parents[1] / "examples"
    return package if package.is_dir() else Path(__file__).parents[3] / "examples"
