"""By what customers may be one person: traces that they left, compared as keyed hashes alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

import msgspec
from asyncpg import Connection
from msgspec import Meta

from perennial.core.customers.disposable import host_of
from perennial.core.customers.identifiers import IdentifierType
from perennial.core.customers.mailbox import mailbox_of
from perennial.core.kinds.fraud_signal import Trace
from perennial.store.codes.codebook import Codebook
from perennial.store.customers.identifiers import read_identifiers
from perennial.store.customers.marks import read_marks

Text = Annotated[str, Meta(min_length=1, max_length=500)]


class Context(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """From where somebody came, as the shop knows it: in the clear or hashed, but always in one way.

    Of each a hash is kept that only this installation can make, and nothing else. ``payment`` is the
    fingerprint of a card or account, ``address`` the postal address, ``device`` the id of a device.
    """

    ip: Text | None = None
    device: Text | None = None
    address: Text | None = None
    payment: Text | None = None

    def marks(self, codebook: Codebook, workspace_id: int) -> dict[Trace, UUID]:
        """Return what is kept of it."""
        given = {
            Trace.IP: self.ip,
            Trace.DEVICE: self.device,
            Trace.ADDRESS: self.address,
            Trace.PAYMENT: self.payment,
        }
        return {
            trace: mark_of(codebook, workspace_id, trace, _plain(trace, text))
            for trace, text in given.items()
            if text is not None
        }


def mark_of(codebook: Codebook, workspace_id: int, trace: Trace, text: str) -> UUID:
    """Return the keyed hash of a trace."""
    return UUID(bytes=codebook.mac(workspace_id, f"trace {trace}", text.encode())[:16])


def _plain(trace: Trace, text: str) -> str:
    """Return a trace without what makes no difference: of an address, signs and upper case."""
    folded = " ".join(text.casefold().split())
    if trace is not Trace.ADDRESS:
        return folded
    return " ".join("".join(letter if letter.isalnum() else " " for letter in folded).split())


class Traces(msgspec.Struct, frozen=True):
    """By what a customer is known: marks, and the hosts of the e-mail addresses."""

    marks: set[tuple[Trace, UUID]]
    hosts: frozenset[str]

    def shared_with(self, other: Traces) -> frozenset[Trace]:
        """Return what two customers have in common; a place is no person."""
        return frozenset(trace for trace, _ in self.marks & other.marks if trace is not Trace.IP)


async def traces_of(
    conn: Connection,
    codebook: Codebook,
    workspace_id: int,
    bucket: int,
    customer_id: UUID,
    attributes: Mapping[str, object],
) -> Traces:
    """Return by what a customer is known: marks left, and the mailboxes of e-mail addresses."""
    found = await read_marks(conn, workspace_id, bucket, customer_id)
    rows = await read_identifiers(conn, workspace_id, bucket, [customer_id])
    addresses = [row.given for row in rows if row.type == IdentifierType.EMAIL]
    email = attributes.get("email")
    if isinstance(email, str) and "@" in email:
        addresses.append(email)
    found |= {
        (Trace.EMAIL, mark_of(codebook, workspace_id, Trace.EMAIL, mailbox_of(address)))
        for address in addresses
    }
    return Traces(found, frozenset(host for address in addresses if (host := host_of(address))))
