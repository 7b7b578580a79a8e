"""Conversions bucket by bucket, slice by slice: a slice is a batch of owners, each a transaction's own row.

How far a bucket has come is noted after each slice. Whoever is killed in between repeats a slice, and finds
the owners of it done; so do two who work on the same bucket at the same time.
"""

from __future__ import annotations

import logging
from uuid import UUID

import msgspec

from perennial.flows.answers import Answer, Problem
from perennial.flows.commands import ConvertOwner
from perennial.flows.handle_events import Handler
from perennial.flows.handling.handle_conversion import OwnerAnswer
from perennial.store.conversions import (
    ConversionRow,
    ConversionState,
    OwnerRow,
    OwnerState,
    SliceRow,
    due_slices,
    list_owners,
    move_slice,
    put_owners,
    read_conversion,
    read_owners,
    read_slice,
    walk_owners,
)
from perennial.store.customers.customers import lock_customers
from perennial.units import MINUTE, Instant

OWNERS_AT_ONCE = 100
TRIED_AGAIN_AFTER: Instant = MINUTE

_log = logging.getLogger("perennial.flows")


async def run_conversions(handler: Handler, workspace_id: int, bucket: int, until: Instant) -> int:
    """Do what is due of every conversion in a bucket; return how many owners were handled."""
    handled = 0
    async with handler.database.transaction(workspace_id) as conn:
        due = await due_slices(conn, workspace_id, bucket, until)
    for conversion_id in due:
        while True:
            owners, more = await run_slice(handler, workspace_id, bucket, conversion_id, until)
            handled += owners
            if not more:
                break
    return handled


async def run_slice(
    handler: Handler, workspace_id: int, bucket: int, conversion_id: UUID, until: Instant
) -> tuple[int, bool]:
    """Handle the next owners of a bucket; return how many, and whether more are waiting for their turn."""
    async with handler.database.transaction(workspace_id) as conn:
        conversion = await read_conversion(conn, workspace_id, conversion_id)
        slice_ = await read_slice(conn, workspace_id, bucket, conversion_id)
    if conversion is None or slice_ is None or slice_.due_at is None or slice_.due_at > until:
        return 0, False
    if slice_.walked or conversion.state is not ConversionState.CARRYING:
        owners = await _try_again(handler, workspace_id, bucket, conversion)
        open_ = await _waiting(handler, workspace_id, bucket, conversion)
        due_at = until + TRIED_AGAIN_AFTER if open_ else None
        after = SliceRow(conversion_id, slice_.walked_to, True, due_at)
        await _note(handler, workspace_id, bucket, slice_, after)
        return owners, False
    async with handler.database.transaction(workspace_id) as conn:
        unit = conversion.terms.unit
        found = await walk_owners(conn, workspace_id, bucket, unit, slice_.walked_to, OWNERS_AT_ONCE)
    await _handle(handler, workspace_id, bucket, conversion, found)
    walked_to = found[-1][0] if found else slice_.walked_to
    after = SliceRow(conversion_id, walked_to, len(found) < OWNERS_AT_ONCE, slice_.due_at)
    await _note(handler, workspace_id, bucket, slice_, after)
    return len(found), True


async def _note(handler: Handler, workspace_id: int, bucket: int, before: SliceRow, after: SliceRow) -> None:
    async with handler.database.transaction(workspace_id) as conn:
        await move_slice(conn, workspace_id, bucket, before, after)


def _left(conversion: ConversionRow) -> tuple[OwnerState, ...]:
    """The states of owners who have to be handled once all were walked."""
    if conversion.state is ConversionState.GOING_BACK:
        return OwnerState.WAITING, OwnerState.CONVERTED, OwnerState.REFUSED, OwnerState.RETURN_WAITING
    return OwnerState.WAITING, OwnerState.REFUSED


async def _try_again(handler: Handler, workspace_id: int, bucket: int, conversion: ConversionRow) -> int:
    """Handle every owner that had to wait, or that has to come back, once."""
    handled, after = 0, None
    while True:
        async with handler.database.transaction(workspace_id) as conn:
            rows = await list_owners(
                conn,
                workspace_id,
                bucket,
                conversion.conversion_id,
                _left(conversion),
                after,
                OWNERS_AT_ONCE,
            )
        if not rows:
            return handled
        # One by one: a household's row is never locked together with those of others.
        await _handle(handler, workspace_id, bucket, conversion, [(row.customer_id, False) for row in rows])
        handled += len(rows)
        after = rows[-1].customer_id


async def _waiting(handler: Handler, workspace_id: int, bucket: int, conversion: ConversionRow) -> bool:
    states = [state for state in _left(conversion) if state is not OwnerState.REFUSED]
    async with handler.database.transaction(workspace_id) as conn:
        rows = await list_owners(conn, workspace_id, bucket, conversion.conversion_id, states, None, 1)
    return bool(rows)


async def _handle(
    handler: Handler,
    workspace_id: int,
    bucket: int,
    conversion: ConversionRow,
    owners: list[tuple[UUID, bool]],
) -> None:
    """Handle owners: members together, every other alone."""
    together = [owner for owner, is_member in owners if is_member]
    alone = [owner for owner, is_member in owners if not is_member]
    for batch in ([together] if together else []) + [[owner] for owner in alone]:
        for home, household in await _handle_batch(handler, workspace_id, bucket, conversion, batch):
            await _handle_batch(handler, workspace_id, home, conversion, [household])


async def _handle_batch(
    handler: Handler, workspace_id: int, bucket: int, conversion: ConversionRow, owners: list[UUID]
) -> set[tuple[int, UUID]]:
    """Handle owners in one transaction; return where the households lie that they entered meanwhile."""
    back, name = conversion.state is ConversionState.GOING_BACK, conversion.conversion_id.hex
    commands = [
        ConvertOwner(customer_id=owner.hex, bucket=bucket, conversion_id=name, back=back) for owner in owners
    ]
    households: set[tuple[int, UUID]] = set()
    for owner, answer in zip(owners, await handler.handle_batch(workspace_id, bucket, commands), strict=True):
        if answer.status >= 400:
            await _refuse(handler, workspace_id, bucket, conversion, owner, answer)
            continue
        told = msgspec.json.decode(answer.body, type=OwnerAnswer)
        if told.owner is not None:
            households.add((told.bucket, UUID(hex=told.owner)))
    return households


async def _refuse(
    handler: Handler, workspace_id: int, bucket: int, conversion: ConversionRow, owner: UUID, answer: Answer
) -> None:
    """Note why an owner could not be carried over, so that nobody is passed over in silence."""
    code = msgspec.json.decode(answer.body, type=Problem).code
    _log.error("an owner's balance could not be carried over (%s); it is listed as refused", code)
    key = (owner, conversion.conversion_id)
    async with handler.database.transaction(workspace_id) as conn:
        await lock_customers(conn, workspace_id, bucket, [owner])
        known = (await read_owners(conn, workspace_id, bucket, [key])).get(key)
        if known is None or known.state in (OwnerState.WAITING, OwnerState.REFUSED):
            row = OwnerRow(
                customer_id=owner,
                conversion_id=conversion.conversion_id,
                state=OwnerState.REFUSED,
                reason=code,
            )
            await put_owners(conn, workspace_id, bucket, [row])
