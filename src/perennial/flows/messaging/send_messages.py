"""What is due is sent: each message is looked at once more, written for its customer, and handed over.

A message is claimed in one transaction, and what became of it is written in another. Between the two a worker
may be killed: then it is sent again by the next one, when the claim is over. Whatever may speak against it is
read anew right before it goes out: a switch, a consent that was withdrawn, a block.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from uuid import UUID

import msgspec
from asyncpg import Connection

from perennial.channels.delivery import DelayedError, RefusedError
from perennial.channels.email import SEND_SECONDS, Mail, MailLine, MailServer
from perennial.config import Settings
from perennial.core.version import CompiledMessage
from perennial.flows.configuration import LiveProgram, Workspace, business_now
from perennial.flows.handle_events import Handler
from perennial.flows.messaging.figures import NO_FIGURES, MessageFigures
from perennial.flows.messaging.recipient import Recipient, load_cause, load_recipient, values_for
from perennial.flows.messaging.rendering import TemplateError, render
from perennial.flows.messaging.unsubscribing import PATH, Subscription, write_token
from perennial.store.customers.customers import read_customers
from perennial.store.customers.merges import find_survivor
from perennial.store.messages import Became, MessageRow, MessageState, claim_messages, end_message
from perennial.units import HOUR, MINUTE, SECOND, Instant

MESSAGES_PER_TURN = 20
LINES = 4
"""So many connections to the server send what was claimed at once."""

HELD: Instant = 10 * MINUTE
"""How long what was claimed is nobody else's: longer than all of it can take."""

BACKOFF: tuple[Instant, ...] = (MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 6 * HOUR)
"""How long to wait after each try that failed; after the one that follows the last it is given up."""

assert MESSAGES_PER_TURN / LINES * SEND_SECONDS * SECOND < HELD

_log = logging.getLogger("perennial.messages")


class Channels(msgspec.Struct, frozen=True):
    """How messages leave the house: the server of e-mail, if there is one, where links lead, who counts."""

    email: MailServer | None = None
    public_url: str | None = None
    figures: MessageFigures = NO_FIGURES


NO_CHANNELS = Channels()
"""Nothing leaves the house."""


def channels_of(settings: Settings, figures: MessageFigures = NO_FIGURES) -> Channels:
    """Return how messages leave by the settings, counted by ``figures``."""
    server = None if settings.mail is None else MailServer(settings.mail)
    return Channels(email=server, public_url=settings.public_url, figures=figures)


async def send_messages(
    handler: Handler, workspace_id: int, bucket: int, channels: Channels, now: Instant | None = None
) -> int:
    """Send some of what is due in a bucket; return how many messages were claimed.

    ``now`` is wall time, by which claims end; None: the present.
    """
    now = time.time_ns() // 1000 if now is None else now
    async with handler.database.transaction(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        rows = await claim_messages(
            conn,
            workspace_id,
            bucket,
            due=business_now(workspace),
            now=now,
            held_until=now + HELD,
            limit=MESSAGES_PER_TURN,
        )
    if not rows:
        return 0
    waiting = iter(rows)
    async with asyncio.TaskGroup() as lines:
        for _ in range(min(LINES, len(rows))):
            lines.create_task(_send_each(handler, workspace_id, bucket, channels, waiting))
    return len(rows)


async def _send_each(
    handler: Handler, workspace_id: int, bucket: int, channels: Channels, waiting: Iterator[MessageRow]
) -> None:
    """Send messages one after the other, over one connection, until none waits."""
    async with AsyncExitStack() as stack:
        line = None if channels.email is None else await stack.enter_async_context(channels.email.line())
        for row in waiting:
            try:
                became = await _send(handler, workspace_id, bucket, channels, line, row)
                if became is not None and await _end(handler, workspace_id, bucket, row, became):
                    channels.figures.ended(row.channel, became)
            except Exception:  # noqa: BLE001 - one message must not keep the others
                _log.exception("message %s could not be handled; it is tried again", row.message_id)


async def _send(
    handler: Handler,
    workspace_id: int,
    bucket: int,
    channels: Channels,
    line: MailLine | None,
    row: MessageRow,
) -> Became | None:
    """Send a message, if nothing speaks against it; return what became of it (None: its customer is gone)."""
    async with handler.database.snapshot(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        prepared = await _prepare(conn, handler, workspace, bucket, channels, row)
    if not isinstance(prepared, Mail):
        return prepared
    assert line is not None, "mail is written only where there is a server for it"
    try:
        await line.send(prepared, time.time_ns() // 1000)
    except RefusedError as error:
        _log.warning("message %s was refused: %s", row.message_id, error)
        return Became(MessageState.FAILED, "refused", business_now(workspace))
    except DelayedError as error:
        _log.warning("message %s was not taken, try %d: %s", row.message_id, row.attempts, error)
        return _later(row, business_now(workspace))
    return Became(MessageState.SENT, None, business_now(workspace))


def _later(row: MessageRow, now: Instant) -> Became:
    if row.attempts > len(BACKOFF):
        return Became(MessageState.FAILED, "undeliverable", now)
    return Became(MessageState.WAITING, "delayed", None, now + BACKOFF[row.attempts - 1])


async def _prepare(
    conn: Connection,
    handler: Handler,
    workspace: Workspace,
    bucket: int,
    channels: Channels,
    row: MessageRow,
) -> Became | Mail | None:
    """Return the e-mail that a message is now, or what becomes of it instead (None: its customer is gone)."""
    now = business_now(workspace)
    if now >= row.until:
        return Became(MessageState.EXPIRED, "too_late", now)
    if row.attempts > len(BACKOFF) + 1:
        return Became(MessageState.FAILED, "undeliverable", now)
    live = workspace.program_by_id(row.program_id)
    compiled = next(each for each in live.version(row.version).messages if each.message.id == row.message)
    found = await read_customers(conn, workspace.workspace_id, bucket, [row.customer_id])
    customer = found.get(row.customer_id)
    if customer is None or customer.erased_at is not None:
        return None
    recipient = await load_recipient(conn, workspace, customer.external_id)
    reason = _why_not(workspace, live, compiled, row, recipient)
    purpose = compiled.message.purpose
    if reason is None and not workspace.row.sandbox and not _configured(channels, purpose):
        reason = "not_configured"
    if reason is not None:
        return Became(MessageState.SUPPRESSED, reason, now)
    url = unsubscribe_url(handler, workspace, channels, (bucket, row.customer_id), purpose)
    cause = await load_cause(
        conn, workspace, (bucket, row.customer_id), row.source_id, live.latest.program.currency
    )
    try:
        texts = render(compiled.message, values_for(workspace, live, recipient, url, cause))
    except TemplateError as error:
        _log.warning("message %s cannot be written: %s", row.message_id, error)
        return Became(MessageState.FAILED, "template", now)
    if workspace.row.sandbox:
        return Became(MessageState.SUPPRESSED, "sandbox", now)
    assert recipient.email is not None, "who has no address was turned away"
    return Mail(
        message_id=row.message_id,
        to=recipient.email,
        subject=texts["subject"],
        text=texts["body"],
        html=texts.get("html"),
        unsubscribe=url,
    )


def _why_not(
    workspace: Workspace, live: LiveProgram, compiled: CompiledMessage, row: MessageRow, recipient: Recipient
) -> str | None:
    """Return why a message is not to be sent to somebody at the moment, or None."""
    switches, program = workspace.switches, live.code
    switched = switches.off_message(program, row.message) or switches.off_channel(program, row.channel)
    if switched is None and compiled.campaign is not None:
        campaign = live.version(row.version).program.campaigns[compiled.campaign].id
        switched = switches.off_campaign(program, campaign)
    if switched is not None:
        return "switched_off"
    if recipient.row.blocked:
        return "blocked"
    membership = recipient.member.memberships.get(live.program_id)
    if membership is None or membership.left_at is not None:
        return "left"
    purpose = compiled.message.purpose
    if purpose is not None and purpose not in recipient.agreed:
        return "no_consent"
    return "no_address" if recipient.email is None else None


def _configured(channels: Channels, purpose: str | None) -> bool:
    """Whether e-mail can leave; mail that needs a consent has to have a link by which it is withdrawn."""
    return channels.email is not None and (purpose is None or channels.public_url is not None)


def unsubscribe_url(
    handler: Handler,
    workspace: Workspace,
    channels: Channels,
    place: tuple[int, UUID],
    purpose: str | None,
) -> str | None:
    """Return the address at which a customer ends e-mail of a purpose; None: there is nothing to end."""
    if purpose is None or channels.public_url is None:
        return None
    subscription = Subscription(workspace.workspace_id, place, purpose)
    return f"{channels.public_url}{PATH}{write_token(handler.codebook, subscription)}"


async def _end(handler: Handler, workspace_id: int, bucket: int, row: MessageRow, became: Became) -> bool:
    """Write what became of a message; of one whose customer was merged meanwhile, where it lies now.

    False: another one has claimed it since, or it is gone.
    """
    place = bucket, row.customer_id
    async with handler.database.transaction(workspace_id) as conn:
        if await end_message(conn, workspace_id, place, row, became):
            return True
        survivor = await find_survivor(conn, workspace_id, place)
        if survivor is not None and await end_message(conn, workspace_id, survivor, row, became):
            return True
    _log.warning("message %s is gone, or another one has it", row.message_id)
    return False
