"""The kinds of flaw that the finder knows: an open family, one file per kind.

A kind is a file of this folder with one subclass of :class:`~perennial.core.flaws.flaw.FlawKind`. Its
``name`` is its name in answers; its ``find`` plays the program and comes back with a proof; its
``example`` is in the documentation. Adding the file adds the kind everywhere.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from perennial.core.flaws.flaw import FlawKind


def _find_kinds() -> dict[str, type[FlawKind]]:
    """Import every file of this folder and return its kind under the kind's name."""
    for module in iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
    return dict(sorted((kind.name, kind) for kind in FlawKind.__subclasses__()))


KINDS: dict[str, type[FlawKind]] = _find_kinds()
"""Every kind of flaw under its name."""
