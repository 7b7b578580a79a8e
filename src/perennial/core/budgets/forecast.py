"""When a budget will be used up, if it goes on as it went: a plain estimate, with its formula.

The average is taken over the last seven days with use before today (today is not over; it counts if no
other day does). What was left this morning, divided by the average and rounded up, is the number of days
that it lasts, today being the first.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from perennial.units import Rounding, divide

DAYS = 7


class Forecast(msgspec.Struct, frozen=True):
    """``per_day`` is the average of a day with use; ``day`` the ordinal of the local day of the last rest."""

    per_day: int
    day: int


def forecast(left: int, days: Mapping[int, int], today: int) -> Forecast | None:
    """Return when what is ``left`` runs out, given the use of each local day; None: nothing can be said.

    ``days`` are those of the present period, by their ordinals. Of what is used up, and of what nobody has
    used yet, there is no forecast.
    """
    used = [(day, amount) for day, amount in sorted(days.items()) if amount > 0 and day <= today]
    recent = [amount for day, amount in used if day < today][-DAYS:] or [amount for _, amount in used]
    if not recent or left <= 0:
        return None
    this_morning = left + max(days.get(today, 0), 0)
    lasts = divide(this_morning * len(recent), sum(recent), Rounding.UP)
    return Forecast(divide(sum(recent), len(recent), Rounding.HALF_UP), today + max(lasts, 1) - 1)
