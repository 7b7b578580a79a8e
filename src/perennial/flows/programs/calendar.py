"""The calendar of a workspace: what its programs do on which days, and what their drafts would do."""

from __future__ import annotations

import asyncio
from datetime import date
from zoneinfo import ZoneInfo

import msgspec

from perennial.core.campaigns.calendar import (
    MAX_DAYS,
    EntryKind,
    EntryState,
    calendar_of,
    countries_of,
    public_holidays,
)
from perennial.core.document.document import plain_of
from perennial.core.document.program import Program
from perennial.core.document.readable_draft import readable, with_dates
from perennial.core.document.shape import MAX_PROBLEMS
from perennial.core.problems import Problem
from perennial.core.validation.validation import examine
from perennial.flows.configuration import Workspace
from perennial.flows.handle_events import Handler
from perennial.flows.problems import field_problem
from perennial.flows.programs.checks import require_program, surrounded
from perennial.store.programs.programs import list_programs
from perennial.units import format_instant


class EntryView(msgspec.Struct, frozen=True):
    """Something that happens in a program from ``starts_at`` up to ``ends_at``, cut to the days asked for.

    ``first_day`` and ``last_day`` are the days that it touches in the program's zone; a moment (a review, an
    expiry, the end of a program) begins and ends at once, and belongs to the day that it ends. ``id`` is that
    of the campaign, or of the wallet whose points expire. ``overlaps`` are other campaigns of the program
    that are open for a part of the same time. ``day_of`` says by which day of each member (`birthday`,
    `anniversary`) a campaign is open besides; such a one overlaps nothing.
    """

    program: str
    kind: EntryKind
    id: str | None
    name: str
    state: EntryState
    starts_at: str
    ends_at: str
    first_day: str
    last_day: str
    day_of: str | None
    overlaps: tuple[str, ...]


class HolidayView(msgspec.Struct, frozen=True):
    """A public holiday of a country that some schedule goes by, or that was asked for."""

    country: str
    day: str
    name: str


class CalendarProgram(msgspec.Struct, frozen=True):
    """A program in the calendar, with its zone (UTC where nothing of it can be read).

    ``draft_unreadable``: nothing of what is planned in its draft can be shown. ``draft_problems`` keep the
    draft from being published; a campaign whose dates have some is not shown, every other one is.
    """

    program: str
    name: str
    time_zone: str
    draft_unreadable: bool
    draft_problems: tuple[Problem, ...]


class CalendarView(msgspec.Struct, frozen=True, rename={"first": "from", "last": "to"}):
    """The days ``from`` to ``to`` (both included). ``truncated``: there is more than is shown."""

    first: str
    last: str
    programs: tuple[CalendarProgram, ...]
    entries: tuple[EntryView, ...]
    holidays: tuple[HolidayView, ...]
    truncated: bool


class _Planned(msgspec.Struct):
    """A program with what is published of it, and as much of its draft as has dates that can be told."""

    code: str
    published: Program | None
    draft: Program | None
    unreadable: bool
    problems: list[Problem]


async def read_calendar(
    handler: Handler,
    workspace_id: int,
    first: date,
    last: date,
    program: str | None = None,
    country: str | None = None,
) -> CalendarView:
    """Return the calendar of all programs or of the one that is named; the days are local ones of each.

    Of a campaign that the draft changes both what is published and what is planned are shown. ``country``
    adds the holidays of a country. Raises a 422 for more than 400 days.
    """
    if last < first:
        raise field_problem("query.to", "ends_before_start", "lies before `from`")
    if (last - first).days >= MAX_DAYS:
        raise field_problem("query.to", "range_too_long", f"a calendar has at most {MAX_DAYS} days")
    async with handler.database.snapshot(workspace_id) as conn:
        if program is not None:
            await require_program(conn, workspace_id, program)
        workspace = await handler.configurations.current(conn, workspace_id)
        planned = []
        for row in await list_programs(conn, workspace_id):
            if program not in (None, row.code):
                continue
            live = workspace.program(row.code)
            published = None if live is None else live.latest.program
            draft, problems = None, list[Problem]()
            if row.draft is not None:
                draft, problems = readable(row.draft, for_dates=True)
            if draft is not None:
                found = examine(await surrounded(conn, workspace_id, draft)).problems
                draft, problems = with_dates(draft, found), problems or found
            unreadable = row.draft is not None and draft is None
            planned.append(_Planned(row.code, published, draft, unreadable, problems[:MAX_PROBLEMS]))
    return await asyncio.to_thread(_calendar, workspace, planned, first, last, country)


def _calendar(
    workspace: Workspace, planned: list[_Planned], first: date, last: date, country: str | None
) -> CalendarView:
    """Work the calendar out. It may take a while, so that it is done beside the loop of the worker."""
    entries: list[EntryView] = []
    programs: list[CalendarProgram] = []
    countries = set() if country is None else {country}
    truncated = False
    for each in planned:
        shown = each.published or each.draft
        if shown is None and not each.unreadable:
            continue
        name, zone = (each.code, "UTC") if shown is None else (shown.name, shown.time_zone)
        programs.append(CalendarProgram(each.code, name, zone, each.unreadable, tuple(each.problems)))
        for side in (each.published, _news(each)):
            if side is None:
                continue
            countries |= countries_of(side)
            found = calendar_of(side, ZoneInfo(side.time_zone), first, last)
            truncated = truncated or found.truncated
            for entry in found.entries:
                state = EntryState.PUBLISHED if side is each.published else EntryState.DRAFT
                if state is EntryState.DRAFT and each.published is not None and not _is_new(each, entry.id):
                    continue
                if state is EntryState.PUBLISHED and _is_off(workspace, each.code, entry.kind, entry.id):
                    state = EntryState.PAUSED
                entries.append(
                    EntryView(
                        each.code,
                        entry.kind,
                        entry.id,
                        entry.name,
                        state,
                        format_instant(entry.starts_at),
                        format_instant(entry.ends_at),
                        entry.first_day.isoformat(),
                        entry.last_day.isoformat(),
                        entry.day_of,
                        tuple(name for name in entry.overlaps if name != entry.id),
                    )
                )
    try:
        holidays = public_holidays(countries, first, last)
    except ValueError:
        raise field_problem("query.country", "unknown_country", "no holidays are known of it") from None
    entries.sort(key=lambda entry: (entry.first_day, entry.starts_at, entry.program, entry.id or ""))
    return CalendarView(
        first.isoformat(),
        last.isoformat(),
        tuple(programs),
        tuple(entries),
        tuple(HolidayView(one.country, one.day.isoformat(), one.name) for one in holidays),
        truncated,
    )


def _news(planned: _Planned) -> Program | None:
    """Return the draft, if publishing it changes any campaign."""
    if planned.draft is None or planned.published is None:
        return planned.draft
    return planned.draft if planned.draft.campaigns != planned.published.campaigns else None


def _is_new(planned: _Planned, campaign: str | None) -> bool:
    """Return whether the draft has a campaign that is not published, or not so."""
    assert planned.draft is not None, "entries of a draft come from one"
    drafted = [plain_of(each) for each in planned.draft.campaigns if each.id == campaign]
    published = planned.published.campaigns if planned.published is not None else ()
    return drafted != [plain_of(each) for each in published if each.id == campaign]


def _is_off(workspace: Workspace, program: str, kind: EntryKind, campaign: str | None) -> bool:
    if kind is not EntryKind.CAMPAIGN or campaign is None:
        return False
    return workspace.switches.off_campaign(program, campaign) is not None
