"""What an API key may do: the only list of scopes."""

from __future__ import annotations

from enum import StrEnum


class Scope(StrEnum):
    """One permission. ``admin`` includes all others."""

    READ = "read"
    """Customers, orders, balances, statements, explanations, programs, budgets."""
    WRITE = "write"
    """Customers, memberships, orders, returns, events, claims."""
    ADJUST = "adjust"
    """Points by hand: adjustments, transfers, manual tiers."""
    ERASE = "erase"
    """Customers, erased for good."""
    VOUCHERS = "vouchers"
    """Codes: made, imported, exported, given to members, voided."""
    PROGRAMS = "programs"
    """Drafts, publishing and rollback of programs."""
    SWITCHES = "switches"
    """The stop button: what gives nothing from now on, and what goes on again."""
    TILL = "till"
    """What a till does: scan, quote, hold, redeem, and upload what was redeemed offline."""
    MEMBERS = "members"
    """Members at the desk: what is known of them, memberships, claims, notes, blocks."""
    STAFF = "staff"
    """People: invited, given roles, taken out; the roles themselves."""
    KEYS = "keys"
    """API keys, with no scope that the maker lacks."""
    AUDIT = "audit"
    """The audit log, for reading."""
    APPROVE = "approve"
    """What somebody else has asked for and two people must want."""
    CLOCK = "clock"
    """The clock of a sandbox."""
    METRICS = "metrics"
    """The figures of the process at ``/metrics``."""
    ADMIN = "admin"
    """Everything."""


def allows(held: frozenset[Scope], needed: Scope) -> bool:
    """Whether a key with the scopes ``held`` may do what needs ``needed``."""
    return needed in held or Scope.ADMIN in held
