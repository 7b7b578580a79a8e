"""A small OpenID Connect provider on loopback, with real keys, that can be told to lie."""

from __future__ import annotations

import base64
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

CLIENT, SECRET = "perennial", "a secret of tests"
FIRST_KEY = RSAKey.generate_key(2048, {"kid": "one"})
OTHER_KEY = RSAKey.generate_key(2048, {"kid": "one"})
Claims = dict[str, Any]


class SmallProvider:
    """Signs in whomever a test says, by code with PKCE; ``lie`` changes the claims, ``sign`` the token.

    What is ``broken`` answers with these bytes, whatever they are.
    """

    def __init__(self, origin: str) -> None:
        self.issuer = self.says_it_is = origin
        self.token_endpoint = f"{origin}/token"
        self.key: RSAKey | ECKey = FIRST_KEY
        self.published: list[RSAKey | ECKey] = [self.key]
        self.person: Claims = {}
        self.lie: Callable[[Claims], Claims] = lambda claims: claims
        self.sign: Callable[[Claims], str] = self.signed
        self.codes: dict[str, Claims] = {}
        self.asked: list[str] = []
        self.broken: dict[str, bytes] = {}

    def rotate(self, key: RSAKey | ECKey) -> None:
        """Sign with another key from now on, and publish it alone."""
        self.key, self.published = key, [key]

    def approve(self, address: str, person: Claims) -> dict[str, str]:
        """Sign a person in as the browser at ``address`` would; return what it comes back with."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
        assert "openid" in asked["scope"].split()
        code = f"code-{len(self.codes)}"
        self.codes[code] = {**asked, "person": person}
        return {"code": code, "state": asked["state"]}

    def answer(self, path: str, form: dict[str, str], authorization: str) -> tuple[int, Claims]:
        """Answer a request."""
        self.asked.append(path)
        if path == "/.well-known/openid-configuration":
            return 200, {
                "issuer": self.says_it_is,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": self.token_endpoint,
                "jwks_uri": f"{self.issuer}/keys",
            }
        if path == "/keys":
            return 200, dict(KeySet([*self.published]).as_dict(private=False))
        begun = self.codes.pop(form.get("code", ""), None)
        pair = base64.b64encode(f"{CLIENT}:{SECRET.replace(' ', '+')}".encode()).decode()
        challenge = base64.urlsafe_b64encode(sha256(form.get("code_verifier", "").encode()).digest())
        if (
            begun is None
            or authorization != f"Basic {pair}"
            or challenge.decode().rstrip("=") != begun["code_challenge"]
            or form.get("redirect_uri") != begun["redirect_uri"]
        ):
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": begun["nonce"],
            "sub": "subject-1",
            "email_verified": True,
            **begun["person"],
        }
        return 200, {"access_token": "x", "token_type": "Bearer", "id_token": self.sign(self.lie(claims))}

    def signed(self, claims: Claims) -> str:
        """Return the claims as a token of ours."""
        alg = "RS256" if isinstance(self.key, RSAKey) else "ES256"
        return jwt.encode({"alg": alg, "kid": self.key.kid}, claims, self.key, algorithms=[alg])


def unsigned(claims: Claims) -> str:
    """Return a token that says of itself that it has no signature."""
    return f"{_head_and_claims({'alg': 'none', 'typ': 'JWT'}, claims)}."


def signed_with_public_key(claims: Claims) -> str:
    """Return a token signed with the text of the key that everybody may read, as if it were a secret."""
    signed = _head_and_claims({"alg": "HS256", "kid": "one", "typ": "JWT"}, claims)
    secret = FIRST_KEY.as_pem(private=False)
    return f"{signed}.{_base64(hmac.new(secret, signed.encode(), sha256).digest())}"


def _head_and_claims(head: Claims, claims: Claims) -> str:
    return ".".join(_base64(json.dumps(each).encode()) for each in (head, claims))


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


@contextmanager
def small_provider() -> Iterator[SmallProvider]:
    """Run a provider on a port of its own."""

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer({})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0"))).decode()
            self._answer({name: values[0] for name, values in parse_qs(body).items()})

        def _answer(self, form: dict[str, str]) -> None:
            if self.path in provider.broken:
                provider.asked.append(self.path)
                self.wfile.write(provider.broken[self.path])
                return
            status, said = provider.answer(self.path, form, self.headers.get("authorization", ""))
            body = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    provider = SmallProvider(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
