"""``perennial serve``: the server, until a signal says stop."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated

import msgspec
import typer

from perennial.cli.console import OUT
from perennial.cli.session import ready_installation, settings_of_environment
from perennial.config import Settings
from perennial.main import bind, run_server

Workers = Annotated[int | None, typer.Option(min=1, max=64, help="Processes behind the door.")]
Host = Annotated[str | None, typer.Option(help="The address to listen on.")]
Port = Annotated[int | None, typer.Option(min=1, max=65_535, help="The port to listen on.")]


def serve(workers: Workers = None, host: Host = None, port: Port = None) -> None:
    """Serve the API, with a job worker in each process, until a signal says stop."""
    settings = with_options(settings_of_environment(), workers, host, port)
    bind(settings.host, settings.port).close()  # a port that is taken is said before anything is set up
    with suppress(KeyboardInterrupt), ready_installation(settings) as ready:
        OUT.print(f"Perennial listens on http://{settings.host}:{settings.port}")
        run_server(ready)
    OUT.print("Stopped.")


def with_options(settings: Settings, workers: int | None, host: str | None, port: int | None) -> Settings:
    """Return the settings with what the command line says instead of the environment."""
    given = {"workers": workers, "host": host, "port": port}
    return msgspec.structs.replace(
        settings, **{key: value for key, value in given.items() if value is not None}
    )


COMMANDS = {"serve": serve}
