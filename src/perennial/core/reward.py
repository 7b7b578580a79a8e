"""What every reward has, whatever its kind. The kinds are files of ``core/rewards/``."""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from perennial.core.conditions import Condition
from perennial.core.limits import Cap, Limit
from perennial.core.rule import Identifier
from perennial.core.schedule import Schedule, Span
from perennial.units import Minor

Title = Annotated[str, Meta(min_length=1, max_length=200, description="a name for people")]


class Reward(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    kw_only=True,
    tag_field="type",
):
    """The fields that every kind shares.

    A claim takes ``price`` points out of ``wallet`` (which may be left out where the program has one
    wallet only). The reward is offered to members of ``tiers`` (everybody if none is named) for whom
    ``when`` holds, while ``schedule`` applies. ``limits`` count claims (``times``); a claim that does
    not fit is refused whole. What was claimed expires ``expires_after`` the claim, at the end of that
    local day, and never if nothing is given.
    """

    id: Identifier
    name: Title
    price: Cap
    description: str | None = None
    wallet: Identifier | None = None
    tiers: tuple[Identifier, ...] = ()
    when: Condition | None = None
    schedule: Schedule | None = None
    limits: tuple[Limit, ...] = ()
    expires_after: Span | None = None

    example: ClassVar[str] = ""
    """A reward of this kind as it stands in a document; every kind has one."""

    def claim_value(self) -> Minor:
        """Return what one claim is worth, in minor units of the program's currency."""
        raise NotImplementedError
