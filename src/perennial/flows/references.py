"""References such as ``program/wallet``, or a bare name that only one program has."""

from __future__ import annotations

from perennial.flows.configuration import LiveProgram, Workspace
from perennial.flows.problems import field_problem


def bare_name(reference: str) -> str:
    """Return the name of ``program/name``, or of a name without a program."""
    return reference.rpartition("/")[2]


def own_wallet(live: LiveProgram, reference: str | None, path: str) -> str | None:
    """Return the name of a wallet of one program: of ``program/name``, or of its name; None if none is named.

    Raises the problem of the field at ``path`` if the program has no such wallet.
    """
    if reference is None:
        return None
    code, slash, name = reference.rpartition("/")
    if (slash and code != live.code) or name not in (spec.id for spec in live.latest.program.wallets):
        raise field_problem(path, "wallet_unknown", f"program {live.code} has no wallet {reference!r}")
    return name


def one_program(workspace: Workspace, reference: str, what: str, path: str) -> tuple[LiveProgram, str]:
    """Find the program of ``program/name``, or of a name that only one program has."""
    code, slash, name = reference.rpartition("/")
    found = []
    for live in workspace.programs:
        if slash and live.code != code:
            continue
        names = live.latest.rewards if what == "reward" else [w.id for w in live.latest.program.wallets]
        if name in names:
            found.append(live)
    if len(found) == 1:
        return found[0], name
    words = f"there is no {what} {reference!r}" if not found else f"name the program: program/{name}"
    raise field_problem(path, f"{what}_unknown" if not found else f"{what}_ambiguous", words)
