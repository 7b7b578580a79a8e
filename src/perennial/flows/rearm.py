"""Timers after a publication: a new version may make something due that nobody had armed.

A birthday rule, another end of the program or other tiers give every member new due instants. Each
member's timer is set to now; when it runs, it does what is due, if anything, and is armed anew by the
version in force.
"""

from __future__ import annotations

from perennial.core.program_diff import Change
from perennial.flows.backfill import SLICE
from perennial.store.customers import lock_customers
from perennial.store.database import Database
from perennial.store.history import FIRST, next_customers
from perennial.store.timers import arm_timers
from perennial.store.workspaces import WorkspaceRow
from perennial.units import Instant

_MOVES_TIMERS = (
    "earning_rules",
    "campaigns",
    "starts",
    "ends",
    "grace",
    "tiers",
    "wallets",
    "time_zone",
    "week_starts",
    "challenges",
)


def moves_timers(changes: tuple[Change, ...]) -> bool:
    """Whether changes between two versions can change when something is due."""
    return any(change.path.lstrip("$.").startswith(_MOVES_TIMERS) for change in changes)


async def rearm_timers(database: Database, workspace: WorkspaceRow, at: Instant) -> int:
    """Let every customer's timer be due at ``at``, slice by slice; return how many there are."""
    done = 0
    for bucket in range(workspace.bucket_base, workspace.bucket_base + workspace.bucket_count):
        last = FIRST
        while True:
            async with database.transaction(workspace.workspace_id) as conn:
                part = await next_customers(conn, workspace.workspace_id, bucket, last, SLICE)
                if not part:
                    break
                locked = await lock_customers(conn, workspace.workspace_id, bucket, part)
                living = [customer_id for customer_id, row in locked.items() if row.erased_at is None]
                await arm_timers(conn, workspace.workspace_id, bucket, living, at)
            last = part[-1]
            done += len(part)
    return done
