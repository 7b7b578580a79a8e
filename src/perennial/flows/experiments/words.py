"""The verdict on a variant in plain words, which stay true however often they are read."""

from __future__ import annotations

from collections.abc import Callable

from perennial.core.currency import decimals, format_money
from perennial.core.document.experiments import HELD_OUT, TREATED, Outcome
from perennial.reports.calls import Call
from perennial.reports.confidence import START

_WHAT = {
    Outcome.REVENUE: "revenue",
    Outcome.MARGIN: "margin",
    Outcome.ORDERS: "orders",
    Outcome.RETENTION: "customers who order again",
    Outcome.POINTS: "points",
    Outcome.PROFIT: "profit",
}


_FAULT = "The customers are not split as the weights say: look for the fault, and believe no result."


def verdict_words(
    call: Call, outcome: Outcome, variant: str, control: str, low: float, high: float, currency: str
) -> str:
    """Return what ``call`` says about the effect of a variant, which lies between ``low`` and ``high``."""
    ours, theirs = _named(variant), _named(control)
    what = _WHAT[outcome]
    match call:
        case Call.UNEVEN:
            return _FAULT
        case Call.UNKNOWN:
            return f"Nothing can be told about {what}: no order says what all of its lines cost."
        case Call.TOO_EARLY:
            return (
                f"It is too early to tell anything: {ours} and {theirs} need {START} customers "
                f"and {START} orders each."
            )
        case Call.UNDECIDED:
            between = _between(outcome, low, high, currency)
            return f"No difference can be told yet: {ours} may bring {between} than {theirs}."
        case Call.MORE:
            return f"More {what}: {ours} brings {_between(outcome, low, high, currency)} than {theirs}."
        case Call.LESS:
            return f"Less {what}: {ours} brings {_between(outcome, low, high, currency)} than {theirs}."


def split_words(is_even: bool, weights_changed: bool) -> str:
    """Return what is to be said about how customers are split."""
    if not is_even:
        return _FAULT
    if weights_changed:
        return (
            "The customers are split as the weights say, but these were changed meanwhile: "
            "what differs may come from when customers were exposed."
        )
    return "The customers are split as the weights say."


def _named(variant: str) -> str:
    return {HELD_OUT: "those held out", TREATED: "everybody else"}.get(variant, variant)


def _between(outcome: Outcome, low: float, high: float, currency: str) -> str:
    """Write a range of differences: ``between 1.20 less and 3.40 EUR more per customer``."""
    write = _writer(outcome, currency)
    unit = {
        Outcome.ORDERS: "orders per customer",
        Outcome.RETENTION: "customers in a hundred",
        Outcome.POINTS: "points per customer",
    }.get(outcome, f"{currency} per customer")
    if low < 0 < high:
        return f"between {write(-low)} less and {write(high)} {unit} more"
    ends = sorted((abs(low), abs(high)))
    return f"{write(ends[0])} to {write(ends[1])} {unit} {'more' if high > 0 else 'less'}"


def _writer(outcome: Outcome, currency: str) -> Callable[[float], str]:
    match outcome:
        case Outcome.ORDERS:
            return lambda value: f"{value:.3f}"
        case Outcome.RETENTION:
            return lambda value: f"{100 * value:.1f}"
        case Outcome.POINTS:
            return lambda value: f"{value:.1f}"
        case _:
            places = decimals(currency)
            return lambda value: format_money(round(value), currency) if places else f"{value:.1f}"
