"""Test cases of a program, kept in its document: what must hold whenever it is published.

::

    cases:
      - id: gold-saturday
        title: A gold member buys for 80.00 on a Saturday
        steps:
          - {at: 2026-06-06 12:00, assign_tier: gold}
          - at: 2026-06-06 12:05
            order: {id: o1, lines: [{sku: shirt, amount: 8000}]}
            expect: {earned: 160}

The steps are those of ``core/case.py``. They are kept as they were written and read when they are checked and
played: a version of long ago still decodes, whatever cases could say at that time.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from perennial.core.document.reward import Title
from perennial.core.kinds.rule import Identifier

_FIRST = ("at", "customer", "guest")
_LAST = ("expect",)
MAX_CASES = 100
MAX_STEPS = 50


class ProgramCase(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """A test case: what happens, and what is expected. The program is published only if it holds.

    ``steps`` are those of case files. ``segments`` are there beside those of the workspace.
    """

    id: Identifier
    title: Title
    steps: tuple[Annotated[dict[str, Any], Meta(extra_json_schema={"$ref": "#/$defs/Step"})], ...]
    segments: tuple[dict[str, Any], ...] = ()


def in_reading_order(step: dict[str, Any]) -> dict[str, Any]:
    """Return a step as people read it: when and who, what happens, what is expected."""
    names = sorted(step, key=lambda name: (name in _LAST, name not in _FIRST, name))
    return {name: step[name] for name in names}
