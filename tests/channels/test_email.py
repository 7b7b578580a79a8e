"""E-mail on a real SMTP server: what arrives, and what a server's no means."""

from __future__ import annotations

import socket
from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from perennial.channels.delivery import DelayedError, RefusedError, UnreachableError
from perennial.channels.email import Mail, MailServer, write_mail
from perennial.config import MailSettings
from perennial.units import parse_instant
from tests.channels.mailbox import certificate, html_of, mailbox, text_of

AT = parse_instant("2026-03-02T12:00:00Z")
MAIL = Mail(message_id=UUID(int=7), to="anna@example.com", subject="Welcome", text="Hello Anna\n")


async def test_a_mail_arrives_whole() -> None:
    """Sender, recipient, id, date, subject and texts, in every script; what must not be folded is not."""
    link = "https://loyalty.example.com/unsubscribe/" + "x" * 120
    mail = msgspec.structs.replace(
        MAIL, subject="خوش آمدید \n 환영합니다", text="سلام آنا\n", html="<p>سلام</p>\n", unsubscribe=link
    )
    async with mailbox() as box, MailServer(box.settings).line() as line:
        await line.send(mail, AT)
    (arrived,) = box.mails
    assert box.to == ["anna@example.com"]
    assert arrived["From"] == "Our shop <club@shop.test>"
    assert arrived["To"] == "anna@example.com"
    assert arrived["Subject"] == "خوش آمدید 환영합니다"
    assert arrived["Message-ID"] == f"<{UUID(int=7)}@shop.test>"
    assert arrived["Date"] == "Mon, 02 Mar 2026 12:00:00 +0000"
    assert arrived["Auto-Submitted"] == "auto-generated"
    assert arrived["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert f"List-Unsubscribe: <{link}>\r\n".encode() in box.wires[0]
    assert (text_of(arrived).strip(), (html_of(arrived) or "").strip()) == ("سلام آنا", "<p>سلام</p>")
    assert max(box.wires[0]) < 128


async def test_a_plain_mail_has_no_more_than_it_needs() -> None:
    """Without HTML and without a link there is one text and no header about unsubscribing."""
    async with mailbox() as box, MailServer(box.settings).line() as line:
        await line.send(MAIL, AT)
    (arrived,) = box.mails
    assert arrived.get_content_type() == "text/plain"
    assert arrived["List-Unsubscribe"] is None


@pytest.mark.parametrize("address", ["ünï@example.com", "bob@exämple.com"])
def test_an_address_of_another_script_stands_as_it_is(address: str) -> None:
    """An address is never encoded: a server that takes such a one takes it in UTF-8."""
    settings = MailSettings(host="localhost", port=25, tls=False, sender="club@shop.test")
    wire = write_mail(msgspec.structs.replace(MAIL, to=address, subject="환영합니다"), settings, AT)
    assert f"\r\nTo: {address}\r\n".encode() in wire
    assert "\r\nSubject: 환영합니다\r\n".encode() in wire


def test_no_header_is_smuggled_in() -> None:
    """A subject of several lines becomes one, and an address of several is no address."""
    settings = MailSettings(host="localhost", port=25, tls=False, sender="club@shop.test")
    wire = write_mail(msgspec.structs.replace(MAIL, subject="Hi\r\nBcc: eve@example.com"), settings, AT)
    assert b"Subject: Hi Bcc: eve@example.com\r\n" in wire
    with pytest.raises(ValueError, match="Header values"):
        write_mail(msgspec.structs.replace(MAIL, to="anna@example.com\r\nBcc: eve@example.com"), settings, AT)


@pytest.mark.parametrize(
    "name",
    [
        "=?utf-8?q?Anna=0D=0ABcc:_eve@example.com?=",
        "=?utf-8?b?QW5uYQBCb2I=?=",
        "=?utf-8?q?" + "=E2=98=83" * 40 + "?=",
        "=?no-such-charset?q?x?= 名前",
    ],
)
async def test_a_subject_that_looks_encoded_is_read_as_it_was_written(name: str) -> None:
    """What a name says it stands for is not looked up by whoever reads the mail, nor by us."""
    async with mailbox() as box, MailServer(box.settings).line() as line:
        await line.send(msgspec.structs.replace(MAIL, subject=f"Hi {name}"), AT)
    (arrived,) = box.mails
    assert arrived["Subject"] == f"Hi {name}"
    head = box.wires[0].partition(b"\r\n\r\n")[0]
    assert name.encode() not in head
    assert all(32 <= byte < 127 for each in head.split(b"\r\n") for byte in each)
    assert all(len(each) <= 78 for each in head.split(b"\r\n"))


async def test_one_connection_takes_many_mails_and_a_broken_one_is_opened_again() -> None:
    """After a no the same connection goes on; after one that broke there is another."""
    async with mailbox() as box, MailServer(box.settings).line() as line:
        box.rcpt_answers = ["550 nobody of this name"]
        with pytest.raises(RefusedError):
            await line.send(MAIL, AT)
        await line.send(MAIL, AT)
        box.data_answers = ["421 closing"]
        with pytest.raises(DelayedError):
            await line.send(MAIL, AT)
        await line.send(MAIL, AT)
    assert len(box.mails) == 2


@pytest.mark.parametrize(
    ("rcpt", "data", "expected"),
    [
        ("550 nobody", None, RefusedError),
        ("553 bad name", None, RefusedError),
        ("450 greylisted", None, DelayedError),
        (None, "554 we do not like it", RefusedError),
        (None, "452 disk full", DelayedError),
    ],
)
async def test_five_is_for_good_and_four_is_for_now(
    rcpt: str | None, data: str | None, expected: type[Exception]
) -> None:
    """By the first digit of what the server says, and the words name nobody."""
    async with mailbox() as box, MailServer(box.settings).line() as line:
        box.rcpt_answers, box.data_answers = [rcpt] if rcpt else [], [data] if data else []
        with pytest.raises(expected) as raised:
            await line.send(MAIL, AT)
    assert type(raised.value) is expected
    assert "anna" not in str(raised.value)
    assert box.mails == []


async def test_nobody_there_is_for_now() -> None:
    """A port where nobody listens is unreachable, and so no fault of the message."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = MailSettings(host="127.0.0.1", port=port, tls=False, sender="club@shop.test")
    async with MailServer(settings).line() as line:
        with pytest.raises(UnreachableError):
            await line.send(MAIL, AT)


async def test_a_password_is_shown_and_a_wrong_one_is_for_the_operator() -> None:
    """Whom the server does not let in tries again: the message is not lost for it."""
    async with mailbox() as box:
        right = msgspec.structs.replace(box.settings, user="club", password="right")
        wrong = msgspec.structs.replace(right, password="wrong")
        async with MailServer(right).line() as line:
            await line.send(MAIL, AT)
        async with MailServer(wrong).line() as line:
            with pytest.raises(UnreachableError):
                await line.send(MAIL, AT)
    assert box.users[0] == "club"
    assert len(box.mails) == 1


@pytest.mark.parametrize("implicit", [False, True])
async def test_encryption_is_used_where_it_is_offered(tmp_path: Path, *, implicit: bool) -> None:
    """After STARTTLS, or from the first byte. On this machine nobody asks who signed the certificate."""
    async with mailbox(certificate(tmp_path), implicit=implicit) as box:
        settings = msgspec.structs.replace(box.settings, tls=implicit)
        async with MailServer(settings).line() as line:
            await line.send(MAIL, AT)
    assert box.encrypted == [True]


async def test_no_other_machine_gets_anything_in_the_clear(tmp_path: Path) -> None:
    """Elsewhere encryption has to be there, with a certificate that somebody known has signed."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # sends nothing: it tells by which address others know us
        own = probe.getsockname()[0]
    if own.startswith("127."):
        pytest.skip("this machine has no other address")
    for tls in (None, certificate(tmp_path)):
        async with mailbox(tls, host=own) as box:
            settings = msgspec.structs.replace(box.settings, host=own)
            async with MailServer(settings).line() as line:
                with pytest.raises(UnreachableError):
                    await line.send(MAIL, AT)
            assert box.mails == []
