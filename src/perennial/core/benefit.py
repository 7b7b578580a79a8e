"""What a reward does, whatever its kind. The kinds are files of ``core/rewards/``.

A benefit that works on an order takes money off a :class:`~perennial.core.cart.Cart`, at one of three
levels. Benefits of a level never see what a later level takes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import IntEnum, StrEnum
from typing import ClassVar

import msgspec

from perennial.core.cart import Cart
from perennial.core.conditions import Condition
from perennial.core.problems import Problem
from perennial.units import Minor


class Level(IntEnum):
    """On what a benefit works, in the order in which the levels are worked out."""

    ITEMS = 1
    ORDER = 2
    SHIPPING = 3


class Base(StrEnum):
    """Which amounts are looked at: those before all rewards, or what earlier rewards left of them."""

    INITIAL = "initial"
    REDUCED = "reduced"


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

    def by_total(self) -> bool:
        """Whether what it takes off depends on what all lines cost together, and not on each of them.

        Where all rewards do so, the best choice of them is found much sooner; False is always right.
        """
        return False

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

    def claim_value(self) -> Minor:
        """Return what one claim is worth in money as far as that is certain, in minor units; else 0."""
        return 0


def level_of(benefits: Iterable[Benefit]) -> Level | None:
    """Return the first level at which some benefits work, or None if they do nothing to an order."""
    return min((level for one in benefits if (level := one.level()) is not None), default=None)
