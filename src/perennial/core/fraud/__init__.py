"""The signals of fraud: an open family, one file per kind.

A kind is a file of this folder with one subclass of :class:`~perennial.core.kinds.fraud_signal.Signal`. Its
``tag`` is its name in documents; its fields are its form; its ``example`` is in the documentation.
Adding the file adds the kind everywhere.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, TypeAlias, Union

from perennial.core.kinds.fraud_signal import Signal


def _find_kinds() -> dict[str, type[Signal]]:
    """Import every file of this folder and return its kind under the kind's tag."""
    for module in iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
    kinds = {str(kind.__struct_config__.tag): kind for kind in Signal.__subclasses__()}
    return dict(sorted(kinds.items()))


KINDS: dict[str, type[Signal]] = _find_kinds()
"""Every kind of signal under its name in documents."""

if TYPE_CHECKING:
    Signals: TypeAlias = Signal
else:
    Signals = Union[tuple(KINDS.values())]  # noqa: UP007 (the members are known at run time only)


def usual_signals() -> tuple[Signal, ...]:
    """Return every kind of signal with its usual action: what is looked at where a document names none."""
    return tuple(kind() for kind in KINDS.values())
