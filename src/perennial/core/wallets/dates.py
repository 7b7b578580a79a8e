"""When points may be spent and when they expire: the dates of a lot.

Dates that come from periods are moments at which a local day begins, so that everything that a member
earns on one day shares one lot, and a wallet holds a few dozen lots at most. All arithmetic is on local
dates in the program's zone: what is earned on 25 January and lives one month can be spent through
25 February and expires when the 26th begins.
"""

from __future__ import annotations

from datetime import date
from typing import assert_never

from perennial.core.dates.periods import (
    Period,
    add_span,
    first_day,
    local_day,
    local_midnight,
    period_of_day,
    shift_date,
)
from perennial.core.dates.schedule import Span
from perennial.core.document.program import (
    Expiry,
    FixedDatesExpiry,
    FulfillmentPending,
    InactivityExpiry,
    NoExpiry,
    NoPending,
    Pending,
    PeriodPending,
    RollingExpiry,
    RoundUp,
)
from perennial.core.version import Version
from perennial.ledger.lot import LotKey, Origin
from perennial.units import Instant

_REMEMBERED = 4_096


def lot_key(
    version: Version, wallet_index: int, tier: str | None, at: Instant, waits_for: str | None = None
) -> LotKey:
    """Return the dates of points that a member of ``tier`` earns at ``at``.

    ``wallet_index`` is the position in ``version.wallets``. ``waits_for`` names the order that has to
    be fulfilled first; it is ``None`` for what no order earned, or an order that already is.
    """
    return dated_lot(version, wallet_index, tier, at, waits_for)[0]


def dated_lot(
    version: Version, wallet_index: int, tier: str | None, at: Instant, waits_for: str | None = None
) -> tuple[LotKey, int]:
    """Return what :func:`lot_key` returns, and the number of the lot."""
    if waits_for is None:
        known = version.lot_days.get((wallet_index, tier))
        if known is not None and known[0] <= at < known[1]:
            return known[2], known[3]
        day = day_of(version, at)
        kept = version.lots_by_day.get((wallet_index, tier, day))
        if kept is not None:
            version.lot_days[wallet_index, tier] = kept
            return kept[2], kept[3]
    wallet = version.wallets[wallet_index]
    pending = wallet.pending.get(tier, wallet.pending[None])
    if waits_for is not None and isinstance(pending, FulfillmentPending):
        key = LotKey(Origin.EARNED, None, None, waits_for)
        return key, key.lot_id
    expiry = wallet_expiry(version, wallet_index, tier)
    key = _key_of_day(version, pending, expiry, at)
    if _is_daily(pending, expiry):
        day = day_of(version, at)
        known = (_midnight(version, day), midnight_after(version, day), key, key.lot_id)
        version.lot_days[wallet_index, tier] = known
        if len(version.lots_by_day) >= _REMEMBERED:
            version.lots_by_day.clear()
        version.lots_by_day[wallet_index, tier, day] = known
    return key, key.lot_id


def released_key(
    version: Version, wallet_index: int, tier: str | None, at: Instant, waited_for: str
) -> LotKey:
    """Return the dates of points that waited for an event which happened at ``at``."""
    key = _key_of_day(version, NoPending(), wallet_expiry(version, wallet_index, tier), at)
    return LotKey(Origin.EARNED, key.available_at, key.expires_at, waited_for)


def wallet_expiry(version: Version, wallet_index: int, tier: str | None) -> Expiry:
    """Return how points of a wallet expire for a member of ``tier``."""
    wallet = version.wallets[wallet_index]
    return wallet.expiry.get(tier, wallet.expiry[None])


def end_of_day_after(version: Version, at: Instant, span: Span) -> Instant:
    """Return the end of the local day that lies ``span`` after ``at``: the next local midnight."""
    return midnight_after(version, _day_after(version, at, span))


def day_of(version: Version, at: Instant) -> int:
    """Return the ordinal of the local day in which ``at`` lies.

    Where clocks are set back over midnight, the hour that comes again belongs to the day that began.
    """
    day = local_day(at, version.zone)
    return day + 1 if at >= midnight_after(version, day) else day


def beginning_of_day(version: Version, at: Instant) -> Instant:
    """Return the instant at which the local day of ``at`` begins."""
    return _midnight(version, day_of(version, at))


def midnight_after(version: Version, day: int) -> Instant:
    """Return the instant at which the local day with this ordinal is over."""
    return local_midnight(date.fromordinal(day + 1), version.zone)


def expiry_of(version: Version, expiry: Expiry, activation: Instant) -> Instant | None:
    """Return when points that became available at ``activation`` expire, if the lot itself does."""
    match expiry:
        case NoExpiry() | InactivityExpiry():
            return None
        case RollingExpiry(after=after, round_up=round_up):
            return _end_of(version, _day_after(version, activation, after), round_up)
        case FixedDatesExpiry(dates=dates):
            return _next_fixed_end(version, dates, activation)
    assert_never(expiry)


def _key_of_day(version: Version, pending: Pending, expiry: Expiry, at: Instant) -> LotKey:
    """Return the key for points earned at ``at``; available ones count from the day's beginning."""
    available_at = beginning_of_day(version, at)
    activation = at
    if isinstance(pending, PeriodPending) and pending.after != Span():
        available_at = activation = _end_of_pending(version, pending.after, at)
    return LotKey(Origin.EARNED, available_at, expiry_of(version, expiry, activation))


def _end_of_pending(version: Version, after: Span, at: Instant) -> Instant:
    if _has_days(after):
        return end_of_day_after(version, at, after)
    return add_span(at, after, version.zone)


def _end_of(version: Version, day: int, round_up: RoundUp) -> Instant:
    """Return the end of the local day or of the longer period in which the day lies."""
    if round_up is RoundUp.DAY:
        return midnight_after(version, day)
    period = Period(round_up.value)
    return local_midnight(first_day(period_of_day(day, period) + 1, period), version.zone)


def _next_fixed_end(version: Version, dates: tuple[str, ...], activation: Instant) -> Instant | None:
    """Return the end of the first of these days of the year that is not over at ``activation``."""
    year = date.fromordinal(day_of(version, activation)).year
    ends = [midnight_after(version, day_of_year(year + ahead, day)) for ahead in (0, 1) for day in dates]
    return min((end for end in ends if end > activation), default=None)


def day_of_year(year: int, month_and_day: str) -> int:
    """Return the ordinal of ``MM-DD`` in a year; 29 February is the 28th in a common year."""
    if month_and_day == "02-29":
        return date(year, 3, 1).toordinal() - 1
    return date(year, int(month_and_day[:2]), int(month_and_day[3:])).toordinal()


def _day_after(version: Version, at: Instant, span: Span) -> int:
    """Return the ordinal of the local day that lies ``span`` after ``at``."""
    if span.hours or span.minutes:
        return day_of(version, add_span(at, span, version.zone))
    return shift_date(date.fromordinal(day_of(version, at)), span).toordinal()


def _midnight(version: Version, day: int) -> Instant:
    return local_midnight(date.fromordinal(day), version.zone)


def _has_days(span: Span) -> bool:
    return bool(span.years or span.months or span.weeks or span.days)


def _is_daily(pending: Pending, expiry: Expiry) -> bool:
    """Whether all points of one local day have the same dates."""
    spans = [spec.after for spec in (pending, expiry) if isinstance(spec, PeriodPending | RollingExpiry)]
    return not any(span.hours or span.minutes for span in spans)
