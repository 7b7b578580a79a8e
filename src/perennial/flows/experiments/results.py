"""``GET /v1/experiments``: every experiment and holdout, and what came of one of them.

Nothing is stored: every look sums what the customers did until now, and the intervals stay valid over all
looks together (``reports/confidence.py``). With more than one variant beside the control, each comparison
gets its part of the error rate.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from perennial.core.document.experiments import HELD_OUT, TREATED, WHOLE, Holdout, Outcome, Trial
from perennial.core.variants import CompiledTrial
from perennial.core.version import Version
from perennial.flows.configuration import LiveProgram, business_now
from perennial.flows.experiments.views import (
    ComparisonView,
    EffectView,
    SplitView,
    TrialList,
    TrialResults,
    TrialView,
    VariantResult,
    VariantView,
)
from perennial.flows.experiments.words import split_words, verdict_words
from perennial.flows.handle_events import Handler
from perennial.flows.problems import problem
from perennial.reports.calls import Call, TrialState
from perennial.reports.confidence import ALPHA, Difference, difference, times_needed
from perennial.reports.split import evidence, is_uneven
from perennial.reports.trials import PAST_DAYS, TrialCounts, VariantSums, count_exposed, read_trial
from perennial.units import Instant, format_instant


class _Shown(NamedTuple):
    """A trial as the last version that had it says, and that version."""

    live: LiveProgram
    version: Version
    compiled: CompiledTrial

    @property
    def trial(self) -> Trial:
        return self.compiled.trial


async def read_experiments(handler: Handler, workspace_id: int) -> TrialList:
    """Return every experiment and holdout that any version of any program has had."""
    async with handler.database.report(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        counts = await count_exposed(conn, workspace_id)
    now = business_now(workspace)
    return TrialList(
        tuple(
            _view(shown, counts.get((live.program_id, shown.trial.id)), now)
            for live in workspace.programs
            for shown in _trials(live)
        )
    )


async def read_experiment_results(
    handler: Handler, workspace_id: int, program: str, trial: str
) -> TrialResults:
    """Return what came of an experiment or holdout; 404 for one that no version has had."""
    async with handler.database.report(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        live = workspace.program(program)
        if live is None:
            raise problem(404, "program_unknown", f"There is no published program {program!r}.")
        shown = next((each for each in _trials(live) if each.trial.id == trial), None)
        if shown is None:
            words = f"Program {program!r} has no experiment or holdout {trial!r}."
            raise problem(404, "experiment_unknown", words)
        now = business_now(workspace)
        until = min((now + 1, *_ends(shown)))
        found = await read_trial(
            conn,
            workspace_id,
            live.program_id,
            trial,
            until=until,
            currency=shown.version.program.currency,
            unit=shown.version.wallets[0].unit,
            point_value=_point_value(shown.version) or 0.0,
        )
        counts = (await count_exposed(conn, workspace_id)).get((live.program_id, trial))
    return _results(shown, _view(shown, counts, now), found, min(until, now))


def _trials(live: LiveProgram) -> Iterator[_Shown]:
    """Yield the trials of a program, each as its last version says: the present ones first."""
    seen: set[str] = set()
    for version in reversed(live.versions):
        for compiled in version.trials:
            if compiled.trial.id not in seen:
                seen.add(compiled.trial.id)
                yield _Shown(live, version, compiled)


def _ends(shown: _Shown) -> Iterator[Instant]:
    """Yield when a trial ends: by what it says itself, and with the next version, which has it no more."""
    if shown.compiled.ends is not None:
        yield shown.compiled.ends
    if shown.version.number < shown.live.latest.number:
        yield shown.live.version(shown.version.number + 1).valid_from


def _weights(trial: Trial) -> dict[str, int]:
    """Return the weight of every variant, the control first."""
    if isinstance(trial, Holdout):
        return {HELD_OUT: trial.share, TREATED: WHOLE - trial.share}
    return {variant.id: variant.weight for variant in trial.variants}


def _view(shown: _Shown, counts: TrialCounts | None, now: Instant) -> TrialView:
    trial, compiled = shown.trial, shown.compiled
    names = {} if isinstance(trial, Holdout) else {variant.id: variant.name for variant in trial.variants}
    customers = {} if counts is None else counts.customers
    first_at = None if counts is None else counts.first_at
    return TrialView(
        program=shown.live.code,
        id=trial.id,
        kind="holdout" if isinstance(trial, Holdout) else "experiment",
        name=trial.name,
        campaign=trial.campaign if isinstance(trial, Holdout) else None,
        outcome=trial.outcome,
        state=_state(shown, now),
        starts_at=_written(compiled.starts),
        ends_at=_written(compiled.ends),
        first_exposed_at=_written(first_at),
        variants=tuple(
            VariantView(name, names.get(name), weight, customers.get(name, 0))
            for name, weight in _weights(trial).items()
        ),
    )


def _state(shown: _Shown, now: Instant) -> TrialState:
    if shown.compiled.ends is not None and now >= shown.compiled.ends:
        return TrialState.ENDED
    present = shown.live.version_at(now) or shown.live.latest
    if shown.version.number < present.number:
        return TrialState.REMOVED
    starts = max(shown.compiled.starts or 0, shown.live.versions[0].valid_from)
    return TrialState.PLANNED if now < starts else TrialState.RUNNING


def _written(at: Instant | None) -> str | None:
    return None if at is None else format_instant(at)


def _point_value(version: Version) -> float | None:
    """Return what a point of the first wallet pays, in minor units, if it pays for anything."""
    pays = version.program.wallets[0].pays
    return None if pays is None else pays.amount / pays.points


def _results(shown: _Shown, view: TrialView, found: dict[str, VariantSums], until: Instant) -> TrialResults:
    split = _split(shown, found)
    control, *others = _weights(shown.trial)
    alpha = ALPHA / len(others)
    comparisons = tuple(
        _comparison(shown, control, other, found, alpha, is_even=split.is_even) for other in others
    )
    value = _point_value(shown.version)
    return TrialResults(
        trial=view,
        currency=shown.version.program.currency,
        point_decimals=shown.version.program.wallets[0].decimals,
        until=format_instant(until),
        past_days=PAST_DAYS,
        split=split,
        variants=tuple(_variant(name, found[name], value) for name in (control, *others) if name in found),
        comparisons=comparisons,
    )


def _split(shown: _Shown, found: dict[str, VariantSums]) -> SplitView:
    """Judge the customers of every set of weights by themselves."""
    names = list(found)
    by_weights: dict[tuple[int, ...], list[int]] = {}
    for number in {version for each in found.values() for version in each.by_version}:
        trials = (each.trial for each in shown.live.version(number).trials)
        trial = next((each for each in trials if each.id == shown.trial.id), shown.trial)
        weights = _weights(trial)
        counts = by_weights.setdefault(tuple(weights.get(name, 0) for name in names), [0] * len(names))
        for place, name in enumerate(names):
            counts[place] += found[name].by_version.get(number, 0)
    # Variants to which nobody was exposed count as well, where there should be some.
    missing = [name for name in _weights(shown.trial) if name not in found]
    splits = [
        ([*counts, *(0 for _ in missing)], [*weights, *(_weights(shown.trial)[name] for name in missing)])
        for weights, counts in by_weights.items()
    ]
    is_even, changed = not is_uneven(evidence(splits)), len(by_weights) > 1
    return SplitView(is_even, changed, split_words(is_even, changed))


def _variant(name: str, found: VariantSums, value: float | None) -> VariantResult:
    def total(outcome: Outcome) -> int:
        return round(float(found.outcomes[outcome].y))

    points = total(Outcome.POINTS)
    return VariantResult(
        id=name,
        customers=found.customers,
        orders=found.orders,
        retained=total(Outcome.RETENTION),
        revenue=total(Outcome.REVENUE),
        costed_orders=found.costed,
        margin=total(Outcome.MARGIN),
        points=points,
        points_value=None if value is None else round(points * value),
    )


def _comparison(
    shown: _Shown, control: str, variant: str, found: dict[str, VariantSums], alpha: float, *, is_even: bool
) -> ComparisonView:
    primary = shown.trial.outcome
    one, other = found.get(control), found.get(variant)
    currency = shown.version.program.currency
    if one is None or other is None:
        words = verdict_words(Call.TOO_EARLY, primary, variant, control, -np.inf, np.inf, currency)
        return ComparisonView(variant, Call.TOO_EARLY, words, None, {})
    effects: dict[str, EffectView] = {}
    costs = bool(one.costed and other.costed)
    for outcome in Outcome:
        if outcome is Outcome.PROFIT and _point_value(shown.version) is None:
            continue
        known = costs or outcome not in (Outcome.MARGIN, Outcome.PROFIT)
        difference_of = difference(one.outcomes[outcome], other.outcomes[outcome], alpha)
        effects[outcome.value] = _effect(difference_of, known=known)
    found_difference = difference(one.outcomes[primary], other.outcomes[primary], alpha)
    call = effects[primary.value].call if is_even else Call.UNEVEN
    low, high = float(found_difference.low), float(found_difference.high)
    needed = None
    if call is Call.UNDECIDED:
        times = times_needed(found_difference, min(one.orders, other.orders), alpha)
        needed = None if times is None else int((one.customers + other.customers) * times)
    words = verdict_words(call, primary, variant, control, low, high, currency)
    return ComparisonView(variant, call, words, needed, effects)


def _effect(found: Difference, *, known: bool) -> EffectView:
    low, high, control = float(found.low), float(found.high), float(found.control)
    call = Call.UNDECIDED
    if not known:
        call = Call.UNKNOWN
    elif np.isinf(low):
        call = Call.TOO_EARLY
    elif low > 0:
        call = Call.MORE
    elif high < 0:
        call = Call.LESS
    effect = float(found.effect)
    return EffectView(
        control=_short(control),
        variant=_short(float(found.variant)),
        effect=_short(effect),
        low=None if np.isinf(low) else _short(low),
        high=None if np.isinf(high) else _short(high),
        percent=_short(100 * effect / control) if control > 0 else None,
        variance_reduced=_short(100 * float(found.reduced)),
        call=call,
    )


def _short(value: float) -> float:
    """Return a figure with six digits: more of them say nothing."""
    return float(f"{value:.6g}")
