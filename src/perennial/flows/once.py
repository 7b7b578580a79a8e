"""Sent twice is done once: how a repeated id is answered.

An id belongs to the first customer who used it. An equal body replays the stored answer, another
body is refused with the fields that differ.
"""

from __future__ import annotations

from uuid import UUID

import msgspec

from perennial.flows.answers import Answer, FieldProblem
from perennial.flows.batch import Batch
from perennial.flows.commands import MergeCustomers, PostAdjustment
from perennial.flows.problems import problem
from perennial.store.external_ids import IdKind

_SAID = {"at": "occurred_at", "name": "type", "sender": "from", "receiver": "to"}
_SAID_OF_CARTS = {**_SAID, "order": "cart", "order_id": "order", "hold_for": "seconds"}
"""How callers write the fields of commands that have another name inside."""

_encoder = msgspec.msgpack.Encoder(order="deterministic")


def body_of(command: msgspec.Struct) -> bytes:
    """Return the canonical bytes of a command: equal commands have equal bytes."""
    return _encoder.encode(
        command.content() if isinstance(command, PostAdjustment | MergeCustomers) else command
    )


def differing_fields(stored: bytes, sent: bytes) -> list[str]:
    """Return the names of the top-level fields in which two canonical bodies differ.

    Of a transfer whose other side was erased nothing is stored that could be compared.
    """
    if not stored:
        return []
    before, after = msgspec.msgpack.decode(stored), msgspec.msgpack.decode(sent)
    return sorted(name for name in {*before, *after} if before.get(name) != after.get(name))


def replayed(
    batch: Batch, kind: IdKind, event_id: UUID, customer_id: UUID, external_id: str, body: bytes
) -> Answer | None:
    """Return the stored answer if this was done before, None if it is new; raise on a conflict."""
    owner = batch.external.get((kind, event_id))
    if owner is None:
        return None
    row = batch.events.get(event_id) if owner == customer_id else None
    if row is None:
        raise problem(
            422,
            "id_conflict",
            f"The id {external_id!r} was used before for another customer.",
            FieldProblem(
                path="$.from" if kind is IdKind.TRANSFER else "$.customer",
                code="id_conflict",
                message="was another customer",
            ),
        )
    if row.body == body:
        return Answer(status=200, body=row.answer, replayed=True)
    said = _SAID_OF_CARTS if kind is IdKind.REDEMPTION else _SAID
    raise problem(
        422,
        "id_conflict",
        f"The id {external_id!r} was used before with another body.",
        *(
            FieldProblem(
                path=f"$.{said.get(name, name)}", code="id_conflict", message="differs from the first use"
            )
            for name in differing_fields(row.body, body)
        ),
    )
