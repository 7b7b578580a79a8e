"""The kinds of reward: an open family, one file per kind.

A kind is a file of this folder with one subclass of :class:`~perennial.core.reward.Reward`. Its
``tag`` is its name in documents; its fields are its form. Adding the file adds the kind everywhere:
documents, JSON Schema, validation and claims find it here.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, TypeAlias, Union

from perennial.core.reward import Reward

_modules = [import_module(f"{__name__}.{file.name}") for file in iter_modules(__path__)]

REWARD_KINDS: tuple[type[Reward], ...] = tuple(
    found
    for module in _modules
    for found in vars(module).values()
    if isinstance(found, type) and issubclass(found, Reward) and found.__module__ == module.__name__
)
"""Every kind, in the order of its file's name."""

if TYPE_CHECKING:
    Rewards: TypeAlias = Reward
else:
    Rewards = Union[REWARD_KINDS]  # noqa: UP007 - built from what was found
