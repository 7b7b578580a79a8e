"""The reward that a member can almost afford: how many points are still missing."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from perennial.core.orders.order import Order, net_amounts
from perennial.core.snapshot import Snapshot
from perennial.core.version import CompiledReward, Version
from perennial.core.wallets.prices import prices_for
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
    """Return the cheapest reward that is offered to the member, who cannot afford it yet in any wallet.

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
        nearer = _cheaper(_missing(version, compiled, snapshot, at, change), cheapest)
        if nearer and (compiled.offered is None or compiled.offered(at, order, nets, {}, snapshot)):
            cheapest |= nearer
    return min(cheapest.values(), key=lambda known: known.missing, default=None)


def _missing(
    version: Version, compiled: CompiledReward, snapshot: Snapshot, at: Instant, change: Mapping[int, Points]
) -> dict[int, NextReward]:
    """Return what a reward lacks in each wallet that can pay for it; nothing where one has enough."""
    found: dict[int, NextReward] = {}
    for price in prices_for(compiled, snapshot, at):
        figures, unit = snapshot.wallets[price.wallet], version.wallets[price.wallet].unit
        missing = price.points - (figures.balance - figures.debt + change.get(unit, 0))
        if missing <= 0:
            return {}
        reward = compiled.reward
        found[price.wallet] = NextReward(reward.id, reward.name, unit, price.points, missing)
    return found


def _cheaper(found: Mapping[int, NextReward], known: Mapping[int, NextReward]) -> dict[int, NextReward]:
    return {
        wallet: each
        for wallet, each in found.items()
        if wallet not in known or each.price < known[wallet].price
    }
