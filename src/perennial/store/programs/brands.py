"""The colors that a workspace has chosen; without a row it has those of the house.

Whoever writes here holds the lock of the configuration.
"""

from __future__ import annotations

import msgspec
from asyncpg import Connection

_READ_BRAND = "select color, dark_color from brands where workspace_id = $1"

_PUT_BRAND = """
insert into brands (workspace_id, color, dark_color) values ($1, $2, $3)
on conflict (workspace_id) do update set color = excluded.color, dark_color = excluded.dark_color
"""

_DELETE_BRAND = "delete from brands where workspace_id = $1"


class BrandRow(msgspec.Struct, frozen=True):
    """Colors as ``#`` and six hexadecimal digits in lower case; ``dark_color`` is None if none was chosen."""

    color: str
    dark_color: str | None


async def read_brand(conn: Connection, workspace_id: int) -> BrandRow | None:
    """Return the colors of the workspace, or None if it has chosen none."""
    record = await conn.fetchrow(_READ_BRAND, workspace_id)
    if record is None:
        return None
    color, dark_color = record
    return BrandRow(_text(color), None if dark_color is None else _text(dark_color))


async def put_brand(conn: Connection, workspace_id: int, row: BrandRow | None) -> None:
    """Give the workspace these colors, or none."""
    if row is None:
        await conn.execute(_DELETE_BRAND, workspace_id)
    else:
        dark_color = None if row.dark_color is None else _number(row.dark_color)
        await conn.execute(_PUT_BRAND, workspace_id, _number(row.color), dark_color)


def _text(number: int) -> str:
    return f"#{number:06x}"


def _number(color: str) -> int:
    return int(color.removeprefix("#"), 16)
