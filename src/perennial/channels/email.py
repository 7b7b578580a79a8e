"""E-mail over SMTP (RFC 5321): what is sent looks like, and how a server takes it.

What the server says decides: an answer of 5xx to the recipient or to the content is for good, everything else
is tried again. That it does not let us in, or not under our own address, is for the operator to mend, and
no reason to give up a member's message.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.policy import EmailPolicy
from email.utils import format_datetime, formataddr
from typing import Any
from uuid import UUID

import aiosmtplib
import msgspec

from perennial.channels.delivery import DelayedError, RefusedError, UnreachableError
from perennial.config import MailSettings
from perennial.units import Instant, datetime_of

ANSWER_SECONDS = 20.0
"""How long the server may take for one answer."""

SEND_SECONDS = 60.0
"""How long it may take with one message, the connection included."""

_ENCODED = "=?"
"""How an encoded word begins (RFC 2047): a name with one in it would be decoded by whoever reads the mail."""

_NEVER_FOLDED = frozenset({"message-id", "list-unsubscribe"})


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """One e-mail: ``message_id`` is the same each time that it is sent, by which servers know it again.

    ``unsubscribe`` is the address at which one POST ends mail of this sort (RFC 8058).
    """

    message_id: UUID
    to: str
    subject: str
    text: str
    html: str | None = None
    unsubscribe: str | None = None


class _Policy(EmailPolicy):
    """As SMTP demands, but for ids and addresses, which are one word: folded they would be encoded.

    A subject that looks as if it were encoded is encoded itself, so that it is read as it was written.
    """

    def header_store_parse(self, name: str, value: Any) -> tuple[str, Any]:
        return (name, value) if _looks_encoded(name, value) else super().header_store_parse(name, value)

    def fold(self, name: str, value: Any) -> str:
        if name.lower() in _NEVER_FOLDED:
            return f"{name}: {value}{self.linesep}"
        if _looks_encoded(name, value):
            words = Header(value, "utf-8", header_name=name).encode(linesep=self.linesep)
            return f"{name}: {words}{self.linesep}"
        return str(super().fold(name, value))

    def fold_binary(self, name: str, value: Any) -> bytes:
        if name.lower() in _NEVER_FOLDED or _looks_encoded(name, value):
            return self.fold(name, value).encode("ascii")
        return super().fold_binary(name, value)


def _looks_encoded(name: str, value: str) -> bool:
    return name.lower() == "subject" and _ENCODED in value


_POLICY = _Policy(linesep=SMTP_POLICY.linesep, cte_type="7bit")


def write_mail(mail: Mail, settings: MailSettings, at: Instant) -> bytes:
    """Return an e-mail as it goes over the wire; ``at`` is when it is sent (UTC).

    It is of seven bits each, but for the headers of one to an address that is not.
    """
    # A server that takes such an address takes headers in UTF-8 (RFC 6532), and none may encode it.
    policy = _POLICY if mail.to.isascii() else _POLICY.clone(utf8=True)
    message = EmailMessage(policy=policy)
    message["From"] = formataddr((settings.sender_name, settings.sender))
    message["To"] = mail.to
    message["Subject"] = " ".join(mail.subject.split())
    message["Date"] = format_datetime(datetime_of(at))
    message["Message-ID"] = f"<{mail.message_id}@{settings.sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    if mail.unsubscribe is not None:
        message["List-Unsubscribe"] = f"<{mail.unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(mail.text, cte="quoted-printable")
    if mail.html is not None:
        message.add_alternative(mail.html, subtype="html", cte="quoted-printable")
    return message.as_bytes(policy=policy)


class MailLine:
    """One connection to the server, for one task at a time: opened when needed, and again after it broke."""

    def __init__(self, settings: MailSettings) -> None:
        self._settings = settings
        self._client: aiosmtplib.SMTP | None = None

    async def send(self, mail: Mail, at: Instant) -> None:
        """Send an e-mail; when this returns the server has taken it.

        Raises :class:`RefusedError` or :class:`DelayedError`; :class:`UnreachableError` if the server was not
        even to be asked.
        """
        try:
            wire = write_mail(mail, self._settings, at)
        except (ValueError, UnicodeError) as error:
            raise RefusedError(f"it cannot be written: {error}") from error
        try:
            async with asyncio.timeout(SEND_SECONDS):
                client = await self._open()
                await self._hand_over(client, mail, wire)
        except TimeoutError as error:
            self._drop()
            raise UnreachableError("the server did not answer in time") from error

    async def close(self) -> None:
        """Say goodbye, if the connection is open."""
        client, self._client = self._client, None
        if client is not None and client.is_connected:
            with contextlib.suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
                await client.quit(timeout=ANSWER_SECONDS)
            client.close()

    def _drop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()

    async def _open(self) -> aiosmtplib.SMTP:
        if self._client is not None and self._client.is_connected:
            return self._client
        given = self._settings
        client = aiosmtplib.SMTP(
            hostname=given.host,
            port=given.port,
            username=given.user,
            password=given.password,
            use_tls=given.tls,
            start_tls=False if given.tls else None if given.local else True,
            validate_certs=not given.local,
            local_hostname=given.sender.rpartition("@")[2],
            timeout=ANSWER_SECONDS,
        )
        try:
            await client.connect()
        except (aiosmtplib.SMTPException, OSError) as error:
            raise UnreachableError(_words(error)) from error
        self._client = client
        return client

    async def _hand_over(self, client: aiosmtplib.SMTP, mail: Mail, wire: bytes) -> None:
        options = [] if mail.to.isascii() else ["SMTPUTF8"]
        try:
            await client.sendmail(self._settings.sender, [mail.to], wire, mail_options=options)
        except aiosmtplib.SMTPRecipientsRefused as error:
            raise _judged(error.recipients[0]) from error
        except (aiosmtplib.SMTPRecipientRefused, aiosmtplib.SMTPDataError) as error:
            raise _judged(error) from error
        except (aiosmtplib.SMTPNotSupported, ValueError) as error:
            raise RefusedError(_words(error)) from error
        except aiosmtplib.SMTPResponseException as error:
            # Not about the message: our own address, or a command that the server would not have now.
            raise DelayedError(_words(error)) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            self._drop()
            raise DelayedError(_words(error)) from error


def _judged(error: aiosmtplib.SMTPResponseException) -> RefusedError | DelayedError:
    """Return what the answer about a recipient or a content means (RFC 5321, 4.2.1)."""
    return RefusedError(_words(error)) if 500 <= error.code < 600 else DelayedError(_words(error))


def _words(error: BaseException) -> str:
    """Say what went wrong, with the code of the answer: the rest of it may name the recipient."""
    code = getattr(error, "code", None)
    return type(error).__name__ if code is None else f"{type(error).__name__} {code}"


class MailServer:
    """The server that takes our e-mail."""

    def __init__(self, settings: MailSettings) -> None:
        self.settings = settings

    @asynccontextmanager
    async def line(self) -> AsyncIterator[MailLine]:
        """A connection of one's own, which is opened by the first e-mail and closed at the end."""
        line = MailLine(self.settings)
        try:
            yield line
        finally:
            await line.close()
