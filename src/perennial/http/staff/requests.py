"""What the routes for the staff take: one struct per body."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from perennial.flows.handling.credits import MAX_PER_DAY
from perennial.flows.staff.scopes import Scope
from perennial.flows.staff.sign_in import EMAIL, LONGEST_EMAIL
from perennial.http.requests import When
from perennial.units import MAX_AMOUNT

Email = Annotated[
    str,
    Meta(
        min_length=3,
        max_length=LONGEST_EMAIL,
        pattern=EMAIL,
        description="an e-mail address; upper and lower case are the same",
        examples=["anna@example.com"],
    ),
]
Password = Annotated[str, Meta(min_length=1, max_length=200, description="at least 12 characters")]
PersonName = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[^\u0000-\u001f\u007f-\u009f]+$")]
Token = Annotated[
    str,
    Meta(min_length=20, max_length=100, pattern=r"^[A-Za-z0-9_-]+$", description="as it was shown once"),
]
WorkspaceCode = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_-]{0,62}$", examples=["demo"])]


class SignInBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who signs in, and the password."""

    email: Email
    password: Password


class CodeBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The second step: the ticket of the first, and a code of the app or a recovery code."""

    ticket: Token
    code: Annotated[str, Meta(min_length=6, max_length=20, examples=["123456"])]


class SetupBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The first person of an installation. `token` is what the server prints as it starts.

    `workspace` makes a live workspace and its sandbox; where there are workspaces already it may be left out.
    """

    token: Token
    email: Email
    name: PersonName
    password: Password
    workspace: WorkspaceCode | None = None


class MeBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a person may change of the own account."""

    name: PersonName


class NewPasswordBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The password as it is, and as it shall be."""

    password: Password
    new_password: Password


class GoToBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The workspace in which the session is from now on."""

    workspace: WorkspaceCode


class ProofBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The own password once more. Who has none must have signed in within ten minutes."""

    password: Password | None = None


class AppCodeBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A code that the app shows now."""

    code: Annotated[str, Meta(pattern="^[0-9]{6}$", min_length=6, max_length=6, examples=["123456"])]


Credential = Annotated[
    dict[str, Any],
    Meta(max_length=20, description="what the browser's `navigator.credentials` gave, as JSON"),
]


class NewPasskeyBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A passkey that the browser has made, and what the person calls it."""

    ticket: Token
    name: PersonName
    credential: Credential


class PasskeyBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The answer of a passkey."""

    ticket: Token
    credential: Credential


RoleCode = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_-]{0,62}$", examples=["marketer"])]


class InvitationBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Whom to invite, and to which role."""

    email: Email
    role: RoleCode


class InvitationTokenBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The token of an invitation's link."""

    token: Token


class AcceptBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who accepts an invitation. Somebody who has an account gives the password that it has."""

    token: Token
    name: PersonName
    password: Password


class StaffRoleBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The role that a colleague has from now on."""

    role: RoleCode


class RoleBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A role of the workspace's own. `credit_most` bounds one adjustment, `credit_per_day` those of a day.

    Both are whole points as people read them: 500 are 500.00 of a wallet with two decimals.
    """

    name: PersonName
    scopes: Annotated[tuple[Scope, ...], Meta(min_length=1, max_length=50)]
    credit_most: Annotated[int, Meta(ge=0, le=MAX_AMOUNT)] | None = None
    credit_per_day: Annotated[int, Meta(ge=0, le=MAX_PER_DAY)] | None = None


class RulesBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a workspace demands of its staff.

    `second_factor`: nobody does anything with a password alone. `two_to_publish`: a version that somebody
    wants to publish is published by somebody else. `two_to_credit_above`: so are credits by hand above so
    many whole points; null: never.
    """

    second_factor: bool
    two_to_publish: bool
    two_to_credit_above: Annotated[int, Meta(ge=0, le=MAX_AMOUNT)] | None = None


class KeyBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A new API key: what it is for, what it may do, when it ends."""

    name: PersonName
    scopes: Annotated[tuple[Scope, ...], Meta(min_length=1, max_length=50)]
    expires_at: When | None = None
