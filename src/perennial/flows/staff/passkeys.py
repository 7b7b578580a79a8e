"""Passkeys (WebAuthn): added to an account by somebody who is signed in, and then a sign-in by themselves.

A passkey is two factors in one: the device, and the finger, face or PIN by which it knows its person. Both
are demanded. It is bound to the name of our host, so that no page elsewhere gets anything out of it.
"""

from __future__ import annotations

import base64
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from perennial.flows.problems import ProblemError, problem
from perennial.flows.staff.guessing import count_asked, forgive_asked, guessing
from perennial.flows.staff.keys import Key
from perennial.flows.staff.sessions import now_of, open_session
from perennial.flows.staff.sign_in import Caller, Opened, SignInDesk, begin_step, end_step
from perennial.store.database import Database
from perennial.store.staff.factors import (
    PasskeyRow,
    delete_passkey,
    find_passkey,
    insert_passkey,
    list_passkeys,
    use_passkey,
)
from perennial.store.staff.sessions import strengthen_session
from perennial.store.staff.staff import StaffRow, read_staff

MAX_PASSKEYS = 20
_ADDING = "passkey to add"
_SIGNING_IN = "passkey to sign in"


class Site(msgspec.Struct, frozen=True):
    """To whom passkeys are bound: the name of our host, and the origin of our pages."""

    host: str
    origin: str


class Asked(msgspec.Struct, frozen=True):
    """What a browser's own function is called with, and the ticket for the answer."""

    ticket: str
    options: msgspec.Raw


async def begin_passkey(database: Database, site: Site, account: StaffRow) -> Asked:
    """Ask a browser for a new passkey of somebody who has just proved who it is."""
    async with database.unbound() as conn:
        there = await list_passkeys(conn, account.staff_id)
    if len(there) >= MAX_PASSKEYS:
        raise problem(409, "too_many_passkeys", f"Nobody has more than {MAX_PASSKEYS} passkeys.")
    from perennial.flows.staff.webauthn import ask_for_new  # noqa: PLC0415 - slow to load, seldom needed

    question = ask_for_new(site.host, account, there)
    ticket = await begin_step(database, _ADDING, account.staff_id, question.challenge)
    return Asked(ticket, msgspec.Raw(question.options))


async def finish_passkey(
    database: Database, site: Site, caller: Key, ticket: str, name: str, credential: dict[str, Any]
) -> PasskeyRow:
    """Keep the passkey that a browser made; raise the 422 if it is not what was asked for."""
    step = await end_step(database, _ADDING, ticket)
    if caller.person is None or step.staff_id != caller.person.staff_id:
        raise problem(401, "ticket_unknown", "The ticket is another person's.")
    from perennial.flows.staff.webauthn import made_by  # noqa: PLC0415 - slow to load, seldom needed

    made = made_by(credential, step.body, site.host, site.origin)
    if made is None:
        raise problem(422, "passkey_invalid", "That is no passkey as it was asked for.")
    row = PasskeyRow(
        credential_id=made.credential_id,
        staff_id=caller.person.staff_id,
        public_key=made.public_key,
        sign_count=made.sign_count,
        name=name,
        created_at=now_of(),
        used_at=None,
    )
    try:
        async with database.unbound() as conn, conn.transaction():
            await insert_passkey(conn, row)
            await strengthen_session(conn, caller.key_id)
    except asyncpg.UniqueViolationError:
        raise problem(409, "passkey_known", "The passkey is in use already.") from None
    return row


async def ask_for_passkey(database: Database, site: Site, place: str) -> Asked:
    """Ask a browser at ``place`` for any passkey of ours: it names its person by itself.

    Raises the 429 where too many were asked for there and came to nothing.
    """
    await count_asked(database, place)
    from perennial.flows.staff.webauthn import ask_for_any  # noqa: PLC0415 - slow to load, seldom needed

    question = ask_for_any(site.host)
    ticket = await begin_step(database, _SIGNING_IN, None, question.challenge)
    return Asked(ticket, msgspec.Raw(question.options))


async def sign_in_with_passkey(
    desk: SignInDesk, site: Site, ticket: str, credential: dict[str, Any], caller: Caller
) -> Opened:
    """Open a session for a passkey that answers what was asked; raise the one 401 for anything else.

    Wrong answers are counted for the person whose passkey is meant, apart from their wrong passwords: who
    answers wrongly for one of them keeps no other one out. An unknown passkey is nobody's, and counts for
    the place that it comes from.
    """
    from perennial.flows.staff.webauthn import count_of  # noqa: PLC0415 - slow to load, seldom needed

    step = await end_step(desk.database, _SIGNING_IN, ticket)
    row = await _find(desk.database, credential)
    meant = None if row is None else f"passkey of {row.staff_id}"
    async with guessing(desk.database, meant, caller.place) as tried:
        if row is None:
            raise _unknown()
        count = count_of(credential, step.body, site.host, site.origin, row)
        if count is None:
            raise _unknown()
        async with desk.database.unbound() as conn:
            fresh = await use_passkey(conn, row.credential_id, count, now_of())
            staff = await read_staff(conn, row.staff_id)
        if not fresh or staff is None or staff.disabled_at is not None:
            raise _unknown()
        tried.forgive()
    await forgive_asked(desk.database, caller.place)
    token = await open_session(desk.database, staff, method="passkey", strong=True, agent=caller.agent)
    return Opened(token)


async def _find(database: Database, credential: dict[str, Any]) -> PasskeyRow | None:
    given = credential.get("id")
    async with database.unbound() as conn:
        return await find_passkey(conn, credential_id_of(given) if isinstance(given, str) else b"")


async def passkeys_of(database: Database, staff_id: UUID) -> list[PasskeyRow]:
    """Return the passkeys of a person, oldest first."""
    async with database.unbound() as conn:
        return await list_passkeys(conn, staff_id)


async def remove_passkey(database: Database, staff_id: UUID, given: str) -> None:
    """Forget a passkey of this person; raise the 404 if there is none such."""
    async with database.unbound() as conn:
        removed = await delete_passkey(conn, staff_id, credential_id_of(given))
    if not removed:
        raise problem(404, "passkey_unknown", "You have no such passkey.")


def text_of(credential_id: bytes) -> str:
    """Write the id of a passkey as browsers do: base64url without padding."""
    return base64.urlsafe_b64encode(credential_id).decode().rstrip("=")


def credential_id_of(text: str) -> bytes:
    """Read the id of a passkey; nothing, which is the id of none, if it is not written as one."""
    try:
        return base64.urlsafe_b64decode(f"{text}===")  # padding that is too much is left alone
    except ValueError:
        return b""


def _unknown() -> ProblemError:
    return problem(401, "passkey_wrong", "The passkey is unknown here, or did not answer what was asked.")
