"""Multipliers: how tiers and campaigns raise what rules earn, exactly.

A factor is a fraction of two whole numbers. All factors on one award (of the member's tier, and of
each campaign that applies) become one by the program's setting. That one factor is applied to the
*sum* of the whole base points which share it and a wallet, and rounded once by the wallet; the
difference is then apportioned to the rules by largest remainder over their base points.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import gcd, prod
from typing import TypeAlias

from perennial.core.document.program import Combine
from perennial.core.kinds.rule import ONE
from perennial.units import Points, Rounding, allocate, divide, share_out

Factor: TypeAlias = tuple[int, int]
"""Numerator and denominator, without a common divisor."""

UNCHANGED: Factor = (1, 1)


def combine(factors: Sequence[int], how: Combine) -> Factor:
    """Return the one factor that several of them make; each is in ten-thousandths.

    ``best`` is the largest, ``sum`` is 1 plus the sum of the gains (never below 0; a factor of 0.9
    is a gain of -0.1), ``product`` multiplies all. No factors at all leave the points unchanged.
    """
    if not factors:
        return UNCHANGED
    if how is Combine.BEST:
        return _reduced(max(factors), ONE)
    if how is Combine.SUM:
        return _reduced(max(0, ONE + sum(factor - ONE for factor in factors)), ONE)
    return _reduced(prod(factors), ONE ** len(factors))


def _reduced(numerator: int, denominator: int) -> Factor:
    common = gcd(numerator, denominator)
    return numerator // common, denominator // common


def multiply(bases: Sequence[Points], factor: Factor, rounding: Rounding) -> list[Points]:
    """Apply one factor to the sum of ``bases`` and return the points of each.

    The sum of the result is the rounded product of the sum; what it differs from the sum of the bases
    is split over them in proportion, ties to the earlier one.
    """
    total = sum(bases)
    product = divide(total * factor[0], factor[1], rounding)
    if len(bases) == 1:
        return [product]
    if product >= total > 0:
        # A share of the product is the base with its share of the difference: the remainders are the same.
        return share_out(product, bases, total)
    parts = allocate(product - total, bases)
    return [base + part for base, part in zip(bases, parts, strict=True)]


def format_factor(factor: Factor) -> str:
    """Write a factor as a decimal, exactly where four decimals are enough (``1.5``)."""
    whole, rest = divmod(factor[0] * ONE, factor[1])
    text = f"{whole // ONE}.{whole % ONE:04d}".rstrip("0").rstrip(".")
    return text + ("…" if rest else "")
