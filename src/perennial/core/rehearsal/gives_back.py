"""What a program gives back: the worth of the points for what was spent on a plain order, as a percentage.

Less than 3 % is hardly noticed, more than 10 % is seldom earned: outside of that the author is warned. Both
bounds themselves are fine. What holds for a while (a schedule, a campaign) or for a tier is left out.
"""

from __future__ import annotations

from enum import StrEnum
from fractions import Fraction

import msgspec

from perennial.core.currency import format_money
from perennial.core.document.point_value import PointValue, point_values
from perennial.core.document.program import Program
from perennial.core.orders.order import Line, Order, OrderStatus
from perennial.core.rehearsal.rehearsal import Rehearsal, RehearsalRefused
from perennial.units import EARLIEST, Instant, Minor, Rounding, divide

LEAST = 3
MOST = 10


class Advice(StrEnum):
    """Whether what is given back is within what is advised."""

    FINE = "fine"
    LITTLE = "little"
    MUCH = "much"


class GivesBack(msgspec.Struct, frozen=True):
    """What the points of one wallet give back: ``percent`` is written with at most two decimals.

    ``rules`` are the earning rules that were counted, ``value`` what a point of the wallet is worth.
    """

    wallet: str
    percent: str
    advice: Advice
    words: str
    rules: tuple[str, ...]
    value: PointValue


def gives_back(program: Program, at: Instant, amount: Minor) -> tuple[GivesBack, ...]:
    """Return what a valid program gives back on a plain order of ``amount``, by wallet.

    Wallets whose points are earned without regard to money, or buy nothing of a sure worth, are left out.
    """
    values = point_values(program)
    rates: dict[str, Fraction] = {}
    rules: dict[str, list[str]] = {}
    fired = _fired(program, at, amount) if values else set()
    for rule in program.earning_rules:
        per = rule.per_money(None)
        wallet = rule.wallet or program.wallets[0].id
        if per is not None and rule.id in fired and rule.schedule is None and wallet in values:
            rates[wallet] = rates.get(wallet, Fraction(0)) + Fraction(*per)
            rules.setdefault(wallet, []).append(rule.id)
    return tuple(
        _told(program, wallet, rate, tuple(rules[wallet]), values[wallet])
        for wallet, rate in rates.items()
        if rate > 0
    )


def _fired(program: Program, at: Instant, amount: Minor) -> set[str]:
    """Return the rules that give something to a new member for a plain order."""
    rehearsal = Rehearsal(program)
    at = max(at, rehearsal.versions[-1].starts or EARLIEST)
    order = Order(status=OrderStatus.PAID, lines=(Line(sku="item", amount=amount),))
    try:
        rehearsal.join("anna", at)
        decisions = rehearsal.pay("anna", "order", at, order)
    except RehearsalRefused:  # the program has ended, say
        return set()
    return {award.rule for decision in decisions for award in decision.awards if award.points > 0}


def _told(
    program: Program, wallet: str, rate: Fraction, rules: tuple[str, ...], value: PointValue
) -> GivesBack:
    back = rate * Fraction(value.amount, value.points) * 100
    percent = _written(back)
    if back < LEAST:
        advice, more = Advice.LITTLE, f"less than {LEAST} % is hardly noticed"
    elif back > MOST:
        advice, more = Advice.MUCH, f"more than {MOST} % is seldom earned with what was sold"
    else:
        advice, more = Advice.FINE, f"between {LEAST} and {MOST} %, as is advised"
    worth = f"{value.points} of {wallet} are worth {format_money(value.amount, program.currency)}"
    return GivesBack(wallet, percent, advice, f"{percent} % comes back ({worth}): {more}", rules, value)


def _written(percent: Fraction) -> str:
    """Return a percentage with at most two decimals, and a bound never for what only comes close to it."""
    hundredths = divide(percent.numerator * 100, percent.denominator, Rounding.HALF_UP)
    if percent < LEAST:
        hundredths = min(hundredths, LEAST * 100 - 1)
    elif percent > MOST:
        hundredths = max(hundredths, MOST * 100 + 1)
    whole, rest = divmod(hundredths, 100)
    return f"{whole}.{rest:02d}".rstrip("0").rstrip(".") if rest else str(whole)
