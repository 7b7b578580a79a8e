"""A flaw: a way to get out of a program what its author did not mean to give, with the proof.

The kinds of flaw are files of ``core/finder/``. A proof is a case file: a sequence of events that was
played through the real program and ends as it says.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta

from perennial.core.kinds.rule import Percent
from perennial.units import MAX_AMOUNT

Amount = Annotated[int, Meta(ge=1, le=MAX_AMOUNT)]


class Assumptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """What the finder takes for granted about the shop. Amounts are in minor units of the program's currency.

    ``margin`` is what is left of a sale in percent, before any reward. A good customer spends
    ``month_spend`` in ``month_orders`` orders every month, for ``months``; a reward or tier that such a one
    never reaches is out of reach. Nothing costs less than ``least_price``, and no order is larger than
    ``most_order``. ``gift_card_category`` is the category of the lines with which gift cards are sold.
    What is left out: 2,000 and 1 of the currency, and an order of a month's spend.
    """

    margin: Percent = "30"
    month_spend: Amount | None = None
    month_orders: Annotated[int, Meta(ge=1, le=31)] = 8
    months: Annotated[int, Meta(ge=1, le=36)] = 24
    least_price: Amount | None = None
    most_order: Amount | None = None
    gift_card_category: Annotated[str, Meta(min_length=1, max_length=200)] = "gift-cards"


class Flaw(msgspec.Struct, frozen=True):
    """One flaw: its ``kind``, where in the document it is, what it is in words, and the proof.

    ``steps`` is how many things happen in ``proof``, which is a case file that passes as it stands.
    """

    kind: str
    path: str
    words: str
    steps: int
    proof: str


class FlawKind:
    """One class of flaw. ``find`` plays and returns the first flaw of its class, or None.

    ``example`` is the part of a program document that has it, for the documentation.
    """

    name: ClassVar[str] = ""
    title: ClassVar[str] = ""
    example: ClassVar[str] = ""

    def find(self, search: Any) -> Flaw | None:
        """Search with what ``search`` (a :class:`~perennial.core.flaws.search.Search`) offers."""
        raise NotImplementedError
