"""The languages in which conditions can be said: one file each, found by itself.

A language is a file of this folder that defines ``LANGUAGE``; its name is the language's code with ``_``
for ``-``. Adding the file adds the language everywhere.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from perennial.core.language import Language


def _find_languages() -> dict[str, Language]:
    modules = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]
    return {module.LANGUAGE.code: module.LANGUAGE for module in modules}


LANGUAGES: dict[str, Language] = _find_languages()
"""Every language by its code."""

ENGLISH = LANGUAGES["en"]
