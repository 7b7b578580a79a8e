"""The worst-case cost of deciding one event under a program, so that no author can stall a worker.

A comparison costs 1. What is asked of every line costs as much for each of the most lines that an
order may have. All rules of one trigger may have to be looked at, and all campaigns and rewards.
"""

from __future__ import annotations

from collections import Counter

from perennial.core.conditions import All, AnyOf, Compare, Condition, History, LinesMatch, LinesTotal, Not
from perennial.core.program import Program

MAX_LINES = 1_000
"""The most lines that an order may have; see ``core/order.py``."""

MAX_COST = 2_000_000
"""About a tenth of a second of one core at worst; a usual program stays below a hundredth of it."""


def worst_case(program: Program) -> int:
    """Return how many comparisons the most expensive event may take under ``program``."""
    shared = sum(_cost(campaign.when) for campaign in program.campaigns)
    by_trigger: Counter[str] = Counter()
    rules = [
        *program.earning_rules,
        *(rule for campaign in program.campaigns for rule in campaign.earning_rules),
    ]
    for rule in rules:
        by_trigger[rule.trigger] += 1 + _cost(rule.when) + MAX_LINES * _cost(rule.lines)
    metrics = sum(_history_cost(condition) for condition in _conditions(program))
    if program.tiers:
        metrics += sum(MAX_LINES * _cost(metric.where) for metric in program.tiers.metrics)
    return shared + metrics + max(by_trigger.values(), default=0)


def _conditions(program: Program) -> list[Condition]:
    """Return every condition outside of tiers."""
    rules = [
        *program.earning_rules,
        *(rule for campaign in program.campaigns for rule in campaign.earning_rules),
    ]
    found = [*(rule.when for rule in rules), *(campaign.when for campaign in program.campaigns)]
    rewards = [*program.rewards, *(reward for one in program.campaigns for reward in one.rewards)]
    found += [condition for reward in rewards for condition in (reward.when, reward.usable_when)]
    found += [price.when for reward in rewards for price in reward.prices]
    found += [
        benefit.line_filter() for reward in rewards for _, gives in reward.all_gives() for benefit in gives
    ]
    return [condition for condition in found if condition is not None]


def _cost(condition: Condition | None) -> int:
    match condition:
        case None:
            return 0
        case All(of) | AnyOf(of):
            return 1 + sum(_cost(part) for part in of)
        case Not(of):
            return _cost(of)
        case LinesMatch(_, where) | LinesTotal(_, where):
            return 1 + MAX_LINES * max(1, _cost(where))
        case Compare() | History():
            return 1


def _history_cost(condition: Condition) -> int:
    """Return what it costs to keep the counters that the history in ``condition`` reads."""
    match condition:
        case All(of) | AnyOf(of):
            return sum(_history_cost(part) for part in of)
        case Not(of):
            return _history_cost(of)
        case History():
            return 1 + MAX_LINES * _cost(condition.where)
        case Compare() | LinesMatch() | LinesTotal():
            return 0
