"""Whether a member can claim a reward now, at which price, and everything that stands in the way.

The catalogue shows all of it; a claim is refused with the first reason. Both ask the same function, so
that what is shown as available can be claimed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from functools import partial
from types import MappingProxyType

import msgspec

from perennial.core.budgets.allowances import Allowances
from perennial.core.budgets.numbers import numbers_of_order
from perennial.core.claims.part_payment import least_of
from perennial.core.conditions.scope import date_or_none
from perennial.core.conditions.walk import refusing
from perennial.core.dates.periods import minute_words
from perennial.core.dates.schedule import Schedule, end_instant, life_of, schedule_applies
from perennial.core.document.waiting_list import WHILE_WAITING, others_wait
from perennial.core.facts import BIRTHDAY
from perennial.core.member import Member
from perennial.core.needs import snapshot_of
from perennial.core.orders.order import Scalar
from perennial.core.refusals import Refusal, RefusalCode
from perennial.core.snapshot import Snapshot
from perennial.core.switches import ALL_ON, Switches, off_of
from perennial.core.terms.conditions import Condition
from perennial.core.terms.limits import Use
from perennial.core.version import Bound, CompiledPrice, CompiledReward, Version
from perennial.core.version_scope import scope_of
from perennial.core.wallets.prices import price_for, spendable
from perennial.core.wallets.spending import insufficient, not_a_member
from perennial.units import Instant, Points, format_instant

_SOME = Use(discount=1, units=1, order_value=1)
"""The least that a reward takes where it is used on an order."""


class Availability(msgspec.Struct, frozen=True, kw_only=True):
    """What a reward is to one member at one moment; ``reasons`` is empty if it can be claimed.

    ``price`` is None where no price is for the member, ``spendable`` what there is in its wallet.
    ``stock_left`` is None where there is no end of it. At ``ends_at`` the offer is over for everybody.
    ``choices`` are what it is from each wallet that has a price for the member; the catalogue alone has them.
    """

    compiled: CompiledReward
    tier: str | None
    price: CompiledPrice | None
    spendable: Points
    stock_left: int | None
    ends_at: Instant | None
    reasons: tuple[Refusal, ...]
    choices: tuple[Availability, ...] = ()


def availability(
    version: Version,
    compiled: CompiledReward,
    member: Member,
    snapshot: Snapshot,
    limited: Allowances,
    at: Instant,
    off: Refusal | None = None,
    paying: Points | None = None,
    ahead: int = 0,
    wallet: str | None = None,
) -> Availability:
    """Return whether ``member`` can claim a reward at ``at``, and why not: every reason, in a fixed order.

    The lots of the member's wallets have to be loaded; ``limited`` are the allowances of a claim, ``off``
    is what :func:`why_off` said, ``paying`` how many points shall pay (None: as few as may), ``ahead`` how
    many wait for it and come first, ``wallet`` out of which points pay (None: that of the first price).
    """
    price = price_for(version, compiled, snapshot, at, wallet) if snapshot.joined_at is not None else None
    there = 0 if price is None else spendable(version, price, member, at)
    reasons = [] if off is None else [off]
    reasons += why_not_offered(version, compiled, snapshot, at)
    if snapshot.joined_at is not None:
        reasons += _without_price(compiled, price, snapshot, wallet)
        reasons += _limited(version, compiled, compiled.bounds_of_claims, Use(), snapshot, limited)
        reasons += _limited(version, compiled, compiled.bounds_for_good, _SOME, snapshot, limited)
        left = stock_left(version, compiled, snapshot)
        if left is not None and 0 < left <= ahead:
            reasons.append(others_wait(compiled.reward.id, ahead, left))
        if price is not None:
            needed = least_of(compiled.reward.in_part, price) if paying is None else paying
            paid_from = version.wallets[price.wallet]
            reasons += _limited(version, compiled, paid_from.spending, Use(points=needed), snapshot, limited)
            if there < needed:
                reasons.append(insufficient(needed, there, paid_from.spec.decimals))
    return Availability(
        compiled=compiled,
        tier=snapshot.tier,
        price=price,
        spendable=there,
        stock_left=stock_left(version, compiled, snapshot),
        ends_at=ends_at(version, compiled),
        reasons=tuple(reasons),
    )


def catalogue(
    version: Version,
    member: Member,
    spent: Mapping[tuple[int, int], int],
    at: Instant,
    switches: Switches = ALL_ON,
    lines: Mapping[str, int] = MappingProxyType({}),
    empty: AbstractSet[str] = frozenset(),
) -> Iterator[Availability]:
    """Yield what every reward that has a price is to ``member`` at ``at``, in the order of the document.

    The lots of the member's wallets have to be loaded; ``spent`` maps (number of a budget, period) to
    what all members used, ``lines`` how many wait for a reward, by its id, ``empty`` are the pools of which
    no code is left.
    """
    numbers = numbers_of_order(version, None)
    snapshot = snapshot_of(at, version, member, spent, switches.keys_of(version), numbers)
    for compiled in version.rewards.values():
        if compiled.reward.has_price:
            limited = Allowances(version, snapshot, numbers)
            off = why_off(version, compiled, switches)
            ahead = lines.get(compiled.reward.id, 0)
            ask = partial(availability, version, compiled, member, snapshot, limited, at, off, None, ahead)
            found, wallets = ask(), _wallets_of(version, compiled)
            choices = [found] if len(wallets) == 1 else [ask(wallet) for wallet in wallets]
            out = no_code_left(compiled, snapshot.tier, empty.__contains__)
            more = () if out is None or snapshot.joined_at is None else (out,)
            priced = tuple(_also(choice, more) for choice in choices if choice.price is not None)
            yield msgspec.structs.replace(_also(found, more), choices=priced)


def no_code_left(
    compiled: CompiledReward, tier: str | None, is_empty: Callable[[str], bool]
) -> Refusal | None:
    """Return the refusal if a reward hands over a code of a pool that has none left; None if there is one."""
    for given in compiled.gives_to(tier):
        out = given.benefit.hands_out()
        if out is not None and out.pool is not None and is_empty(out.pool):
            words = f"Reward {compiled.reward.id} is out of stock: pool {out.pool} has no code left."
            return _no(RefusalCode.OUT_OF_STOCK, words, reward=compiled.reward.id, pool=out.pool)
    return None


def _also(found: Availability, more: tuple[Refusal, ...]) -> Availability:
    return msgspec.structs.replace(found, reasons=found.reasons + more)


def _wallets_of(version: Version, compiled: CompiledReward) -> list[str]:
    """Return the wallets of which points can pay for a reward, each once, in the order of its prices."""
    return list(dict.fromkeys(version.wallets[price.wallet].spec.id for price in compiled.prices))


def why_not_wait(
    version: Version,
    compiled: CompiledReward,
    member: Member,
    spent: Mapping[tuple[int, int], int],
    at: Instant,
    switches: Switches,
    ahead: int,
) -> Refusal | None:
    """Return why a member cannot wait for a reward for which ``ahead`` others wait; None: they can.

    Whoever could claim it at once need not wait.
    """
    numbers = numbers_of_order(version, None)
    snapshot = snapshot_of(at, version, member, spent, switches.keys_of(version), numbers)
    limited = Allowances(version, snapshot, numbers)
    off = why_off(version, compiled, switches)
    found = availability(version, compiled, member, snapshot, limited, at, off, None, ahead)
    for reason in found.reasons:
        if reason.code not in WHILE_WAITING:
            return reason
    if found.stock_left is None or found.stock_left > ahead:
        words = f"Reward {compiled.reward.id} is not all taken: it can be claimed."
        left = found.stock_left
        return _no(RefusalCode.NOTHING_TO_WAIT_FOR, words, reward=compiled.reward.id, left=left)
    return None


def why_off(version: Version, compiled: CompiledReward, switches: Switches) -> Refusal | None:
    """Return the refusal if a switch turns the reward off, its campaign's and its program's included."""
    name = compiled.reward.id
    campaign = None if compiled.campaign is None else version.program.campaigns[compiled.campaign].id
    switch = switches.why_off(version.program.program, name, campaign)
    if switch is None:
        return None
    words = f"Reward {name} cannot be claimed: {switch.object.words} is switched off ({switch.reason})."
    return _no(RefusalCode.SWITCHED_OFF, words, reward=name, switch=switch.object.path, reason=switch.reason)


def why_not_offered(
    version: Version, compiled: CompiledReward, snapshot: Snapshot, at: Instant
) -> Iterator[Refusal]:
    """Yield why a reward is not offered to the member at ``at``, whatever its price.

    A stranger to the program is told that alone.
    """
    blocked = off_of(version, snapshot).blocked
    if blocked is not None and snapshot.joined_at is not None:
        words = f"Reward {compiled.reward.id} cannot be claimed: {blocked}."
        yield _no(RefusalCode.CUSTOMER_BLOCKED, words, reward=compiled.reward.id)
    yield from why_not_given(version, compiled, snapshot, at)


def why_not_given(
    version: Version, compiled: CompiledReward, snapshot: Snapshot, at: Instant
) -> Iterator[Refusal]:
    """Yield why a reward is not given to the member at ``at`` even by a rule, whoever may use it now.

    A stranger to the program is told that alone.
    """
    if snapshot.joined_at is None:
        yield not_a_member(version)
        return
    reward, name = compiled.reward, version.program.program
    withheld = off_of(version, snapshot).withheld.get(reward.id)
    if withheld is not None:
        words = f"Reward {reward.id} is not offered: {withheld}."
        yield _no(RefusalCode.REWARD_NOT_AVAILABLE, words, reward=reward.id)
    campaign = None if compiled.campaign is None else version.program.campaigns[compiled.campaign]
    if version.starts is not None and at < version.starts:
        yield _no(RefusalCode.PROGRAM_NOT_STARTED, f"Program {name} has not started.", program=name)
    if version.ends is not None and at >= version.ends:
        yield _no(RefusalCode.PROGRAM_ENDED, f"Program {name} has ended.", program=name)
    if reward.tiers and snapshot.tier not in reward.tiers:
        needed = " or ".join(reward.tiers)
        words = f"Reward {reward.id} needs tier {needed}."
        yield _no(RefusalCode.NEEDS_TIER, words, needs_tier=needed, tier=snapshot.tier)
    for schedule in (reward.schedule, campaign.schedule if campaign else None):
        if schedule is not None:
            yield from _out_of_schedule(version, compiled, schedule, snapshot, at)
    yield from _over(version, compiled, at)
    for condition in (reward.when, campaign.when if campaign else None):
        if condition is not None:
            yield from _unmet(version, compiled, condition, snapshot, at)


def ends_at(version: Version, compiled: CompiledReward) -> Instant | None:
    """Return when the offer is over for everybody, or None if no end is known."""
    campaign = None if compiled.campaign is None else version.program.campaigns[compiled.campaign]
    schedules = (compiled.reward.schedule, campaign.schedule if campaign else None)
    ends = [version.ends, _end_of_use(version, compiled)]
    ends += [life_of(schedule, version.zone)[1] for schedule in schedules if schedule is not None]
    return min((end for end in ends if end is not None), default=None)


def stock_left(version: Version, compiled: CompiledReward, snapshot: Snapshot) -> int | None:
    """Return how many of a reward are left for everybody, or None if there is no end of it."""
    if compiled.stock is None:
        return None
    cap, used = _figures(version, compiled.stock, snapshot)
    return max(cap - used, 0)


def _out_of_schedule(
    version: Version, compiled: CompiledReward, schedule: Schedule, snapshot: Snapshot, at: Instant
) -> Iterator[Refusal]:
    attributes = dict(zip(version.attributes, snapshot.attributes, strict=True))
    born = date_or_none(attributes.get(BIRTHDAY))
    if schedule_applies(schedule, version.zone)(at, born, snapshot.joined_at):
        return
    name = compiled.reward.id
    starts, ends = life_of(schedule, version.zone)
    details: dict[str, Scalar] = {"reward": name}
    words = f"Reward {name} is not available at this time."
    if starts is not None and at < starts:
        words = f"Reward {name} is available from {minute_words(starts, version.zone)}."
        details["starts_at"] = format_instant(starts)
    if ends is not None and at >= ends:
        words = f"Reward {name} was available until {minute_words(ends, version.zone)}."
        details["ended_at"] = format_instant(ends)
    yield _no(RefusalCode.REWARD_NOT_AVAILABLE, words, **details)


def _over(version: Version, compiled: CompiledReward, at: Instant) -> Iterator[Refusal]:
    """Yield a reason if what would be handed out could not be used any more."""
    ends = _end_of_use(version, compiled)
    if ends is not None and at >= ends:
        name, over = compiled.reward.id, format_instant(ends)
        words = f"Reward {name} is over since {minute_words(ends, version.zone)}."
        yield _no(RefusalCode.REWARD_NOT_AVAILABLE, words, reward=name, ended_at=over)


def _end_of_use(version: Version, compiled: CompiledReward) -> Instant | None:
    handed = [given.benefit.hands_out() for given in compiled.gives]
    ends = [end_instant(out.ends, version.zone) for out in handed if out is not None and out.ends is not None]
    return min(ends, default=None)


def _unmet(
    version: Version, compiled: CompiledReward, condition: Condition, snapshot: Snapshot, at: Instant
) -> Iterator[Refusal]:
    seen = refusing(condition, scope_of(version, snapshot, at))
    if not seen:
        return
    name, found = compiled.reward.id, seen[0].value
    value = ", ".join(found) if isinstance(found, tuple) else found
    words = f"Reward {name} is offered only if {seen[0].words}."
    yield _no(RefusalCode.CONDITIONS_NOT_MET, words, reward=name, condition=seen[0].words, value=value)


def _without_price(
    compiled: CompiledReward, price: CompiledPrice | None, snapshot: Snapshot, wallet: str | None
) -> Iterator[Refusal]:
    name = compiled.reward.id
    if not compiled.prices:
        words = f"Reward {name} cannot be claimed for points."
        yield _no(RefusalCode.REWARD_NOT_AVAILABLE, words, reward=name)
    elif price is None and wallet is not None:
        words = f"No price of reward {name} in wallet {wallet} is for this member."
        details: dict[str, Scalar] = {"reward": name, "wallet": wallet, "tier": snapshot.tier}
        yield _no(RefusalCode.NO_MATCHING_PRICE, words, **details)
    elif price is None:
        words = f"No price of reward {name} is for this member."
        yield _no(RefusalCode.NO_MATCHING_PRICE, words, reward=name, tier=snapshot.tier)


def _limited(
    version: Version,
    compiled: CompiledReward,
    bounds: tuple[Bound, ...],
    use: Use,
    snapshot: Snapshot,
    limited: Allowances,
) -> Iterator[Refusal]:
    """Yield every limit of ``bounds`` that has no room for what one more claim uses, with its numbers."""
    name = compiled.reward.id
    for bound in bounds:
        cut_by = limited.copy().use((bound,), use)
        if cut_by is None:
            continue
        cap, used = _figures(version, bound, snapshot)
        if bound == compiled.stock:
            words = f"Reward {name} is out of stock: all {cap} are taken."
            if cap == 1:
                words = f"Reward {name} is out of stock: the only one is taken."
            yield _no(RefusalCode.OUT_OF_STOCK, words, reward=name, stock=cap, taken=used)
        else:
            words = f"Reward {name} cannot be claimed now: {cut_by}."
            details: dict[str, Scalar] = {"reward": name, "limit": cut_by, "cap": cap, "used": used}
            yield _no(RefusalCode.LIMIT_REACHED, words, **details)


def _figures(version: Version, bound: Bound, snapshot: Snapshot) -> tuple[int, int]:
    """Return the cap of a limit, and what is used of it."""
    limit = (version.budgets if bound.total else version.limits)[bound.index]
    return limit.cap, (snapshot.spent if bound.total else snapshot.used)[bound.index]


def _no(code: RefusalCode, words: str, **details: Scalar) -> Refusal:
    return Refusal(code, words, details)
