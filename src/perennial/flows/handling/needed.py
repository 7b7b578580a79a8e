"""What deciding finds out that it needs besides: it is then begun again, with that loaded."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import UUID

import msgspec

from perennial.flows.handling.passing_time import LotsNeeded
from perennial.flows.loading.drawn_codes import CodesNeeded

T = TypeVar("T")


class Needed(msgspec.Struct):
    """Owners whose lots are needed because something fell due, and how many codes of which pools."""

    lots: set[UUID] = set()
    codes: dict[tuple[int, str], int] = {}


async def with_what_is_needed(work: Callable[[Needed], Awaitable[T]]) -> T:
    """Run ``work`` (a whole transaction or savepoint), again from the start for as long as it needs more."""
    needed = Needed()
    while True:
        try:
            return await work(needed)
        except LotsNeeded as found:
            needed.lots.add(found.owner)
        except CodesNeeded as found:
            needed.codes[found.key] = found.count
