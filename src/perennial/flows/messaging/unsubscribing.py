"""Links by which somebody says no to e-mail of one purpose, and what follows when one is used.

A link holds workspace, customer and purpose, with a code that only the installation's secret makes. It is
good as long as the secret is, for mail is read late; whoever has it can do nothing with it but say no.
"""

from __future__ import annotations

import binascii
import hmac
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from uuid import UUID

import msgspec

from perennial.core.customers.consents import ConsentChannel, ConsentState, SaidConsent
from perennial.flows.customers.consents import hear_consents
from perennial.flows.handle_events import Handler
from perennial.flows.problems import ProblemError
from perennial.store.codes.codebook import Codebook
from perennial.store.customers.customers import read_customers
from perennial.store.customers.merges import Place, find_survivor

PATH = "/unsubscribe/"
SOURCE = "unsubscribe"
"""Where such a withdrawal was said, as its record has it."""

ACTOR = "customer"
"""Who recorded it, for the audit log."""

_PURPOSE_OF_CODE = "unsubscribe"
_HEAD = struct.Struct(">BII16s")
_FORMAT = 1
_CODE_BYTES = 16
_LONGEST = 200


class Subscription(msgspec.Struct, frozen=True):
    """What one link ends: e-mail of one ``purpose`` to a customer of a workspace."""

    workspace_id: int
    place: Place
    purpose: str


def write_token(codebook: Codebook, subscription: Subscription) -> str:
    """Return the token of a link."""
    bucket, customer_id = subscription.place
    body = _HEAD.pack(_FORMAT, subscription.workspace_id, bucket, customer_id.bytes)
    body += subscription.purpose.encode("ascii")
    return urlsafe_b64encode(body + _code(codebook, subscription.workspace_id, body)).decode().rstrip("=")


def read_token(codebook: Codebook, token: str) -> Subscription | None:
    """Return what a token that we wrote ends; None for any other text."""
    if len(token) > _LONGEST or not token.isascii():
        return None
    try:
        read = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (binascii.Error, ValueError):
        return None
    body, code = read[:-_CODE_BYTES], read[-_CODE_BYTES:]
    if len(body) <= _HEAD.size:
        return None
    kind, workspace_id, bucket, customer_id = _HEAD.unpack_from(body)
    if kind != _FORMAT or not hmac.compare_digest(code, _code(codebook, workspace_id, body)):
        return None
    purpose = body[_HEAD.size :].decode("ascii")
    return Subscription(workspace_id, (bucket, UUID(bytes=customer_id)), purpose)


def _code(codebook: Codebook, workspace_id: int, body: bytes) -> bytes:
    return codebook.mac(workspace_id, _PURPOSE_OF_CODE, body)[:_CODE_BYTES]


async def unsubscribe(handler: Handler, subscription: Subscription) -> None:
    """Withdraw the consent that a link is about; twice is once, and of who is gone nothing is left to do."""
    workspace_id = subscription.workspace_id
    async with handler.database.snapshot(workspace_id) as conn:
        place = await find_survivor(conn, workspace_id, subscription.place) or subscription.place
        row = (await read_customers(conn, workspace_id, place[0], [place[1]])).get(place[1])
    if row is None or row.erased_at is not None:
        return
    said = SaidConsent(
        channel=ConsentChannel.EMAIL,
        purpose=subscription.purpose,
        state=ConsentState.WITHDRAWN,
        source=SOURCE,
    )
    try:
        await hear_consents(handler, workspace_id, row.external_id, [said], ACTOR)
    except ProblemError as error:
        if error.problem.status not in (404, 410):
            raise  # erased a moment ago: then nothing is left to withdraw
