"""Who becomes a member without asking: by the first event, or by a segment."""

from __future__ import annotations

from collections.abc import Container

from perennial.core.document.program import Enrollment, EnrollmentMode


def source_at_event(
    enrollment: Enrollment, inside: Container[str | None] | None, came_by: str = "automatic"
) -> str | None:
    """Return the source of the join of a customer to whom something happens; None: it does not join.

    ``inside`` are the customer's segments; None where nobody knows who is in which. ``came_by`` is the source
    where no segment brings them.
    """
    in_it = inside is not None and enrollment.segment in inside
    match enrollment.mode:
        case EnrollmentMode.AUTOMATIC if in_it or inside is None or not enrollment.closed:
            return came_by
        case EnrollmentMode.SEGMENT if in_it:
            return "segment"
        case _:
            return None


def joins_by_entering(enrollment: Enrollment, entered: Container[str | None]) -> bool:
    """Whether entering these segments makes a customer a member."""
    return enrollment.mode is EnrollmentMode.SEGMENT and enrollment.segment in entered
