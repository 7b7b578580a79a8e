"""The worst-case cost of deciding one event under a program, so that no author can stall a worker.

A comparison costs 1. What is asked of every line costs as much for each of the most lines that an
order may have. All rules and messages of one trigger may have to be looked at, and all campaigns,
challenges, referrals and experiments.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from perennial.core.document.program import Program
from perennial.core.kinds.message import Message
from perennial.core.kinds.rule import EarningRule
from perennial.core.terms.conditions import (
    All,
    AnyOf,
    Compare,
    Condition,
    History,
    LinesMatch,
    LinesTotal,
    Not,
)

MAX_LINES = 1_000
"""The most lines that an order may have; see ``core/orders/order.py``."""

_SHOWN = 5

MAX_COST = 2_000_000
"""About a tenth of a second of one core at worst; a usual program stays below a hundredth of it."""


class PartCost(msgspec.Struct, frozen=True):
    """How many comparisons a part of the document takes."""

    path: str
    comparisons: int


class Cost(msgspec.Struct, frozen=True):
    """How many ``comparisons`` the most expensive event may take, of at ``most`` so many.

    ``parts`` says where most of them are, the dearest first.
    """

    comparisons: int
    most: int
    parts: tuple[PartCost, ...]


def worst_case(program: Program) -> int:
    """Return how many comparisons the most expensive event may take under ``program``."""
    return cost_of(program).comparisons


def cost_of(program: Program) -> Cost:
    """Return the worst case under ``program``, and the parts of it that cost most, the dearest first."""
    shared = dict(_shared(program))
    by_trigger: dict[str, dict[str, int]] = {}
    firing: list[tuple[str, EarningRule | Message]] = [*_rules(program), *_messages(program)]
    for path, rule in firing:
        own = 1 + condition_cost(rule.when) + MAX_LINES * condition_cost(rule.lines)
        by_trigger.setdefault(rule.trigger, {})[path] = own
    dearest = max(by_trigger.values(), key=lambda rules: sum(rules.values()), default={})
    metrics = sum(history_cost(condition) for condition in _conditions(program))
    every = shared | dearest | ({"the figures of the past": metrics} if metrics else {})
    parts = sorted(every.items(), key=lambda part: (-part[1], part[0]))[:_SHOWN]
    return Cost(sum(every.values()), MAX_COST, tuple(PartCost(*part) for part in parts))


def _rules(program: Program) -> Iterator[tuple[str, EarningRule]]:
    for index, rule in enumerate(program.earning_rules):
        yield f"earning_rules[{index}]", rule
    for place, campaign in enumerate(program.campaigns):
        for index, rule in enumerate(campaign.earning_rules):
            yield f"campaigns[{place}].earning_rules[{index}]", rule


def _messages(program: Program) -> Iterator[tuple[str, Message]]:
    for index, message in enumerate(program.messages):
        yield f"messages[{index}]", message
    for place, campaign in enumerate(program.campaigns):
        for index, message in enumerate(campaign.messages):
            yield f"campaigns[{place}].messages[{index}]", message


def _shared(program: Program) -> Iterator[tuple[str, int]]:
    """Yield what every event may have to look at besides the rules of its trigger."""
    for index, campaign in enumerate(program.campaigns):
        yield f"campaigns[{index}]", condition_cost(campaign.when)
    for index, challenge in enumerate(program.challenges):
        goals = sum(1 + MAX_LINES * condition_cost(goal.where) for goal in challenge.goals)
        yield f"challenges[{index}]", condition_cost(challenge.when) + goals
    for index, experiment in enumerate(program.experiments):
        yield f"experiments[{index}]", 1 + condition_cost(experiment.audience)
    for index, _ in enumerate(program.holdouts):
        yield f"holdouts[{index}]", 1
    for index, offer in enumerate(program.referrals.offers if program.referrals else ()):
        asked = (offer.advocate.when, offer.friend.when, offer.converts.when)
        yield f"referrals.offers[{index}]", 1 + sum(condition_cost(condition) for condition in asked)
    for index, metric in enumerate(program.tiers.metrics if program.tiers else ()):
        yield f"tiers.metrics[{index}]", MAX_LINES * condition_cost(metric.where)


def _conditions(program: Program) -> list[Condition]:
    """Return every condition outside of tiers."""
    found = [*(rule.when for _, rule in _rules(program)), *(campaign.when for campaign in program.campaigns)]
    found += [message.when for _, message in _messages(program)]
    rewards = [*program.rewards, *(reward for one in program.campaigns for reward in one.rewards)]
    found += [condition for reward in rewards for condition in (reward.when, reward.usable_when)]
    found += [price.when for reward in rewards for price in reward.prices]
    found += [
        benefit.line_filter() for reward in rewards for _, gives in reward.all_gives() for benefit in gives
    ]
    found += [challenge.when for challenge in program.challenges]
    found += [experiment.audience for experiment in program.experiments]
    for offer in program.referrals.offers if program.referrals else ():
        found += [offer.advocate.when, offer.friend.when, offer.converts.when]
    return [condition for condition in found if condition is not None]


def condition_cost(condition: Condition | None) -> int:
    """Return how many comparisons a condition may take, once."""
    match condition:
        case None:
            return 0
        case All(of) | AnyOf(of):
            return 1 + sum(condition_cost(part) for part in of)
        case Not(of):
            return condition_cost(of)
        case LinesMatch(_, where) | LinesTotal(_, where):
            return 1 + MAX_LINES * max(1, condition_cost(where))
        case Compare() | History():
            return 1


def history_cost(condition: Condition) -> int:
    """Return what it costs to keep the counters that the history in ``condition`` reads."""
    match condition:
        case All(of) | AnyOf(of):
            return sum(history_cost(part) for part in of)
        case Not(of):
            return history_cost(of)
        case History():
            return 1 + MAX_LINES * condition_cost(condition.where)
        case Compare() | LinesMatch() | LinesTotal():
            return 0
