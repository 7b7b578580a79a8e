"""What the state in which a test case begins has of the state in which an order was judged, and what not.

Both are snapshots of one version, so that everything a decision reads is compared, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import TypeVar

import msgspec

from perennial.core.customers.blocks import is_block
from perennial.core.facts import STALE_FROM
from perennial.core.orders.order import Scalar
from perennial.core.snapshot import Snapshot
from perennial.core.switches import is_sent
from perennial.core.version import Need, Version

_Value = TypeVar("_Value")


class State(StrEnum):
    """The kinds of state that a decision reads, or an order has."""

    ATTRIBUTE = "attribute"
    BLOCK = "block"
    BUDGET = "budget"
    CHALLENGE = "challenge"
    CODES = "codes"
    EARLIER_ORDERS = "earlier_orders"
    EXPERIMENT = "experiment"
    HISTORY = "history"
    HOUSEHOLD = "household"
    JOINED = "joined"
    LIMIT = "limit"
    LOCATION = "location"
    SEGMENT = "segment"
    SWITCH = "switch"
    TIER = "tier"
    WALLET = "wallet"


class Uncarried(msgspec.Struct, frozen=True, omit_defaults=True):
    """A part of the state that a case does not begin with: what it ``was``, and what it is ``in_case``.

    ``id`` names it among its kind: an attribute, a budget, ``points.debt`` of a wallet. ``why`` says in
    English why it could not be carried.
    """

    state: State
    why: str
    id: str | None = None
    was: Scalar = None
    in_case: Scalar = None


_WHY = {
    State.ATTRIBUTE: "what comes from outside is missing once it is stale",
    State.BLOCK: "the block could not be repeated",
    State.BUDGET: "other members used it, and a case has none of them",
    State.CHALLENGE: "how far a challenge is follows from what happened, which the case has only in part",
    State.CODES: "codes that are not shared are personal and stay out of versions",
    State.EARLIER_ORDERS: "a case has the latest orders before it, and none from before joining",
    State.EXPERIMENT: "the variant follows from who the member is",
    State.HISTORY: "figures of the past follow from what happened, which the case has only in part",
    State.HOUSEHOLD: "others of the household were counted as well, and the case has none of them",
    State.JOINED: "the member could not join at that time",
    State.LIMIT: "what was used of a limit follows from what happened, which the case has only in part",
    State.LOCATION: "the location could not be repeated",
    State.SEGMENT: "the segment could not be repeated",
    State.SWITCH: "a case can only switch off what the program still has",
    State.TIER: "the tier could not be assigned",
    State.WALLET: "debts and what counts of points follow from what happened, and cannot be put by hand",
}


def uncarried(state: State, id: str | None = None, was: Scalar = None, in_case: Scalar = None) -> Uncarried:
    """Return what is told of a part of the state that differs."""
    return Uncarried(state, _WHY[state], id, was, in_case)


def differences(version: Version, was: Snapshot, now: Snapshot) -> list[Uncarried]:
    """Return everything that a decision would read otherwise ``now`` than it ``was``, in a fixed order.

    Both are snapshots of ``version``. When a tier was reached or is reviewed no condition asks.
    """
    return [uncarried(*each) for each in _differing(version, was, now)]


def _differing(
    version: Version, was: Snapshot, now: Snapshot
) -> Iterator[tuple[State, str | None, Scalar, Scalar]]:
    if (was.joined_at is None) is not (now.joined_at is None):
        yield State.JOINED, None, was.joined_at is not None, now.joined_at is not None
    if was.together is not None:
        yield State.HOUSEHOLD, was.together.name, was.together.people, 1
    if was.tier != now.tier:
        yield State.TIER, None, was.tier, now.tier
    known = dict(zip(version.attributes, zip(was.attributes, now.attributes, strict=True), strict=True))
    for name, (before, here) in known.items():
        if before != here and not name.endswith(STALE_FROM):
            yield State.ATTRIBUTE, name, before, here
    for place, name in enumerate(version.location_attributes):
        before, here = _at(was.location, place, None), _at(now.location, place, None)
        if before != here:
            yield State.LOCATION, name, before, here
    for code in sorted({*was.segments} ^ {*now.segments}):
        yield State.SEGMENT, code, code in was.segments, code in now.segments
    for key in sorted(key for key in {*was.off} ^ {*now.off} if not is_sent(key)):
        yield State.BLOCK if is_block(key) else State.SWITCH, key, key in was.off, key in now.off
    yield from _differing_figures(version, was, now)


def _differing_figures(
    version: Version, was: Snapshot, now: Snapshot
) -> Iterator[tuple[State, str | None, Scalar, Scalar]]:
    for need, before, here in zip(version.needs, was.history, now.history, strict=True):
        if before != here:
            yield State.HISTORY, words_of_need(need), before, here
    resting = [rule.cooldown for rule in version.rules] + [each.cooldown for each in version.messages]
    cooldowns = {place for place in resting if place is not None}
    for place, limit in enumerate(version.limits):
        if was.used[place] != now.used[place]:
            # Of a cooldown an instant is kept, which says nothing to anybody.
            told = place not in cooldowns
            yield (
                State.LIMIT,
                limit.name,
                was.used[place] if told else None,
                now.used[place] if told else None,
            )
    for place, budget in enumerate(version.budgets):
        if was.spent[place] != now.spent[place]:
            yield State.BUDGET, budget.name, was.spent[place], now.spent[place]
    names = ("balance", "debt", "shortfall") + (("pending", "earned") if version.reads_balances else ())
    for wallet, held, holds in zip(version.wallets, was.wallets, now.wallets, strict=True):
        for name in names:
            if getattr(held, name) != getattr(holds, name):
                yield State.WALLET, f"{wallet.spec.id}.{name}", getattr(held, name), getattr(holds, name)
    for place, challenge in enumerate(version.challenges):
        stood, stands = _at(was.challenges, place, (0, 0)), _at(now.challenges, place, (0, 0))
        for name, before, here in zip(("completed", "progress"), stood, stands, strict=True):
            if before != here:
                yield State.CHALLENGE, f"{challenge.challenge.id}.{name}", before, here
    for place, trial in enumerate(version.trials):
        had, has = _at(was.variants, place, ""), _at(now.variants, place, "")
        if had != has:
            yield State.EXPERIMENT, trial.trial.id, had or None, has or None


def words_of_need(need: Need) -> str:
    """Say which figure of the past is meant, much as documents write it: ``orders.net, last 30 days``."""
    metric, window = need.metric, need.window
    named = ".".join(part for part in (metric.event, metric.attribute) if part)
    what = f"{metric.measure.value} of {named}" if named else metric.measure.value
    if window.last is not None:
        spans = msgspec.to_builtins(window.last)
        when = "last " + " ".join(f"{count} {unit}" for unit, count in spans.items())
    elif window.calendar is not None:
        when = f"calendar {window.calendar.value}" + (f" {window.offset:+d}" if window.offset else "")
    else:
        when = "since joining" if window.since_joining else "ever"
    return f"{what}, {when}" if metric.where is None else f"{what} under a condition, {when}"


def _at(values: tuple[_Value, ...], place: int, nothing: _Value) -> _Value:
    return values[place] if place < len(values) else nothing
