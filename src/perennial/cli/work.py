"""``perennial work``: the job worker on its own, until a signal says stop."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Annotated

import typer
from prometheus_client import start_http_server

from perennial.cli.console import OUT
from perennial.cli.session import ready_installation, settings_of_environment
from perennial.config import Settings, installation_secret
from perennial.flows.garbage import collect_seldom
from perennial.flows.messaging.send_messages import channels_of
from perennial.http.door.metrics import COUNTED, MeasuredHandler
from perennial.jobs.worker import Worker
from perennial.store.codes.codebook import Codebook
from perennial.store.database import DISPATCHER_ROLE, Database
from perennial.store.server.installation import read_generation

MetricsPort = Annotated[
    int | None,
    typer.Option(min=1, max=65_535, help="Show its figures to Prometheus, at /metrics of this port."),
]
MetricsHost = Annotated[str, typer.Option(help="The address at which it shows them, to whoever asks.")]


def work(metrics_port: MetricsPort = None, metrics_host: MetricsHost = "127.0.0.1") -> None:
    """Run due timers and seal the ledger, without serving, until a signal says stop."""
    with (
        suppress(KeyboardInterrupt),
        ready_installation(settings_of_environment()) as settings,
        _showing_figures(metrics_host, metrics_port),
    ):
        asyncio.run(_work(settings))
    OUT.print("Stopped.")


@contextmanager
def _showing_figures(host: str, port: int | None) -> Iterator[None]:
    """Answer ``/metrics`` on this address meanwhile; raises ``OSError`` if the port is taken."""
    if port is None:
        yield
        return
    server, thread = start_http_server(port, host)
    OUT.print(f"Its figures are at http://{host}:{port}/metrics")
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


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
            handler = MeasuredHandler(database, codebook, await read_generation(conn))
        collect_seldom()
        OUT.print("The job worker runs.")
        await Worker(handler, dispatcher, channels_of(settings, COUNTED)).run(stop)


COMMANDS = {"work": work}
