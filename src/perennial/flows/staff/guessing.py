"""How often somebody may try to sign in: counted in the database, for all workers together.

A try is counted before its answer is known and taken back when it was right, so that tries at the same
moment are counted too. The tightest count is of one address from one place: who tries passwords for
somebody else's address stops himself, and not that person elsewhere.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256

from perennial.flows.problems import ProblemError, problem
from perennial.flows.staff.sessions import SECOND, now_of
from perennial.store.database import Database
from perennial.store.staff.sign_in import count_try, forgive_try, sweep_sign_in

SPAN_SECONDS = 900
ADDRESS_AT_PLACE = 10
"""Wrong tries for one address from one place in 15 minutes."""

PLACE = 200
"""Wrong tries from one place in 15 minutes, whoever is meant: many may sit behind one network address."""

ADDRESS = 100
"""Wrong tries for one address in 15 minutes, from everywhere."""

BEGUN = 200
"""Sign-ins at a provider that were begun from one place in 15 minutes and came to nothing."""

ASKED = 200
"""Passkeys that were asked for from one place in 15 minutes, and came to nothing."""


class Tried:
    """A try under way; ``forgive`` says that it was right."""

    def __init__(self) -> None:
        self.right = False

    def forgive(self) -> None:
        """Take the try back at the end: it was right."""
        self.right = True


@asynccontextmanager
async def guessing(database: Database, address: str | None, place: str) -> AsyncIterator[Tried]:
    """Count a try to be ``address`` from ``place`` (a network address); raise the 429 after too many.

    Where nobody known is meant (``address`` None), the place alone is bounded.
    """
    span = _span()
    holders = [(_holder("place", place), PLACE)]
    if address is not None:
        holders.insert(0, (_holder("address at place", address, place), ADDRESS_AT_PLACE))
        holders.append((_holder("address", address), ADDRESS))
    counted: list[bytes] = []
    tried = Tried()
    async with database.unbound() as conn:
        for holder, most in holders:
            if not await count_try(conn, holder, span, most):
                for earlier in counted:
                    await forgive_try(conn, earlier, span)
                raise _too_many()
            counted.append(holder)
    yield tried
    if tried.right:
        async with database.unbound() as conn:
            for holder in counted:
                await forgive_try(conn, holder, span)
            await sweep_sign_in(conn, now_of(), span - 1)


async def count_begun(database: Database, place: str) -> None:
    """Count a sign-in at a provider that begins at ``place``, and sweep; raise the 429 after too many.

    Nobody is named yet, and nothing can be guessed: the bound is on rows and on calls of the provider. It is
    apart from wrong tries, so that a provider that lets nobody in takes the password from nobody.
    """
    await _count_step(database, _begun(place), BEGUN)


async def forgive_begun(database: Database, place: str) -> None:
    """Take back what :func:`count_begun` counted, for the sign-in has let somebody in."""
    await _forgive_step(database, _begun(place))


async def count_asked(database: Database, place: str) -> None:
    """Count that a passkey is asked for from ``place``, and sweep; raise the 429 after too many.

    As with :func:`count_begun` the bound is on rows, and takes no other way of signing in from anybody.
    """
    await _count_step(database, _asked(place), ASKED)


async def forgive_asked(database: Database, place: str) -> None:
    """Take back what :func:`count_asked` counted, for the passkey has let somebody in."""
    await _forgive_step(database, _asked(place))


async def _count_step(database: Database, holder: bytes, most: int) -> None:
    span = _span()
    async with database.unbound() as conn:
        await sweep_sign_in(conn, now_of(), span - 1)
        if not await count_try(conn, holder, span, most):
            raise _too_many()


async def _forgive_step(database: Database, holder: bytes) -> None:
    async with database.unbound() as conn:
        await forgive_try(conn, holder, _span())


def _begun(place: str) -> bytes:
    return _holder("begun at place", place)


def _asked(place: str) -> bytes:
    return _holder("asked at place", place)


def _span() -> int:
    return now_of() // SECOND // SPAN_SECONDS


def _too_many() -> ProblemError:
    return problem(429, "too_many_tries", "Too many tries to sign in; wait a quarter of an hour.")


def _holder(*parts: str) -> bytes:
    return sha256("\x1f".join(parts).encode()).digest()
