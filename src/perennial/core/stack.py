"""Which of the candidates are applied to a cart, and in which order."""

from __future__ import annotations

from collections.abc import Sequence as Candidates

from perennial.core.price import Attempt, Bill, Candidate, apply
from perennial.core.redeemables import Source


def stack(attempt: Attempt, candidates: Candidates[Candidate], bill: Bill) -> Attempt:
    """Return the attempt with everything applied that goes together by the rules of ``bill.stacking``."""
    for candidate in sorted(candidates, key=_by_level):
        apply(attempt, candidate, bill)
    return attempt


def _by_level(candidate: Candidate) -> tuple[int, int, bool, int]:
    automatic = candidate.source is Source.AUTOMATIC
    return candidate.level or 0, candidate.compiled.reward.priority, automatic, candidate.entered
