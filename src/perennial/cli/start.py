"""``perennial start``: everything from nothing, with a demo workspace to try things in."""

from __future__ import annotations

import asyncio
import http.client
import os
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from perennial.cli.console import ERRORS, OUT
from perennial.cli.examples import examples_folder
from perennial.cli.serve import Host, Port, Workers, with_options
from perennial.cli.session import ready_installation, settings_of_environment
from perennial.config import Settings, installation_secret, public_address
from perennial.flows.programs.life import Author, apply_document
from perennial.flows.programs.versions import programs_of
from perennial.flows.staff.keys import create_key, find_valid_key, hash_of
from perennial.flows.staff.scopes import Scope
from perennial.flows.staff.setup import needs_setup, setup_token
from perennial.flows.workspaces import all_workspaces, create_workspace
from perennial.main import bind, run_server
from perennial.store.codes.codebook import Codebook
from perennial.store.database import Database

DEMO = "demo"
_ACTOR = "perennial start"
_PROGRAM = "points.yaml"
_TRIES = 300
_PAUSE_SECONDS = 0.1

_WORDS = """\
[bold]Perennial runs on {url}[/]   [dim](Ctrl-C stops it)[/]

console: [bold]{console}[/]{first}

secret key of the sandbox "{demo}":
  [bold]{secret}[/]

[bold]Three commands to try[/], in another terminal:

{commands}"""

_FIRST = "\n  [dim]nobody can sign in yet: the link makes you the owner, once[/]"

_COMMANDS = """\
URL={url}
KEY={secret}

[green]# an order earns points[/]
curl -sX PUT $URL/v1/orders/order-1 -H "Authorization: Bearer $KEY" \\
  -H "Content-Type: application/json" -d '{{
  "customer": "customer-1", "status": "paid", "currency": "USD",
  "lines": [{{"id": "1", "sku": "coffee", "amount": 1250, "quantity": 2}}]}}'

[green]# every rule of it: did it fire, and why[/]
curl -s $URL/v1/orders/order-1/explanation -H "Authorization: Bearer $KEY"

[green]# the customer: memberships, tier, balances[/]
curl -s $URL/v1/customers/customer-1 -H "Authorization: Bearer $KEY"
"""


def start(workers: Workers = None, host: Host = None, port: Port = None) -> None:
    """Start everything: database, demo workspace, server. A second start goes on with the same data."""
    settings = with_options(settings_of_environment(), workers, host, port)
    bind(settings.host, settings.port).close()  # a port that is taken is said before anything is set up
    with suppress(KeyboardInterrupt), ExitStack() as stack:
        with _step("PostgreSQL"):
            ready = stack.enter_context(ready_installation(settings))
        with _step("demo workspace"):
            secret = asyncio.run(_prepare_demo(ready))
            first = asyncio.run(setup_path(ready))
        threading.Thread(target=_greet, args=(ready, secret, first), daemon=True).start()
        run_server(ready)
    OUT.print("Stopped. The next start goes on with the same data.")


@contextmanager
def _step(what: str) -> Iterator[None]:
    """Show a step while it runs, and how long it took."""
    began = time.monotonic()
    with ERRORS.status(what):
        yield
    ERRORS.print(f"[green]✓[/] {what} [dim]{time.monotonic() - began:.1f} s[/]", highlight=False)


async def _prepare_demo(settings: Settings) -> str:
    """Create the demo workspace with its program, once, and return a valid secret key of it."""
    assert settings.database_url is not None, "a ready database has a URL"
    async with await Database.connect(settings.database_url) as database:
        found = [row for row in await all_workspaces(database) if row.code == DEMO]
        row = found[0] if found else await create_workspace(database, DEMO, "Demo", sandbox=True)
        if not await programs_of(database, row.workspace_id):
            document = (examples_folder() / _PROGRAM).read_text()
            author = Author(actor=_ACTOR, at=time.time_ns() // 1000, note="the demo")
            await apply_document(database, row.workspace_id, document, author)
        return await _demo_secret(database, settings.data / "demo.key")


async def _demo_secret(database: Database, file: Path) -> str:
    """Return the key that the last start kept for its owner's eyes, or a new one."""
    if file.exists():
        secret = file.read_text().strip()
        if await find_valid_key(database, hash_of(secret)) is not None:
            return secret
    created = await create_key(database, DEMO, "demo", [Scope.ADMIN], actor=_ACTOR)
    file.parent.mkdir(parents=True, exist_ok=True)
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as kept:
        kept.write(f"{created.secret}\n")
    return created.secret


async def setup_path(settings: Settings) -> str | None:
    """Return where in the console the first person is made; None where there is somebody already.

    The token is behind the ``#``: browsers keep that to themselves, so that no log ever holds it.
    """
    assert settings.database_url is not None, "a ready database has a URL"
    async with await Database.connect(settings.database_url) as database:
        if not await needs_setup(database):
            return None
    return f"/console/setup#token={setup_token(Codebook(installation_secret(settings)))}"


def _greet(settings: Settings, secret: str, first: str | None) -> None:
    """Say where Perennial is as soon as it answers."""
    for _ in range(_TRIES):
        with suppress(OSError, http.client.HTTPException):
            door = http.client.HTTPConnection(settings.host, settings.port, timeout=2)
            door.request("GET", "/health/ready")
            if door.getresponse().status == 200:
                break
        time.sleep(_PAUSE_SECONDS)
    else:
        ERRORS.print(f"[red]The server does not answer on port {settings.port}.[/]")
        return
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    url = f"http://{host}:{settings.port}"
    commands = _COMMANDS.format(url=url, secret=secret)
    words = _WORDS.format(
        url=url,
        console=public_address(settings) + (first or "/console"),
        first=_FIRST if first else "",
        demo=DEMO,
        secret=secret,
        commands=commands,
    )
    OUT.print(words, soft_wrap=True)


COMMANDS = {"start": start}
