"""Experiments and holdouts in the program document: who gets which parts of it, to see what they bring.

How a member is given a variant is in ``core/variants.py``, what must hold beyond types in
``core/validation/experiments.py``.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta

from perennial.core.document.reward import Title
from perennial.core.kinds.rule import Identifier
from perennial.core.terms.conditions import Condition

WHOLE = 1_000
"""Weights and shares are whole thousandths of all members."""

Permille = Annotated[int, Meta(ge=0, le=WHOLE, description="thousandths of all members: 500 is half of them")]
Share = Annotated[int, Meta(ge=1, le=WHOLE - 1, description="thousandths of all members: 50 is 5 percent")]

HELD_OUT, TREATED = "held_out", "treated"
"""The two variants of a holdout: those who get nothing, and everybody else."""


class Outcome(StrEnum):
    """What variants are compared by, for each customer who was exposed, from then on.

    Revenue and margin are what was paid for and not brought back, in minor units; retention is whether the
    customer has ordered again; points are what the program gave in its first wallet, less what it took back;
    profit is the margin less the points, at what the wallet says they are worth in payment.
    """

    REVENUE = "revenue"
    MARGIN = "margin"
    ORDERS = "orders"
    RETENTION = "retention"
    POINTS = "points"
    PROFIT = "profit"


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    pass


class Parts(_Part, frozen=True):
    """Parts of the program, by their ids."""

    rules: tuple[Identifier, ...] = ()
    rewards: tuple[Identifier, ...] = ()
    campaigns: tuple[Identifier, ...] = ()
    messages: tuple[Identifier, ...] = ()


class Replacements(_Part, frozen=True):
    """Parts of the program that others of the same kind replace: ``{base: double}`` gives double for base."""

    rules: dict[Identifier, Identifier] = {}
    rewards: dict[Identifier, Identifier] = {}
    campaigns: dict[Identifier, Identifier] = {}
    messages: dict[Identifier, Identifier] = {}


class Variant(_Part, frozen=True, kw_only=True):
    """One way in which some members get the program.

    ``off`` are parts that they do not get, ``on`` parts that only they get, ``replace`` does both. A part
    that some variant has ``on`` is off for everybody else, outside of the experiment too.
    """

    id: Identifier
    name: Title | None = None
    weight: Permille
    on: Parts = Parts()
    off: Parts = Parts()
    replace: Replacements = Replacements()


class Experiment(_Part, frozen=True, kw_only=True):
    """Variants of the program, each for a random part of the members; the first one is the control.

    What the weights leave of 1,000 takes no part. ``audience`` is asked when a member would take part for
    the first time; who was exposed keeps the variant until the end. ``starts`` and ``ends`` are local dates
    or instants as in a schedule. Another ``salt`` shuffles everybody anew. The verdict is about the
    ``outcome``; all the others are shown beside it.
    """

    id: Identifier
    name: Title | None = None
    variants: tuple[Variant, ...]
    audience: Condition | None = None
    starts: str | None = None
    ends: str | None = None
    salt: Identifier | None = None
    outcome: Outcome = Outcome.REVENUE


class Holdout(_Part, frozen=True, kw_only=True):
    """A ``share`` of the members who get nothing of the program, or of one ``campaign``, for good.

    They keep what they had: points can be spent, vouchers used. Who is held out of the program takes no
    part in experiments. The verdict is about the ``outcome``.
    """

    id: Identifier
    name: Title | None = None
    share: Share
    campaign: Identifier | None = None
    salt: Identifier | None = None
    outcome: Outcome = Outcome.REVENUE


Trial: TypeAlias = Experiment | Holdout
"""Whatever gives members variants."""


def in_order(holdouts: tuple[Holdout, ...], experiments: tuple[Experiment, ...]) -> tuple[Trial, ...]:
    """Return the holdouts from the program, those from campaigns, and the experiments, as snapshots do."""
    return (*sorted(holdouts, key=lambda holdout: holdout.campaign is not None), *experiments)
