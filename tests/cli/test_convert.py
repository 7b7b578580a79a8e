"""``perennial convert`` as people use it: foreseen, run, run again, looked at, taken back."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

from perennial.core.orders.order import Line, Order, OrderStatus
from perennial.flows.commands import PutOrder
from perennial.flows.handle_events import Handler
from perennial.flows.programs.life import Author, apply_document
from perennial.flows.workspaces import create_workspace
from perennial.store.database import Database
from tests.codebook import CODEBOOK, SECRET

_PERENNIAL = Path(sys.executable).with_name("perennial")
_PATIENCE = 60

PROGRAM = """
program: cafe
name: Cafe
wallets: [{id: stars, name: Stars}, {id: points, name: Points}]
earning_rules: [{id: visit, type: fixed, trigger: order.paid, points: 2, wallet: stars}]
"""


async def _prepare(url: str) -> None:
    """Make a shop in which Anna has two stars."""
    async with await Database.connect(url, largest=2) as database:
        row = await create_workspace(database, "cafe", "Cafe", sandbox=True)
        await apply_document(database, row.workspace_id, PROGRAM, Author(actor="test", at=1))
        order = Order(status=OrderStatus.PAID, lines=(Line(sku="tea", amount=300),), currency="USD")
        command = PutOrder(id="o1", customer="anna", at=None, order=order)
        (answer,) = await Handler(database, CODEBOOK).handle_batch(
            row.workspace_id, row.bucket_base, [command]
        )
        assert answer.status == 201, answer.body


def _run(url: str, *words: str, fails: bool = False) -> str:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PERENNIAL_")}
    given = {"PERENNIAL_DATABASE_URL": url, "PERENNIAL_SECRET": SECRET.hex(), "COLUMNS": "200"}
    done = subprocess.run(
        [_PERENNIAL, "convert", *words],
        env={**kept, **given},
        capture_output=True,
        text=True,
        check=False,
        timeout=_PATIENCE,
    )
    assert (done.returncode != 0) is fails, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_convert(database_url: str) -> None:
    """Two stars are 24 points, and come back; a rate that is none is refused with words."""
    asyncio.run(_prepare(database_url))
    rate = ("cafe", "cafe", "stars", "points", "--rate")
    assert "2 stars of 1 owners would become 24 points; 0 would have to wait." in _run(
        database_url, "preview", *rate, "1:12"
    )
    run = ("run", *rate, "1:12", "--id", "c1", "--reason", "asked for")
    done = "c1: done. 2 stars became 24 points (1 owners, 0 wait, 0 refused)."
    assert done in _run(database_url, *run)
    assert done in _run(database_url, *run)
    assert done in _run(database_url, "status", "cafe", "cafe", "--id", "c1")
    back = _run(database_url, "reverse", "cafe", "cafe", "--id", "c1", "--reason", "wrong rate")
    assert "c1: reversed." in back
    assert "2 stars came back, out of 24 points." in back
    assert "1:12" in _run(database_url, "preview", *rate, "twelve", fails=True)
