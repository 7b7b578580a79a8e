"""Bundle: units that are bought together are cheaper."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from perennial.core.kinds.benefit import Benefit, Level
from perennial.core.kinds.percentage import take_percent
from perennial.core.kinds.picks import (
    Count,
    Share,
    Units,
    count_of,
    first,
    spread_units,
    units_on,
    without,
    worth_of,
)
from perennial.core.kinds.rule import Percent, ten_thousandths
from perennial.core.orders.cart import Cart
from perennial.core.problems import Problem
from perennial.core.terms.conditions import Condition
from perennial.core.terms.money import MoneyCap


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """``quantity`` units of the chosen lines."""

    quantity: Count = 1
    lines: Condition | None = None


class Bundle(Benefit, frozen=True, tag="bundle"):
    """Whoever buys all ``parts`` pays ``price`` for them, or ``amount`` less, or ``percent`` less.

    It is given as often as all parts are there, or ``at_most`` so often. A unit belongs to one bundle
    and to one part of it; bundles are made of the dearest units, and none for which ``price`` would be
    no gain. The discount is shared over the units in proportion to what they cost.
    """

    parts: Annotated[tuple[_Part, ...], Meta(min_length=1, max_length=20)]
    price: MoneyCap | None = None
    amount: MoneyCap | None = None
    percent: Percent | None = None
    at_most: Count | None = None

    example: ClassVar[str] = """\
type: bundle
parts:
  - {lines: {fact: line.sku, is: camera}}
  - {lines: {fact: line.categories, contains: lenses}, quantity: 2}
price: 89900
"""

    def level(self) -> Level:
        """Work on items."""
        return Level.ITEMS

    def other_filters(self) -> Sequence[tuple[str, Condition | None]]:
        """Return the choice of each part."""
        return [(f"parts[{place}].lines", part.lines) for place, part in enumerate(self.parts)]

    def shrinks(self) -> bool:
        """Pick other units where some cost nothing any more."""
        return False

    def take(self, cart: Cart, lines: Sequence[int], others: Sequence[Sequence[int]] = ()) -> None:
        """Find the bundles, and take what they give off their units."""
        uses = Counter(line for chosen in others for line in chosen)
        # A unit that fits few parts is used before one that fits many.
        fits = [
            sorted(units_on(cart, chosen), key=lambda one: (uses[one.line], -one.price)) for chosen in others
        ]
        times = self._times(fits)
        units = self._bundled(fits, times) or []
        if self.percent is not None:
            take_percent(cart, units, ten_thousandths(self.percent))
        else:
            each = self.amount or 0
            off = times * each if self.price is None else worth_of(units) - times * self.price
            spread_units(cart, units, off, Share.AMOUNT)

    def _times(self, fits: Sequence[list[Units]]) -> int:
        """Return how many bundles there are."""
        most = min(count_of(units) // part.quantity for units, part in zip(fits, self.parts, strict=True))
        low, high = 0, most if self.at_most is None else min(most, self.at_most)
        while low < high:
            middle = (low + high + 1) // 2
            if self._pays(fits, middle):
                low = middle
            else:
                high = middle - 1
        return low

    def _pays(self, fits: Sequence[list[Units]], times: int) -> bool:
        """Whether so many bundles can be made, and the last of them is worth its price."""
        if self._bundled(fits, times) is None:
            return False
        gain = self._worth(fits, times) - self._worth(fits, times - 1)
        return self.price is None or gain > self.price

    def _worth(self, fits: Sequence[list[Units]], times: int) -> int:
        return worth_of(self._bundled(fits, times) or ())

    def _bundled(self, fits: Sequence[list[Units]], times: int) -> list[Units] | None:
        """Return the units of so many bundles, or None if there are not enough."""
        found: list[Units] = []
        for units, part in zip(fits, self.parts, strict=True):
            wanted = times * part.quantity
            chosen = first(without(units, found), wanted)
            if count_of(chosen) < wanted:
                return None
            found += chosen
        return sorted(found, key=lambda one: one.line)

    def problems(self) -> list[Problem]:
        """Return what does not go together."""
        given = [name for name in ("price", "amount", "percent") if getattr(self, name) is not None]
        if len(given) == 1:
            return []
        words = "a bundle has a price, an amount off or a percentage off: exactly one of them"
        return [Problem(given[1] if given else "price", "one_of", words)]
