"""Experiments and holdouts as they are shown: what they are, and what came of every variant."""

from __future__ import annotations

from typing import Literal

import msgspec

from perennial.core.document.experiments import Outcome
from perennial.reports.calls import Call, TrialState


class VariantView(msgspec.Struct, frozen=True):
    """A variant with its weight in thousandths, and how many customers were exposed to it so far."""

    id: str
    name: str | None
    weight: int
    customers: int


class TrialView(msgspec.Struct, frozen=True):
    """An experiment or holdout. The first variant is the control: those held out, for a holdout.

    A holdout without a ``campaign`` is from the whole program. ``outcome`` is what the verdict is about.
    ``first_exposed_at`` is null as long as nobody was exposed.
    """

    program: str
    id: str
    kind: Literal["experiment", "holdout"]
    name: str | None
    campaign: str | None
    outcome: Outcome
    state: TrialState
    starts_at: str | None
    ends_at: str | None
    first_exposed_at: str | None
    variants: tuple[VariantView, ...]


class TrialList(msgspec.Struct, frozen=True):
    """Every experiment and holdout of every program, those too that are no longer in it."""

    data: tuple[TrialView, ...]


class EffectView(msgspec.Struct, frozen=True):
    """What a customer of the variant brings more than one of the control, in one outcome.

    ``control`` and ``variant`` are averages of a customer, both brought to the same past; ``effect`` lies
    between ``low`` and ``high`` (null: it is too early for an interval). ``percent`` is the effect in
    percent of the control. ``variance_reduced`` is the percentage of the noise that knowing the past takes
    away. Money is in minor units of the program's currency, a share of customers between 0 and 1.
    """

    control: float
    variant: float
    effect: float
    low: float | None
    high: float | None
    percent: float | None
    variance_reduced: float
    call: Call


class ComparisonView(msgspec.Struct, frozen=True):
    """A variant beside the control. ``verdict`` and ``words`` are about the outcome of the experiment.

    They may be read every day: over all days together, a difference that is not there is called in at most 5
    of 100 experiments. That holds for the one outcome; the others are there to look at.
    ``customers_needed`` is about how many exposed customers would tell the present difference from none.
    """

    variant: str
    verdict: Call
    words: str
    customers_needed: int | None
    outcomes: dict[str, EffectView]


class VariantResult(msgspec.Struct, frozen=True):
    """The customers of a variant, their orders since they were exposed, and the sums as they are.

    ``retained`` customers have ordered again. ``margin`` is over the ``costed_orders`` alone, which say of
    every line what it costs; ``points_value`` is null where the wallet does not say what points pay.
    """

    id: str
    customers: int
    orders: int
    retained: int
    revenue: int
    costed_orders: int
    margin: int
    points: int
    points_value: int | None


class SplitView(msgspec.Struct, frozen=True):
    """Whether the customers are split as the weights say, which may be asked at any time as well.

    ``is_even`` is false where chance brings such a split in at most 1 of 1,000 experiments, ever.
    ``weights_changed``: customers of different weights are thrown together, so that differences may come
    from when they were exposed.
    """

    is_even: bool
    weights_changed: bool
    words: str


class TrialResults(msgspec.Struct, frozen=True):
    """What came of an experiment or holdout until ``until``: now, or its end.

    It also ends with the version that no longer has it. Points are whole numbers of the smallest part of
    the first wallet's unit, which has ``point_decimals`` decimal places.
    """

    trial: TrialView
    currency: str
    point_decimals: int
    until: str
    past_days: int
    split: SplitView
    variants: tuple[VariantResult, ...]
    comparisons: tuple[ComparisonView, ...]
