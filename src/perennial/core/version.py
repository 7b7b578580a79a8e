"""A published program, compiled once: what every decision under it shares.

The lists of a version (``needs``, ``counters``, ``limits``, ``budgets``, ``wallets``) fix the order
of the tuples in a :class:`~perennial.core.snapshot.Snapshot`.
"""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

import msgspec

from perennial.core.conditions import Condition, HistoryWindow, Measure
from perennial.core.periods import Period
from perennial.core.program import AtCap, Expiry, Pending, Program, WalletSpec
from perennial.units import Instant


class CompiledWallet(msgspec.Struct, frozen=True):
    """A wallet with its unit's number; the dates per tier are found under the tier's id."""

    spec: WalletSpec
    unit: int
    expiry: dict[str | None, Expiry]
    pending: dict[str | None, Pending]


class Metric(msgspec.Struct, frozen=True):
    """A counter kept for every member: what is counted, and by which period it is kept.

    ``number`` is hashed from everything else and the zone, so that equal counters of several
    versions and programs are one. ``window``s over calendar months and longer are sums of months,
    rolling ones sums of days.
    """

    number: int
    measure: Measure
    where: Condition | None
    event: str | None
    attribute: str | None
    unit: int | None
    period: Period


class Need(msgspec.Struct, frozen=True):
    """One figure of the past that decisions read: a metric within a window."""

    metric: Metric
    window: HistoryWindow


class CompiledLimit(msgspec.Struct, frozen=True):
    """A limit or cooldown with its number. ``cap`` is in points, or in times if ``times`` is set.

    ``name`` says it to a person (``rule review: 3 times per month``).
    """

    number: int
    name: str
    cap: int
    times: bool
    period: Period
    at_cap: AtCap


class Version(msgspec.Struct):
    """A compiled program version; ``program_id`` and ``number`` identify it in a workspace.

    ``valid_from`` is the business instant of its publication. ``rules`` maps a trigger to the
    function compiled for it (see ``core/compile.py``).
    """

    program: Program
    program_id: int
    number: int
    valid_from: Instant
    zone: ZoneInfo
    wallets: tuple[CompiledWallet, ...]
    attributes: tuple[str, ...]
    metrics: tuple[Metric, ...]
    needs: tuple[Need, ...]
    limits: tuple[CompiledLimit, ...]
    budgets: tuple[CompiledLimit, ...]
    triggers: dict[str, Callable[..., object]]
