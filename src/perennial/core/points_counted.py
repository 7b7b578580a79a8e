"""The points that the history keeps of an event, whoever asks."""

from __future__ import annotations

from perennial.core.decision import Decision
from perennial.core.decisions.returns import reversed_points
from perennial.core.events import Event, OrderReturned
from perennial.units import Points


def points_counted(event: Event, decision: Decision) -> dict[int, Points]:
    """Return, per unit, the points that ``event`` earned by its ``decision``; of a return what it reverses.

    What a return reverses counts whole, whether or not the wallet still held it.
    """
    if isinstance(event, OrderReturned):
        return reversed_points(event)
    points: dict[int, Points] = {}
    for award in decision.awards:
        points[award.unit] = points.get(award.unit, 0) + award.points
    return points
