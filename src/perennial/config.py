"""Settings from the environment: every variable that Perennial reads, with its type and default."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

DEFAULT_PORT = 8400


class SettingsError(ValueError):
    """A variable of the environment has a value that it cannot have; the message names it."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Where Perennial keeps its data and where it listens.

    ``database_url`` (``PERENNIAL_DATABASE_URL``) names a PostgreSQL as its owner; without it the
    embedded server runs under ``data`` (``PERENNIAL_DATA``). ``host`` and ``port``
    (``PERENNIAL_HOST``, ``PERENNIAL_PORT``) are the door, ``workers`` (``PERENNIAL_WORKERS``) the
    processes behind it, ``connections`` (``PERENNIAL_CONNECTIONS``) the most connections of each.
    """

    database_url: str | None = None
    data: Path = Path(".perennial")
    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    workers: int = 1
    connections: int = 4


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Return the settings that ``environment`` (as ``os.environ``) gives; an empty value counts as none.

    Raises :class:`SettingsError`.
    """
    given = {name: value.strip() for name, value in environment.items() if value.strip()}
    default = Settings()
    return Settings(
        database_url=_database_url(given.get("PERENNIAL_DATABASE_URL")),
        data=Path(given.get("PERENNIAL_DATA", default.data)),
        host=given.get("PERENNIAL_HOST", default.host),
        port=_number(given, "PERENNIAL_PORT", default.port, 1, 65_535),
        workers=_number(given, "PERENNIAL_WORKERS", default.workers, 1, 64),
        connections=_number(given, "PERENNIAL_CONNECTIONS", default.connections, 2, 100),
    )


def _database_url(text: str | None) -> str | None:
    if text is None:
        return None
    scheme = urlsplit(text).scheme
    if scheme not in {"postgresql", "postgres"}:
        raise SettingsError(f"PERENNIAL_DATABASE_URL begins with postgresql://, not with {scheme or text!r}")
    return text


def _number(given: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = given.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
        raise SettingsError(f"{name} is a whole number from {least} to {most}, not {text!r}")
    return int(text)
