"""What the view of all budgets shows beside what a case expects of it, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import UNSET

from perennial.core.budgets.shown_limits import outlook, shown_limits
from perennial.core.case_expectation import CaseBudget
from perennial.core.version import Version
from perennial.units import Instant


def budget_differences(
    expected: Mapping[str, CaseBudget],
    programs: Iterable[tuple[str, Version]],
    at: Instant,
    spent: Mapping[tuple[int, int], int],
    days: Mapping[tuple[int, int], int],
) -> list[str]:
    """Return what differs of the budgets in total that are named, by where they stand.

    ``spent`` maps (number, period) to what is used, ``days`` (number, ordinal of the local day) likewise.
    """
    seen: dict[str, CaseBudget] = {}
    for each in shown_limits(programs, at):
        limit = each.limit
        if not limit.is_total:
            continue
        used = spent.get((limit.number, each.period), 0)
        by_day = {
            day: amount
            for (number, day), amount in days.items()
            if number == limit.number and day >= each.first_day
        }
        ahead = outlook(each, used, by_day)
        shown = CaseBudget(
            cap=limit.cap,
            used=used,
            left=max(limit.cap - used, 0),
            runs_out_on=None if ahead is None else ahead.runs_out_on,
            programs=tuple(each.programs),
        )
        name = " ".join(limit.owner or ())
        seen.setdefault(name, shown)
        seen[f"{each.programs[0]}/{name}"] = shown
    found = []
    for name, wanted in expected.items():
        budget = seen.get(name)
        if budget is None:
            found.append(f"there is no budget {name!r} in the view")
            continue
        for field in CaseBudget.__struct_fields__:
            value = getattr(wanted, field)
            stated = value is not UNSET if field == "runs_out_on" else value is not None
            if stated and value != getattr(budget, field):
                found.append(f"{field} of {name} should be {value} but is {getattr(budget, field)}")
    return found
