"""A whole application on a real database, as a caller sees it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import httpx
import pytest

from perennial.application import door_of
from perennial.config import Settings
from perennial.flows.programs.life import Author, apply_document
from perennial.flows.staff.keys import create_key
from perennial.flows.workspaces import create_workspace
from perennial.http.fast_lane import FastLane
from perennial.store.database import Database
from tests.codebook import SECRET
from tests.http.site import PROGRAM, Site, application, fresh_code, running


@pytest.fixture(scope="module")
async def app(database_url: str) -> AsyncIterator[FastLane]:
    """A worker's application, running; all sites of a module share it, as workspaces share a worker."""
    settings = Settings(database_url=database_url, connections=4, secret=SECRET.hex())
    lane = application(door_of(settings, jobs=False))
    async with running(lane):
        yield lane


@pytest.fixture
async def site(db: Database, app: FastLane) -> AsyncIterator[Site]:
    """A sandbox with the program of ``site.PROGRAM``, behind the door of the module's worker."""
    row = await create_workspace(db, fresh_code(), "Shop", sandbox=True)
    author = Author(actor="test", at=time.time_ns() // 1_000)
    await apply_document(db, row.workspace_id, PROGRAM, author)
    created = await create_key(db, row.code, "everything", ["admin"], actor="test")
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://shop.test") as client:
        yield Site(app, client, db, row, created.secret)
