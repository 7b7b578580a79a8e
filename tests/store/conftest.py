"""A book on a real database for the tests of the store."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from asyncpg import Connection

from perennial.store.database import Database, connect
from tests.store.book import Book


@pytest.fixture
async def book(db: Database, workspace: int) -> Book:
    """An opened book of a workspace of its own."""
    opened = Book(db, workspace)
    await opened.open()
    return opened


@pytest.fixture
async def superuser(database_url: str) -> AsyncIterator[Connection]:
    """A connection that no wall and no grant stops."""
    conn = await connect(database_url)
    yield conn
    await conn.close()
