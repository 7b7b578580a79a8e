"""A real SMTP server on loopback that keeps what it is given, and can be told to say no."""

from __future__ import annotations

import asyncio
import datetime as dt
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from perennial.config import MailSettings

OK = "250 OK"


class Mailbox:
    """What arrived, in order. ``answers`` are said to the recipient, then to the content: one each, or OK."""

    def __init__(self) -> None:
        self.port = 0
        self.mails: list[EmailMessage] = []
        self.wires: list[bytes] = []
        self.to: list[str] = []
        self.users: list[str] = []
        self.rcpt_answers: list[str] = []
        self.data_answers: list[str] = []
        self.reached = asyncio.Event()
        self.gate: asyncio.Event | None = None
        self.encrypted: list[bool] = []

    @property
    def settings(self) -> MailSettings:
        """How to reach it."""
        return MailSettings(
            host="127.0.0.1", port=self.port, tls=False, sender="club@shop.test", sender_name="Our shop"
        )

    def texts(self) -> list[str]:
        """Return the plain text of every mail."""
        return [text_of(mail) for mail in self.mails]

    async def handle_RCPT(  # noqa: N802 - the name that aiosmtpd calls
        self, server: Any, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Say whether the recipient is known."""
        answer = self.rcpt_answers.pop(0) if self.rcpt_answers else OK
        if answer == OK:
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep the content, unless told otherwise; with a ``gate`` not before that is open."""
        self.reached.set()
        if self.gate is not None:
            await self.gate.wait()
        answer = self.data_answers.pop(0) if self.data_answers else OK
        if answer == OK:
            assert isinstance(envelope.content, bytes)
            self.wires.append(envelope.content)
            mail = message_from_bytes(envelope.content, policy=policy.default)
            assert isinstance(mail, EmailMessage)
            self.mails.append(mail)
            self.to += envelope.rcpt_tos
            self.encrypted.append(server.transport.get_extra_info("ssl_object") is not None)
        return answer

    def authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        """Let in who has the password ``right``."""
        self.users.append(data.login.decode())
        return AuthResult(success=data.password == b"right", handled=False)


@asynccontextmanager
async def mailbox(
    tls: ssl.SSLContext | None = None, *, implicit: bool = False, host: str = "127.0.0.1"
) -> AsyncIterator[Mailbox]:
    """A server that runs; with ``tls`` it offers STARTTLS, or speaks it from the first byte."""
    box = Mailbox()
    loop = asyncio.get_running_loop()
    make: Callable[[], SMTP] = lambda: SMTP(  # noqa: E731 - one per connection
        box,
        hostname="mail.shop.test",
        loop=loop,
        tls_context=None if implicit else tls,
        authenticator=box.authenticate,
        auth_require_tls=False,
    )
    server = await loop.create_server(make, host, 0, ssl=tls if implicit else None)
    box.port = server.sockets[0].getsockname()[1]
    try:
        yield box
    finally:
        if box.gate is not None:
            box.gate.set()
        server.close()


def text_of(mail: EmailMessage) -> str:
    """Return the plain text of a mail."""
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def html_of(mail: EmailMessage) -> str | None:
    """Return the HTML of a mail, if it has any."""
    body = mail.get_body(("html",))
    return None if body is None else str(body.get_content())


def certificate(folder: Path) -> ssl.SSLContext:
    """Return the server's side of TLS with a certificate that nobody has signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.shop.test")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    file = folder / "server.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM) + secret)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file)
    return context
