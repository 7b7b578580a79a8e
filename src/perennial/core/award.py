"""What one rule gave for one event: the part of a decision that is stored and that returns undo."""

from __future__ import annotations

import msgspec

from perennial.units import Points


class Award(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One rule's award to one wallet, as stored with the decision.

    ``base`` is what the rule alone gave, ``points`` what was posted after multipliers, rounding and
    limits, ``lines`` the part of ``points`` that each line of the order contributed (empty for
    awards that no line earned; those return with the whole order, in proportion to its net), and
    ``lot_id`` the lot it went into (0 when nothing was posted).
    """

    rule: str
    unit: int
    base: Points
    points: Points
    lot_id: int = 0
    lines: tuple[Points, ...] = ()
    cut_by: str | None = None
