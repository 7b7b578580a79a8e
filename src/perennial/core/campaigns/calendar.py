"""The calendar of a program: when its campaigns are open, and the other dates that everybody shares.

Campaigns around a birthday or an anniversary are open for each member at another time; their entries show
when they may be, and overlap nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from zoneinfo import ZoneInfo

import msgspec

from perennial.core.campaigns.state import day_of_members, schedules_of
from perennial.core.dates.occurrences import holidays_between, open_between
from perennial.core.dates.periods import add_span, local_date, local_midnight, period_of, start_of
from perennial.core.dates.schedule import Schedule, life_of
from perennial.core.document.program import (
    Campaign,
    FixedDatesExpiry,
    Program,
    TierLasts,
    messages_of,
    rewards_of,
)
from perennial.core.tier_terms import period_of_tiers
from perennial.core.wallets.dates import day_of_year
from perennial.units import Instant

MAX_DAYS = 400
MAX_ENTRIES = 2_000


class EntryKind(StrEnum):
    """What happens. ``program_closes`` is when the grace after the end of a program is over."""

    CAMPAIGN = "campaign"
    PROGRAM_STARTS = "program_starts"
    PROGRAM_ENDS = "program_ends"
    PROGRAM_CLOSES = "program_closes"
    TIER_REVIEW = "tier_review"
    POINTS_EXPIRE = "points_expire"


class EntryState(StrEnum):
    """Whether an entry is of what is published, `paused` by a switch there, or of a draft alone."""

    PUBLISHED = "published"
    PAUSED = "paused"
    DRAFT = "draft"


class Entry(msgspec.Struct, frozen=True):
    """Something from ``starts_at`` up to ``ends_at`` (not included; the same for a moment).

    ``first_day`` and ``last_day`` are the local days that it touches. ``id`` is that of the campaign or of
    the wallet. ``day_of`` says by which day of each member a campaign is open. ``overlaps`` are the
    campaigns that are open for a part of the same time.
    """

    kind: EntryKind
    id: str | None
    name: str
    starts_at: Instant
    ends_at: Instant
    first_day: date
    last_day: date
    day_of: str | None = None
    overlaps: tuple[str, ...] = ()


class PublicHoliday(msgspec.Struct, frozen=True):
    """A public holiday of a country (or a part of one, as in DE-BY)."""

    country: str
    day: date
    name: str


class Calendar(msgspec.Struct, frozen=True):
    """What happens within some days, in order; ``truncated`` says that there is more than is shown."""

    entries: tuple[Entry, ...]
    truncated: bool = False


def calendar_of(program: Program, zone: ZoneInfo, first: date, last: date) -> Calendar:
    """Return what happens in a valid program from ``first`` to ``last`` (both included).

    At most 400 days and 2,000 entries are looked at.
    """
    if (last - first).days >= MAX_DAYS:
        raise ValueError(f"a calendar has at most {MAX_DAYS} days")
    begins, ends = local_midnight(first, zone), local_midnight(date.fromordinal(last.toordinal() + 1), zone)
    found: list[Entry] = list(_moments(program, zone, begins, ends))
    truncated = False
    for campaign in program.campaigns:
        room = MAX_ENTRIES - len(found)
        intervals = open_between(schedules_of(program, campaign), zone, begins, ends, most=room + 1)
        truncated = truncated or len(intervals) > room
        found += [_campaign(campaign, zone, *interval) for interval in intervals[:room]]
    found.sort(key=lambda entry: (entry.starts_at, -entry.ends_at, entry.kind, entry.id or ""))
    return Calendar(tuple(_with_overlaps(found)), truncated)


def countries_of(program: Program) -> set[str]:
    """Return the countries whose holidays some schedule of the program goes by."""
    rules = [*program.earning_rules, *(rule for each in program.campaigns for rule in each.earning_rules)]
    schedules = [
        *(rule.schedule for rule in rules),
        *(campaign.schedule for campaign in program.campaigns),
        *(reward.schedule for reward in rewards_of(program)),
        *(message.schedule for message in messages_of(program)),
    ]
    return {each.holidays for each in schedules if each is not None and each.holidays is not None}


def public_holidays(countries: set[str], first: date, last: date) -> list[PublicHoliday]:
    """Return the public holidays of some countries; raise ``ValueError`` for one that is not known."""
    found = [
        PublicHoliday(country, day, name)
        for country in countries
        for day, name in holidays_between(country, first, last)
    ]
    return sorted(found, key=lambda each: (each.day, each.country))


def _campaign(campaign: Campaign, zone: ZoneInfo, starts: Instant, ends: Instant) -> Entry:
    name = campaign.name or campaign.id
    days = local_date(starts, zone), local_date(ends - 1, zone)
    return Entry(EntryKind.CAMPAIGN, campaign.id, name, starts, ends, *days, day_of_members(campaign))


def _moments(program: Program, zone: ZoneInfo, begins: Instant, ends: Instant) -> Iterator[Entry]:
    """Yield everything of the program that happens at one moment."""
    for kind, id_, name, at in _dates(program, zone, begins, ends):
        if begins <= at < ends:
            # What happens as a day begins is the end of the day before, as people say it.
            ending = kind is not EntryKind.PROGRAM_STARTS
            day = local_date(at - 1 if ending and at > begins else at, zone)
            yield Entry(kind, id_, name, at, at, day, day)


def _dates(
    program: Program, zone: ZoneInfo, begins: Instant, ends: Instant
) -> Iterator[tuple[EntryKind, str | None, str, Instant]]:
    starts, closes = life_of(Schedule(starts=program.starts, ends=program.ends), zone)
    if starts is not None:
        yield EntryKind.PROGRAM_STARTS, None, program.name, starts
    if closes is not None:
        yield EntryKind.PROGRAM_ENDS, None, program.name, closes
        yield EntryKind.PROGRAM_CLOSES, None, program.name, add_span(closes, program.grace, zone)
    for at in _tier_reviews(program, zone, begins, ends):
        yield EntryKind.TIER_REVIEW, None, program.name, at
    for wallet in program.wallets:
        if isinstance(wallet.expiry, FixedDatesExpiry):
            for year in range(local_date(begins, zone).year - 1, local_date(ends, zone).year + 1):
                for text in wallet.expiry.dates:
                    at = local_midnight(date.fromordinal(day_of_year(year, text) + 1), zone)
                    yield EntryKind.POINTS_EXPIRE, wallet.id, wallet.name, at


def _tier_reviews(program: Program, zone: ZoneInfo, begins: Instant, ends: Instant) -> Iterator[Instant]:
    """Yield when all tiers are reviewed at once: at the ends of the calendar periods of their figures."""
    system = program.tiers
    if system is None or system.lasts not in (TierLasts.PERIOD, TierLasts.NEXT_PERIOD):
        return
    period = period_of_tiers(system)
    if period is None:
        return
    number = period_of(begins, period, zone, program.week_starts)
    while (at := start_of(number, period, zone, program.week_starts)) < ends:
        reviewed = at if system.extend is None else add_span(at, system.extend, zone)
        if begins <= reviewed < ends:
            yield reviewed
        number += 1


def _with_overlaps(entries: list[Entry]) -> Iterator[Entry]:
    """Yield the entries, which are in order, each with the campaigns that overlap it."""
    shared: dict[int, set[str]] = {}
    running: list[int] = []
    for place, entry in enumerate(entries):
        if entry.kind is not EntryKind.CAMPAIGN or entry.day_of is not None:
            continue
        running = [other for other in running if entries[other].ends_at > entry.starts_at]
        for other in running:
            if entries[other].id != entry.id:
                shared.setdefault(place, set()).add(entries[other].id or "")
                shared.setdefault(other, set()).add(entry.id or "")
        running.append(place)
    for place, entry in enumerate(entries):
        overlaps = tuple(sorted(shared.get(place, ())))
        yield msgspec.structs.replace(entry, overlaps=overlaps) if overlaps else entry
