"""The facts that one decision reads: all of them, and nothing else.

A snapshot is taken from the member by :func:`perennial.core.needs.snapshot_of`; ``decide`` reads it
and not the member, so that storing it (a few dozen bytes of msgpack) is enough to decide, and so to
explain, the same event again at any later time.
"""

from __future__ import annotations

import msgspec

from perennial.core.orders.order import Scalar
from perennial.units import Instant, Points


class WalletFigures(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The figures of one wallet at the moment of the decision (see ``core/member.py``)."""

    balance: Points = 0
    pending: Points = 0
    debt: Points = 0
    shortfall: Points = 0
    earned: Points = 0
    activated_until: Instant = 0


class Together(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """For which household tier and limits are counted: its name, how many live there, and their floors.

    ``own`` is the manual floor of the member, ``others`` the highest one of the others who live there.
    """

    name: str
    people: int
    own: str | None = None
    others: str | None = None


class Snapshot(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a decision knows of the member. Tuples follow the order of the compiled version's lists.

    ``attributes`` holds the member attributes that the version reads; ``history`` the value of each
    of ``version.needs``; ``used`` what the member has used of each of ``version.limits`` in the
    period of ``at`` (for a cooldown: the instant at which the rule last fired, 0 if never);
    ``spent`` what everybody together has used of each of ``version.budgets`` (of one per location or
    attribute: of the part of the order or event that is decided); ``wallets`` the
    figures of each of ``version.wallets``. ``joined_at`` is ``None`` for a customer who is not (or
    no longer) a member of the program. ``off`` holds the keys of what of the version was switched off
    (see ``core/switches.py``). ``challenges`` holds for each of ``version.challenges`` how
    often it was completed and how far the present round is. ``variants`` holds
    the member's variant of each of ``version.trials`` (empty: takes no part). ``location`` holds the
    attributes of the order's location that the version reads. ``segments`` are those of
    ``version.segments`` that the customer is in. ``tier_floor`` holds the household where
    the version counts for one: then what is pooled of ``history`` and ``used`` is that of everybody who lives
    there. It has no place of its own because that would cost every decision a place.
    """

    joined_at: Instant | None
    tier: str | None
    tier_since: Instant | None
    tier_until: Instant | None
    tier_floor: str | Together | None
    attributes: tuple[Scalar, ...]
    history: tuple[int, ...]
    used: tuple[int, ...]
    spent: tuple[int, ...]
    wallets: tuple[WalletFigures, ...]
    off: tuple[str, ...] = ()
    challenges: tuple[tuple[int, int], ...] = ()
    variants: tuple[str, ...] = ()
    location: tuple[Scalar, ...] = ()
    segments: tuple[str, ...] = ()

    @property
    def together(self) -> Together | None:
        """The household for which tier and limits were counted; None: the member alone."""
        return self.tier_floor if isinstance(self.tier_floor, Together) else None

    @property
    def own_floor(self) -> str | None:
        """The floor that was set by hand for the member."""
        return self.tier_floor.own if isinstance(self.tier_floor, Together) else self.tier_floor
