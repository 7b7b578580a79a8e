"""Settings from the environment: every variable that Perennial reads, with its type and default."""

from __future__ import annotations

import base64
import binascii
import os
import re
import secrets
import signal
import string
from collections.abc import Mapping
from contextlib import suppress
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

import msgspec

DEFAULT_PORT = 8400
KEY_FILE = "secret.key"
SECRET_BYTES = 32
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
"""What asks a server to stop."""

GRACE_SECONDS = 30
"""How long a worker may then take to finish what is in flight."""


_SMTP_PORTS = {"smtp": 587, "smtps": 465}
_SENDER = re.compile(r"[!#-'*+/-9=?A-Z^-~-]+(\.[!#-'*+/-9=?A-Z^-~-]+)*@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")


class SettingsError(ValueError):
    """A variable of the environment has a value that it cannot have; the message names it."""


class RoleOfGroup(msgspec.Struct, frozen=True):
    """What a group of the provider gives: a role in a workspace."""

    workspace: str
    role: str
    group: str


class OidcSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The provider by which staff may sign in (OpenID Connect): where it is, and what we are to it.

    ``issuer`` (``PERENNIAL_OIDC_ISSUER``), ``client_id`` and ``client_secret`` (``..._CLIENT_ID``,
    ``..._CLIENT_SECRET``), and ``name`` (``..._NAME``) as people know it. ``domains`` (``..._DOMAINS``) are
    those of the addresses that are let in; empty: any. ``roles`` (``..._ROLES``) say what the groups give
    that the claim ``groups_claim`` (``..._GROUPS_CLAIM``) lists; of one workspace the first that fits counts.
    """

    issuer: str
    client_id: str
    client_secret: str
    name: str
    domains: tuple[str, ...] = ()
    roles: tuple[RoleOfGroup, ...] = ()
    groups_claim: str = "groups"

    def __repr__(self) -> str:
        return f"OidcSettings(issuer={self.issuer!r}, client_id={self.client_id!r}, name={self.name!r})"


class MailSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The server that takes our e-mail (``PERENNIAL_SMTP_URL``), and who sends it (``PERENNIAL_MAIL_FROM``).

    ``tls``: the connection is encrypted from its first byte (``smtps``); otherwise it is as soon as it is
    open (STARTTLS), which may be left out on this very machine alone.
    """

    host: str
    port: int
    tls: bool
    sender: str
    sender_name: str = ""
    user: str | None = None
    password: str | None = None

    @property
    def local(self) -> bool:
        """Whether the server is on this machine, where nobody is on the way."""
        return self.host in LOOPBACK

    def __repr__(self) -> str:
        return f"MailSettings(host={self.host!r}, port={self.port!r}, sender={self.sender!r})"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Where Perennial keeps its data and where it listens.

    ``database_url`` (``PERENNIAL_DATABASE_URL``) names a PostgreSQL as its owner; without it the
    embedded server runs under ``data`` (``PERENNIAL_DATA``). ``host`` and ``port``
    (``PERENNIAL_HOST``, ``PERENNIAL_PORT``) are the door, ``workers`` (``PERENNIAL_WORKERS``) the
    processes behind it, ``connections`` (``PERENNIAL_CONNECTIONS``) the most connections of each.
    ``secret`` (``PERENNIAL_SECRET``) is what codes are stored under; without it a file under ``data``.
    ``public_url`` (``PERENNIAL_PUBLIC_URL``) is how browsers reach the door, such as
    ``https://loyalty.example.com``. ``oidc`` is the single sign-on of the staff, if there is one,
    ``mail`` how e-mail is sent, if it is.
    """

    database_url: str | None = None
    data: Path = Path(".perennial")
    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    workers: int = 1
    connections: int = 4
    secret: str | None = None
    public_url: str | None = None
    oidc: OidcSettings | None = None
    mail: MailSettings | None = None

    def __repr__(self) -> str:
        given = {**msgspec.structs.asdict(self), "secret": self.secret and "..."}
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in given.items())})"


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
        secret=_secret(given.get("PERENNIAL_SECRET")),
        public_url=_public_url(given.get("PERENNIAL_PUBLIC_URL")),
        oidc=_oidc(given),
        mail=_mail(given),
    )


def public_address(settings: Settings) -> str:
    """Return how browsers reach the door: the given address, or the one where it listens."""
    if settings.public_url is not None:
        return settings.public_url
    host = "localhost" if settings.host in {"0.0.0.0", "::", "127.0.0.1", "::1"} else settings.host  # noqa: S104
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"


def is_safe(url: str) -> bool:
    """Tell whether nobody on the way can read or change what is sent to an address."""
    parts = _address(url)
    if parts is None or not parts.hostname:
        return False
    local = parts.hostname in LOOPBACK
    return parts.scheme == "https" or (parts.scheme == "http" and local)


def _address(text: str) -> SplitResult | None:
    """Return the parts of an address, or None for a text that is none."""
    try:
        parts = urlsplit(text)
        _ = parts.port  # is read only when it is asked for
    except ValueError:
        return None
    return parts


def _public_url(text: str | None) -> str | None:
    if text is None:
        return None
    parts = _address(text)
    if (
        parts is None
        or parts.scheme not in {"http", "https"}
        or not parts.hostname
        or parts.path.strip("/")
        or parts.query
    ):
        raise SettingsError(f"PERENNIAL_PUBLIC_URL is like https://loyalty.example.com, not {text!r}")
    return f"{parts.scheme}://{parts.netloc}"


def _oidc(given: Mapping[str, str]) -> OidcSettings | None:
    issuer = given.get("PERENNIAL_OIDC_ISSUER")
    if issuer is None:
        return None
    if not is_safe(issuer):
        raise SettingsError(f"PERENNIAL_OIDC_ISSUER is like https://login.example.com, not {issuer!r}")
    needed = ("PERENNIAL_OIDC_CLIENT_ID", "PERENNIAL_OIDC_CLIENT_SECRET")
    for name in needed:
        if name not in given:
            raise SettingsError(f"PERENNIAL_OIDC_ISSUER needs {name} too")
    return OidcSettings(
        issuer=issuer,
        client_id=given[needed[0]],
        client_secret=given[needed[1]],
        name=given.get("PERENNIAL_OIDC_NAME") or urlsplit(issuer).hostname or issuer,
        domains=tuple(each.lower().lstrip("@") for each in _listed(given.get("PERENNIAL_OIDC_DOMAINS", ""))),
        roles=tuple(_role_of_group(each) for each in _listed(given.get("PERENNIAL_OIDC_ROLES", ""))),
        groups_claim=given.get("PERENNIAL_OIDC_GROUPS_CLAIM", "groups"),
    )


def _mail(given: Mapping[str, str]) -> MailSettings | None:
    url, sender = given.get("PERENNIAL_SMTP_URL"), given.get("PERENNIAL_MAIL_FROM")
    if url is None and sender is None:
        return None
    if url is None:
        raise SettingsError("PERENNIAL_MAIL_FROM needs PERENNIAL_SMTP_URL too")
    if sender is None:
        raise SettingsError("PERENNIAL_SMTP_URL needs PERENNIAL_MAIL_FROM too")
    parts = _address(url)
    if (
        parts is None
        or parts.scheme not in _SMTP_PORTS
        or not parts.hostname
        or parts.path.strip("/")
        or parts.query
        or parts.fragment
        or (parts.password and not parts.username)
    ):
        # What was given may hold a password, and is not repeated.
        raise SettingsError("PERENNIAL_SMTP_URL is like smtp://user:password@mail.example.com:587")
    name, address = parseaddr(sender)
    if not _SENDER.fullmatch(address) or not sender.isprintable():
        raise SettingsError(f"PERENNIAL_MAIL_FROM is like Our shop <club@example.com>, not {sender!r}")
    return MailSettings(
        host=parts.hostname,
        port=parts.port or _SMTP_PORTS[parts.scheme],
        tls=parts.scheme == "smtps",
        sender=address,
        sender_name=name,
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
    )


def _listed(text: str) -> list[str]:
    return [each.strip() for each in text.split(",") if each.strip()]


def _role_of_group(text: str) -> RoleOfGroup:
    place, _, group = text.partition("=")
    workspace, _, role = place.strip().partition(":")
    if not (workspace and role and group.strip()):
        raise SettingsError(f"PERENNIAL_OIDC_ROLES is like shop:owner=heads, not {text!r}")
    return RoleOfGroup(workspace, role, group.strip())


def _database_url(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        scheme = urlsplit(text).scheme
    except ValueError:
        raise SettingsError("PERENNIAL_DATABASE_URL cannot be read as an address") from None
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


def _secret(text: str | None) -> str | None:
    if text is not None:
        _secret_bytes(text, "PERENNIAL_SECRET")
    return text


def _secret_bytes(text: str, where: str) -> bytes:
    """Read a secret of at least 32 bytes, in hexadecimal digits or in base64; never say what it is."""
    read = bytes.fromhex if set(text) <= set(string.hexdigits) else _base64
    with suppress(ValueError, binascii.Error):
        if len(secret := read(text)) >= SECRET_BYTES:
            return secret
    raise SettingsError(f"{where} holds no {SECRET_BYTES} bytes in hexadecimal digits or base64")


def _base64(text: str) -> bytes:
    return base64.b64decode(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4), validate=True)


def installation_secret(settings: Settings) -> bytes:
    """Return the secret of this installation: the given one, or that of the file ``secret.key``.

    Where there is neither, the file is made, for its owner's eyes only. Processes that start at the same
    moment end up with the same one. Raises :class:`SettingsError` for a file that holds no secret.
    """
    if settings.secret is not None:
        return _secret_bytes(settings.secret, "PERENNIAL_SECRET")
    file = settings.data / KEY_FILE
    if not file.exists():
        _make_secret(file)
    return _secret_bytes(file.read_text().strip(), str(file))


def _make_secret(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{KEY_FILE}-{secrets.token_hex(8)}")
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as kept:
            kept.write(f"{secrets.token_hex(SECRET_BYTES)}\n")
            kept.flush()
            os.fsync(kept.fileno())
        with suppress(FileExistsError):
            os.link(draft, file)  # whole or not at all, and never over one that came up meanwhile
    finally:
        draft.unlink(missing_ok=True)
