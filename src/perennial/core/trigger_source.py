"""Source of the earning rules of one trigger: tests, baskets, and how they are arranged."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

import msgspec

from perennial.core.basket import (
    NOTHING,
    basis_amounts,
    basket_of_all,
    basket_of_event,
    basket_of_lines,
    units_of,
)
from perennial.core.condition_scope import date_or_none
from perennial.core.condition_source import Source
from perennial.core.conditions import All, Condition
from perennial.core.facts import BIRTHDAY
from perennial.core.program import Campaign
from perennial.core.rule import Basis
from perennial.core.schedule import Schedule, compile_schedule, life_of
from perennial.core.version import CompiledRule


class RuleSource(msgspec.Struct, frozen=True):
    """A rule as source: ``tests`` must all hold, in this order, for ``basket`` to be handed over."""

    index: int
    tests: tuple[str, ...]
    basket: str


class TriggerWriter:
    """Writes the tests and baskets of one trigger's rules; see ``compile_triggers.py``."""

    def __init__(self, source: Source, zone: ZoneInfo, attribute_index: Callable[[str], int]) -> None:
        self._source = source
        self._zone = zone
        self._attribute_index = attribute_index
        self._lazy: dict[str, None] = {}
        self._schedules: list[str] = []
        self._amounts: dict[Basis, str] = {Basis.NET: "nets"}

    def campaign(self, index: int, campaign: Campaign) -> list[str]:
        """Return the statements that find out whether a campaign applies, as the local ``k<index>``."""
        tests = [*self._schedule(campaign.schedule), *self._conjuncts(campaign.when)] or ["True"]
        return [f"k{index} = {' and '.join(tests)}", f"if k{index}:", f"    active |= {1 << index}"]

    def rule(self, index: int, compiled: CompiledRule) -> RuleSource:
        """Return the source of a rule."""
        rule = compiled.rule
        tests = [] if compiled.campaign is None else [f"k{compiled.campaign}"]
        tests += self._schedule(rule.schedule)
        tests += self._conjuncts(rule.when)
        if not self._source.has_order:
            if rule.lines is not None or rule.needs_lines():
                return RuleSource(index, ("False",), "None")
            return RuleSource(
                index, tuple(tests), self._once("b_event", "h_event(event)", h_event=basket_of_event)
            )
        amounts = self._amounts_by(rule.looks_at())
        if rule.lines is not None:
            self._source.constants["h_lines"] = basket_of_lines
            tests.append(f"(lines := {self._source.indexes(rule.lines)})")
            return RuleSource(index, tuple(tests), f"h_lines(lines, {amounts}, units)")
        if not rule.needs_lines():
            self._source.constants["h_nothing"] = NOTHING
            return RuleSource(index, tuple(tests), "h_nothing")
        basket = self._once(f"b_{amounts}", f"h_all({amounts}, units)", h_all=basket_of_all)
        return RuleSource(index, tuple(tests), basket)

    def baskets(self) -> list[str]:
        """Return the statements at the beginning on which the baskets rely."""
        statements = [
            f"{name} = h_amounts(h_{name}, order, nets)" for name in self._amounts.values() if name != "nets"
        ]
        if self._source.has_order:
            self._source.constants["h_units"] = units_of
            statements.append("units = h_units(order)")
        return [*statements, *(f"{name} = None" for name in self._lazy)]

    def _once(self, name: str, basket: str, **constants: object) -> str:
        """Return an expression that makes a basket the first time it is needed."""
        self._source.constants.update(constants)
        self._lazy[name] = None
        return f"({name} or ({name} := {basket}))"

    def _amounts_by(self, basis: Basis) -> str:
        name = self._amounts.get(basis)
        if name is None:
            name = self._amounts[basis] = f"a_{basis.value}"
            self._source.constants.update({"h_amounts": basis_amounts, f"h_{name}": basis})
        return name

    def _conjuncts(self, condition: Condition | None) -> list[str]:
        """Return the tests that must all hold, so that what rules have in common is seen."""
        if condition is None:
            return []
        if isinstance(condition, All):
            return [test for part in condition.of for test in self._conjuncts(part)]
        return [self._source.expression(condition)]

    def _schedule(self, schedule: Schedule | None) -> list[str]:
        """Return the tests of a schedule: its bounds in place, and a call for what else it asks."""
        if schedule is None:
            return []
        tests = []
        starts, ends = life_of(schedule, self._zone)
        if starts is not None:
            tests.append(f"at >= {self._constant(starts)}")
        if ends is not None:
            tests.append(f"at < {self._constant(ends)}")
        if _asks_more(schedule):
            applies = self._constant(compile_schedule(schedule, self._zone))
            tests.append(f"{applies}(at, {self._birthday(schedule)}, snapshot.joined_at)")
        return tests

    def _birthday(self, schedule: Schedule) -> str:
        """Return an expression for the member's date of birth, where the schedule asks for it."""
        if schedule.birthday is None:
            return "None"
        self._source.constants["h_birthday"] = date_or_none
        return f"h_birthday(snapshot.attributes[{self._attribute_index(BIRTHDAY)}])"

    def _constant(self, value: object) -> str:
        name = f"s{len(self._schedules)}"
        self._schedules.append(name)
        self._source.constants[name] = value
        return name


def _asks_more(schedule: Schedule) -> bool:
    """Whether a schedule has more than a start and an end."""
    return bool(schedule.windows) or any(
        part is not None
        for part in (schedule.rrule, schedule.holidays, schedule.birthday, schedule.anniversary)
    )


def arrange(rules: list[RuleSource]) -> list[str]:
    """Return the statements that test the rules one after the other."""
    body: list[str] = []
    for rule in rules:
        action = f"fired.append(({rule.index}, {rule.basket}))"
        if rule.tests:
            body += [f"if {' and '.join(rule.tests)}:", f"    {action}"]
        else:
            body.append(action)
    return body
