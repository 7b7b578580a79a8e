"""Buy X get Y: whoever buys some units gets others free or cheaper."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import ClassVar

from perennial.core.kinds.added_units import add_units
from perennial.core.kinds.benefit import Benefit, Level
from perennial.core.kinds.percentage import take_percent
from perennial.core.kinds.picks import By, Count, Units, allowed, count_of, first, in_order, units_on, without
from perennial.core.kinds.rule import Percent, ten_thousandths
from perennial.core.orders.cart import Cart
from perennial.core.orders.order import Name
from perennial.core.problems import Problem
from perennial.core.terms.conditions import Condition
from perennial.core.terms.money import MoneyCap


class _Mode(StrEnum):
    IN_CART = "in_cart"
    EXTRA = "extra"


class BuyXGetY(Benefit, frozen=True, tag="buy_x_get_y"):
    """For each ``buy`` units of the chosen ``lines``, ``get`` others are ``percent`` off (100: free).

    ``in_cart``: those are units of ``get_lines`` (of ``lines`` if not given) in the cart, the cheapest
    first or as ``by`` says. A unit is either bought or given; where it could be both, the dearest units
    count as bought (with ``by: dearest`` the cheapest). ``extra``: units of the product ``sku`` are added
    to the cart, each worth ``unit_price``; without one, what it costs in the cart. It is given as often
    as enough is bought, or ``at_most`` so often.
    """

    buy: Count
    get: Count = 1
    lines: Condition | None = None
    get_lines: Condition | None = None
    mode: _Mode = _Mode.IN_CART
    by: By = By.CHEAPEST
    sku: Name | None = None
    unit_price: MoneyCap | None = None
    percent: Percent = "100"
    at_most: Count | None = None

    example: ClassVar[str] = """\
type: buy_x_get_y
buy: 2
get: 1
lines: {fact: line.categories, contains: socks}
"""

    def level(self) -> Level:
        """Work on items."""
        return Level.ITEMS

    def other_filters(self) -> Sequence[tuple[str, Condition | None]]:
        """Return the choice of what is given."""
        return [("get_lines", self.get_lines)]

    def shrinks(self) -> bool:
        """Pick other units where some cost nothing any more."""
        return False

    def by_units(self) -> bool:
        """Work on units."""
        return True

    def adds(self) -> str | None:
        """Add the extra product."""
        return self.sku if self.mode is _Mode.EXTRA else None

    def take(self, cart: Cart, lines: Sequence[int], others: Sequence[Sequence[int]] = ()) -> None:
        """Find out how often enough is bought, and take the percentage off what is given."""
        percent = ten_thousandths(self.percent)
        if self.mode is _Mode.EXTRA:
            times = self._times(count_of(units_on(cart, lines)) // self.buy)
            sku, count = self.sku or "", times * self.get
            if cart.units_room is not None:
                count = cart.units_room.take(sku, count)
            given = [add_units(cart, sku, count, self.unit_price, percent)] if sku and count > 0 else []
        else:
            given = self._in_cart(cart, lines, lines if self.get_lines is None else others[0])
        take_percent(cart, given, percent)

    def _times(self, times: int) -> int:
        return times if self.at_most is None else min(times, self.at_most)

    def _in_cart(self, cart: Cart, lines: Sequence[int], get_lines: Sequence[int]) -> list[Units]:
        """Return the units that are given, as many as possible; the last time may give fewer."""
        gettable = frozenset(get_lines)
        either = gettable.intersection(lines)
        buy_only = count_of(units_on(cart, [line for line in lines if line not in gettable]))
        both = units_on(cart, [line for line in lines if line in either])
        get_only = units_on(cart, [line for line in get_lines if line not in either])
        shared, others = count_of(both), count_of(get_only)

        def given(times: int) -> int:
            bought_of_both = max(times * self.buy - buy_only, 0)
            return min(times * self.get, shared + others - bought_of_both)

        enough = (buy_only + shared) // self.buy
        whole = min((shared + others) // self.get, (shared + others + buy_only) // (self.get + self.buy))
        times = max(self._times(min(whole, enough)), 0)
        if self._times(min(whole + 1, enough)) > times and given(times + 1) > given(times):
            times += 1
        count = given(times)
        # Where a unit could be both, as many are kept as must count as bought.
        kept_by = By.CHEAPEST if self.by is By.DEAREST else By.DEAREST
        bought = first(in_order(both, kept_by, _price), max(times * self.buy - buy_only, 0))
        free = sorted(get_only + without(both, bought), key=lambda one: one.line)
        return allowed(cart, in_order(free, self.by, _price), count)

    def problems(self) -> list[Problem]:
        """Return what does not go together."""
        problems = []
        extra = self.mode is _Mode.EXTRA
        if extra and self.sku is None:
            problems.append(Problem("sku", "missing", "name the product that is added"))
        unused = ("get_lines",) if extra else ("sku", "unit_price")
        words = "extra units are added to the cart" if extra else "nothing is added to the cart"
        problems += [Problem(name, "not_used", words) for name in unused if getattr(self, name) is not None]
        return problems


def _price(units: Units) -> int:
    return units.price
