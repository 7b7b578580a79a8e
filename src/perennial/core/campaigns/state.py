"""Where a campaign stands: whether it gives something right now, will, or does no more, and why."""

from __future__ import annotations

from enum import StrEnum
from zoneinfo import ZoneInfo

import msgspec

from perennial.core.dates.occurrences import Interval, open_between
from perennial.core.dates.schedule import Schedule, life_of
from perennial.core.document.program import Campaign, Program
from perennial.units import DAY, Instant

NEAR = 400 * DAY
FAR = 5 * 366 * DAY
"""A recurrence that does not come within this time is over."""


class CampaignState(StrEnum):
    """Where a campaign stands. The first that is true of it is said.

    ``draft``: no published version has it. ``ended``: its time, or its program's, is over. ``paused``: a
    switch turned it off. ``budget_exhausted``: a limit for all members together has nothing left.
    ``running``: its time is now. ``scheduled``: its time will come.
    """

    DRAFT = "draft"
    ENDED = "ended"
    PAUSED = "paused"
    BUDGET_EXHAUSTED = "budget_exhausted"
    RUNNING = "running"
    SCHEDULED = "scheduled"


class Openings(msgspec.Struct, frozen=True):
    """When a campaign is open next: it ``is_open`` now until ``closes_at``, or will be from ``opens_at`` on.

    Without both it never opens again; a ``closes_at`` of None is more than a year away, or never.
    """

    is_open: bool
    opens_at: Instant | None = None
    closes_at: Instant | None = None


def schedules_of(program: Program, campaign: Campaign) -> list[Schedule]:
    """Return what bounds a campaign in time: its own schedule, and the life of its program."""
    found = [] if campaign.schedule is None else [campaign.schedule]
    if program.starts is not None or program.ends is not None:
        found.append(Schedule(starts=program.starts, ends=program.ends))
    return found


def openings(program: Program, campaign: Campaign, zone: ZoneInfo, at: Instant) -> Openings:
    """Return when a campaign of a valid program is open, as of ``at``.

    Days of members, birthdays and anniversaries, are left out: for somebody it may be that day any day.
    """
    schedules = schedules_of(program, campaign)
    bounds = [life_of(schedule, zone) for schedule in schedules]
    starts = max((start for start, _ in bounds if start is not None), default=at)
    ends = min((end for _, end in bounds if end is not None), default=None)
    if ends is not None and ends <= at:
        return Openings(is_open=False)
    if not any(_comes_and_goes(schedule) for schedule in schedules):
        is_open = starts <= at
        return Openings(is_open, None if is_open else starts, ends)
    first = max(starts, at)
    found = _first(schedules, zone, first, first + NEAR) or _first(schedules, zone, first + NEAR, first + FAR)
    if found is None:
        return Openings(is_open=False)
    begins, closes = found
    is_open = begins == at
    return Openings(is_open, None if is_open else begins, None if closes >= first + NEAR else closes)


def _comes_and_goes(schedule: Schedule) -> bool:
    return bool(schedule.windows or schedule.rrule or schedule.holidays)


def _first(schedules: list[Schedule], zone: ZoneInfo, first: Instant, last: Instant) -> Interval | None:
    return next(iter(open_between(schedules, zone, first, last, most=1)), None)


def state_of(opened: Openings, *, is_off: bool, is_full: bool) -> CampaignState:
    """Return where a published campaign stands."""
    if not opened.is_open and opened.opens_at is None:
        return CampaignState.ENDED
    if is_off:
        return CampaignState.PAUSED
    if is_full:
        return CampaignState.BUDGET_EXHAUSTED
    return CampaignState.RUNNING if opened.is_open else CampaignState.SCHEDULED


def day_of_members(campaign: Campaign) -> str | None:
    """Return by which day of each member it is open (``birthday``, ``anniversary``), or None."""
    if campaign.schedule is None:
        return None
    if campaign.schedule.birthday is not None:
        return "birthday"
    return "anniversary" if campaign.schedule.anniversary is not None else None
