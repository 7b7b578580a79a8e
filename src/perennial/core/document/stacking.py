"""How rewards on one order go together: the part of a program document, and its defaults."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from perennial.core.kinds.benefit import Base
from perennial.core.kinds.rule import Identifier, Percent

Count = Annotated[int, Meta(ge=1, le=30)]


class Mode(StrEnum):
    """``partial``: what fits is applied; ``all``: nothing is, unless everything that was asked for fits."""

    PARTIAL = "partial"
    ALL = "all"


class Sequence(StrEnum):
    """In which order rewards are applied.

    ``levels``: items before order before shipping, then by priority, joint ones after the others, then as
    entered; ``requested``: as entered, what applies by itself last; ``hierarchy``: by the category's
    priority, then the reward's, then as they stand in the document, so that it never matters in which order
    codes are entered; ``best_for_customer``: the choice and order that save most; ``best_for_margin``: of
    the choices to which nothing could be added the one that saves least.

    Joint rewards that come at the same place stand in the order of the document, always.
    """

    LEVELS = "levels"
    REQUESTED = "requested"
    HIERARCHY = "hierarchy"
    BEST_FOR_CUSTOMER = "best_for_customer"
    BEST_FOR_MARGIN = "best_for_margin"


class Combines(StrEnum):
    """With what the rewards of a category go together.

    ``common`` ones with common and joint ones; an ``exclusive`` one that is valid keeps common ones out,
    whatever their priority, and others of its kind beyond the limit; ``joint`` ones are applied whenever
    they are valid and the limits on the number of rewards leave room.
    """

    COMMON = "common"
    EXCLUSIVE = "exclusive"
    JOINT = "joint"


class Products(StrEnum):
    """Whether several rewards may lower the price of one line (``stack``), or one only (``once``)."""

    STACK = "stack"
    ONCE = "once"


class NoEffect(StrEnum):
    """What becomes of a reward that would take nothing off: it is used up (``redeem``) or kept (``skip``)."""

    REDEEM = "redeem"
    SKIP = "skip"


class Category(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Rewards that stack alike; smaller ``priority`` first.

    At most ``at_most`` of them apply to an order; of a ``best_of`` category only the one that saves most
    at the moment when the first of them would apply. (Under ``best_for_customer`` it is the one that is
    best for the whole order.) ``percent_base`` and ``no_effect`` replace what the program says for all.
    """

    id: Identifier
    combines: Combines = Combines.COMMON
    priority: Annotated[int, Meta(ge=0, le=1_000_000)] = 1_000
    at_most: Count | None = None
    best_of: bool = False
    percent_base: Base | None = None
    no_effect: NoEffect | None = None


class Stacking(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """How rewards on one order go together.

    At most ``at_most`` apply in all, and ``exclusive_at_most`` exclusive ones. With ``joint_last`` joint
    ones come after all others, as far as the sequence is ``requested`` or ``hierarchy``; otherwise they
    are sorted with the rest. ``most_off`` is the largest share of the order, in percent of lines and
    shipping, that rewards may take together; with ``covers_cost`` no line is sold below its cost.
    """

    mode: Mode = Mode.PARTIAL
    sequence: Sequence = Sequence.LEVELS
    categories: tuple[Category, ...] = ()
    at_most: Count = 30
    exclusive_at_most: Annotated[int, Meta(ge=1, le=5)] = 1
    joint_last: bool = True
    percent_base: Base = Base.REDUCED
    products: Products = Products.STACK
    no_effect: NoEffect = NoEffect.SKIP
    most_off: Percent | None = None
    covers_cost: bool = False
