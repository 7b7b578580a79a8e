"""The result of a simulation in the words of the program: wallets, rules, tiers, money."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import msgspec

from perennial.core.simulation.simulator import finest_decimals
from perennial.core.simulation.tally import Mover, SideTally, Tally, biggest
from perennial.core.terms.limits import MONEY, Holder
from perennial.core.version import Version
from perennial.flows.simulation.sides import Compiled, Task
from perennial.units import EARLIEST, Instant, Minor, Points, format_instant

ASSUMPTIONS = (
    "People do what they did: a claim that the other version refuses is not made later; nobody buys more.",
    "Attributes, segments, locations and households are those of today.",
    "Everything is switched on.",
    "Messages are counted as if everybody had agreed to get them.",
    "Claims that were refused then are not tried again.",
    "A change of an order (fulfilled, canceled) happened when it was reported.",
    "Orders from before somebody joined are not counted on joining, whatever the program says.",
    "Points that were received from somebody else are those that were sent then.",
)


class WalletResult(msgspec.Struct, frozen=True):
    """The points of a wallet, in the smallest part of its unit: with 2 ``decimals``, 4080 are 40.80.

    ``name`` and ``decimals`` are those of the newest version that has it. ``liability`` is what members hold
    at the end, net of what they owe.
    ``value`` and ``liability_value`` are what the points awarded, and those held, are worth at the best rate
    at which the program takes points, in minor units; null where points buy nothing of a certain worth.
    """

    wallet: str
    name: str
    decimals: int
    awarded: Points
    taken_back: Points
    used: Points
    expired: Points
    liability_before: Points
    liability: Points
    pending: Points
    debt: Points
    value: Minor | None
    liability_value: Minor | None


class RuleResult(msgspec.Struct, frozen=True):
    """What a rule gave into a wallet: the points, how many times, and how many times a limit cut it."""

    rule: str
    wallet: str
    points: Points
    times: int
    cut: int


class RewardResult(msgspec.Struct, frozen=True):
    """What was claimed of a reward, or given by a challenge."""

    reward: str
    claims: int
    points: Points
    value: Minor


class MessageResult(msgspec.Struct, frozen=True):
    """How often a message would have been sent, if everybody had agreed to get it."""

    message: str
    times: int


class BudgetResult(msgspec.Struct, frozen=True):
    """A budget in one of its periods; ``asked`` is what would have been used without it.

    ``ran_out_at`` is when the last of it was used, ``cut_at`` when it first left less than was due. ``words``
    say it to people: one sentence, or several where it is one of those with a part for each location.
    Figures are in the minor unit of ``currency`` where they are money, and otherwise have ``decimals``, as
    the points of a wallet do.
    """

    budget: str
    words: tuple[str, ...]
    currency: str | None
    decimals: int
    period: int
    cap: int
    asked: int
    used: int
    ran_out_at: str | None
    cut_at: str | None


class TierResult(msgspec.Struct, frozen=True):
    """How many members are in a tier at the end; null is no tier."""

    tier: str | None
    members: int


class MonthResult(msgspec.Struct, frozen=True):
    """The points of a wallet that were awarded in a local month, such as ``2026-03``."""

    month: str
    wallet: str
    points: Points


class SideResult(msgspec.Struct, frozen=True):
    """What the period came to on one side. ``cost`` is the worth of what was handed out for points."""

    name: str
    version: int | None
    orders: int
    events: int
    members: int
    cost: Minor
    wallets: tuple[WalletResult, ...]
    rules: tuple[RuleResult, ...]
    rewards: tuple[RewardResult, ...]
    messages: tuple[MessageResult, ...]
    tiers: tuple[TierResult, ...]
    months: tuple[MonthResult, ...]
    budgets: tuple[BudgetResult, ...]
    refused: dict[str, int]


class MoverResult(msgspec.Struct, frozen=True):
    """A customer with another result: points and tier on each side, and the difference in points."""

    customer: str
    change: Points
    points: tuple[Points, ...]
    tiers: tuple[str | None, ...]


class GroupResult(msgspec.Struct, frozen=True):
    """Those who are in one tier (on the first side, at the end) or segment (today)."""

    kind: str
    id: str | None
    members: int
    points: tuple[Points, ...]
    gained: int
    lost: int


class SimulationResult(msgspec.Struct, frozen=True):
    """What both sides came to, and for whom it makes a difference.

    Points of ``gainers``, ``losers`` and ``groups`` are sums over all wallets, with so many ``decimals``; all
    other points are whole numbers of the smallest part of their wallet's unit.
    ``left_out`` counts what happened and cannot be played again, by its kind; ``assumptions`` say in words
    what the replay takes for granted.
    """

    program: str
    currency: str
    decimals: int
    begins: str | None
    until: str
    sides: tuple[SideResult, ...]
    customers: int
    gained: int
    lost: int
    gainers: tuple[MoverResult, ...]
    losers: tuple[MoverResult, ...]
    groups: tuple[GroupResult, ...]
    left_out: dict[str, int]
    assumptions: tuple[str, ...]
    seconds: str


def result_of(task: Task, compiled: Compiled, tally: Tally, seconds: float) -> SimulationResult:
    """Put a tally into words; ``seconds`` is how long the simulation took."""
    sides = tuple(
        _side(spec.name, spec.version, versions, compiled.wanted.units, side)
        for spec, versions, side in zip(task.sides, compiled.sides, tally.sides, strict=True)
    )
    return SimulationResult(
        program=task.code,
        currency=compiled.sides[-1][-1].program.currency,
        decimals=finest_decimals(version for versions in compiled.sides for version in versions),
        begins=None if task.begins == EARLIEST else format_instant(task.begins),
        until=format_instant(task.until),
        sides=sides,
        customers=tally.customers,
        gained=tally.gained,
        lost=tally.lost,
        gainers=tuple(_mover(mover, 1) for mover in biggest(tally.gainers)),
        losers=tuple(_mover(mover, -1) for mover in biggest(tally.losers)),
        groups=_groups(tally),
        left_out=dict(sorted(tally.left_out.items())),
        assumptions=ASSUMPTIONS,
        seconds=f"{seconds:.1f}",
    )


def _side(
    name: str, number: int | None, versions: Sequence[Version], units: dict[int, str], side: SideTally
) -> SideResult:
    version = versions[-1]
    specs = {each.spec.id: each.spec for version in versions for each in version.wallets}
    wallets = []
    for unit, figures in sorted(side.wallets.items()):
        wallet = units.get(unit, str(unit))
        spec = specs.get(wallet)
        rate = rate_of(version, wallet)
        wallets.append(
            WalletResult(
                wallet=wallet,
                name=wallet if spec is None else spec.name,
                decimals=0 if spec is None else spec.decimals,
                awarded=figures.awarded,
                taken_back=figures.awarded - figures.earned,
                used=figures.used,
                expired=figures.expired,
                liability_before=figures.before,
                liability=figures.liability,
                pending=figures.pending,
                debt=figures.debt,
                value=None if rate is None else figures.earned * rate[0] // rate[1],
                liability_value=None if rate is None else figures.liability * rate[0] // rate[1],
            )
        )
    return SideResult(
        name=name,
        version=number,
        orders=side.orders,
        events=side.events,
        members=side.members,
        cost=sum(reward.value for reward in side.rewards.values()),
        wallets=tuple(wallets),
        rules=tuple(
            RuleResult(rule, units.get(unit, str(unit)), figures.points, figures.times, figures.cut)
            for unit, rules in sorted(side.rules.items())
            for rule, figures in sorted(rules.items(), key=lambda item: (-item[1].points, item[0]))
        ),
        rewards=tuple(
            RewardResult(reward, figures.claims, figures.points, figures.value)
            for reward, figures in sorted(side.rewards.items())
        ),
        messages=tuple(MessageResult(message, times) for message, times in sorted(side.messages.items())),
        tiers=_tiers(version, side),
        months=tuple(
            MonthResult(_month(month), units.get(unit, str(unit)), points)
            for unit, months in sorted(side.months.items())
            for month, points in sorted(months.items())
        ),
        budgets=tuple(_budgets(versions, side)),
        refused=dict(sorted(side.refused.items())),
    )


def rate_of(version: Version, wallet: str) -> tuple[Minor, Points] | None:
    """Return the best rate for a wallet's points: so many minor units for so many points, or None."""
    rates = [
        (compiled.reward.worth(None), price.points)
        for compiled in version.rewards.values()
        for price in compiled.prices
        if price.points and version.wallets[price.wallet].spec.id == wallet
    ]
    pays = [each.spec.pays for each in version.wallets if each.spec.id == wallet]
    rates += [(each.amount, each.points) for each in pays if each is not None]
    best: tuple[Minor, Points] | None = None
    for money, points in rates:
        if money > 0 and (best is None or money * best[1] > best[0] * points):
            best = (money, points)
    return best


def _tiers(version: Version, side: SideTally) -> tuple[TierResult, ...]:
    system = version.program.tiers
    levels = [level.id for level in system.levels] if system is not None else []
    others = sorted(tier for tier in side.tiers if tier and tier not in levels)
    wanted = [*([""] if side.tiers.get("") else []), *levels, *others]
    return tuple(TierResult(tier or None, side.tiers.get(tier, 0)) for tier in wanted)


def _budgets(versions: Sequence[Version], side: SideTally) -> list[BudgetResult]:
    limits = [limit for version in versions for limit in version.budgets]
    whole = {limit.number: limit for limit in limits if limit.holder is Holder.TOTAL}
    parted = [limit for limit in limits if limit.holder is not Holder.TOTAL]
    found = []
    for key, budget in side.budgets.items():
        number, _, period = key.partition("/")
        # The part of a location has a number of its own, which does not tell whose part it is.
        asked = [whole[int(number)]] if int(number) in whole else parted
        kinds = {(limit.counts in MONEY, limit.decimals) for limit in asked}
        is_money, decimals = kinds.pop() if len(kinds) == 1 else (False, 0)
        found.append(
            BudgetResult(
                budget=budget.name,
                words=tuple(dict.fromkeys(limit.name for limit in asked)),
                currency=versions[-1].program.currency if is_money else None,
                decimals=decimals,
                period=int(period),
                cap=budget.cap,
                asked=budget.asked,
                used=budget.used,
                ran_out_at=_text(budget.ran_out_at),
                cut_at=_text(budget.cut_at),
            )
        )
    return sorted(found, key=lambda each: (each.budget, each.period, each.asked))


def _groups(tally: Tally) -> tuple[GroupResult, ...]:
    found = []
    for key, group in sorted(tally.groups.items()):
        kind, _, name = key.partition("/")
        found.append(
            GroupResult(kind, name or None, group.members, tuple(group.points), group.gained, group.lost)
        )
    return tuple(found)


def _mover(mover: Mover, sign: int) -> MoverResult:
    return MoverResult(mover.customer, sign * mover.change, mover.points, mover.tiers)


def _month(number: int) -> str:
    return date(number // 12, number % 12 + 1, 1).strftime("%Y-%m")


def _text(instant: Instant | None) -> str | None:
    return None if instant is None else format_instant(instant)
