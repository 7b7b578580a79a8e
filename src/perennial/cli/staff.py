"""The staff, for whoever runs the machine: an owner is added, somebody locked out gets in, another is out."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from perennial.cli.console import ERRORS, OUT, print_table
from perennial.cli.keys import Workspace, actor
from perennial.cli.session import settings_of_environment, with_database
from perennial.config import public_address
from perennial.flows.staff.rescue import everybody, forget_factors, give_password, invite_here, sign_out
from perennial.units import format_instant

STAFF = typer.Typer(
    name="staff", help="People who sign in: list, add, let in again, sign out.", no_args_is_help=True
)

Email = Annotated[str, typer.Argument(help="The person's address.")]


@STAFF.command("list")
def list_staff() -> None:
    """List who has a role, workspace by workspace, and when they were last there."""
    shown = []
    for each in with_database(everybody):
        row = each.row
        seen = "" if row.seen_at is None else format_instant(row.seen_at)[:19]
        factors = str(row.has_totp + row.passkeys)
        shown.append((each.workspace, row.email, row.name, row.role, factors, seen))
    print_table(("workspace", "address", "name", "role", "factors", "last seen"), shown)


@STAFF.command()
def add(
    workspace: Workspace,
    email: Email,
    role: Annotated[str, typer.Option(help="What the person may do there.")] = "owner",
) -> None:
    """Print a link by which somebody gets a role, good once and for seven days."""
    token = with_database(lambda database: invite_here(database, workspace, email, role, actor()))
    ERRORS.print(f"Give {email} this link, which is not shown again:")
    print(f"{public_address(settings_of_environment())}/console/invitation#token={token}")


@STAFF.command("reset-password")
def reset_password(email: Email) -> None:
    """Give somebody another password, which is asked for (or read from a pipe), and end their sessions."""
    if sys.stdin.isatty():
        password = typer.prompt("The new password", hide_input=True, confirmation_prompt=True)
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    with_database(lambda database: give_password(database, email, password, actor()))
    OUT.print(f"{email} signs in with the new password.")


@STAFF.command("reset-factors")
def reset_factors(email: Email) -> None:
    """Forget somebody's app, recovery codes and passkeys, and end their sessions."""
    with_database(lambda database: forget_factors(database, email, actor()))
    OUT.print(f"{email} signs in with the password alone, and should add a second factor.")


@STAFF.command("sign-out")
def sign_out_everywhere(email: Email) -> None:
    """End every session of somebody, on every worker at once."""
    with_database(lambda database: sign_out(database, email, actor()))
    OUT.print(f"{email} is signed out everywhere.")


COMMANDS = {"staff": STAFF}
