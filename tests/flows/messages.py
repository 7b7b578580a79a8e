"""What the tests of sending share: a live shop with a message, its mail server, and what is stored."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from asyncpg import Connection

from perennial.channels.email import MailServer
from perennial.core.customers.consents import ConsentChannel, ConsentState, SaidConsent
from perennial.core.customers.identifiers import CustomerIdentifier, IdentifierType
from perennial.flows.batcher import Intake
from perennial.flows.commands import PutCustomer
from perennial.flows.customers.consents import hear_consents
from perennial.flows.handle_events import Handler
from perennial.flows.messaging.send_messages import Channels, send_messages
from perennial.flows.programs.life import Author, apply_document
from perennial.store.database import Database, connect
from perennial.units import DAY
from tests.channels.mailbox import Mailbox
from tests.codebook import CODEBOOK
from tests.flows.shop import Shop

PROGRAM = """
program: points
name: Our club
time_zone: UTC
currency: USD
wallets:
  - {id: points, name: Points}
declarations:
  member:
    first_name: {type: text}
earning_rules:
  - {id: base, type: per_amount, points: 1, per: 100}
messages:
  - id: thanks
    type: email
    subject: "Thank you, {{ customer.first_name | default: 'friend' }}"
    body: |
      You have {{ wallets.points.available }} points with {{ program.name }}.
    html: "<p>Dear {{ customer.first_name }}: {{ wallets.points.available }}</p>"
"""

MARKETING = PROGRAM.replace("    type: email\n", "    type: email\n    purpose: marketing\n")


@asynccontextmanager
async def open_shop(db: Database, database_url: str, program: str = PROGRAM) -> AsyncIterator[Shop]:
    """A workspace that is no sandbox, with a program; its customers are all in one bucket, of its number."""
    owner = await connect(database_url)
    number: int = 5_000 + await owner.fetchval("select count(*) from workspaces")
    await owner.execute(
        "insert into workspaces (workspace_id, code, name, sandbox, bucket_base, bucket_count, created_at)"
        " values ($1, $2, 'Live', false, $1, 1, $3)",
        number,
        f"live-{number}",
        wall(),
    )
    await owner.close()
    intake = Intake(Handler(db, CODEBOOK))
    shop = Shop(db, number, intake)
    author = Author(actor="test", at=wall())
    await apply_document(db, number, program, author, wall() - 30 * DAY)
    yield shop
    await intake.close()


def wall() -> int:
    """Return the present."""
    return time.time_ns() // 1000


def channels_to(box: Mailbox | None, public_url: str | None = "https://shop.test") -> Channels:
    """Return channels whose e-mail goes into a mailbox; None: there is no server."""
    return Channels(email=None if box is None else MailServer(box.settings), public_url=public_url)


async def send(shop: Shop, box: Mailbox | None, *, now: int | None = None) -> int:
    """Send what is due in the shop's only bucket."""
    return await send_messages(shop.handler, shop.workspace_id, shop.workspace_id, channels_to(box), now)


async def put(shop: Shop, customer: str, address: str | None = "anna@example.com", **attributes: str) -> None:
    """Make a customer with an address."""
    identifiers = () if address is None else (CustomerIdentifier(type=IdentifierType.EMAIL, value=address),)
    await shop.do(PutCustomer(customer=customer, attributes=dict(attributes), identifiers=identifiers))


async def say(shop: Shop, customer: str, state: ConsentState, purpose: str = "marketing") -> None:
    """Let a customer agree to e-mail of a purpose, or not any more."""
    said = SaidConsent(channel=ConsentChannel.EMAIL, purpose=purpose, state=state, source="test")
    await hear_consents(shop.handler, shop.workspace_id, customer, [said], "test")


async def stored(owner: Connection, shop: Shop) -> list[tuple[str, int, str | None, int]]:
    """Return message, state, reason and tries of every row, in the order of the causes."""
    rows = await owner.fetch(
        "select message, state, reason, attempts from messages where workspace_id = $1"
        " order by caused_at, message_id",
        shop.workspace_id,
    )
    return [tuple(row) for row in rows]
