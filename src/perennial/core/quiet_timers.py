"""Timers that only let points become available and expire, done in one pass over the lots.

Where nothing in a program looks at balances as time goes by, it makes no difference in which order lots
become available and expire, so that the instants in between need not be visited one by one. The simulator
asks for this; a law demands that the result is that of deciding instant by instant.
"""

from __future__ import annotations

from perennial.core.document.program import InactivityExpiry
from perennial.core.member import Member
from perennial.core.once import ANNIVERSARY, BIRTHDAY
from perennial.core.version import Version
from perennial.units import LATEST, Instant


def is_quiet(version: Version) -> bool:
    """Whether time alone does nothing under ``version`` but to points by their dates, and to tiers."""
    tiers = version.program.tiers
    return (
        not version.challenges
        and version.ends is None
        and BIRTHDAY not in version.triggers
        and ANNIVERSARY not in version.triggers
        and (tiers is None or all(metric.balance is None for metric in tiers.metrics))
        and not any(
            isinstance(expiry, InactivityExpiry)
            for wallet in version.wallets
            for expiry in wallet.expiry.values()
        )
    )


def may_wait(version: Version) -> bool:
    """Whether orders and events under a quiet ``version`` read nothing of how far its lots have come."""
    return not version.reads_balances and not version.gives_rewards


def pass_quietly(version: Version, member: Member, at: Instant) -> bool:
    """Let points become available and expire up to ``at``, if nothing else is due; arm the timer anew.

    ``version`` is in force and quiet, as are those before it. The lots have to be loaded; empty ones are
    forgotten. False says that nothing was done.
    """
    membership = member.memberships.get(version.program_id)
    if membership is None:
        return False
    review_at = membership.tier_until if membership.left_at is None else None
    if version.program.tiers is not None and review_at is not None and review_at <= at:
        return False
    earliest = LATEST if review_at is None or version.program.tiers is None else review_at
    for compiled in version.wallets:
        wallet = member.wallets.get(compiled.unit)
        if wallet is None or not wallet.lots:
            continue
        active = until = wallet.activated_until
        over: list[int] = []
        for number, lot in wallet.lots.items():
            remaining, key = lot.remaining, lot.key
            if remaining <= 0:
                over.append(number)
                continue
            expires_at, available_at = key.expires_at, key.available_at
            waits = available_at is None or available_at > active
            if expires_at is not None and expires_at <= at:
                wallet.balance -= remaining
                wallet.expired += remaining
                over.append(number)
                if waits:
                    wallet.pending -= remaining
                    if available_at is not None and until < available_at <= expires_at:
                        until = available_at
                continue
            if available_at is not None and waits:
                if available_at <= at:
                    wallet.pending -= remaining
                    until = max(until, available_at)
                elif available_at < earliest:
                    earliest = available_at
            if expires_at is not None and expires_at < earliest:
                earliest = expires_at
        wallet.activated_until = until
        for number in over:
            del wallet.lots[number]
    member.due_at = None if earliest == LATEST else earliest
    return True
