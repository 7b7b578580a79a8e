"""One batch, one transaction: load what the commands need, decide them in order, write it all.

The shape is always the same: read the configuration, lock the customers in sorted order, load their
state and the rows that the commands name, decide in memory, write with set-based statements, commit.
A command that is refused gets its own answer. A batch that fails in the database is tried again in
halves, so that one bad command never fails its neighbors.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import count
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
from asyncpg import Connection

from perennial.flows.answers import Answer, Problem
from perennial.flows.batch import Batch
from perennial.flows.commands import (
    ApplyEntered,
    AssignTier,
    ChangeEntitlement,
    ChangeHold,
    Command,
    ConvertOwner,
    ExpireHold,
    JoinProgram,
    LeaveProgram,
    MoveInSegment,
    PostAdjustment,
    PostClaim,
    PostEvent,
    PostRedemption,
    PostReturn,
    PostRollback,
    PutCustomer,
    PutOrder,
    RedeemHold,
    ReviewReferral,
    RunTimers,
    StartChallenge,
    TakeTurn,
)
from perennial.flows.configuration import FUTURE_TOLERANCE, Configurations, business_now
from perennial.flows.handling.change_hold import handle_change_hold
from perennial.flows.handling.concerned import customers_of
from perennial.flows.handling.giving_back import handle_expired_hold, handle_rollback
from perennial.flows.handling.handle_challenge import handle_start
from perennial.flows.handling.handle_conversion import handle_conversion
from perennial.flows.handling.handle_customer import (
    handle_join,
    handle_leave,
    handle_put_customer,
    handle_timers,
)
from perennial.flows.handling.handle_entitlement import handle_entitlement
from perennial.flows.handling.handle_once import (
    handle_adjustment,
    handle_assignment,
    handle_claim,
    handle_event,
)
from perennial.flows.handling.handle_order import handle_put_order
from perennial.flows.handling.handle_return import handle_return
from perennial.flows.handling.handle_review import handle_review
from perennial.flows.handling.handle_segment import handle_entered, handle_move
from perennial.flows.handling.handle_turn import handle_turn
from perennial.flows.handling.load_batch import load
from perennial.flows.handling.passing_time import LotsNeeded
from perennial.flows.handling.redeeming import handle_redeem_hold, handle_redemption
from perennial.flows.handling.segmenting import judge_last, settle, settle_segments, unsettled
from perennial.flows.handling.write_batch import write
from perennial.flows.ids import Ids
from perennial.flows.loading.drawn_codes import CodesNeeded
from perennial.flows.problems import ProblemError, answer_problem, field_problem, problem
from perennial.flows.signed_codes import wall_now
from perennial.store.codes.codebook import Codebook
from perennial.store.database import Database
from perennial.store.effects import GuardError
from perennial.store.workspaces import WorkspaceRow, read_workspace

T = TypeVar("T")

MAX_COLLISIONS = 2

_GONE = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
)

IN_THE_FUTURE = field_problem("$.occurred_at", "in_the_future", "lies more than 5 minutes ahead")

_log = logging.getLogger("perennial.flows")


class Handler:
    """Handles batches of commands for any workspace; one per worker process.

    ``codebook`` is that of the installation; ``generation`` counts how often the database was restored;
    postings carry it.
    """

    def __init__(self, database: Database, codebook: Codebook, generation: int = 0) -> None:
        self.database = database
        self.codebook = codebook
        self.generation = generation
        self.configurations = Configurations()
        self.ids = Ids()
        self.companions: dict[UUID, frozenset[tuple[int, UUID]]] = {}
        self.homes: dict[UUID, int] = {}
        self.keepers: dict[UUID, UUID] = {}

    async def handle_batch(self, workspace_id: int, bucket: int, commands: Sequence[Command]) -> list[Answer]:
        """Handle commands of one bucket in one transaction and return their answers in order.

        After a failure of the database the batch is tried again in halves; a single command that
        still fails is answered with a problem. A database that is gone is raised: whether the
        transaction was committed is unknown then, and repeating the commands tells.
        """
        try:
            return await self._handle(workspace_id, bucket, commands)
        except (asyncpg.PostgresError, GuardError) as error:
            if isinstance(error, _GONE):
                raise
            if len(commands) == 1:
                _log.exception("a command failed", exc_info=error)
                return [answer_problem(_problem_of(error))]
            middle = len(commands) // 2
            first = await self.handle_batch(workspace_id, bucket, commands[:middle])
            return first + await self.handle_batch(workspace_id, bucket, commands[middle:])

    async def _handle(self, workspace_id: int, bucket: int, commands: Sequence[Command]) -> list[Answer]:
        """Handle the batch, again from the start where deciding it found out what it needs.

        That is: lots of members whose timers fell due within the batch, codes of pools for what was caused,
        ids that were claimed for commands which are refused, and a command that failed after it had changed
        something in memory, which is then left out with its answer.
        """
        with_lots: set[UUID] = set()
        late: set[tuple[int, UUID]] = set()
        left_out: dict[int, Answer] = {}
        codes: dict[tuple[int, str], int] = {}
        tries = count()
        while True:
            try:
                return await self.retrying(
                    lambda: self._handle_once(
                        workspace_id, bucket, commands, with_lots, late, left_out, codes, next(tries)
                    )
                )
            except LotsNeeded as needed:
                with_lots.add(needed.owner)
            except CodesNeeded as wanted:
                codes[wanted.key] = wanted.count
            except _ClaimedInVain as claimed:
                late.update(claimed.ids)
            except _LeaveOut as command:
                left_out[command.index] = command.answer

    async def retrying(self, work: Callable[[], Awaitable[T]]) -> T:
        """Run ``work`` (a whole transaction), and again when it lost a race; see ``Database.retrying``.

        Another transaction may also have used an id at the same moment: the next try sees what it wrote.
        """
        for _ in range(MAX_COLLISIONS):
            try:
                return await self.database.retrying(work)
            except asyncpg.UniqueViolationError:
                continue
        return await self.database.retrying(work)

    async def _handle_once(
        self,
        workspace_id: int,
        bucket: int,
        commands: Sequence[Command],
        with_lots: AbstractSet[UUID],
        late: AbstractSet[tuple[int, UUID]],
        left_out: Mapping[int, Answer],
        codes: Mapping[tuple[int, str], int],
        tried: int,
    ) -> list[Answer]:
        taken = {index: command for index, command in enumerate(commands) if index not in left_out}
        answers = dict(left_out)
        if not taken:
            return [answers[index] for index in range(len(commands))]
        async with self.database.transaction(workspace_id) as conn:
            batch = await self.batch(conn, workspace_id, bucket)
            batch.again = tried > 0
            await load(conn, batch, self.configurations, [*taken.values()], with_lots, late, codes)
            answers |= {index: _decide(batch, index, command) for index, command in taken.items()}
            _judge_last(batch, [*taken])
            _judge_the_rest(batch, taken)
            if batch.early:
                raise _ClaimedInVain(batch.early.keys())
            await write(conn, batch, self.generation)
        return [answers[index] for index in range(len(commands))]

    async def batch(self, conn: Connection, workspace_id: int, bucket: int) -> Batch:
        """Begin a batch in the caller's transaction; loading it makes its configuration current."""
        workspace = await self.configurations.recent(conn, workspace_id)
        return Batch(
            workspace=workspace,
            bucket=bucket,
            now=business_now(workspace),
            ids=self.ids,
            codebook=self.codebook,
            codes_judged_at=wall_now(),
            companions=self.companions,
            homes=self.homes,
            keepers=self.keepers,
        )

    async def read_workspace(self, workspace_id: int) -> WorkspaceRow:
        """Return the row of a workspace."""
        async with self.database.transaction(workspace_id) as conn:
            return await read_workspace(conn, workspace_id)


_HANDLERS: dict[type, Callable[[Batch, Any], Answer]] = {
    PutOrder: handle_put_order,
    PostReturn: handle_return,
    PostEvent: handle_event,
    PostClaim: handle_claim,
    PostAdjustment: handle_adjustment,
    PostRedemption: handle_redemption,
    ChangeHold: handle_change_hold,
    RedeemHold: handle_redeem_hold,
    PostRollback: handle_rollback,
    ExpireHold: handle_expired_hold,
    ChangeEntitlement: handle_entitlement,
    TakeTurn: handle_turn,
    ReviewReferral: handle_review,
    ConvertOwner: handle_conversion,
    AssignTier: handle_assignment,
    PutCustomer: handle_put_customer,
    JoinProgram: handle_join,
    LeaveProgram: handle_leave,
    StartChallenge: handle_start,
    RunTimers: handle_timers,
    MoveInSegment: handle_move,
    ApplyEntered: handle_entered,
}


def _decide(batch: Batch, index: int, command: Command) -> Answer:
    """Decide one command in memory; a problem answers it and leaves its neighbors alone."""
    changes, elsewhere = len(batch.changes), _elsewhere(batch)
    try:
        at = getattr(command, "at", None)
        if (
            at is not None
            and at > batch.now + FUTURE_TOLERANCE
            and not isinstance(command, RunTimers | ExpireHold)
        ):
            return answer_problem(IN_THE_FUTURE.problem)
        answer = _HANDLERS[type(command)](batch, command)
        if batch.touched:
            settle_segments(batch)
        return answer
    except (LotsNeeded, CodesNeeded):
        raise
    except ProblemError as error:
        answer = answer_problem(error.problem)
    except Exception as error:
        _log.exception("a command failed while it was decided")
        raise _LeaveOut(index, answer_problem(_problem_of(error))) from error
    mine = any(change.operation_id not in batch.timer_operations for change in batch.changes[changes:])
    if mine or _elsewhere(batch) != elsewhere:
        raise _LeaveOut(index, answer)
    return answer


def _judge_last(batch: Batch, taken: Sequence[int]) -> None:
    """Judge those who were put off; a command whose customer cannot be judged is left out alone."""
    for customer_id in batch.put_off:
        try:
            judge_last(batch, customer_id)
        except Exception as error:
            _log.exception("the customer of a command could not be judged")
            index = taken[batch.judged_last[customer_id]]
            raise _LeaveOut(index, answer_problem(_problem_of(error))) from error


def _judge_the_rest(batch: Batch, taken: Mapping[int, Command]) -> None:
    """Judge whoever no command has: the customers, say, that refused ones would have been the first of."""
    while (judged := unsettled(batch)) is not None:
        try:
            settle(batch, judged, refuses=False)
        except (LotsNeeded, CodesNeeded):
            raise
        except Exception as error:
            for index, command in taken.items():
                if judged in [customer_id for customer_id, _ in customers_of(batch, command)]:
                    _log.exception("the customer of a command could not be judged")
                    raise _LeaveOut(index, answer_problem(_problem_of(error))) from error
            raise


def _elsewhere(batch: Batch) -> int:
    """Return how many changes there are in other buckets: of gift cards, and of guests."""
    return sum(map(len, batch.elsewhere.values())) if batch.elsewhere else 0


class _ClaimedInVain(Exception):
    """Ids were claimed early for commands that are refused; the next try leaves them for later."""

    def __init__(self, ids: Iterable[tuple[int, UUID]]) -> None:
        super().__init__("ids were claimed in vain")
        self.ids = frozenset(ids)


class _LeaveOut(Exception):
    """A command failed after it had changed the batch; it is left out of the next try."""

    def __init__(self, index: int, answer: Answer) -> None:
        super().__init__(index)
        self.index = index
        self.answer = answer


def _problem_of(error: Exception) -> Problem:
    state = getattr(error, "sqlstate", "") or ""
    if state[:2] in ("22", "54"):
        return problem(422, "value_refused", "A value is outside what can be stored.").problem
    if state[:2] == "23" or isinstance(error, GuardError):
        return problem(409, "limit_reached", "A limit or another write stood in the way.").problem
    if state[:2] in ("40", "53", "57"):
        return problem(503, "unavailable", "The database cannot take writes now.").problem
    return problem(500, "internal_error", "Something went wrong on our side; nothing was changed.").problem
