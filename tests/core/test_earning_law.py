"""The generated functions fire exactly the rules that walking the tree fires."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from perennial.bench.decide import benched_member, benched_orders, benched_version
from perennial.core.conditions.scope import Scope
from perennial.core.conditions.walk import holds, matching_lines
from perennial.core.dates.schedule import compile_schedule
from perennial.core.earn import judge
from perennial.core.events import OrderPaid
from perennial.core.explaining.explain import explain
from perennial.core.needs import snapshot_of
from perennial.core.orders.order import net_amounts
from perennial.core.snapshot import Snapshot
from perennial.core.version import CompiledRule, Version
from perennial.core.version_scope import scope_of


def fires(version: Version, compiled: CompiledRule, scope: Scope) -> bool:
    """Whether a rule fires, found by walking its conditions."""
    parts: list[Any] = [compiled.rule]
    if compiled.campaign is not None:
        parts.append(version.program.campaigns[compiled.campaign])
    for part in parts:
        if part.when is not None and not holds(part.when, scope):
            return False
        if part.schedule is None:
            continue
        if not compile_schedule(part.schedule, version.zone)(scope.at, None, scope.joined_at):
            return False
    return compiled.rule.lines is None or bool(matching_lines(compiled.rule.lines, scope))


def walked(version: Version, event: OrderPaid, snapshot: Snapshot) -> list[int]:
    """Return the indexes of the rules that fire by walking."""
    nets = net_amounts(event.order)
    scope = scope_of(version, snapshot, event.at, event=event, order=event.order, nets=nets)
    return [
        index
        for index, compiled in enumerate(version.rules)
        if compiled.rule.trigger == "order.paid" and fires(version, compiled, scope)
    ]


@pytest.mark.parametrize("rules", [1, 20, 200])
def test_compiled_rules_equal_walked_rules(rules: int) -> None:
    """On the orders of the benchmark, under programs of 1, 20 and 200 rules, in the document's order."""
    version = benched_version(rules)
    member = benched_member(version)
    some_fired = 0
    for event in Random(rules).sample(benched_orders(), 60):
        snapshot = snapshot_of(event.at, version, member)
        order, nets = event.order, net_amounts(event.order)
        fired = [
            index for index, *_ in version.triggers["order.paid"](event.at, order, nets, {}, snapshot)[1]
        ]
        assert fired == walked(version, event, snapshot)
        some_fired += len(fired)
        gifts = {
            version.rules[gift.index].rule.id: gift.points for gift in judge(event, version, snapshot).gifts()
        }
        explained = explain(event, version, snapshot)
        assert gifts == {rule.rule: rule.points for rule in explained.rules if rule.fired}
        assert all(rule.fired or rule.words.endswith(".") for rule in explained.rules)
    assert some_fired >= 60
