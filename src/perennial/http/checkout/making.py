"""A batch of codes while it is made: lines of JSON that say how far it is, and at last the batch."""

from __future__ import annotations

import asyncio
from typing import Literal

import msgspec
from litestar.types import ASGIApp

from perennial.core.language import Language
from perennial.flows.handle_events import Handler
from perennial.flows.staff.keys import Key
from perennial.flows.vouchers.batches import BatchView, NewBatch, create_batch
from perennial.http.door.problems import ProblemBody
from perennial.http.door.streamed_lines import Say, streamed_lines

PROGRESS_SECONDS = 0.1


class BatchStep(msgspec.Struct, frozen=True, kw_only=True):
    """One line: how many of ``of`` codes are written, or at last the ``batch`` or the ``problem``."""

    type: Literal["progress", "batch", "problem"]
    made: int | msgspec.UnsetType = msgspec.UNSET
    of: int | msgspec.UnsetType = msgspec.UNSET
    batch: BatchView | msgspec.UnsetType = msgspec.UNSET
    problem: ProblemBody | msgspec.UnsetType = msgspec.UNSET


def watched_batch(
    handler: Handler, caller: Key, command: NewBatch, identity: str, language: Language
) -> ASGIApp:
    """Return the answer that makes the batch while it is sent; whoever hangs up takes it back."""
    of = len(command.codes) if command.codes is not None else command.count or 0

    async def work(say: Say) -> None:
        made = 0

        def told(count: int) -> None:
            nonlocal made
            made = count

        making = asyncio.create_task(create_batch(handler, caller.workspace_id, command, caller.actor, told))
        try:
            while not making.done():
                await asyncio.wait({making}, timeout=PROGRESS_SECONDS)
                await say(BatchStep(type="progress", made=made, of=of))
            batch = msgspec.json.decode(making.result().body, type=BatchView)
            await say(BatchStep(type="batch", batch=batch))
        finally:
            making.cancel()
            await asyncio.gather(making, return_exceptions=True)

    return streamed_lines(work, identity, language)
