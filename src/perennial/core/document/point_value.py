"""What a point is worth: what it pays for an order, or what the best reward takes off for it."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from perennial.core.document.program import Program, rewards_of
from perennial.core.document.reward import Reward
from perennial.units import Minor, Points


class PointValue(msgspec.Struct, frozen=True):
    """``points`` are worth ``amount`` minor units of the program's currency; ``by`` says what gives that.

    ``by`` is the id of a reward, or None where points pay for orders.
    """

    amount: Minor
    points: Points
    by: str | None = None

    def of(self, points: Points) -> Minor:
        """Return what so many points are worth, rounded down."""
        return points * self.amount // self.points

    def is_more_than(self, other: PointValue) -> bool:
        """Return whether a point is worth more than by another value."""
        return self.amount * other.points > other.amount * self.points


def point_values(program: Program) -> dict[str, PointValue]:
    """Return the most that a point of each wallet is worth for sure; one whose points buy nothing has none.

    Only rewards of a sure worth in money are looked at: a percentage has none.
    """
    found: dict[str, PointValue] = {}
    for wallet, value in _values(program):
        if wallet not in found or value.is_more_than(found[wallet]):
            found[wallet] = value
    return found


def _values(program: Program) -> Iterator[tuple[str, PointValue]]:
    for wallet in program.wallets:
        if wallet.pays is not None:
            yield wallet.id, PointValue(wallet.pays.amount, wallet.pays.points)
    for reward in rewards_of(program):
        worth = reward.worth(None)
        for points, wallet_id in _prices(program, reward):
            if points > 0 and worth > 0:
                yield wallet_id, PointValue(worth, points, reward.id)


def _prices(program: Program, reward: Reward) -> Iterator[tuple[Points, str]]:
    first = program.wallets[0].id
    if reward.price is not None:
        yield reward.price, reward.wallet or first
    for price in reward.prices:
        yield price.points, price.wallet or reward.wallet or first
