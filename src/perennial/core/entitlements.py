"""Entitlements: what a member was given besides vouchers, and the life of each.

Money is owed until it is paid, goods are ordered, shipped and delivered, a seat or a perk is held until it
was used. Points and codes are simply given. Everything that is not done yet may be canceled.
"""

from __future__ import annotations

from enum import IntEnum


class EntitlementState(IntEnum):
    """Where an entitlement stands. The numbers are stored: never change or reuse one."""

    GIVEN = 1
    """It was handed over with the claim: points, a code. There is nothing left to do."""
    OPEN = 2
    """Money that is owed to the member."""
    PAID = 3
    ORDERED = 4
    """Goods that are to be sent."""
    SHIPPED = 5
    DELIVERED = 6
    HELD = 7
    """A seat or a perk, which may be used until it expires."""
    USED = 8
    CANCELED = 9
    ENDED = 10
    """Its holder was erased before it was done."""

    @property
    def word(self) -> str:
        """Return how the API names it."""
        return self.name.lower()

    @property
    def expires(self) -> bool:
        """Whether it matters that its time is over: of what is owed, and of what may be used."""
        return self in (EntitlementState.OPEN, EntitlementState.HELD)


_State = EntitlementState

MOVES: dict[EntitlementState, tuple[EntitlementState, ...]] = {
    _State.OPEN: (_State.PAID, _State.CANCELED),
    _State.ORDERED: (_State.SHIPPED, _State.CANCELED),
    _State.SHIPPED: (_State.DELIVERED, _State.CANCELED),
    _State.HELD: (_State.USED, _State.CANCELED),
}
"""To which states an entitlement may move. What is not named here is final."""

UNDONE = tuple(MOVES)
"""The states in which something is still to be done or to be used."""

TO_COME = (_State.OPEN, _State.ORDERED, _State.HELD)
"""The states in which nothing has left the shop: money that is owed, goods to be sent, a seat to be taken."""

WORDS = tuple(state.word for state in EntitlementState)
"""How the API names the states."""
