"""The generated functions of a version: which rules fire for an event, and what counts in history.

For each trigger there is one function ``fire(at, order, nets, event, snapshot)``. It returns which
campaigns apply (bit by bit, by their index) and, in the order of the document, the index of every rule
that fires with the basket that it looks at and what it gives for it. Messages fire as rules do: their
indexes are behind those of all rules, and there they look at nothing and give nothing. Its arguments are
those that ``core/conditions/source.py`` names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from perennial.core.compiling.line_tables import line_tables, one_pass
from perennial.core.compiling.needs import NeedBook
from perennial.core.compiling.rule_arrangement import RuleSource, arrange
from perennial.core.compiling.trigger_source import TriggerWriter
from perennial.core.conditions.source import Source
from perennial.core.dates.schedule import Schedule
from perennial.core.document.program import Program
from perennial.core.facts import fact_table
from perennial.core.terms.conditions import Condition, Measure
from perennial.core.version import CompiledMessage, CompiledRule, Metric, depends_on

_ARGUMENTS = "at, order, nets, event, snapshot"
_BUILTINS = {
    "bool": bool,
    "enumerate": enumerate,
    "int": int,
    "len": len,
    "list": list,
    "range": range,
    "str": str,
    "sum": sum,
    "tuple": tuple,
    "type": type,
    "zip": zip,
}
"""Everything that generated source may call without having been given it by name."""


Place: TypeAlias = tuple[Sequence[Schedule | None], Sequence[Condition | None], Sequence[Condition]]
"""When something applies to an order: its schedules, its conditions, and further ones."""


class Compiler:
    """Writes and compiles the functions of one version; collects what they read of the member."""

    def __init__(self, program: Program, zone: ZoneInfo, needs: NeedBook) -> None:
        self._program = program
        self._zone = zone
        self._needs = needs
        self.facts = fact_table(program)
        self._attributes: dict[str, int] = {}
        self._location: dict[str, int] = {}
        self._segments: dict[str, None] = {}
        self.lot_facts: dict[str, int] = {}
        self.reads_balances = False
        self._wallets = [wallet.id for wallet in program.wallets]

    @property
    def segments(self) -> tuple[str, ...]:
        """The segments that the version asks about."""
        return tuple(self._segments)

    @property
    def attributes(self) -> tuple[str, ...]:
        """The member attributes that the version reads."""
        return tuple(self._attributes)

    @property
    def location_attributes(self) -> tuple[str, ...]:
        """The attributes of an order's location that the version reads."""
        return tuple(self._location)

    def triggers(
        self, rules: tuple[CompiledRule, ...], messages: tuple[CompiledMessage, ...]
    ) -> dict[str, Callable[..., Any]]:
        """Return the function of every trigger that some rule or message has."""
        names = dict.fromkeys(compiled.rule.trigger for compiled in rules)
        names |= dict.fromkeys(compiled.message.trigger for compiled in messages)
        return {name: self._fire(name, rules, messages) for name in names}

    def test(
        self,
        schedules: Sequence[Schedule | None],
        conditions: Sequence[Condition | None],
        trigger: str = "order.paid",
    ) -> Callable[..., bool] | None:
        """Return the function that tests whether all of these apply to an order; None if there are none.

        ``test(at, order, nets, event, snapshot)``; of another ``trigger`` than an order, to its event.
        """
        source = self._source(trigger)
        writer = TriggerWriter(source, self._zone, self._attribute_index)
        tests = [test for schedule in schedules for test in writer.schedule(schedule)]
        tests += [test for condition in conditions for test in writer.conjuncts(condition)]
        if not tests:
            return None
        holds = " and ".join(test.text for test in sorted(tests, key=lambda test: test.cost))
        source.constants.update(line_tables(list(conditions)))
        return compile_function(
            "test", _ARGUMENTS, [*source.prelude(), f"return bool({holds})"], source.constants
        )

    def finder(self, places: Sequence[Place]) -> Callable[..., list[int]]:
        """Return the function that finds at once which of many things apply to an order.

        Each is given by its schedules, its conditions, and further conditions. ``find(at, order, nets,
        event, snapshot)`` returns the ascending indexes of everything of which all of these hold.
        """
        source = self._source("order.paid")
        writer = TriggerWriter(source, self._zone, self._attribute_index)
        rules = []
        for index, (schedules, always, further) in enumerate(places):
            tests = [test for schedule in schedules for test in writer.schedule(schedule)]
            # Most orders reach few of the thresholds, and asking that costs less than anything else.
            tests += [test for condition in (*further, *always) for test in writer.conjuncts(condition)]
            rules.append(RuleSource(index, tuple(tests), f"reached.append({index})"))
        source.constants.update(line_tables(_conditions_of(places)))
        body = [*source.prelude(), "reached = []", *arrange(rules), "reached.sort()", "return reached"]
        return _function("find", _ARGUMENTS, body, source)

    def near_finder(self, places: Sequence[Place]) -> Callable[..., tuple[list[int], list[int]]]:
        """Return the function that finds as :meth:`finder` does, and what the further conditions keep out.

        ``find_near(at, order, nets, event, snapshot)`` returns the ascending indexes of what the other one
        finds, and of everything else whose schedules and conditions hold.
        """
        source = self._source("order.paid")
        writer = TriggerWriter(source, self._zone, self._attribute_index)
        rules = []
        for index, (schedules, always, further) in enumerate(places):
            tests = [test for schedule in schedules for test in writer.schedule(schedule)]
            tests += [test for condition in always for test in writer.conjuncts(condition)]
            told = " and ".join(source.expression(condition) for condition in further)
            where = f"(reached if {told} else missed)" if told else "reached"
            rules.append(RuleSource(index, tuple(tests), f"{where}.append({index})"))
        source.constants.update(line_tables(_conditions_of(places)))
        begin, end = ["reached = []", "missed = []"], ["reached.sort()", "missed.sort()"]
        body = [*source.prelude(), *begin, *arrange(rules), *end, "return reached, missed"]
        return _function("find_near", _ARGUMENTS, body, source)

    def source_of_customer(self, constants: dict[str, object] | None = None) -> Source:
        """Return what writes conditions that ask about a customer alone: ``at`` and ``snapshot``.

        Those that are written into one function share its ``constants``.
        """
        return self._source(None, constants)

    def lines(self, where: Condition | None) -> Callable[..., Sequence[int]] | None:
        """Return the function that gives the positions of the matching lines; None if all are."""
        if where is None:
            return None
        source = self._source("order.paid")
        chosen = source.indexes(where)
        source.constants.update(line_tables([where]))
        return compile_function(
            "lines", _ARGUMENTS, [*source.prelude(), f"return {chosen}"], source.constants
        )

    def choice(self, metric: Metric) -> Callable[..., Any] | None:
        """Return the function that chooses what counts for ``metric``, or None if everything does.

        ``choose(at, order, nets, event)`` returns the positions of the lines for a measure of lines,
        else whether the event counts.
        """
        if metric.where is None:
            return None
        source = self._source("order.paid" if metric.event is None else metric.event)
        of_lines = metric.measure in (Measure.LINES_NET, Measure.LINES_QUANTITY)
        test = source.indexes(metric.where) if of_lines else source.expression(metric.where)
        if "snapshot" in source.uses:
            raise ValueError("what counts in a history cannot depend on the member")
        return compile_function(
            "choose", "at, order, nets, event", [*source.prelude(), f"return {test}"], source.constants
        )

    def _source(self, trigger: str | None, constants: dict[str, object] | None = None) -> Source:
        return Source(
            self.facts,
            self._zone,
            trigger=trigger,
            need_index=self._needs.of_history,
            attribute_index=self._attribute_index,
            wallet_index=self._wallet_index,
            location_index=self._location_index,
            constants=constants,
            asks_segment=lambda code: self._segments.setdefault(code, None),
            lot_index=self._lot_index,
        )

    def _attribute_index(self, name: str) -> int:
        return self._attributes.setdefault(name, len(self._attributes))

    def _wallet_index(self, wallet: str) -> int:
        self.reads_balances = True
        return self._wallets.index(wallet)

    def _lot_index(self, name: str) -> int:
        """Return the place of a fact about lots: they are behind the figures, the last one first."""
        return -1 - self.lot_facts.setdefault(name, len(self.lot_facts))

    def _location_index(self, name: str) -> int:
        return self._location.setdefault(name, len(self._location))

    def _fire(
        self, trigger: str, rules: tuple[CompiledRule, ...], messages: tuple[CompiledMessage, ...]
    ) -> Callable[..., Any]:
        """Write the function of one trigger."""
        source = self._source(trigger)
        writer = TriggerWriter(source, self._zone, self._attribute_index)
        own = [(index, compiled) for index, compiled in enumerate(rules) if compiled.rule.trigger == trigger]
        sent = [
            (index, compiled)
            for index, compiled in enumerate(messages, len(rules))
            if compiled.message.trigger == trigger
        ]
        body = ["fired = []", "active = 0"]
        for index, campaign in enumerate(self._program.campaigns):
            if any(depends_on(compiled, index) for _, compiled in own) or any(
                compiled.campaign == index for _, compiled in sent
            ):
                body += writer.campaign(index, campaign)
        sources = [writer.rule(index, compiled) for index, compiled in own]
        body += arrange([*sources, *(writer.message(index, compiled) for index, compiled in sent)])
        body += ["fired.sort()", "return active, fired"]
        conditions = [campaign.when for campaign in self._program.campaigns]
        for _, compiled in own:
            conditions += [compiled.rule.when, compiled.rule.lines]
        for _, message in sent:
            conditions += [message.message.when, message.message.lines]
        prelude = source.prelude()
        if source.has_order:
            prelude, constants = one_pass(prelude, conditions)
            source.constants.update(constants)
        return compile_function("fire", _ARGUMENTS, [*prelude, *writer.baskets(), *body], source.constants)


def _conditions_of(places: Iterable[Place]) -> list[Condition | None]:
    return [condition for _, always, further in places for condition in (*always, *further)]


def _function(name: str, arguments: str, body: list[str], source: Source) -> Callable[..., Any]:
    return compile_function(name, arguments, body, source.constants)


def compile_function(
    name: str, arguments: str, body: Iterable[str], constants: Mapping[str, object]
) -> Callable[..., Any]:
    """Compile a generated function; its ``constants`` are its globals, and nothing else is."""
    text = "\n".join([f"def {name}({arguments}):", *(f"    {line}" for line in body)])
    namespace: dict[str, Any] = {"__builtins__": _BUILTINS, **constants}
    exec(compile(text, f"<{name}>", "exec"), namespace)  # noqa: S102 (written from typed trees only)
    function: Callable[..., Any] = namespace[name]
    return function
