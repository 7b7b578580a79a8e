"""An OpenID Connect provider: what it says of itself, its keys, and who a code stands for.

Nothing of it is believed until the signature, the issuer, the audience, the time and our own nonce are
checked. It is asked over TLS (or on this very machine), without redirects, within a time and a size.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable
from email.message import Message
from hashlib import sha256
from typing import IO, Any, Protocol, TypeVar
from urllib.parse import quote_plus, urlencode, urlsplit

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from perennial.config import OidcSettings, is_safe

T = TypeVar("T")

ALGORITHMS = ["RS256", "PS256", "ES256"]
"""Signatures with a key pair alone: with a shared secret, or with none, anybody could make a token."""

SKEW_SECONDS = 60
KEPT_SECONDS = 3600
ASKED_AGAIN_SECONDS = 60
"""How long keys are not asked for again, so that made-up tokens do not make us knock at the provider."""

FAILED_SECONDS = 5
"""How long a failure is told without asking again, so that people do not wait in a row for who is away."""

_TIMEOUT = 10
_MAX_BYTES = 262_144


class ProviderError(Exception):
    """The provider did not answer, or what it said is not to be believed; the words are for the log."""


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Who signed in there. ``subject`` never changes; the address counts only where it is ``verified``."""

    issuer: str
    subject: str
    email: str
    verified: bool
    name: str
    groups: frozenset[str]
    strong: bool


class Described(msgspec.Struct, frozen=True):
    """What a provider says of itself, as far as it is needed."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    authorization_response_iss_parameter_supported: bool = False


class _Keys(msgspec.Struct, frozen=True):
    keys: tuple[Any, ...]


class _Tokens(msgspec.Struct, frozen=True):
    id_token: str


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoRedirects)


class Provider:
    """The provider by which staff may sign in; what it says of itself, and its keys, are kept for an hour."""

    def __init__(self, settings: OidcSettings, clock: Callable[[], float] = time.time) -> None:
        self.settings = settings
        self.clock = clock
        self._described: tuple[float, Described] | None = None
        self._keys: tuple[float, KeySet] | None = None
        self._failed: tuple[float, str] | None = None
        self._asking = asyncio.Lock()

    async def address(self, redirect: str, state: str, nonce: str, verifier: str) -> str:
        """Return where the browser goes to sign in, and comes back from to ``redirect``."""
        described = await self.describe()
        challenge = base64.urlsafe_b64encode(sha256(verifier.encode()).digest()).decode().rstrip("=")
        asked = {
            "response_type": "code",
            "client_id": self.settings.client_id,
            "redirect_uri": redirect,
            "scope": "openid email profile",
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        separator = "&" if urlsplit(described.authorization_endpoint).query else "?"
        return f"{described.authorization_endpoint}{separator}{urlencode(asked)}"

    async def identify(
        self, code: str, issuer: str | None, redirect: str, nonce: str, verifier: str
    ) -> Identity:
        """Exchange a code for who has signed in; ``issuer`` is what came back beside it.

        Raises :class:`ProviderError` for whatever does not hold.
        """
        described = await self.describe()
        if issuer != described.issuer and (
            issuer is not None or described.authorization_response_iss_parameter_supported
        ):
            raise ProviderError("the answer comes from another issuer")
        given = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect,
            "code_verifier": verifier,
        }
        headers = {"content-type": "application/x-www-form-urlencoded"}
        if "client_secret_basic" in described.token_endpoint_auth_methods_supported:
            pair = f"{quote_plus(self.settings.client_id)}:{quote_plus(self.settings.client_secret)}"
            headers["authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        else:
            given |= {"client_id": self.settings.client_id, "client_secret": self.settings.client_secret}
        body = await _fetch(described.token_endpoint, urlencode(given).encode(), headers)
        claims = await self._claims(_read(body, _Tokens).id_token)
        self._check(claims, nonce)
        return self._identity(claims)

    async def describe(self) -> Described:
        """Return what the provider says of itself, as far as it is needed; known for an hour."""
        return await self._ask(self._known_description, self._asked_description)

    def _known_description(self) -> Described | None:
        kept = self._described
        return kept[1] if kept is not None and self.clock() - kept[0] < KEPT_SECONDS else None

    async def _asked_description(self) -> Described:
        url = f"{self.settings.issuer.rstrip('/')}/.well-known/openid-configuration"
        described = _read(await _fetch(url), Described)
        if described.issuer != self.settings.issuer:
            raise ProviderError(f"it says that it is {described.issuer!r}")
        for each in (described.authorization_endpoint, described.token_endpoint, described.jwks_uri):
            if not is_safe(each):
                raise ProviderError(f"it names an address without TLS: {each!r}")
        self._described = (self.clock(), described)
        return described

    async def _ask(self, known: Callable[[], T | None], ask: Callable[[], Awaitable[T]]) -> T:
        """Return what is known, or ask for it, one at a time; a failure is told to all who wait."""
        if (found := known()) is not None:
            return found
        async with self._asking:
            if (found := known()) is not None:
                return found
            if self._failed is not None and 0 <= self.clock() - self._failed[0] < FAILED_SECONDS:
                raise ProviderError(f"it failed just now: {self._failed[1]}")
            try:
                return await ask()
            except ProviderError as error:
                self._failed = (self.clock(), str(error))
                raise

    async def _claims(self, token: str) -> dict[str, Any]:
        """Return what a token says whose signature holds; a key that is not known is asked for once."""
        for anew in (False, True):
            keys = await self._key_set(anew=anew)
            try:
                return jwt.decode(token, keys, algorithms=ALGORITHMS).claims
            except (JoseError, ValueError, KeyError, TypeError) as error:
                if anew:
                    raise ProviderError(f"the token does not hold: {error}") from error
        raise AssertionError("the second try returns or raises")

    async def _key_set(self, *, anew: bool) -> KeySet:
        described = await self.describe()
        span = ASKED_AGAIN_SECONDS if anew else KEPT_SECONDS

        def known() -> KeySet | None:
            kept = self._keys
            return kept[1] if kept is not None and self.clock() - kept[0] < span else None

        async def ask() -> KeySet:
            keys = _key_set_of(_read(await _fetch(described.jwks_uri), _Keys))
            self._keys = (self.clock(), keys)
            return keys

        return await self._ask(known, ask)

    def _check(self, claims: dict[str, Any], nonce: str) -> None:
        """Demand that the token is from our provider, for us, of now, and for the sign-in that we began."""
        now = self.clock()
        audience = claims.get("aud")
        audiences = [audience] if isinstance(audience, str) else audience
        if claims.get("iss") != self.settings.issuer:
            raise ProviderError("the token is of another issuer")
        if not isinstance(audiences, list) or self.settings.client_id not in audiences:
            raise ProviderError("the token is for somebody else")
        party = claims.get("azp")
        if (party is None and len(audiences) > 1) or party not in (None, self.settings.client_id):
            raise ProviderError("the token was made for another party")
        for name, least, most in (
            ("exp", now - SKEW_SECONDS, None),
            ("iat", now - 600 - SKEW_SECONDS, now + SKEW_SECONDS),
            ("nbf", None, now + SKEW_SECONDS),
        ):
            at = claims.get(name)
            if at is None and name == "nbf":
                continue
            if isinstance(at, bool) or not isinstance(at, int | float):
                raise ProviderError(f"the token has no {name}")
            if (least is not None and at <= least) or (most is not None and at > most):
                raise ProviderError(f"the token is not of now: {name}")
        told = claims.get("nonce")
        if not isinstance(told, str) or not hmac.compare_digest(told.encode(), nonce.encode()):
            raise ProviderError("the token is not for this sign-in")

    def _identity(self, claims: dict[str, Any]) -> Identity:
        subject, email, name = (claims.get(each) for each in ("sub", "email", "name"))
        if not isinstance(subject, str) or not 0 < len(subject) <= 255:
            raise ProviderError("the token names nobody")
        groups, methods = claims.get(self.settings.groups_claim), claims.get("amr")
        return Identity(
            issuer=self.settings.issuer,
            subject=subject,
            email=email.strip().lower() if isinstance(email, str) and len(email) <= 254 else "",
            verified=claims.get("email_verified") is True,
            name="".join(each for each in name if each.isprintable())[:100] if isinstance(name, str) else "",
            groups=frozenset(each for each in groups if isinstance(each, str))
            if isinstance(groups, list)
            else frozenset(),
            strong=isinstance(methods, list) and "mfa" in methods,
        )


def _key_set_of(told: _Keys) -> KeySet:
    kept = [
        key
        for key in told.keys
        if isinstance(key, dict) and key.get("kty") in {"RSA", "EC"} and key.get("use") != "enc"
    ]
    try:
        return KeySet.import_key_set({"keys": kept})
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise ProviderError(f"its keys cannot be read: {error}") from error


def _read(body: bytes, type_: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=type_)
    except (ValueError, RecursionError) as error:
        raise ProviderError(f"what it said cannot be read: {error}") from error


async def _fetch(url: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> bytes:
    try:
        async with asyncio.timeout(_TIMEOUT):
            return await asyncio.to_thread(_fetched, url, body, headers or {})
    except TimeoutError as error:
        raise ProviderError("it did not answer in time") from error


def _fetched(url: str, body: bytes | None, headers: dict[str, str]) -> bytes:
    request = urllib.request.Request(url, body, {"accept": "application/json", **headers})  # noqa: S310  safe
    ends = time.monotonic() + _TIMEOUT
    try:
        with _OPENER.open(request, timeout=_TIMEOUT) as answer:
            return read_in_time(answer, ends)
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise ProviderError(f"it did not answer: {error}") from error


class Drops(Protocol):
    """What can be read as it comes."""

    def read1(self, n: int, /) -> bytes:
        """Return what is there, once there is something; nothing at the end."""
        ...


def read_in_time(answer: Drops, ends: float) -> bytes:
    """Return what an answer holds, which comes drop by drop; the time of a socket is that of a drop alone."""
    read = b""
    while drop := answer.read1(_MAX_BYTES + 1 - len(read)):
        read += drop
        if len(read) > _MAX_BYTES:
            raise ProviderError("it said too much")
        if time.monotonic() > ends:
            raise ProviderError("it did not answer in time")
    return read
