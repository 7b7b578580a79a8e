"""Settings from the environment: typed, with defaults, and with words for what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from perennial.config import Settings, SettingsError, read_settings


def test_nothing_set_is_the_embedded_server() -> None:
    """Without variables, and with empty ones, the defaults hold: no URL, so the embedded server."""
    assert read_settings({}) == Settings(
        database_url=None, data=Path(".perennial"), host="127.0.0.1", port=8400, workers=1, connections=4
    )
    assert read_settings({"PERENNIAL_PORT": "", "PERENNIAL_DATABASE_URL": " "}) == Settings()


def test_every_variable_is_read() -> None:
    """Each variable arrives in its field, with its type."""
    given = {
        "PERENNIAL_DATABASE_URL": "postgresql://owner@db/perennial",
        "PERENNIAL_DATA": "/srv/perennial",
        "PERENNIAL_HOST": "::",
        "PERENNIAL_PORT": "80",
        "PERENNIAL_WORKERS": "3",
        "PERENNIAL_CONNECTIONS": "8",
        "OTHER": "ignored",
    }
    assert read_settings(given) == Settings(
        database_url="postgresql://owner@db/perennial",
        data=Path("/srv/perennial"),
        host="::",
        port=80,
        workers=3,
        connections=8,
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PERENNIAL_PORT", "0"),
        ("PERENNIAL_PORT", "65536"),
        ("PERENNIAL_PORT", "\uff18\uff14\uff10\uff10"),
        ("PERENNIAL_WORKERS", "-1"),
        ("PERENNIAL_WORKERS", "1.5"),
        ("PERENNIAL_CONNECTIONS", "1"),
        ("PERENNIAL_DATABASE_URL", "mysql://db"),
        ("PERENNIAL_DATABASE_URL", "db.example"),
    ],
)
def test_what_cannot_be_is_named(name: str, value: str) -> None:
    """A value that cannot be is an error that names its variable."""
    with pytest.raises(SettingsError, match=name):
        read_settings({name: value})
