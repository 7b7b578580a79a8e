"""Conditions as Python source: the live path. ``core/conditions/walk.py`` is the oracle.

One :class:`Source` serves one generated function, in which any number of conditions are tested::

    source = Source(table, zone, trigger="order.paid", need_index=..., attribute_index=..., wallet_index=...)
    test = source.expression(rule.when)          # an expression; its truth is whether the condition holds
    chosen = source.indexes(rule.lines)          # a sequence of the positions of the matching lines
    body = source.prelude() + [f"if {test}: ..."]
    exec(compile(text, ...), source.constants)

``prelude()`` gives the statements that compute what the expressions made *so far* use; they belong at
the beginning of the function, before the first expression. The function must define the locals that
``source.uses`` names, out of these:

=============  ===================================================================================
``order``      the :class:`~perennial.core.orders.order.Order`, amounts in the program's currency
``nets``       its ``net_amounts`` (a list)
``event``      the attributes of the event, from ``condition_scope.attributes_of``
``snapshot``   the :class:`~perennial.core.snapshot.Snapshot`
``at``         the instant of the event
=============  ===================================================================================

``need_index`` returns the place of a figure of the past in ``snapshot.history``, ``attribute_index`` that
of a member attribute in ``snapshot.attributes``, ``location_index`` that of an attribute of the order's
location in ``snapshot.location``, ``wallet_index`` that of a wallet in ``snapshot.wallets``. Where the
trigger brings no order (every one but ``order.paid``), the order's facts are missing: nothing about the
order, its location or its lines holds. ``asks_segment`` is told every segment that is asked about,
``lot_index`` returns the place of a fact about lots in ``snapshot.history``, from its end.

For what counts in a history (``Metric.where``) and for the lines of a rule::

    source.line_expression(where)                # tests one line: the locals `line` and `net`

The source is written from the typed tree and the names in this file only. Every constant, a text
above all, is bound by name in ``constants`` and never becomes source. Names made here are ``c<number>``
(constants), ``f_<name>`` (facts), ``h_<name>`` (functions and tables), ``v``, ``w``, ``d``, ``i``,
``line`` and ``net``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from zoneinfo import ZoneInfo

from perennial.core.conditions.fact_source import HELPERS, PRELUDE, PRESENT, READS
from perennial.core.conditions.scope import instant_or_none
from perennial.core.facts import SEGMENTS, STALE_FROM, Fact, FactSource, FactTable, FactType
from perennial.core.orders.geography import lies_within
from perennial.core.terms.conditions import (
    All,
    AnyOf,
    Compare,
    Condition,
    History,
    LineMeasure,
    LinesMatch,
    LinesTotal,
    Not,
    Operand,
    Operator,
    Quantifier,
)
from perennial.core.terms.figures import Computed, Figure
from perennial.core.terms.text_pattern import compile_pattern

_TESTS = {
    Operator.IS: "{0} == {1}",
    Operator.IS_NOT: "{0} != {1}",
    Operator.MORE_THAN: "{0} > {1}",
    Operator.AT_LEAST: "{0} >= {1}",
    Operator.LESS_THAN: "{0} < {1}",
    Operator.AT_MOST: "{0} <= {1}",
    Operator.BETWEEN: "{1} <= {0} <= {2}",
    Operator.IN: "{0} in {1}",
    Operator.NOT_IN: "{0} not in {1}",
    Operator.CONTAINS: "{1} in {0}",
    Operator.STARTS_WITH: "{0}.startswith({1})",
    Operator.MATCHES: "{1}({0})",
    Operator.WITHIN: "{1}({0})",
}
_LIST_TESTS = {
    Operator.CONTAINS: "{1} in {0}",
    Operator.IN: "not {1}.isdisjoint({0})",
    Operator.NOT_IN: "{1}.isdisjoint({0})",
}
# Comparisons that no value of another type, and no missing one, can pass.
_SELF_GUARDING = (Operator.IS, Operator.IN)
# Facts of lines by which the positions of an order's lines are looked up instead of searched.
_INDEXED = {"line.sku": "f_by_sku", "line.brand": "f_by_brand", "line.categories": "f_by_category"}


class Source:
    """Writes the conditions of one generated function; see above."""

    def __init__(
        self,
        facts: FactTable,
        zone: ZoneInfo,
        *,
        trigger: str | None,
        need_index: Callable[[History | Figure], int],
        attribute_index: Callable[[str], int],
        wallet_index: Callable[[str], int],
        location_index: Callable[[str], int] | None = None,
        constants: dict[str, object] | None = None,
        asks_segment: Callable[[str], object] | None = None,
        lot_index: Callable[[str], int] | None = None,
    ) -> None:
        self.constants: dict[str, object] = {} if constants is None else constants
        self.uses: set[str] = set()
        self._facts = facts
        self._trigger = trigger
        self._need_index = need_index
        self._attribute_index = attribute_index
        self._wallet_index = wallet_index
        trials = (fact.attribute for fact in facts.facts.values() if fact.source is FactSource.EXPERIMENT)
        self._trials = {trial: place for place, trial in enumerate(trials)}
        self._location_index = location_index
        self._asks_segment = asks_segment
        self._lot_index = lot_index
        self._statements: dict[str, str] = {}
        self._bound: dict[tuple[str, str], str] = {}
        levels = {tier: level for level, tier in enumerate(facts.tiers, 1)}
        self.constants |= {"h_zone": zone, "h_currency": facts.currency, "h_levels": levels, **HELPERS}

    @property
    def has_order(self) -> bool:
        """Whether the trigger brings an order."""
        return self._trigger == "order.paid"

    def prelude(self) -> list[str]:
        """Return the statements that the expressions made so far rely on, in their order."""
        return list(self._statements.values())

    def expression(self, condition: Condition) -> str:
        """Return an expression that is true exactly when ``condition`` holds."""
        return self._node(condition, False, False)

    def line_expression(self, condition: Condition, *, nowhere: bool = False) -> str:
        """Return the same for a condition on one line, out of the locals ``line`` and ``net``.

        ``nowhere`` is what ``within`` comes to where a place is missing; it turns with each ``not``.
        """
        return self._node(condition, True, nowhere)

    def compared(self, node: Compare | History) -> tuple[str, FactType, bool, bool]:
        """Return an expression for what a comparison of a fact or figure compares, outside of lines.

        Beside it its type, whether it may be missing, and whether it is an attribute, whose value may be of
        another type.
        """
        if isinstance(node, History):
            figure = f"{self.local('f_history')}[{self._need_index(node)}]"
            return figure, FactType.INTEGER, False, False
        fact = self._facts.find(node.fact, self._trigger)
        if fact is None:
            raise ValueError(f"{node.fact} is not a fact here")
        return self._value(fact), fact.type, fact.optional, fact.attribute is not None

    def indexes(self, where: Condition | None) -> str:
        """Return an expression for the ascending positions of the order's matching lines.

        It gives a list, a tuple or a range. Without ``where`` all lines match. Assign it to a local:
        as the iterable of a comprehension it may be no valid Python.
        """
        if where is None:
            return f"range(len({self.local('f_lines')}))"
        if (indexed := self._indexed(where)) is not None:
            table, operand = indexed
            return f"{table}.get({operand}, ())"
        test = self.line_expression(where)
        return f"[i for i, (line, net) in enumerate({self._pairs()}) if {test}]"

    def _node(self, node: Condition, in_line: bool, nowhere: bool) -> str:
        match node:
            case All(of) | AnyOf(of):
                if not of:
                    return "True" if isinstance(node, All) else "False"
                joint = " and " if isinstance(node, All) else " or "
                return "(" + joint.join(self._node(part, in_line, nowhere) for part in of) + ")"
            case Not(of):
                return f"(not {self._node(of, in_line, not nowhere)})"
            case Compare():
                return self._compare(node, in_line, nowhere)
            case LinesMatch(quantifier, where):
                return self._lines_match(quantifier, where, nowhere) if self.has_order else "False"
            case LinesTotal():
                return (
                    self._lines_total(node) if self.has_order else self._missing(node.operator, node.operand)
                )
            case History():
                figure = f"{self.local('f_history')}[{self._need_index(node)}]"
                return self._certain(figure, FactType.INTEGER, node.operator, node.operand)

    # Facts

    def _compare(self, node: Compare, in_line: bool, nowhere: bool) -> str:
        fact = self._facts.find(node.fact, self._trigger)
        if fact is None and node.fact.startswith("event."):
            return self._missing(node.operator, node.operand, nowhere)
        if fact is None or (fact.source is FactSource.LINE and not in_line):
            raise ValueError(f"{node.fact} is not a fact here")
        if fact.source in (FactSource.ORDER, FactSource.LOCATION) and not self.has_order:
            return self._missing(node.operator, node.operand, nowhere)
        if fact.name == SEGMENTS and self._asks_segment is not None:
            for code in node.operand if isinstance(node.operand, tuple) else (node.operand,):
                self._asks_segment(str(code))
        value = self._value(fact)
        if not fact.optional:
            return self._certain(value, fact.type, node.operator, node.operand)
        if node.operator is Operator.WITHIN:
            return self._within(value, fact, node.operand, "w" if in_line else "v", nowhere)
        return self._optional(value, fact, node.operator, node.operand, "w" if in_line else "v")

    def _value(self, fact: Fact) -> str:
        """Return an expression for the value of ``fact``: what was sent, or None if it is missing."""
        read = None if fact.declared else READS.get(fact.name)
        if fact.source is FactSource.LOTS:
            if self._lot_index is None:
                raise ValueError(f"{fact.name} is not a fact here")
            return f"{self.local('f_history')}[{self._lot_index(fact.name)}]"
        if fact.wallet is not None:
            name = fact.name.rpartition(".")[2]
            wallet = f"{self.local('f_wallets')}[{self._wallet_index(fact.wallet)}]"
            return self._fill(READS[f"wallet.{name}"], wallet)
        if fact.challenge is not None:
            figure = 0 if fact.name.endswith(".completed_count") else 1
            place = self._facts.challenges().index(fact.challenge)
            return self._fill((f"snapshot.challenges[{place}][{figure}]", ("snapshot",)))
        if fact.source is FactSource.EXPERIMENT:
            return f"({self.local('f_variants')}[{self._trials[fact.attribute]}] or None)"
        if fact.computed is not None:
            return self._computed(fact.computed)
        if fact.attribute is None:
            return self._fill(READS[fact.name])
        if fact.source in (FactSource.MEMBER, FactSource.LOCATION):
            value = self._kept(fact.source, fact.attribute)
            if fact.outside:
                stale_from = self._kept(fact.source, fact.attribute + STALE_FROM)
                value = f"h_fresh({value}, {stale_from}, {self.local('at')})"
            return value if read is None else self._fill(read, value)
        bag = {FactSource.ORDER: "f_order_attributes", FactSource.LINE: "line.attributes"}.get(fact.source)
        bag = bag if bag == "line.attributes" else self.local(bag or "event")
        return f"{bag}.get({self.constant(fact.attribute)})"

    def _kept(self, source: FactSource, attribute: str) -> str:
        """Return an expression for an attribute that the snapshot keeps."""
        if source is FactSource.MEMBER:
            return f"{self.local('f_attributes')}[{self._attribute_index(attribute)}]"
        if self._location_index is None:
            raise ValueError("nothing is known of locations here")
        return f"{self.local('f_location')}[{self._location_index(attribute)}]"

    def _computed(self, computed: Computed) -> str:
        figures = [f"{self.local('f_history')}[{self._need_index(figure)}]" for figure in computed.figures]
        given = ", ".join([*figures, *map(str, computed.bounds)])
        return f"h_{computed.reader}({given})" if computed.reader else figures[0]

    def _fill(self, read: tuple[str, tuple[str, ...]], value: str = "") -> str:
        template, needed = read
        for name in needed:
            self.local(name)
        return template.replace("{0}", value)

    def _certain(self, value: str, kind: FactType, operator: Operator, operand: Operand) -> str:
        """Compare a value that is always there."""
        if operator is Operator.EXISTS:
            if kind is FactType.TEXTS:
                return f"bool({value})" if operand else f"(not {value})"
            return "True" if operand else "False"
        tests = _LIST_TESTS if kind is FactType.TEXTS else _TESTS
        return f"({tests[operator].format(value, *self._operands(kind, operator, operand))})"

    def _optional(self, value: str, fact: Fact, operator: Operator, operand: Operand, name: str) -> str:
        """Compare a value that may be missing or, as an attribute, of another type."""
        present = "({0} is not None)"
        if fact.attribute is not None:
            read, present = PRESENT[fact.type]
            value = read.format(value)
        if operator is Operator.EXISTS:
            return present.format(value) if operand else f"(not {present.format(value)})"
        operands = self._operands(fact.type, operator, operand)
        if operator in _SELF_GUARDING and fact.type is FactType.TEXT:
            return f"({_TESTS[operator].format(value, *operands)})"
        return f"({present.format(f'({name} := {value})')} and {_TESTS[operator].format(name, *operands)})"

    def _within(self, value: str, fact: Fact, operand: Operand, name: str, nowhere: bool) -> str:
        """Ask if a place that may be missing lies in a circle; without a place it is ``nowhere``."""
        read, present = PRESENT[fact.type]
        found = present.format(f"({name} := {read.format(value)})")
        test = _TESTS[Operator.WITHIN].format(name, *self._operands(fact.type, Operator.WITHIN, operand))
        return f"(not {found} or {test})" if nowhere else f"({found} and {test})"

    def _missing(self, operator: Operator, operand: Operand, nowhere: bool = False) -> str:
        """Compare what is always missing."""
        holds = operand is False if operator is Operator.EXISTS else nowhere and operator is Operator.WITHIN
        return str(holds)

    # Lines

    def _lines_match(self, quantifier: Quantifier, where: Condition, nowhere: bool) -> str:
        if quantifier in (Quantifier.CHEAPEST, Quantifier.MOST_EXPENSIVE):
            test = self.line_expression(where, nowhere=nowhere)
            return f"(True in [bool({test}) for line, net in {self.local('f_' + quantifier.value)}])"
        if quantifier is Quantifier.EVERY:
            test = self.line_expression(where, nowhere=nowhere)
            return f"(not [1 for line, net in {self._pairs()} if not {test}])"
        wanted = quantifier is Quantifier.ANY
        if (indexed := self._indexed(where)) is not None:
            table, operand = indexed
            return f"({operand} {'in' if wanted else 'not in'} {table})"
        test = self.line_expression(where, nowhere=nowhere if wanted else not nowhere)
        found = f"[1 for line, net in {self._pairs()} if {test}]"
        return f"(1 in {found})" if wanted else f"(not {found})"

    def _lines_total(self, node: LinesTotal) -> str:
        if node.where is None or self._indexed(node.where) is not None:
            chosen = self.indexes(node.where)
            count = f"len({chosen})"
            quantity = f"sum([{self.local('f_lines')}[i].quantity for i in {chosen}])"
            net = f"sum([{self.local('nets')}[i] for i in {chosen}])"
        else:
            # The test stands in a condition of the comprehension: in its iterable it may not assign.
            rest = f"for line, net in {self._pairs()} if {self.line_expression(node.where)}])"
            count, quantity, net = f"len([1 {rest}", f"sum([line.quantity {rest}", f"sum([net {rest}"
        figures = {LineMeasure.COUNT: count, LineMeasure.QUANTITY: quantity, LineMeasure.SUM: net}
        return self._certain(figures[node.measure], FactType.INTEGER, node.operator, node.operand)

    def _pairs(self) -> str:
        """Return an iterable of the lines with their net amounts: most are never gone through."""
        return f"zip({self.local('f_lines')}, {self.local('nets')})"

    def _indexed(self, where: Condition) -> tuple[str, str] | None:
        """Return the table by a line fact, and the constant, if ``where`` only asks for one value of it."""
        if not isinstance(where, Compare) or where.fact not in _INDEXED:
            return None
        wanted = Operator.CONTAINS if where.fact == "line.categories" else Operator.IS
        if where.operator is not wanted:
            return None
        return self.local(_INDEXED[where.fact]), self.constant(where.operand)

    # Names

    def local(self, name: str) -> str:
        """Make sure that the local ``name`` is computed in the prelude (or is known to be needed)."""
        if name not in PRELUDE:
            self.uses.add(name)
        elif name not in self._statements:
            expression, needed = PRELUDE[name]
            for other in needed:
                self.local(other)
            self._statements[name] = f"{name} = {expression}"
        return name

    def _operands(self, kind: FactType, operator: Operator, operand: Operand) -> list[str]:
        if kind is FactType.INSTANT:
            operand = (
                tuple(instant_or_none(one) for one in operand)
                if isinstance(operand, tuple)
                else instant_or_none(operand)
            )
        if operator is Operator.WITHIN and isinstance(operand, tuple):
            center, meters = operand
            circle = partial(lies_within, center=center, meters=int(meters or 0))
            return [self._bind("within", repr(operand), circle)]
        if operator is Operator.MATCHES:
            return [self._bind("matches", repr(operand), compile_pattern(str(operand)))]
        if isinstance(operand, tuple):
            if operator is Operator.BETWEEN:
                return [self.constant(one) for one in operand]
            return [self._bind("set", repr(operand), frozenset(operand))]
        return [self.constant(operand)]

    def constant(self, value: object) -> str:
        """Return the name under which the function knows a constant."""
        return self._bind(type(value).__name__, repr(value), value)

    def _bind(self, kind: str, key: str, value: object) -> str:
        """Bind a constant to a name; equal constants of one kind share it."""
        name = self._bound.get((kind, key))
        if name is None:
            name = self._bound[kind, key] = f"c{len(self.constants)}"
            self.constants[name] = value
        return name
