"""What the segments of one version see of a customer: the same for generated code and for the tree walk.

It is made for judging alone and never stored. Figures of the past are worked out when they are first asked
for, because an order changes few of the segments.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache

import msgspec

from perennial.core.conditions.scope import Scope
from perennial.core.dates.periods import local_day, local_midnight
from perennial.core.member import Member
from perennial.core.needs import figure_on, ranges_of, wallet_figures
from perennial.core.orders.order import Scalar
from perennial.core.snapshot import WalletFigures
from perennial.core.terms.conditions import History
from perennial.core.terms.figures import Figure
from perennial.core.today import range_of, today_of
from perennial.core.version import Version
from perennial.ledger.lot import Lot
from perennial.units import Instant, Points

_range_of = lru_cache(8192)(range_of)


class Sight(msgspec.Struct):
    """What is seen at ``at``, with the names that generated code reads of a snapshot.

    ``history`` holds the figures that were asked for, then what facts about lots come to, the first one last.
    ``segments`` are the member's own, as they become.
    """

    version: Version
    member: Member
    at: Instant
    day: int
    joined_at: Instant | None
    tier: str | None
    attributes: tuple[Scalar, ...]
    wallets: tuple[WalletFigures, ...]
    used: tuple[int, ...]
    segments: Mapping[str, Instant]
    ranges: tuple[tuple[int, int], ...]
    history: list[int | None]

    def figure(self, place: int) -> int:
        """Return the figure at a place among the version's needs."""
        value = self.history[place]
        if value is None:
            need = self.version.needs[place]
            value = figure_on(need, self.member.counters, self.ranges[place], self.day)
            self.history[place] = value
        return value

    def figure_on(self, place: int, day: int) -> int:
        """Return what the figure is on a later day if nothing happens until then."""
        need = self.version.needs[place]
        if need.window.since_joining:
            joined = self.joined_at
            window = self.day + 1 if joined is None else local_day(joined, self.version.zone), day
        elif need.window.ever:
            window = self.ranges[place]
        else:
            window = _range_of(need.window, day, self.version.program.week_starts)
        return figure_on(need, self.member.counters, window, day)

    def expiring(self, name: str, day: int) -> Points:
        """Return what a fact about lots comes to on a day if nothing happens until then.

        Lots that have expired are gone: the timer of their expiry runs before anybody is judged.
        """
        fact = self.version.facts.facts[name]
        if day > date.max.toordinal() - fact.days - 1:
            return 0
        end = local_midnight(date.fromordinal(day + fact.days + 1), self.version.zone)
        return sum(
            lot.remaining
            for lot in lots_of(self.version, self.member, fact.wallet or "")
            if lot.key.expires_at is not None and lot.key.expires_at <= end
        )

    def scope(self, at: Instant) -> Scope:
        """Return what the tree walk reads, at ``at``: now, or later if nothing happens until then."""
        version, day = self.version, local_day(at, self.version.zone)

        def figure(node: History | Figure) -> int:
            place = version.histories[node]
            return self.figure(place) if day == self.day else self.figure_on(place, day)

        return Scope(
            facts=version.facts,
            zone=version.zone,
            at=at,
            member=dict(zip(version.attributes, self.attributes, strict=True)),
            joined_at=self.joined_at,
            tier=self.tier,
            segments=tuple(self.segments),
            wallets={
                wallet.spec.id: figures for wallet, figures in zip(version.wallets, self.wallets, strict=True)
            },
            history=figure,
            referral_count=self.used[-1] if version.referral_limit is not None else 0,
            lots={name: self.expiring(name, day) for name in version.lot_facts},
        )


def sight_of(version: Version, member: Member, at: Instant) -> Sight:
    """Look at a member at ``at``; counters have to be loaded, and lots where the version asks about them."""
    membership = member.memberships.get(version.program_id)
    if membership is not None and membership.left_at is not None and membership.left_at <= at:
        membership = None
    joined_at = membership.joined_at if membership else None
    today, attributes, wallets = today_of(version, at), member.attributes, member.wallets
    # By their places: a customer is looked at with every order, and names cost more than values here.
    sight = Sight(
        version,
        member,
        at,
        today.day,
        joined_at,
        membership.tier if membership else None,
        tuple(map(attributes.get, version.attributes)),
        tuple([wallet_figures(wallets.get(wallet.unit)) for wallet in version.wallets]),
        tuple([member.limits.get(limit.number, {}).get(0, 0) for limit in version.limits])
        if version.limits
        else (),
        member.segments,
        ranges_of(version, at, joined_at) if version.counts_since_joining else today.ranges,
        [None] * len(version.needs),
    )
    if version.lot_facts:
        sight.history += [sight.expiring(name, today.day) for name in reversed(version.lot_facts)]
    return sight


def lots_of(version: Version, member: Member, wallet_id: str) -> list[Lot]:
    """Return the open lots of a member's wallet; none if they were not loaded."""
    unit = next(wallet.unit for wallet in version.wallets if wallet.spec.id == wallet_id)
    wallet = member.wallets.get(unit)
    return [] if wallet is None or wallet.lots is None else list(wallet.lots.values())
