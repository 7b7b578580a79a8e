"""Who a message goes to, as they are now: where they are reached, and what templates may say of them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from uuid import UUID

import msgspec
from asyncpg import Connection

from perennial.core.currency import decimals
from perennial.core.customers.consents import ConsentChannel, ConsentState
from perennial.core.customers.identifiers import IdentifierType
from perennial.core.member import Member
from perennial.flows.commands import PostEvent
from perennial.flows.configuration import LiveProgram, Workspace, business_now
from perennial.flows.reading import (
    bucket_of_customer,
    load_customer,
    outside_facts,
    own_attributes,
    wallet_views,
)
from perennial.store.customers.consents import read_consents
from perennial.store.customers.customers import CustomerRow
from perennial.store.customers.identifiers import read_identifiers
from perennial.store.events import EventKind, load_events
from perennial.store.orders import load_orders

_decode_event = msgspec.msgpack.Decoder(PostEvent).decode


class Recipient(msgspec.Struct, frozen=True):
    """A customer who is to be sent something: ``email`` is the address, ``agreed`` are purposes of e-mail."""

    row: CustomerRow
    member: Member
    email: str | None
    agreed: frozenset[str]


async def load_recipient(conn: Connection, workspace: Workspace, customer: str) -> Recipient:
    """Return a customer by the caller's own id, or raise the 404; nothing is locked."""
    row, member = await load_customer(conn, workspace, customer)
    place = workspace.workspace_id, bucket_of_customer(workspace, customer)
    known = await read_identifiers(conn, *place, [row.customer_id])
    addresses = sorted(each.given for each in known if each.type == IdentifierType.EMAIL)
    said = (await read_consents(conn, *place, [row.customer_id])).get(row.customer_id, ())
    agreed = frozenset(
        each.consent.purpose
        for each in said
        if each.consent.channel is ConsentChannel.EMAIL and each.consent.state is ConsentState.GIVEN
    )
    return Recipient(row, member, addresses[0] if addresses else None, agreed)


async def load_cause(
    conn: Connection, workspace: Workspace, place: tuple[int, UUID], source_id: UUID, currency: str
) -> dict[str, object]:
    """Return what templates may say of the order or event that a message is sent for; empty for all else."""
    bucket, customer_id = place
    ws, key = workspace.workspace_id, [(customer_id, source_id)]
    order = (await load_orders(conn, ws, bucket, key)).get(source_id)
    if order is not None:
        total = _figure(order.net, decimals(order.currency or currency))
        return {"order": {"id": order.external_id, "total": total, "currency": order.currency or currency}}
    event = (await load_events(conn, ws, bucket, key)).get(source_id)
    if event is None or event.kind is not EventKind.EVENT or not event.body:
        return {}
    told = _decode_event(event.body)
    return {"event": {"id": told.id, "type": told.name, "attributes": told.attributes}}


def values_for(
    workspace: Workspace,
    live: LiveProgram,
    recipient: Recipient,
    unsubscribe_url: str | None,
    cause: Mapping[str, object],
) -> dict[str, object]:
    """Return what the templates of a program's messages may say; what is not there is empty in them."""
    at = business_now(workspace)
    kept = recipient.row.attributes
    facts = {name: each.value for name, each in outside_facts(kept, at).items() if not each.stale}
    membership = recipient.member.memberships.get(live.program_id)
    tier = None if membership is None else membership.tier
    return {
        **cause,
        "customer": {**own_attributes(kept), **facts, "id": recipient.row.external_id},
        "program": {"id": live.code, "name": live.latest.program.name},
        "wallets": {
            each.wallet: {
                "name": each.name,
                "available": _figure(each.available, each.decimals),
                "pending": _figure(each.pending, each.decimals),
            }
            for each in wallet_views(live, recipient.member, at)
        },
        "tier": {} if tier is None else {"id": tier, "name": live.tier_name(tier)},
        "unsubscribe_url": unsubscribe_url or "",
    }


def _figure(amount: int, places: int) -> int | Decimal:
    """Return a balance or an amount with its decimals, as people write it; conditions compare a number."""
    return amount if places == 0 else Decimal(amount).scaleb(-places)
