"""The limits of a version: each gets its number, its words, and its place in the version's lists."""

from __future__ import annotations

from typing import Literal

from perennial.core.codes.codes import Codes
from perennial.core.currency import format_money
from perennial.core.dates.periods import Period
from perennial.core.dates.schedule import Span
from perennial.core.document.limited_points import decimals_of, wallets_of_campaign, wallets_of_shared
from perennial.core.document.program import (
    Campaign,
    Pool,
    Program,
    SharedLimit,
    WalletSpec,
    messages_of,
    rewards_of,
)
from perennial.core.document.referral_terms import Advocate, ReferralOffer
from perennial.core.document.reward import Reward
from perennial.core.kinds.message import Message
from perennial.core.kinds.rule import EarningRule
from perennial.core.terms.limits import MONEY, AtCap, Counted, Holder, Limit
from perennial.core.version import Bound, CompiledLimit
from perennial.units import MAX_AMOUNT, format_units, stable_hash

_PERIODS = {
    Period.HOUR: "per hour",
    Period.DAY: "per day",
    Period.WEEK: "per week",
    Period.MONTH: "per month",
    Period.QUARTER: "per quarter",
    Period.YEAR: "per year",
    Period.EVER: "in all",
}

OWNERS = (
    "campaign",
    "limit",
    "message",
    "referral",
    "reward",
    "rule",
    "shared code",
    "spending",
    "stock",
    "wallet",
)
"""The parts of a program that may have a limit, as their words begin."""


class LimitBook:
    """Collects the limits of a program: ``limits`` per member, ``budgets`` that members use together.

    The number of a limit depends on where it stands and on what it counts, and not on its cap: what
    was used of it stays used when a new version raises or lowers it.
    """

    def __init__(self, program: Program, program_id: int) -> None:
        self._program = program
        self._program_id = program_id
        self._pools = program.pool is Pool.ALL
        self._of_people = _limits_of_people(program)
        self._places: dict[int, Bound] = {}
        self.limits: list[CompiledLimit] = []
        self.budgets: list[CompiledLimit] = []

    def of_rule(
        self, rule: EarningRule, wallet: WalletSpec, unit: int, campaign: Campaign | None = None
    ) -> tuple[Bound, ...]:
        """Return the limits of an earning rule in their order: its own, shared, campaign's, wallet's ones."""
        shared = {limit.id: limit for limit in self._program.limits}
        bounds = [
            *self._own("rule", rule.id, rule.limits, wallet.decimals),
            *(self._shared(shared[name]) for name in rule.shared_limits),
            *self._of_campaign(campaign),
            *self._of_wallet(wallet, unit),
        ]
        return tuple(dict.fromkeys(bounds))

    def of_reward(self, reward: Reward, campaign: Campaign | None = None) -> tuple[Bound, ...]:
        """Return the limits of a reward in their order: its own, shared ones, its campaign's."""
        shared = {limit.id: limit for limit in self._program.limits}
        bounds = [
            *self._own("reward", reward.id, reward.limits),
            *self._own("shared code", reward.id, uses_of_shared(reward.codes)),
            *(self._shared(shared[name]) for name in reward.shared_limits),
            *self._of_campaign(campaign),
        ]
        return tuple(dict.fromkeys(bounds))

    def of_referrals(self, offer: ReferralOffer) -> tuple[Bound, ...]:
        """Return the limits of what advocates get for referrals: the offer's own, then shared ones."""
        shared = {limit.id: limit for limit in self._program.limits}
        advocate = offer.advocate
        bounds = [
            *self._own("referral", offer.id, advocate.limits),
            *(self._shared(shared[name]) for name in advocate.shared_limits),
        ]
        return tuple(dict.fromkeys(bounds))

    def of_stock(self, reward: Reward) -> Bound | None:
        """Return the limit that counts how many of a reward there are, if that has an end."""
        room = reward.room()
        if room is None:
            return None
        return self._own("stock", reward.id, (Limit(per=Holder.TOTAL, times=room),))[0]

    def of_spending(self, wallet: WalletSpec, unit: int) -> tuple[Bound, ...]:
        """Return the limits of what members spend of a wallet, in their order."""
        return tuple(
            self._add(limit, ("spending", wallet.id), ("spending", unit), ordinal, wallet.decimals)
            for limit, ordinal in _numbered(wallet.spending)
        )

    def of_message(self, message: Message) -> tuple[Bound, ...]:
        """Return the limits of a message in their order: its own, then shared ones.

        A message is written to a person: where households pool, its limits are each member's all the same.
        """
        shared = {limit.id: limit for limit in self._program.limits}
        bounds = [
            *self._own("message", message.id, message.limits),
            *(self._shared(shared[name]) for name in message.shared_limits),
        ]
        return tuple(dict.fromkeys(bounds))

    def of_cooldown(self, kind: Literal["rule", "message"], part: EarningRule | Message) -> int | None:
        """Return the place of the cooldown of a rule or message among the limits."""
        if part.cooldown is None:
            return None
        here = part.cooldown_per == "location"
        # Those of rules were there before anything else could rest, and their numbers are stored.
        place = () if kind == "rule" else (kind,)
        words = f"cooldown of {kind} {part.id}: {span_words(part.cooldown)}"
        limit = CompiledLimit(
            number=stable_hash("cooldown", *place, self._program_id, part.id),
            name=f"{words}{' in one place' if here else ''}",
            cap=0,
            counts=Counted.TIMES,
            period=Period.EVER,
            at_cap=AtCap.REJECT,
            by_place=here,
            pooled=self._pools and kind == "rule",
        )
        return self._place(limit, Holder.MEMBER).index

    def _own(self, kind: str, owner: str, limits: tuple[Limit, ...], decimals: int = 0) -> list[Bound]:
        place, pools = (kind, self._program_id, owner), self._pools and kind != "message"
        return [
            self._add(limit, (kind, owner), place, ordinal, decimals, pools=pools)
            for limit, ordinal in _numbered(limits)
        ]

    def _of_campaign(self, campaign: Campaign | None) -> list[Bound]:
        if campaign is None:
            return []
        decimals = decimals_of(wallets_of_campaign(self._program, campaign))
        return self._own("campaign", campaign.id, campaign.limits, decimals)

    def _of_wallet(self, wallet: WalletSpec, unit: int) -> list[Bound]:
        return [
            self._add(limit, ("wallet", wallet.id), ("wallet", unit), ordinal, wallet.decimals)
            for limit, ordinal in _numbered(wallet.caps)
        ]

    def _shared(self, shared: SharedLimit) -> Bound:
        home = 0 if shared.across_programs else self._program_id
        decimals = decimals_of(wallets_of_shared(self._program, shared.id))
        pools = self._pools and shared.id not in self._of_people
        place = ("shared", home, shared.id)
        return self._add(shared.limit(), ("limit", shared.id), place, 0, decimals, pools=pools)

    def _add(
        self,
        limit: Limit,
        owner: tuple[str, str],
        place: tuple[object, ...],
        ordinal: int,
        decimals: int,
        *,
        pools: bool | None = None,
    ) -> Bound:
        """Add a limit; its points have so many ``decimals``. Without ``pools`` it is as the program pools."""
        pools = self._pools if pools is None else pools
        counts, cap = limit.counted()
        if counts is not Counted.POINTS:
            decimals = 0
        number = stable_hash("limit", *place, *_kind(limit), ordinal)
        name = f"{' '.join(owner)}: {self._words(limit, counts, cap, decimals, pools=pools)}"
        compiled = CompiledLimit(
            number=number,
            name=name,
            cap=cap,
            counts=counts,
            period=limit.every,
            at_cap=limit.when_full(),
            holder=limit.per,
            attribute=limit.attribute,
            owner=owner,
            marker=self._marker(number, name, limit.every) if counts is Counted.CUSTOMERS else None,
            comes_back=limit.comes_back,
            by_product=limit.by_product,
            decimals=decimals,
            pooled=pools and limit.per is Holder.MEMBER,
        )
        return self._place(compiled, limit.per)

    def _marker(self, number: int, name: str, every: Period) -> int:
        """Return the place of the limit that counts how often each member took part: any number of times."""
        marker = CompiledLimit(
            number=stable_hash("customer", number),
            name=name,
            cap=MAX_AMOUNT,
            counts=Counted.TIMES,
            period=every,
            at_cap=AtCap.REJECT,
        )
        return self._place(marker, Holder.MEMBER).index

    def _words(self, limit: Limit, counts: Counted, cap: int, decimals: int, *, pools: bool) -> str:
        currency = self._program.currency
        amount = (
            f"{format_money(cap, currency)} {currency} of" if counts in MONEY else format_units(cap, decimals)
        )
        noun = counts.value.replace("_", " ")
        if amount == "1":
            noun = noun.removesuffix("s")
        of_each = " of each product" if limit.by_product else ""
        return f"{amount} {noun} {_PERIODS[limit.every]}{of_each}{_of_holder(limit, pools=pools)}"

    def _place(self, limit: CompiledLimit, holder: Holder) -> Bound:
        known = self._places.get(limit.number)
        if known is None:
            total = holder is not Holder.MEMBER
            limits = self.budgets if total else self.limits
            known = self._places[limit.number] = Bound(total, len(limits), limit)
            limits.append(limit)
        return known


def _limits_of_people(program: Program) -> frozenset[str]:
    """Return the shared limits that nothing but messages names."""
    others: list[EarningRule | Reward | Advocate] = [*program.earning_rules, *rewards_of(program)]
    others += [rule for campaign in program.campaigns for rule in campaign.earning_rules]
    others += [offer.advocate for offer in (program.referrals.offers if program.referrals else ())]
    named = {name for other in others for name in other.shared_limits}
    return frozenset(name for each in messages_of(program) for name in each.shared_limits) - named


def uses_of_shared(codes: Codes | None) -> tuple[Limit, ...]:
    """Return what a code for everybody is limited to: its uses by all members together."""
    if codes is None or codes.shared is None or codes.uses is None:
        return ()
    return (Limit(per=Holder.TOTAL, times=codes.uses),)


def _of_holder(limit: Limit, *, pools: bool) -> str:
    match limit.per:
        case Holder.MEMBER:
            return ", for each household" if pools else ""
        case Holder.TOTAL:
            return "" if limit.customers is not None else ", all members together"
        case Holder.LOCATION:
            return ", for each location"
        case Holder.ATTRIBUTE:
            return f", for each {limit.attribute}"


def _kind(limit: Limit) -> tuple[object, ...]:
    """Return what tells limits of one place apart, but not the cap. It is part of stored numbers."""
    counts, _ = limit.counted()
    # Once there were points and times only, told apart by whether it was times.
    what = counts is Counted.TIMES if counts in (Counted.POINTS, Counted.TIMES) else counts
    named = [] if limit.attribute is None else [limit.attribute]
    if limit.by_product:
        named.append("by_product")
    return (limit.per, what, limit.every, *named)


def _numbered(limits: tuple[Limit, ...]) -> list[tuple[Limit, int]]:
    """Pair each limit with how many before it count the same thing in the same period."""
    seen: dict[tuple[object, ...], int] = {}
    numbered = []
    for limit in limits:
        kind = _kind(limit)
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
