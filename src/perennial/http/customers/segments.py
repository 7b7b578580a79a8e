"""Segments: their definitions, who is in them, what they would hold, and lists that are put in."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Iterator
from functools import partial
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, delete, get, post, put
from litestar.params import QueryParameter
from litestar.types import ASGIApp

from perennial.core.document.reward import Title
from perennial.core.explaining.retelling import retell
from perennial.core.kinds.rule import Identifier
from perennial.core.languages import LANGUAGES
from perennial.core.problems import join_path
from perennial.core.segments.segment import Segment
from perennial.core.segments.templates import TEMPLATES, Template, TemplateError, TemplateSettings, written
from perennial.core.terms.condition_document import ConditionError, decode_condition, encode_condition
from perennial.core.terms.conditions import Condition, Operator
from perennial.flows.answers import FieldProblem
from perennial.flows.configuration import Workspace
from perennial.flows.programs.life import Author
from perennial.flows.segments.apply import ApplyResult, apply_to_inside
from perennial.flows.segments.lists import ImportResult, ListedRow, import_list
from perennial.flows.segments.preview import SegmentPreview, preview_segment
from perennial.flows.segments.segments import put as put_segment
from perennial.flows.segments.segments import remove
from perennial.flows.segments.views import (
    SegmentHistory,
    SegmentList,
    SegmentMemberPage,
    SegmentView,
    history_of_segment,
    list_all_segments,
    members_of,
    read_segment,
    view_of,
)
from perennial.flows.staff.scopes import Scope
from perennial.http.customers.applying import ApplyStep, watched_apply
from perennial.http.door.language import LanguageName
from perennial.http.door.operation import (
    Cursor,
    ExternalId,
    Limit,
    admitted,
    body_of,
    identity_of,
    operation,
    spoken_in,
)
from perennial.http.door.operation import told as told_out
from perennial.http.door.operation import written as written_out
from perennial.http.door.paths import plain_segment
from perennial.http.door.problems import bad_fields

MOST_ROWS = 100_000
"""So many rows an imported list has at most."""

_MOST_CHARACTERS = 255
_PARTS = frozenset({"all", "any", "not", "fact", "lines", "where", "history", "event", "attribute", "wallet"})

Replaces = Annotated[
    bool, QueryParameter(description="whether customers who are not in the list leave the segment")
]


class SegmentBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """A segment. With ``when``, a condition on a customer, it is live; without it is a list.

    ``program`` names the program whose zone, currency, wallets and tiers the condition reads; without it
    that is the workspace's first.
    """

    name: Title
    program: Identifier | None = None
    description: Title | None = None
    when: dict[str, Any] | None = None


class PreviewBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A condition on a customer, and the program that it reads (the workspace's first without it)."""

    when: dict[str, Any]
    program: Identifier | None = None


class TemplateBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The program for which a ready-made segment is written, and the settings that it reads."""

    program: Identifier
    settings: TemplateSettings = TemplateSettings()


class ApplyBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A program's earning rule on ``segment.entered``. With ``preview`` it is only told what it costs."""

    program: Identifier
    rule: Identifier
    preview: bool = True


class ApplyWatchedBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A program's earning rule on ``segment.entered``, to be applied at once."""

    program: Identifier
    rule: Identifier


class TemplateList(msgspec.Struct, frozen=True):
    """Every ready-made segment; ``next_cursor`` is null, for it is one page."""

    data: tuple[Template, ...]
    next_cursor: str | None


class WrittenTemplate(msgspec.Struct, frozen=True):
    """A ready-made segment as it can be saved: its name and its condition."""

    name: str
    when: dict[str, Any]


@get(
    "/v1/segments",
    **operation("segment_list", "Segments", "List segments", needs=Scope.READ, gives={200: SegmentList}),
)
async def segment_list(request: Request[Any, Any, Any]) -> Response[Any]:
    """Every segment with its condition and its size."""
    door, caller = admitted(request)
    return written_out(await list_all_segments(door.handler, caller.workspace_id))


@get(
    "/v1/segments/{id:str}",
    **operation(
        "segment_get",
        "Segments",
        "Read a segment",
        needs=Scope.READ,
        gives={200: SegmentView},
        refuses=(404,),
    ),
)
async def segment_get(request: Request[Any, Any, Any], id: ExternalId) -> Response[Any]:
    """The segment as it stands, with its size."""
    door, caller = admitted(request)
    return written_out(await read_segment(door.handler, caller.workspace_id, plain_segment(id)))


@put(
    "/v1/segments/{id:str}",
    **operation(
        "segment_put",
        "Segments",
        "Define a segment",
        needs=Scope.PROGRAMS,
        takes=SegmentBody,
        gives={200: SegmentView},
        refuses=(404,),
    ),
)
async def segment_put(request: Request[Any, Any, Any], id: ExternalId) -> Response[Any]:
    """The next version of the segment; sent again, it stays the same version.

    Everybody is judged by it before the answer comes. Who is inside then does not enter: no event, no points.
    """
    door, caller = admitted(request)
    data = await body_of(request, SegmentBody)
    segment = Segment(
        segment=_code(plain_segment(id)),
        name=data.name,
        program=data.program,
        description=data.description,
        when=None if data.when is None else _condition(data.when),
    )
    author = Author(actor=caller.actor, at=time.time_ns() // 1_000)
    state = await put_segment(door.handler, caller.workspace_id, segment, author, spoken_in(request))
    return told_out(request, view_of(state.row, state.size, state.warnings))


@delete(
    "/v1/segments/{id:str}",
    status_code=200,
    **operation(
        "segment_delete",
        "Segments",
        "Remove a segment",
        needs=Scope.PROGRAMS,
        gives={200: SegmentView},
        refuses=(404, 409),
    ),
)
async def segment_delete(request: Request[Any, Any, Any], id: ExternalId) -> Response[Any]:
    """Nobody is in it any more, without an event. Refused while another segment asks about it."""
    door, caller = admitted(request)
    author = Author(actor=caller.actor, at=time.time_ns() // 1_000)
    code = plain_segment(id)
    view = await read_segment(door.handler, caller.workspace_id, code)
    await remove(door.handler, caller.workspace_id, code, author)
    return written_out(view)


@get(
    "/v1/segments/{id:str}/members",
    **operation(
        "segment_members",
        "Segments",
        "List who is in a segment",
        needs=Scope.READ,
        gives={200: SegmentMemberPage},
        refuses=(404,),
    ),
)
async def segment_members(
    request: Request[Any, Any, Any], id: ExternalId, limit: Limit = 50, cursor: Cursor = ""
) -> Response[Any]:
    """Each customer once, with since when, in an order that stays."""
    door, caller = admitted(request)
    page = await members_of(
        door.handler, caller.workspace_id, plain_segment(id), cursor=cursor or None, limit=limit
    )
    return written_out(page)


@get(
    "/v1/segments/{id:str}/history",
    **operation(
        "segment_history",
        "Segments",
        "Read a segment's size over time",
        needs=Scope.READ,
        gives={200: SegmentHistory},
        refuses=(404,),
    ),
)
async def segment_history(request: Request[Any, Any, Any], id: ExternalId) -> Response[Any]:
    """How many entered and left on each local day, and the size at its end."""
    door, caller = admitted(request)
    return written_out(await history_of_segment(door.handler, caller.workspace_id, plain_segment(id)))


@post(
    "/v1/segments/preview",
    status_code=200,
    **operation(
        "segment_preview",
        "Segments",
        "Count who would be in a segment",
        needs=Scope.READ,
        takes=PreviewBody,
        gives={200: SegmentPreview},
    ),
)
async def segment_preview(request: Request[Any, Any, Any]) -> Response[Any]:
    """How many customers meet the condition now, and some of them; nothing is saved.

    Of many customers a part is asked about, and a figure that nothing has counted so far is worked out for a
    part of them: `exact` is false then, and the count an estimate that may be off by `margin`.
    """
    door, caller = admitted(request)
    data = await body_of(request, PreviewBody)
    segment = Segment(segment="preview", name="Preview", program=data.program, when=_condition(data.when))
    return told_out(
        request, await preview_segment(door.handler, caller.workspace_id, segment, spoken_in(request))
    )


@post(
    "/v1/segments/{id:str}/import",
    status_code=200,
    **operation(
        "segment_import",
        "Segments",
        "Put a list into a segment",
        needs=Scope.WRITE,
        gives={200: ImportResult},
        refuses=(404, 409),
    ),
)
async def segment_import(
    request: Request[Any, Any, Any], id: ExternalId, replace: Replaces = False
) -> Response[Any]:
    """CSV (`text/csv`, with a column `customer`) or NDJSON (an object with `customer` per line).

    Each wrong row is told with its number, and leaves the others alone. Sent again nobody enters twice.
    """
    door, caller = admitted(request)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    rows = _rows(await request.body(), is_csv=kind == "text/csv")
    result = await import_list(door.handler, caller.workspace_id, plain_segment(id), rows, replaces=replace)
    return told_out(request, result)


@post(
    "/v1/segments/{id:str}/apply",
    status_code=200,
    **operation(
        "segment_apply",
        "Segments",
        "Apply a rule to those who are inside",
        needs=Scope.PROGRAMS,
        takes=ApplyBody,
        gives={200: ApplyResult},
        refuses=(404,),
    ),
)
async def segment_apply(request: Request[Any, Any, Any], id: ExternalId) -> Response[Any]:
    """A rule on entering the segment decides for everybody who is inside already, once for each, ever.

    With `preview`, which is the default, nothing is given: the answer says to how many, and how much. A run
    that was interrupted is simply sent again.
    """
    door, caller = admitted(request)
    data = await body_of(request, ApplyBody)
    author = None if data.preview else Author(actor=caller.actor, at=time.time_ns() // 1_000)
    result = await apply_to_inside(
        door.handler, caller.workspace_id, plain_segment(id), data.program, data.rule, author=author
    )
    return told_out(request, result)


@post(
    "/v1/segments/{id:str}/apply/watched",
    status_code=200,
    **operation(
        "apply_watch",
        "Segments",
        "Apply a rule to those who are inside, and see how far it is",
        needs=Scope.PROGRAMS,
        takes=ApplyWatchedBody,
        gives={200: ApplyStep},
    ),
)
async def apply_watch(request: Request[Any, Any, Any], id: ExternalId) -> ASGIApp:
    """The same without a preview, answered as NDJSON: lines that say how far it is, and at last the result.

    Hang up to stop it. Who was given something by then keeps it; sent again, it goes on with the others.
    """
    door, caller = admitted(request)
    data = await body_of(request, ApplyWatchedBody)
    code, author = plain_segment(id), Author(actor=caller.actor, at=time.time_ns() // 1_000)
    apply = partial(
        apply_to_inside,
        door.handler,
        caller.workspace_id,
        code,
        data.program,
        data.rule,
        author=author,
    )
    return watched_apply(lambda told: apply(told=told), identity_of(request), spoken_in(request))


@get(
    "/v1/segment-templates",
    **operation(
        "segment_templates",
        "Segments",
        "List ready-made segments",
        needs=Scope.READ,
        gives={200: TemplateList},
    ),
)
async def segment_templates(request: Request[Any, Any, Any], language: LanguageName = "en") -> Response[Any]:
    """What most shops want to know: new, dormant, high value, near the next tier, and more, in `language`."""
    admitted(request)
    said = LANGUAGES[language]
    told = [
        msgspec.structs.replace(each, name=retell(each.name, said), words=retell(each.words, said))
        for each in TEMPLATES
    ]
    return written_out(TemplateList(tuple(told), None))


@post(
    "/v1/segment-templates/{id:str}",
    status_code=200,
    **operation(
        "segment_template",
        "Segments",
        "Write a ready-made segment for a program",
        needs=Scope.READ,
        takes=TemplateBody,
        gives={200: WrittenTemplate},
        refuses=(404,),
    ),
)
async def segment_template(request: Request[Any, Any, Any], id: ExternalId) -> Response[Any]:
    """The condition of the ready-made segment, to be previewed, changed and saved like any other."""
    door, caller = admitted(request)
    data = await body_of(request, TemplateBody)
    async with door.database.snapshot(caller.workspace_id) as conn:
        workspace = await door.handler.configurations.current(conn, caller.workspace_id)
    return written_out(_written(workspace, plain_segment(id), data))


def _written(workspace: Workspace, template: str, data: TemplateBody) -> WrittenTemplate:
    live = workspace.program(data.program)
    if live is None:
        words = "no such program is published"
        raise bad_fields(422, FieldProblem(path="$.program", code="program_unknown", message=words))
    names = {each.id: each.name for each in TEMPLATES}
    try:
        condition = written(template, live.latest.program, data.settings)
    except KeyError as error:
        words = f"is no template; there are {', '.join(names)}"
        raise bad_fields(404, FieldProblem(path="$.id", code="template_unknown", message=words)) from error
    except TemplateError as error:
        path = "$.program" if error.field == "program" else f"$.settings.{error.field}"
        raise bad_fields(422, FieldProblem(path=path, code="template", message=str(error))) from error
    return WrittenTemplate(names[template], encode_condition(condition))


def _condition(plain: dict[str, Any]) -> Condition:
    try:
        return decode_condition(plain)
    except ConditionError as error:
        known = _PARTS | {"window"} | {operator.value for operator in Operator}
        unknown = [key for key in plain if key not in known]
        path = join_path("$.when", unknown[0] if unknown and not error.path else error.path)
        words = str(error)
        raise bad_fields(422, FieldProblem(path=path, code="invalid_condition", message=words)) from error


def _code(text: str) -> str:
    try:
        return msgspec.convert(text, Identifier)
    except msgspec.ValidationError as error:
        words = "an id is lower-case letters, digits, - and _, at most 63"
        raise bad_fields(422, FieldProblem(path="$.id", code="invalid_id", message=words)) from error


def _rows(body: bytes, *, is_csv: bool) -> list[ListedRow]:
    """Read the rows of a list; those that are wrong say so."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise bad_fields(422, FieldProblem(path="$", code="not_utf8", message="is not UTF-8")) from error
    rows = list(_csv_rows(text) if is_csv else _json_rows(text))
    if len(rows) > MOST_ROWS:
        words = f"has more than {MOST_ROWS:,} rows"
        raise bad_fields(422, FieldProblem(path="$", code="too_many", message=words))
    return rows


def _csv_rows(text: str) -> Iterator[ListedRow]:
    table = csv.reader(io.StringIO(text, newline=""))
    head = [name.strip().lower() for name in next(table, [])]
    if "customer" not in head:
        words = "the first row names the columns; one of them is customer"
        raise bad_fields(422, FieldProblem(path="$", code="no_column", message=words))
    place = head.index("customer")
    for number, cells in enumerate(table, 1):
        if cells:
            yield _row(number, cells[place].strip() if len(cells) > place else None)


def _json_rows(text: str) -> Iterator[ListedRow]:
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            found = msgspec.json.decode(line)
        except msgspec.DecodeError:
            yield ListedRow(number, None, "invalid_json")
            continue
        named = found.get("customer") if isinstance(found, dict) else None
        yield _row(number, named if isinstance(named, str) else None)


def _row(number: int, name: str | None) -> ListedRow:
    if not name or len(name) > _MOST_CHARACTERS or not name.isprintable():
        return ListedRow(number, None, "invalid_customer")
    return ListedRow(number, name)


SEGMENT_ROUTES = [
    segment_list,
    segment_get,
    segment_put,
    segment_delete,
    segment_members,
    segment_history,
    segment_preview,
    segment_import,
    segment_apply,
    apply_watch,
    segment_templates,
    segment_template,
]
"""The routes of segments."""
