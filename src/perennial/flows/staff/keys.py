"""API keys: created with a secret that is shown once, listed without it, revoked for good."""

from __future__ import annotations

import secrets
import string
import time
from collections.abc import Iterable
from hashlib import sha256
from uuid import UUID

import msgspec

from perennial.core.orders.order import Redeemer
from perennial.flows.ids import Ids
from perennial.flows.problems import field_problem, problem
from perennial.flows.staff.scopes import Scope, allows
from perennial.flows.workspaces import require_workspace
from perennial.store.database import Database
from perennial.store.staff.audit_entries import AuditEntry, insert_audit_entry
from perennial.store.staff.keys import KeyRow, find_key, insert_key, list_keys, revoke_key
from perennial.store.workspaces import WorkspaceRow, read_workspace
from perennial.units import Instant

SECRET_LENGTH = 43
"""So many letters and digits drawn at random are 256 bits."""

SHOWN_LENGTH = 14
"""How much of a secret is kept readable, to tell keys apart: ``sk_live_`` and six characters."""

_LETTERS = string.ascii_letters + string.digits


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Who of the staff calls, with a session instead of a key; ``role`` is the one in ``workspace``.

    ``strong``: two factors were shown. ``held_back``: the workspace demands two, and only one was. The
    credits are what one adjustment, and all of a day, may give at most; None: no limit. ``since`` is when
    the session began.
    """

    staff_id: UUID
    email: str
    role: str
    workspace: str
    sandbox: bool
    strong: bool
    held_back: bool
    credit_most: int | None
    credit_per_day: int | None
    since: Instant


class Key(msgspec.Struct, frozen=True):
    """A key as the door knows it: whose it is and what it may do. A session of the staff is one too.

    ``person`` is who has the session; then ``key_id`` is the session's. A key has none.
    """

    workspace_id: int
    key_id: UUID
    name: str
    scopes: frozenset[Scope]
    expires_at: Instant | None = None
    person: Person | None = None

    @property
    def actor(self) -> str:
        """How the audit log names who did something with this key or session."""
        return f"key {self.name}" if self.person is None else f"staff {self.person.email}"

    def redeemer(self, device: str | None = None) -> Redeemer:
        """Return who brings an order with this key or session, from the till that the caller names."""
        if self.person is None:
            return Redeemer(key=self.name, device=device)
        return Redeemer(staff=self.person.email, role=self.person.role, device=device)


class CreatedKey(msgspec.Struct, frozen=True):
    """A new key and its secret, which is stored nowhere and cannot be shown again."""

    secret: str
    row: KeyRow


async def create_key(
    database: Database,
    workspace: str,
    name: str,
    scopes: Iterable[str],
    *,
    actor: str,
    expires_at: Instant | None = None,
) -> CreatedKey:
    """Create a key of the workspace with this code; raise a problem for an unknown scope or workspace."""
    found = await require_workspace(database, workspace)
    return await _create(database, found, name, [_scope(each) for each in scopes], actor, expires_at)


async def issue_key(
    database: Database, caller: Key, name: str, scopes: Iterable[Scope], expires_at: Instant | None
) -> CreatedKey:
    """Create a key of the caller's workspace that may do nothing that the caller may not."""
    wanted = list(scopes)
    for scope in wanted:
        if not allows(caller.scopes, scope):
            raise problem(403, "beyond_own_role", f"You lack the scope {scope.value!r} yourself.")
    async with database.unbound() as conn:
        workspace = await read_workspace(conn, caller.workspace_id)
    return await _create(database, workspace, name, wanted, caller.actor, expires_at)


async def _create(
    database: Database,
    workspace: WorkspaceRow,
    name: str,
    scopes: Iterable[Scope],
    actor: str,
    expires_at: Instant | None,
) -> CreatedKey:
    chosen = sorted(set(scopes))
    if not chosen:
        raise field_problem("$.scopes", "required", "name at least one scope")
    if not 1 <= len(name) <= 100:
        raise field_problem("$.name", "too_long", "has 1 to 100 characters")
    kind = "test" if workspace.sandbox else "live"
    secret = f"sk_{kind}_" + "".join(secrets.choice(_LETTERS) for _ in range(SECRET_LENGTH))
    now = time.time_ns() // 1_000
    ids = Ids()
    row = KeyRow(
        workspace_id=workspace.workspace_id,
        key_id=ids.next(),
        name=name,
        prefix=secret[:SHOWN_LENGTH],
        scopes=tuple(chosen),
        created_at=now,
        expires_at=expires_at,
        revoked_at=None,
    )
    async with database.transaction(workspace.workspace_id) as conn:
        await insert_key(conn, row, hash_of(secret))
        entry = AuditEntry(
            entry_id=ids.next(),
            at=now,
            actor=actor,
            action="key.created",
            object=f"key/{row.key_id}",
            after={"name": name, "prefix": row.prefix, "scopes": chosen},
        )
        await insert_audit_entry(conn, workspace.workspace_id, entry)
    return CreatedKey(secret, row)


def _scope(name: str) -> Scope:
    try:
        return Scope(name)
    except ValueError:
        known = ", ".join(Scope)
        raise field_problem("$.scopes", "not_allowed", f"{name!r} is none of: {known}") from None


async def workspace_keys(database: Database, workspace: str) -> list[KeyRow]:
    """Return all keys of the workspace with this code, oldest first."""
    return await keys_of(database, (await require_workspace(database, workspace)).workspace_id)


async def keys_of(database: Database, workspace_id: int) -> list[KeyRow]:
    """Return all keys of a workspace, oldest first."""
    async with database.transaction(workspace_id) as conn:
        return await list_keys(conn, workspace_id)


async def retire_key(database: Database, workspace: str, key: str, *, actor: str) -> KeyRow:
    """Revoke a key, named by its id or by the beginning of its secret; raise a problem if it is unknown.

    Every worker refuses the key within one second.
    """
    found = await require_workspace(database, workspace)
    return await revoke_key_of(database, found.workspace_id, key, actor=actor)


async def revoke_key_of(database: Database, workspace_id: int, key: str, *, actor: str) -> KeyRow:
    """Revoke a key as :func:`retire_key` does, in the workspace with this number."""
    now = time.time_ns() // 1_000
    async with database.transaction(workspace_id) as conn:
        named = [
            row
            for row in await list_keys(conn, workspace_id)
            if row.revoked_at is None and key in (str(row.key_id), row.prefix)
        ]
        revoked = await revoke_key(conn, workspace_id, named[0].key_id, now) if len(named) == 1 else None
        if revoked is None:
            raise problem(404, "key_unknown", f"There is no one valid key {key!r}.")
        entry = AuditEntry(
            entry_id=Ids().next(),
            at=now,
            actor=actor,
            action="key.revoked",
            object=f"key/{revoked.key_id}",
            before={"name": revoked.name, "prefix": revoked.prefix},
        )
        await insert_audit_entry(conn, workspace_id, entry)
    return revoked


async def find_valid_key(database: Database, secret_hash: bytes) -> Key | None:
    """Return the key whose secret has this hash, unless it is revoked. The caller looks at its expiry."""
    async with database.unbound() as conn:
        row = await find_key(conn, secret_hash)
    if row is None or row.revoked_at is not None:
        return None
    return Key(
        workspace_id=row.workspace_id,
        key_id=row.key_id,
        name=row.name,
        scopes=frozenset(Scope(scope) for scope in row.scopes if scope in Scope.__members__.values()),
        expires_at=row.expires_at,
    )


def hash_of(secret: str) -> bytes:
    """Return what is stored of a secret. It is random enough that a plain hash is safe and fast."""
    return sha256(secret.encode()).digest()
