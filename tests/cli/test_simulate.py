"""``perennial simulate``: what it prints of a program with two wallets."""

from __future__ import annotations

import asyncio
import os
import re
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
_PATIENCE = 240

PROGRAM = """
program: cafe
name: Cafe
currency: USD
wallets:
  - {id: stars, name: Stars}
  - {id: cash, name: Cash back, decimals: 2, pays: {amount: 1}}
earning_rules:
  - {type: per_amount, id: stars, points: 1, per: 100, wallet: stars}
  - {type: per_amount, id: cents, points: 1, per: 1, wallet: cash}
"""


async def _prepare(url: str) -> None:
    """Make a shop in which Anna has 1,500 stars and 1,500.00 in cash."""
    async with await Database.connect(url, largest=2) as database:
        row = await create_workspace(database, "two-wallets", "Cafe", sandbox=True)
        await apply_document(database, row.workspace_id, PROGRAM, Author(actor="test", at=1))
        order = Order(status=OrderStatus.PAID, lines=(Line(sku="oven", amount=150_000),), currency="USD")
        command = PutOrder(id="o1", customer="anna", at=None, order=order)
        (answer,) = await Handler(database, CODEBOOK).handle_batch(
            row.workspace_id, row.bucket_base, [command]
        )
        assert answer.status == 201, answer.body


def _printed(url: str, file: Path) -> dict[str, list[str]]:
    """Return the columns of the table by the head of their row, and each other line as a row of its own."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PERENNIAL_")}
    given = {"PERENNIAL_DATABASE_URL": url, "PERENNIAL_SECRET": SECRET.hex(), "COLUMNS": "200"}
    done = subprocess.run(
        [_PERENNIAL, "simulate", "two-wallets", "cafe", "--file", file, "--processes", "1"],
        env={**kept, **given},
        capture_output=True,
        text=True,
        check=False,
        timeout=_PATIENCE,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [
        [part.strip() for part in re.split("[│┃]", line) if part.strip()] for line in done.stdout.splitlines()
    ]
    return {row[0]: row[1:] for row in rows if row}


def test_points_are_told_in_the_unit_of_their_wallet(database_url: str, tmp_path: Path) -> None:
    """Stars are whole, cash back has two decimals, and money stands in its currency."""
    asyncio.run(_prepare(database_url))
    more = tmp_path / "more.yaml"
    more.write_text(PROGRAM.replace("id: cents, points: 1", "id: cents, points: 2"), encoding="utf-8")
    printed = _printed(database_url, more)
    assert printed["stars awarded"] == ["1,500 Stars", "1,500 Stars"]
    assert printed["cash awarded"] == ["1,500.00 Cash back", "3,000.00 Cash back"]
    assert printed["cash liability is worth"] == ["1,500.00 USD", "3,000.00 USD"]
    assert printed["rule cents, cash"] == ["1,500.00 Cash back", "3,000.00 Cash back"]
    assert printed["handed out"] == ["0.00 USD", "0.00 USD"]
    assert "anna gains 1,500.00 points" in printed
