"""Timers of one member, run in memory before anything else happens to the member."""

from __future__ import annotations

from perennial.core.member import Member
from perennial.flows.batch import Batch
from perennial.flows.handling.decide_program import Outcome
from perennial.flows.handling.passing_time import pass_time
from perennial.flows.handling.segmenting import follow_segments
from perennial.units import Instant


def run_timers_due(batch: Batch, member: Member, at: Instant) -> list[Outcome]:
    """Run what is due for the member up to ``at``, instant by instant, and re-arm its timer.

    Every instant is an operation of its own, judged by the version that was valid then.
    """
    return pass_time(batch, member, at, follow_segments)
