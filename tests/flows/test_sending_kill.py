"""``kill -9`` of whoever sends, when a message is claimed and the server has it half."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from asyncpg import Connection

from perennial.flows.messaging.send_messages import HELD
from perennial.store.database import Database
from tests.channels.mailbox import mailbox
from tests.flows.messages import open_shop, put, send, stored, wall

_SEND = """
import asyncio, sys
from perennial.channels.email import MailServer
from perennial.config import MailSettings
from perennial.flows.handle_events import Handler
from perennial.flows.messaging.send_messages import Channels, send_messages
from perennial.store.database import Database
from tests.codebook import CODEBOOK


async def main(url, workspace, port):
    settings = MailSettings(host="127.0.0.1", port=int(port), tls=False, sender="club@shop.test")
    async with await Database.connect(url) as database:
        channels = Channels(email=MailServer(settings))
        await send_messages(Handler(database, CODEBOOK), int(workspace), int(workspace), channels)


asyncio.run(main(*sys.argv[1:]))
"""


async def test_what_was_on_its_way_is_sent_by_the_next_one(
    db: Database, database_url: str, owner: Connection
) -> None:
    """Nobody else touches it until the claim is over; then it goes out, by the same id as the first time."""
    async with open_shop(db, database_url) as shop, mailbox() as box:
        await put(shop, "anna")
        await shop.order("o1", "anna", 1200, at=wall())
        box.gate = asyncio.Event()
        place = str(shop.workspace_id)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", _SEND, database_url, place, str(box.port), cwd=Path(__file__).parents[2]
        )
        try:
            await asyncio.wait_for(box.reached.wait(), 60)
        finally:
            os.kill(process.pid, signal.SIGKILL)
            await process.wait()
        assert await stored(owner, shop) == [("thanks", 2, None, 1)]
        box.gate.set()
        box.gate = None
        assert await send(shop, box) == 0
        delivered = len(box.mails)  # the server may have taken what nobody heard of
        assert await send(shop, box, now=wall() + HELD) == 1
        assert len(box.mails) == delivered + 1
        assert len({mail["Message-ID"].split("@")[0] for mail in box.mails}) == 1
        assert await stored(owner, shop) == [("thanks", 3, None, 2)]
