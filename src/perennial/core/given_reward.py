"""What a rule gave for an order or event, as it is kept with the decision."""

from __future__ import annotations

from uuid import UUID

import msgspec


class GivenReward(msgspec.Struct, frozen=True, array_like=True):
    """The ``reward`` that ``rule`` gave; ``voucher_id`` is the voucher that came with it, if one did.

    One that ``stays`` handed out what cannot be taken back, such as goods or a seat.
    """

    rule: str
    reward: str
    voucher_id: UUID | None = None
    stays: bool = False
