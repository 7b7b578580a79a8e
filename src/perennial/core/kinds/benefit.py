"""What a reward does, whatever its kind. The kinds are files of ``core/rewards/``.

A benefit that works on an order takes money off a :class:`~perennial.core.orders.cart.Cart`, at one of three
levels. Benefits of a level never see what a later level takes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import IntEnum, StrEnum
from typing import ClassVar

import msgspec

from perennial.core.entitlements import EntitlementState
from perennial.core.orders.cart import Cart
from perennial.core.problems import Problem
from perennial.core.terms.conditions import Condition
from perennial.units import Minor, Points


class Level(IntEnum):
    """On what a benefit works, in the order in which the levels are worked out."""

    ITEMS = 1
    ORDER = 2
    SHIPPING = 3


class Base(StrEnum):
    """Which amounts are looked at: those before all rewards, or what earlier rewards left of them."""

    INITIAL = "initial"
    REDUCED = "reduced"


class HandedOut(msgspec.Struct, frozen=True, kw_only=True):
    """What a benefit gives outside of orders, and in which state that begins.

    ``name`` says what it is: the sku of goods, the event of a seat, the name of a perk. ``amount`` is money
    that is owed, in minor units; ``points`` are credited to ``wallet`` (None: the program's only one).
    ``starts`` and ``ends`` are local dates or instants between which it may be used. ``pool`` is the
    reward one of whose codes is handed over.
    """

    state: EntitlementState
    name: str = ""
    quantity: int = 1
    amount: Minor = 0
    points: Points = 0
    wallet: str | None = None
    starts: str | None = None
    ends: str | None = None
    pool: str | None = None


class Benefit(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    kw_only=True,
    tag_field="type",
):
    """What every kind can be asked.

    A kind that works on chosen lines has a field ``lines``, a condition on one line.
    """

    example: ClassVar[str] = ""
    """A benefit of this kind as it stands in a document; every kind has one."""

    def level(self) -> Level | None:
        """Return the level at which the benefit works, or None if it does nothing to an order."""
        raise NotImplementedError

    def line_filter(self) -> Condition | None:
        """Return which lines the benefit is for; None is all of them."""
        return getattr(self, "lines", None)

    def other_filters(self) -> Sequence[tuple[str, Condition | None]]:
        """Return further choices of lines that the benefit needs, each with the path of its field."""
        return ()

    def take(self, cart: Cart, lines: Sequence[int], others: Sequence[Sequence[int]] = ()) -> None:
        """Take what the benefit gives off ``cart``; ``lines`` are the positions that it is for.

        ``others`` are those of each of its other filters. What it gives is worked out from
        ``cart.base``, which does not change while one reward is at work.
        """
        raise NotImplementedError

    def takes(self, cart: Cart, lines: Sequence[int]) -> bool | None:
        """Whether :meth:`take` would take anything off ``cart``, which is left as it is.

        It is asked much more often than something is taken. None, which is always right: only trying tells.
        """
        return None

    def by_total(self) -> bool:
        """Whether what it takes off depends on what all lines cost together, and not on each of them.

        Where all rewards do so, the best choice of them is found much sooner; False is always right.
        """
        return False

    def by_units(self) -> bool:
        """Whether it makes single units cheaper, so that a limit can count and cut them."""
        return False

    def adds(self) -> str | None:
        """Return the sku of the product that it may add to a cart; None where it adds none."""
        return None

    def shrinks(self) -> bool:
        """Whether it never takes more off a cart of which less is left, line by line.

        A benefit that picks lines or units by their price may: those that cost nothing are passed over.
        Where all rewards do so, the best choice of them is found sooner; False is always right.
        """
        return getattr(self, "pick", None) is None

    def card_value(self) -> Minor:
        """Return the money on the gift card that is issued; 0 for everything that is none."""
        return 0

    def problems(self) -> Sequence[Problem]:
        """Return what does not go together in its fields, with paths from the benefit on."""
        return ()

    def needs_voucher(self) -> bool:
        """Whether a claim issues a voucher for it: that is how it comes to an order later."""
        return self.level() is not None or self.card_value() > 0

    def hands_out(self) -> HandedOut | None:
        """Return what a claim hands out at once, besides a voucher; None is nothing."""
        return None

    def room(self) -> int | None:
        """Return how many claims there is room for in all: of goods, of seats. None: without end."""
        return None

    def claim_value(self) -> Minor:
        """Return what one claim is worth in money as far as that is certain, in minor units; else 0."""
        return 0


def level_of(benefits: Iterable[Benefit]) -> Level | None:
    """Return the first level at which some benefits work, or None if they do nothing to an order."""
    return min((level for one in benefits if (level := one.level()) is not None), default=None)
