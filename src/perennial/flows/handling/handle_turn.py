"""It is somebody's turn in a line: what came free is claimed for them, or they are passed over.

A claim like any other, by the price and the rules of now. The wait is over in the same transaction, and the
database lets it be over once, so that nothing is given twice however often a turn is taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from asyncpg import Connection

from perennial.core.document.waiting_list import WaitingList, is_passed_over
from perennial.core.refusals import RefusalCode
from perennial.flows.answers import Answer
from perennial.flows.batch import Batch
from perennial.flows.commands import Command, PostClaim, TakeTurn
from perennial.flows.handling.handle_once import handle_claim
from perennial.flows.problems import ProblemError, problem
from perennial.store.codes.waits import Line, WaitRow, WaitState, count_lines, load_waits


async def load_turns(conn: Connection, batch: Batch, commands: Sequence[Command]) -> None:
    """Load the waits of those whose turn it is, and how many wait for what is claimed; stocks are locked."""
    turns = [
        (UUID(hex=command.customer_id), UUID(hex=command.wait_id))
        for command in commands
        if isinstance(command, TakeTurn)
    ]
    if turns:
        batch.waits = await load_waits(conn, batch.workspace.workspace_id, batch.bucket, turns)
    lines = {
        line for command in commands if isinstance(command, PostClaim) for line in _lines(batch, command)
    }
    if lines:
        row = batch.workspace.row
        batch.lines = await count_lines(conn, row.workspace_id, row.span, lines)


def _lines(batch: Batch, command: PostClaim) -> list[Line]:
    """Return the lines in which others may wait for what is claimed, in whichever program."""
    at = batch.now if command.at is None else command.at
    code, _, name = command.reward.rpartition("/")
    found = []
    for live in batch.workspace.programs:
        version = live.version_at(at)
        compiled = None if version is None or code not in ("", live.code) else version.rewards.get(name)
        if compiled is not None and compiled.reward.waiting_list is not None:
            found.append((live.program_id, name))
    return found


def handle_turn(batch: Batch, command: TakeTurn) -> Answer:
    """Claim for somebody what came free, or note why they cannot have it; raises the problem then."""
    row = batch.waits.get(UUID(hex=command.wait_id))
    if row is None or row.state is not WaitState.WAITING or row.customer_id in batch.erased:
        raise problem(404, "wait_unknown", "Nobody waits there any more.")
    live = batch.workspace.program_by_id(row.program_id)
    claim = PostClaim(
        id=f"wait-{row.wait_id}",
        customer=batch.external_name(batch.members[row.customer_id]),
        at=None,
        reward=f"{live.code}/{row.reward}",
    )
    changes = len(batch.changes)
    try:
        answer = handle_claim(batch, claim, served=True)
    except ProblemError as error:
        if any(change.operation_id not in batch.timer_operations for change in batch.changes[changes:]):
            raise
        _pass_over(batch, row, error)
        raise
    row.state, row.claim = WaitState.SERVED, claim.id
    row.changed_at = row.asked_at = batch.now
    row.reason = None
    batch.ended_waits[row.wait_id] = row
    return answer


def _pass_over(batch: Batch, row: WaitRow, error: ProblemError) -> None:
    """Note that it was somebody's turn and they could not have it; nothing is noted if nothing was free."""
    code = error.problem.code
    if code == RefusalCode.OUT_OF_STOCK:
        return
    row.asked_at, row.reason = batch.now, code
    ended = "ended_at" in error.problem.details
    if is_passed_over(_waiting_list(batch, row), code, ended=ended):
        row.state, row.changed_at = WaitState.PASSED_OVER, batch.now
    batch.ended_waits[row.wait_id] = row


def _waiting_list(batch: Batch, row: WaitRow) -> WaitingList | None:
    version = batch.workspace.program_by_id(row.program_id).version_at(batch.now)
    compiled = None if version is None else version.rewards.get(row.reward)
    return None if compiled is None else compiled.reward.waiting_list
