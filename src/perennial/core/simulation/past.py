"""What happened to members, apart from any version: the history that the simulator plays again.

What says the same under every version is the event itself. The rest depends on what a version gave (a
return takes back what *it* awarded) and becomes an event only when it is played.
"""

from __future__ import annotations

from typing import TypeAlias
from uuid import UUID

import msgspec

from perennial.core.events import (
    ChallengeStarted,
    ClaimRequested,
    CustomEvent,
    OrderFulfilled,
    OrderPaid,
    PointsAdjusted,
    TierAssigned,
    TransferReceived,
    TransferSent,
)
from perennial.core.orders.order import Order, Scalar
from perennial.units import Instant


class _Past(msgspec.Struct, frozen=True, kw_only=True):
    at: Instant


class CameBack(_Past, frozen=True):
    """Units of lines of an order came back (line id -> units); no lines is all that was left."""

    order_id: UUID
    lines: tuple[tuple[str, int], ...] = ()


class Canceled(_Past, frozen=True):
    """An order was void."""

    order_id: UUID


class Rejudged(_Past, frozen=True):
    """A paid order got another content: it was judged anew, at its original time ``at``."""

    order_id: UUID
    order: Order


class Joined(_Past, frozen=True):
    """The customer joined the program on request."""

    source: str


class Left(_Past, frozen=True):
    """The customer left the program."""


class Blocked(_Past, frozen=True):
    """From here on the customer may not do what ``blocked`` says (``customers/blocks.py``; 0: all is free).

    A block holds from when it is put, even for what happens late: ``at`` is the earliest instant there is.
    """

    blocked: int


class Waited(_Past, frozen=True):
    """Time passed: what was due up to ``at`` had run before the next thing was reported."""


Past: TypeAlias = (
    OrderPaid
    | CustomEvent
    | OrderFulfilled
    | ClaimRequested
    | PointsAdjusted
    | TransferSent
    | TransferReceived
    | TierAssigned
    | ChallengeStarted
    | CameBack
    | Canceled
    | Rejudged
    | Joined
    | Left
    | Waited
    | Blocked
)


class Person(msgspec.Struct):
    """A customer whose life is played. ``name`` is the caller's id; what is known of them is as of today."""

    customer_id: UUID
    name: str
    attributes: dict[str, Scalar] = {}
    segments: dict[str, Instant] = {}


class Life(msgspec.Struct):
    """The history of one owner of wallets: a customer, or a household with all its members.

    ``past`` is in the order in which it was reported: when (the id of its operation), who (the place in
    ``people``), and what. ``kept`` are the orders that something happens to later.
    """

    owner: UUID
    people: list[Person]
    past: list[tuple[UUID, int, Past]]
    kept: frozenset[UUID] = frozenset()
