"""How often somebody may try to sign in: counted in the database, for all workers together.

A try is counted before its answer is known and taken back when it was right, so that tries at the same
moment are counted too. The tightest count is of one address from one place: who tries passwords for
somebody else's address stops himself, and not that person elsewhere.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256

from perennial.flows.problems import problem
from perennial.flows.sessions import SECOND, now_of
from perennial.store.database import Database
from perennial.store.sign_in import count_try, forgive_try, sweep_sign_in

SPAN_SECONDS = 900
ADDRESS_AT_PLACE = 10
"""Wrong tries for one address from one place in 15 minutes."""

PLACE = 200
"""Wrong tries from one place in 15 minutes, whoever is meant: many may sit behind one network address."""

ADDRESS = 100
"""Wrong tries for one address in 15 minutes, from everywhere."""


class Tried:
    """A try under way; ``forgive`` says that it was right."""

    def __init__(self) -> None:
        self.right = False

    def forgive(self) -> None:
        """Take the try back at the end: it was right."""
        self.right = True


@asynccontextmanager
async def guessing(database: Database, address: str, place: str) -> AsyncIterator[Tried]:
    """Count a try to be ``address`` from ``place`` (a network address); raise the 429 after too many."""
    span = now_of() // SECOND // SPAN_SECONDS
    holders = (
        (_holder("address at place", address, place), ADDRESS_AT_PLACE),
        (_holder("place", place), PLACE),
        (_holder("address", address), ADDRESS),
    )
    counted: list[bytes] = []
    tried = Tried()
    async with database.unbound() as conn:
        for holder, most in holders:
            if not await count_try(conn, holder, span, most):
                for earlier in counted:
                    await forgive_try(conn, earlier, span)
                raise problem(429, "too_many_tries", "Too many tries to sign in; wait a quarter of an hour.")
            counted.append(holder)
    yield tried
    if tried.right:
        async with database.unbound() as conn:
            for holder in counted:
                await forgive_try(conn, holder, span)
            await sweep_sign_in(conn, now_of(), span - 1)


def _holder(*parts: str) -> bytes:
    return sha256("\x1f".join(parts).encode()).digest()
