"""Signing in by way of a provider (OpenID Connect): who it says one is, and what that is worth here.

A sign-in is begun in one browser and ended in the same: its state is good once, for ten minutes, and only
with the cookie of the one who began it. Somebody new to us is linked to the account with the verified
address, or gets one where the provider's groups give a role.
"""

from __future__ import annotations

import hmac
import logging
from uuid import UUID

import asyncpg
import msgspec

from perennial.config import RoleOfGroup
from perennial.connectors.openid import Identity, Provider, ProviderError
from perennial.flows.ids import Ids
from perennial.flows.problems import ProblemError, problem
from perennial.flows.staff.guessing import count_begun, forgive_begun
from perennial.flows.staff.records import note
from perennial.flows.staff.roles import OWNER
from perennial.flows.staff.sessions import new_token, now_of, open_session, token_hash
from perennial.flows.staff.sign_in import Caller, Opened, SignInDesk, begin_step, end_step
from perennial.flows.staff.staff import roles_of
from perennial.flows.workspaces import all_workspaces
from perennial.store.database import Database
from perennial.store.staff.identities import find_identity, insert_identity, read_grant
from perennial.store.staff.staff import (
    StaffRow,
    find_staff,
    grant_role,
    insert_staff,
    lock_roles,
    read_staff,
    take_role,
)

STEP_SECONDS = 600
ACTOR = "single sign-on"
_STEP = "single sign-on"

_log = logging.getLogger("perennial.sign_in")


class _Step(msgspec.Struct, frozen=True):
    nonce: str
    verifier: str
    binding: bytes


class Begun(msgspec.Struct, frozen=True):
    """Where the browser goes, and the token that its cookie keeps until it is back."""

    address: str
    binding: str


class Returned(msgspec.Struct, frozen=True, kw_only=True):
    """What the browser brings back; ``issuer`` only from providers that send it."""

    code: str
    state: str
    issuer: str | None = None


async def begin_single_sign_on(desk: SignInDesk, provider: Provider, redirect: str, caller: Caller) -> Begun:
    """Begin a sign-in; raises 429 after too many from one place, 503 if the provider does not answer.

    The provider is asked first, so that one that is away leaves nothing behind.
    """
    step = _Step(new_token(), new_token(), token_hash(binding := new_token()))
    try:
        await provider.describe()
        await count_begun(desk.database, caller.place)
        state = await begin_step(desk.database, _STEP, None, msgspec.msgpack.encode(step), STEP_SECONDS)
        return Begun(await provider.address(redirect, state, step.nonce, step.verifier), binding)
    except ProviderError as error:
        _log.warning("single sign-on: %s", error)
        raise problem(503, "provider_unavailable", "The provider does not answer now.") from error


async def end_single_sign_on(
    desk: SignInDesk, provider: Provider, redirect: str, returned: Returned, binding: str, caller: Caller
) -> Opened:
    """End a sign-in that was begun in this browser, and open a session.

    Raises 401 for whatever does not hold, 403 for somebody who may not come in.
    """
    step = msgspec.msgpack.decode((await end_step(desk.database, _STEP, returned.state)).body, type=_Step)
    if not hmac.compare_digest(step.binding, token_hash(binding)):
        raise problem(401, "another_browser", "The sign-in was begun in another browser.")
    try:
        who = await provider.identify(returned.code, returned.issuer, redirect, step.nonce, step.verifier)
    except ProviderError as error:
        _log.warning("single sign-on: %s", error)
        raise problem(401, "provider_refused", "The provider's answer does not hold.") from error
    _check_address(provider, who)
    roles = await _roles_given(desk.database, provider, who)
    staff = await _staff_of(desk.database, who, may_join=any(role is not None for role in roles.values()))
    if staff.disabled_at is not None:
        raise problem(403, "not_admitted", "The account is disabled.")
    for workspace_id, role in roles.items():
        await _settle_role(desk.database, workspace_id, staff, role)
    token = await open_session(desk.database, staff, method=ACTOR, strong=who.strong, agent=caller.agent)
    await forgive_begun(desk.database, caller.place)
    return Opened(token)


def _check_address(provider: Provider, who: Identity) -> None:
    """Demand an address that the provider has verified, of a domain that is let in."""
    if not who.verified or "@" not in who.email:
        raise problem(403, "address_unverified", "The provider has not verified the address.")
    domains = provider.settings.domains
    if domains and who.email.rpartition("@")[2] not in domains:
        raise problem(403, "domain_not_admitted", "Addresses of this domain are not let in.")


async def _roles_given(database: Database, provider: Provider, who: Identity) -> dict[int, str | None]:
    """Return, for each workspace that the settings speak of, the role that the groups give; None: none."""
    rules: tuple[RoleOfGroup, ...] = provider.settings.roles
    if not rules:
        return {}
    places = {place.code: place.workspace_id for place in await all_workspaces(database)}
    given: dict[int, str | None] = {}
    for rule in rules:
        workspace_id = places.get(rule.workspace)
        if workspace_id is None or rule.role not in await roles_of(database, workspace_id):
            _log.warning("single sign-on: there is no role %s in workspace %s", rule.role, rule.workspace)
            continue
        given.setdefault(workspace_id, None)
        if given[workspace_id] is None and rule.group in who.groups:
            given[workspace_id] = rule.role
    return given


async def _staff_of(database: Database, who: Identity, *, may_join: bool) -> StaffRow:
    """Return the person: linked before, or linked now by the verified address, or made."""
    now = now_of()
    async with database.unbound() as conn, conn.transaction():
        linked = await find_identity(conn, who.issuer, who.subject)
        if linked is not None:
            staff = await read_staff(conn, linked)
            assert staff is not None, "an identity is of somebody"
            return staff
        staff = await find_staff(conn, who.email)
        if staff is None:
            if not may_join:
                raise _unknown()
            staff = StaffRow(
                staff_id=Ids().next(), email=who.email, name=who.name or who.email, created_at=now
            )
            try:
                async with conn.transaction():
                    await insert_staff(conn, staff)
            except asyncpg.UniqueViolationError:
                raise problem(409, "staff_exists", "The account was just made; sign in again.") from None
        if not await insert_identity(conn, who.issuer, who.subject, staff.staff_id, now):
            words = "The account belongs to somebody else of the provider."
            raise problem(403, "identity_taken", words)
    return staff


def _unknown() -> ProblemError:
    return problem(403, "not_admitted", "Nobody here has this address; ask for an invitation.")


async def _settle_role(database: Database, workspace_id: int, staff: StaffRow, role: str | None) -> None:
    """Let a person have the role that the groups give; one that they gave before, and no more, is taken.

    What a colleague has given stays where the groups give nothing, and so does the last owner.
    """
    async with database.transaction(workspace_id) as conn:
        there = await lock_roles(conn, workspace_id)
        grant = await read_grant(conn, workspace_id, staff.staff_id)
        before, by = grant if grant is not None else (None, "")
        if role == before or (role is None and by != ACTOR):
            return
        if before == OWNER and _owners(there) == {staff.staff_id}:
            _log.warning("single sign-on: the last owner of a workspace stays one")
            return
        if role is None:
            await take_role(conn, workspace_id, staff.staff_id)
        else:
            await grant_role(conn, workspace_id, staff.staff_id, role, now_of(), ACTOR)
        await note(
            conn,
            workspace_id,
            ACTOR,
            "staff.dismissed" if role is None else "staff.role_changed" if before else "staff.joined",
            f"staff/{staff.staff_id}",
            before=None if before is None else {"email": staff.email, "role": before},
            after=None if role is None else {"email": staff.email, "role": role},
        )


def _owners(there: dict[UUID, str]) -> set[UUID]:
    return {staff_id for staff_id, role in there.items() if role == OWNER}
