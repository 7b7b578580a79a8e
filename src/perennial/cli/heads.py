"""The file in which the heads of the sealed history are kept, outside the database."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import msgspec
import typer

from perennial.store.audits.audit import KeptHead


def read_heads(file: Path) -> list[KeptHead]:
    """Return the heads in a file; none if there is no such file yet."""
    if not file.exists():
        return []
    try:
        heads = msgspec.json.decode(file.read_bytes(), type=list[KeptHead])
        for head in heads:
            bytes.fromhex(head.hash)
    except (msgspec.MsgspecError, ValueError) as error:
        raise typer.BadParameter(f"{file} holds no heads: {error}") from error
    return heads


def write_heads(file: Path, kept: Iterable[KeptHead], checked: Iterable[KeptHead]) -> None:
    """Keep the heads that were checked, and those of other workspaces as they were; one on each line.

    The file is replaced as a whole, so that there is always an old one or a new one.
    """
    heads = {(head.workspace_id, head.bucket): head for head in (*kept, *checked)}
    lines = ",\n".join(msgspec.json.encode(heads[key]).decode() for key in sorted(heads))
    draft = file.with_name(f"{file.name}.new")
    with draft.open("w", encoding="utf-8") as opened:
        opened.write(f"[\n{lines}\n]\n" if heads else "[]\n")
        opened.flush()
        os.fsync(opened.fileno())
    draft.replace(file)
