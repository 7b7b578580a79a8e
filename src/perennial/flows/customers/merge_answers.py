"""What a merge moves, in words: the preview and the answer are one struct, and come of the same steps."""

from __future__ import annotations

import msgspec

from perennial.core.customers.identifiers import CustomerIdentifier
from perennial.core.document.program import WalletSpec
from perennial.core.member import Member
from perennial.flows.configuration import Workspace
from perennial.ledger.lot import Lot
from perennial.units import Instant, Points, format_instant


class _View(msgspec.Struct, frozen=True, kw_only=True):
    pass


class MovedLot(_View, frozen=True):
    """Points of one age, with the dates that they keep; without ``available_at`` they wait for an order."""

    points: Points
    available_at: str | None = None
    expires_at: str | None = None


class MovedWallet(_View, frozen=True):
    """What leaves a wallet of the absorbed customer: points, debt, and what is netted from later awards.

    All are in the smallest part of the wallet, which people read with ``decimals``.
    """

    program: str
    wallet: str
    points: Points
    decimals: int = 0
    debt: Points = 0
    shortfall: Points = 0
    lots: tuple[MovedLot, ...] = ()


class MergedTier(_View, frozen=True):
    """The tiers of both in a program, and the one afterwards; ``_name`` is what people call it."""

    program: str
    absorbed: str | None
    survivor: str | None
    after: str | None
    absorbed_name: str | None = None
    survivor_name: str | None = None
    after_name: str | None = None


class BalanceAfter(_View, frozen=True):
    """What a wallet of the survivor holds afterwards."""

    program: str
    wallet: str
    available: Points
    pending: Points
    debt: Points


class MergeConflict(_View, frozen=True):
    """Something that both had, and only one can be kept: ``kept`` stays, ``dropped`` does not."""

    what: str
    name: str
    kept: str
    dropped: str


class MergeAnswer(_View, frozen=True):
    """What a merge moved, or would move: ``preview`` says that nothing was changed.

    ``challenges`` are those in which both were under way and now are together; ``holds_released`` are carts
    that were reserved by the absorbed customer, who has to reserve them again; ``consents`` says for how many
    channels and purposes the word of the absorbed customer is the later one, and stands. ``needs_approval``:
    two people have to want it, for so many points move.
    """

    id: str
    customer: str
    absorbed: str
    at: str
    preview: bool
    needs_approval: bool
    wallets: tuple[MovedWallet, ...]
    balances: tuple[BalanceAfter, ...]
    tiers: tuple[MergedTier, ...]
    identifiers: tuple[CustomerIdentifier, ...]
    attributes: tuple[str, ...]
    segments: tuple[str, ...]
    orders: int
    events: int
    vouchers: int
    entitlements: int
    redemptions: int
    holds_released: int
    referrals: int
    challenges: int
    consents: int
    conflicts: tuple[MergeConflict, ...]


def units_of(workspace: Workspace) -> dict[int, tuple[str, WalletSpec]]:
    """Return program and wallet of each unit that any version has."""
    return {
        compiled.unit: (live.code, compiled.spec)
        for live in workspace.programs
        for version in live.versions
        for compiled in version.wallets
    }


def moved_wallets(workspace: Workspace, member: Member) -> tuple[MovedWallet, ...]:
    """Return what the wallets of a member hold, whose lots are loaded; empty ones are left out."""
    units = units_of(workspace)
    views = []
    for unit, wallet in sorted(member.wallets.items()):
        if unit in units and (wallet.balance or wallet.debt or wallet.shortfall):
            program, spec = units[unit]
            lots = [lot for lot in (wallet.lots or {}).values() if lot.remaining]
            views.append(
                MovedWallet(
                    program=program,
                    wallet=spec.id,
                    points=wallet.balance,
                    decimals=spec.decimals,
                    debt=wallet.debt,
                    shortfall=wallet.shortfall,
                    lots=tuple(_lot(lot) for lot in sorted(lots, key=_order)),
                )
            )
    return tuple(views)


def balances_after(workspace: Workspace, member: Member) -> tuple[BalanceAfter, ...]:
    """Return what the wallets of a member hold."""
    units = units_of(workspace)
    return tuple(
        BalanceAfter(
            program=units[unit][0],
            wallet=units[unit][1].id,
            available=wallet.balance - wallet.pending - wallet.debt,
            pending=wallet.pending,
            debt=wallet.debt,
        )
        for unit, wallet in sorted(member.wallets.items())
        if unit in units
    )


def _order(lot: Lot) -> tuple[bool, Instant, int]:
    return lot.key.expires_at is None, lot.key.expires_at or 0, lot.lot_id


def _lot(lot: Lot) -> MovedLot:
    return MovedLot(
        points=lot.remaining,
        available_at=_text(lot.key.available_at),
        expires_at=_text(lot.key.expires_at),
    )


def _text(instant: Instant | None) -> str | None:
    return None if instant is None else format_instant(instant)
