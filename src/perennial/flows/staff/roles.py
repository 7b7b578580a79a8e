"""Roles: what a person of the staff may do, as scopes, and how many points by hand.

Seven come with every workspace and never change; a workspace adds its own. A session has the scopes of its
person's role and nothing else, so that every route asks a person the very question that it asks a key.
"""

from __future__ import annotations

import msgspec

from perennial.flows.staff.scopes import Scope

OWNER = "owner"
ADMIN = "admin"


class Role(msgspec.Struct, frozen=True, kw_only=True):
    """What its people may do. Credits are points given by hand; ``None``: no limit.

    ``credit_most`` is for one adjustment, ``credit_per_day`` for all of one person between two midnights
    in UTC; both are whole points, whatever the decimals of a wallet.
    """

    role: str
    name: str
    scopes: frozenset[Scope]
    credit_most: int | None = None
    credit_per_day: int | None = None


def _role(
    role: str, *scopes: Scope, credit_most: int | None = None, credit_per_day: int | None = None
) -> Role:
    return Role(
        role=role,
        name=role.capitalize(),
        scopes=frozenset(scopes),
        credit_most=credit_most,
        credit_per_day=credit_per_day,
    )


BUILT_IN = {
    each.role: each
    for each in (
        _role(OWNER, Scope.ADMIN),
        _role(ADMIN, Scope.ADMIN),
        _role(
            "marketer",
            Scope.READ,
            Scope.PROGRAMS,
            Scope.VOUCHERS,
            Scope.SWITCHES,
            Scope.CLOCK,
            Scope.APPROVE,
        ),
        _role("analyst", Scope.READ, Scope.AUDIT),
        _role(
            "support",
            Scope.READ,
            Scope.MEMBERS,
            Scope.ADJUST,
            credit_most=500,
            credit_per_day=5_000,
        ),
        _role("cashier", Scope.TILL),
        _role("developer", Scope.READ, Scope.WRITE, Scope.CLOCK, Scope.METRICS, Scope.KEYS, Scope.AUDIT),
    )
}
"""The roles that every workspace has."""
