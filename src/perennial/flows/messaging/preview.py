"""A message as one customer would get it now, before anybody does: nothing is sent and nothing is stored."""

from __future__ import annotations

import msgspec
from asyncpg import Connection

from perennial.core.document.program import Program, messages_of
from perennial.core.kinds.message import Message
from perennial.flows.answers import FieldProblem
from perennial.flows.configuration import Workspace
from perennial.flows.handle_events import Handler
from perennial.flows.messaging.recipient import Recipient, load_recipient, values_for
from perennial.flows.messaging.rendering import TemplateError, render
from perennial.flows.messaging.unsubscribing import PATH
from perennial.flows.problems import problem
from perennial.flows.programs.checks import program_of_version, readable, require_program, require_version
from perennial.store.programs.programs import list_versions


class MessagePreview(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What a customer would get now; ``why_not`` says in a stable word why they would not.

    Of what a message is sent for, an order or event, its texts say nothing here: there is none. A link to
    unsubscribe leads to a page that does nothing.
    """

    subject: str
    body: str
    html: str | None = None
    to: str | None = None
    why_not: str | None = None


async def preview_message(
    handler: Handler,
    workspace_id: int,
    code: str,
    message_id: str,
    customer: str,
    version: int | None,
    public_url: str,
) -> MessagePreview:
    """Return a message of the draft, or else of the latest version, or of ``version``, for a customer.

    Raises the 404 of what is not there, and the 422 of a text that cannot be written, by its field.
    """
    async with handler.database.snapshot(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        program = await _program(conn, workspace, code, version)
        message = next((each for each in messages_of(program) if each.id == message_id), None)
        if message is None:
            raise problem(404, "message_unknown", f"Program {code} has no message {message_id!r}.")
        recipient = await load_recipient(conn, workspace, customer)
        live = workspace.program(code)
        if live is None:
            raise problem(404, "version_unknown", f"Program {code} was not published yet: nobody is in it.")
    url = f"{public_url}{PATH}preview" if message.purpose is not None else None
    about = {"program": {"id": code, "name": program.name}}
    values = values_for(workspace, live, recipient, url, {}) | about
    try:
        texts = render(message, values)
    except TemplateError as error:
        field = FieldProblem(path=f"message.{error.field}", code="template_fails", message=error.words)
        words = f"The {error.field} cannot be written: {error.words}"
        raise problem(422, "template_fails", words, field) from None
    return MessagePreview(
        subject=texts["subject"],
        body=texts["body"],
        html=texts.get("html"),
        to=recipient.email,
        why_not=_why_not(message, recipient),
    )


async def _program(conn: Connection, workspace: Workspace, code: str, version: int | None) -> Program:
    workspace_id = workspace.workspace_id
    row = await require_program(conn, workspace_id, code)
    if version is not None:
        found = require_version(await list_versions(conn, workspace_id, row.program_id), code, version)
        return await program_of_version(conn, workspace_id, found)
    if row.draft is not None:
        return readable(row.draft)
    live = workspace.program(code)
    if live is None:
        raise problem(404, "no_draft", f"Program {code} has no draft.")
    return live.latest.program


def _why_not(message: Message, recipient: Recipient) -> str | None:
    if recipient.row.blocked:
        return "blocked"
    if message.purpose is not None and message.purpose not in recipient.agreed:
        return "no_consent"
    return "no_address" if recipient.email is None else None
