"""Conditions as sentences, in every language of ``core/languages/``: for explanations, lists, and editors."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from perennial.core.customers.consents import CONSENTS_KEPT
from perennial.core.dates.schedule import Span
from perennial.core.facts import SEGMENTS, Fact, FactSource, FactTable, FactType
from perennial.core.language import Form, Language
from perennial.core.languages import ENGLISH
from perennial.core.orders.order import Scalar
from perennial.core.terms.conditions import (
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
)

_MONEY = frozenset(
    (
        "order.total",
        "order.gross",
        "order.discount",
        "order.shipping",
        "order.tax",
        "line.net",
        "line.amount",
        "line.discount",
        "line.unit_price",
        "line.cost",
    )
)
_MONEY_MEASURES = (Measure.ORDERS_NET, Measure.LINES_NET)
_MOMENTS = {
    Operator.MORE_THAN: "after",
    Operator.AT_LEAST: "from",
    Operator.LESS_THAN: "before",
    Operator.AT_MOST: "until",
    Operator.BETWEEN: "from_until",
}
_OF_LISTS = {Operator.CONTAINS: "holds", Operator.IN: "holds_some", Operator.NOT_IN: "holds_none"}
_OF_SEGMENTS = (SEGMENTS, "event.segment")
_OF_TEXT = (FactType.TEXT, FactType.DATE, FactType.TIME, FactType.INSTANT)


class Wording(msgspec.Struct, frozen=True):
    """In which language something is said, of which program's facts, and of which trigger's event.

    Without ``facts`` names stand for labels; ``segments`` are what segments are called, by their ids.
    ``exact`` writes values as they are stored, amounts in minor units and tiers by their ids, as beside a
    value that was seen.
    """

    language: Language = ENGLISH
    facts: FactTable | None = None
    event: str | None = None
    segments: Mapping[str, str] = {}
    exact: bool = False


_REMEMBERED = 1_024


class _Subject(msgspec.Struct, frozen=True):
    """What a comparison looks at: its phrase, its type, whether it is money, and the fact, if it is one."""

    phrase: str
    type: FactType | None
    money: bool = False
    fact: Fact | None = None


def sentence(condition: Condition, wording: Wording) -> str:
    """Return ``condition`` as a whole sentence."""
    said = wording.language.sentence.format(clause=clause(condition, wording))
    return said[0].upper() + said[1:] if wording.language.capitals else said


def describe(
    condition: Condition,
    facts: FactTable | None = None,
    event: str | None = None,
    language: Language = ENGLISH,
) -> str:
    """Return ``condition`` as part of a sentence, exactly; with ``facts`` labels stand for names."""
    if facts is None or language is not ENGLISH:
        return clause(condition, Wording(language, facts, event, exact=True))
    said = facts.said.get((condition, event))
    if said is None:
        if len(facts.said) >= _REMEMBERED:
            facts.said.clear()
        said = facts.said[condition, event] = clause(condition, Wording(ENGLISH, facts, event, exact=True))
    return said


def clause(condition: Condition, wording: Wording, form: Form = Form.FINAL) -> str:
    """Return ``condition`` as a clause; ``form`` says what comes after it."""
    language = wording.language
    match condition:
        case All(of):
            return _join(of, Form.AND, wording, form)
        case AnyOf(of):
            return _join(of, Form.OR, wording, form)
        case Not(of):
            return language.phrase(language.negation, form, clause=clause(of, wording))
        case LinesMatch(quantifier, where):
            template = language.quantifiers[quantifier.value]
            return language.phrase(template, form, where=clause(where, wording))
        case Compare() | LinesTotal() | History():
            return _compared(_subject(condition, wording), condition, wording, form)


def label_of(fact: Fact, language: Language) -> str:
    """Return what a fact is called in ``language``; what its author has named keeps that name."""
    if fact.wallet is not None or fact.challenge is not None:
        last = "expiring" if fact.days else fact.name.rpartition(".")[2]
        template = language.facts.get(f"{'wallet' if fact.wallet else 'challenge'}.{last}")
        if template is None:
            return fact.label
        return language.phrase(template, name=fact.of, days=language.number(fact.days))
    if fact.source is FactSource.EXPERIMENT:
        template = language.facts.get("experiment")
        return fact.label if template is None else language.phrase(template, name=fact.attribute or "")
    if fact.declared:
        return fact.label
    if fact.name in language.facts:
        return language.facts[fact.name]
    if fact.computed is not None:
        for name, template in language.computed.items():
            suffix = fact.name.removeprefix(f"member.{name}")
            if suffix != fact.name and suffix in language.computed_windows:
                return language.phrase(template, window=language.computed_windows[suffix])
    return fact.label


def value_label(fact: Fact, value: str, language: Language) -> str:
    """Return what a known value of a fact is called: by its author, else in ``language``."""
    if fact.names and value in fact.values:
        return fact.names[fact.values.index(value)]
    if fact.attribute == CONSENTS_KEPT:
        channel, _, purpose = value.partition(".")
        called = language.values.get(f"{fact.name}={channel}")
        return value if called is None else f"{purpose} ({called})"
    return language.values.get(f"{fact.name}={value}", value)


def describe_window(window: HistoryWindow, language: Language = ENGLISH) -> str:
    """Return the window in words, such as ``this year`` or ``in the last 30 days``."""
    words = language.windows
    if window.calendar is not None:
        name = window.calendar.value
        match window.offset:
            case 0:
                return words[name]
            case -1:
                return words[f"{name}_before"]
            case back:
                return language.phrase(words[f"{name}_ago"], n=language.number(-back))
    if window.last is not None:
        return language.phrase(words["last"], span=describe_span(window.last, language))
    return words["since_joining" if window.since_joining else "ever"]


def describe_span(span: Span, language: Language = ENGLISH) -> str:
    """Return a span in words, such as ``1 year 6 months``."""
    parts = [(name, getattr(span, name)) for name in span.__struct_fields__]
    said = [
        language.phrase(language.spans[name][count != 1], n=language.number(count))
        for name, count in parts
        if count
    ]
    return language.span_separator.join(said) or language.phrase(
        language.spans["days"][1], n=language.number(0)
    )


def _join(parts: tuple[Condition, ...], inner: Form, wording: Wording, form: Form) -> str:
    """Join clauses: each but the last stands in the ``inner`` form, the last in that of the whole."""
    language = wording.language
    if not parts:
        return language.phrase(language.always if inner is Form.AND else language.never, form)
    if len(parts) == 1:
        return clause(parts[0], wording, form)
    forms = [inner] * (len(parts) - 1) + [form]
    said = [_nested(part, wording, each) for part, each in zip(parts, forms, strict=True)]
    return (language.both if inner is Form.AND else language.either).join(said)


def _nested(part: Condition, wording: Wording, form: Form) -> str:
    opened, closed = wording.language.brackets
    said = clause(part, wording, form)
    return f"{opened}{said}{closed}" if isinstance(part, All | AnyOf) else said


def _subject(node: Compare | LinesTotal | History, wording: Wording) -> _Subject:
    language = wording.language
    match node:
        case Compare(name):
            fact = wording.facts.find(name, wording.event) if wording.facts else None
            if fact is None:
                return _Subject(name, None)
            return _Subject(label_of(fact, language), fact.type, is_money(fact), fact)
        case LinesTotal(measure, where):
            phrase = _pair(language.totals[measure.value], where, wording)
            return _Subject(phrase, FactType.INTEGER, measure is LineMeasure.SUM)
        case History():
            phrase = describe_figure(node, wording)
            return _Subject(phrase, FactType.INTEGER, node.measure in _MONEY_MEASURES)


def describe_figure(node: History, wording: Wording) -> str:
    """Return the figure that a history comparison looks at, such as ``the amount spent this year``."""
    language = wording.language
    name = node.measure.value
    inside = msgspec.structs.replace(wording, event=node.event or "order.paid")
    given = {"window": describe_window(node.window, language), "event": node.event or ""}
    if node.attribute is not None:
        fact = wording.facts.find(f"event.{node.attribute}", node.event) if wording.facts else None
        given["attribute"] = node.attribute if fact is None else label_of(fact, language)
    if node.wallet is not None:
        name += "_in"
        given["wallet"] = _wallet_name(node.wallet, wording)
    return _pair(language.measures[name], node.where, inside, **given)


def _pair(phrases: tuple[str, str], where: Condition | None, wording: Wording, **given: str) -> str:
    if where is None:
        return wording.language.phrase(phrases[0], **given)
    return wording.language.phrase(phrases[1], where=clause(where, wording), **given)


def _wallet_name(wallet: str, wording: Wording) -> str:
    fact = wording.facts.find(f"wallet.{wallet}.balance") if wording.facts else None
    return wallet if fact is None else fact.of


def is_money(fact: Fact) -> bool:
    """Return whether a fact is an amount in minor units of the program's currency."""
    if fact.computed is not None:
        first = fact.computed.figures[0].measure
        return first is Measure.ORDERS_NET
    return fact.attribute is None and fact.name in _MONEY


def _compared(subject: _Subject, node: Compare | LinesTotal | History, wording: Wording, form: Form) -> str:
    language, operator, operand = wording.language, node.operator, node.operand
    if subject.type is FactType.BOOLEAN and operator in (Operator.IS, Operator.IS_NOT):
        return _flag(subject, (operator is Operator.IS) is bool(operand), language, form)
    template = language.comparisons[_key(subject, operator, operand)]
    if operator is Operator.EXISTS:
        return language.phrase(template, form, subject=subject.phrase)
    if operator is Operator.WITHIN and isinstance(operand, tuple):
        place, meters = str(operand[0]), language.distance(int(operand[1] or 0))
        return language.phrase(template, form, subject=subject.phrase, value=place, distance=meters)
    if operator is Operator.BETWEEN and isinstance(operand, tuple):
        low, high = (_say(one, subject, wording) for one in operand)
        return language.phrase(template, form, subject=subject.phrase, low=low, high=high)
    every = operand if isinstance(operand, tuple) else (operand,)
    value = language.separator.join(_say(one, subject, wording) for one in every)
    return language.phrase(template, form, subject=subject.phrase, value=value)


def _key(subject: _Subject, operator: Operator, operand: Operand) -> str:
    """Return the key of the phrase that says a comparison."""
    if operator is Operator.EXISTS:
        return "exists" if operand else "missing"
    if subject.type is FactType.TEXTS:
        return _OF_LISTS[operator]
    ordered = subject.type in _OF_TEXT or isinstance(operand, str)
    return _MOMENTS[operator] if ordered and operator in _MOMENTS else operator.value


def _flag(subject: _Subject, holds: bool, language: Language, form: Form) -> str:
    fact = subject.fact
    if fact is not None and fact.name in language.flags and not fact.declared:
        return language.phrase(language.flags[fact.name][not holds], form)
    return language.phrase(language.comparisons["yes" if holds else "no"], form, subject=subject.phrase)


def _say(operand: Scalar, subject: _Subject, wording: Wording) -> str:
    """Return a value as people write it."""
    language = wording.language
    if isinstance(operand, bool):
        return "true" if operand else "false"
    if isinstance(operand, int):
        if wording.exact:
            return language.time(str(operand))
        if subject.money and wording.facts is not None:
            return language.amount(operand, wording.facts.currency)
        is_year = subject.fact is not None and subject.fact.name == "now.year"
        return (
            language.number(operand).replace(language.grouping, "") if is_year else language.number(operand)
        )
    text = str(operand)
    match subject.type:
        case FactType.DATE:
            return language.day(text)
        case FactType.TIME:
            return language.time(text)
        case FactType.INSTANT:
            return language.moment(text)
        case _ if subject.fact is not None and f"{subject.fact.name}={text}" in language.values:
            return value_label(subject.fact, text, language)
        case _ if subject.fact is not None and not wording.exact:
            return language.quoted(_called(subject.fact, text, wording))
        case _:
            return language.quoted(text)


def _called(fact: Fact, value: str, wording: Wording) -> str:
    """Return what people call a value: tiers, challenges and segments have names beside their ids."""
    if fact.name in _OF_SEGMENTS:
        return wording.segments.get(value, value)
    return value_label(fact, value, wording.language)
