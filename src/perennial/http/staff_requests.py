"""What the routes for the staff take: one struct per body."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

Email = Annotated[
    str,
    Meta(
        min_length=3,
        max_length=254,
        pattern=r"^[^\s@]+@[^\s@]+$",
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
