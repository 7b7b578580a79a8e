"""One member as a batch sees them: loaded by the store, folded by the core, never saved as such.

These structs are mutable on purpose: the events of a batch are decided one after the other, and
each sees the effects of the one before.
"""

from __future__ import annotations

from uuid import UUID

import msgspec

from perennial.core.challenge_round import Standing
from perennial.core.orders.order import Scalar
from perennial.ledger.lot import Lot, LotKey
from perennial.units import Instant, Points


class Wallet(msgspec.Struct):
    """The stored figures of one wallet, and its lots where the event needs them.

    ``balance`` is the sum of what remains in the lots, pending ones included; ``pending`` the part whose
    activation the timers have not yet counted: lots that wait for an event, or whose ``available_at`` lies
    after ``activated_until``; a credit or release that is not pending moves ``activated_until`` up to its
    own ``available_at``. ``debt`` is owed and shown; ``shortfall`` is not shown and netted from later
    awards. ``held`` is reserved for orders and no part of the balance. ``lots`` is ``None`` while they are
    not loaded.
    """

    balance: Points = 0
    pending: Points = 0
    debt: Points = 0
    shortfall: Points = 0
    earned: Points = 0
    spent: Points = 0
    expired: Points = 0
    held: Points = 0
    activated_until: Instant = 0
    active_at: Instant | None = None
    lots: dict[int, Lot] | None = None

    def counts_as_pending(self, key: LotKey) -> bool:
        """Whether the points of a lot with this key are part of ``pending``."""
        return key.available_at is None or key.available_at > self.activated_until


class Membership(msgspec.Struct):
    """A customer's place in one program. ``left_at`` is set when the membership has ended.

    ``tier_since`` is when the present status began; it is ``None`` without a tier, and while only a
    grace keeps the tier. ``tier_until`` is when the tier is reviewed next (``None``: only by events).
    ``moves`` has when the tier became another one and which it was before, as decided: those that may be
    asked about for what is heard of late (see ``core/tiers/tier_then.py``).
    """

    joined_at: Instant
    source: str = "automatic"
    tier: str | None = None
    tier_since: Instant | None = None
    tier_until: Instant | None = None
    tier_floor: str | None = None
    left_at: Instant | None = None
    moves: tuple[tuple[Instant, str | None], ...] = ()


class Exposure(msgspec.Struct, frozen=True):
    """The variant of an experiment or holdout that a customer has, and since when."""

    variant: str
    at: Instant


class Household(msgspec.Struct, eq=False):
    """Who shares wallets: everybody who lives there now, and what the database holds their limits to.

    ``uses`` maps the number of a limit to what is written as used of it under the household's id, by the
    period.
    """

    household_id: UUID
    name: str
    people: list[Member] = []
    uses: dict[int, dict[int, int]] = {}


class Member(msgspec.Struct):
    """A customer with everything that decisions about the present batch may read.

    ``owner`` is whose wallets are used: the customer, or the household that pools them. Units,
    programs, metrics and limits are keyed by their numbers; ``counters`` and ``limits`` map
    number -> period -> value. ``challenges`` holds how far the member is with each challenge. ``due_at`` is a
    lower bound of the next due timer. ``exposures`` are loaded where some program has experiments: by the
    program and the experiment. ``segments`` tells since when the customer has been in each segment (0: that
    was not read), ``blocked`` what the customer may not do (see ``core/customers/blocks.py``).
    ``apart`` are the customer's own wallets while an order is judged whose points a household keeps that the
    customer has left: ``wallets`` are the household's then, and only tiers go by one's own.
    ``household`` is where the customer lives, if some program lets households share more than wallets.
    """

    customer_id: UUID
    owner: UUID
    attributes: dict[str, Scalar] = {}
    memberships: dict[int, Membership] = {}
    wallets: dict[int, Wallet] = {}
    counters: dict[int, dict[int, int]] = {}
    limits: dict[int, dict[int, int]] = {}
    challenges: dict[int, Standing] = {}
    due_at: Instant | None = None
    exposures: dict[tuple[int, str], Exposure] = {}
    segments: dict[str, Instant] = {}
    blocked: int = 0
    apart: dict[int, Wallet] | None = None
    household: Household | None = None

    @property
    def others(self) -> tuple[Member, ...]:
        """Everybody else who lives in the member's household, in a fixed order."""
        if self.household is None:
            return ()
        return tuple(each for each in self.household.people if each.customer_id != self.customer_id)
