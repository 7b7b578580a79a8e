"""What a decision reads of the past: metrics, windows, and the snapshot of a member.

Every figure of the past is a *metric*: a counter that is kept per member and period. A *need* is a
metric within a window. Periods are whole numbers (see ``core/dates/periods.py``); a metric is kept by the
coarsest period that serves its windows: for ever, by month, or by day. ``core/counts.py`` says what
an event adds to the metrics.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate

import msgspec

from perennial.core.budgets.numbers import Numbers
from perennial.core.challenge_figures import figures_of
from perennial.core.customers.blocks import with_blocks
from perennial.core.dates.periods import Period, local_day, period_of
from perennial.core.effects import Count
from perennial.core.member import Member, Membership, Wallet
from perennial.core.orders.order import Scalar
from perennial.core.snapshot import Snapshot, Together, WalletFigures
from perennial.core.terms.figures import Take, taken, told
from perennial.core.tier_terms import grants_at
from perennial.core.today import WHOLE_PAST, Range, Today, today_of
from perennial.core.variants import variants_of
from perennial.core.version import CompiledLimit, Need, Version
from perennial.units import Instant, stable_hash

_REMEMBERED = 64

# Python 3.11 looks a member of an enumeration up slowly, and this is asked for every order.
_SUM = Take.SUM

_NO_FIGURES = WalletFigures()
_NO_MEMBERSHIP = Membership(0)


_PLACES = 2**31 - 2
"""So many stores can be told apart by the integer under which the database keeps an instant."""


def snapshot_of(
    at: Instant,
    version: Version,
    member: Member,
    spent: Mapping[tuple[int, int], int] | None = None,
    off: tuple[str, ...] = (),
    numbers: Numbers | None = None,
    location: str | None = None,
) -> Snapshot:
    """Return everything that a decision at ``at`` under ``version`` may know of ``member``.

    ``spent`` maps (number of a budget, period) to what all members together have used of it, ``off``
    names what of the version is switched off, ``numbers`` are those of the version's budgets for the order
    or event that is decided, ``location`` is where the order was placed. Whoever has left the program is
    no member any more.
    """
    membership = member.memberships.get(version.program_id)
    if membership is None or (membership.left_at is not None and membership.left_at <= at):
        membership = _NO_MEMBERSHIP
    joined_at = membership.joined_at if membership is not _NO_MEMBERSHIP else None
    today = today_of(version, at)
    others: Sequence[Member] = ()
    if member.household is not None and version.pooling is not None:
        others = member.others
    snapshot = Snapshot(
        joined_at,
        membership.tier,
        membership.tier_since,
        membership.tier_until,
        _together(version, member, membership, others) if others else membership.tier_floor,
        tuple(map(member.attributes.get, version.attributes)) if version.attributes else (),
        _figures(version, member.counters, today, joined_at, others) if version.needs else (),
        _used_together(version, member, others, today, location)
        if others
        else _used(version, member, today, location),
        _spent(version, spent, today, numbers),
        tuple([wallet_figures(member.wallets.get(wallet.unit)) for wallet in version.wallets]),
        with_blocks(off, member.blocked) if member.blocked else off,
        figures_of(version, member, at) if version.challenges else (),
        location=_location(version, location) if version.location_attributes else (),
        segments=segments_of(version, member) if version.segments and member.segments else (),
    )
    if not version.trials:
        return snapshot
    variants = variants_of(version.trials, version.program_id, member, snapshot, at)
    return msgspec.structs.replace(snapshot, variants=variants)


def _location(version: Version, location: str | None) -> tuple[Scalar, ...]:
    """Return what the version reads of an order's location; nothing is known of one without an entry."""
    known = version.locations.get(location or "", {})
    return tuple([known.get(name) for name in version.location_attributes])


def segments_of(version: Version, member: Member) -> tuple[str, ...]:
    """Return which of the segments that the version asks about the member is in."""
    return tuple([code for code in version.segments if code in member.segments])


def wallet_figures(wallet: Wallet | None) -> WalletFigures:
    """Return the figures of a wallet; of one that there is not yet, zeros."""
    if wallet is None:
        return _NO_FIGURES
    return WalletFigures(
        wallet.balance, wallet.pending, wallet.debt, wallet.shortfall, wallet.earned, wallet.activated_until
    )


def place_of(limit: CompiledLimit, location: str | None) -> int:
    """Return under what a cooldown keeps its instant: one for each store if it rests by place, else 0."""
    if not limit.by_place or location is None:
        return 0
    return stable_hash("place", location) % _PLACES + 1


def _used(version: Version, member: Member, today: Today, location: str | None) -> tuple[int, ...]:
    """Return what the member has used of each limit; a cooldown has one instant, or one per place."""
    known = member.limits
    if not known:
        return (0,) * len(version.limits)
    if version.rests_by_place:
        return tuple(
            [
                known.get(limit.number, {}).get(place_of(limit, location) if limit.by_place else period, 0)
                for limit, period in zip(version.limits, today.limits, strict=True)
            ]
        )
    return tuple(
        [
            known[limit.number].get(period, 0) if limit.number in known else 0
            for limit, period in zip(version.limits, today.limits, strict=True)
        ]
    )


def _used_together(
    version: Version, member: Member, others: Sequence[Member], today: Today, location: str | None
) -> tuple[int, ...]:
    """Return what is used of each limit, of pooled ones by everybody in the household.

    A rule with a cooldown rests since it last gave something to one of them.
    """
    used = list(_used(version, member, today, location))
    for other in others:
        for index, theirs in enumerate(_used(version, other, today, location)):
            limit = version.limits[index]
            if limit.pooled:
                used[index] = used[index] + theirs if limit.cap else max(used[index], theirs)
    return tuple(used)


def _together(
    version: Version, member: Member, membership: Membership, others: Sequence[Member]
) -> Together | None:
    """Return the household for which a decision counts, with the floors that were set by hand there."""
    if member.household is None:
        return None
    tiers = version.program.tiers
    levels = [level.id for level in tiers.levels] if tiers is not None else []
    places = [each.memberships.get(version.program_id) for each in others]
    held = [each.tier_floor for each in places if each is not None and each.left_at is None]
    highest = max((each for each in held if each in levels), key=levels.index, default=None)
    return Together(member.household.name, len(others) + 1, membership.tier_floor, highest)


def _spent(
    version: Version, spent: Mapping[tuple[int, int], int] | None, today: Today, numbers: Numbers | None
) -> tuple[int, ...]:
    """Return what everybody together has used of each budget; of one whose holder is not known, nothing."""
    if not spent:
        return (0,) * len(version.budgets)
    kept_under = version.budget_numbers if numbers is None else numbers
    return tuple(
        [
            0 if number is None else spent.get((number, period), 0)
            for number, period in zip(kept_under, today.budgets, strict=True)
        ]
    )


def history_of(
    version: Version,
    counters: Mapping[int, Mapping[int, int]],
    at: Instant,
    joined_at: Instant | None,
    others: Sequence[Member] = (),
) -> tuple[int, ...]:
    """Return the value of each of the version's needs for a member with these counters.

    What is pooled is that of the ``others`` in the household as well.
    """
    if not version.needs:
        return ()
    return _figures(version, counters, today_of(version, at), joined_at, others)


def _figures(
    version: Version,
    counters: Mapping[int, Mapping[int, int]],
    today: Today,
    joined_at: Instant | None,
    others: Sequence[Member] = (),
) -> tuple[int, ...]:
    """Return the value of each of the version's needs on a day."""
    ranges = _ranges(version, today, joined_at)
    values = []
    for place, need in enumerate(version.needs):
        values.append(sum_within(counters.get(need.metric.number), ranges[place]))
    for place in version.taken:
        need, (first, last) = version.needs[place], ranges[place]
        periods = counters.get(need.metric.number, {})
        days = {day: value for day, value in periods.items() if first <= day <= last}
        values[place] = taken(need.take, days, today.day)
    if not others or version.pooling is None:
        return tuple(values)
    pooled = version.pooling.needs
    for other in others:
        membership = other.memberships.get(version.program_id)
        theirs = _ranges(version, today, None if membership is None else membership.joined_at)
        for place in pooled:
            number = version.needs[place].metric.number
            values[place] += sum_within(other.counters.get(number), theirs[place])
    return tuple(values)


def figure_on(need: Need, counters: Mapping[int, Mapping[int, int]], window: Range, day: int) -> int:
    """Return one figure on the local day ``day``, out of the periods of ``window``."""
    periods = counters.get(need.metric.number)
    if need.take is _SUM:
        return sum_within(periods, window)
    return told(need.take, days_within(periods, sorted(periods or ()), window), day)


def summed_up(periods: Mapping[int, int] | None) -> tuple[list[int], list[int]]:
    """Return the periods (None: there are none) in their order, and what the first 0, 1, ... come to."""
    if not periods:
        return [], [0]
    known = sorted(periods)
    return known, [0, *accumulate(map(periods.__getitem__, known))]


def days_within(days: Mapping[int, int] | None, known: Sequence[int], window: Range) -> Sequence[int]:
    """Return the days of a window on which something was counted, of ``known`` ones, which are in order."""
    if not days:
        return []
    first, last = window
    within = known[bisect_left(known, first) : bisect_right(known, last)]
    return within if min(days.values()) > 0 else [day for day in within if days[day] > 0]


def sum_within(periods: Mapping[int, int] | None, window: Range) -> int:
    """Return what the periods (None: there are none) of a window come to."""
    if not periods:
        return 0
    if window == WHOLE_PAST:
        return sum(periods.values())
    first, last = window
    if first == last:
        return periods.get(first, 0)
    return sum([value for period, value in periods.items() if first <= period <= last])


def history_after(
    version: Version, snapshot: Snapshot, today: Today, counts: Iterable[Count]
) -> tuple[int, ...]:
    """Return the history of ``snapshot``, taken ``today``, after ``counts`` were added to the sums."""
    if not version.needs:
        return ()
    values = list(snapshot.history)
    ranges = _ranges(version, today, snapshot.joined_at)
    for count in counts:
        for place in version.readers.get(count.metric, ()):
            first, last = ranges[place]
            if first <= count.period <= last:
                values[place] += count.amount
    return tuple(values)


def lookback(version: Version, at: Instant) -> dict[int, int]:
    """Return, for each metric that decisions at or after ``at`` read, the earliest period to load.

    What counts since joining is loaded whole, and for tiers the periods whose figures still justify a
    status. Take the earliest instant that may be decided: an event's own, or that of a timer which is
    due before it.
    """
    # All of it stays the same for a local day, but at its first instant some periods just end.
    key = (today_of(version, at).day, period_of(at - 1, Period.DAY, version.zone))
    known = version.lookbacks.get(key)
    if known is None:
        if len(version.lookbacks) >= _REMEMBERED:
            version.lookbacks.clear()
        known = version.lookbacks[key] = _lookback(version, at)
    return known


def _lookback(version: Version, at: Instant) -> dict[int, int]:
    instants = [at]
    if version.program.tiers is not None:
        instants += [grant.as_of for grant in grants_at(version, version.program.tiers, at)]
    earliest: dict[int, int] = {}
    for instant in instants:
        for need, (first, _) in zip(version.needs, ranges_of(version, instant, None), strict=True):
            number = need.metric.number
            start = 0 if need.window.since_joining else first
            earliest[number] = min(start, earliest.get(number, start))
    return earliest


def ranges_of(version: Version, at: Instant, joined_at: Instant | None) -> tuple[Range, ...]:
    """Return the range of periods of each of the version's needs at ``at``.

    Ranges are the same for everybody; only what counts since joining depends on the member.
    """
    return _ranges(version, today_of(version, at), joined_at)


def _ranges(version: Version, today: Today, joined_at: Instant | None) -> tuple[Range, ...]:
    if not version.counts_since_joining:
        return today.ranges
    joined = today.day + 1 if joined_at is None else local_day(joined_at, version.zone)
    return tuple(
        (joined, today.day) if need.window.since_joining else known
        for need, known in zip(version.needs, today.ranges, strict=True)
    )
