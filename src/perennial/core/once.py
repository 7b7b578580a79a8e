"""What may happen only once: a tier's gift, a birthday of one year, an anniversary of one year.

They are limits of the version like those of rules, with a cap of one, so that they are loaded with the
member, seen in the snapshot, and held by the database at the write.
"""

from __future__ import annotations

from functools import lru_cache

from perennial.core.dates.periods import Period
from perennial.core.document.program import Pool, Program, messages_of
from perennial.core.terms.limits import AtCap, Counted
from perennial.core.version import CompiledLimit
from perennial.units import stable_hash

BIRTHDAY = "member.birthday"
ANNIVERSARY = "member.anniversary"


def once_limits(program: Program, program_id: int) -> tuple[CompiledLimit, ...]:
    """Return the limits that remember what the program has done once for a member."""
    days = [
        _once(once_number(program_id, day), f"{day}: once a year", Period.YEAR)
        for day in (BIRTHDAY, ANNIVERSARY)
        if day in _triggers(program)
    ]
    levels = program.tiers.levels if program.tiers and not program.tiers.gifts_again else ()
    pooled = program.pool is Pool.ALL
    gifts = [
        _once(gift_number(program_id, level.id), f"tier {level.id}: entered once", Period.EVER, pooled=pooled)
        for level in levels
    ]
    return (*days, *gifts)


def _once(number: int, name: str, period: Period, *, pooled: bool = False) -> CompiledLimit:
    return CompiledLimit(number, name, 1, Counted.TIMES, period, AtCap.REJECT, pooled=pooled)


def once_number(program_id: int, name: str) -> int:
    """Return the number of the limit that remembers the years in which the day ``name`` came."""
    return stable_hash("once", program_id, name)


@lru_cache(4096)
def gift_number(program_id: int, tier: str) -> int:
    """Return the number of the limit that remembers that the member entered ``tier``."""
    return stable_hash("entered", program_id, tier)


def _triggers(program: Program) -> set[str]:
    rules = [*program.earning_rules, *(rule for part in program.campaigns for rule in part.earning_rules)]
    return {rule.trigger for rule in rules} | {message.trigger for message in messages_of(program)}
