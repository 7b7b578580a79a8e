"""What a simulated period came to, added up so that parts of it can be worked out apart and merged."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from typing import TypeVar

import msgspec

from perennial.units import Instant, Minor, Points

_Name = TypeVar("_Name", str, int)

MOVERS = 20
"""So many of those who gain or lose most are named."""


class RuleTally(msgspec.Struct):
    """What one rule gave within the period: ``times`` that it gave something, ``cut`` times by a limit."""

    points: Points = 0
    times: int = 0
    cut: int = 0


class RewardTally(msgspec.Struct):
    """What was claimed of one reward: ``value`` is what it is worth for sure, in minor units."""

    claims: int = 0
    points: Points = 0
    value: Minor = 0


class WalletTally(msgspec.Struct):
    """The points of one wallet. ``liability`` is what members hold at the end, ``before`` at the beginning.

    ``earned`` is net of ``taken_back``; ``used`` is what was spent, net of what came back of it.
    """

    awarded: Points = 0
    earned: Points = 0
    used: Points = 0
    expired: Points = 0
    before: Points = 0
    liability: Points = 0
    pending: Points = 0
    debt: Points = 0


class BudgetTally(msgspec.Struct):
    """How far a budget was used in one of its periods.

    ``asked`` is what would have been used without a cap. ``used`` reached the ``cap`` at ``ran_out_at``;
    the first award or claim was cut or refused at ``cut_at``.
    """

    name: str
    cap: int
    asked: int = 0
    used: int = 0
    ran_out_at: Instant | None = None
    cut_at: Instant | None = None


class SideTally(msgspec.Struct):
    """What the period came to under one version. ``months`` gives the points awarded by local month.

    ``wallets``, ``rules`` and ``months`` are by the number of the wallet: points of two of them are no sum.
    ``messages`` counts how often each was sent, ``refused`` by the code of the refusal what members asked for
    and did not get.
    """

    orders: int = 0
    events: int = 0
    members: int = 0
    wallets: dict[int, WalletTally] = {}
    rules: dict[int, dict[str, RuleTally]] = {}
    rewards: dict[str, RewardTally] = {}
    messages: dict[str, int] = {}
    tiers: dict[str, int] = {}
    months: dict[int, dict[int, Points]] = {}
    refused: dict[str, int] = {}
    budgets: dict[str, BudgetTally] = {}


class Mover(msgspec.Struct, frozen=True, order=True):
    """A customer with another result under the other version; ``change`` is the difference in points.

    Points of several wallets are added up in the finest decimals of them all (``simulation/simulator.py``).
    """

    change: Points
    customer: str
    points: tuple[Points, ...] = ()
    tiers: tuple[str | None, ...] = ()


class GroupTally(msgspec.Struct):
    """Those of one tier or segment: how many there are, and what they earned under each version."""

    members: int = 0
    points: list[Points] = []
    gained: int = 0
    lost: int = 0


class Tally(msgspec.Struct):
    """Everything that was added up: a result of part of the customers, or of all of them.

    ``groups`` are by tier (under the first version, at the end) and by segment: ``tier/gold``,
    ``segment/vip``.
    """

    sides: list[SideTally]
    customers: int = 0
    gained: int = 0
    lost: int = 0
    gainers: list[Mover] = []
    losers: list[Mover] = []
    groups: dict[str, GroupTally] = {}
    left_out: dict[str, int] = {}


def empty_tally(sides: int) -> Tally:
    """Return the tally of nobody."""
    return Tally([SideTally() for _ in range(sides)])


def note_change(tally: Tally, mover: Mover, groups: Iterable[str]) -> None:
    """Count a customer among those who gain or lose, and in their groups."""
    if mover.change > 0:
        tally.gained += 1
        _keep(tally.gainers, mover)
    elif mover.change < 0:
        tally.lost += 1
        _keep(tally.losers, msgspec.structs.replace(mover, change=-mover.change))
    for name in groups:
        group = tally.groups.get(name)
        if group is None:
            group = tally.groups[name] = GroupTally(points=[0] * len(mover.points))
        group.members += 1
        group.gained += mover.change > 0
        group.lost += mover.change < 0
        for place, points in enumerate(mover.points):
            group.points[place] += points


def merge(into: Tally, part: Tally) -> None:
    """Add a part to a tally; ``part`` must not be used afterwards."""
    for ours, theirs in zip(into.sides, part.sides, strict=True):
        merge_side(ours, theirs)
    into.customers += part.customers
    into.gained += part.gained
    into.lost += part.lost
    for mover in part.gainers:
        _keep(into.gainers, mover)
    for mover in part.losers:
        _keep(into.losers, mover)
    for name, group in part.groups.items():
        known = into.groups.setdefault(name, GroupTally(points=[0] * len(group.points)))
        known.members += group.members
        known.gained += group.gained
        known.lost += group.lost
        known.points = [ours + theirs for ours, theirs in zip(known.points, group.points, strict=True)]
    _add_counts(into.left_out, part.left_out)


def biggest(movers: list[Mover]) -> list[Mover]:
    """Return those who were kept, the biggest change first."""
    return sorted(movers, key=lambda mover: (-mover.change, mover.customer))


def _keep(heap: list[Mover], mover: Mover) -> None:
    if len(heap) < MOVERS:
        heapq.heappush(heap, mover)
    else:
        heapq.heappushpop(heap, mover)


def merge_side(into: SideTally, part: SideTally) -> None:
    """Add what a part came to under one version."""
    into.orders += part.orders
    into.events += part.events
    into.members += part.members
    for unit, wallet in part.wallets.items():
        add_struct(into.wallets.setdefault(unit, WalletTally()), wallet)
    for unit, rules in part.rules.items():
        known_rules = into.rules.setdefault(unit, {})
        for rule, figures in rules.items():
            add_struct(known_rules.setdefault(rule, RuleTally()), figures)
    for reward, claimed in part.rewards.items():
        add_struct(into.rewards.setdefault(reward, RewardTally()), claimed)
    _add_counts(into.messages, part.messages)
    _add_counts(into.tiers, part.tiers)
    for unit, months in part.months.items():
        _add_counts(into.months.setdefault(unit, {}), months)
    _add_counts(into.refused, part.refused)
    for key, budget in part.budgets.items():
        known = into.budgets.get(key)
        if known is None:
            into.budgets[key] = budget
            continue
        known.asked += budget.asked
        known.used += budget.used
        known.cap = min(known.cap, budget.cap)


def add_struct(into: msgspec.Struct, part: msgspec.Struct) -> None:
    """Add every figure of ``part`` to that of ``into``."""
    for name in into.__struct_fields__:
        setattr(into, name, getattr(into, name) + getattr(part, name))


def _add_counts(into: dict[_Name, int], part: dict[_Name, int]) -> None:
    for name, count in part.items():
        into[name] = into.get(name, 0) + count
