"""A copy of a member to try effects on, without touching the member that the batch holds."""

from __future__ import annotations

import msgspec

from perennial.core.challenge_round import Standing
from perennial.core.member import Member
from perennial.core.version import Version
from perennial.ledger.lot import Lot


def copy_of(member: Member, version: Version) -> Member:
    """Return a copy of what effects of ``version`` may change."""
    wallets = dict(member.wallets)
    for compiled in version.wallets:
        wallet = wallets.get(compiled.unit)
        if wallet is not None:
            lots = wallet.lots
            copied = (
                None
                if lots is None
                else {
                    number: Lot(lot.lot_id, lot.key, lot.granted, lot.remaining)
                    for number, lot in lots.items()
                }
            )
            wallets[compiled.unit] = msgspec.structs.replace(wallet, lots=copied)
    memberships = dict(member.memberships)
    membership = memberships.get(version.program_id)
    if membership is not None:
        memberships[version.program_id] = msgspec.structs.replace(membership)
    limits = {number: dict(periods) for number, periods in member.limits.items()}
    counters = {number: dict(periods) for number, periods in member.counters.items()}
    challenges = {
        number: Standing(dict(known.rounds), known.before) for number, known in member.challenges.items()
    }
    return msgspec.structs.replace(
        member,
        wallets=wallets,
        memberships=memberships,
        limits=limits,
        counters=counters,
        challenges=challenges,
    )
