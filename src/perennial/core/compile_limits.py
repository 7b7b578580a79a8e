"""The limits of a version: each gets its number, its words, and its place in the version's lists."""

from __future__ import annotations

from perennial.core.codes import Codes
from perennial.core.limits import AtCap, Holder, Limit
from perennial.core.periods import Period
from perennial.core.program import Campaign, Program, SharedLimit, WalletSpec
from perennial.core.reward import Reward
from perennial.core.rule import EarningRule
from perennial.core.schedule import Span
from perennial.core.version import Bound, CompiledLimit
from perennial.units import stable_hash

_PERIODS = {
    Period.HOUR: "per hour",
    Period.DAY: "per day",
    Period.WEEK: "per week",
    Period.MONTH: "per month",
    Period.QUARTER: "per quarter",
    Period.YEAR: "per year",
    Period.EVER: "in all",
}


class LimitBook:
    """Collects the limits of a program: ``limits`` per member, ``budgets`` for all members together.

    The number of a limit depends on where it stands and on what it counts, and not on its cap: what
    was used of it stays used when a new version raises or lowers it.
    """

    def __init__(self, program: Program, program_id: int) -> None:
        self._program = program
        self._program_id = program_id
        self._places: dict[int, Bound] = {}
        self.limits: list[CompiledLimit] = []
        self.budgets: list[CompiledLimit] = []

    def of_rule(self, rule: EarningRule, wallet: WalletSpec, unit: int) -> tuple[Bound, ...]:
        """Return the limits of an earning rule in their order: its own, shared ones, its wallet's."""
        shared = {limit.id: limit for limit in self._program.limits}
        bounds = [
            *self._own("rule", rule.id, rule.limits),
            *(self._shared(shared[name]) for name in rule.shared_limits),
            *self._of_wallet(wallet, unit),
        ]
        return tuple(dict.fromkeys(bounds))

    def of_reward(self, reward: Reward, campaign: Campaign | None = None) -> tuple[Bound, ...]:
        """Return the limits of a reward in their order: its own, shared ones, its campaign's.

        What does not fit into one of them is refused whole.
        """
        shared = {limit.id: limit for limit in self._program.limits}
        bounds = [
            *self._own("reward", reward.id, reward.limits),
            *self._own("shared code", reward.id, uses_of_shared(reward.codes)),
            *(self._shared(shared[name]) for name in reward.shared_limits),
            *(self._own("campaign", campaign.id, campaign.limits) if campaign is not None else ()),
        ]
        return tuple(dict.fromkeys(bounds))

    def of_cooldown(self, rule: EarningRule) -> int | None:
        """Return the place of the rule's cooldown among the limits."""
        if rule.cooldown is None:
            return None
        limit = CompiledLimit(
            number=stable_hash("cooldown", self._program_id, rule.id),
            name=f"cooldown of rule {rule.id}: {span_words(rule.cooldown)}",
            cap=0,
            times=False,
            period=Period.EVER,
            at_cap=AtCap.REJECT,
        )
        return self._place(limit, Holder.MEMBER).index

    def _own(self, kind: str, owner: str, limits: tuple[Limit, ...]) -> list[Bound]:
        return [
            self._add(limit, f"{kind} {owner}", (kind, self._program_id, owner), ordinal)
            for limit, ordinal in _numbered(limits)
        ]

    def _of_wallet(self, wallet: WalletSpec, unit: int) -> list[Bound]:
        return [
            self._add(limit, f"wallet {wallet.id}", ("wallet", unit), ordinal)
            for limit, ordinal in _numbered(wallet.caps)
        ]

    def _shared(self, shared: SharedLimit) -> Bound:
        home = 0 if shared.across_programs else self._program_id
        limit = Limit(
            per=shared.per,
            points=shared.points,
            times=shared.times,
            every=shared.every,
            at_cap=shared.at_cap,
        )
        return self._add(limit, f"limit {shared.id}", ("shared", home, shared.id), 0)

    def _add(self, limit: Limit, owner: str, place: tuple[object, ...], ordinal: int) -> Bound:
        times = limit.times is not None
        cap = limit.times if limit.times is not None else limit.points or 0
        what = f"{cap} {'time' if cap == 1 else 'times'}" if times else f"{cap} points"
        everybody = ", all members together" if limit.per is Holder.TOTAL else ""
        compiled = CompiledLimit(
            number=stable_hash("limit", *place, limit.per, times, limit.every, ordinal),
            name=f"{owner}: {what} {_PERIODS[limit.every]}{everybody}",
            cap=cap,
            times=times,
            period=limit.every,
            at_cap=limit.at_cap,
        )
        return self._place(compiled, limit.per)

    def _place(self, limit: CompiledLimit, holder: Holder) -> Bound:
        known = self._places.get(limit.number)
        if known is None:
            total = holder is Holder.TOTAL
            limits = self.budgets if total else self.limits
            known = self._places[limit.number] = Bound(total, len(limits))
            limits.append(limit)
        return known


def uses_of_shared(codes: Codes | None) -> tuple[Limit, ...]:
    """Return what a code for everybody is limited to: its uses by all members together."""
    if codes is None or codes.shared is None or codes.uses is None:
        return ()
    return (Limit(per=Holder.TOTAL, times=codes.uses),)


def _numbered(limits: tuple[Limit, ...]) -> list[tuple[Limit, int]]:
    """Pair each limit with how many before it count the same thing in the same period."""
    seen: dict[tuple[object, ...], int] = {}
    numbered = []
    for limit in limits:
        kind = (limit.per, limit.times is not None, limit.every)
        numbered.append((limit, seen.get(kind, 0)))
        seen[kind] = seen.get(kind, 0) + 1
    return numbered


def span_words(span: Span) -> str:
    """Say a span to a person (``1 month 2 days``)."""
    parts = []
    for unit in ("year", "month", "week", "day", "hour", "minute"):
        count = getattr(span, f"{unit}s")
        if count:
            parts.append(f"{count} {unit}" if count == 1 else f"{count} {unit}s")
    return " ".join(parts) or "0 days"
