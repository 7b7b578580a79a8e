"""The kinds of messages: an open family, one file per kind, which is one per channel.

A kind is a file of this folder with one subclass of :class:`~perennial.core.kinds.message.Message`. Its
``tag`` is its name in documents, and the channel; its fields are its form; its ``example`` is in the
documentation. Adding the file adds the kind to documents, forms and decisions.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, TypeAlias, Union

from perennial.core.kinds.message import Message


def _find_kinds() -> dict[str, type[Message]]:
    """Import every file of this folder and return its kind under the kind's tag."""
    for module in iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
    kinds = {str(kind.__struct_config__.tag): kind for kind in Message.__subclasses__()}
    return dict(sorted(kinds.items()))


KINDS: dict[str, type[Message]] = _find_kinds()
"""Every kind of message under its name in documents."""

if TYPE_CHECKING:
    Messages: TypeAlias = Message
else:
    Messages = Union[tuple(KINDS.values())]  # noqa: UP007 (the members are known at run time only)
