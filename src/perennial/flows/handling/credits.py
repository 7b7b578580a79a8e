"""Points that people give by hand: never more than their role allows, and above a bound only by two.

Bounds are whole points as people read them, whatever the decimals of a wallet: 500 are 500.00 where it has
two. They are part of the transaction that writes the points: the day of a person is a locked row, and the
statement that adds to it compares once more.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from asyncpg import Connection

from perennial.core.counting import are, counted
from perennial.flows.batch import Batch
from perennial.flows.commands import Command, PostAdjustment
from perennial.flows.problems import problem
from perennial.store.credits import credit_day, lock_day
from perennial.store.effects import GuardError
from perennial.store.staff.roles import read_rules
from perennial.units import Points, format_units

_DAY = 24 * 3600 * 1_000_000
MAX_PER_DAY = 10**12
"""The highest bound of a day, in whole points: counted in parts it still fits into a column."""

_PLACES = 6
"""Wallets have so many decimals at most; a day is counted in such parts, as it may be of several wallets."""


async def load_credits(conn: Connection, batch: Batch, commands: Sequence[Command]) -> None:
    """Read what bounds the credits among the commands, and lock the days of those who give them."""
    given = [each for each in commands if isinstance(each, PostAdjustment) and each.points > 0]
    if not given:
        return
    workspace_id = batch.workspace.workspace_id
    batch.two_to_credit_above = (await read_rules(conn, workspace_id)).two_to_credit_above
    givers = {each.giver.staff_id: each.giver for each in given if each.giver is not None}
    for staff_id, giver in sorted(givers.items()):
        if giver.per_day is not None:
            most = _parts(giver.per_day, 0)
            credited = await lock_day(conn, workspace_id, staff_id, batch.now // _DAY, most)
            batch.credited[staff_id] = credited


def exceeds(points: Points, bound: int | None, decimals: int) -> bool:
    """Tell whether ``points``, in parts of ``decimals``, are more than ``bound`` whole ones (None: any)."""
    return bound is not None and points > bound * 10**decimals


def check_credit(batch: Batch, command: PostAdjustment, decimals: int) -> None:
    """Raise the 403 beyond the giver's role, and the 409 for what two people must want.

    ``decimals`` are those of the wallet that the points enter.
    """
    if command.points <= 0:
        return
    giver = command.giver
    if giver is not None:
        check_at_a_time(command.points, giver.most, decimals)
        if giver.per_day is not None:
            _check_day(batch, giver.staff_id, giver.per_day, command.points, decimals)
    above = batch.two_to_credit_above
    if exceeds(command.points, above, decimals) and not command.approved:
        raise problem(
            409,
            "approval_needed",
            f"Credits above {counted(above or 0, 'points')} need the approval of a second person.",
            details={"above": above},
        )


def check_at_a_time(points: Points, most: int | None, decimals: int) -> None:
    """Raise the 403 for more points of a wallet than a role may credit at a time."""
    if exceeds(points, most, decimals):
        words = f"Your role may credit at most {counted(most or 0, 'points')} at a time."
        raise problem(403, "credit_limit", words, details={"most": most})


def check_moved(points: Points, most: int | None, decimals: int) -> None:
    """Raise the 403 for more points of a wallet than a role may move from one customer to another."""
    if exceeds(points, most, decimals):
        words = f"Your role may move at most {counted(most or 0, 'points')} at a time."
        raise problem(403, "credit_limit", words, details={"most": most})


def _check_day(batch: Batch, staff_id: UUID, per_day: int, points: Points, decimals: int) -> None:
    left = max(_parts(per_day, 0) - batch.credited.get(staff_id, 0), 0)
    if _parts(points, decimals) > left:
        # Of what is left, so much as the wallet can tell.
        told = left // 10 ** (_PLACES - decimals)
        raise problem(
            403,
            "credit_limit_per_day",
            f"Your role may credit {counted(per_day, 'points')} a day;"
            f" {are(format_units(told, decimals))} left.",
            details={"per_day": per_day, "left": told, "decimals": decimals},
        )


def note_credit(batch: Batch, command: PostAdjustment, decimals: int) -> None:
    """Count a credit that was given, for the next one of the batch and for the day."""
    giver = command.giver
    if command.points > 0 and giver is not None and giver.per_day is not None:
        parts = _parts(command.points, decimals)
        batch.credited[giver.staff_id] = batch.credited.get(giver.staff_id, 0) + parts
        batch.new_credits.append((giver, parts))


async def write_credits(conn: Connection, batch: Batch) -> None:
    """Write what people have credited; a bound that does not hold undoes the whole batch."""
    for giver, parts in batch.new_credits:
        assert giver.per_day is not None, "only those with a bound are counted"
        most = _parts(giver.per_day, 0)
        if not await credit_day(
            conn, batch.workspace.workspace_id, giver.staff_id, batch.now // _DAY, parts, most
        ):
            raise GuardError("staff_credits", 1, 0)


def _parts(points: Points, decimals: int) -> int:
    """Return points of a wallet in the parts in which a day is counted."""
    parts: int = points * 10 ** (_PLACES - decimals)
    return parts
