"""Settings from the environment: typed, with defaults, and with words for what is wrong."""

from __future__ import annotations

from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from perennial.config import (
    MailSettings,
    OidcSettings,
    RoleOfGroup,
    Settings,
    SettingsError,
    installation_secret,
    read_settings,
)


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
        "PERENNIAL_SECRET": "ab" * 32,
        "OTHER": "ignored",
    }
    assert read_settings(given) == Settings(
        database_url="postgresql://owner@db/perennial",
        data=Path("/srv/perennial"),
        host="::",
        port=80,
        workers=3,
        connections=8,
        secret="ab" * 32,
    )


_OIDC = {
    "PERENNIAL_OIDC_ISSUER": "https://login.example.com/realms/firm",
    "PERENNIAL_OIDC_CLIENT_ID": "perennial",
    "PERENNIAL_OIDC_CLIENT_SECRET": "never shown",
}


def test_a_provider_is_read() -> None:
    """Domains and groups are lists; the secret is in no text that anybody may print."""
    more = {
        "PERENNIAL_OIDC_DOMAINS": "Example.com, @example.de",
        "PERENNIAL_OIDC_ROLES": "shop:owner=heads, shop:marketer = the market",
        "PERENNIAL_OIDC_GROUPS_CLAIM": "roles",
    }
    settings = read_settings(_OIDC | more)
    assert settings.oidc == OidcSettings(
        issuer="https://login.example.com/realms/firm",
        client_id="perennial",
        client_secret="never shown",
        name="login.example.com",
        domains=("example.com", "example.de"),
        roles=(RoleOfGroup("shop", "owner", "heads"), RoleOfGroup("shop", "marketer", "the market")),
        groups_claim="roles",
    )
    assert "never shown" not in repr(settings)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"PERENNIAL_OIDC_ISSUER": "http://login.example.com"}, "PERENNIAL_OIDC_ISSUER"),
        ({"PERENNIAL_OIDC_ISSUER": "https://"}, "PERENNIAL_OIDC_ISSUER"),
        ({"PERENNIAL_OIDC_ISSUER": "https://[x"}, "PERENNIAL_OIDC_ISSUER"),
        ({"PERENNIAL_OIDC_ISSUER": "https://login.example.com:99999"}, "PERENNIAL_OIDC_ISSUER"),
        ({"PERENNIAL_OIDC_ISSUER": "ftp://localhost"}, "PERENNIAL_OIDC_ISSUER"),
        ({"PERENNIAL_OIDC_ISSUER": "login.example.com"}, "PERENNIAL_OIDC_ISSUER"),
        ({"PERENNIAL_OIDC_CLIENT_SECRET": ""}, "PERENNIAL_OIDC_CLIENT_SECRET"),
        ({"PERENNIAL_OIDC_ROLES": "owner=heads"}, "PERENNIAL_OIDC_ROLES"),
        ({"PERENNIAL_OIDC_ROLES": "shop:owner"}, "PERENNIAL_OIDC_ROLES"),
    ],
)
def test_a_provider_that_cannot_be_is_named(changed: dict[str, str], named: str) -> None:
    """Without TLS, without a secret, or with a group that gives nothing."""
    with pytest.raises(SettingsError, match=named):
        read_settings(_OIDC | changed)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PERENNIAL_PORT", "0"),
        ("PERENNIAL_PORT", "65536"),
        ("PERENNIAL_PORT", "\uff18\uff14\uff10\uff10"),
        ("PERENNIAL_WORKERS", "-1"),
        ("PERENNIAL_WORKERS", "1.5"),
        ("PERENNIAL_CONNECTIONS", "1"),
        ("PERENNIAL_SECRET", "ab" * 31),
        ("PERENNIAL_SECRET", "a password that is long enough for somebody"),
        ("PERENNIAL_DATABASE_URL", "mysql://db"),
        ("PERENNIAL_DATABASE_URL", "db.example"),
        ("PERENNIAL_DATABASE_URL", "postgresql://[x"),
        ("PERENNIAL_PUBLIC_URL", "https://[x"),
        ("PERENNIAL_PUBLIC_URL", "https://loyalty.example.com:port"),
    ],
)
def test_what_cannot_be_is_named(name: str, value: str) -> None:
    """A value that cannot be is an error that names its variable."""
    with pytest.raises(SettingsError, match=name):
        read_settings({name: value})


def test_a_database_of_many_hosts_is_one() -> None:
    """What PostgreSQL calls an address need not be one to browsers."""
    url = "postgresql://owner@one:5432,two:5432/perennial"
    assert read_settings({"PERENNIAL_DATABASE_URL": url}).database_url == url


@pytest.mark.parametrize(
    "text",
    [
        bytes(range(32)).hex(),
        b64encode(bytes(range(32))).decode(),
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
    ],
)
def test_a_secret_is_read_in_either_spelling(text: str) -> None:
    """Hexadecimal digits, base64, and base64 without its padding; what is shown of it is nothing."""
    settings = Settings(secret=text)
    assert installation_secret(settings) == bytes(range(32))
    assert text not in repr(settings)


def test_a_secret_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    """The first start makes a file that only its owner reads; every other start reads the same secret."""
    settings = Settings(data=tmp_path / "data")
    secret = installation_secret(settings)
    file = tmp_path / "data" / "secret.key"
    assert (len(secret), file.stat().st_mode & 0o777) == (32, 0o600)
    assert installation_secret(settings) == bytes.fromhex(file.read_text()) == secret
    assert [each.name for each in file.parent.iterdir()] == ["secret.key"]


def test_processes_that_start_at_once_have_one_secret(tmp_path: Path) -> None:
    """Sixteen threads that all find no file end up with the same one."""
    settings, together = Settings(data=tmp_path), Barrier(16)

    def start(_: int) -> bytes:
        together.wait()
        return installation_secret(settings)

    with ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(start, range(16)))) == 1


def test_a_damaged_secret_is_said_and_not_replaced(tmp_path: Path) -> None:
    """An empty file is an error that names it: with a new secret no code would be found again."""
    file = tmp_path / "secret.key"
    file.write_text("")
    with pytest.raises(SettingsError, match=r"secret\.key"):
        installation_secret(Settings(data=tmp_path))
    assert file.read_text() == ""


_MAIL = {
    "PERENNIAL_SMTP_URL": "smtp://club%40shop:p%3Aw@mail.example.com",
    "PERENNIAL_MAIL_FROM": "Our club <club@example.com>",
}


def test_a_mail_server_is_read() -> None:
    """Host, port by the scheme, user and password out of the URL, and name and address of the sender."""
    mail = read_settings(_MAIL).mail
    assert mail == MailSettings(
        host="mail.example.com",
        port=587,
        tls=False,
        sender="club@example.com",
        sender_name="Our club",
        user="club@shop",
        password="p:w",
    )
    assert "p:w" not in repr(read_settings(_MAIL))
    other = read_settings(
        {"PERENNIAL_SMTP_URL": "smtps://127.0.0.1", "PERENNIAL_MAIL_FROM": "club@example.com"}
    ).mail
    assert other is not None
    assert (other.port, other.tls, other.local, other.user) == (465, True, True, None)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"PERENNIAL_SMTP_URL": ""}, "needs PERENNIAL_SMTP_URL"),
        ({"PERENNIAL_MAIL_FROM": ""}, "needs PERENNIAL_MAIL_FROM"),
        ({"PERENNIAL_SMTP_URL": "https://mail.example.com"}, "PERENNIAL_SMTP_URL is like"),
        ({"PERENNIAL_SMTP_URL": "smtp://:hidden@mail.example.com"}, "PERENNIAL_SMTP_URL is like"),
        ({"PERENNIAL_SMTP_URL": "smtp://mail.example.com:many"}, "PERENNIAL_SMTP_URL is like"),
        ({"PERENNIAL_MAIL_FROM": "club"}, "PERENNIAL_MAIL_FROM is like"),
        ({"PERENNIAL_MAIL_FROM": "club@example.com\nBcc: x@example.com"}, "PERENNIAL_MAIL_FROM is like"),
    ],
)
def test_a_mail_server_that_cannot_be_is_refused(changed: dict[str, str], words: str) -> None:
    """The message names the variable, and never a password."""
    with pytest.raises(SettingsError, match=words) as raised:
        read_settings({**_MAIL, **changed})
    assert "hidden" not in str(raised.value)
