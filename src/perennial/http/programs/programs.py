"""Programs: drafts, publication, versions, what changed, and the way back."""

from __future__ import annotations

import re
import time
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post, put
from litestar.params import PathParameter, QueryParameter

from perennial.core.explaining.program_diff import Change
from perennial.core.languages import LANGUAGES
from perennial.core.problems import Problem
from perennial.core.rehearsal.gives_back import GivesBack
from perennial.core.validation.assessment import Assessment
from perennial.flows.answers import FieldProblem
from perennial.flows.approvals import Publication, Return, ask_to_publish, or_ask
from perennial.flows.problems import problem
from perennial.flows.programs.case_runs import CaseRun, run_draft_cases
from perennial.flows.programs.flaw_search import ProgramCheck, check_program
from perennial.flows.programs.life import Author, Draft, Published, get_draft, publish, put_draft, rollback
from perennial.flows.programs.versions import Side, compare, document_of, programs_of, versions_of
from perennial.flows.staff.keys import Key
from perennial.flows.staff.scopes import Scope, allows
from perennial.http.door.exchange import check_json, headers_of
from perennial.http.door.instants import read_instant
from perennial.http.door.language import LanguageName
from perennial.http.door.operation import (
    ExternalId,
    admitted,
    body_of,
    connection_of,
    operation,
    spoken_in,
    told,
    written,
)
from perennial.http.door.paths import plain_segment
from perennial.http.door.problems import bad_fields, bad_request
from perennial.http.programs.simulations import check_document
from perennial.http.requests import CasesBody, CheckBody, PublishBody, RollbackBody
from perennial.http.staff.approvals import ApprovalView, approval_view
from perennial.store.staff.approvals import ApprovalRow
from perennial.units import format_instant

YAML = "application/yaml"
_CHECK_SECONDS = 10

Revision = Annotated[
    int | None, QueryParameter(ge=0, le=2**31 - 1, description="the revision that you have seen")
]
SideName = Annotated[
    str, QueryParameter(pattern="^(draft|[1-9][0-9]{0,8})$", description="a version's number, or `draft`")
]


class DraftView(msgspec.Struct, frozen=True):
    """A draft as its author left it; ``problems`` keep it from being published.

    Without any, ``assessment`` warns of conditions that never hold, always hold or contradict each other,
    and says how many comparisons the most expensive event may take. `gives_back` says for each wallet how
    much of what is spent comes back, and whether that is within the 3 to 10 % that are advised.
    """

    program: str
    document: str
    revision: int
    problems: tuple[Problem, ...]
    assessment: Assessment | None = None
    gives_back: tuple[GivesBack, ...] = ()


class PublishedView(msgspec.Struct, frozen=True):
    """A version that is now in force, and what changed since the one before, in words.

    ``check`` is what was found in it, if that was asked for; ``assessment`` is what is odd about its
    conditions, and what the most expensive event may take.
    """

    program: str
    version: int
    valid_from: str
    digest: str
    changes: tuple[Change, ...]
    check: ProgramCheck | None = None
    assessment: Assessment | None = None


class ProgramView(msgspec.Struct, frozen=True):
    """A program; ``version`` is the one in force, null before the first.

    ``name``, ``time_zone`` and ``currency`` are those of the latest version, before the first one those of
    the draft; a draft that cannot be read goes by its id, and its zone and currency are null.
    """

    program: str
    name: str
    time_zone: str | None
    currency: str | None
    version: int | None
    draft_revision: int
    created_at: str


class ProgramList(msgspec.Struct, frozen=True):
    """The programs of the workspace, oldest first."""

    data: tuple[ProgramView, ...]


class VersionView(msgspec.Struct, frozen=True):
    """A version; equal digests are equal programs.

    `planned_at` says when `actor` planned that it be published at its instant; null where it was not planned.
    """

    version: int
    valid_from: str
    published_at: str
    actor: str
    note: str
    digest: str
    planned_at: str | None = None


class VersionList(msgspec.Struct, frozen=True):
    """The versions of a program, newest first."""

    data: tuple[VersionView, ...]


class DiffView(msgspec.Struct, frozen=True):
    """What changed from one side to the other."""

    changes: tuple[Change, ...]


def _draft_view(draft: Draft) -> DraftView:
    return DraftView(
        draft.program, draft.text, draft.revision, draft.problems, draft.assessment, draft.gives_back
    )


def _published_view(published: Published, check: ProgramCheck | None = None) -> PublishedView:
    valid_from = format_instant(published.valid_from)
    return PublishedView(
        published.program,
        published.version,
        valid_from,
        published.digest,
        published.changes,
        check,
        published.assessment,
    )


def _author(request: Request[Any, Any, Any], note: str = "", *, despite_cases: bool = False) -> Author:
    """Return who publishes, alone as far as is known here."""
    door, caller = admitted(request)
    return Author(
        actor=caller.actor,
        at=time.time_ns() // 1_000,
        note=note,
        alone=True,
        despite_cases=despite_cases,
        language=spoken_in(request),
        codebook=door.handler.codebook,
    )


def despite(caller: Key, wanted: bool) -> bool:
    """Return whether it is published although cases do not hold; raise a 403 for who may not say so."""
    if wanted and not allows(caller.scopes, Scope.APPROVE):
        words = f"Publishing despite test cases takes the scope {Scope.APPROVE.value!r}."
        raise problem(403, "scope_missing", words)
    return wanted


@get(
    "/v1/programs",
    **operation("program_list", "Programs", "List the programs", needs=Scope.READ, gives={200: ProgramList}),
)
async def program_list(request: Request[Any, Any, Any]) -> Response[Any]:
    """All programs of the workspace, oldest first."""
    door, caller = admitted(request)
    entries = await programs_of(door.database, caller.workspace_id)
    views = [
        ProgramView(
            each.program,
            each.name,
            each.time_zone,
            each.currency,
            each.version,
            each.draft_revision,
            format_instant(each.created_at),
        )
        for each in entries
    ]
    return written(ProgramList(tuple(views)))


@get(
    "/v1/programs/{id:str}/draft",
    **operation(
        "draft_get", "Programs", "Read the draft", needs=Scope.READ, gives={200: DraftView}, refuses=(404,)
    ),
)
async def draft_get(request: Request[Any, Any, Any], id: ExternalId) -> Response[Any]:
    """The author's own text, with everything that keeps it from being published."""
    door, caller = admitted(request)
    code, language, codebook = plain_segment(id), spoken_in(request), door.handler.codebook
    draft = await get_draft(door.database, caller.workspace_id, code, language, codebook)
    return told(request, _draft_view(draft))


@put(
    "/v1/programs/{id:str}/draft",
    **operation(
        "draft_put",
        "Programs",
        "Replace the draft",
        needs=Scope.PROGRAMS,
        takes=str,
        gives={200: DraftView},
        refuses=(409,),
    ),
)
async def draft_put(
    request: Request[Any, Any, Any], id: ExternalId, revision: Revision = None
) -> Response[Any]:
    """The body is the program document itself, YAML or JSON.

    A draft may hold problems: they are in the answer, each with its path. With `revision` a draft that
    somebody else changed since is not replaced.
    """
    door, caller = admitted(request)
    text = await document_of_request(request)
    code, author = plain_segment(id), _author(request)
    saved = await put_draft(
        door.database, caller.workspace_id, code, text, author, revision, spoken_in(request)
    )
    return told(request, _draft_view(saved))


async def document_of_request(request: Request[Any, Any, Any]) -> str:
    """Return the body of a request that is a document, YAML or JSON, as text; raise a 4xx if it is none."""
    check_json(
        headers_of(connection_of(request)),
        b"application/yaml",
        b"application/json",
        b"text/yaml",
        b"application/x-yaml",
    )
    return _document(await request.body())


_BAD_IN_DOCUMENTS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")


def _document(body: bytes) -> str:
    """Return the text of a document or raise a 400; its grammar is the reader's business."""
    if not body:
        raise bad_request(400, "body_missing", "Send the program document as the body.")
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        words = f"the document is not UTF-8 at byte {error.start}"
        raise bad_fields(400, FieldProblem(path="$", code="not_utf8", message=words)) from None
    if found := _BAD_IN_DOCUMENTS.search(text):
        words = f"the document holds the control character U+{ord(found[0]):04X}"
        raise bad_fields(400, FieldProblem(path="$", code="control_character", message=words))
    return text


@post(
    "/v1/programs/{id:str}/publish",
    **operation(
        "program_publish",
        "Programs",
        "Publish the draft",
        needs=Scope.PROGRAMS,
        takes=PublishBody,
        gives={201: PublishedView, 202: ApprovalView},
        refuses=(404, 409, 503),
    ),
)
async def program_publish(request: Request[Any, Any, Any], id: ExternalId) -> Response[Any]:
    """Makes the draft an immutable version, used by the very next order on every worker.

    With `check` it is searched for flaws first, and the answer tells what was found; it is published all the
    same. Test cases that do not hold refuse it (`cases_failed`), unless `despite_cases` is said.
    """
    door, caller = admitted(request)
    data = await body_of(request, PublishBody)
    valid_from = None if data.valid_from is None else read_instant(data.valid_from, "$.valid_from")
    code, revision, checked = plain_segment(id), data.revision, None
    if data.check:
        checked = await check_program(door.handler, caller.workspace_id, code, seconds=_CHECK_SECONDS)
        revision = checked.revision if revision is None else revision
    author = _author(request, data.note, despite_cases=despite(caller, data.despite_cases))

    async def ask() -> ApprovalRow:
        seen = revision
        if seen is None:
            seen = (await get_draft(door.database, caller.workspace_id, code)).revision
        asked = Publication(code, seen, valid_from, data.note, data.despite_cases)
        return await ask_to_publish(door.database, caller, asked)

    published = await or_ask(
        lambda: publish(door.database, caller.workspace_id, code, author, revision, valid_from), ask
    )
    if isinstance(published, ApprovalRow):
        return written(approval_view(published), 202)
    return told(request, _published_view(published, checked), 201)


@post(
    "/v1/programs/{id:str}/cases",
    status_code=200,
    **operation(
        "program_cases",
        "Programs",
        "Play the test cases",
        needs=Scope.PROGRAMS,
        takes=CasesBody,
        gives={200: CaseRun},
        refuses=(404, 503),
    ),
)
async def program_cases(request: Request[Any, Any, Any], id: ExternalId) -> Response[Any]:
    """Plays every test case of the draft, or of the document in the body, and tells what does not hold.

    It runs beside the server, takes 10 seconds of the processor at most, and changes nothing.
    """
    door, caller = admitted(request)
    data = await body_of(request, CasesBody)
    if data.document is not None:
        check_document(data.document)
    run = await run_draft_cases(door.database, caller.workspace_id, plain_segment(id), data.document)
    return told(request, run)


@post(
    "/v1/programs/{id:str}/check",
    status_code=200,
    **operation(
        "program_check",
        "Programs",
        "Search a program for flaws",
        needs=Scope.PROGRAMS,
        takes=CheckBody,
        gives={200: ProgramCheck},
        refuses=(404, 503),
    ),
)
async def program_check(request: Request[Any, Any, Any], id: ExternalId) -> Response[Any]:
    """Plays the draft, or a version, and tells what it gives away; each finding has a case that proves it.

    It runs beside the server, for `seconds` at most, and changes nothing.
    """
    door, caller = admitted(request)
    data = await body_of(request, CheckBody)
    found = await check_program(
        door.handler,
        caller.workspace_id,
        plain_segment(id),
        version=data.version,
        assumptions=data.assumptions,
        kinds=data.kinds,
        seconds=data.seconds,
    )
    return told(request, found)


@get(
    "/v1/programs/{id:str}/versions",
    **operation(
        "version_list",
        "Programs",
        "List the versions",
        needs=Scope.READ,
        gives={200: VersionList},
        refuses=(404,),
    ),
)
async def version_list(request: Request[Any, Any, Any], id: ExternalId) -> Response[Any]:
    """Every version that was ever published, newest first."""
    door, caller = admitted(request)
    entries = await versions_of(door.database, caller.workspace_id, plain_segment(id))
    views = [
        VersionView(
            each.version,
            format_instant(each.valid_from),
            format_instant(each.published_at),
            each.actor,
            each.note,
            each.digest,
            None if each.planned_at is None else format_instant(each.planned_at),
        )
        for each in entries
    ]
    return written(VersionList(tuple(views)))


@get(
    "/v1/programs/{id:str}/versions/{version:int}",
    **operation(
        "version_get",
        "Programs",
        "Read the document of a version",
        needs=Scope.READ,
        gives={200: YAML},
        refuses=(404,),
    ),
)
async def version_get(
    request: Request[Any, Any, Any],
    id: ExternalId,
    version: Annotated[int, PathParameter(ge=1, le=2**31 - 1, description="the number of the version")],
) -> Response[Any]:
    """The program as canonical YAML, byte for byte the same for ever."""
    door, caller = admitted(request)
    text = await document_of(door.database, caller.workspace_id, plain_segment(id), version)
    return Response(content=text.encode(), media_type=YAML)


@get(
    "/v1/programs/{id:str}/diff",
    **operation(
        "program_diff",
        "Programs",
        "Compare two versions",
        needs=Scope.READ,
        gives={200: DiffView},
        refuses=(404,),
    ),
)
async def program_diff(
    request: Request[Any, Any, Any],
    id: ExternalId,
    old: SideName,
    new: SideName = "draft",
    language: LanguageName = "en",
) -> Response[Any]:
    """What changed, part by part, in words of `language`; parts by their names, fields as forms call them."""
    door, caller = admitted(request)
    sides = _side(old), _side(new)
    code, said_in = plain_segment(id), LANGUAGES[language]
    changes = await compare(door.database, caller.workspace_id, code, *sides, said_in)
    return written(DiffView(tuple(changes)))


def _side(name: str) -> Side:
    return "draft" if name == "draft" else int(name)


@post(
    "/v1/programs/{id:str}/rollback",
    **operation(
        "program_rollback",
        "Programs",
        "Publish an older version again",
        needs=Scope.PROGRAMS,
        takes=RollbackBody,
        gives={201: PublishedView, 202: ApprovalView},
        refuses=(404, 409),
    ),
)
async def program_rollback(request: Request[Any, Any, Any], id: ExternalId) -> Response[Any]:
    """The older content becomes a new version; the history stays as it is, and so does the draft."""
    door, caller = admitted(request)
    data = await body_of(request, RollbackBody)
    code, author = plain_segment(id), _author(request, data.note)
    asked = Return(code, data.version, data.note)
    published = await or_ask(
        lambda: rollback(door.database, caller.workspace_id, code, data.version, author),
        lambda: ask_to_publish(door.database, caller, asked),
    )
    if isinstance(published, ApprovalRow):
        return written(approval_view(published), 202)
    return told(request, _published_view(published), 201)


PROGRAM_ROUTES = [
    program_list,
    draft_get,
    draft_put,
    program_publish,
    program_cases,
    program_check,
    version_list,
    version_get,
    program_diff,
    program_rollback,
]
