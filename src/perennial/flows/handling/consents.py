"""What customers say about channels and purposes: heard one after the other, on what stood before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from asyncpg import Connection

from perennial.core.customers.consents import (
    MAX_CONSENTS,
    Consent,
    SaidConsent,
    Subject,
    heard,
    standing_after,
)
from perennial.flows.batch import Batch
from perennial.flows.commands import Command, PutCustomer, PutHousehold
from perennial.flows.configuration import FUTURE_TOLERANCE
from perennial.flows.problems import field_problem
from perennial.store.customers.consents import ConsentRow, read_consents, record_id_of
from perennial.units import Instant


def consents_heard(
    standing: dict[Subject, Consent], said: Sequence[SaidConsent], now: Instant
) -> list[Consent]:
    """Return what is to be recorded of what was said; raise the 422 of what lies ahead or is too much.

    Something new about a channel and a purpose finds room for it, or is refused; about what was talked of
    before there is always room, so that everything can be withdrawn.
    """
    known, new = standing, []
    for position, each in enumerate(said):
        path = f"$.consents[{position}]"
        if each.at is not None and each.at > now + FUTURE_TOLERANCE:
            raise field_problem(f"{path}.at", "in_the_future", "lies more than 5 minutes ahead")
        consent = heard(each, known.get((each.channel, each.purpose)), now)
        if consent is None:
            continue
        known = standing_after(known, [consent])
        if len(known) > max(MAX_CONSENTS, len(standing)):
            words = f"a customer has consents for {MAX_CONSENTS} channels and purposes at most"
            raise field_problem(f"{path}.purpose", "too_many_consents", words)
        new.append(consent)
    return new


def rows_of(
    workspace_id: int, customer_id: UUID, consents: Iterable[Consent], actor: str, now: Instant
) -> list[ConsentRow]:
    """Return the records of what a customer said, as ``actor`` recorded it."""
    return [ConsentRow(customer_id, each, actor, now, record_id_of(workspace_id, each)) for each in consents]


async def load_consents(conn: Connection, batch: Batch, commands: Sequence[Command]) -> None:
    """Load what stands of the customers who say something; in most batches nobody does."""
    saying = {
        batch.name("customer", command.customer)
        for command in commands
        if isinstance(command, PutCustomer | PutHousehold) and command.consents
    }
    if saying:
        found = await read_consents(conn, batch.workspace.workspace_id, batch.bucket, saying)
        for customer_id, rows in found.items():
            batch.consents[customer_id] = {row.consent.subject: row.consent for row in rows}


def hear(batch: Batch, customer_id: UUID, consents: Sequence[Consent], actor: str) -> None:
    """Let what a customer said stand in the batch, and note it for the records."""
    known = batch.consents.get(customer_id, {})
    batch.consents[customer_id] = standing_after(known, consents)
    batch.new_consents += rows_of(batch.workspace.workspace_id, customer_id, consents, actor, batch.now)
