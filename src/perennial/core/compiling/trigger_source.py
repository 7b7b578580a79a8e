"""Source of the earning rules and messages of one trigger: tests, baskets, and how they are arranged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeGuard
from zoneinfo import ZoneInfo

from perennial.core.compiling.rule_arrangement import RuleSource, Test
from perennial.core.conditions.scope import date_or_none
from perennial.core.conditions.source import Source
from perennial.core.dates.schedule import Schedule, compile_schedule, life_of, minutes_of_week
from perennial.core.document.program import Campaign
from perennial.core.facts import BIRTHDAY
from perennial.core.kinds.basket import (
    NOTHING,
    basis_amounts,
    basket_of_all,
    basket_of_event,
    basket_of_lines,
)
from perennial.core.kinds.rule import Basis, Earned
from perennial.core.terms.conditions import (
    All,
    Compare,
    Condition,
    LinesMatch,
    LinesTotal,
    Operator,
    Quantifier,
)
from perennial.core.version import CompiledMessage, CompiledRule
from perennial.units import Instant

_LOOK, _CALL, _LOOP = 0, 1, 2
# What a test costs: a look at a value, a call, a loop over the lines.

_LOOKED_UP = {
    "line.sku": Operator.IS,
    "line.brand": Operator.IS,
    "line.categories": Operator.CONTAINS,
}
# What the lines of an order are looked up by, in a table that is made once.


class TriggerWriter:
    """Writes the tests and baskets of one trigger's rules; see ``core/compiling/triggers.py``."""

    def __init__(self, source: Source, zone: ZoneInfo, attribute_index: Callable[[str], int]) -> None:
        self._source = source
        self._zone = zone
        self._attribute_index = attribute_index
        self._lazy: dict[str, None] = {}
        self._asks_tier = False
        self._schedules: list[str] = []
        self._instants: dict[Instant, str] = {}
        self._amounts: dict[Basis, str] = {Basis.NET: "nets"}

    def campaign(self, index: int, campaign: Campaign) -> list[str]:
        """Return the statements that find out whether a campaign applies, as the local ``k<index>``."""
        tests = [*self.schedule(campaign.schedule), *self.conjuncts(campaign.when)]
        holds = " and ".join(test.text for test in sorted(tests, key=lambda test: test.cost)) or "True"
        return [f"k{index} = {holds}", f"if k{index}:", f"    active |= {1 << index}"]

    def rule(self, index: int, compiled: CompiledRule) -> RuleSource:
        """Return the source of a rule."""
        rule = compiled.rule
        tests = [] if compiled.campaign is None else [Test(f"k{compiled.campaign}")]
        tests += self.schedule(rule.schedule)
        tests += self.conjuncts(rule.when)
        if not self._source.has_order:
            if rule.lines is not None or rule.needs_lines():
                return RuleSource(index, (Test("False"),), "pass")
            basket = self._once("b_event", "h_event(event)", h_event=basket_of_event)
            return self._fires(index, compiled, tests, basket)
        amounts = self._amounts_by(rule.looks_at())
        if rule.lines is not None:
            self._source.constants["h_lines"] = basket_of_lines
            tests += self._guards(rule.lines)
            tests.append(_test(f"(lines := {self._source.indexes(rule.lines)})"))
            return self._fires(index, compiled, tests, f"h_lines(lines, {amounts}, units)")
        if not rule.needs_lines():
            self._source.constants["h_nothing"] = NOTHING
            return self._fires(index, compiled, tests, "h_nothing")
        basket = self._once(f"b_{amounts}", f"h_all({amounts}, units)", h_all=basket_of_all)
        return self._fires(index, compiled, tests, basket)

    def message(self, index: int, compiled: CompiledMessage) -> RuleSource:
        """Return the source of a message, which fires as a rule does that gives nothing."""
        message = compiled.message
        if message.lines is not None and not self._source.has_order:
            return RuleSource(index, (Test("False"),), "pass")
        tests = [] if compiled.campaign is None else [Test(f"k{compiled.campaign}")]
        tests += self.schedule(message.schedule)
        tests += self.conjuncts(message.when)
        if message.lines is not None:
            tests += self._guards(message.lines)
            tests.append(_test(self._source.indexes(message.lines)))
        self._source.constants[f"x{index}"] = (index, compiled, NOTHING, Earned(0))
        return RuleSource(index, tuple(tests), f"fired.append(x{index})")

    def _fires(self, index: int, compiled: CompiledRule, tests: Sequence[Test], basket: str) -> RuleSource:
        """Return the source of a rule that hands over its basket and what it gives if all tests hold.

        Where that is always the same it is made here, once.
        """
        always = compiled.rule.always()
        if always is not None:
            self._source.constants[f"x{index}"] = (index, compiled, NOTHING, always)
            return RuleSource(index, tuple(tests), f"fired.append(x{index})")
        self._asks_tier = True
        self._source.constants |= {f"r{index}": compiled, f"e{index}": compiled.rule.earn}
        gives = f"fired.append(({index}, r{index}, (b := {basket}), e{index}(b, tier)))"
        return RuleSource(index, tuple(tests), gives)

    def baskets(self) -> list[str]:
        """Return the statements at the beginning on which the baskets rely."""
        statements = [
            f"{name} = h_amounts(h_{name}, order, nets)" for name in self._amounts.values() if name != "nets"
        ]
        if self._asks_tier:
            statements.append("tier = snapshot.tier")
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

    def conjuncts(self, condition: Condition | None) -> list[Test]:
        """Return the tests that must all hold, so that what rules have in common is seen."""
        if condition is None:
            return []
        if isinstance(condition, All):
            return [test for part in condition.of for test in self.conjuncts(part)]
        text = self._source.expression(condition)
        if isinstance(condition, Compare):
            same = condition.operator is Operator.IS
            return [_test(text, condition.fact if same else None)]
        if not _needs_a_line(condition):
            return [_test(text)]
        where = condition.where
        if isinstance(condition, LinesTotal) and isinstance(where, Compare):
            where = All((where,))  # without a line nothing needs to be added up
        return [*self._guards(where), _test(text)]

    def _guards(self, where: Condition | None) -> list[Test]:
        """Return cheap tests without which no line can match ``where``."""
        if not self._source.has_order or not isinstance(where, All):
            return []
        return [
            _test(self._source.expression(LinesMatch(Quantifier.ANY, part)))
            for part in where.of
            if isinstance(part, Compare) and _LOOKED_UP.get(part.fact) is part.operator
        ]

    def schedule(self, schedule: Schedule | None) -> list[Test]:
        """Return the tests of a schedule: its bounds and windows in place, and a call where it asks more."""
        if schedule is None:
            return []
        tests = []
        starts, ends = life_of(schedule, self._zone)
        if starts is not None:
            tests.append(Test(f"at >= {self._instant(starts)}", since=starts))
        if ends is not None:
            tests.append(Test(f"at < {self._instant(ends)}", until=ends))
        if schedule.windows and not _asks_more(schedule):
            is_open = self._constant(minutes_of_week(schedule.windows))
            tests.append(Test(f"{is_open}[{self._source.local('f_now')}.minute_of_week]"))
        elif _asks_more(schedule):
            applies = self._constant(compile_schedule(schedule, self._zone))
            tests.append(Test(f"{applies}(at, {self._birthday(schedule)}, snapshot.joined_at)", _CALL))
        return tests

    def _birthday(self, schedule: Schedule) -> str:
        """Return an expression for the member's date of birth, where the schedule asks for it."""
        if schedule.birthday is None:
            return "None"
        self._source.constants["h_birthday"] = date_or_none
        return f"h_birthday(snapshot.attributes[{self._attribute_index(BIRTHDAY)}])"

    def _instant(self, at: Instant) -> str:
        """Return the name of an instant, which several schedules may have."""
        name = self._instants.get(at)
        if name is None:
            name = self._instants[at] = self._constant(at)
        return name

    def _constant(self, value: object) -> str:
        name = f"s{len(self._schedules)}"
        self._schedules.append(name)
        self._source.constants[name] = value
        return name


def _asks_more(schedule: Schedule) -> bool:
    """Whether a schedule has more than a start, an end and windows."""
    return any(
        part is not None
        for part in (schedule.rrule, schedule.holidays, schedule.birthday, schedule.anniversary)
    )


def _test(text: str, subject: str | None = None) -> Test:
    """Return a test that costs more if it goes through lines."""
    return Test(text, _LOOP if " for " in text else _LOOK, subject)


def _needs_a_line(condition: Condition) -> TypeGuard[LinesMatch | LinesTotal]:
    """Whether a condition on lines cannot hold unless some line matches."""
    if isinstance(condition, LinesMatch):
        return condition.quantifier not in (Quantifier.EVERY, Quantifier.NONE)
    if not isinstance(condition, LinesTotal) or not isinstance(condition.operand, int):
        return False
    smallest = {Operator.AT_LEAST: 1, Operator.IS: 1, Operator.MORE_THAN: 0}.get(condition.operator)
    return smallest is not None and condition.operand >= smallest
