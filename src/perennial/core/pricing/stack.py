"""Which of the candidates are applied to a cart, and in which order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from perennial.core.document.stacking import Combines, Mode
from perennial.core.document.stacking import Sequence as Order
from perennial.core.pricing.best import Aim, best_choice
from perennial.core.pricing.combining import (
    all_combine,
    beaten,
    category_of,
    exclusive_keeps_out,
    kept_out,
    skipped,
)
from perennial.core.pricing.price import (
    Attempt,
    Bill,
    Candidate,
    apply,
    apply_if_usable,
    is_usable,
    why_not_usable,
)
from perennial.core.pricing.redeemables import Reason, Source, Standing, Status

Turn: TypeAlias = tuple[int | bytes, ...]
"""Compares with other turns of the same sequence: the smaller one comes first."""


def stack(start: Attempt, candidates: Sequence[Candidate], bill: Bill, refused: str | None = None) -> Attempt:
    """Return an attempt with everything applied that goes together by the rules of ``bill.stacking``.

    Every candidate has its standing then. ``refused`` names something that was asked for and is no
    candidate: where all or nothing applies, it leaves nothing.
    """
    done = _choose(start.copy(), candidates, bill)
    if bill.stacking.mode is Mode.PARTIAL:
        return done
    asked_for = [one for one in candidates if one.source is not Source.AUTOMATIC]
    missing = [one.key for one in asked_for if done.standings[one.place].status is not Status.APPLICABLE]
    if refused is None and not missing:
        return done
    aim = _AIMS.get(bill.stacking.sequence)
    if refused is None and aim is not None:
        needed = frozenset(one.place for one in asked_for)
        together = best_choice(start.copy(), in_hierarchy(candidates, bill), bill, aim, needed)
        if together is not None:
            return together
    return _none_of(asked_for, refused or missing[0], done, start, candidates, bill)


def _none_of(
    asked_for: Sequence[Candidate],
    by: str,
    done: Attempt,
    start: Attempt,
    candidates: Sequence[Candidate],
    bill: Bill,
) -> Attempt:
    """Apply nothing of what was asked for, because of ``by``; what applies by itself still does."""
    automatic = [one for one in candidates if one.source is Source.AUTOMATIC]
    without = _choose(start.copy(), automatic, bill)
    for one in asked_for:
        standing = done.standings[one.place]
        if standing.status is Status.APPLICABLE:
            words = f"{one.key} is not used without {by}, which cannot be used: all or nothing"
            standing = skipped(Reason.NOT_ALL, words, by)
        without.standings[one.place] = standing
    return without


_AIMS = {Order.BEST_FOR_CUSTOMER: Aim.MOST_OFF, Order.BEST_FOR_MARGIN: Aim.LEAST_OFF}


def _choose(start: Attempt, candidates: Sequence[Candidate], bill: Bill) -> Attempt:
    key = turn(bill)
    if key is not None:
        return _in_turn(start, sorted(candidates, key=key), bill)
    aim = _AIMS[bill.stacking.sequence]
    best = best_choice(start, in_hierarchy(candidates, bill), bill, aim)
    if best is None:
        raise AssertionError("nothing is always a choice")
    return best


# Turns


def turn(bill: Bill) -> Callable[[Candidate], Turn] | None:
    """Return the key by which candidates take their turns; None where the best choice decides."""
    last = bill.stacking.joint_last
    match bill.stacking.sequence:
        case Order.LEVELS:
            return _by_level
        case Order.REQUESTED:
            return _joint_last if last else _as_entered
        case Order.HIERARCHY:
            return _hierarchy_joint_last if last else _by_hierarchy
        case Order.BEST_FOR_CUSTOMER | Order.BEST_FOR_MARGIN:
            return None


def in_hierarchy(candidates: Sequence[Candidate], bill: Bill) -> list[Candidate]:
    """Return the candidates by their categories, their priority, and their place in the document."""
    return sorted(candidates, key=_hierarchy_joint_last if bill.stacking.joint_last else _by_hierarchy)


def _as_listed(candidate: Candidate) -> Turn:
    """Return a place that does not depend on the order in which codes were entered."""
    want = candidate.wanted
    voucher = want.voucher.voucher_id.bytes if want is not None and want.voucher is not None else b""
    return *candidate.listed, voucher


def _by_level(candidate: Candidate) -> Turn:
    compiled = candidate.compiled
    if compiled.combines is Combines.JOINT:
        return candidate.level or 0, compiled.reward.priority, True, *_as_listed(candidate)
    return candidate.level or 0, compiled.reward.priority, False, candidate.entered


def _as_entered(candidate: Candidate) -> Turn:
    return (candidate.entered,)


def _joint_last(candidate: Candidate) -> Turn:
    if candidate.combines is Combines.JOINT:
        return True, candidate.compiled.reward.priority, *_as_listed(candidate)
    return False, candidate.entered


def _by_hierarchy(candidate: Candidate) -> Turn:
    compiled = candidate.compiled
    return compiled.category.priority, compiled.reward.priority, *_as_listed(candidate)


def _hierarchy_joint_last(candidate: Candidate) -> Turn:
    return candidate.combines is Combines.JOINT, *_by_hierarchy(candidate)


# Taking turns


def _in_turn(start: Attempt, ordered: Sequence[Candidate], bill: Bill) -> Attempt:
    """Apply the candidates one after the other; an exclusive one that is valid keeps common ones out."""
    exclusive = [one for one in ordered if one.combines is Combines.EXCLUSIVE]
    if not exclusive:
        return _take_turns(start, ordered, bill)
    without_common = [one for one in ordered if one.combines is not Combines.COMMON]
    done = _take_turns(start.copy(), without_common, bill)
    winner = next((one for one in done.applied if one.combines is Combines.EXCLUSIVE), None)
    common = [one for one in ordered if one.combines is Combines.COMMON]
    if winner is not None:
        for one in common:
            refused = why_not_usable(start.cart, one, bill)
            done.standings[one.place] = refused or exclusive_keeps_out(one, winner)
        return done
    rest = [one for one in ordered if one.combines is not Combines.EXCLUSIVE]
    again = _take_turns(start, rest, bill)
    for one in exclusive:
        again.standings[one.place] = done.standings[one.place]
    return again


def _take_turns(attempt: Attempt, ordered: Sequence[Candidate], bill: Bill) -> Attempt:
    if not attempt.applied and all_combine(ordered, bill.stacking):
        for candidate in ordered:
            if candidate.place not in attempt.standings:
                apply(attempt, candidate, bill)
        return attempt
    contest = _Contest(ordered, bill)
    for candidate in ordered:
        if candidate.place in attempt.standings:
            continue
        if candidate.compiled.category.best_of:
            contest.turn_of(candidate, attempt)
        else:
            attempt.standings[candidate.place] = _outside(candidate, attempt, bill) or apply(
                attempt, candidate, bill
            )
    contest.end(attempt)
    return attempt


def _outside(candidate: Candidate, attempt: Attempt, bill: Bill) -> Standing | None:
    """Return which rule keeps a candidate out, if one does; that it is of no use comes first."""
    out = kept_out(candidate, attempt.applied, bill.stacking)
    return out and (why_not_usable(attempt.cart, candidate, bill) or out)


class _Contest:
    """Lets the best of each ``best_of`` category apply.

    A candidate waits while a later one of its category would save more; should that one turn out to
    be of no use when its turn comes, the best of those that waited is applied.
    """

    def __init__(self, ordered: Sequence[Candidate], bill: Bill) -> None:
        self._bill = bill
        self._places = {one.place: position for position, one in enumerate(ordered)}
        self._rivals: dict[tuple[int, str], list[Candidate]] = {}
        for one in ordered:
            if one.compiled.category.best_of:
                self._rivals.setdefault(category_of(one), []).append(one)
        self._measured: dict[tuple[int, str], tuple[int, Candidate | None]] = {}

    def turn_of(self, candidate: Candidate, attempt: Attempt) -> None:
        """Apply the best of the candidate's category, if it is this one or has waited."""
        if kept_out(candidate, attempt.applied, self._bill.stacking) is not None:
            return
        category = category_of(candidate)
        measured = self._measured.get(category)
        if measured is None or measured[0] != len(attempt.applied):
            best = self._best(self._rivals[category], attempt)
            measured = self._measured[category] = len(attempt.applied), best
        winner = measured[1]
        if winner is None or self._places[winner.place] > self._places[candidate.place]:
            return
        for rival in self._rivals[category]:
            if rival is not winner and is_usable(attempt.cart, rival, self._bill):
                attempt.standings[rival.place] = beaten(rival, winner, rival.compiled.category)
        apply(attempt, winner, self._bill)

    def end(self, attempt: Attempt) -> None:
        """Judge those who waited in vain, or for whom there was no room."""
        for rivals in self._rivals.values():
            for rival in rivals:
                if rival.place not in attempt.standings:
                    attempt.standings[rival.place] = _outside(rival, attempt, self._bill) or apply(
                        attempt, rival, self._bill
                    )

    def _best(self, rivals: Sequence[Candidate], attempt: Attempt) -> Candidate | None:
        """Return the rival that saves most on the cart as it is now, the first of several."""
        best: Candidate | None = None
        most = -1
        for rival in rivals:
            if kept_out(rival, attempt.applied, self._bill.stacking) is not None:
                continue
            trial = attempt.copy()
            if apply_if_usable(trial, rival, self._bill):
                discount = trial.standings[rival.place].discount
                if discount > most:
                    best, most = rival, discount
        return best
