"""Differences between two variants, with intervals that stay valid however often one looks.

The interval is the confidence sequence of a delayed start: from the moment on at which the smaller variant
has :data:`START` orders it is ``sqrt(a² + log(orders / START))`` standard errors wide to each side, where
``a²`` is the value that a chi-square variable of three degrees of freedom exceeds with probability alpha.
A Wiener process that is looked at without a pause, and without an end, leaves it with probability alpha
exactly: H. Robbins and D. Siegmund, "Probability distributions related to the law of the iterated
logarithm", PNAS 62 (1969), 11-13. That estimated means come to behave so, whatever their distribution,
as the start is later: A. Bibaut, N. Kallus and M. Lindon, "Near-optimal, near-calibrated, non-parametric
sequential tests and confidence sequences with possibly dependent observations", arXiv:2212.14411.
See ``docs/decisions`` for why this one, and why the clock is the number of orders.

The variance is reduced by what customers did before (CUPED: A. Deng, Y. Xu, R. Kohavi and T. Walker,
"Improving the sensitivity of online controlled experiments by utilizing pre-experiment data", 2013).
Everything is made of sums, so that buckets are added, and works on arrays of many experiments at once.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtri

Figures: TypeAlias = NDArray[np.float64]
"""One number, or one for each of many experiments."""

ALPHA = 0.05
"""How often, at most, a difference is called that is not there, over all looks together."""

START = 100
"""As long as a variant has fewer orders than this, or fewer customers, nothing is called."""


class Sums(NamedTuple):
    """One variant, or many at once: customers, their orders, and sums over the customers.

    ``y`` is the figure since the exposure, ``x`` the figure before it that explains part of it.
    """

    customers: Figures
    orders: Figures
    y: Figures
    yy: Figures
    x: Figures
    xx: Figures
    xy: Figures


class Difference(NamedTuple):
    """Variant less control, per customer: the effect lies between ``low`` and ``high``.

    ``control`` and ``variant`` are the means, both brought to the same figures before the exposure.
    ``error`` is the standard error of the effect; ``reduced`` the part of its square that knowing the
    past has taken away. As long as nothing may be called, the interval has no ends.
    """

    control: Figures
    variant: Figures
    effect: Figures
    low: Figures
    high: Figures
    error: Figures
    reduced: Figures


def sums(customers: object, orders: object, *of: object) -> Sums:
    """Return sums, as numbers or as arrays of any kind."""
    return Sums(*(np.asarray(each, dtype=np.float64) for each in (customers, orders, *of)))


def difference(control: Sums, variant: Sums, alpha: float = ALPHA) -> Difference:
    """Return the effect of ``variant``, with its interval at the error rate ``alpha``."""
    sides = [_moments(each) for each in (control, variant)]
    ones = [np.maximum(each.customers, 1.0) for each in (control, variant)]
    xx, xy = sides[0].xx + sides[1].xx, sides[0].xy + sides[1].xy
    # theta = cov(X, Y) / var(X) within the variants; 0 where nobody did anything before
    theta = np.where(xx > 0, xy / np.where(xx > 0, xx, 1.0), 0.0)
    x_mean = (control.x + variant.x) / (ones[0] + ones[1])
    means = [side.y - theta * (side.x - x_mean) for side in sides]
    plain = sides[0].yy / ones[0] + sides[1].yy / ones[1]
    left = [side.yy - 2 * theta * side.xy + theta**2 * side.xx for side in sides]
    square = np.maximum(left[0] / ones[0] + left[1] / ones[1], 0.0)
    error = np.sqrt(square)
    orders = np.minimum(control.orders, variant.orders)
    enough = (np.minimum(control.customers, variant.customers) >= START) & (orders >= START) & (error > 0)
    half = np.where(enough, error * width(orders, alpha), np.inf)
    effect = means[1] - means[0]
    reduced = np.where(plain > 0, 1 - square / np.where(plain > 0, plain, 1.0), 0.0)
    return Difference(means[0], means[1], effect, effect - half, effect + half, error, reduced)


def width(orders: Figures | float, alpha: float = ALPHA) -> Figures:
    """Return how many standard errors wide the interval is to each side after so many orders."""
    late = np.maximum(np.asarray(orders, dtype=np.float64) / START, 1.0)
    return np.sqrt(chdtri(3.0, alpha) + np.log(late))


def times_needed(found: Difference, orders: float, alpha: float = ALPHA) -> float | None:
    """Return how many times the present customers would tell the effect from none, if it stays.

    None: nothing can be said yet, or it would take more than a thousand times as many.
    """
    error, effect = float(found.error), abs(float(found.effect))
    if error <= 0 or effect <= 0:
        return None
    for step in range(1, 146):
        times = 1.05**step
        if error / np.sqrt(times) * float(width(orders * times, alpha)) < effect and orders * times >= START:
            return float(times)
    return None


class _Moments(NamedTuple):
    y: Figures
    x: Figures
    yy: Figures
    xx: Figures
    xy: Figures


def _moments(given: Sums) -> _Moments:
    """Return the means of a variant, its variances and its covariance."""
    n = np.maximum(given.customers, 1.0)
    y, x = given.y / n, given.x / n
    free = np.maximum(n - 1, 1.0)
    return _Moments(
        y, x, (given.yy - n * y * y) / free, (given.xx - n * x * x) / free, (given.xy - n * x * y) / free
    )
