"""The challenges of a version: what their words refer to, looked up once."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from perennial.core.compiling.triggers import Compiler
from perennial.core.dates.periods import Period
from perennial.core.dates.schedule import Schedule, life_of
from perennial.core.document.challenge import Challenge, Goal
from perennial.core.document.program import Program
from perennial.core.terms.conditions import Measure
from perennial.core.version import CompiledChallenge, CompiledGoal, Metric
from perennial.units import stable_hash


def compile_challenges(
    program: Program, program_id: int, compiler: Compiler, units: dict[str, int], zone: ZoneInfo
) -> tuple[CompiledChallenge, ...]:
    """Return every challenge of the program, in their order.

    The number of a challenge depends on its id alone: who is under way when a new version changes its
    target or its dates goes on.
    """
    return tuple(
        _compile(program, program_id, compiler, units, zone, challenge) for challenge in program.challenges
    )


def challenge_number(program_id: int, challenge: str) -> int:
    """Return the number under which the rounds of a challenge are kept."""
    return stable_hash("challenge", program_id, challenge)


def _compile(
    program: Program,
    program_id: int,
    compiler: Compiler,
    units: dict[str, int],
    zone: ZoneInfo,
    challenge: Challenge,
) -> CompiledChallenge:
    starts, ends = life_of(challenge.schedule or Schedule(), zone)
    return CompiledChallenge(
        challenge=challenge,
        number=challenge_number(program_id, challenge.id),
        goals=tuple(_goal(program, compiler, units, goal) for goal in challenge.goals),
        fits=compiler.test([challenge.schedule], [challenge.when]),
        starts=starts,
        ends=ends,
    )


def _goal(program: Program, compiler: Compiler, units: dict[str, int], goal: Goal) -> CompiledGoal:
    if goal.measure is None:
        return CompiledGoal(goal, None, None)
    unit = None
    if goal.measure is Measure.POINTS_EARNED:
        unit = units[goal.wallet or program.wallets[0].id]
    # What is counted goes into rounds, and not into counters: the metric has no number and no period.
    metric = Metric(0, goal.measure, goal.where, goal.event, goal.attribute, unit, Period.EVER)
    return CompiledGoal(goal, metric, compiler.choice(metric))
