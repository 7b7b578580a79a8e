"""The reward that a member can almost afford: how many points are still missing."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from perennial.core.orders.order import Order, net_amounts
from perennial.core.snapshot import Snapshot
from perennial.core.version import Version
from perennial.core.wallets.prices import price_for
from perennial.units import Instant, Points


class NextReward(msgspec.Struct, frozen=True):
    """A reward, its price in points of ``unit``, and how many of them are ``missing``."""

    reward: str
    name: str
    unit: int
    price: Points
    missing: Points


def next_reward(
    version: Version, snapshot: Snapshot, at: Instant, order: Order, change: Mapping[int, Points]
) -> NextReward | None:
    """Return the cheapest reward that is offered to the member, who cannot afford it yet.

    ``change`` is what the order adds to the wallets and takes from them, by unit. Points that are not
    yet available count as there. Where several wallets have such a reward, it is the one of which the
    fewest points are missing. None if there is none.
    """
    cheapest: dict[int, NextReward] = {}
    nets = net_amounts(order)
    for compiled in version.priced:
        if len(cheapest) == len(version.wallets) and compiled.lowest_price >= max(
            known.price for known in cheapest.values()
        ):
            break
        price = price_for(version, compiled, snapshot, at)
        if price is None:
            continue
        wallet, points = price.wallet, price.points
        figures, unit = snapshot.wallets[wallet], version.wallets[wallet].unit
        missing = points - (figures.balance - figures.debt + change.get(unit, 0))
        if missing <= 0 or (wallet in cheapest and cheapest[wallet].price <= points):
            continue
        if compiled.offered is None or compiled.offered(at, order, nets, {}, snapshot):
            cheapest[wallet] = NextReward(compiled.reward.id, compiled.reward.name, unit, points, missing)
    return min(cheapest.values(), key=lambda known: known.missing, default=None)
