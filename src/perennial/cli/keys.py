"""Workspaces and their API keys."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer

from perennial.cli.console import ERRORS, OUT, print_table
from perennial.cli.session import with_database
from perennial.flows.staff.keys import create_key, retire_key, workspace_keys
from perennial.flows.staff.scopes import Scope
from perennial.flows.workspaces import all_workspaces, create_workspace
from perennial.units import format_instant, parse_instant

KEYS = typer.Typer(name="keys", help="API keys: create, list, revoke.", no_args_is_help=True)
WORKSPACES = typer.Typer(name="workspaces", help="Workspaces: create, list.", no_args_is_help=True)

Workspace = Annotated[str, typer.Argument(help="The code of the workspace.")]


def actor() -> str:
    """How the audit log names who runs a command here."""
    return f"cli {getpass.getuser()}"


@KEYS.command()
def create(
    workspace: Workspace,
    name: Annotated[str, typer.Argument(help="What the key is for.")],
    scope: Annotated[
        list[Scope] | None, typer.Option(help="What it may do; may be repeated. Default: read and write.")
    ] = None,
    expires: Annotated[str | None, typer.Option(help="When it ends, such as 2027-01-01T00:00:00Z.")] = None,
) -> None:
    """Create a key and print its secret, which is shown this once."""
    try:
        expires_at = parse_instant(expires) if expires else None
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--expires") from error
    scopes = scope or [Scope.READ, Scope.WRITE]
    created = with_database(
        lambda database: create_key(database, workspace, name, scopes, actor=actor(), expires_at=expires_at)
    )
    ERRORS.print("The secret, which is not shown again:")
    print(created.secret)


@KEYS.command("list")
def list_keys(workspace: Workspace) -> None:
    """List the keys of a workspace; their secrets are stored nowhere."""
    rows = with_database(lambda database: workspace_keys(database, workspace))
    shown = []
    for row in rows:
        instants = (row.created_at, row.expires_at, row.revoked_at)
        days = ["" if instant is None else format_instant(instant)[:10] for instant in instants]
        shown.append((row.prefix, row.name, " ".join(row.scopes), *days))
    names = ("begins with", "name", "scopes", "created", "ends", "revoked")
    print_table(names, shown, whole="begins with")


@KEYS.command()
def revoke(
    workspace: Workspace,
    key: Annotated[str, typer.Argument(help="The id of the key, or what its secret begins with.")],
) -> None:
    """Revoke a key for good; every worker refuses it within a second."""
    row = with_database(lambda database: retire_key(database, workspace, key, actor=actor()))
    OUT.print(f"Revoked {row.prefix}… ({row.name}).", markup=False)


@WORKSPACES.command("create")
def create_one(
    code: Annotated[str, typer.Argument(help="A short name in lower case.")],
    name: Annotated[str | None, typer.Option(help="The name that people see.")] = None,
    sandbox: Annotated[bool, typer.Option("--sandbox", help="With a test clock, for trying out.")] = False,
    buckets: Annotated[
        int, typer.Option(min=1, max=1024, help="Parts that are written side by side; never changed.")
    ] = 1,
) -> None:
    """Create a workspace."""
    row = with_database(
        lambda database: create_workspace(database, code, name or code, sandbox=sandbox, buckets=buckets)
    )
    OUT.print(f"Workspace {row.code} is number {row.workspace_id}.")


@WORKSPACES.command("list")
def list_all() -> None:
    """List all workspaces."""
    shown = []
    for row in with_database(all_workspaces):
        kind = "sandbox" if row.sandbox else "live"
        created = format_instant(row.created_at)[:19]
        shown.append((str(row.workspace_id), row.code, row.name, kind, str(row.bucket_count), created))
    print_table(("number", "code", "name", "kind", "buckets", "created"), shown)


COMMANDS = {"keys": KEYS, "workspaces": WORKSPACES}
