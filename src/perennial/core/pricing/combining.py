"""Whether one more reward goes together with those that are applied: exclusivity and numbers.

Rewards are only ever added, so what is kept out once is kept out for good.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from perennial.core.document.stacking import Category, Combines, Stacking
from perennial.core.pricing.price import Candidate
from perennial.core.pricing.redeemables import Reason, Standing, Status


def kept_out(candidate: Candidate, applied: Sequence[Candidate], stacking: Stacking) -> Standing | None:
    """Return which rule keeps a candidate out, and which applied reward, or None if none does."""
    if not applied:
        return None
    return _by_exclusivity(candidate, applied, stacking) or _by_number(candidate, applied, stacking)


def _by_exclusivity(
    candidate: Candidate, applied: Sequence[Candidate], stacking: Stacking
) -> Standing | None:
    combines = candidate.compiled.combines
    if combines is Combines.JOINT:
        return None
    if combines is Combines.COMMON:
        for other in reversed(applied):
            if other.compiled.combines is Combines.EXCLUSIVE:
                return exclusive_keeps_out(candidate, other)
        return None
    exclusive = [other for other in applied if other.compiled.combines is Combines.EXCLUSIVE]
    common = [other for other in applied if other.compiled.combines is Combines.COMMON]
    if common:
        by = common[-1].key
        words = f"{candidate.key} is exclusive: it does not go together with {by}"
        return skipped(Reason.EXCLUSIVE, words, by)
    if len(exclusive) < stacking.exclusive_at_most:
        return None
    by = exclusive[-1].key
    most = stacking.exclusive_at_most
    words = f"of exclusive rewards at most {most} applies" if most == 1 else f"at most {most} exclusive apply"
    return skipped(
        Reason.EXCLUSIVE, f"{candidate.key} does not go together with {by}: {words}", by, at_most=most
    )


def _by_number(candidate: Candidate, applied: Sequence[Candidate], stacking: Stacking) -> Standing | None:
    category = candidate.compiled.category
    if category.best_of or category.at_most is not None:
        alike = [other for other in applied if category_of(other) == category_of(candidate)]
        if alike and category.best_of:
            return beaten(candidate, alike[-1], category)
        if category.at_most is not None and len(alike) >= category.at_most:
            by, most = alike[-1].key, category.at_most
            words = f"{candidate.key} comes after {by}: at most {most} of category {category.id} apply"
            return skipped(Reason.CATEGORY_LIMIT, words, by, category=category.id, at_most=most)
    if len(applied) >= stacking.at_most:
        by, most = applied[-1].key, stacking.at_most
        words = f"{candidate.key} comes after {by}: at most {most} apply to an order"
        return skipped(Reason.TOO_MANY, words, by, at_most=most)
    return None


def all_combine(candidates: Collection[Candidate], stacking: Stacking) -> bool:
    """Whether none of these candidates can keep out another one of them."""
    return len(candidates) <= stacking.at_most and all(map(combines_with_all, candidates))


def combines_with_all(candidate: Candidate) -> bool:
    """Whether neither exclusivity nor a category ever keeps a candidate out, or others for its sake."""
    category = candidate.compiled.category
    return (
        candidate.compiled.combines is not Combines.EXCLUSIVE
        and not category.best_of
        and category.at_most is None
    )


def exclusive_keeps_out(candidate: Candidate, exclusive: Candidate) -> Standing:
    """Return that an exclusive reward keeps a common one out."""
    words = f"{candidate.key} does not go together with {exclusive.key}, which is exclusive"
    return skipped(Reason.EXCLUSIVE, words, exclusive.key)


def beaten(candidate: Candidate, best: Candidate, category: Category) -> Standing:
    """Return that another reward of a category, of which only the best applies, saves more."""
    words = f"{candidate.key} saves less than {best.key}: of category {category.id} only the best applies"
    return skipped(Reason.NOT_THE_BEST, words, best.key, category=category.id)


def category_of(candidate: Candidate) -> tuple[int, str]:
    """Return what the rewards of one category have in common: the program and the category's id."""
    return candidate.offer.version.program_id, candidate.compiled.category.id


def skipped(reason: Reason, words: str, by: str, **details: str | int) -> Standing:
    """Return that a reward which is valid was kept out by a rule, and by which reward."""
    return Standing(status=Status.SKIPPED, reason=reason, words=words, details={**details}, by=by)
