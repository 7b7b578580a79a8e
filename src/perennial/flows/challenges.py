"""``GET /v1/customers/{id}/challenges``: how far a customer is with every challenge."""

from __future__ import annotations

import msgspec

from perennial.core.challenges.view import ChallengeView, GoalView, views_of
from perennial.flows.configuration import LiveProgram, business_now
from perennial.flows.handle_events import Handler
from perennial.flows.merged import follows_merges
from perennial.flows.reading import load_customer
from perennial.units import Instant, format_instant


class _View(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    pass


class ChallengeGoalView(_View, frozen=True):
    """One goal: what was counted of its target. ``reached_at`` is when time alone reaches it."""

    id: str
    counted: int
    target: int
    reached: bool
    name: str | None = None
    measure: str | None = None
    reached_at: str | None = None


class CustomerChallenge(_View, frozen=True):
    """A challenge as one customer sees it.

    ``state`` is open (nothing counted yet), active, completed, missed or reversed. ``missing`` is what
    ``progress`` lacks of ``target``: periods of a streak, goals of several, else what its goal counts.
    ``next_step`` says what to do. ``can_start`` tells that it waits to be started. ``gives`` are the kinds
    of benefits that completing it gives.
    """

    program: str
    id: str
    name: str
    state: str
    progress: int
    target: int
    missing: int
    completed_count: int
    can_start: bool
    next_step: str
    goals: tuple[ChallengeGoalView, ...]
    gives: tuple[str, ...]
    started_at: str | None
    ends_at: str | None
    completed_at: str | None
    description: str | None = None


class ChallengeList(_View, frozen=True):
    """Every challenge of a customer, as of ``at``; ``next_cursor`` is null, for it is one page."""

    data: tuple[CustomerChallenge, ...]
    at: str
    next_cursor: str | None


@follows_merges
async def read_challenges(handler: Handler, workspace_id: int, customer: str) -> ChallengeList:
    """Return how far a customer is with every challenge at this moment, or raise the 404."""
    async with handler.database.snapshot(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        _, member = await load_customer(conn, workspace, customer)
    at = business_now(workspace)
    found = [
        _view(live, view)
        for live in workspace.programs
        if (version := live.version_at(at)) is not None
        for view in views_of(version, member, at)
    ]
    return ChallengeList(data=tuple(found), at=format_instant(at), next_cursor=None)


def _view(live: LiveProgram, view: ChallengeView) -> CustomerChallenge:
    challenge = view.compiled.challenge
    return CustomerChallenge(
        program=live.code,
        id=challenge.id,
        name=challenge.name,
        description=challenge.description,
        state=view.state,
        progress=view.progress,
        target=view.target,
        missing=view.missing,
        completed_count=view.completed_count,
        can_start=view.can_start,
        next_step=view.next_step,
        goals=tuple(_goal(goal) for goal in view.goals),
        gives=tuple(str(benefit.__struct_config__.tag) for benefit in challenge.gives),
        started_at=_text(view.started_at),
        ends_at=_text(view.ends_at),
        completed_at=_text(view.completed_at),
    )


def _goal(view: GoalView) -> ChallengeGoalView:
    goal = view.goal
    return ChallengeGoalView(
        id=goal.id,
        name=goal.name,
        measure=None if goal.measure is None else goal.measure.value,
        counted=view.counted,
        target=goal.target,
        reached=view.reached,
        reached_at=_text(view.reached_at),
    )


def _text(instant: Instant | None) -> str | None:
    return None if instant is None else format_instant(instant)
