"""The people of a workspace: invited, given roles, taken out; the roles and the rules themselves."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from litestar import Request, Response, delete, get, post, put

from perennial.flows.answers import FieldProblem
from perennial.flows.staff.invitations import accept, invite, look_at, open_invitations, take_back
from perennial.flows.staff.roles import BUILT_IN, Role
from perennial.flows.staff.scopes import Scope
from perennial.flows.staff.sign_in import Halfway
from perennial.flows.staff.staff import (
    change_role,
    change_rules,
    colleagues_of,
    dismiss,
    give_role,
    remove_role,
    roles_of,
    rules_of,
)
from perennial.http.door.operation import ExternalId, admitted, body_of, operation, written
from perennial.http.door.paths import plain_segment
from perennial.http.door.problems import bad_fields
from perennial.http.staff.me import read_uuid
from perennial.http.staff.requests import (
    AcceptBody,
    InvitationBody,
    InvitationTokenBody,
    RoleBody,
    RulesBody,
    StaffRoleBody,
)
from perennial.http.staff.sign_in import SignedIn, caller_of, opened, own_page
from perennial.store.staff.invitations import InvitationRow
from perennial.store.staff.roles import RulesRow
from perennial.units import format_instant

_CODE = re.compile(r"[a-z][a-z0-9_-]{0,62}\Z", re.ASCII)


class StaffView(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A person with a role in the workspace. `factors` counts the app and the passkeys."""

    id: str
    email: str
    name: str
    role: str
    since: str
    factors: int
    seen_at: str | None = None


class StaffList(msgspec.Struct, frozen=True):
    """Everybody who has a role in the workspace, by address."""

    data: tuple[StaffView, ...]


class InvitationView(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """An open invitation. `link` is there once, in the answer that makes it: nobody can show it again."""

    id: str
    email: str
    role: str
    actor: str
    created_at: str
    expires_at: str
    link: str | None = None


class InvitationList(msgspec.Struct, frozen=True):
    """The invitations that nobody has used, the latest first."""

    data: tuple[InvitationView, ...]


class InvitedView(msgspec.Struct, frozen=True, kw_only=True):
    """What an invitation says. `known`: there is an account with the address, whose password it takes."""

    email: str
    workspace: str
    role: str
    known: bool


class RoleView(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A role: what its people may do. Without a bound on credits there is none."""

    role: str
    name: str
    built_in: bool
    scopes: tuple[Scope, ...]
    credit_most: int | None = None
    credit_per_day: int | None = None


class RoleList(msgspec.Struct, frozen=True):
    """Every role of the workspace: those that all have, then its own."""

    data: tuple[RoleView, ...]


class RulesView(msgspec.Struct, frozen=True, kw_only=True):
    """What the workspace demands of its staff."""

    second_factor: bool
    two_to_publish: bool
    two_to_credit_above: int | None


def _invitation(row: InvitationRow, link: str | None = None) -> InvitationView:
    return InvitationView(
        id=str(row.invitation_id),
        email=row.email,
        role=row.role,
        actor=row.actor,
        created_at=format_instant(row.created_at),
        expires_at=format_instant(row.expires_at),
        link=link,
    )


def _role(role: Role) -> RoleView:
    return RoleView(
        role=role.role,
        name=role.name,
        built_in=role.role in BUILT_IN,
        scopes=tuple(each for each in Scope if each in role.scopes),
        credit_most=role.credit_most,
        credit_per_day=role.credit_per_day,
    )


@get(
    "/v1/staff",
    **operation("staff_list", "Staff", "List the staff", needs=Scope.STAFF, gives={200: StaffList}),
)
async def staff_list(request: Request[Any, Any, Any]) -> Response[Any]:
    """Everybody who has a role in the workspace, and when they were last here."""
    door, caller = admitted(request)
    views = tuple(
        StaffView(
            id=str(row.staff_id),
            email=row.email,
            name=row.name,
            role=row.role,
            since=format_instant(row.granted_at),
            factors=row.has_totp + row.passkeys,
            seen_at=None if row.seen_at is None else format_instant(row.seen_at),
        )
        for row in await colleagues_of(door.database, caller.workspace_id)
    )
    return written(StaffList(views))


@put(
    "/v1/staff/{id:str}/role",
    status_code=204,
    **operation(
        "staff_role",
        "Staff",
        "Give somebody another role",
        needs=Scope.STAFF,
        takes=StaffRoleBody,
        gives={204: None},
        refuses=(404, 409),
    ),
)
async def staff_role(request: Request[Any, Any, Any], id: ExternalId) -> None:
    """Counts from the very next call. Nobody gives, or takes, a role that may do more than the own one."""
    door, caller = admitted(request)
    data = await body_of(request, StaffRoleBody)
    await give_role(door.database, caller, read_uuid(id, "staff_unknown"), data.role)


@delete(
    "/v1/staff/{id:str}",
    status_code=204,
    **operation(
        "staff_delete",
        "Staff",
        "Take somebody out",
        needs=Scope.STAFF,
        gives={204: None},
        refuses=(404, 409),
    ),
)
async def staff_delete(request: Request[Any, Any, Any], id: ExternalId) -> None:
    """The person can do nothing in the workspace from the very next call on; the last owner stays."""
    door, caller = admitted(request)
    await dismiss(door.database, caller, read_uuid(id, "staff_unknown"))


@get(
    "/v1/invitations",
    **operation(
        "invitation_list", "Staff", "List open invitations", needs=Scope.STAFF, gives={200: InvitationList}
    ),
)
async def invitation_list(request: Request[Any, Any, Any]) -> Response[Any]:
    """Those that nobody has used, without their links."""
    door, caller = admitted(request)
    found = await open_invitations(door.database, caller.workspace_id)
    return written(InvitationList(tuple(_invitation(row) for row in found)))


@post(
    "/v1/invitations",
    **operation(
        "invitation_post",
        "Staff",
        "Invite somebody",
        needs=Scope.STAFF,
        takes=InvitationBody,
        gives={201: InvitationView},
    ),
)
async def invitation_post(request: Request[Any, Any, Any]) -> Response[Any]:
    """Makes a link that is good once, for seven days. It is shown in this answer and never again."""
    door, caller = admitted(request)
    data = await body_of(request, InvitationBody)
    made = await invite(door.database, caller, data.email, data.role)
    link = f"{door.address.origin}/console/invitation#token={made.token}"
    return written(_invitation(made.row, link), 201)


@delete(
    "/v1/invitations/{id:str}",
    status_code=204,
    **operation(
        "invitation_delete",
        "Staff",
        "Take an invitation back",
        needs=Scope.STAFF,
        gives={204: None},
        refuses=(404,),
    ),
)
async def invitation_delete(request: Request[Any, Any, Any], id: ExternalId) -> None:
    """Its link is good for nothing from now on."""
    door, caller = admitted(request)
    await take_back(door.database, caller, read_uuid(id, "invitation_unknown"))


@post(
    "/v1/invitations/look",
    status_code=200,
    **operation(
        "invitation_look",
        "Sign-in",
        "Look at an invitation",
        needs=None,
        takes=InvitationTokenBody,
        gives={200: InvitedView},
        refuses=(403, 404),
    ),
)
async def invitation_look(request: Request[Any, Any, Any]) -> Response[Any]:
    """What the link invites to; looking does not use it."""
    door = own_page(request)
    data = await body_of(request, InvitationTokenBody)
    found = await look_at(door.database, data.token)
    return written(
        InvitedView(email=found.email, workspace=found.workspace, role=found.role, known=found.known)
    )


@post(
    "/v1/invitations/accept",
    **operation(
        "invitation_accept",
        "Sign-in",
        "Accept an invitation",
        needs=None,
        takes=AcceptBody,
        gives={200: SignedIn, 201: SignedIn},
        refuses=(401, 403, 404, 409, 429),
    ),
)
async def invitation_accept(request: Request[Any, Any, Any]) -> Response[Any]:
    """Makes the account, or adds the role to the one that there is, and signs in."""
    door = own_page(request)
    data = await body_of(request, AcceptBody)
    found = await accept(door.desk, data.token, data.name, data.password, caller_of(request))
    if isinstance(found, Halfway):
        return written(SignedIn(signed_in=False, ticket=found.ticket, factors=found.factors))
    return opened(door, found)


@get(
    "/v1/roles",
    **operation("role_list", "Staff", "List the roles", needs=Scope.STAFF, gives={200: RoleList}),
)
async def role_list(request: Request[Any, Any, Any]) -> Response[Any]:
    """The seven that every workspace has, and those that this one has made."""
    door, caller = admitted(request)
    found = await roles_of(door.database, caller.workspace_id)
    return written(RoleList(tuple(_role(role) for role in found.values())))


@put(
    "/v1/roles/{id:str}",
    **operation(
        "role_put",
        "Staff",
        "Make or change a role",
        needs=Scope.STAFF,
        takes=RoleBody,
        gives={200: RoleView},
        refuses=(409,),
    ),
)
async def role_put(request: Request[Any, Any, Any], id: ExternalId) -> Response[Any]:
    """Counts from the very next call of everybody who has it. A built-in role stays as it is."""
    door, caller = admitted(request)
    data = await body_of(request, RoleBody)
    code = plain_segment(id)
    if _CODE.match(code) is None:
        words = "is a short name in lower case"
        raise bad_fields(422, FieldProblem(path="path.id", code="invalid_format", message=words))
    role = Role(
        role=code,
        name=data.name,
        scopes=frozenset(data.scopes),
        credit_most=data.credit_most,
        credit_per_day=data.credit_per_day,
    )
    return written(_role(await change_role(door.database, caller, role)))


@delete(
    "/v1/roles/{id:str}",
    status_code=204,
    **operation(
        "role_delete",
        "Staff",
        "Delete a role",
        needs=Scope.STAFF,
        gives={204: None},
        refuses=(404, 409),
    ),
)
async def role_delete(request: Request[Any, Any, Any], id: ExternalId) -> None:
    """Only one that nobody has and nobody is invited to."""
    door, caller = admitted(request)
    await remove_role(door.database, caller, plain_segment(id))


@get(
    "/v1/staff-rules",
    **operation("rules_get", "Staff", "Read what is demanded", needs=Scope.READ, gives={200: RulesView}),
)
async def rules_get(request: Request[Any, Any, Any]) -> Response[Any]:
    """Whether a second factor is demanded, and what takes two people."""
    door, caller = admitted(request)
    return written(_rules(await rules_of(door.database, caller.workspace_id)))


@put(
    "/v1/staff-rules",
    **operation(
        "rules_put",
        "Staff",
        "Change what is demanded",
        needs=Scope.STAFF,
        takes=RulesBody,
        gives={200: RulesView},
        refuses=(409,),
    ),
)
async def rules_put(request: Request[Any, Any, Any]) -> Response[Any]:
    """Only an owner may. Who demands a second factor has shown one, and is not locked out by it."""
    door, caller = admitted(request)
    data = await body_of(request, RulesBody)
    rules = RulesRow(data.second_factor, data.two_to_publish, data.two_to_credit_above)
    return written(_rules(await change_rules(door.database, caller, rules)))


def _rules(row: RulesRow) -> RulesView:
    return RulesView(
        second_factor=row.second_factor,
        two_to_publish=row.two_to_publish,
        two_to_credit_above=row.two_to_credit_above,
    )


STAFF_ROUTES = [
    staff_list,
    staff_role,
    staff_delete,
    invitation_list,
    invitation_post,
    invitation_delete,
    invitation_look,
    invitation_accept,
    role_list,
    role_put,
    role_delete,
    rules_get,
    rules_put,
]
