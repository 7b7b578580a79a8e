"""What a batch writes, by the buckets of whom it is: nearly always all of it is of one.

Who lives in a household that lies in another bucket earns and spends there: the points are posted where the
wallets are, and everything else where the customer is.
"""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import msgspec

from perennial.flows.batch import Batch
from perennial.store.effects import Change
from perennial.store.events import EventRow
from perennial.store.netting import OF_OWNERS
from perennial.store.segments import SegmentMove
from perennial.units import Instant


class Part(msgspec.Struct):
    """What is written in one bucket."""

    changes: list[Change] = []
    dues: dict[UUID, Instant | None] = {}
    events: list[EventRow] = []
    moves: list[SegmentMove] = []


def parts_of(batch: Batch) -> dict[int, Part]:
    """Return what is written in each bucket; the batch's own is always among them."""
    if not batch.places:
        own = Part(batch.changes, batch.dues(), batch.new_events, batch.segment_moves)
        parts = {batch.bucket: own}
    else:
        parts = _divided(batch)
    for bucket, changes in batch.elsewhere.items():
        part = parts.setdefault(bucket, Part())
        part.changes = [*part.changes, *changes]
    return parts


def _divided(batch: Batch) -> dict[int, Part]:
    parts = {bucket: Part() for bucket in sorted({batch.bucket, *batch.places.values()})}
    for change in batch.changes:
        for bucket, part in _by_owner(batch, change):
            parts[bucket].changes.append(part)
    for customer_id, at in batch.dues().items():
        parts[batch.place_of(customer_id)].dues[customer_id] = at
    for event in batch.new_events:
        parts[batch.place_of(event.customer_id)].events.append(event)
    for move in batch.segment_moves:
        parts[batch.place_of(move.customer_id)].moves.append(move)
    return parts


def _by_owner(batch: Batch, change: Change) -> Iterator[tuple[int, Change]]:
    """Yield a change, in two where the wallets lie in another bucket than the customer."""
    at, owned = batch.place_of(change.customer_id), batch.place_of(change.owner)
    if at == owned:
        yield at, change
        return
    moving = tuple(effect for effect in change.effects if type(effect) in OF_OWNERS)
    rest = tuple(effect for effect in change.effects if type(effect) not in OF_OWNERS)
    if moving:
        yield owned, msgspec.structs.replace(change, effects=moving)
    if rest:
        yield at, msgspec.structs.replace(change, effects=rest)
