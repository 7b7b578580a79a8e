"""Conditions in plain English, for explanations and lists of rules."""

from __future__ import annotations

from perennial.core.conditions import (
    All,
    AnyOf,
    Compare,
    Condition,
    History,
    HistoryWindow,
    LineMeasure,
    LinesMatch,
    LinesTotal,
    Measure,
    Not,
    Operand,
    Operator,
    Quantifier,
)
from perennial.core.facts import FactTable
from perennial.core.schedule import Span

_OPERATORS = {
    Operator.IS: "is {}",
    Operator.IS_NOT: "is not {}",
    Operator.MORE_THAN: "is more than {}",
    Operator.AT_LEAST: "is at least {}",
    Operator.LESS_THAN: "is less than {}",
    Operator.AT_MOST: "is at most {}",
    Operator.IN: "is one of {}",
    Operator.NOT_IN: "is none of {}",
    Operator.CONTAINS: "contains {}",
    Operator.STARTS_WITH: "starts with {}",
    Operator.MATCHES: "matches {}",
}
_QUANTIFIERS = {
    Quantifier.ANY: "any line matches ({})",
    Quantifier.EVERY: "every line matches ({})",
    Quantifier.NONE: "no line matches ({})",
    Quantifier.CHEAPEST: "the cheapest line matches ({})",
    Quantifier.MOST_EXPENSIVE: "the most expensive line matches ({})",
}
_LINE_MEASURES = {
    LineMeasure.COUNT: "the number of lines",
    LineMeasure.QUANTITY: "the number of units",
    LineMeasure.SUM: "the net amount of the lines",
}
_MEASURES = {
    Measure.ORDERS_COUNT: "the number of orders",
    Measure.ORDERS_NET: "the amount spent",
    Measure.LINES_NET: "the amount spent on lines",
    Measure.LINES_QUANTITY: "the number of units bought",
    Measure.POINTS_EARNED: "the points earned",
    Measure.EVENTS_COUNT: "the number of events",
    Measure.EVENTS_SUM: "the sum over events",
}


def describe(condition: Condition, facts: FactTable | None = None) -> str:
    """Return ``condition`` as part of a sentence; with ``facts`` their labels stand for their names."""
    match condition:
        case All(of):
            return _join(of, " and ", "always", facts)
        case AnyOf(of):
            return _join(of, " or ", "never", facts)
        case Not(of):
            return f"not ({describe(of, facts)})"
        case Compare(name, operator, operand):
            fact = facts.find(name) if facts else None
            return f"{fact.label if fact else name} {describe_comparison(operator, operand)}"
        case LinesMatch(quantifier, where):
            return _QUANTIFIERS[quantifier].format(describe(where, facts))
        case LinesTotal(measure, where, operator, operand):
            subject = _LINE_MEASURES[measure] + _where(where, facts)
            return f"{subject} {describe_comparison(operator, operand)}"
        case History():
            said = describe_comparison(condition.operator, condition.operand)
            return f"{describe_figure(condition, facts)} {said}"


def describe_comparison(operator: Operator, operand: Operand) -> str:
    """Return the operator and its operand in words, such as ``is at least 5``."""
    if operator is Operator.EXISTS:
        return "is known" if operand else "is missing"
    if operator is Operator.WITHIN and isinstance(operand, tuple):
        return f"is within {operand[1]} m of {operand[0]}"
    if operator is Operator.BETWEEN and isinstance(operand, tuple):
        return f"is between {_say(operand[0])} and {_say(operand[1])}"
    said = ", ".join(map(_say, operand)) if isinstance(operand, tuple) else _say(operand)
    return _OPERATORS[operator].format(said)


def describe_figure(node: History, facts: FactTable | None = None) -> str:
    """Return the figure that a history comparison looks at, such as ``the amount spent this year``."""
    words = _MEASURES[node.measure]
    words += f" {node.event}" if node.event else ""
    words += f" of {node.attribute}" if node.attribute else ""
    words += f" in {node.wallet}" if node.wallet else ""
    return f"{words}{_where(node.where, facts)} {describe_window(node.window)}"


def describe_window(window: HistoryWindow) -> str:
    """Return the window in words, such as ``this year`` or ``in the last 30 days``."""
    if window.calendar is not None:
        names = {0: f"this {window.calendar}", -1: f"last {window.calendar}"}
        return names.get(window.offset, f"{-window.offset} {window.calendar}s ago")
    if window.last is not None:
        return f"in the last {describe_span(window.last)}"
    return "since joining" if window.since_joining else "ever"


def describe_span(span: Span) -> str:
    """Return a span in words, such as ``1 year 6 months``."""
    parts = [(name, getattr(span, name)) for name in span.__struct_fields__]
    said = [f"{count} {name if count != 1 else name[:-1]}" for name, count in parts if count]
    return " ".join(said) or "0 days"


def _where(where: Condition | None, facts: FactTable | None) -> str:
    return "" if where is None else f" where ({describe(where, facts)})"


def _join(parts: tuple[Condition, ...], word: str, empty: str, facts: FactTable | None) -> str:
    said = [describe(part, facts) for part in parts]
    if len(parts) == 1:
        return said[0]
    nested = [
        f"({one})" if isinstance(part, All | AnyOf) else one for part, one in zip(parts, said, strict=True)
    ]
    return word.join(nested) or empty


def _say(operand: object) -> str:
    if isinstance(operand, bool):
        return "true" if operand else "false"
    return f"“{operand}”" if isinstance(operand, str) else str(operand)
