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
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln

UNEVEN = 0.001
"""How often, at most, a split is called uneven that is as it was declared."""

_PRIOR = 100.0
"""How many customers the prior is worth."""


def evidence(splits: Iterable[tuple[Sequence[int], Sequence[int]]]) -> float:
    """Return the logarithm of the evidence against the declared weights.

    ``splits`` are counts with their weights, one pair for each set of weights that was ever in force.
    """
    return sum(float(evidence_of_each(counts, weights)) for counts, weights in splits)


def is_uneven(found: float) -> bool:
    """Whether evidence is so strong that the split is a fault, not luck."""
    return found >= float(-np.log(UNEVEN))


def evidence_of_each(counts: ArrayLike, weights: ArrayLike) -> NDArray[np.float64]:
    """Return the evidence of many splits, whose last axis are the variants, against the same weights."""
    seen, wanted = np.asarray(counts, dtype=np.float64), np.asarray(weights, dtype=np.float64)
    if not wanted.sum():
        return np.zeros(seen.shape[:-1])
    foreign = seen[..., wanted == 0].sum(axis=-1)
    seen, share = seen[..., wanted > 0], (wanted / wanted.sum())[wanted > 0]
    prior = _PRIOR * share
    likely = gammaln(_PRIOR) - gammaln(_PRIOR + seen.sum(axis=-1))
    likely = likely + (gammaln(prior + seen) - gammaln(prior)).sum(axis=-1)
    return np.where(foreign > 0, np.inf, likely - (seen * np.log(share)).sum(axis=-1))
