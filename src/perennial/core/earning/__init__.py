"""The kinds of earning rule: an open family, one file per kind.

A kind is a file of this folder with one subclass of :class:`~perennial.core.kinds.rule.EarningRule`. Its
``tag`` is its name in documents; its fields are its form; its ``earn`` is its arithmetic; its
``example`` is in the documentation. Adding the file adds the kind everywhere.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, TypeAlias, Union

from perennial.core.kinds.rule import EarningRule


def _find_kinds() -> dict[str, type[EarningRule]]:
    """Import every file of this folder and return its kind under the kind's tag."""
    for module in iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
    kinds = {str(kind.__struct_config__.tag): kind for kind in EarningRule.__subclasses__()}
    return dict(sorted(kinds.items()))


KINDS: dict[str, type[EarningRule]] = _find_kinds()
"""Every kind of earning rule under its name in documents."""

if TYPE_CHECKING:
    EarningRules: TypeAlias = EarningRule
else:
    EarningRules = Union[tuple(KINDS.values())]  # noqa: UP007 (the members are known at run time only)
