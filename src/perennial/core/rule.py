"""What every earning rule has, whatever its kind. The kinds are files of ``core/earning/``."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from perennial.core.conditions import Condition
from perennial.core.limits import Limit
from perennial.core.schedule import Schedule, Span
from perennial.units import Minor, Points, Rounding

Identifier = Annotated[str, Meta(pattern="^[a-z][a-z0-9_-]{0,62}$", description="a short name in lower case")]
Multiplier = Annotated[
    str, Meta(pattern=r"^\d{1,4}(\.\d{1,4})?$", description='a factor as text, such as "1.5"')
]


class Basis(StrEnum):
    """The amount that a rule looks at: after all discounts (``net``), or before (``gross``)."""

    NET = "net"
    GROSS = "gross"


class EarningRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """The fields that every kind shares.

    ``trigger`` is ``order.paid``, ``member.joined``, ``member.birthday``, ``member.anniversary``,
    ``tier.entered`` or the name of a declared event. ``when`` must hold for the rule to fire;
    ``lines`` chooses the lines that count. ``multiplied`` says whether tier and campaign multipliers
    apply. ``limits`` are the rule's own; ``shared_limits`` names limits of the program.
    """

    id: Identifier
    name: str | None = None
    trigger: str = "order.paid"
    wallet: Identifier | None = None
    when: Condition | None = None
    lines: Condition | None = None
    schedule: Schedule | None = None
    limits: tuple[Limit, ...] = ()
    shared_limits: tuple[Identifier, ...] = ()
    cooldown: Span | None = None
    multiplied: bool = True


class Basket(msgspec.Struct, frozen=True):
    """The matching lines of an order, as a kind's ``points`` sees them.

    ``indexes`` are the positions of the lines that the rule's filter chose; ``amounts`` and
    ``quantities`` belong to all lines of the order (amounts by the rule's basis).
    """

    indexes: tuple[int, ...]
    amounts: tuple[Minor, ...]
    quantities: tuple[int, ...]


class Earned(msgspec.Struct, frozen=True):
    """What a kind gives: the whole points, and the part of each line of the order (or nothing)."""

    points: Points
    lines: tuple[Points, ...] = ()


__all__ = ["Basis", "Basket", "Earned", "EarningRule", "Identifier", "Multiplier", "Rounding"]
