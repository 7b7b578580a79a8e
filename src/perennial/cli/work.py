"""``perennial work``: the job worker on its own, until a signal says stop."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress

from perennial.cli.console import OUT
from perennial.cli.session import ready_installation, settings_of_environment
from perennial.config import Settings, installation_secret
from perennial.flows.garbage import collect_seldom
from perennial.flows.handle_events import Handler
from perennial.flows.messaging.send_messages import channels_of
from perennial.jobs.worker import Worker
from perennial.store.codes.codebook import Codebook
from perennial.store.database import DISPATCHER_ROLE, Database
from perennial.store.server.installation import read_generation


def work() -> None:
    """Run due timers and seal the ledger, without serving, until a signal says stop."""
    with suppress(KeyboardInterrupt), ready_installation(settings_of_environment()) as settings:
        asyncio.run(_work(settings))
    OUT.print("Stopped.")


async def _work(settings: Settings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    assert settings.database_url is not None, "a ready database has a URL"
    async with (
        await Database.connect(settings.database_url, largest=settings.connections) as database,
        await Database.connect(settings.database_url, role=DISPATCHER_ROLE, largest=1) as dispatcher,
    ):
        async with database.unbound() as conn:
            codebook = Codebook(installation_secret(settings))
            handler = Handler(database, codebook, await read_generation(conn))
        collect_seldom()
        OUT.print("The job worker runs.")
        await Worker(handler, dispatcher, channels_of(settings)).run(stop)


COMMANDS = {"work": work}
