"""What can be shown of a draft that has problems: everything but the parts that cannot be read.

Whoever plans campaigns works on a draft for days, and it need not be fit to be published meanwhile: a typing
error in a rule hides no campaign.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from perennial.core.document.document import program_of
from perennial.core.document.program import Program
from perennial.core.document.text import parse_text
from perennial.core.problems import Problem

_TRIES = 4
_PART = re.compile(r"(\w+)(?:\[(\d+)\])?(?:\.(\w+))?")


def readable(text: str, *, for_dates: bool = False) -> tuple[Program | None, list[Problem]]:
    """Return what can be read of a draft, and why the rest cannot be; None: nothing can.

    Rules, campaigns and other parts of lists are left out one by one, other fields as a whole. ``for_dates``
    keeps also campaigns of which everything but the id and the schedule may be left out.
    """
    data, problems = parse_text(text)
    if problems or not isinstance(data, dict):
        return None, problems or [Problem("", "wrong_type", "a program document holds fields")]
    found: list[Problem] = []
    for _ in range(_TRIES):
        read = program_of(data)
        if isinstance(read, Program):
            return read, found
        found = found or read
        data = _without(data, read, for_dates)
    return None, found


def with_dates(program: Program, problems: Iterable[Problem]) -> Program | None:
    """Return a program without the parts whose dates cannot be told, for its calendar; None: nothing can.

    ``problems`` are all that :func:`perennial.core.validation.validation.examine` finds.
    """
    paths = [each.path for each in problems]
    if "time_zone" in paths:
        return None
    lasting = not any(path in ("starts", "ends") for path in paths)
    return msgspec.structs.replace(
        program,
        starts=program.starts if lasting else None,
        ends=program.ends if lasting else None,
        tiers=None if any(_lies_in(path, "tiers") for path in paths) else program.tiers,
        wallets=tuple(
            wallet
            for i, wallet in enumerate(program.wallets)
            if not any(_lies_in(path, f"wallets[{i}].expiry") for path in paths)
        ),
        campaigns=tuple(
            campaign
            for i, campaign in enumerate(program.campaigns)
            if not any(_lies_in(path, f"campaigns[{i}].schedule") for path in paths)
        ),
    )


def _without(data: dict[str, Any], problems: Iterable[Problem], for_dates: bool) -> dict[str, Any]:
    """Return the document without the parts that problems lie in."""
    fields: set[str] = set()
    places: dict[str, set[int]] = {}
    inside: dict[int, set[str]] = {}
    for each in problems:
        found = _PART.match(each.path)
        if found is None:
            continue
        field, place, part = found[1], found[2], found[3]
        if place is None or not isinstance(data.get(field), list):
            fields.add(field)
        elif for_dates and field == "campaigns" and part not in (None, "id", "schedule"):
            inside.setdefault(int(place), set()).add(part)
        else:
            places.setdefault(field, set()).add(int(place))
    left = {field: value for field, value in data.items() if field not in fields}
    for place, parts in inside.items():
        campaign = left["campaigns"][place]
        changed = {field: value for field, value in campaign.items() if field not in parts}
        left["campaigns"] = [changed if i == place else one for i, one in enumerate(left["campaigns"])]
    for field, gone in places.items():
        left[field] = [part for i, part in enumerate(left[field]) if i not in gone]
    return left


def _lies_in(path: str, part: str) -> bool:
    return path == part or path.startswith((f"{part}.", f"{part}["))
