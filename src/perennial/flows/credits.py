"""Points that people give by hand: never more than their role allows, and above a bound only by two.

The bounds are part of the transaction that writes the points: the day of a person is a locked row, and the
statement that adds to it compares once more.
"""

from __future__ import annotations

from collections.abc import Sequence

from asyncpg import Connection

from perennial.flows.batch import Batch
from perennial.flows.commands import Command, PostAdjustment
from perennial.flows.problems import problem
from perennial.store.credits import credit_day, lock_day
from perennial.store.effects import GuardError
from perennial.store.roles import read_rules

_DAY = 24 * 3600 * 1_000_000


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
            credited = await lock_day(conn, workspace_id, staff_id, batch.now // _DAY, giver.per_day)
            batch.credited[staff_id] = credited


def check_credit(batch: Batch, command: PostAdjustment) -> None:
    """Raise the 403 beyond the giver's role, and the 409 for what two people must want."""
    if command.points <= 0:
        return
    giver = command.giver
    if giver is not None and giver.most is not None and command.points > giver.most:
        raise problem(
            403,
            "credit_limit",
            f"Your role may credit at most {giver.most} points at a time.",
            details={"most": giver.most},
        )
    if giver is not None and giver.per_day is not None:
        left = giver.per_day - batch.credited.get(giver.staff_id, 0)
        if command.points > left:
            raise problem(
                403,
                "credit_limit_per_day",
                f"Your role may credit {giver.per_day} points a day; {max(left, 0)} are left.",
                details={"per_day": giver.per_day, "left": max(left, 0)},
            )
    above = batch.two_to_credit_above
    if above is not None and command.points > above and not command.approved:
        raise problem(
            409,
            "approval_needed",
            f"Credits above {above} points need the approval of a second person.",
            details={"above": above},
        )


def note_credit(batch: Batch, command: PostAdjustment) -> None:
    """Count a credit that was given, for the next one of the batch and for the day."""
    giver = command.giver
    if command.points > 0 and giver is not None and giver.per_day is not None:
        batch.credited[giver.staff_id] = batch.credited.get(giver.staff_id, 0) + command.points
        batch.new_credits.append((giver, command.points))


async def write_credits(conn: Connection, batch: Batch) -> None:
    """Write what people have credited; a bound that does not hold undoes the whole batch."""
    for giver, points in batch.new_credits:
        assert giver.per_day is not None, "only those with a bound are counted"
        if not await credit_day(
            conn, batch.workspace.workspace_id, giver.staff_id, batch.now // _DAY, points, giver.per_day
        ):
            raise GuardError("staff_credits", 1, 0)
