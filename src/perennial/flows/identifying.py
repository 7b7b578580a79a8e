"""Who is meant: identifiers are looked up before the batch of their command is formed.

A look-up is two statements for everybody who waits: whose the identifiers are, and the caller's ids of
those customers. While one is under way, what arrives becomes the next one, as with batches. Commands
that name their customer by the id never come here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias, TypeVar
from uuid import UUID

import msgspec
from asyncpg import Connection

from perennial.core.customers.identifiers import CustomerIdentifier
from perennial.flows.answers import Answer
from perennial.flows.commands import Command, Identified, PostAdjustment, PostClaim, PostEvent, PutOrder
from perennial.flows.problems import answer_problem, field_problem
from perennial.store.customers.customers import read_customers
from perennial.store.customers.identifiers import find_identifiers, identifier_hash
from perennial.store.database import Database
from perennial.store.external_ids import IdKind, find_claimed
from perennial.units import named_id

K = TypeVar("K")

Meant: TypeAlias = Command | Answer
"""The command with the id of its customer, or the answer of one that cannot be handled."""

_KINDS = {
    PutOrder: ("order", IdKind.ORDER),
    PostEvent: ("event", IdKind.EVENT),
    PostClaim: ("claim", IdKind.CLAIM),
    PostAdjustment: ("adjustment", IdKind.ADJUSTMENT),
}


class Lookups:
    """The look-ups of one process: at most one at a time per workspace, for all who wait by then."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: dict[int, list[tuple[Identified, asyncio.Future[Meant]]]] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}

    async def find(self, workspace_id: int, identified: Identified) -> Meant:
        """Return who is meant, together with whoever asks in the meantime."""
        future: asyncio.Future[Meant] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(workspace_id, []).append((identified, future))
        if workspace_id not in self._tasks:
            self._tasks[workspace_id] = asyncio.create_task(self._run(workspace_id))
        return await future

    async def _run(self, workspace_id: int) -> None:
        while taken := self._waiting.pop(workspace_id, None):
            try:
                found = await find_meant(self._database, workspace_id, [each for each, _ in taken])
            except Exception as error:  # noqa: BLE001 - whatever it is, the callers must hear of it
                for _, future in taken:
                    if not future.done():
                        future.set_exception(error)
                continue
            for (_, future), meant in zip(taken, found, strict=True):
                if not future.done():
                    future.set_result(meant)
        del self._tasks[workspace_id]


async def find_meant(database: Database, workspace_id: int, asked: Sequence[Identified]) -> list[Meant]:
    """Return for each command who is meant, in order.

    An order, event or adjustment that is known keeps its customer: sent again with an identifier that
    nobody has any more, it is still the same one.
    """
    async with database.snapshot(workspace_id) as conn:
        names = await names_of(conn, workspace_id, {each.identifier for each in asked})
        unnamed = [each for each in asked if each.identifier not in names]
        known = await _known_customers(conn, workspace_id, unnamed) if unnamed else {}
    return [
        _meant(each, names.get(each.identifier) or known.get(_thing(workspace_id, each))) for each in asked
    ]


async def names_of(
    conn: Connection, workspace_id: int, identifiers: Iterable[CustomerIdentifier]
) -> dict[CustomerIdentifier, str]:
    """Return the caller's own id of the customer who has each (normalized) identifier."""
    hashes = {each: identifier_hash(workspace_id, each) for each in identifiers}
    owners = await find_identifiers(conn, workspace_id, hashes.values())
    names = await _names(conn, workspace_id, owners)
    return {each: names[id_hash] for each, id_hash in hashes.items() if id_hash in names}


async def _known_customers(
    conn: Connection, workspace_id: int, asked: Sequence[Identified]
) -> dict[tuple[int, UUID], str]:
    things = {_thing(workspace_id, each) for each in asked}
    return await _names(conn, workspace_id, await find_claimed(conn, workspace_id, things))


def _thing(workspace_id: int, identified: Identified) -> tuple[int, UUID]:
    name, kind = _KINDS[type(identified.command)]
    return kind, named_id(workspace_id, name, identified.command.id)


async def _names(conn: Connection, workspace_id: int, owners: Mapping[K, tuple[int, UUID]]) -> dict[K, str]:
    """Return the caller's ids of customers, bucket by bucket; guests and the erased have none."""
    by_bucket: dict[int, set[UUID]] = {}
    for bucket, customer_id in owners.values():
        by_bucket.setdefault(bucket, set()).add(customer_id)
    found: dict[UUID, str] = {}
    for bucket, ids in sorted(by_bucket.items()):
        rows = await read_customers(conn, workspace_id, bucket, list(ids))
        found.update((row.customer_id, row.external_id) for row in rows.values() if row.erased_at is None)
    return {key: found[customer_id] for key, (_, customer_id) in owners.items() if customer_id in found}


def _meant(identified: Identified, customer: str | None) -> Meant:
    command = identified.command
    if customer is None:
        words = f"no customer has this {identified.identifier.type.value}"
        return answer_problem(field_problem("$.identifier", "identifier_unknown", words).problem)
    if command.customer and command.customer != customer:
        words = "belongs to another customer than the one that is named"
        return answer_problem(field_problem("$.identifier", "identifier_mismatch", words).problem)
    return msgspec.structs.replace(command, customer=customer)
