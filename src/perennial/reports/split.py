"""Whether customers are split over the variants as the weights say: a test that may be looked at any time.

A split that chance would hardly bring points to a fault (an exposure noted for one variant only, say),
and then no difference means anything. The test compares the counts with all other splits, by the Bayes
factor of a Dirichlet prior around the weights; it is a martingale under the declared weights, so that it
passes 1 / alpha, ever, with a probability of at most alpha: M. Lindon and A. Malek, "Anytime-valid inference
for multinomial count data", NeurIPS 2022.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from scipy.special import gammaln

UNEVEN = 0.001
"""How often, at most, a split is called uneven that is as it was declared."""

_PRIOR = 100.0
"""How many customers the prior is worth."""


def evidence(splits: Iterable[tuple[Sequence[int], Sequence[int]]]) -> float:
    """Return the logarithm of the evidence against the declared weights.

    ``splits`` are counts with their weights, one pair for each set of weights that was ever in force.
    """
    return sum(_one(counts, weights) for counts, weights in splits)


def is_uneven(found: float) -> bool:
    """Whether evidence is so strong that the split is a fault, not luck."""
    return found >= float(-np.log(UNEVEN))


def _one(counts: Sequence[int], weights: Sequence[int]) -> float:
    seen, wanted = np.asarray(counts, dtype=np.float64), np.asarray(weights, dtype=np.float64)
    if not seen.sum() or not wanted.sum():
        return 0.0
    if bool(((wanted == 0) & (seen > 0)).any()):
        return float("inf")
    seen, share = seen[wanted > 0], (wanted / wanted.sum())[wanted > 0]
    prior = _PRIOR * share
    likely = gammaln(_PRIOR) - gammaln(_PRIOR + seen.sum()) + (gammaln(prior + seen) - gammaln(prior)).sum()
    return float(likely - (seen * np.log(share)).sum())
