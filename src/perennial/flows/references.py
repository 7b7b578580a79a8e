"""References such as ``program/wallet``, or a bare name that only one program has."""

from __future__ import annotations

from perennial.flows.configuration import LiveProgram, Workspace
from perennial.flows.problems import field_problem


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
