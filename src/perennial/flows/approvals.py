"""Four eyes: what one person asks for, another one approves or rejects, and it is done once.

What is asked for is kept as it will be done. Approving changes the state for one caller only; then it is done
through the same flow as ever, whose own id makes it happen once, however often the approver sends it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import msgspec

from perennial.core.customers.identifiers import CustomerIdentifier
from perennial.core.explaining.retelling import retell_words
from perennial.core.language import Language
from perennial.core.languages import ENGLISH
from perennial.flows.answers import Answer
from perennial.flows.batcher import Intake
from perennial.flows.commands import Identified, MergeCustomers, PostAdjustment
from perennial.flows.customers.merging import merge_customers
from perennial.flows.handle_events import Handler
from perennial.flows.handling.credits import check_at_a_time
from perennial.flows.ids import Ids
from perennial.flows.pages import read_cursor, write_cursor
from perennial.flows.problems import ProblemError, customer_erased, problem
from perennial.flows.programs.life import Author, publish, rollback
from perennial.flows.programs.planned_versions import plan_version
from perennial.flows.references import one_program
from perennial.flows.staff.keys import Key
from perennial.flows.staff.records import note
from perennial.flows.staff.scopes import Scope, allows
from perennial.flows.staff.sessions import now_of
from perennial.store.database import Database
from perennial.store.staff.approvals import (
    ApprovalCursor,
    ApprovalRow,
    decide_approval,
    finish_approval,
    insert_approval,
    list_approvals,
    read_approval,
)
from perennial.units import Instant, format_instant, named_id


class Credit(msgspec.Struct, frozen=True, tag="credit"):
    """Points by hand, to a customer who is named in one way or the other.

    ``decimals`` are those of the wallet, in which people read the points.
    """

    command: PostAdjustment
    identifier: CustomerIdentifier | None
    decimals: int = 0


class Publication(msgspec.Struct, frozen=True, tag="publish"):
    """A draft, exactly as it is at this revision."""

    program: str
    revision: int
    valid_from: Instant | None
    note: str
    despite_cases: bool = False


class PlannedPublication(msgspec.Struct, frozen=True, tag="plan"):
    """A draft, exactly as it is at this revision, at an instant (as text) that is to come."""

    program: str
    revision: int
    publish_at: str
    note: str
    despite_cases: bool = False


class Return(msgspec.Struct, frozen=True, tag="rollback"):
    """An older version, published again."""

    program: str
    version: int
    note: str


class Merge(msgspec.Struct, frozen=True, tag="merge"):
    """A customer who is merged into another one, with more points than one person may move."""

    command: MergeCustomers


_NEEDS = {
    "credit": Scope.ADJUST,
    "merge": Scope.ADJUST,
    "publish": Scope.PROGRAMS,
    "plan": Scope.PROGRAMS,
    "rollback": Scope.PROGRAMS,
}

_NOTED = ("wallet", "points", "decimals", "program", "revision", "version", "publish_at")
"""What the audit log keeps of a request for good: nothing that tells of a person."""

_decode = msgspec.json.Decoder(Credit | Publication | PlannedPublication | Return | Merge).decode


async def ask_for_credit(handler: Handler, caller: Key, command: PostAdjustment | Identified) -> ApprovalRow:
    """Keep a credit that a second person has to want; the same one again is the same request.

    Raises the problem of the field if there is no such wallet.
    """
    identifier = command.identifier if isinstance(command, Identified) else None
    credit = command.command if isinstance(command, Identified) else command
    assert isinstance(credit, PostAdjustment), "nothing else is credited by hand"
    async with handler.database.snapshot(caller.workspace_id) as conn:
        workspace = await handler.configurations.current(conn, caller.workspace_id)
    live, name = one_program(workspace, credit.wallet, "wallet", "$.wallet")
    wallet = live.wallet(name)
    summary = {
        "customer": credit.customer,
        "identifier": None if identifier is None else f"{identifier.type.value}:{identifier.value}",
        "wallet": credit.wallet,
        "wallet_name": wallet.name,
        "points": credit.points,
        "decimals": wallet.decimals,
        "reason": credit.reason,
        "id": credit.id,
    }
    approval_id = named_id(caller.workspace_id, "approval of adjustment", credit.id)
    body = msgspec.json.encode(Credit(credit, identifier, wallet.decimals))
    return await _ask(
        handler.database, caller, approval_id, "credit", f"adjustment/{credit.id}", body, summary
    )


async def ask_to_merge(database: Database, caller: Key, command: MergeCustomers) -> ApprovalRow:
    """Keep a merge that a second person has to want; the same one again is the same request."""
    summary = {
        "customer": command.customer,
        "into": command.into,
        "reason": command.reason,
        "id": command.id,
    }
    approval_id = named_id(caller.workspace_id, "approval of merge", command.id)
    body = msgspec.json.encode(Merge(command.content()))
    return await _ask(database, caller, approval_id, "merge", f"merge/{command.id}", body, summary)


async def ask_to_publish(
    database: Database, caller: Key, asked: Publication | PlannedPublication | Return
) -> ApprovalRow:
    """Keep a version that a second person has to want."""
    kind = str(asked.__struct_config__.tag)
    summary = msgspec.structs.asdict(asked)
    body = msgspec.json.encode(asked)
    return await _ask(database, caller, Ids().next(), kind, f"program/{asked.program}", body, summary)


async def _ask(
    database: Database,
    caller: Key,
    approval_id: UUID,
    kind: str,
    concerned: str,
    body: bytes,
    summary: dict[str, Any],
) -> ApprovalRow:
    row = ApprovalRow(
        approval_id=approval_id,
        kind=kind,
        object=concerned,
        body=body,
        summary=msgspec.json.encode(summary),
        requested_by=asker_of(caller),
        requested_actor=caller.actor,
        requested_at=now_of(),
    )
    async with database.transaction(caller.workspace_id) as conn:
        if not await insert_approval(conn, caller.workspace_id, row):
            known = await read_approval(conn, caller.workspace_id, approval_id)
            assert known is not None, "what is there is not inserted"
            if known.body != body:
                raise problem(422, "id_conflict", "The id was used before for another request.")
            return known
        await note(
            conn,
            caller.workspace_id,
            caller.actor,
            "approval.requested",
            f"approval/{approval_id}",
            after={"kind": kind, **{name: summary[name] for name in _NOTED if name in summary}},
        )
    return row


def asker_of(caller: Key) -> UUID:
    """Return who asks: the person, whatever the session, or the key."""
    return caller.key_id if caller.person is None else caller.person.staff_id


async def approvals_of(
    database: Database, workspace_id: int, state: str, cursor: str | None, limit: int
) -> tuple[list[ApprovalRow], str | None]:
    """Return a page of what was asked for, the latest first (of one state if named), and where to go on."""
    begin = read_cursor(cursor, ApprovalCursor, workspace_id, "approvals")
    async with database.transaction(workspace_id) as conn:
        found = await list_approvals(conn, workspace_id, state, begin, limit + 1)
    shown = found[:limit]
    last = ApprovalCursor(shown[-1].requested_at, shown[-1].approval_id) if len(found) > limit else None
    return shown, write_cursor(last, workspace_id, "approvals")


async def approve(
    database: Database,
    intake: Intake,
    caller: Key,
    approval_id: UUID,
    reason: str | None,
    language: Language = ENGLISH,
) -> ApprovalRow:
    """Approve and do it. Sent again by the same person it goes on where it was, and happens once.

    What is odd about a version is told, and kept, in ``language``: that of who lets it pass. Raises 404, 403
    for one's own request and without the scope for what is asked, 409 if somebody decided.
    """
    row = await _decide(database, caller, approval_id, "approved", reason)
    if row.state != "approved":
        return row
    try:
        answer = await _do(database, intake, caller, row, language)
    except ProblemError as error:
        return await _finish(database, caller, row, "failed", msgspec.json.encode(error.problem))
    return await _finish(database, caller, row, "done" if answer.status < 400 else "failed", answer.body)


async def reject(database: Database, caller: Key, approval_id: UUID, reason: str | None) -> ApprovalRow:
    """Reject it for good; raises as :func:`approve` does."""
    return await _decide(database, caller, approval_id, "rejected", reason)


async def _decide(
    database: Database, caller: Key, approval_id: UUID, state: str, reason: str | None
) -> ApprovalRow:
    person = caller.person
    if person is None:
        raise problem(403, "session_needed", "A person approves, and no key.")
    async with database.transaction(caller.workspace_id) as conn:
        known = await read_approval(conn, caller.workspace_id, approval_id)
        if known is None:
            raise problem(404, "approval_unknown", "Nothing like this was asked for.")
        _check_rights(caller, known)
        row = await decide_approval(
            conn, caller.workspace_id, approval_id, state, person.staff_id, caller.actor, now_of(), reason
        )
        if row is not None:
            await note(
                conn,
                caller.workspace_id,
                caller.actor,
                f"approval.{state}",
                f"approval/{approval_id}",
                before={"state": "requested"},
                after={"state": state, "kind": row.kind},
                reason=reason,
            )
            return row
        known = await read_approval(conn, caller.workspace_id, approval_id)
    assert known is not None, "nothing that was asked for goes away"
    if known.decided_by == person.staff_id and state == "approved" and known.state != "rejected":
        return known  # the same person again: what was begun is ended
    raise problem(409, "approval_decided", f"Somebody has decided already: it is {known.state}.")


def _check_rights(caller: Key, row: ApprovalRow) -> None:
    person = caller.person
    assert person is not None, "a person decides"
    if row.requested_by == person.staff_id:
        raise problem(403, "own_request", "Somebody else has to approve what you have asked for.")
    if not row.body:
        raise customer_erased()
    needed = _NEEDS[row.kind]
    if not allows(caller.scopes, needed):
        raise problem(403, "scope_missing", f"Your role lacks the scope {needed.value!r}.")
    wanted = _decode(row.body)
    if isinstance(wanted, Credit):
        check_at_a_time(wanted.command.points, person.credit_most, wanted.decimals)


async def _do(
    database: Database, intake: Intake, caller: Key, row: ApprovalRow, language: Language
) -> Answer:
    wanted = _decode(row.body)
    match wanted:
        case Credit(command=command, identifier=identifier):
            agreed = msgspec.structs.replace(command, approved=True)
            posted = agreed if identifier is None else Identified(command=agreed, identifier=identifier)
            return await intake.submit(caller.workspace_id, posted)
        case Merge(command=command):
            assert caller.person is not None, "a person approves"
            agreed_to = msgspec.structs.replace(command, most=caller.person.credit_most, approved=True)
            return await merge_customers(intake.handler, caller.workspace_id, agreed_to)
        case Publication(program=code, revision=revision, valid_from=valid_from):
            author = _author(intake, row, wanted, language)
            published = await publish(database, caller.workspace_id, code, author, revision, valid_from)
        case PlannedPublication(program=code, revision=revision, publish_at=publish_at):
            author = _author(intake, row, wanted, language)
            planned = await plan_version(database, caller.workspace_id, code, publish_at, author, revision)
            at = format_instant(planned.row.publish_at)
            return Answer(status=200, body=msgspec.json.encode({"program": code, "publish_at": at}))
        case Return(program=code, version=version):
            author = _author(intake, row, wanted, language)
            published = await rollback(database, caller.workspace_id, code, version, author)
    told = {
        "program": published.program,
        "version": published.version,
        "assessment": retell_words(published.assessment, language),
    }
    return Answer(status=201, body=msgspec.json.encode(told))


def _author(
    intake: Intake, row: ApprovalRow, wanted: Publication | PlannedPublication | Return, language: Language
) -> Author:
    return Author(
        actor=f"{row.requested_actor}, approved by {row.decided_actor}",
        at=now_of(),
        note=wanted.note,
        despite_cases=not isinstance(wanted, Return) and wanted.despite_cases,
        language=language,
        codebook=intake.handler.codebook,
    )


async def _finish(
    database: Database, caller: Key, row: ApprovalRow, state: str, answer: bytes
) -> ApprovalRow:
    async with database.transaction(caller.workspace_id) as conn:
        finished = await finish_approval(conn, caller.workspace_id, row.approval_id, state, answer)
        if finished is None:
            known = await read_approval(conn, caller.workspace_id, row.approval_id)
            assert known is not None, "nothing that was asked for goes away"
            return known
    return finished


def needs_approval(answer: Answer) -> bool:
    """Tell whether a flow has refused something only because a second person has to want it."""
    return answer.status == 409 and b'"approval_needed"' in answer.body


async def or_ask(work: Callable[[], Awaitable[Any]], ask: Callable[[], Awaitable[ApprovalRow]]) -> Any:
    """Do ``work``, or ``ask`` where it is refused only because a second person has to want it."""
    try:
        return await work()
    except ProblemError as error:
        if error.problem.code != "approval_needed":
            raise
    return await ask()
