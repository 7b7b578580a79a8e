"""Who calls: an API key in ``Authorization``, or a person of the staff with the cookie of a session.

A browser sends cookies by itself, also when another site makes it call us. So a call with a cookie that
changes something has to come from our own pages: it carries a header that no other site can make a
browser send, and the browser's own words on where it comes from are checked.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from perennial.flows.problems import ProblemError
from perennial.flows.staff.keys import Key, Person
from perennial.flows.staff.scopes import Scope, allows
from perennial.flows.staff.sessions import LONGEST, SECOND, present
from perennial.http.door.asgi import Connection
from perennial.http.door.auth import unauthorized
from perennial.http.door.door import Address, Door
from perennial.http.door.exchange import Headers
from perennial.http.door.problems import bad_request

CSRF_HEADER = b"x-perennial-csrf"
WORKSPACE_HEADER = b"x-perennial-workspace"

_PLAIN_COOKIE = "perennial_session"
_SECURE_COOKIE = "__Host-perennial_session"
_READING = {"GET", "HEAD", "OPTIONS"}
_MAX_TOKEN = 100


def cookie_name(address: Address) -> str:
    """Return the name of the cookie; the prefix makes browsers refuse it from anywhere but our own host."""
    return _SECURE_COOKIE if address.secure else _PLAIN_COOKIE


def session_cookie(address: Address, token: str) -> str:
    """Return the ``Set-Cookie`` that begins a session; with an empty token the one that ends it."""
    seconds = LONGEST // SECOND if token else 0
    secure = "; Secure" if address.secure else ""
    return f"{cookie_name(address)}={token}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}"


async def admit(door: Door, scope: Connection, headers: Headers, needed: Scope, *instead: Scope) -> Key:
    """Return who calls with a key or a session, or raise 401 (nobody) or 403 (not this one).

    A scope of ``instead`` is as good as the one ``needed``.
    """
    authorization = headers.get(b"authorization")
    token = None if authorization is not None else cookie_value(headers, cookie_name(door.address))
    if token is None:
        return await door.keyring.admit(authorization, needed, *instead)
    caller, person = await _present(door, scope, headers, token)
    if person.held_back:
        raise bad_request(403, "second_factor_needed", "The workspace demands a second factor; add one.")
    if not any(allows(caller.scopes, each) for each in (needed, *instead)):
        raise bad_request(403, "scope_missing", f"Your role lacks the scope {needed.value!r}.")
    return caller


async def admit_staff(door: Door, scope: Connection, headers: Headers) -> Key:
    """Return the person who calls with a session, whatever the role; raise the 401 for anybody else."""
    token = cookie_value(headers, cookie_name(door.address))
    if token is None:
        raise bad_request(401, "session_needed", "This is for people: sign in first.")
    caller, _ = await _present(door, scope, headers, token)
    return caller


async def _present(door: Door, scope: Connection, headers: Headers, token: str) -> tuple[Key, Person]:
    if scope["method"] not in _READING:
        check_own_page(door.address, headers, in_session=True)
    wanted = headers.get(WORKSPACE_HEADER, b"").decode("ascii", "replace")[:_MAX_TOKEN]
    caller = await present(door.database, token, wanted)
    if caller is None or caller.person is None:
        raise unauthorized("The session is over; sign in again.")
    return caller, caller.person


def person_of(caller: Key) -> Person:
    """Return the person of a session."""
    assert caller.person is not None, "a route for people lets nobody else in"
    return caller.person


def check_own_page(address: Address, headers: Headers, *, in_session: bool = False) -> None:
    """Raise the 403 for a call that another site made the browser make.

    ``in_session``: the browser has sent a cookie, so that the header must be there too.
    """
    if in_session and CSRF_HEADER not in headers:
        raise _elsewhere("Send the header X-Perennial-CSRF with the session's cookie.")
    site = headers.get(b"sec-fetch-site")
    if site is not None and site not in {b"same-origin", b"none"}:
        raise _elsewhere("The call comes from another site.")
    origin = headers.get(b"origin")
    if site is None and origin is not None and not _is_ours(address, headers, origin):
        raise _elsewhere("The call comes from another site.")


def _is_ours(address: Address, headers: Headers, origin: bytes) -> bool:
    given = origin.decode("ascii", "replace")
    host = headers.get(b"host", b"").decode("ascii", "replace")
    return given == address.origin or (bool(host) and urlsplit(given).netloc == host)


def _elsewhere(words: str) -> ProblemError:
    return bad_request(403, "another_site", words)


def cookie_value(headers: Headers, name: str) -> str | None:
    """Return the token that a cookie of ours holds, whatever other cookies stand beside it, or None."""
    for part in headers.get(b"cookie", b"").decode("latin-1").split(";"):
        found, _, value = part.strip().partition("=")
        if found == name and 0 < len(value) <= _MAX_TOKEN and value.isascii():
            return value
    return None
