"""Runs a report: its query, with what it needs, in a transaction that cannot write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from asyncpg import Connection

from perennial.reports.report import Report

Cell: TypeAlias = str | int | float | None


async def run_report(conn: Connection, report: Report, values: Mapping[str, Any]) -> list[tuple[Cell, ...]]:
    """Return the rows of a report; ``values`` has everything that a query may name."""
    sql, names = report.statement()
    rows = await conn.fetch(sql, *(values[name] for name in names))
    return [tuple(row) for row in rows]
