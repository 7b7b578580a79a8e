"""``GET /v1/budgets``: every limit of every program, what is used of it, and how long it will last.

Reading locks nothing. A limit that several programs share is shown once, with the cap, the calendar and the
zone of the first of them.
"""

from __future__ import annotations

from datetime import date

import msgspec

from perennial.core.budgets.shown_limits import ShownLimit, outlook, shown_limits
from perennial.core.dates.periods import Period, start_of
from perennial.core.explaining.retelling import retell
from perennial.core.language import Language
from perennial.core.languages import ENGLISH
from perennial.core.terms.limits import MONEY, AtCap, Counted, Holder
from perennial.core.version import CompiledLimit
from perennial.flows.configuration import business_now
from perennial.flows.handle_events import Handler
from perennial.reports.budgets import Holders, read_budget_days, read_holders
from perennial.store.budgets import BudgetKey, read_budgets
from perennial.units import Instant, format_instant

MAX_HOLDERS = 100


class DayUse(msgspec.Struct, frozen=True):
    """What was used on one local day of the program, less what was given back of it since."""

    day: str
    used: int


class HolderUse(msgspec.Struct, frozen=True):
    """What one location has used of its part."""

    holder: str
    used: int
    left: int


class HoldersView(msgspec.Struct, frozen=True):
    """How many locations (devices, ...) have used some of their part, and how many all of it.

    ``most_used`` are at most 100 locations, those first that used most. The values of attributes are kept
    as hashes, so that they cannot be shown.
    """

    count: int
    full: int
    most_used: tuple[HolderUse, ...]


class ForecastView(msgspec.Struct, frozen=True):
    """``per_day`` is the average of the last seven days with use, today left out if there are others.

    The budget runs out on ``runs_out_on``, if it goes on like this: what was left this morning, divided by
    the average and rounded up, is the number of days, today being the first. Null: not in this period.
    """

    per_day: int
    runs_out_on: str | None


class BudgetView(msgspec.Struct, frozen=True):
    """One limit. ``part`` and ``id`` say where in the document it stands, ``words`` what it says.

    ``cap``, ``used`` and ``left`` are in what it ``counts``: money in minor units of ``currency``, points in
    the smallest part of their wallet, which people read with ``decimals``. The present period begins at
    ``starts_at`` and ends at ``ends_at`` (null: it never does). For each member's own limits, and where each
    location or value of an ``attribute`` has a part, ``used`` and ``left`` are null. ``days`` are the days
    of the period with use, at most the last 92. Where no ``forecast`` can be made (nothing used yet, all
    used up, or a period of a day or an hour) it is null.
    """

    programs: tuple[str, ...]
    part: str
    id: str
    words: str
    counts: Counted
    cap: int
    currency: str | None
    decimals: int
    per: Holder
    attribute: str | None
    every: Period
    at_cap: AtCap
    starts_at: str | None
    ends_at: str | None
    used: int | None
    left: int | None
    days: tuple[DayUse, ...]
    forecast: ForecastView | None
    holders: HoldersView | None


class BudgetList(msgspec.Struct, frozen=True):
    """Every limit of every program: in the order of the programs, those of members first."""

    data: tuple[BudgetView, ...]


async def read_all_budgets(handler: Handler, workspace_id: int, language: Language = ENGLISH) -> BudgetList:
    """Return every limit of every program that is published, as of the workspace's business time.

    ``words`` say each in ``language``.
    """
    async with handler.database.snapshot(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        at = business_now(workspace)
        shown = shown_limits(
            [(live.code, live.version_at(at) or live.latest) for live in workspace.programs], at
        )
        totals = [each for each in shown if each.limit.is_total]
        parts = [each for each in shown if each.limit.is_parted]
        keys = [BudgetKey(each.limit.number, each.period, each.limit.cap) for each in totals]
        used = await read_budgets(conn, workspace_id, keys)
        wanted = [(each.limit.number, each.first_day, each.today) for each in totals]
        days = await read_budget_days(conn, workspace_id, wanted)
        held = [(each.limit.number, each.period, each.limit.cap) for each in parts]
        holders = await read_holders(conn, workspace_id, held, MAX_HOLDERS)
    views = []
    for each in shown:
        number = each.limit.number
        spent = used.get((number, each.period), 0) if each.limit.is_total else None
        view = _view(each, spent, days.get(number, {}), holders.get(number, Holders()))
        views.append(msgspec.structs.replace(view, words=retell(view.words, language)))
    return BudgetList(tuple(views))


def _view(each: ShownLimit, used: int | None, days: dict[int, int], holders: Holders) -> BudgetView:
    limit, version = each.limit, each.version
    part, part_id = limit.owner or ("", "")
    starts_at, ends_at = _bounds(each)
    ahead = None if used is None else outlook(each, used, days)
    return BudgetView(
        programs=tuple(each.programs),
        part=part,
        id=part_id,
        words=limit.name,
        counts=limit.counts,
        cap=limit.cap,
        currency=version.program.currency if limit.counts in MONEY else None,
        decimals=limit.decimals,
        per=limit.holder,
        attribute=limit.attribute,
        every=limit.period,
        at_cap=limit.at_cap,
        starts_at=None if starts_at is None else format_instant(starts_at),
        ends_at=None if ends_at is None else format_instant(ends_at),
        used=used,
        left=None if used is None else max(limit.cap - used, 0),
        days=tuple(
            DayUse(date.fromordinal(day).isoformat(), amount)
            for day, amount in sorted(days.items())
            if amount
        ),
        forecast=None if ahead is None else ForecastView(ahead.per_day, ahead.runs_out_on),
        holders=_holders(limit, holders) if limit.is_parted else None,
    )


def _bounds(each: ShownLimit) -> tuple[Instant | None, Instant | None]:
    """Return when the present period begins and ends; one that is for ever does neither."""
    period, version = each.limit.period, each.version
    if period is Period.EVER:
        return None, None
    week_starts = version.program.week_starts
    return (
        start_of(each.period, period, version.zone, week_starts),
        start_of(each.period + 1, period, version.zone, week_starts),
    )


def _holders(limit: CompiledLimit, holders: Holders) -> HoldersView:
    return HoldersView(
        holders.count,
        holders.full,
        tuple(HolderUse(name, used, max(limit.cap - used, 0)) for name, used in holders.most_used),
    )
