"""Both sides of a referral in one transaction: their buckets locked in ascending order, as for transfers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import msgspec
from asyncpg import Connection

from perennial.core.member import Member
from perennial.flows.batch import Batch
from perennial.flows.commands import ReferralPair
from perennial.flows.handle_events import Handler
from perennial.flows.handling.load_batch import load_together
from perennial.flows.handling.needed import Needed
from perennial.flows.handling.write_batch import write


class Pair(msgspec.Struct):
    """The two batches (one and the same where both live in one bucket), and who takes part."""

    conn: Connection
    giving: Batch
    taking: Batch
    advocate_id: UUID
    friend_id: UUID

    @property
    def advocate(self) -> Member | None:
        """The advocate, unless they were erased."""
        return self.giving.members.get(self.advocate_id)

    @property
    def friend(self) -> Member | None:
        """The friend, unless they were erased."""
        return self.taking.members.get(self.friend_id)


@asynccontextmanager
async def both_sides(
    handler: Handler, workspace_id: int, command: ReferralPair, needed: Needed
) -> AsyncIterator[Pair]:
    """Lock and load both sides; write what was decided about them when the block ends without an error."""
    async with handler.database.transaction(workspace_id) as conn:
        buckets = sorted({command.friend_bucket, command.advocate_bucket})
        batches = {bucket: await handler.batch(conn, workspace_id, bucket) for bucket in buckets}
        kept_by = {UUID(hex=household) for _, household in command.kept_by}
        with_theirs = Needed(lots=needed.lots | kept_by, codes=needed.codes)
        await load_together(conn, list(batches.values()), handler.configurations, command, with_theirs)
        yield Pair(
            conn,
            batches[command.advocate_bucket],
            batches[command.friend_bucket],
            UUID(hex=command.advocate_id),
            UUID(hex=command.friend_id),
        )
        for batch in batches.values():
            await write(conn, batch, handler.generation)
