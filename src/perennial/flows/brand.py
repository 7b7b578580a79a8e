"""The colors of a workspace: one that can be read on light grounds, and one for dark ones.

Both have to be readable as text, in light and in dark. So white can be read on the first and black on the
second, and whoever draws a button, a link or a card needs no rule of its own.
"""

from __future__ import annotations

import math

import msgspec

from perennial.flows.answers import FieldProblem
from perennial.flows.contrast import READABLE, contrast, is_readable, nearest_readable
from perennial.flows.ids import Ids
from perennial.flows.problems import field_problem, problem
from perennial.flows.programs.life import Author
from perennial.store.database import Database
from perennial.store.programs.brands import BrandRow, put_brand, read_brand
from perennial.store.programs.programs import lock_configuration
from perennial.store.staff.audit_entries import AuditEntry, insert_audit_entry

LIGHT_GROUND = "#f1efe7"
DARK_GROUND = "#232b27"
"""The least favorable grounds of the console: in light its darkest one, in dark its lightest."""

HOUSE_LIGHT = "#1d6b4a"
HOUSE_DARK = "#64b088"

_WHITE = "#ffffff"
_BLACK = "#000000"
_ids = Ids()


class Shade(msgspec.Struct, frozen=True):
    """A color to draw with, and the ``ink`` that can be read on it."""

    color: str
    ink: str


class BrandView(msgspec.Struct, frozen=True, kw_only=True):
    """What was chosen (null: nothing), and what to draw with on ``light`` and on ``dark`` grounds.

    Without a choice these are the colors of the house; without a ``dark_color`` the nearest to ``color`` that
    can be read.
    """

    color: str | None
    dark_color: str | None
    light: Shade
    dark: Shade


class JudgedColor(msgspec.Struct, frozen=True, kw_only=True):
    """A color on the ground that it is for. ``contrast`` is a decimal number, cut after two places.

    ``nearest`` is the nearest color of the same hue that can be read: the color itself where ``readable``.
    """

    color: str
    contrast: str
    readable: bool
    nearest: str
    ink: str


class BrandPreview(msgspec.Struct, frozen=True):
    """Whether colors can be read, on ``light`` and on ``dark`` grounds, and the nearest that can."""

    light: JudgedColor
    dark: JudgedColor


def judge_brand(color: str | None, dark_color: str | None) -> BrandPreview:
    """Return how colors read, those of the house where there is no ``color``.

    Raises a 422 for a ``dark_color`` that stands alone.
    """
    light, dark = _pair(color, dark_color)
    return BrandPreview(_judged(light, LIGHT_GROUND, _WHITE), _judged(dark, DARK_GROUND, _BLACK))


def brand_view(row: BrandRow | None) -> BrandView:
    """Return what to draw with."""
    color, dark_color = (None, None) if row is None else (row.color, row.dark_color)
    light, dark = _pair(color, dark_color)
    return BrandView(
        color=color,
        dark_color=dark_color,
        light=Shade(light, _WHITE),
        dark=Shade(dark, _BLACK),
    )


async def brand_of(database: Database, workspace_id: int) -> BrandView:
    """Return the colors of a workspace."""
    async with database.transaction(workspace_id) as conn:
        return brand_view(await read_brand(conn, workspace_id))


async def change_brand(
    database: Database, workspace_id: int, color: str | None, dark_color: str | None, author: Author
) -> BrandView:
    """Give a workspace these colors, or those of the house where there is no ``color``.

    Raises a 422 for a color that cannot be read: it names the nearest that can.
    """
    after = None if color is None else BrandRow(color, dark_color)
    _check(color, dark_color)
    async with database.transaction(workspace_id) as conn:
        await lock_configuration(conn, workspace_id)
        before = await read_brand(conn, workspace_id)
        if after != before:
            await put_brand(conn, workspace_id, after)
            entry = AuditEntry(
                entry_id=_ids.next(),
                at=author.at,
                actor=author.actor,
                action="brand.changed",
                object="brand",
                reason=None,
                before=before and msgspec.to_builtins(before),
                after=after and msgspec.to_builtins(after),
            )
            await insert_audit_entry(conn, workspace_id, entry)
    return brand_view(after)


def _pair(color: str | None, dark_color: str | None) -> tuple[str, str]:
    """Return the colors for light and for dark grounds, whether they can be read or not."""
    if color is not None:
        return color, dark_color or nearest_readable(color, DARK_GROUND)
    if dark_color is not None:
        raise field_problem("$.color", "required", "name the color for light grounds as well")
    return HOUSE_LIGHT, HOUSE_DARK


def _check(color: str | None, dark_color: str | None) -> None:
    judged = judge_brand(color, dark_color)
    fields = [
        FieldProblem(path=path, code=code, message=_words(each, ground))
        for path, code, ground, each in (
            ("$.color", "color_too_pale", "light", judged.light),
            ("$.dark_color", "color_too_dark", "dark", judged.dark),
        )
        if not each.readable
    ]
    if fields:
        raise problem(422, fields[0].code, f"{fields[0].path}: {fields[0].message}", *fields)


def _words(judged: JudgedColor, ground: str) -> str:
    return (
        f"cannot be read on a {ground} ground: its contrast is {judged.contrast}, and {READABLE} is the "
        f"least; the nearest that works is {judged.nearest}"
    )


def _judged(color: str, ground: str, ink: str) -> JudgedColor:
    return JudgedColor(
        color=color,
        contrast=_cut(contrast(color, ground)),
        readable=is_readable(color, ground),
        nearest=nearest_readable(color, ground),
        ink=ink,
    )


def _cut(ratio: float) -> str:
    """Return a contrast with two places, never more than it is: 4.499 is no 4.5."""
    return f"{math.floor(ratio * 100) / 100:.2f}"
